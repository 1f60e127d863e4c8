//! Platform Configuration Registers.

use crate::{
	constants::{TPM_ALG_SHA256, TPM_CC_POLICY_PCR},
	hash::sha256,
};

/// Number of registers in a bank (PC Client Platform TPM Profile).
pub const PCR_COUNT: u8 = 24;

/// Length of the bit field for 24 registers.
pub(crate) const SELECT_LENGTH: u8 = 3;

/// Which registers of the SHA-256 bank were selected: bit `i` stands for PCR `i`, which is below
/// [`PCR_COUNT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PcrSelection(pub u32);

impl PcrSelection {
	/// The selection of exactly `indices`; `None` when there is no such register.
	pub fn of(indices: impl IntoIterator<Item = u8>) -> Option<Self> {
		indices.into_iter().try_fold(Self::default(), |selection, index| {
			(index < PCR_COUNT).then(|| Self(selection.0 | 1 << index))
		})
	}

	/// The selected registers in ascending order.
	pub fn indices(self) -> impl Iterator<Item = u8> {
		(0..PCR_COUNT).filter(move |index| self.0 & 1 << index != 0)
	}

	/// How many registers are selected.
	pub fn count(self) -> usize {
		self.indices().count()
	}
}

/// What a quote says of the registers: SHA-256 over their values in ascending order of their numbers
/// (Part 1, 17).
pub fn pcr_digest<'a>(values: impl Iterator<Item = &'a [u8; 32]>) -> [u8; 32] {
	sha256(values.map(|value| value.as_slice()))
}

/// The policy of a key that can be used only while the selected registers have values with this digest
/// (`TPM2_PolicyPCR`, Part 3, 23.7, on a new session of SHA-256): SHA-256(32 zero bytes ‖
/// `TPM_CC_PolicyPCR` ‖ `TPML_PCR_SELECTION` ‖ `pcr_digest`).
pub fn policy_pcr(selection: PcrSelection, pcr_digest: &[u8; 32]) -> [u8; 32] {
	let [first, second, third, _] = selection.0.to_le_bytes();
	sha256([
		[0u8; 32].as_slice(),
		&TPM_CC_POLICY_PCR.to_be_bytes(),
		// One bank.
		&1u32.to_be_bytes(),
		&TPM_ALG_SHA256.to_be_bytes(),
		&[SELECT_LENGTH, first, second, third],
		pcr_digest,
	])
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_selection_is_the_set_of_its_registers() {
		let selection = PcrSelection::of([10, 0, 23, 2, 2]).unwrap();
		assert_eq!(selection, PcrSelection(0x80_0405));
		assert!(selection.indices().eq([0, 2, 10, 23]));
		assert_eq!(selection.count(), 4);
		assert_eq!(PcrSelection::of([]), Some(PcrSelection(0)));
		assert_eq!(PcrSelection::of([3, 24]), None);
		assert_eq!(PcrSelection::of([255]), None);
	}

	#[test]
	fn bits_without_a_register_count_for_nothing() {
		assert_eq!(PcrSelection(0xff00_0001).count(), 1);
	}

	#[test]
	fn the_digest_depends_on_values_and_their_order() {
		let (zeros, ones) = ([0; 32], [1; 32]);
		let digest = pcr_digest([&zeros, &ones].into_iter());
		assert_eq!(digest, sha256([[zeros, ones].concat().as_slice()]));
		assert_ne!(digest, pcr_digest([&ones, &zeros].into_iter()));
		assert_eq!(pcr_digest([].into_iter()), sha256([]));
	}

	#[test]
	fn the_policy_is_the_hash_that_is_documented() {
		let selection = PcrSelection::of([0, 8]).unwrap();
		let command = [0u8, 0, 1, 0x7f];
		let list = [0u8, 0, 0, 1, 0, 0x0b, 3, 1, 1, 0];
		let plain = [[0u8; 32].as_slice(), &command, &list, &[7; 32]].concat();
		assert_eq!(policy_pcr(selection, &[7; 32]), sha256([plain.as_slice()]));
		assert_ne!(policy_pcr(selection, &[7; 32]), policy_pcr(selection, &[8; 32]));
		assert_ne!(policy_pcr(selection, &[7; 32]), policy_pcr(PcrSelection(1), &[7; 32]));
	}
}
