//! Benchmarks of every call at its most expensive: the longest terms, places and lists of keys.

use crate::{pallet::*, BalanceOf, DemandId, DemandTerms, DemandTermsOf, RequestId, RequestTerms};
use alloc::{vec, vec::Vec};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		Consideration, Footprint, Get,
	},
	BoundedVec,
};
use frame_system::RawOrigin;
use msec_primitives::{DeviceStatus, Kind, ListingId, Market, Place};
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::traits::{One, Saturating};

/// What the currency's smallest amounts are multiplied by, so that prices can be paid.
const PLENTY: u32 = 100_000;

fn funded<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	let most = Footprint::from_parts(1, 4_096);
	T::Consideration::ensure_successful(&who, most);
	let least = T::Currency::minimum_balance().max(T::OrderDeposit::get());
	T::Currency::mint_into(&who, least.saturating_mul(PLENTY.into()))
		.expect("an account can be funded");
	who
}

fn filled<Bound: Get<u32>>(byte: u8) -> BoundedVec<u8, Bound> {
	BoundedVec::truncate_from(vec![byte; Bound::get() as usize])
}

/// An offer that has stood for long enough, of `account("seller")`.
fn listing<T: Config>() -> ListingId {
	let (kind, place): (Kind, Place) = (filled(b'a'), filled(b'b'));
	let listing =
		T::Market::benchmark_offer(funded::<T>("seller"), kind, place, T::OrderDeposit::get());
	let now = frame_system::Pallet::<T>::block_number();
	frame_system::Pallet::<T>::set_block_number(now.saturating_add(T::MinOfferAge::get()));
	listing
}

fn terms<T: Config>(highest_price: BalanceOf<T>) -> DemandTermsOf<T> {
	let keys: Vec<_> = (1..=crate::MAX_FILLS as u8).map(|key| [key; 32]).collect();
	let now = frame_system::Pallet::<T>::block_number();
	DemandTerms {
		kind: filled(b'a'),
		area: filled(b'b'),
		highest_price,
		minimum_score: None,
		maximum_verdict_age: T::Devices::is_available().then(T::MaxDemandPeriod::get),
		expires_at: now.saturating_add(T::MaxDemandPeriod::get()),
		beneficiary: account("friend", 0, 0),
		buyer_keys: BoundedVec::truncate_from(keys),
	}
}

fn salt(number: u32) -> H256 {
	number.using_encoded(blake2_256).into()
}

fn demand<T: Config>(
	buyer: &T::AccountId,
	highest_price: BalanceOf<T>,
) -> Result<DemandId, BenchmarkError> {
	let origin = RawOrigin::Signed(buyer.clone()).into();
	Pallet::<T>::create_demand(origin, H256::zero(), terms::<T>(highest_price))
		.map_err(|failure| failure.error)?;
	Ok(Pallet::<T>::demand_id(buyer, H256::zero()))
}

/// A demand, and a listing that fits and came later.
fn pair<T: Config>() -> Result<(DemandId, ListingId), BenchmarkError> {
	let demand = demand::<T>(&funded::<T>("buyer"), T::OrderDeposit::get())?;
	Ok((demand, listing::<T>()))
}

fn request<T: Config>(buyer: &T::AccountId) -> Result<RequestId, BenchmarkError> {
	let now = frame_system::Pallet::<T>::block_number();
	let terms = RequestTerms {
		description: H256::zero(),
		kind: filled(b'a'),
		area: filled(b'b'),
		reward: T::Currency::minimum_balance(),
		deadline: now.saturating_add(T::MaxDemandPeriod::get()),
		arbiter: None,
	};
	Pallet::<T>::create_request(RawOrigin::Signed(buyer.clone()).into(), H256::zero(), terms)?;
	Ok(Pallet::<T>::request_id(buyer, H256::zero()))
}

/// A request with an answer by `account("seller")`.
fn answered<T: Config>() -> Result<(RequestId, ListingId), BenchmarkError> {
	let listing = listing::<T>();
	let request = request::<T>(&funded::<T>("buyer"))?;
	let seller = RawOrigin::Signed(account("seller", 0, 0)).into();
	Pallet::<T>::answer_request(seller, request, listing)?;
	Ok((request, listing))
}

fn wait<T: Config>() {
	let now = frame_system::Pallet::<T>::block_number();
	let blocks = T::MaxDemandPeriod::get().saturating_add(T::DecisionPeriod::get());
	let then = now.saturating_add(blocks).saturating_add(One::one());
	frame_system::Pallet::<T>::set_block_number(then);
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn create_demand() {
		let buyer = funded::<T>("buyer");
		let terms = terms::<T>(T::OrderDeposit::get());
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), H256::zero(), terms);
		assert_eq!(Demands::<T>::iter().count(), 1);
	}

	#[benchmark]
	fn look() -> Result<(), BenchmarkError> {
		let (demand, listing) = pair::<T>()?;
		let offer = T::Market::offer(&listing).ok_or("the listing is on offer")?;
		let could;
		#[block]
		{
			let place = offer.place.clone();
			let (_, best) =
				Pallet::<T>::demands_around(&offer.kind, &place).next().ok_or("it stands there")?;
			could = best == demand && Pallet::<T>::could_fill(best, listing, &offer);
		}
		assert!(could && Demands::<T>::contains_key(demand));
		Ok(())
	}

	#[benchmark]
	fn cancel_demand() -> Result<(), BenchmarkError> {
		let buyer = funded::<T>("buyer");
		let id = demand::<T>(&buyer, T::OrderDeposit::get())?;
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), id);
		assert!(!Demands::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn expire_demand() -> Result<(), BenchmarkError> {
		let id = demand::<T>(&funded::<T>("buyer"), T::OrderDeposit::get())?;
		wait::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(funded::<T>("stranger")), id);
		assert!(!Demands::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn propose_match() -> Result<(), BenchmarkError> {
		let (id, listing) = pair::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(funded::<T>("stranger")), id, listing);
		let filled_from = Demands::<T>::get(id).map(|demand| demand.filled_from.to_vec());
		assert_eq!(filled_from, Some(vec![listing]));
		Ok(())
	}

	/// What a match costs among `n` demands; it should not depend on how many there are.
	#[benchmark(extra)]
	fn propose_match_among(n: Linear<10, 10_000>) -> Result<(), BenchmarkError> {
		let buyer = funded::<T>("buyer");
		let price = T::OrderDeposit::get();
		for number in 0..n {
			let mut terms = terms::<T>(price.saturating_add(number.into()));
			terms.buyer_keys.truncate(1);
			T::Currency::mint_into(&buyer, price.saturating_mul(PLENTY.into()))?;
			Pallet::<T>::do_create_demand(buyer.clone(), salt(number), terms)?;
		}
		let listing = listing::<T>();
		let best = Pallet::<T>::demand_id(&buyer, salt(n - 1));
		#[extrinsic_call]
		propose_match(RawOrigin::Signed(funded::<T>("stranger")), best, listing);
		assert!(!Demands::<T>::contains_key(best));
		Ok(())
	}

	#[benchmark]
	fn create_request() {
		let buyer = funded::<T>("buyer");
		let now = frame_system::Pallet::<T>::block_number();
		let terms = RequestTerms {
			description: H256::zero(),
			kind: filled(b'a'),
			area: filled(b'b'),
			reward: T::Currency::minimum_balance(),
			deadline: now.saturating_add(T::MaxDemandPeriod::get()),
			arbiter: Some(account("arbiter", 0, 0)),
		};
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), H256::zero(), terms);
		assert_eq!(Requests::<T>::iter().count(), 1);
	}

	#[benchmark]
	fn answer_request() -> Result<(), BenchmarkError> {
		let listing = listing::<T>();
		let id = request::<T>(&funded::<T>("buyer"))?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("seller", 0, 0)), id, listing);
		assert_eq!(Answers::<T>::iter().count(), 1);
		Ok(())
	}

	#[benchmark]
	fn withdraw_answer() -> Result<(), BenchmarkError> {
		let (id, _) = answered::<T>()?;
		let seller: T::AccountId = account("seller", 0, 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(seller.clone()), id, seller.clone());
		assert_eq!(Answers::<T>::iter().count(), 0);
		Ok(())
	}

	#[benchmark]
	fn award_request() -> Result<(), BenchmarkError> {
		let (id, listing) = answered::<T>()?;
		let terms_hash = T::Market::offer(&listing).ok_or("the listing is on offer")?.terms_hash;
		let (buyer, seller) = (account("buyer", 0, 0), account("seller", 0, 0));
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), id, seller, terms_hash);
		assert!(!Requests::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn refund_request() -> Result<(), BenchmarkError> {
		let (id, _) = answered::<T>()?;
		wait::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(funded::<T>("stranger")), id);
		assert!(!Requests::<T>::contains_key(id));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
