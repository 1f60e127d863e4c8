//! What the pallet stores and answers with.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::ConstU32, BoundedVec};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{Actions, LegalBasis, OrderId, Purpose, Purposes, Region};
use scale_info::TypeInfo;
use sp_core::H256;

/// Most regions in which the stores of one data set are.
pub const MAX_REGIONS: u32 = 8;
/// Where the stores of a data set are.
pub type StoreRegions = BoundedVec<Region, ConstU32<MAX_REGIONS>>;

/// A [`Grant`] of the runtime's types.
pub type GrantOf<T> =
	Grant<<T as frame_system::Config>::AccountId, BlockNumberFor<T>, <T as Config>::Consideration>;

/// A [`Denial`] of the runtime's types.
pub type DenialOf<T> = Denial<<T as frame_system::Config>::AccountId, <T as Config>::Consideration>;

/// Where a grant comes from.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum GrantSource<AccountId> {
	/// The owner or a delegate, who also paid the deposit.
	Authority(AccountId),
	/// An order; it pays for the place, and only the end of the order withdraws the grant.
	Order(OrderId),
}

/// Names one authority grant among those of a subject: no two have the same granter and purpose.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct GrantKey<AccountId> {
	/// Who granted it.
	pub granter: AccountId,
	/// What it was granted for.
	pub purpose: Option<Purpose>,
}

/// What a subject may do with a resource, when and what for.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Grant<AccountId, BlockNumber, Ticket> {
	/// Where the grant comes from.
	pub source: GrantSource<AccountId>,
	/// Which of the granter's own grants a delegate passed on; `None` for the owner and orders.
	pub passed_on: Option<GrantKey<AccountId>>,
	/// What the subject may do.
	pub actions: Actions,
	/// The first block in which it holds.
	pub not_before: BlockNumber,
	/// The last block in which it holds; `None` for no end.
	pub expires_at: Option<BlockNumber>,
	/// What it may be used for; `None` for anything.
	pub purpose: Option<Purpose>,
	/// How often it may be passed on, one less each time. Zero exactly when the actions lack
	/// [`msec_primitives::Action::Grant`].
	pub delegation_depth: u8,
	/// The resource's revocation epoch when it was made; authority grants of an earlier epoch
	/// are void.
	pub epoch: u32,
	/// The granter's storage deposit; `None` for orders.
	pub ticket: Option<Ticket>,
}

/// What a granter wants to grant.
pub(crate) struct GrantRequest<BlockNumber> {
	pub actions: Actions,
	pub not_before: Option<BlockNumber>,
	pub expires_at: Option<BlockNumber>,
	pub purpose: Option<Purpose>,
	pub delegation_depth: u8,
}

/// Excludes a subject from a resource, whatever was granted.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Denial<AccountId, Ticket> {
	/// Who denied, and paid the deposit.
	pub by: AccountId,
	/// The storage deposit.
	pub ticket: Ticket,
}

/// A day of a store's access log.
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
pub struct AccessLogAnchor {
	/// The day, counted from 1970-01-01 in UTC.
	pub day: u32,
	/// What the day's lines are committed to by.
	pub root: H256,
	/// How many lines it has.
	pub entries: u32,
}

/// A [`DataSubject`] of the runtime's types.
pub type DataSubjectOf<T> = DataSubject<
	<T as frame_system::Config>::AccountId,
	BlockNumberFor<T>,
	<T as Config>::Consideration,
>;

/// A [`Protection`] of the runtime's types.
pub type ProtectionOf<T> =
	Protection<<T as frame_system::Config>::AccountId, <T as Config>::Consideration>;

/// A [`DeclaredRegion`] of the runtime's types.
pub type DeclaredRegionOf<T> = DeclaredRegion<<T as Config>::Consideration>;

/// An [`AccessRequest`] of the runtime's types.
pub type AccessRequestOf<T> = AccessRequest<BlockNumberFor<T>, <T as Config>::Consideration>;

/// Whom a data set is about, where that is one person, and what that person consents to.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct DataSubject<AccountId, BlockNumber, Ticket> {
	/// Who decides about the consent.
	pub account: AccountId,
	/// What the data subject consents to; `None` when to nothing.
	pub consent: Option<Consent<BlockNumber>>,
	/// Who named the data subject, and paid the deposit.
	pub named_by: AccountId,
	/// The storage deposit.
	pub ticket: Ticket,
}

/// What a data subject consents to.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Consent<BlockNumber> {
	/// What the data may be used for.
	pub purposes: Purposes,
	/// The last block in which it holds; `None` until it is withdrawn.
	pub expires_at: Option<BlockNumber>,
}

/// What an owner states of a data set under data protection law.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Protection<AccountId, Ticket> {
	/// Why the data may be processed.
	pub legal_basis: LegalBasis,
	/// Where its stores are; at least one.
	pub regions: StoreRegions,
	/// Hash of the document with the safeguards under which data goes where protection is not adequate,
	/// such as standard contractual clauses (GDPR, article 46).
	pub safeguards: Option<H256>,
	/// Who stated this, and paid the deposit.
	pub set_by: AccountId,
	/// The storage deposit.
	pub ticket: Ticket,
}

/// Where an account says it is.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct DeclaredRegion<Ticket> {
	/// The region.
	pub region: Region,
	/// The account's storage deposit.
	pub ticket: Ticket,
}

/// A wish for a grant, until somebody who may grant it answers.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct AccessRequest<BlockNumber, Ticket> {
	/// What the requester wants to do.
	pub actions: Actions,
	/// What for; `None` for anything.
	pub purpose: Option<Purpose>,
	/// The last block in which the grant is to hold; `None` for no end.
	pub expires_at: Option<BlockNumber>,
	/// The last block in which it can be approved; anybody may remove it later.
	pub lapses_at: BlockNumber,
	/// The requester's storage deposit.
	pub ticket: Ticket,
}

/// What a requester wants to be granted.
#[derive(PartialEq, Eq)]
pub(crate) struct Wish<BlockNumber> {
	pub actions: Actions,
	pub purpose: Option<Purpose>,
	pub expires_at: Option<BlockNumber>,
}
