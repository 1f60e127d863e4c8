//! Where supply and demand meet.

use crate::dataset::{DatasetId, ListingId, OrderId, RangeCommitment};
use alloc::vec::Vec;
use frame_support::{pallet_prelude::ConstU32, BoundedVec};
use sp_core::H256;
use sp_runtime::{DispatchError, Permill};

/// Most characters of a place by which listings are found.
pub const CELL_LENGTH: u32 = 4;
/// Most characters of a place.
pub const PLACE_LENGTH: u32 = 9;

const GEOHASH_ALPHABET: &[u8] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// What is measured: lower-case ASCII words and numbers joined by `-`, such as `air-temperature`.
pub type Kind = BoundedVec<u8, ConstU32<32>>;
/// A geohash of 1 to 9 characters; the shorter, the coarser.
pub type Place = BoundedVec<u8, ConstU32<PLACE_LENGTH>>;
/// The first characters of a [`Place`], at most [`CELL_LENGTH`].
pub type Cell = BoundedVec<u8, ConstU32<CELL_LENGTH>>;

/// Identifies a licence: an SPDX identifier such as `CC-BY-4.0`, or one that begins with `LicenseRef-`.
pub type LicenceId = BoundedVec<u8, ConstU32<64>>;

/// Whether `kind` is made of lower-case ASCII words joined by `-`.
pub fn is_kind(kind: &[u8]) -> bool {
	let is_word = |word: &[u8]| {
		!word.is_empty() && word.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
	};
	kind.split(|byte| *byte == b'-').all(is_word)
}

/// Whether `place` is a geohash.
pub fn is_geohash(place: &[u8]) -> bool {
	!place.is_empty() && place.iter().all(|byte| GEOHASH_ALPHABET.contains(byte))
}

/// The cell in which `place` lies.
pub fn cell_of(place: &Place) -> Cell {
	Cell::truncate_from(place.to_vec())
}

/// Every geohash that contains `place`, from the coarsest to the place itself.
pub fn areas_around(place: &Place) -> impl Iterator<Item = Place> + '_ {
	(1..=place.len())
		.map(|length| Place::truncate_from(place.iter().take(length).copied().collect::<Vec<_>>()))
}

/// Whether `identifier` is written as those of SPDX are: ASCII letters, digits, `-` and `.` (SPDX
/// Specification 2.3, annex D, `idstring`).
pub fn is_licence_id(identifier: &[u8]) -> bool {
	let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
	!identifier.is_empty() && identifier.iter().all(is_allowed)
}

/// Knows what buyers may be allowed to do with data.
pub trait LicenceList {
	/// Whether new terms may name this licence.
	fn may_be_named(identifier: &LicenceId) -> bool;

	/// Puts a licence on the list.
	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_licence(identifier: &LicenceId);
}

/// A listing whose data can be bought, for nothing or for a price that is paid once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer<AccountId, Balance, BlockNumber> {
	/// Who sells.
	pub seller: AccountId,
	/// What is sold.
	pub dataset: DatasetId,
	/// What is measured.
	pub kind: Kind,
	/// Where it is measured.
	pub place: Place,
	/// What a purchase costs, in the smallest unit of the currency; zero for nothing.
	pub price: Balance,
	/// Hash of the terms.
	pub terms_hash: H256,
	/// Whether only what a trusted device signed is sold.
	pub is_attested: bool,
	/// The block since which it stands unchanged.
	pub since: BlockNumber,
}

/// Is told which offers there are.
pub trait OnOffer<AccountId, Balance, BlockNumber> {
	/// From now on `listing` can be bought on these terms, if its device is trusted where that matters.
	fn opened(listing: &ListingId, offer: &Offer<AccountId, Balance, BlockNumber>);
	/// `listing` can no longer be bought on these terms.
	fn closed(listing: &ListingId, offer: &Offer<AccountId, Balance, BlockNumber>);
}

/// A market without a demand side.
impl<AccountId, Balance, BlockNumber> OnOffer<AccountId, Balance, BlockNumber> for () {
	fn opened(_: &ListingId, _: &Offer<AccountId, Balance, BlockNumber>) {}
	fn closed(_: &ListingId, _: &Offer<AccountId, Balance, BlockNumber>) {}
}

/// Where offers are bought.
pub trait Market<AccountId, Balance, BlockNumber> {
	/// The offer that `listing` makes now, if it can be bought now.
	fn offer(listing: &ListingId) -> Option<Offer<AccountId, Balance, BlockNumber>>;

	/// The offer that `listing` makes, even while it cannot be bought because its device is not trusted:
	/// what [`OnOffer`] was told of.
	fn standing_offer(listing: &ListingId) -> Option<Offer<AccountId, Balance, BlockNumber>>;

	/// Opens an ordinary order, on the terms with the hash `terms_hash`, that `payer` pays at the
	/// listing's price, and `beneficiary` receives under `buyer_key`.
	fn buy_for(
		payer: &AccountId,
		listing: &ListingId,
		terms_hash: H256,
		highest_price: Balance,
		beneficiary: &AccountId,
		buyer_key: [u8; 32],
	) -> Result<OrderId, DispatchError>;

	/// Whether an order can be sealed for this key.
	fn is_valid_key(buyer_key: &[u8; 32]) -> bool;

	/// Puts a new data set with one batch on offer for `price`.
	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_offer(seller: AccountId, kind: Kind, place: Place, price: Balance) -> ListingId;
}

/// Scores of those who sell.
pub trait TrustScore<AccountId> {
	/// Whether anybody keeps scores.
	fn is_available() -> bool;

	/// The score of `account`, from none to the best.
	fn score(account: &AccountId) -> Permill;
}

/// Nobody keeps scores.
impl<AccountId> TrustScore<AccountId> for () {
	fn is_available() -> bool {
		false
	}

	fn score(_: &AccountId) -> Permill {
		Permill::zero()
	}
}

/// Verdicts about the devices that measure.
pub trait DeviceStatus<BlockNumber> {
	/// Whether anybody gives verdicts.
	fn is_available() -> bool;

	/// The block to which the youngest evidence of the device behind `dataset` is bound, if the device
	/// is trusted.
	fn trusted_at(dataset: &DatasetId) -> Option<BlockNumber>;

	/// All batches of `dataset` up to the last one that its device signed while it was trusted. `None` when
	/// it did not sign each of them.
	fn attested_range(dataset: &DatasetId) -> Option<RangeCommitment>;

	/// Makes the device behind `dataset` trusted, by the largest reference values, and all batches attested.
	/// The block's number may grow by one.
	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_verdict(dataset: &DatasetId);
}

/// Nobody gives verdicts.
impl<BlockNumber> DeviceStatus<BlockNumber> for () {
	fn is_available() -> bool {
		false
	}

	fn trusted_at(_: &DatasetId) -> Option<BlockNumber> {
		None
	}

	fn attested_range(_: &DatasetId) -> Option<RangeCommitment> {
		None
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_verdict(_: &DatasetId) {}
}
