//! Devices, and what their quotes cost.

use super::{
	money::TreasuryAccount,
	origins::{QuarantineOrigin, RegistrarOrigin},
	StorageDeposit,
};
use crate::{weights, Balances, Records, Runtime, RuntimeHoldReason, DAYS, MILLI_MSEC, MINUTES};
use frame_support::{
	parameter_types,
	traits::{ConstU128, ConstU32},
};
use sp_runtime::transaction_validity::TransactionPriority;

parameter_types! {
	pub const AttestationReason: RuntimeHoldReason =
		RuntimeHoldReason::Attestation(pallet_attestation::HoldReason::StorageDeposit);
	/// A device reads a finalized block and quotes; a slow network has some minutes.
	pub const MaxQuoteAge: u32 = 5 * MINUTES;
	pub const MinQuoteInterval: u32 = MINUTES / 2;
	/// Before what people pay tips for: quotes have a bounded part of each block.
	pub const QuotePriority: TransactionPriority = TransactionPriority::MAX / 2;
	pub const MaxVerdictPeriod: u32 = DAYS;
	pub const ChallengePeriod: u32 = 5 * MINUTES;
}

impl pallet_attestation::Config for Runtime {
	// Above what an answer costs the owner; a test keeps it so.
	type ChallengeBond = ConstU128<{ 50 * MILLI_MSEC }>;
	type ChallengePeriod = ChallengePeriod;
	type Consideration = StorageDeposit<AttestationReason>;
	type Currency = Balances;
	type Datasets = Records;
	type FeeDestination = TreasuryAccount;
	type MaxQuoteAge = MaxQuoteAge;
	// About a fifth of what normal transactions may take of a block.
	type MaxQuotesPerBlock = ConstU32<100>;
	type MaxVerdictPeriod = MaxVerdictPeriod;
	type MinQuoteInterval = MinQuoteInterval;
	type QuarantineOrigin = QuarantineOrigin;
	// More than a signed transaction of the same weight and length pays; a test keeps it so.
	type QuoteFee = ConstU128<{ 5 * MILLI_MSEC }>;
	type QuotePriority = QuotePriority;
	type RegistrarOrigin = RegistrarOrigin;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = weights::own::Attestation;
}
