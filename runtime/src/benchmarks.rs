//! The pallets whose calls are measured, and what their benchmarks need.

use crate::Runtime;

frame_benchmarking::define_benchmarks!(
	[frame_system, SystemBench::<Runtime>]
	[frame_system_extensions, SystemExtensionsBench::<Runtime>]
	[pallet_balances, Balances]
	[pallet_transaction_payment, TransactionPayment]
	[pallet_timestamp, Timestamp]
	[pallet_utility, Utility]
	[pallet_collective, Council]
	[pallet_membership, CouncilMembership]
	[pallet_sudo, Sudo]
	[pallet_token, Token]
	[pallet_records, Records]
	[pallet_access_control, AccessControl]
	[pallet_marketplace, Marketplace]
	[pallet_demands, Demands]
	[pallet_campaigns, Campaigns]
	[pallet_licences, Licences]
	[pallet_attestation, Attestation]
);

impl frame_system_benchmarking::Config for Runtime {}
impl pallet_transaction_payment::BenchmarkConfig for Runtime {}
