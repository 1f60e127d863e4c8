//! What data protection adds to access: purposes of a consent, legal bases and regions.

use crate::access::Purpose;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A set of [`Purpose`]s, one bit each, in the order of their declaration from the lowest bit.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Purposes(u8);

impl Purposes {
	/// Every purpose.
	pub const ALL: Self = Self(0b11_1111);

	/// The set of exactly `purposes`.
	pub fn of(purposes: &[Purpose]) -> Self {
		Self(purposes.iter().fold(0, |bits, purpose| bits | 1 << (*purpose as u8)))
	}

	/// Whether `purpose` is in the set; for no purpose in particular, whether every one is.
	pub fn covers(&self, purpose: Option<Purpose>) -> bool {
		match purpose {
			Some(purpose) => self.0 & (1 << (purpose as u8)) != 0,
			None => *self == Self::ALL,
		}
	}

	/// Whether the set names at least one purpose and no unknown bit.
	pub fn is_valid(&self) -> bool {
		self.0 != 0 && self.0 & !Self::ALL.0 == 0
	}
}

/// Where data, or somebody, is: a country's two capital letters (ISO 3166-1 alpha-2), or `EU` for the
/// European Economic Area, within which data moves freely.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Region(pub [u8; 2]);

impl Region {
	/// Whether it is written in two capital letters of ASCII.
	pub fn is_valid(&self) -> bool {
		self.0.iter().all(u8::is_ascii_uppercase)
	}
}

/// Why personal data may be processed (GDPR, article 6(1), letters a to f).
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum LegalBasis {
	/// The data subject has given consent.
	Consent,
	/// A contract with the data subject needs it.
	Contract,
	/// The law demands it.
	LegalObligation,
	/// Somebody's life depends on it.
	VitalInterests,
	/// A task in the public interest needs it.
	PublicTask,
	/// Legitimate interests need it, which the data subject's do not override.
	LegitimateInterests,
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn sets_of_purposes_cover_what_they_name() {
		let some = Purposes::of(&[Purpose::PublicBenefit, Purpose::FulfilmentOfObligation]);
		assert!(some.covers(Some(Purpose::PublicBenefit)) && some.is_valid());
		assert!(some.covers(Some(Purpose::FulfilmentOfObligation)));
		assert!(!some.covers(Some(Purpose::CommercialPurpose)) && !some.covers(None));
		assert!(Purposes::ALL.covers(None) && Purposes::ALL.is_valid());
		assert!(!Purposes::default().is_valid() && !Purposes(0b100_0000).is_valid());
	}

	#[test]
	fn regions_are_two_capital_letters() {
		assert!(Region(*b"EU").is_valid() && Region(*b"JP").is_valid());
		assert!(!Region(*b"jp").is_valid() && !Region(*b"J1").is_valid());
	}
}
