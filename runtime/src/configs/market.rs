//! M-Sec's own pallets, and how they meet.

use super::{
	money::TreasuryAccount,
	origins::{
		AcceptOrigin, AdequacyOrigin, ArbiterOrigin, AwardOrigin, LicenceOrigin, MinterOrigin,
	},
};
use crate::{
	weights, AccessControl, AccountId, Attestation, Balance, Balances, Demands, Licences,
	Marketplace, Records, Runtime, RuntimeHoldReason, DAYS, HOURS, MICRO_MSEC,
	MILLISECONDS_PER_BLOCK, MILLI_MSEC, MINUTES, MSEC,
};
use frame_support::{
	parameter_types,
	traits::{fungible::HoldConsideration, ConstU128, ConstU32, ConstU8, LinearStoragePrice},
};
use sp_runtime::{traits::Convert, Permill};

parameter_types! {
	pub const ApprovalReason: RuntimeHoldReason =
		RuntimeHoldReason::Token(pallet_token::HoldReason::ApprovalDeposit);
	pub const RecordReason: RuntimeHoldReason =
		RuntimeHoldReason::Records(pallet_records::HoldReason::StorageDeposit);
	pub const AccessReason: RuntimeHoldReason =
		RuntimeHoldReason::AccessControl(pallet_access_control::HoldReason::AccessDeposit);
	pub const MarketReason: RuntimeHoldReason =
		RuntimeHoldReason::Marketplace(pallet_marketplace::HoldReason::StorageDeposit);
	pub const DemandReason: RuntimeHoldReason =
		RuntimeHoldReason::Demands(pallet_demands::HoldReason::StorageDeposit);
	pub const CampaignReason: RuntimeHoldReason =
		RuntimeHoldReason::Campaigns(pallet_campaigns::HoldReason::StorageDeposit);
	/// What the market takes for the state of an order.
	pub OrderDeposit: Balance = StoragePrice::convert(Marketplace::free_order_footprint());
	/// Two parts in a hundred of each price go to the treasury.
	pub const FeeShare: Permill = Permill::from_percent(2);
	pub const MinPeriod: u32 = 2;
	/// Somebody who is asked for a grant has this long to answer.
	pub const RequestPeriod: u32 = 30 * DAYS;
	pub const MaxDeliveryPeriod: u32 = 30 * DAYS;
	pub const MaxConfirmationPeriod: u32 = 30 * DAYS;
	pub const MaxAccessPeriod: u32 = 3650 * DAYS;
	pub const RetentionPeriod: u32 = 30 * MINUTES;
	/// At least this long a buyer can look at what was posted on the chain.
	pub const ExtensionPeriod: u32 = HOURS;
	pub const ComplaintBondShare: Permill = Permill::from_percent(10);
	pub const ResponsePeriod: u32 = 3 * DAYS;
	pub const DecisionPeriod: u32 = 14 * DAYS;
	/// Silent arbiters favour nobody.
	pub const DefaultPayerShare: Permill = Permill::from_percent(50);
	pub const MinOfferAge: u32 = 5;
	pub const MaxDemandPeriod: u32 = 365 * DAYS;
	pub const MaxCampaignPeriod: u32 = 365 * DAYS;
	pub const AwardPeriod: u32 = 30 * DAYS;
	pub const SecondsPerBlock: u32 = (MILLISECONDS_PER_BLOCK / 1_000) as u32;
}

/// A hundredth of an MSEC an item and a ten-thousandth a byte.
type StoragePrice =
	LinearStoragePrice<ConstU128<{ 10 * MILLI_MSEC }>, ConstU128<{ 100 * MICRO_MSEC }>, Balance>;

/// Deposit for state that somebody's item occupies. It comes back when the item goes.
pub type StorageDeposit<Reason> = HoldConsideration<AccountId, Balances, Reason, StoragePrice>;

impl pallet_token::Config for Runtime {
	type Consideration = StorageDeposit<ApprovalReason>;
	type Currency = Balances;
	type MaximumSupply = ConstU128<{ 1_000_000_000 * MSEC }>;
	type MinterOrigin = MinterOrigin;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = weights::own::Token;
}

impl pallet_records::Config for Runtime {
	type AccessPolicy = AccessControl;
	type Consideration = StorageDeposit<RecordReason>;
	type MaxBatchesPerCall = ConstU32<256>;
	type MaxEndpointLength = ConstU32<128>;
	type MaxStores = ConstU32<4>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = weights::own::Records;
}

impl pallet_access_control::Config for Runtime {
	type AdequacyOrigin = AdequacyOrigin;
	type Consideration = StorageDeposit<AccessReason>;
	type Datasets = Records;
	// More than a year.
	type MaxAnchors = ConstU32<400>;
	type MaxDelegationDepth = ConstU8<3>;
	type MaxGrants = ConstU32<16>;
	type MaxRequests = ConstU32<100>;
	type RequestPeriod = RequestPeriod;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Stores = Records;
	type WeightInfo = weights::own::AccessControl;
}

impl pallet_marketplace::Config for Runtime {
	type Access = AccessControl;
	type ArbiterOrigin = ArbiterOrigin;
	// The longest answer costs about 8 thousandths of an MSEC; a test keeps the bond above that.
	type ChallengeBond = ConstU128<{ 20 * MILLI_MSEC }>;
	type ComplaintBondShare = ComplaintBondShare;
	type Consideration = StorageDeposit<MarketReason>;
	type Currency = Balances;
	type Datasets = Records;
	type DecisionPeriod = DecisionPeriod;
	type DefaultPayerShare = DefaultPayerShare;
	type Devices = Attestation;
	type ExtensionPeriod = ExtensionPeriod;
	type FeeDestination = TreasuryAccount;
	type FeeShare = FeeShare;
	type MaxAccessPeriod = MaxAccessPeriod;
	type MaxChallenges = ConstU32<32>;
	type MaxConfirmationPeriod = MaxConfirmationPeriod;
	type MaxDeliveryPeriod = MaxDeliveryPeriod;
	type MinPeriod = MinPeriod;
	type MinimumComplaintBond = ConstU128<{ 100 * MILLI_MSEC }>;
	type MinimumPrice = ConstU128<{ 10 * MILLI_MSEC }>;
	type Licences = Licences;
	type OnOffer = Demands;
	type ResponsePeriod = ResponsePeriod;
	type RetentionPeriod = RetentionPeriod;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SecondsPerBlock = SecondsPerBlock;
	type WeightInfo = weights::own::Marketplace;
}

impl pallet_demands::Config for Runtime {
	type ArbiterOrigin = AwardOrigin;
	type Consideration = StorageDeposit<DemandReason>;
	type Currency = Balances;
	type DecisionPeriod = AwardPeriod;
	type Devices = Attestation;
	type Market = Marketplace;
	type MaxDemandPeriod = MaxDemandPeriod;
	type MaxLooks = ConstU32<16>;
	type MinOfferAge = MinOfferAge;
	type OrderDeposit = OrderDeposit;
	type RuntimeHoldReason = RuntimeHoldReason;
	// Nobody keeps scores yet: what demands one is refused.
	type Scores = ();
	type WeightInfo = weights::own::Demands;
}

impl pallet_campaigns::Config for Runtime {
	type AcceptOrigin = AcceptOrigin;
	type Consideration = StorageDeposit<CampaignReason>;
	type Currency = Balances;
	type DecisionPeriod = AwardPeriod;
	type MaxCampaignPeriod = MaxCampaignPeriod;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = weights::own::Campaigns;
}

impl pallet_licences::Config for Runtime {
	type MaxLicences = ConstU32<256>;
	type PublishOrigin = LicenceOrigin;
	type WeightInfo = weights::own::Licences;
}
