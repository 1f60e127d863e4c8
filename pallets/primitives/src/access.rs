//! Who may do what with which resource: the question and its answer.

use crate::dataset::{DatasetId, OrderId};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::dispatch::DispatchResult;
use scale_info::TypeInfo;

/// What somebody wants to do with a resource.
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
pub enum Action {
	/// See metadata.
	Describe,
	/// Fetch stored ciphertext.
	Read,
	/// Receive new ciphertext as it arrives.
	Subscribe,
	/// Command an actuator.
	Act,
	/// Append and upload.
	Write,
	/// Pass rights on to others.
	Grant,
	/// Use a service.
	Use,
}

/// A set of [`Action`]s, one bit each, in the order of their declaration from the lowest bit.
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
pub struct Actions(u8);

impl Actions {
	/// Every action.
	pub const ALL: Self = Self(0b111_1111);

	/// The set of exactly `actions`.
	pub fn of(actions: &[Action]) -> Self {
		Self(actions.iter().fold(0, |bits, action| bits | 1 << (*action as u8)))
	}

	/// Whether `action` is in the set.
	pub fn contains(&self, action: Action) -> bool {
		self.0 & (1 << (action as u8)) != 0
	}

	/// Whether every action of this set is in `other`.
	pub fn is_subset_of(&self, other: &Self) -> bool {
		self.0 & !other.0 == 0
	}

	/// Whether the set names at least one action and no unknown bit.
	pub fn is_valid(&self) -> bool {
		self.0 != 0 && self.is_subset_of(&Self::ALL)
	}
}

/// What data is used for, after the top purposes of the W3C Data Privacy Vocabulary 2.0.
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
pub enum Purpose {
	/// dpv:ServiceProvision
	ServiceProvision,
	/// dpv:ResearchAndDevelopment
	ResearchAndDevelopment,
	/// dpv:PublicBenefit
	PublicBenefit,
	/// dpv:CommercialPurpose
	CommercialPurpose,
	/// dpv:EnforceSecurity
	EnforceSecurity,
	/// dpv:FulfilmentOfObligation
	FulfilmentOfObligation,
}

/// Why somebody is allowed.
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
pub enum Basis {
	/// The subject owns the resource.
	Owner,
	/// The subject delivers keys for the owner, and may read.
	KeyAgent,
	/// A grant by the owner or a delegate.
	Grant,
	/// A grant that came with an order.
	Order(OrderId),
}

/// Why somebody is refused.
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
pub enum Refusal {
	/// There is no such resource.
	UnknownResource,
	/// The resource was erased.
	Erased,
	/// The subject was denied explicitly; this wins over every grant.
	Denied,
	/// No grant covers the action.
	NoGrant,
	/// The grant begins later.
	NotYetValid,
	/// The grant has ended.
	Expired,
	/// The grant was made for another purpose.
	OtherPurpose,
	/// The grant was withdrawn, or whoever passed it on lost the right to.
	Revoked,
	/// The data subject has given no consent that holds now, for this purpose.
	NoConsent,
	/// The data may not go to where the subject is: nothing there is adequate, and nothing safeguards it.
	NoTransferBasis,
}

/// The answer to an access question.
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
pub enum Decision {
	/// Go ahead.
	Allow(Basis),
	/// Do not.
	Deny(Refusal),
}

impl Decision {
	/// Whether the answer is yes.
	pub fn is_allowed(&self) -> bool {
		matches!(self, Self::Allow(_))
	}
}

/// Decides who may do what.
pub trait AccessPolicy<AccountId> {
	/// Whether `subject` may do `action` with `resource` for `purpose`, now.
	fn can_access(
		subject: &AccountId,
		resource: &DatasetId,
		action: Action,
		purpose: Option<Purpose>,
	) -> Decision;
}

/// Without a policy nobody but the owner, whom each pallet knows itself, may do anything.
impl<AccountId> AccessPolicy<AccountId> for () {
	fn can_access(_: &AccountId, _: &DatasetId, _: Action, _: Option<Purpose>) -> Decision {
		Decision::Deny(Refusal::NoGrant)
	}
}

/// Lets orders open and close access for whom they benefit.
pub trait OrderAccess<AccountId, BlockNumber> {
	/// Lets `subject` do `actions` with `resource` until `expires_at` because of `order`.
	fn open(
		resource: &DatasetId,
		subject: &AccountId,
		order: OrderId,
		actions: Actions,
		expires_at: BlockNumber,
	) -> DispatchResult;
	/// Ends what [`OrderAccess::open`] began. Does nothing when there is nothing to end.
	fn close(resource: &DatasetId, subject: &AccountId, order: OrderId);
	/// Whether the owner of `resource` excludes `subject`, or its data subject has withdrawn the consent,
	/// whatever was opened.
	fn is_denied(resource: &DatasetId, subject: &AccountId) -> bool;
}

impl<AccountId, BlockNumber> OrderAccess<AccountId, BlockNumber> for () {
	fn open(
		_: &DatasetId,
		_: &AccountId,
		_: OrderId,
		_: Actions,
		_: BlockNumber,
	) -> DispatchResult {
		Ok(())
	}
	fn close(_: &DatasetId, _: &AccountId, _: OrderId) {}
	fn is_denied(_: &DatasetId, _: &AccountId) -> bool {
		false
	}
}
