//! Benchmarks of every call at its most expensive.

use crate::{pallet::*, CampaignId, CampaignTerms, CampaignTermsOf};
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect, Mutate},
	Consideration, Footprint, Get,
};
use frame_system::RawOrigin;
use sp_core::H256;
use sp_runtime::traits::{One, Saturating};

const CONTRIBUTION: H256 = H256::repeat_byte(7);

fn funded<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	T::Consideration::ensure_successful(&who, Footprint::from_parts(1, 4_096));
	let money = T::Currency::minimum_balance().saturating_mul(100u32.into());
	T::Currency::mint_into(&who, money).expect("an account can be funded");
	who
}

fn terms<T: Config>() -> CampaignTermsOf<T> {
	let now = frame_system::Pallet::<T>::block_number();
	CampaignTerms {
		rules: H256::zero(),
		reward: T::Currency::minimum_balance(),
		cap_per_account: 10,
		ends_at: now.saturating_add(T::MaxCampaignPeriod::get()),
	}
}

fn campaign<T: Config>() -> Result<CampaignId, BenchmarkError> {
	let owner = funded::<T>("owner");
	let origin = RawOrigin::Signed(owner.clone()).into();
	let budget = T::Currency::minimum_balance().saturating_mul(10u32.into());
	Pallet::<T>::create_campaign(origin, H256::zero(), terms::<T>(), budget)?;
	Ok(Pallet::<T>::campaign_id(&owner, H256::zero()))
}

/// A campaign of `account("owner")` and a contributor whose contribution waits.
fn submitted<T: Config>() -> Result<(CampaignId, T::AccountId), BenchmarkError> {
	let (campaign, who) = (campaign::<T>()?, funded::<T>("contributor"));
	Pallet::<T>::submit(RawOrigin::Signed(who.clone()).into(), campaign, CONTRIBUTION)?;
	Ok((campaign, who))
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn create_campaign() {
		let owner = funded::<T>("owner");
		let terms = terms::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), H256::zero(), terms, terms.reward);
		assert_eq!(Campaigns::<T>::iter().count(), 1);
	}

	#[benchmark]
	fn submit() -> Result<(), BenchmarkError> {
		let (campaign, who) = (campaign::<T>()?, funded::<T>("contributor"));
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), campaign, CONTRIBUTION);
		assert!(Contributors::<T>::contains_key(campaign, who));
		Ok(())
	}

	#[benchmark]
	fn accept() -> Result<(), BenchmarkError> {
		let (campaign, who) = submitted::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("owner", 0, 0)), campaign, who.clone(), CONTRIBUTION);
		let accepted = Contributors::<T>::get(campaign, who).map(|known| known.accepted);
		assert_eq!(accepted, Some(1));
		Ok(())
	}

	#[benchmark]
	fn reject() -> Result<(), BenchmarkError> {
		let (campaign, who) = submitted::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("owner", 0, 0)), campaign, who.clone(), CONTRIBUTION);
		let pending = Contributors::<T>::get(campaign, who).and_then(|known| known.pending);
		assert_eq!(pending, None);
		Ok(())
	}

	#[benchmark]
	fn leave() -> Result<(), BenchmarkError> {
		let (campaign, who) = submitted::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), campaign, who.clone());
		assert!(!Contributors::<T>::contains_key(campaign, who));
		Ok(())
	}

	#[benchmark]
	fn close_campaign() -> Result<(), BenchmarkError> {
		let campaign = campaign::<T>()?;
		let now = frame_system::Pallet::<T>::block_number();
		let blocks = T::MaxCampaignPeriod::get().saturating_add(T::DecisionPeriod::get());
		let then = now.saturating_add(blocks).saturating_add(One::one());
		frame_system::Pallet::<T>::set_block_number(then);
		#[extrinsic_call]
		_(RawOrigin::Signed(funded::<T>("stranger")), campaign);
		assert!(!Campaigns::<T>::contains_key(campaign));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::build(), crate::mock::Test);
}
