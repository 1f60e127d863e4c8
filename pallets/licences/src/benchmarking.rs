//! Benchmarks of every call at its most expensive.

use crate::pallet::*;
use frame_benchmarking::v2::*;
use frame_support::traits::EnsureOrigin;
use msec_primitives::{LicenceId, LicenceList};
use sp_core::H256;

fn longest_identifier() -> LicenceId {
	LicenceId::truncate_from([b'a'; 64].to_vec())
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn publish() -> Result<(), BenchmarkError> {
		let origin =
			T::PublishOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, longest_identifier(), H256::zero(), true);
		assert!(Pallet::<T>::may_be_named(&longest_identifier()));
		Ok(())
	}

	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let origin =
			T::PublishOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		Pallet::<T>::benchmark_licence(&longest_identifier());
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, longest_identifier());
		assert!(!Pallet::<T>::may_be_named(&longest_identifier()));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::build(), crate::mock::Test);
}
