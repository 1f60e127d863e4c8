//! What the calls cost at worst, measured.

use crate::{
	BatchesOf, Call, Config, DatasetDetails, Datasets, EncryptionKeys, EndpointOf, Erasures, Event,
	Pallet, Retentions, Stores, StoresOf, Suite,
};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::traits::{Consideration, Get};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use msec_commitments::{range::MAX_PEAKS, BatchCommitment, Peaks};
use msec_primitives::{AccessPolicy, Action, DatasetId, DatasetStatus, RangeCommitment};
use sp_core::H256;

const KEY: [u8; 32] = [1; 32];
const TERMS: H256 = H256::repeat_byte(2);

/// A data set of `owner` with exactly the batches of `range`, whose number must be zero or a power
/// of two: only then is the root all there is to know. The same arguments give the same data set.
pub(crate) fn dataset<T: Config>(owner: T::AccountId, range: RangeCommitment) -> DatasetId {
	let hashes = if range.batches == 0 { vec![] } else { vec![range.root.into()] };
	let peaks = Peaks::new(range.batches, hashes).expect("no batch or a power of two of them");
	let dataset = Pallet::<T>::dataset_id(&owner, &range.root);
	if !Datasets::<T>::contains_key(dataset) {
		add_dataset::<T>(&owner, range.root, 1);
	}
	set_peaks::<T>(&dataset, &peaks);
	dataset
}

/// A store of `operator` with an address of the least length.
pub(crate) fn store<T: Config>(operator: &T::AccountId) {
	add_store::<T>(operator, shortest_endpoint::<T>());
}

/// A data set that occupies as much as one can.
fn largest_dataset<T: Config>(owner: &T::AccountId) -> DatasetId {
	let dataset = add_dataset::<T>(owner, H256::zero(), T::MaxStores::get());
	let peaks = Peaks::new(u32::MAX, vec![[3; 32]; MAX_PEAKS]).expect("all bits are set; qed");
	set_peaks::<T>(&dataset, &peaks);
	dataset
}

fn add_dataset<T: Config>(owner: &T::AccountId, salt: H256, stores: u32) -> DatasetId {
	let stores = registered_stores::<T>("former store", stores);
	fund_dataset::<T>(owner);
	let agent = Some(account("agent", 0, 0));
	Pallet::<T>::do_create_dataset(owner.clone(), salt, stores, agent)
		.expect("the owner has funds and the salt is new; qed");
	Pallet::<T>::dataset_id(owner, &salt)
}

fn set_peaks<T: Config>(dataset: &DatasetId, peaks: &Peaks) {
	let mut details = Datasets::<T>::get(dataset).expect("the data set was made before; qed");
	details.set_peaks(peaks).expect("there are at most as many peaks as fit; qed");
	Datasets::<T>::insert(dataset, details);
}

fn fund_dataset<T: Config>(owner: &T::AccountId) {
	let footprint = DatasetDetails::<T>::footprint(DatasetStatus::Active);
	T::Consideration::ensure_successful(owner, footprint);
}

fn registered_stores<T: Config>(name: &'static str, count: u32) -> StoresOf<T> {
	let operators: Vec<T::AccountId> = (0..count).map(|index| account(name, index, 0)).collect();
	for operator in &operators {
		if !Stores::<T>::contains_key(operator) {
			add_store::<T>(operator, shortest_endpoint::<T>());
		}
	}
	operators.try_into().expect("the benchmarks keep to the bound; qed")
}

fn add_store<T: Config>(operator: &T::AccountId, endpoint: EndpointOf<T>) {
	fund_store::<T>(operator);
	Pallet::<T>::do_register_store(operator.clone(), endpoint, TERMS)
		.expect("the operator has funds and no store; qed");
}

fn fund_store<T: Config>(operator: &T::AccountId) {
	let footprint = Pallet::<T>::store_footprint(operator, &longest_endpoint::<T>(), &TERMS);
	T::Consideration::ensure_successful(operator, footprint);
}

fn fund_encryption_key<T: Config>(account: &T::AccountId) {
	let footprint = Pallet::<T>::encryption_key_footprint(account);
	T::Consideration::ensure_successful(account, footprint);
}

fn shortest_endpoint<T: Config>() -> EndpointOf<T> {
	b"http://a".to_vec().try_into().expect("no bound is that small; qed")
}

fn longest_endpoint<T: Config>() -> EndpointOf<T> {
	let mut endpoint = b"https://".to_vec();
	endpoint.resize(T::MaxEndpointLength::get() as usize, b'a');
	endpoint.try_into().expect("it has the length of the bound; qed")
}

fn assert_last_event<T: Config>(event: Event<T>) {
	frame_system::Pallet::<T>::assert_last_event(event.into());
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register_store() {
		let caller: T::AccountId = whitelisted_caller();
		let endpoint = longest_endpoint::<T>();
		fund_store::<T>(&caller);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), endpoint.clone(), TERMS);

		let operator = caller;
		assert_last_event::<T>(Event::StoreRegistered { operator, endpoint, terms_hash: TERMS });
	}

	#[benchmark]
	fn update_store() {
		let caller: T::AccountId = whitelisted_caller();
		add_store::<T>(&caller, shortest_endpoint::<T>());
		let endpoint = longest_endpoint::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), endpoint.clone(), TERMS);

		let operator = caller;
		assert_last_event::<T>(Event::StoreUpdated { operator, endpoint, terms_hash: TERMS });
	}

	#[benchmark]
	fn deregister_store() {
		let caller: T::AccountId = whitelisted_caller();
		add_store::<T>(&caller, longest_endpoint::<T>());

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()));

		assert!(!Stores::<T>::contains_key(&caller));
	}

	#[benchmark]
	fn publish_encryption_key() {
		let caller: T::AccountId = whitelisted_caller();
		fund_encryption_key::<T>(&caller);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), Suite::X25519, KEY);

		assert!(EncryptionKeys::<T>::contains_key(&caller));
	}

	#[benchmark]
	fn remove_encryption_key() {
		let caller: T::AccountId = whitelisted_caller();
		fund_encryption_key::<T>(&caller);
		Pallet::<T>::do_publish_encryption_key(caller.clone(), Suite::X25519, KEY)
			.expect("the account has funds; qed");

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()));

		assert!(!EncryptionKeys::<T>::contains_key(&caller));
	}

	#[benchmark]
	fn create_dataset(s: Linear<1, { T::MaxStores::get() }>) {
		let caller: T::AccountId = whitelisted_caller();
		let stores = registered_stores::<T>("store", s);
		fund_dataset::<T>(&caller);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), H256::zero(), stores, Some(caller.clone()));

		assert!(Datasets::<T>::contains_key(Pallet::<T>::dataset_id(&caller, &H256::zero())));
	}

	#[benchmark]
	fn set_stores(s: Linear<1, { T::MaxStores::get() }>) {
		let caller: T::AccountId = whitelisted_caller();
		let dataset = largest_dataset::<T>(&caller);
		let stores = registered_stores::<T>("store", s);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), dataset, stores.clone());

		assert_last_event::<T>(Event::StoresChanged { dataset, stores });
	}

	#[benchmark]
	fn set_key_agent() {
		let caller: T::AccountId = whitelisted_caller();
		let dataset = largest_dataset::<T>(&caller);
		let key_agent = Some(caller.clone());

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), dataset, key_agent.clone());

		assert_last_event::<T>(Event::KeyAgentChanged { dataset, key_agent });
	}

	#[benchmark]
	fn append(n: Linear<1, { T::MaxBatchesPerCall::get() }>) {
		let owner: T::AccountId = whitelisted_caller();
		let stranger: T::AccountId = account("stranger", 0, 0);
		let dataset = largest_dataset::<T>(&owner);
		let first_batch = u32::MAX - n;
		let hashes = vec![[3; 32]; first_batch.count_ones() as usize];
		let peaks = Peaks::new(first_batch, hashes).expect("there is one for each bit; qed");
		set_peaks::<T>(&dataset, &peaks);
		let batch = BatchCommitment { chunks: 1, root: [4; 32] };
		let batches: BatchesOf<T> =
			vec![batch; n as usize].try_into().expect("n is at most the bound; qed");
		let origin: T::RuntimeOrigin = RawOrigin::Signed(owner).into();

		// Only others than the owner need a decision, and only the owner is sure to be allowed.
		#[block]
		{
			let decision = T::AccessPolicy::can_access(&stranger, &dataset, Action::Write, None);
			assert!(!decision.is_allowed());
			Pallet::<T>::append(origin, dataset, first_batch, batches)
				.expect("the owner appends what follows; qed");
		}

		let details = Datasets::<T>::get(dataset).expect("the data set was made before; qed");
		assert_eq!(details.batches, u32::MAX);
	}

	#[benchmark]
	fn erase() {
		let caller: T::AccountId = whitelisted_caller();
		let dataset = largest_dataset::<T>(&caller);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), dataset, H256::zero());

		let details = Datasets::<T>::get(dataset).expect("the data set was made before; qed");
		assert!(details.peaks.is_empty());
	}

	#[benchmark]
	fn certify_erasure() -> Result<(), BenchmarkError> {
		let owner: T::AccountId = account("owner", 0, 0);
		let dataset = largest_dataset::<T>(&owner);
		Pallet::<T>::do_erase(owner, dataset, H256::zero())?;
		let erasure = Erasures::<T>::get(dataset).expect("it was erased before; qed");
		let last = erasure.stores.last().expect("a data set names a store; qed");
		let store = last.store.clone();

		#[extrinsic_call]
		_(RawOrigin::Signed(store.clone()), dataset, H256::zero());

		assert_last_event::<T>(Event::ErasureCertified {
			dataset,
			store,
			certificate: H256::zero(),
		});
		Ok(())
	}

	#[benchmark]
	fn set_retention() -> Result<(), BenchmarkError> {
		let caller: T::AccountId = whitelisted_caller();
		let dataset = largest_dataset::<T>(&caller);
		// The call is measured in block 1 at least.
		let soon = frame_system::Pallet::<T>::block_number() + 2u32.into();
		let later: BlockNumberFor<T> = soon + 1u32.into();
		Pallet::<T>::do_set_retention(caller.clone(), dataset, later)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), dataset, soon);

		assert_eq!(Retentions::<T>::get(dataset), Some(soon));
		Ok(())
	}

	#[benchmark]
	fn expire() -> Result<(), BenchmarkError> {
		let owner: T::AccountId = account("owner", 0, 0);
		let dataset = largest_dataset::<T>(&owner);
		let soon = frame_system::Pallet::<T>::block_number() + 1u32.into();
		Pallet::<T>::do_set_retention(owner, dataset, soon)?;
		frame_system::Pallet::<T>::set_block_number(soon + 1u32.into());

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), dataset);

		assert!(Erasures::<T>::contains_key(dataset));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
