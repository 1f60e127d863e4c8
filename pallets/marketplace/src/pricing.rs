//! What things cost: once, by the time for which they are used, or by the reading.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::ConstU32, traits::tokens::Balance as Amount, BoundedVec};
use scale_info::TypeInfo;
use sp_runtime::{
	helpers_128bit::multiply_by_rational_with_rounding,
	traits::{AtLeast32BitUnsigned, Zero},
	Permill, Rounding, SaturatedConversion,
};

/// Most discounts of a subscription.
pub const MAX_DISCOUNTS: u32 = 4;

/// What is taken off the price of a longer subscription.
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
pub struct Discount {
	/// The fewest periods to which it applies.
	pub from_periods: u32,
	/// The part of the price that is taken off.
	pub off: Permill,
}

/// A listing's discounts: longer subscriptions later, and each with more off than the one before.
pub type Discounts = BoundedVec<Discount, ConstU32<MAX_DISCOUNTS>>;

/// What a subscription costs.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PeriodPrice<Balance, BlockNumber> {
	/// For one period, in the smallest unit of the currency.
	pub price: Balance,
	/// The period, in blocks.
	pub period: BlockNumber,
	/// The fewest periods that are sold. Who ends a subscription earlier owes them all the same: its
	/// first delivery hands over everything that was committed to before.
	pub minimum: u32,
	/// What is taken off for longer subscriptions.
	pub discounts: Discounts,
}

impl<Balance: Amount, BlockNumber: AtLeast32BitUnsigned + Copy> PeriodPrice<Balance, BlockNumber> {
	/// What `periods` periods cost, or `None` when that is more money than there can be. A discount is
	/// rounded down to a whole unit.
	pub fn price_of(&self, periods: u32) -> Option<Balance> {
		let full = self.price.checked_mul(&periods.into())?;
		Some(self.discounted(full, periods))
	}

	/// How many blocks `periods` periods take, or `None` when there are not so many.
	pub fn duration_of(&self, periods: u32) -> Option<BlockNumber> {
		self.period.checked_mul(&periods.into())
	}

	/// What `blocks` blocks of use cost, rounded down to a whole unit. The discount is the one for as
	/// many whole periods as were used.
	pub fn price_of_use(&self, blocks: BlockNumber) -> Balance {
		let full = pro_rata(self.price, blocks, self.period);
		let periods = blocks.checked_div(&self.period).unwrap_or_else(Zero::zero);
		self.discounted(full, periods.saturated_into())
	}

	/// Whether longer subscriptions come later and cost less a period, and none is for nothing.
	pub fn has_valid_discounts(&self) -> bool {
		let is_ascending = self
			.discounts
			.windows(2)
			.all(|pair| pair[0].from_periods < pair[1].from_periods && pair[0].off < pair[1].off);
		is_ascending
			&& self
				.discounts
				.iter()
				.all(|discount| !discount.off.is_zero() && discount.off < Permill::one())
	}

	fn discounted(&self, full: Balance, periods: u32) -> Balance {
		let applies = |discount: &&Discount| discount.from_periods <= periods;
		let off = self.discounts.iter().rev().find(applies).map(|discount| discount.off);
		full.saturating_sub(off.unwrap_or_default().mul_floor(full))
	}
}

/// What readings cost one by one.
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
pub struct ReadingPrice<Balance> {
	/// For one reading, in the smallest unit of the currency.
	pub price: Balance,
	/// How many readings are owed in any case once the key was delivered: the first delivery hands over
	/// everything that was committed to before.
	pub minimum: u32,
}

impl<Balance: Amount> ReadingPrice<Balance> {
	/// What `readings` readings cost, or `None` when that is more money than there can be.
	pub fn price_of(&self, readings: u32) -> Option<Balance> {
		self.price.checked_mul(&readings.into())
	}
}

/// `amount` times `part` by `whole`, rounded down to a whole unit.
pub fn pro_rata<Balance, Number>(amount: Balance, part: Number, whole: Number) -> Balance
where
	Balance: Amount,
	Number: AtLeast32BitUnsigned + Copy,
{
	let (amount, part, whole): (u128, u128, u128) =
		(amount.saturated_into(), part.saturated_into(), whole.saturated_into());
	let share = multiply_by_rational_with_rounding(amount, part, whole, Rounding::Down);
	Balance::saturated_from(share.unwrap_or(u128::MAX))
}
