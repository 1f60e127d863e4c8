//! Benchmarks of the calls.

use super::*;
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, Mutate},
	Consideration, EnsureOrigin,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_core::H256;

const REFERENCE: H256 = H256::repeat_byte(7);

/// An amount that keeps any account alive.
fn amount<T: Config>() -> BalanceOf<T> {
	T::Currency::minimum_balance() * 10u32.into()
}

/// An account with enough for every benchmark.
fn endowed<T: Config>() -> T::AccountId {
	let who = whitelisted_caller();
	T::Currency::set_balance(&who, amount::<T>() * 10u32.into());
	who
}

/// Lets the answered owner's spender take [`amount`] until block 1.
fn approval<T: Config>(spender: &T::AccountId) -> Result<T::AccountId, BenchmarkError> {
	let owner: T::AccountId = account("owner", 0, 0);
	T::Currency::set_balance(&owner, amount::<T>() * 10u32.into());
	T::Consideration::ensure_successful(&owner, Pallet::<T>::approval_footprint());
	let expires_at = BlockNumberFor::<T>::from(1u32);
	frame_system::Pallet::<T>::set_block_number(expires_at);
	Pallet::<T>::do_approve(owner.clone(), spender.clone(), amount::<T>(), expires_at)?;
	Ok(owner)
}

fn assert_last_event<T: Config>(event: Event<T>) {
	frame_system::Pallet::<T>::assert_last_event(event.into());
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn set_minter() -> Result<(), BenchmarkError> {
		let origin =
			T::MinterOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let who: T::AccountId = account("minter", 0, 0);
		let cap = amount::<T>();
		Pallet::<T>::do_set_minter(who.clone(), cap);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone(), cap);

		assert_last_event::<T>(Event::MinterSet { who, cap });
		Ok(())
	}

	#[benchmark]
	fn remove_minter() -> Result<(), BenchmarkError> {
		let origin =
			T::MinterOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let who: T::AccountId = account("minter", 0, 0);
		Pallet::<T>::do_set_minter(who.clone(), amount::<T>());

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone());

		assert!(!Minters::<T>::contains_key(&who));
		Ok(())
	}

	#[benchmark]
	fn mint() {
		let minter: T::AccountId = whitelisted_caller();
		let dest: T::AccountId = account("dest", 0, 0);
		let amount = amount::<T>();
		Pallet::<T>::do_set_minter(minter.clone(), amount);

		#[extrinsic_call]
		_(RawOrigin::Signed(minter.clone()), dest.clone(), amount, REFERENCE);

		assert_last_event::<T>(Event::Minted { minter, dest, amount, reference: REFERENCE });
	}

	#[benchmark]
	fn burn() {
		let who = endowed::<T>();
		let amount = amount::<T>();
		let reason = BurnReason::Other(REFERENCE);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), amount, reason);

		assert_last_event::<T>(Event::Burned { who, amount, reason });
	}

	#[benchmark]
	fn approve() {
		let owner = endowed::<T>();
		T::Consideration::ensure_successful(&owner, Pallet::<T>::approval_footprint());
		let spender: T::AccountId = account("spender", 0, 0);
		let amount = amount::<T>();
		let expires_at = BlockNumberFor::<T>::from(1_000u32);

		#[extrinsic_call]
		_(RawOrigin::Signed(owner.clone()), spender.clone(), amount, expires_at);

		assert_last_event::<T>(Event::Approved { owner, spender, amount, expires_at });
	}

	#[benchmark]
	fn cancel_approval() -> Result<(), BenchmarkError> {
		let spender: T::AccountId = account("spender", 0, 0);
		let owner = approval::<T>(&spender)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(owner.clone()), spender.clone());

		assert!(!Approvals::<T>::contains_key(&owner, &spender));
		Ok(())
	}

	#[benchmark]
	fn remove_expired_approval() -> Result<(), BenchmarkError> {
		let spender: T::AccountId = account("spender", 0, 0);
		let owner = approval::<T>(&spender)?;
		frame_system::Pallet::<T>::set_block_number(2u32.into());

		#[extrinsic_call]
		_(RawOrigin::Signed(whitelisted_caller()), owner.clone(), spender.clone());

		assert!(!Approvals::<T>::contains_key(&owner, &spender));
		Ok(())
	}

	#[benchmark]
	fn transfer_from() -> Result<(), BenchmarkError> {
		let spender: T::AccountId = whitelisted_caller();
		let owner = approval::<T>(&spender)?;
		let dest: T::AccountId = account("dest", 0, 0);
		let amount = amount::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(spender.clone()), owner.clone(), dest.clone(), amount, REFERENCE);

		assert!(!Approvals::<T>::contains_key(&owner, &spender));
		assert_eq!(T::Currency::balance(&dest), amount);
		Ok(())
	}

	#[benchmark]
	fn transfer_with_reference() {
		let from = endowed::<T>();
		let to: T::AccountId = account("dest", 0, 0);
		let amount = amount::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(from.clone()), to.clone(), amount, REFERENCE);

		assert_last_event::<T>(Event::Transferred { from, to, amount, reference: REFERENCE });
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
