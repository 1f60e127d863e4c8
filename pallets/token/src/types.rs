//! What the pallet stores and answers with.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::fungible::Inspect;
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_core::H256;

/// An amount of the native token in its smallest unit.
pub type BalanceOf<T> =
	<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;

/// An [`Allowance`] of the runtime's types.
pub type AllowanceOf<T> = Allowance<BalanceOf<T>, BlockNumberFor<T>>;

/// An [`Approval`] of the runtime's types.
pub type ApprovalOf<T> = Approval<AllowanceOf<T>, <T as Config>::Consideration>;

/// A [`Minter`] of the runtime's types.
pub type MinterOf<T> = Minter<BalanceOf<T>>;

/// What a minter may do and has done.
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
pub struct Minter<Balance> {
	/// The most that may be minted between the appointment and the removal, in all.
	pub cap: Balance,
	/// What was minted since the appointment.
	pub minted: Balance,
}

/// What a spender may still take from an owner.
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
pub struct Allowance<Balance, BlockNumber> {
	/// The amount not spent yet; never zero in storage.
	pub remaining: Balance,
	/// The last block in which it may be spent.
	pub expires_at: BlockNumber,
}

/// A stored allowance with the deposit that pays for its place.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Approval<Allowance, Ticket> {
	/// What may be spent, until when.
	pub allowance: Allowance,
	/// The owner's storage deposit.
	pub ticket: Ticket,
}

/// Why tokens are destroyed.
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
pub enum BurnReason {
	/// Exchanged for something outside the chain.
	Redemption,
	/// A penalty paid by its debtor.
	Penalty,
	/// Undoes a mint that should not have been.
	Correction,
	/// Described elsewhere, by a document with this hash.
	Other(H256),
}
