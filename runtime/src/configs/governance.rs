//! The council of cities, and the arbiters it appoints.

use super::{
	origins::{
		ArbiterCollective, ArbiterMembershipOrigin, CouncilCollective, MembershipOrigin,
		RejectOrigin,
	},
	system::RuntimeBlockWeights,
};
use crate::{
	weights, AccountId, Arbiters, Council, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, DAYS,
};
use frame_support::{parameter_types, traits::ConstU32, weights::Weight};
use frame_system::EnsureRoot;
use sp_runtime::Perbill;

/// Most members of the council, and most arbiters.
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
	type WeightInfo = weights::pallet_collective::WeightInfo<Runtime>;
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
	type WeightInfo = weights::pallet_membership::WeightInfo<Runtime>;
}

impl pallet_collective::Config<ArbiterCollective> for Runtime {
	type Consideration = ();
	// Unless the prime arbiter says otherwise, whoever does not vote is against.
	type DefaultVote = pallet_collective::PrimeDefaultVote;
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
	type WeightInfo = weights::pallet_collective::WeightInfo<Runtime>;
}

impl pallet_membership::Config<pallet_membership::Instance2> for Runtime {
	type AddOrigin = ArbiterMembershipOrigin;
	type MaxMembers = MaximumMembers;
	type MembershipChanged = Arbiters;
	type MembershipInitialized = Arbiters;
	type PrimeOrigin = ArbiterMembershipOrigin;
	type RemoveOrigin = ArbiterMembershipOrigin;
	type ResetOrigin = ArbiterMembershipOrigin;
	type RuntimeEvent = RuntimeEvent;
	type SwapOrigin = ArbiterMembershipOrigin;
	type WeightInfo = weights::pallet_membership::WeightInfo<Runtime>;
}

impl pallet_sudo::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = weights::pallet_sudo::WeightInfo<Runtime>;
}
