//! What binds evidence to a device, and to a chain and a time.

use crate::hash::sha256;

/// Begins what is hashed into [`qualifying_data`].
const QUOTE_DOMAIN: &[u8] = b"msec/quote/1";

/// What a quote must contain as extra data: SHA-256("msec/quote/1" ‖ `genesis` ‖ `block_hash` ‖
/// `device`). So it belongs to one device of one chain, and was made after the block.
pub fn qualifying_data(genesis: &[u8; 32], block_hash: &[u8; 32], device: &[u8; 32]) -> [u8; 32] {
	sha256([QUOTE_DOMAIN, genesis, block_hash, device])
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
}
