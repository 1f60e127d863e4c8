//! Benchmarks of the calls.

use super::*;
use frame_benchmarking::v2::*;
use frame_support::traits::{Consideration, EnsureOrigin, Get};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use msec_primitives::{
	Action, Actions, DatasetId, DatasetInfo, LegalBasis, Purposes, RangeCommitment, Region,
	StoreInfo,
};
use sp_core::H256;

/// An account that can pay `deposits` deposits.
fn endowed<T: Config>(name: &'static str, index: u32, deposits: u32) -> T::AccountId {
	let who = account(name, index, 0);
	endow::<T>(&who, deposits);
	who
}

fn endow<T: Config>(who: &T::AccountId, deposits: u32) {
	for _ in 0..deposits {
		T::Consideration::ensure_successful(who, Pallet::<T>::grant_footprint());
	}
}

fn dataset<T: Config>(owner: &T::AccountId) -> DatasetId {
	let range = RangeCommitment { batches: 1, root: DatasetId::repeat_byte(1) };
	T::Datasets::benchmark_dataset(owner.clone(), range)
}

fn request<T: Config>(actions: Actions, depth: u8) -> GrantRequest<BlockNumberFor<T>> {
	GrantRequest {
		actions,
		not_before: None,
		expires_at: None,
		purpose: None,
		delegation_depth: depth,
	}
}

/// Fills the list of `subject` with `g` grants of different delegates, each of whom paid his own
/// deposit, and ends them all by a new epoch.
fn void_grants<T: Config>(
	owner: &T::AccountId,
	resource: DatasetId,
	subject: &T::AccountId,
	g: u32,
) -> Result<(), BenchmarkError> {
	for index in 0..g {
		let delegate = endowed::<T>("delegate", index, 2);
		endow::<T>(owner, 2);
		let authority = request::<T>(Actions::ALL, 1);
		Pallet::<T>::do_grant(owner.clone(), resource, delegate.clone(), authority)?;
		let part = request::<T>(Actions::of(&[Action::Read]), 0);
		Pallet::<T>::do_grant(delegate, resource, subject.clone(), part)?;
	}
	Pallet::<T>::do_revoke_all(owner.clone(), resource)?;
	Ok(())
}

/// Somebody who holds as many grants as possible, each at the greatest distance from the owner that still
/// allows passing on.
fn delegate_of_most<T: Config>(
	owner: &T::AccountId,
	resource: DatasetId,
) -> Result<T::AccountId, BenchmarkError> {
	let granter: T::AccountId = whitelisted_caller();
	endow::<T>(&granter, 2);
	let greatest = T::MaxDelegationDepth::get();
	for index in 0..T::MaxGrants::get() {
		let mut holder = owner.clone();
		for depth in (1..=greatest).rev() {
			endow::<T>(&holder, 2);
			let next = match depth {
				1 => granter.clone(),
				_ => account("delegate", index, depth.into()),
			};
			let authority = request::<T>(Actions::ALL, depth);
			Pallet::<T>::do_grant(holder, resource, next.clone(), authority)?;
			holder = next;
		}
	}
	Ok(granter)
}

/// The most regions, none of which is the first one of the alphabet.
fn most_regions() -> StoreRegions {
	let regions = (0..MAX_REGIONS as u8).map(|index| Region([b'B', b'A' + index]));
	StoreRegions::truncate_from(regions.collect())
}

/// States where the data of `resource` is, and that all of it may go to where `subject` is.
fn protect<T: Config>(
	owner: &T::AccountId,
	resource: DatasetId,
	subject: &T::AccountId,
) -> Result<(), BenchmarkError> {
	let to = Region(*b"AA");
	T::Consideration::ensure_successful(owner, Pallet::<T>::protection_footprint());
	T::Consideration::ensure_successful(subject, Pallet::<T>::region_footprint());
	let basis = LegalBasis::PublicTask;
	Pallet::<T>::do_set_protection(owner.clone(), resource, basis, most_regions(), None)?;
	Pallet::<T>::do_declare_region(subject.clone(), Some(to))?;
	for from in most_regions() {
		Pallet::<T>::do_set_adequacy(from, to, true)?;
	}
	Ok(())
}

/// An owner who can pay, and his data set.
fn owned<T: Config>() -> (T::AccountId, DatasetId) {
	let owner: T::AccountId = whitelisted_caller();
	endow::<T>(&owner, 4);
	let resource = dataset::<T>(&owner);
	(owner, resource)
}

fn endow_requester<T: Config>(requester: &T::AccountId) {
	T::Consideration::ensure_successful(requester, Pallet::<T>::request_footprint());
}

/// Somebody who requests access.
fn requested<T: Config>(resource: DatasetId) -> Result<T::AccountId, BenchmarkError> {
	let requester: T::AccountId = account("requester", 0, 0);
	endow_requester::<T>(&requester);
	let actions = Actions::of(&[Action::Read]);
	let wish = Wish { actions, purpose: None, expires_at: None };
	Pallet::<T>::do_request_access(requester.clone(), resource, wish)?;
	Ok(requester)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The granter holds as many grants as possible, each at the greatest distance from the owner
	/// that still allows passing on.
	#[benchmark]
	fn grant() -> Result<(), BenchmarkError> {
		let owner = endowed::<T>("owner", 0, 2);
		let resource = dataset::<T>(&owner);
		let granter = delegate_of_most::<T>(&owner, resource)?;
		let subject: T::AccountId = account("subject", 0, 0);
		protect::<T>(&owner, resource, &subject)?;
		let actions = Actions::of(&[Action::Describe, Action::Read]);

		#[extrinsic_call]
		_(RawOrigin::Signed(granter), resource, subject.clone(), actions, None, None, None, 0);

		assert_eq!(Grants::<T>::get(resource, &subject).len(), 1);
		Ok(())
	}

	#[benchmark]
	fn revoke(g: Linear<1, { T::MaxGrants::get() }>) -> Result<(), BenchmarkError> {
		let owner: T::AccountId = whitelisted_caller();
		let resource = dataset::<T>(&owner);
		let subject: T::AccountId = account("subject", 0, 0);
		void_grants::<T>(&owner, resource, &subject, g)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), resource, subject.clone());

		assert!(!Grants::<T>::contains_key(resource, &subject));
		Ok(())
	}

	#[benchmark]
	fn revoke_all() {
		let owner: T::AccountId = whitelisted_caller();
		let resource = dataset::<T>(&owner);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), resource);

		assert_eq!(RevocationEpochs::<T>::get(resource), 1);
	}

	#[benchmark]
	fn deny() {
		let owner: T::AccountId = whitelisted_caller();
		endow::<T>(&owner, 2);
		let resource = dataset::<T>(&owner);
		let subject: T::AccountId = account("subject", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), resource, subject.clone());

		assert!(Denials::<T>::contains_key(resource, &subject));
	}

	#[benchmark]
	fn lift_denial() -> Result<(), BenchmarkError> {
		let owner: T::AccountId = whitelisted_caller();
		endow::<T>(&owner, 2);
		let resource = dataset::<T>(&owner);
		let subject: T::AccountId = account("subject", 0, 0);
		Pallet::<T>::do_deny(owner.clone(), resource, subject.clone())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), resource, subject.clone());

		assert!(!Denials::<T>::contains_key(resource, &subject));
		Ok(())
	}

	/// Grants and a denial are moved to a resource that is gone, where both lose their effect.
	#[benchmark]
	fn remove_stale(g: Linear<1, { T::MaxGrants::get() }>) -> Result<(), BenchmarkError> {
		let owner = endowed::<T>("owner", 0, 2);
		let resource = dataset::<T>(&owner);
		let subject: T::AccountId = account("subject", 0, 0);
		void_grants::<T>(&owner, resource, &subject, g)?;
		Pallet::<T>::do_deny(owner, resource, subject.clone())?;
		let gone = DatasetId::repeat_byte(0xff);
		Grants::<T>::insert(gone, &subject, Grants::<T>::take(resource, &subject));
		Denials::<T>::swap(resource, &subject, gone, &subject);

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), gone, subject.clone());

		assert!(!Grants::<T>::contains_key(gone, &subject));
		assert!(!Denials::<T>::contains_key(gone, &subject));
		Ok(())
	}

	/// As many days are kept as possible, so that the oldest goes.
	#[benchmark]
	fn anchor_access_log() -> Result<(), BenchmarkError> {
		let store: T::AccountId = whitelisted_caller();
		T::Stores::benchmark_store(&store);
		let days = T::MaxAnchors::get();
		for day in 0..days {
			let anchor = AccessLogAnchor { day, root: H256::zero(), entries: 1 };
			Pallet::<T>::do_anchor_access_log(store.clone(), anchor)?;
		}

		#[extrinsic_call]
		_(RawOrigin::Signed(store.clone()), days, H256::zero(), 1);

		assert_eq!(AccessLogAnchors::<T>::get(&store).first().map(|anchor| anchor.day), Some(1));
		Ok(())
	}

	#[benchmark]
	fn name_data_subject() {
		let (owner, resource) = owned::<T>();
		let subject: T::AccountId = account("subject", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), resource, subject);

		assert!(DataSubjects::<T>::contains_key(resource));
	}

	#[benchmark]
	fn give_consent() -> Result<(), BenchmarkError> {
		let (owner, resource) = owned::<T>();
		let subject: T::AccountId = account("subject", 0, 0);
		Pallet::<T>::do_name_data_subject(owner, resource, subject.clone())?;

		#[extrinsic_call]
		_(RawOrigin::Signed(subject), resource, Purposes::ALL, None);

		assert!(Pallet::<T>::has_consent(&resource, None));
		Ok(())
	}

	#[benchmark]
	fn withdraw_consent() -> Result<(), BenchmarkError> {
		let (owner, resource) = owned::<T>();
		let subject: T::AccountId = account("subject", 0, 0);
		Pallet::<T>::do_name_data_subject(owner, resource, subject.clone())?;
		Pallet::<T>::do_give_consent(subject.clone(), resource, Purposes::ALL, None)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(subject), resource);

		assert!(Pallet::<T>::lacks_any_consent(&resource));
		Ok(())
	}

	#[benchmark]
	fn set_protection() -> Result<(), BenchmarkError> {
		let (owner, resource) = owned::<T>();
		let basis = LegalBasis::PublicTask;
		Pallet::<T>::do_set_protection(owner.clone(), resource, basis, most_regions(), None)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), resource, basis, most_regions(), Some(H256::zero()));

		assert!(Protections::<T>::get(resource).is_some_and(|entry| entry.safeguards.is_some()));
		Ok(())
	}

	#[benchmark]
	fn declare_region() {
		let caller: T::AccountId = whitelisted_caller();
		T::Consideration::ensure_successful(&caller, Pallet::<T>::region_footprint());

		#[extrinsic_call]
		_(RawOrigin::Signed(caller.clone()), Some(Region(*b"EU")));

		assert!(DeclaredRegions::<T>::contains_key(&caller));
	}

	#[benchmark]
	fn set_adequacy() -> Result<(), BenchmarkError> {
		let origin = T::AdequacyOrigin::try_successful_origin()
			.map_err(|()| BenchmarkError::Stop("nobody decides about adequacy"))?;
		let (from, to) = (Region(*b"AA"), Region(*b"AB"));

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, from, to, true);

		assert!(AdequateTransfers::<T>::contains_key((from, to)));
		Ok(())
	}

	/// Both are moved to a resource that is gone, where they lose their effect.
	#[benchmark]
	fn remove_protection() -> Result<(), BenchmarkError> {
		let (owner, resource) = owned::<T>();
		let subject: T::AccountId = account("subject", 0, 0);
		let basis = LegalBasis::PublicTask;
		Pallet::<T>::do_name_data_subject(owner.clone(), resource, subject)?;
		Pallet::<T>::do_set_protection(owner, resource, basis, most_regions(), None)?;
		let gone = DatasetId::repeat_byte(0xff);
		DataSubjects::<T>::swap(resource, gone);
		Protections::<T>::swap(resource, gone);

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), gone);

		assert!(!DataSubjects::<T>::contains_key(gone));
		Ok(())
	}

	#[benchmark]
	fn request_access() {
		let resource = dataset::<T>(&account("owner", 0, 0));
		let requester: T::AccountId = whitelisted_caller();
		endow_requester::<T>(&requester);

		#[extrinsic_call]
		_(RawOrigin::Signed(requester.clone()), resource, Actions::of(&[Action::Read]), None, None);

		assert!(Requests::<T>::contains_key(resource, &requester));
	}

	/// The grant behind it is as in `grant`.
	#[benchmark]
	fn approve_request() -> Result<(), BenchmarkError> {
		let owner = endowed::<T>("owner", 0, 2);
		let resource = dataset::<T>(&owner);
		let granter = delegate_of_most::<T>(&owner, resource)?;
		let requester = requested::<T>(resource)?;
		protect::<T>(&owner, resource, &requester)?;

		#[extrinsic_call]
		_(
			RawOrigin::Signed(granter),
			resource,
			requester.clone(),
			Actions::of(&[Action::Read]),
			None,
			None,
		);

		assert_eq!(Grants::<T>::get(resource, &requester).len(), 1);
		Ok(())
	}

	#[benchmark]
	fn refuse_request() -> Result<(), BenchmarkError> {
		let (owner, resource) = owned::<T>();
		let requester = requested::<T>(resource)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner), resource, requester.clone());

		assert!(!Requests::<T>::contains_key(resource, &requester));
		Ok(())
	}

	#[benchmark]
	fn withdraw_request() -> Result<(), BenchmarkError> {
		let (_, resource) = owned::<T>();
		let requester = requested::<T>(resource)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(requester.clone()), resource);

		assert!(!Requests::<T>::contains_key(resource, &requester));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
