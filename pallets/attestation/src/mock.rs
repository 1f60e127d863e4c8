//! A runtime of its own, and devices with TPMs in software.

use crate::{
	self as pallet_attestation, pallet::*, Attest, AttestSignature, DeviceId, PcrReference,
	PcrValues, ProfileId, PublicArea, QuoteRejection, ReferenceValues, ReferenceValuesOf, Trust,
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::{
	assert_noop, assert_ok, derive_impl, parameter_types,
	traits::{
		fungible::{HoldConsideration, InspectHold},
		ConstU32, ConstU64, LinearStoragePrice,
	},
};
use frame_system::EnsureRoot;
use msec_evidence::{
	certification_data, pcr_digest, policy_pcr, qualifying_data, software_tpm::SoftwareTpm,
	AttestationKey, BatchKey, Certification, PcrSelection, Quote, NAME_LENGTH,
};
use msec_primitives::{DatasetId, DatasetInfo, DatasetStatus, RangeCommitment};
use sp_core::H256;
use sp_runtime::{
	traits::Dispatchable,
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
	},
	BuildStorage, DispatchResult,
};

pub type AccountId = u64;

pub const CITY: AccountId = 1;
pub const OWNER: AccountId = 2;
pub const REGISTRAR: AccountId = 3;
pub const STRANGER: AccountId = 4;
pub const TREASURY: AccountId = 5;
pub const EVERYBODY: [AccountId; 5] = [CITY, OWNER, REGISTRAR, STRANGER, TREASURY];

pub const FUNDS: u64 = 100_000;
pub const EXISTENTIAL_DEPOSIT: u64 = 10;
pub const FEE: u64 = 10;
pub const BUDGET: u64 = 100;
pub const BOND: u64 = 50;
pub const MAX_AGE: u64 = 20;
pub const INTERVAL: u64 = 5;
pub const PER_BLOCK: u32 = 2;
pub const PRIORITY: u64 = 1_000;
pub const LONGEST: u64 = 100;
pub const VALIDITY: u64 = 60;
pub const ANSWER: u64 = 20;

pub const DEVICE: DeviceId = H256::repeat_byte(0xde);
pub const OTHER_DEVICE: DeviceId = H256::repeat_byte(0xdf);
pub const AIR: DatasetId = H256::repeat_byte(0xa1);
pub const GENESIS: H256 = H256::repeat_byte(0x67);

/// The TPMs of the two devices.
pub const TPM: u64 = 1;
pub const OTHER_TPM: u64 = 2;
/// The key with which the first of them signs batches.
pub const BATCH_TPM: u64 = 3;

/// What a sound device contains.
pub const BOOT: H256 = H256::repeat_byte(0xb0);
pub const KERNEL: H256 = H256::repeat_byte(0xce);
pub const RENEWED_KERNEL: H256 = H256::repeat_byte(0xcf);
pub const FIRMWARE: u64 = 20;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type Attestation = pallet_attestation;
}

type Block = frame_system::mocking::MockBlock<Test>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type BlockHashCount = ConstU64<50>;
	type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type ExistentialDeposit = ConstU64<EXISTENTIAL_DEPOSIT>;
}

parameter_types! {
	pub const StorageDeposit: RuntimeHoldReason =
		RuntimeHoldReason::Attestation(HoldReason::StorageDeposit);
	/// Owner and status of each data set.
	pub static Datasets: BTreeMap<DatasetId, (AccountId, DatasetStatus)> = BTreeMap::new();
	/// What each data set is committed to.
	pub static Ranges: BTreeMap<DatasetId, RangeCommitment> = BTreeMap::new();
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		StorageDeposit,
		LinearStoragePrice<ConstU64<10>, ConstU64<1>, u64>,
	>;
	type Datasets = Registry;
	type RegistrarOrigin = EnsureRoot<AccountId>;
	type QuarantineOrigin = EnsureRoot<AccountId>;
	type QuoteFee = ConstU64<FEE>;
	type FeeDestination = ConstU64<TREASURY>;
	type MaxQuoteAge = ConstU64<MAX_AGE>;
	type MinQuoteInterval = ConstU64<INTERVAL>;
	type MaxQuotesPerBlock = ConstU32<PER_BLOCK>;
	type QuotePriority = ConstU64<PRIORITY>;
	type MaxVerdictPeriod = ConstU64<LONGEST>;
	type ChallengeBond = ConstU64<BOND>;
	type ChallengePeriod = ConstU64<ANSWER>;
	type WeightInfo = ();
}

/// Stands for the pallet that registers data sets.
pub struct Registry;

impl DatasetInfo<AccountId> for Registry {
	fn owner(dataset: &DatasetId) -> Option<AccountId> {
		Datasets::get().get(dataset).map(|(owner, _)| *owner)
	}
	fn key_agent(_: &DatasetId) -> Option<AccountId> {
		None
	}
	fn status(dataset: &DatasetId) -> Option<DatasetStatus> {
		Datasets::get().get(dataset).map(|(_, status)| *status)
	}
	fn range(dataset: &DatasetId) -> Option<RangeCommitment> {
		Ranges::get().get(dataset).copied()
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_dataset(owner: AccountId, range: RangeCommitment) -> DatasetId {
		Ranges::mutate(|ranges| ranges.insert(AIR, range));
		Datasets::mutate(|datasets| datasets.insert(AIR, (owner, DatasetStatus::Active)));
		AIR
	}
}

pub fn build() -> sp_io::TestExternalities {
	Datasets::set([(AIR, (OWNER, DatasetStatus::Active))].into());
	Ranges::set([(AIR, range(0))].into());
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	pallet_balances::GenesisConfig::<Test> {
		balances: EVERYBODY.map(|who| (who, FUNDS)).to_vec(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		frame_system::BlockHash::<Test>::insert(0, GENESIS);
		System::set_block_number(1);
	});
	ext
}

pub fn build_and_execute(test: impl FnOnce()) {
	build().execute_with(|| {
		test();
		assert_ok!(Attestation::do_try_state());
	});
}

/// Runs `test` with a funded, endorsed device of [`OWNER`] that has shown no quote.
pub fn with_device(test: impl FnOnce(ProfileId)) {
	build_and_execute(|| {
		let profile = device();
		events();
		test(profile);
	});
}

/// Runs `test` with a device that is trusted from block 1 on.
pub fn with_trusted_device(test: impl FnOnce(ProfileId)) {
	with_device(|profile| {
		assert_ok!(Evidence::new().submit());
		events();
		test(profile);
	});
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub fn now() -> u64 {
	System::block_number()
}

/// Goes to a later block; every block has a hash of its own.
pub fn run_to(block: u64) {
	assert!(block >= now());
	for number in now()..block {
		frame_system::BlockHash::<Test>::insert(number, hash_of(number));
	}
	System::set_block_number(block);
}

pub fn hash_of(block: u64) -> H256 {
	match block {
		0 => GENESIS,
		_ => H256::from_low_u64_be(block),
	}
}

/// A commitment to so many batches.
pub fn range(batches: u32) -> RangeCommitment {
	RangeCommitment { batches, root: H256::from_low_u64_be(batches.into()) }
}

/// [`AIR`] has so many batches.
pub fn append(batches: u32) {
	Ranges::set([(AIR, range(batches))].into());
}

pub fn allowed(index: u8, values: &[H256]) -> PcrReference {
	PcrReference { index, allowed: values.to_vec().try_into().unwrap() }
}

/// Two registers, of which the second may contain two values.
pub fn reference_values() -> ReferenceValuesOf<Test> {
	let kernels = [KERNEL, RENEWED_KERNEL];
	ReferenceValues {
		pcrs: [allowed(0, &[BOOT]), allowed(8, &kernels)].to_vec().try_into().unwrap(),
		lowest_firmware: FIRMWARE,
		highest_firmware: FIRMWARE + 2,
		validity: VALIDITY,
	}
}

/// The profile of [`CITY`] with [`reference_values`].
pub fn profile() -> ProfileId {
	assert_ok!(Attestation::publish_profile(signed(CITY), reference_values()));
	Attestation::profile_id(&CITY, &reference_values())
}

pub fn attestation_key(tpm: u64) -> PublicArea {
	SoftwareTpm::new(tpm).attestation_key().try_into().unwrap()
}

pub fn register(device: DeviceId, tpm: u64, profile: ProfileId) {
	let key = attestation_key(tpm);
	assert_ok!(Attestation::register_device(signed(OWNER), device, key, profile));
}

pub fn accredit() {
	assert_ok!(Attestation::accredit_registrar(RuntimeOrigin::root(), REGISTRAR));
}

pub fn endorse(device: DeviceId, profile: ProfileId) {
	assert_ok!(Attestation::endorse(signed(REGISTRAR), device, profile));
}

pub fn fund(device: DeviceId) {
	assert_ok!(Attestation::fund_quotes(signed(OWNER), device, BUDGET));
}

/// [`DEVICE`] of [`OWNER`], endorsed and funded.
pub fn device() -> ProfileId {
	let profile = profile();
	register(DEVICE, TPM, profile);
	accredit();
	endorse(DEVICE, profile);
	fund(DEVICE);
	profile
}

/// What a device says; as it is, everything is sound.
#[derive(Clone, Debug)]
pub struct Evidence {
	pub device: DeviceId,
	pub tpm: u64,
	pub genesis: H256,
	pub block_number: u64,
	pub block_hash: H256,
	pub signer: Vec<u8>,
	pub counters: (u32, u32, u64),
	pub safe: bool,
	pub firmware: u64,
	pub selection: PcrSelection,
	pub pcr_values: Vec<H256>,
}

impl Evidence {
	/// Of [`DEVICE`], bound to the last block. Its clock is that of the chain.
	pub fn new() -> Self {
		Self::of(DEVICE, TPM)
	}

	pub fn of(device: DeviceId, tpm: u64) -> Self {
		let key = AttestationKey::parse(&attestation_key(tpm)).unwrap();
		Self {
			device,
			tpm,
			genesis: GENESIS,
			block_number: now() - 1,
			block_hash: hash_of(now() - 1),
			signer: key.qualified_name_in_endorsement_hierarchy().to_vec(),
			counters: (1, 0, now()),
			safe: true,
			firmware: FIRMWARE,
			selection: PcrSelection::of([0, 8]).unwrap(),
			pcr_values: [BOOT, KERNEL].to_vec(),
		}
	}

	pub fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
		change(&mut self);
		self
	}

	/// Bound to another block.
	pub fn bound_to(self, block: u64) -> Self {
		self.but(|evidence| {
			evidence.block_number = block;
			evidence.block_hash = hash_of(block);
		})
	}

	pub fn quote(&self) -> Quote<'_> {
		let (reset_count, restart_count, clock) = self.counters;
		Quote {
			qualified_signer: &self.signer,
			extra_data: &[],
			clock,
			reset_count,
			restart_count,
			safe: self.safe,
			firmware_version: self.firmware,
			selection: self.selection,
			pcr_digest: pcr_digest(self.pcr_values.iter().map(H256::as_fixed_bytes)),
		}
	}

	pub fn attest(&self) -> Vec<u8> {
		let extra_data = qualifying_data(&self.genesis.0, &self.block_hash.0, &self.device.0);
		Quote { extra_data: &extra_data, ..self.quote() }.marshal()
	}

	pub fn signature(&self) -> Vec<u8> {
		SoftwareTpm::new(self.tpm).sign(&self.attest())
	}

	pub fn call(&self) -> Call<Test> {
		self.call_with(self.attest(), self.signature())
	}

	pub fn call_with(&self, attest: Vec<u8>, signature: Vec<u8>) -> Call<Test> {
		Call::submit_quote {
			device: self.device,
			block_number: self.block_number,
			attest: Attest::try_from(attest).unwrap(),
			signature: AttestSignature::try_from(signature).unwrap(),
			pcr_values: PcrValues::try_from(self.pcr_values.clone()).unwrap(),
		}
	}

	pub fn submit(&self) -> DispatchResult {
		dispatch_bare(self.call())
	}
}

/// What a TPM says of its batch key; as it is, everything is sound.
#[derive(Clone, Debug)]
pub struct BatchKeyEvidence {
	pub tpm: u64,
	pub public_area: Vec<u8>,
	pub signer: Vec<u8>,
	pub extra_data: Vec<u8>,
	pub name: Vec<u8>,
}

impl BatchKeyEvidence {
	/// Of [`DEVICE`] with the key of [`BATCH_TPM`], sealed to the state of [`Evidence::new`].
	pub fn new() -> Self {
		let values = [BOOT, KERNEL];
		let digest = pcr_digest(values.iter().map(H256::as_fixed_bytes));
		let policy = policy_pcr(PcrSelection::of([0, 8]).unwrap(), &digest);
		Self::with_key(SoftwareTpm::new(BATCH_TPM).batch_key(&policy))
	}

	/// Of [`DEVICE`] with another public area.
	pub fn with_key(public_area: Vec<u8>) -> Self {
		let name = BatchKey::parse(&public_area).map_or([0; NAME_LENGTH], |key| key.name());
		Self {
			tpm: TPM,
			public_area,
			signer: Evidence::new().signer,
			extra_data: certification_data(&GENESIS.0, &DEVICE.0).to_vec(),
			name: name.to_vec(),
		}
	}

	pub fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
		change(&mut self);
		self
	}

	pub fn attest(&self) -> Vec<u8> {
		Certification {
			qualified_signer: &self.signer,
			extra_data: &self.extra_data,
			name: &self.name,
			qualified_name: &[],
		}
		.marshal()
	}

	pub fn certify(&self) -> DispatchResult {
		let signature = SoftwareTpm::new(self.tpm).sign(&self.attest());
		self.certify_with(OWNER, self.attest(), signature)
	}

	pub fn certify_with(
		&self,
		who: AccountId,
		attest: Vec<u8>,
		signature: Vec<u8>,
	) -> DispatchResult {
		Attestation::certify_batch_key(
			signed(who),
			DEVICE,
			self.public_area.clone().try_into().unwrap(),
			attest.try_into().unwrap(),
			signature.try_into().unwrap(),
		)
	}
}

pub fn dispatch_bare(call: Call<Test>) -> DispatchResult {
	let result = RuntimeCall::from(call).dispatch(RuntimeOrigin::none());
	result.map(|_| ()).map_err(|failure| failure.error)
}

#[allow(deprecated)]
pub fn validate(call: &Call<Test>) -> TransactionValidity {
	use sp_runtime::traits::ValidateUnsigned;
	Attestation::validate_unsigned(TransactionSource::External, call)
}

#[allow(deprecated)]
pub fn pre_dispatch(call: &Call<Test>) -> Result<(), TransactionValidityError> {
	<Attestation as sp_runtime::traits::ValidateUnsigned>::pre_dispatch(call)
}

/// Neither pool nor block nor call takes it, and all say why.
pub fn assert_rejected(call: Call<Test>, rejection: QuoteRejection) {
	let invalid = InvalidTransaction::Custom(rejection as u8).into();
	assert_eq!(validate(&call), Err(invalid));
	if rejection != QuoteRejection::SignatureInvalid {
		assert_eq!(pre_dispatch(&call), Err(invalid));
	}
	assert_noop!(dispatch_bare(call), Error::<Test>::from(rejection));
}

pub fn trust() -> Trust<u64> {
	Attestation::trust(DEVICE)
}

/// This pallet's events since the last call.
pub fn events() -> Vec<Event<Test>> {
	let events = System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Attestation(event) => Some(event),
			_ => None,
		})
		.collect();
	System::reset_events();
	events
}

pub fn held(reason: HoldReason, who: AccountId) -> u64 {
	Balances::balance_on_hold(&reason.into(), &who)
}

pub fn deposit_of(who: AccountId) -> u64 {
	held(HoldReason::StorageDeposit, who)
}

pub fn free(who: AccountId) -> u64 {
	Balances::free_balance(who)
}
