//! The council of cities.

use super::{
	origins::{CouncilCollective, MembershipOrigin, RejectOrigin},
	system::RuntimeBlockWeights,
};
use crate::{AccountId, Council, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, DAYS};
use frame_support::{parameter_types, traits::ConstU32, weights::Weight};
use frame_system::EnsureRoot;
use sp_runtime::Perbill;

/// Most members of the council.
type MaximumMembers = ConstU32<100>;

parameter_types! {
	pub MaximumProposalWeight: Weight =
		Perbill::from_percent(50) * RuntimeBlockWeights::get().max_block;
	pub const MotionDuration: u32 = 7 * DAYS;
}

impl pallet_collective::Config<CouncilCollective> for Runtime {
	type Consideration = ();
	type DefaultVote = pallet_collective::MoreThanMajorityThenPrimeDefaultVote;
	type DisapproveOrigin = RejectOrigin;
	type KillOrigin = RejectOrigin;
	type MaxMembers = MaximumMembers;
	type MaxProposalWeight = MaximumProposalWeight;
	type MaxProposals = ConstU32<100>;
	type MotionDuration = MotionDuration;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type SetMembersOrigin = EnsureRoot<AccountId>;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
}

impl pallet_membership::Config<pallet_membership::Instance1> for Runtime {
	type AddOrigin = MembershipOrigin;
	type MaxMembers = MaximumMembers;
	type MembershipChanged = Council;
	type MembershipInitialized = Council;
	type PrimeOrigin = MembershipOrigin;
	type RemoveOrigin = MembershipOrigin;
	type ResetOrigin = MembershipOrigin;
	type RuntimeEvent = RuntimeEvent;
	type SwapOrigin = MembershipOrigin;
	type WeightInfo = pallet_membership::weights::SubstrateWeight<Runtime>;
}

impl pallet_sudo::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}
