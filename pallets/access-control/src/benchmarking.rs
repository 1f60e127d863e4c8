//! Benchmarks of the calls.

use super::*;
use frame_benchmarking::v2::*;
use frame_support::traits::{Consideration, Get};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use msec_primitives::{Action, Actions, DatasetId, DatasetInfo, RangeCommitment, StoreInfo};
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

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The granter holds as many grants as possible, each at the greatest distance from the owner
	/// that still allows passing on.
	#[benchmark]
	fn grant() -> Result<(), BenchmarkError> {
		let owner = endowed::<T>("owner", 0, 2);
		let resource = dataset::<T>(&owner);
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
		let subject: T::AccountId = account("subject", 0, 0);
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

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
