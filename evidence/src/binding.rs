//! What binds evidence to a device, and to a chain and a time.

use crate::hash::sha256;

/// Begins what is hashed into [`qualifying_data`].
const QUOTE_DOMAIN: &[u8] = b"msec/quote/1";

/// Begins what is hashed into [`certification_data`].
const CERTIFICATION_DOMAIN: &[u8] = b"msec/batch-key/1";
/// Begins what is hashed into [`batches_digest`].
const BATCHES_DOMAIN: &[u8] = b"msec/batches/1";

/// What a quote must contain as extra data: SHA-256("msec/quote/1" ‖ `genesis` ‖ `block_hash` ‖
/// `device`). So it belongs to one device of one chain, and was made after the block.
pub fn qualifying_data(genesis: &[u8; 32], block_hash: &[u8; 32], device: &[u8; 32]) -> [u8; 32] {
	sha256([QUOTE_DOMAIN, genesis, block_hash, device])
}

/// What the certification of a batch key must contain as extra data: SHA-256("msec/batch-key/1" ‖
/// `genesis` ‖ `device`). So it was made for one device of one chain.
pub fn certification_data(genesis: &[u8; 32], device: &[u8; 32]) -> [u8; 32] {
	sha256([CERTIFICATION_DOMAIN, genesis, device])
}

/// What a batch key signs: SHA-256("msec/batches/1" ‖ `genesis` ‖ `dataset` ‖ `first_batch` ‖ `batches` ‖
/// `root`), with both numbers as four bytes, little-endian.
///
/// `root` is the head of the data set's tree over `batches` batches. It fixes place and content of each, of
/// which those from `first_batch` on are signed.
pub fn batches_digest(
	genesis: &[u8; 32],
	dataset: &[u8; 32],
	first_batch: u32,
	batches: u32,
	root: &[u8; 32],
) -> [u8; 32] {
	let (first_batch, batches) = (first_batch.to_le_bytes(), batches.to_le_bytes());
	sha256([BATCHES_DOMAIN, genesis, dataset, &first_batch, &batches, root])
}

/// Identifies a device: SHA-256 of the marshalled `TPMT_PUBLIC` of its endorsement key.
pub fn device_id(endorsement_public_area: &[u8]) -> [u8; 32] {
	sha256([endorsement_public_area])
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn everything_is_bound() {
		let (one, two) = ([1; 32], [2; 32]);
		let data = qualifying_data(&one, &one, &one);
		assert_ne!(data, qualifying_data(&two, &one, &one));
		assert_ne!(data, qualifying_data(&one, &two, &one));
		assert_ne!(data, qualifying_data(&one, &one, &two));
		assert_ne!(qualifying_data(&one, &two, &one), qualifying_data(&one, &one, &two));
	}

	#[test]
	fn it_is_the_hash_that_is_documented() {
		let plain = [b"msec/quote/1".as_slice(), &[1; 32], &[2; 32], &[3; 32]].concat();
		assert_eq!(qualifying_data(&[1; 32], &[2; 32], &[3; 32]), sha256([plain.as_slice()]));
		assert_eq!(device_id(b"public area"), sha256([b"public area".as_slice()]));
	}

	#[test]
	fn certifications_are_of_one_device_of_one_chain() {
		let plain = [b"msec/batch-key/1".as_slice(), &[1; 32], &[2; 32]].concat();
		assert_eq!(certification_data(&[1; 32], &[2; 32]), sha256([plain.as_slice()]));
		assert_ne!(certification_data(&[1; 32], &[2; 32]), certification_data(&[2; 32], &[1; 32]));
	}

	#[test]
	fn signed_batches_are_of_one_data_set_of_one_chain() {
		let plain = [
			b"msec/batches/1".as_slice(),
			&[1; 32],
			&[2; 32],
			&[4, 0, 0, 0],
			&[5, 1, 0, 0],
			&[3; 32],
		]
		.concat();
		let digest = batches_digest(&[1; 32], &[2; 32], 4, 261, &[3; 32]);
		assert_eq!(digest, sha256([plain.as_slice()]));
		for other in [
			batches_digest(&[9; 32], &[2; 32], 4, 261, &[3; 32]),
			batches_digest(&[1; 32], &[9; 32], 4, 261, &[3; 32]),
			batches_digest(&[1; 32], &[2; 32], 5, 261, &[3; 32]),
			batches_digest(&[1; 32], &[2; 32], 4, 262, &[3; 32]),
			batches_digest(&[1; 32], &[2; 32], 4, 261, &[9; 32]),
		] {
			assert_ne!(digest, other);
		}
	}
}
