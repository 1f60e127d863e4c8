//! Benchmarks of every call at its most expensive.

use crate::{
	pallet::*, Assignment, Attest, AttestSignature, AttestedBatches, BalanceOf, DeviceId, LogTier,
	LogVerdict, PcrReference, PcrValues, ProfileId, PublicArea, ReferenceValues, ReferenceValuesOf,
	MAX_ALLOWED_VALUES,
};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		Consideration, EnsureOrigin, Footprint, Get, OriginTrait,
	},
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use msec_evidence::{
	batches_digest, certification_data, pcr_digest, policy_pcr, qualifying_data,
	software_tpm::SoftwareTpm, AttestationKey, BatchKey, Certification, PcrSelection, Quote,
	PCR_COUNT,
};
use msec_primitives::{DatasetId, DatasetInfo, RangeCommitment};
use sp_core::H256;
use sp_runtime::traits::{One, Saturating};

const DEVICE: DeviceId = H256::repeat_byte(0xde);
/// The first batch of a data set.
const RANGE: RangeCommitment = RangeCommitment { batches: 1, root: H256::repeat_byte(0xb2) };

fn tpm() -> SoftwareTpm {
	SoftwareTpm::new(1)
}

fn batch_tpm() -> SoftwareTpm {
	SoftwareTpm::new(2)
}

fn funded<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	for _ in 0..4 {
		T::Consideration::ensure_successful(&who, Footprint::from_parts(1, 16_384));
	}
	let money = T::Currency::minimum_balance()
		.saturating_add(T::ChallengeBond::get())
		.saturating_add(T::QuoteFee::get())
		.saturating_mul(100u32.into());
	T::Currency::mint_into(&who, money).expect("an account can be funded");
	who
}

fn signed<T: Config>(name: &'static str) -> T::RuntimeOrigin {
	T::RuntimeOrigin::signed(account(name, 0, 0))
}

fn registrar_origin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::RegistrarOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

fn quarantine_origin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::QuarantineOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

/// Every register with as many values as there can be, of which the last is the right one.
fn longest_values<T: Config>() -> ReferenceValuesOf<T> {
	let mut allowed: Vec<_> = (1..MAX_ALLOWED_VALUES as u8).map(H256::repeat_byte).collect();
	allowed.push(H256::zero());
	let allowed = BoundedVec::truncate_from(allowed);
	let pcrs = (0..PCR_COUNT).map(|index| PcrReference { index, allowed: allowed.clone() });
	ReferenceValues {
		pcrs: BoundedVec::truncate_from(pcrs.collect()),
		lowest_firmware: 0,
		highest_firmware: u64::MAX,
		validity: T::MaxVerdictPeriod::get(),
	}
}

fn publish<T: Config>(name: &'static str) -> Result<ProfileId, BenchmarkError> {
	let publisher = funded::<T>(name);
	Pallet::<T>::publish_profile(signed::<T>(name), longest_values::<T>())?;
	Ok(Pallet::<T>::profile_id(&publisher, &longest_values::<T>()))
}

fn attestation_key() -> PublicArea {
	BoundedVec::truncate_from(tpm().attestation_key())
}

/// A device of `account("owner")` with a profile of `account("publisher")`, endorsed by
/// `account("registrar")`, and funded.
fn device<T: Config>() -> Result<ProfileId, BenchmarkError> {
	let profile = publish::<T>("publisher")?;
	funded::<T>("owner");
	let owner = || signed::<T>("owner");
	Pallet::<T>::register_device(owner(), DEVICE, attestation_key(), profile)?;
	let registrar = account("registrar", 0, 0);
	Pallet::<T>::accredit_registrar(registrar_origin::<T>()?, registrar)?;
	Pallet::<T>::endorse(signed::<T>("registrar"), DEVICE, profile)?;
	let budget = T::QuoteFee::get().saturating_mul(10u32.into());
	Pallet::<T>::fund_quotes(owner(), DEVICE, budget)?;
	Ok(profile)
}

fn advance<T: Config>(blocks: BlockNumberFor<T>) {
	let now = frame_system::Pallet::<T>::block_number();
	frame_system::Pallet::<T>::set_block_number(now.saturating_add(blocks));
}

/// What a device submits in the next block.
struct Evidence<T: Config> {
	block_number: BlockNumberFor<T>,
	attest: Attest,
	signature: AttestSignature,
	pcr_values: PcrValues,
}

/// Goes to the next block; makes a quote of all registers that is bound to this one.
fn evidence<T: Config>() -> Evidence<T> {
	let block_number = frame_system::Pallet::<T>::block_number();
	frame_system::BlockHash::<T>::insert(block_number, H256::repeat_byte(0xb1));
	advance::<T>(One::one());
	let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::default());
	let block_hash = frame_system::Pallet::<T>::block_hash(block_number);
	let key = AttestationKey::parse(&attestation_key()).expect("a TPM made the key");
	let pcr_values = PcrValues::truncate_from([H256::zero(); PCR_COUNT as usize].to_vec());
	let quote = Quote {
		qualified_signer: &key.qualified_name_in_endorsement_hierarchy(),
		extra_data: &qualifying_data(&genesis.0, &block_hash.0, &DEVICE.0),
		clock: 1,
		reset_count: 1,
		restart_count: 0,
		safe: true,
		firmware_version: 1,
		selection: PcrSelection::of(0..PCR_COUNT).expect("the registers exist"),
		pcr_digest: pcr_digest(pcr_values.iter().map(H256::as_fixed_bytes)),
	};
	let attest = quote.marshal();
	let signature = BoundedVec::truncate_from(tpm().sign(&attest));
	Evidence { block_number, attest: BoundedVec::truncate_from(attest), signature, pcr_values }
}

fn submit<T: Config>() -> Result<(), BenchmarkError> {
	let Evidence { block_number, attest, signature, pcr_values } = evidence::<T>();
	let none = T::RuntimeOrigin::none();
	Pallet::<T>::submit_quote(none, DEVICE, block_number, attest, signature, pcr_values)?;
	Ok(())
}

/// A trusted device that `account("challenger")` challenged.
fn challenged<T: Config>() -> Result<(), BenchmarkError> {
	device::<T>()?;
	submit::<T>()?;
	funded::<T>("challenger");
	Pallet::<T>::challenge(signed::<T>("challenger"), DEVICE)?;
	advance::<T>(T::MinQuoteInterval::get());
	Ok(())
}

fn quote_budget<T: Config>() -> BalanceOf<T> {
	Devices::<T>::get(DEVICE).expect("the device is registered").quote_budget
}

impl<T: Config> Pallet<T> {
	/// Puts a trusted device behind `dataset`, which signed all batches.
	pub(crate) fn benchmark_trust(dataset: DatasetId) {
		if !Devices::<T>::contains_key(DEVICE) {
			device::<T>().and_then(|_| submit::<T>()).expect("a device can be trusted");
		}
		let owner = funded::<T>("owner");
		let ticket = T::Consideration::new(&owner, Self::assignment_footprint())
			.expect("the owner is funded");
		let attested_at = frame_system::Pallet::<T>::block_number();
		let attested = T::Datasets::range(&dataset).map(|range| AttestedBatches {
			first_batch: 0,
			range,
			attested_at,
		});
		let assignment = Assignment { device: DEVICE, owner, attested, ticket };
		Assignments::<T>::insert(dataset, assignment);
	}
}

fn dataset<T: Config>() -> H256 {
	T::Datasets::benchmark_dataset(funded::<T>("owner"), RANGE)
}

/// Has the device certify a key that is sealed to what [`evidence`] says.
fn certification<T: Config>() -> (PublicArea, Attest, AttestSignature) {
	let digest = pcr_digest([[0; 32]; PCR_COUNT as usize].iter());
	let selection = PcrSelection::of(0..PCR_COUNT).expect("the registers exist");
	let public_area = batch_tpm().batch_key(&policy_pcr(selection, &digest));
	let key = AttestationKey::parse(&attestation_key()).expect("a TPM made the key");
	let batch_key = BatchKey::parse(&public_area).expect("a TPM made the key");
	let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::default());
	let attest = Certification {
		qualified_signer: &key.qualified_name_in_endorsement_hierarchy(),
		extra_data: &certification_data(&genesis.0, &DEVICE.0),
		name: &batch_key.name(),
		qualified_name: &batch_key.name(),
	}
	.marshal();
	let signature = BoundedVec::truncate_from(tpm().sign(&attest));
	(BoundedVec::truncate_from(public_area), BoundedVec::truncate_from(attest), signature)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn accredit_registrar() -> Result<(), BenchmarkError> {
		let origin = registrar_origin::<T>()?;
		let registrar: T::AccountId = account("registrar", 0, 0);
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, registrar.clone());
		assert!(Registrars::<T>::contains_key(registrar));
		Ok(())
	}

	#[benchmark]
	fn revoke_registrar() -> Result<(), BenchmarkError> {
		let registrar: T::AccountId = account("registrar", 0, 0);
		Pallet::<T>::accredit_registrar(registrar_origin::<T>()?, registrar.clone())?;
		let origin = registrar_origin::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, registrar.clone());
		assert!(!Registrars::<T>::contains_key(registrar));
		Ok(())
	}

	#[benchmark]
	fn publish_profile() {
		let publisher = funded::<T>("publisher");
		#[extrinsic_call]
		_(RawOrigin::Signed(publisher), longest_values::<T>());
		assert_eq!(Profiles::<T>::iter().count(), 1);
	}

	#[benchmark]
	fn retire_profile() -> Result<(), BenchmarkError> {
		let profile = publish::<T>("publisher")?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("publisher", 0, 0)), profile);
		assert!(!Profiles::<T>::contains_key(profile));
		Ok(())
	}

	#[benchmark]
	fn register_device() -> Result<(), BenchmarkError> {
		let (profile, owner) = (publish::<T>("publisher")?, funded::<T>("owner"));
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), DEVICE, attestation_key(), profile);
		assert!(Devices::<T>::contains_key(DEVICE));
		Ok(())
	}

	#[benchmark]
	fn endorse() -> Result<(), BenchmarkError> {
		let profile = device::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("registrar", 0, 0)), DEVICE, profile);
		assert!(Devices::<T>::get(DEVICE).is_some_and(|device| device.endorsement.is_some()));
		Ok(())
	}

	#[benchmark]
	fn submit_quote() -> Result<(), BenchmarkError> {
		challenged::<T>()?;
		let Evidence { block_number, attest, signature, pcr_values } = evidence::<T>();
		let call =
			Call::<T>::submit_quote { device: DEVICE, block_number, attest, signature, pcr_values };
		#[block]
		{
			use frame_support::traits::UnfilteredDispatchable;
			#[allow(deprecated)]
			<Pallet<T> as sp_runtime::traits::ValidateUnsigned>::pre_dispatch(&call)
				.expect("the quote is sound");
			call.dispatch_bypass_filter(RawOrigin::None.into())?;
		}
		let open = Devices::<T>::get(DEVICE).and_then(|device| device.challenge);
		assert!(open.is_some_and(|open| open.is_answered));
		Ok(())
	}

	#[benchmark]
	fn challenge() -> Result<(), BenchmarkError> {
		device::<T>()?;
		submit::<T>()?;
		let challenger = funded::<T>("challenger");
		#[extrinsic_call]
		_(RawOrigin::Signed(challenger), DEVICE);
		assert!(Devices::<T>::get(DEVICE).is_some_and(|device| device.challenge.is_some()));
		Ok(())
	}

	#[benchmark]
	fn settle_challenge() -> Result<(), BenchmarkError> {
		challenged::<T>()?;
		submit::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("challenger", 0, 0)), DEVICE);
		assert!(Devices::<T>::get(DEVICE).is_some_and(|device| device.challenge.is_none()));
		Ok(())
	}

	#[benchmark]
	fn state_log_verdict() -> Result<(), BenchmarkError> {
		device::<T>()?;
		let registrar = RawOrigin::Signed(account("registrar", 0, 0));
		let verdict = LogVerdict { boot: LogTier::Affirming, ima: LogTier::Affirming };
		let now = frame_system::Pallet::<T>::block_number();
		let valid_until = now.saturating_add(T::MaxVerdictPeriod::get());
		#[extrinsic_call]
		_(registrar, DEVICE, verdict, valid_until);
		let endorsement = Devices::<T>::get(DEVICE).and_then(|device| device.endorsement);
		assert!(endorsement.is_some_and(|endorsement| endorsement.logs.is_some()));
		Ok(())
	}

	#[benchmark]
	fn quarantine() -> Result<(), BenchmarkError> {
		device::<T>()?;
		let origin = quarantine_origin::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, DEVICE);
		assert!(Devices::<T>::get(DEVICE).is_some_and(|device| device.is_quarantined));
		Ok(())
	}

	#[benchmark]
	fn release() -> Result<(), BenchmarkError> {
		device::<T>()?;
		Pallet::<T>::quarantine(quarantine_origin::<T>()?, DEVICE)?;
		let origin = quarantine_origin::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, DEVICE);
		assert!(Devices::<T>::get(DEVICE).is_some_and(|device| !device.is_quarantined));
		Ok(())
	}

	#[benchmark]
	fn retire_device() -> Result<(), BenchmarkError> {
		challenged::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("owner", 0, 0)), DEVICE);
		assert!(RetiredDevices::<T>::contains_key(DEVICE));
		Ok(())
	}

	#[benchmark]
	fn fund_quotes() -> Result<(), BenchmarkError> {
		device::<T>()?;
		let owner = RawOrigin::Signed(account("owner", 0, 0));
		#[extrinsic_call]
		_(owner, DEVICE, T::QuoteFee::get());
		assert_eq!(quote_budget::<T>(), T::QuoteFee::get().saturating_mul(11u32.into()));
		Ok(())
	}

	#[benchmark]
	fn withdraw_quote_budget() -> Result<(), BenchmarkError> {
		device::<T>()?;
		let owner = RawOrigin::Signed(account("owner", 0, 0));
		#[extrinsic_call]
		_(owner, DEVICE, T::QuoteFee::get());
		assert_eq!(quote_budget::<T>(), T::QuoteFee::get().saturating_mul(9u32.into()));
		Ok(())
	}

	#[benchmark]
	fn assign_dataset() -> Result<(), BenchmarkError> {
		device::<T>()?;
		let dataset = dataset::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(account("owner", 0, 0)), DEVICE, dataset);
		assert!(Assignments::<T>::contains_key(dataset));
		Ok(())
	}

	#[benchmark]
	fn unassign_dataset() -> Result<(), BenchmarkError> {
		device::<T>()?;
		let dataset = dataset::<T>();
		Pallet::<T>::assign_dataset(signed::<T>("owner"), DEVICE, dataset)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("owner", 0, 0)), dataset);
		assert!(!Assignments::<T>::contains_key(dataset));
		Ok(())
	}

	#[benchmark]
	fn change_profile() -> Result<(), BenchmarkError> {
		device::<T>()?;
		let new = publish::<T>("other publisher")?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("owner", 0, 0)), DEVICE, new);
		assert!(Devices::<T>::get(DEVICE).is_some_and(|device| device.profile == new));
		Ok(())
	}

	#[benchmark]
	fn dismiss_registration() -> Result<(), BenchmarkError> {
		let profile = publish::<T>("publisher")?;
		funded::<T>("owner");
		let owner = signed::<T>("owner");
		Pallet::<T>::register_device(owner.clone(), DEVICE, attestation_key(), profile)?;
		Pallet::<T>::fund_quotes(owner, DEVICE, T::QuoteFee::get())?;
		let registrar: T::AccountId = account("registrar", 0, 0);
		Pallet::<T>::accredit_registrar(registrar_origin::<T>()?, registrar.clone())?;
		#[extrinsic_call]
		_(RawOrigin::Signed(registrar), DEVICE);
		assert!(!Devices::<T>::contains_key(DEVICE));
		Ok(())
	}

	#[benchmark]
	fn certify_batch_key() -> Result<(), BenchmarkError> {
		device::<T>()?;
		submit::<T>()?;
		let (public_area, attest, signature) = certification::<T>();
		let owner = RawOrigin::Signed(account("owner", 0, 0));
		#[extrinsic_call]
		_(owner, DEVICE, public_area, attest, signature);
		assert!(Devices::<T>::get(DEVICE).is_some_and(|device| device.batch_key.is_some()));
		Ok(())
	}

	#[benchmark]
	fn attest_batches() -> Result<(), BenchmarkError> {
		device::<T>()?;
		submit::<T>()?;
		let owner = || signed::<T>("owner");
		let (public_area, attest, signature) = certification::<T>();
		Pallet::<T>::certify_batch_key(owner(), DEVICE, public_area, attest, signature)?;
		let dataset = dataset::<T>();
		Pallet::<T>::assign_dataset(owner(), DEVICE, dataset)?;
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::default());
		let digest =
			batches_digest(&genesis.0, &dataset.0, 0, RANGE.batches, RANGE.root.as_fixed_bytes());
		let signature = BoundedVec::truncate_from(batch_tpm().sign_digest(&digest));
		let anybody = RawOrigin::Signed(account("anybody", 0, 0));
		#[extrinsic_call]
		_(anybody, dataset, 0, RANGE, signature);
		assert!(Assignments::<T>::get(dataset).is_some_and(|found| found.attested.is_some()));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::build(), crate::mock::Test);
}
