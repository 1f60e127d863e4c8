//! Endorsement keys as their public areas show them.

use msec_evidence::device_id;

/// Object attributes (TPM 2.0 Library Part 2, 8.3) that the template sets: fixedTPM, fixedParent,
/// sensitiveDataOrigin, adminWithPolicy, restricted, decrypt. All others are clear.
const ATTRIBUTES: u32 = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 16 | 1 << 17;
/// PolicySecret of the endorsement hierarchy (TCG EK Credential Profile 2.3, B.3.2 "PolicyA").
const POLICY: [u8; 32] = [
	0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
	0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
];
const TPM_ALG_RSA: u16 = 0x0001;
const TPM_ALG_AES: u16 = 0x0006;
const TPM_ALG_SHA256: u16 = 0x000b;
const TPM_ALG_NULL: u16 = 0x0010;
const TPM_ALG_CFB: u16 = 0x0043;
const AES_BITS: u16 = 128;
const KEY_BITS: u16 = 2048;
/// Stands for 65537.
const DEFAULT_EXPONENT: u32 = 0;

/// Length of the modulus in bytes.
pub const MODULUS_LENGTH: usize = 256;
/// Length of the public area in bytes.
pub const PUBLIC_AREA_LENGTH: usize = PREFIX_LENGTH + MODULUS_LENGTH;
const PREFIX_LENGTH: usize = 58;

/// The public area is not that of an endorsement key from the template L-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public area is not that of an RSA-2048 endorsement key (template L-1)")]
pub struct NotAnEndorsementKey;

/// An RSA-2048 endorsement key of the standard template L-1 (TCG EK Credential Profile 2.3, B.3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndorsementKey {
	modulus: [u8; MODULUS_LENGTH],
	device: [u8; 32],
}

impl EndorsementKey {
	/// Reads a TPMT_PUBLIC. The template fixes every byte but those of the modulus.
	pub fn parse(public_area: &[u8]) -> Result<Self, NotAnEndorsementKey> {
		let (prefix, modulus) =
			public_area.split_at_checked(PREFIX_LENGTH).ok_or(NotAnEndorsementKey)?;
		let modulus = <[u8; MODULUS_LENGTH]>::try_from(modulus).map_err(|_| NotAnEndorsementKey)?;
		// An even modulus, or one with fewer bits, is no RSA-2048 key.
		let is_plausible = modulus[0] & 0x80 != 0 && modulus[MODULUS_LENGTH - 1] & 1 == 1;
		if prefix != template_prefix() || !is_plausible {
			return Err(NotAnEndorsementKey);
		}
		Ok(Self { modulus, device: device_id(public_area) })
	}

	/// The modulus, big endian. The exponent is 65537.
	pub fn modulus(&self) -> &[u8; MODULUS_LENGTH] {
		&self.modulus
	}

	/// Under what identifier the chain knows the device.
	pub fn device(&self) -> [u8; 32] {
		self.device
	}
}

/// Everything before the modulus.
fn template_prefix() -> Vec<u8> {
	let mut prefix = Vec::with_capacity(PREFIX_LENGTH);
	let words = |prefix: &mut Vec<u8>, words: &[u16]| {
		words.iter().for_each(|word| prefix.extend(word.to_be_bytes()));
	};
	words(&mut prefix, &[TPM_ALG_RSA, TPM_ALG_SHA256]);
	prefix.extend(ATTRIBUTES.to_be_bytes());
	words(&mut prefix, &[POLICY.len() as u16]);
	prefix.extend(POLICY);
	words(&mut prefix, &[TPM_ALG_AES, AES_BITS, TPM_ALG_CFB, TPM_ALG_NULL, KEY_BITS]);
	prefix.extend(DEFAULT_EXPONENT.to_be_bytes());
	words(&mut prefix, &[MODULUS_LENGTH as u16]);
	prefix
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use proptest::prelude::*;

	/// The public area of a key with this modulus.
	pub(crate) fn public_area(modulus: &[u8]) -> Vec<u8> {
		[&template_prefix()[..], modulus].concat()
	}

	#[test]
	fn a_key_of_the_template_is_read() {
		let modulus = [0xc1; MODULUS_LENGTH];
		let area = public_area(&modulus);
		assert_eq!(area.len(), PUBLIC_AREA_LENGTH);
		let key = EndorsementKey::parse(&area).unwrap();
		assert_eq!(key.modulus(), &modulus);
		assert_eq!(key.device(), device_id(&area));
	}

	#[test]
	fn every_change_of_the_template_is_refused() {
		let area = public_area(&[0xc1; MODULUS_LENGTH]);
		for bit in 0..PREFIX_LENGTH * 8 {
			let mut changed = area.clone();
			changed[bit / 8] ^= 1 << (bit % 8);
			assert_eq!(EndorsementKey::parse(&changed), Err(NotAnEndorsementKey), "bit {bit}");
		}
		for length in 0..area.len() {
			assert_eq!(EndorsementKey::parse(&area[..length]), Err(NotAnEndorsementKey));
		}
		assert!(EndorsementKey::parse(&[&area[..], &[0]].concat()).is_err());
	}

	#[test]
	fn a_modulus_that_is_even_or_short_is_refused() {
		for modulus in [[0x7f; MODULUS_LENGTH], [0xc2; MODULUS_LENGTH]] {
			assert_eq!(EndorsementKey::parse(&public_area(&modulus)), Err(NotAnEndorsementKey));
		}
	}

	proptest! {
		#[test]
		fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
			let _ = EndorsementKey::parse(&bytes);
		}
	}
}
