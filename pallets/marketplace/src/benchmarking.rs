//! Benchmarks of every call at its most expensive: the longest terms, paths and ciphertext.

use crate::{
	pallet::*,
	pricing::{Discount, PeriodPrice, ReadingPrice, MAX_DISCOUNTS},
	types::*,
	BalanceOf, ChallengeOf, Envelope, ListingTerms, ListingTermsOf, Pricing,
};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		Consideration, EnsureOrigin, Get,
	},
	BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use msec_commitments::{
	envelope::seal_order, tree::root_from_path, BatchCommitment, ChunkCommitment, ChunkKey,
	ChunkProof, EnvelopeSecret, KeyTree, MAX_CHUNKS_PER_BATCH, MAX_CHUNK_PLAINTEXT,
};
use msec_primitives::{
	BundleId, DatasetId, DatasetInfo, DeviceStatus, LicenceId, LicenceList, ListingId, OrderId,
	RangeCommitment,
};
use sp_core::H256;
use sp_runtime::{
	traits::{One, Saturating},
	Permill,
};

/// A power of two, so that the range has a single peak: its root.
const BATCHES: u32 = 1 << 31;
const SECRET: [u8; 32] = [9; 32];
const CHUNK_KEY: [u8; 32] = [3; 32];

fn funded<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	T::Consideration::ensure_successful(&who, Pallet::<T>::order_footprint());
	fund::<T>(&who);
	who
}

fn fund<T: Config>(who: &T::AccountId) {
	let most = [T::MinimumPrice::get(), T::ChallengeBond::get(), T::MinimumComplaintBond::get()];
	let most = most.into_iter().fold(T::Currency::minimum_balance(), |most, one| most.max(one));
	let money = most.saturating_mul(10_000u32.into());
	T::Currency::mint_into(who, money).expect("an account can be funded");
}

fn filled<Bound: Get<u32>>(byte: u8) -> BoundedVec<u8, Bound> {
	BoundedVec::truncate_from(vec![byte; Bound::get() as usize])
}

fn licence<T: Config>() -> LicenceId {
	let longest = filled(b'a');
	T::Licences::benchmark_licence(&longest);
	longest
}

/// The longest terms. The device behind `dataset` must be trusted.
fn longest_terms<T: Config>(dataset: DatasetId) -> ListingTermsOf<T> {
	ListingTerms {
		dataset,
		right: Right::Read,
		kind: filled(b'a'),
		unit: filled(b'a'),
		interval_seconds: 600,
		place: filled(b'b'),
		licence: licence::<T>(),
		sample: filled(b'a'),
		pricing: Pricing::OneTime { price: T::MinimumPrice::get() },
		delivery_period: T::MaxDeliveryPeriod::get(),
		confirmation_period: T::MaxConfirmationPeriod::get(),
		access_period: T::MaxAccessPeriod::get(),
		maximum_verdict_age: Some(T::MaxAccessPeriod::get()),
	}
}

/// A chunk whose ciphertext does not hold the committed readings, with its way up to a range's root.
fn spoiled_chunk() -> (ChunkProof, ChunkCiphertext, RangeCommitment) {
	let sealed = ChunkKey::from_bytes(CHUNK_KEY).seal(&[42; MAX_CHUNK_PLAINTEXT]);
	let (sound, ciphertext) = sealed.expect("a longest chunk is sealed");
	let commitment = ChunkCommitment { plaintext: [0; 32], ..sound };
	let chunk_path = vec![[1; 32]; MAX_CHUNKS_PER_BATCH.ilog2() as usize];
	let batch_path = vec![[2; 32]; BATCHES.ilog2() as usize];
	let root = root_from_path(&commitment.leaf_hash(), 0, MAX_CHUNKS_PER_BATCH, &chunk_path);
	let batch = BatchCommitment {
		chunks: MAX_CHUNKS_PER_BATCH,
		root: root.expect("the path has the tree's height"),
	};
	let root = root_from_path(&batch.leaf_hash(), 0, BATCHES, &batch_path)
		.expect("the path has the tree's height");
	let chunks = MAX_CHUNKS_PER_BATCH;
	let proof = ChunkProof { batch: 0, chunk: 0, chunks, commitment, chunk_path, batch_path };
	let range = RangeCommitment { batches: BATCHES, root: root.into() };
	(proof, BoundedVec::truncate_from(ciphertext), range)
}

/// A data set whose device is trusted.
fn dataset<T: Config>(owner: &T::AccountId) -> DatasetId {
	let dataset = T::Datasets::benchmark_dataset(owner.clone(), spoiled_chunk().2);
	T::Devices::benchmark_verdict(&dataset);
	dataset
}

fn list<T: Config>(owner: &T::AccountId) -> Result<ListingId, BenchmarkError> {
	let dataset = dataset::<T>(owner);
	let origin = RawOrigin::Signed(owner.clone()).into();
	Pallet::<T>::create_listing(origin, H256::zero(), longest_terms::<T>(dataset))?;
	Ok(Pallet::<T>::listing_id(owner, &dataset, H256::zero()))
}

/// A listing of `seller` for the benchmarks of the demand side.
pub(crate) fn offer<T: Config>(
	seller: T::AccountId,
	kind: Kind,
	place: Place,
	price: BalanceOf<T>,
) -> ListingId {
	let terms = longest_terms::<T>(dataset::<T>(&seller));
	let pricing = Pricing::OneTime { price: price.max(T::MinimumPrice::get()) };
	T::Consideration::ensure_successful(&seller, Pallet::<T>::order_footprint());
	let terms = ListingTerms { kind, place, pricing, ..terms };
	let id = Pallet::<T>::listing_id(&seller, &terms.dataset, H256::zero());
	Pallet::<T>::do_create_listing(seller, H256::zero(), terms).expect("the terms are acceptable");
	id
}

/// So many listings of a data set, each at the lowest price.
fn bundle_members<T: Config>(
	owner: &T::AccountId,
	count: u32,
) -> Result<BundleMembers<BalanceOf<T>>, BenchmarkError> {
	let dataset = dataset::<T>(owner);
	let mut members = BundleMembers::new();
	for index in 0..count {
		let salt = H256::repeat_byte(index as u8);
		let origin = RawOrigin::Signed(owner.clone()).into();
		Pallet::<T>::create_listing(origin, salt, longest_terms::<T>(dataset))?;
		let listing = Pallet::<T>::listing_id(owner, &dataset, salt);
		let member = BundleMember { listing, share: T::MinimumPrice::get() };
		members.try_push(member).map_err(|_| "a bundle holds so many")?;
	}
	Ok(members)
}

fn create_full_bundle<T: Config>(
	owner: &T::AccountId,
	count: u32,
) -> Result<BundleId, BenchmarkError> {
	let members = bundle_members::<T>(owner, count)?;
	let origin = RawOrigin::Signed(owner.clone()).into();
	Pallet::<T>::create_bundle(origin, H256::zero(), members)?;
	Ok(Pallet::<T>::bundle_id(owner, H256::zero()))
}

/// The longest terms, with as many discounts as there can be.
fn list_subscription<T: Config>(owner: &T::AccountId) -> Result<ListingId, BenchmarkError> {
	let dataset = dataset::<T>(owner);
	let discounts: Vec<_> = (0..MAX_DISCOUNTS)
		.map(|index| Discount {
			from_periods: index.saturating_add(3),
			off: Permill::from_percent(index.saturating_add(1)),
		})
		.collect();
	let pricing = Pricing::PerPeriod(PeriodPrice {
		price: T::MinimumPrice::get(),
		period: T::MinPeriod::get(),
		minimum: 1,
		discounts: BoundedVec::truncate_from(discounts),
	});
	let terms = ListingTerms { pricing, ..longest_terms::<T>(dataset) };
	let origin = RawOrigin::Signed(owner.clone()).into();
	Pallet::<T>::create_listing(origin, H256::zero(), terms)?;
	Ok(Pallet::<T>::listing_id(owner, &dataset, H256::zero()))
}

/// The longest terms, with a reading every second.
fn list_readings<T: Config>(owner: &T::AccountId) -> Result<ListingId, BenchmarkError> {
	let dataset = dataset::<T>(owner);
	let pricing = Pricing::PerReading(ReadingPrice { price: T::MinimumPrice::get(), minimum: 1 });
	let terms = ListingTerms { pricing, interval_seconds: 1, ..longest_terms::<T>(dataset) };
	let origin = RawOrigin::Signed(owner.clone()).into();
	Pallet::<T>::create_listing(origin, H256::zero(), terms)?;
	Ok(Pallet::<T>::listing_id(owner, &dataset, H256::zero()))
}

/// A subscription of two periods that waits for its key, its seller and its payer.
fn open_subscription<T: Config>() -> Result<(OrderId, T::AccountId, T::AccountId), BenchmarkError> {
	let (owner, buyer) = (funded::<T>("owner"), funded::<T>("buyer"));
	let listing = list_subscription::<T>(&owner)?;
	let terms_hash = Listings::<T>::get(listing).ok_or("the listing is there")?.terms_hash;
	let price = T::MinimumPrice::get().saturating_mul(2u32.into());
	let origin = RawOrigin::Signed(buyer.clone()).into();
	let friend: T::AccountId = account("friend", 0, 0);
	let beneficiary = Some(friend.clone());
	Pallet::<T>::subscribe(origin, listing, terms_hash, 2, price, beneficiary, buyer_key())?;
	Ok((Pallet::<T>::order_id(&listing, &friend, &buyer_key()), owner, buyer))
}

/// The same after its first delivery.
fn subscribed<T: Config>() -> Result<(OrderId, T::AccountId, T::AccountId), BenchmarkError> {
	let (id, owner, buyer) = open_subscription::<T>()?;
	let envelope = wrong_envelope::<T>(id)?;
	Pallet::<T>::deliver(RawOrigin::Signed(owner.clone()).into(), id, envelope)
		.map_err(|failure| failure.error)?;
	Ok((id, owner, buyer))
}

/// Ends the time to dispute the delivery of an order.
fn accept<T: Config>(id: OrderId) -> Result<(), BenchmarkError> {
	let now = frame_system::Pallet::<T>::block_number();
	let mut order = Orders::<T>::get(id).ok_or("the order is there")?;
	order.state = OrderState::Delivered { settle_after: now };
	Orders::<T>::insert(id, order);
	wait::<T>(One::one());
	Ok(())
}

fn buyer_key() -> [u8; 32] {
	EnvelopeSecret::from_bytes(SECRET).public_key()
}

fn open<T: Config>(owner: &T::AccountId, buyer: &T::AccountId) -> Result<OrderId, BenchmarkError> {
	let listing = list::<T>(owner)?;
	let terms_hash = Listings::<T>::get(listing).ok_or("the listing is there")?.terms_hash;
	let price = T::MinimumPrice::get();
	let friend = account("friend", 0, 0);
	let origin = RawOrigin::Signed(buyer.clone()).into();
	let beneficiary = Some(T::AccountId::clone(&friend));
	Pallet::<T>::buy(origin, listing, terms_hash, price, beneficiary, buyer_key())?;
	Ok(Pallet::<T>::order_id(&listing, &friend, &buyer_key()))
}

/// An envelope that opens and holds keys of a tree that was not committed to.
fn wrong_envelope<T: Config>(id: OrderId) -> Result<Envelope, BenchmarkError> {
	let order = Orders::<T>::get(id).ok_or("the order is there")?;
	let context = Pallet::<T>::order_context(id, &order);
	let cover = KeyTree::from_seed([8; 32]).cover(BATCHES);
	let sealed = seal_order(&cover, &buyer_key(), &context, [5; 32]);
	Ok(BoundedVec::truncate_from(sealed.map_err(|_| "the buyer's key is valid")?))
}

/// A delivered order, its seller and its beneficiary.
fn delivered<T: Config>() -> Result<(OrderId, T::AccountId), BenchmarkError> {
	let owner = funded::<T>("owner");
	let id = open::<T>(&owner, &funded::<T>("buyer"))?;
	let envelope = wrong_envelope::<T>(id)?;
	Pallet::<T>::deliver(RawOrigin::Signed(owner).into(), id, envelope)
		.map_err(|failure| failure.error)?;
	Ok((id, account("friend", 0, 0)))
}

/// A delivered order about which there are as many challenges as possible, and its beneficiary. The
/// last of them asks for the [`spoiled_chunk`].
fn challenged<T: Config>() -> Result<(OrderId, T::AccountId), BenchmarkError> {
	let (id, beneficiary) = delivered::<T>()?;
	fund::<T>(&beneficiary);
	for chunk in (0..T::MaxChallenges::get()).rev() {
		Pallet::<T>::challenge(RawOrigin::Signed(beneficiary.clone()).into(), id, 0, chunk)?;
	}
	Ok((id, beneficiary))
}

/// An order that its beneficiary complained of, and the seller.
fn complained<T: Config>() -> Result<(OrderId, T::AccountId), BenchmarkError> {
	let (id, beneficiary) = delivered::<T>()?;
	fund::<T>(&beneficiary);
	Pallet::<T>::complain(RawOrigin::Signed(beneficiary).into(), id, H256::zero())?;
	let seller = Orders::<T>::get(id).ok_or("the order is there")?.seller;
	Ok((id, seller))
}

/// The same after the seller's response, and the beneficiary.
fn contradicted<T: Config>() -> Result<(OrderId, T::AccountId), BenchmarkError> {
	let (id, seller) = complained::<T>()?;
	Pallet::<T>::respond(RawOrigin::Signed(seller).into(), id, H256::zero())?;
	let beneficiary = Orders::<T>::get(id).ok_or("the order is there")?.beneficiary;
	Ok((id, beneficiary))
}

fn wait<T: Config>(blocks: BlockNumberFor<T>) {
	let now = frame_system::Pallet::<T>::block_number();
	let then = now.saturating_add(blocks).saturating_add(One::one());
	frame_system::Pallet::<T>::set_block_number(then);
}

fn ended<T: Config>(id: OrderId) -> bool {
	Orders::<T>::get(id).is_some_and(|order| order.state.ended_at().is_some())
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn create_listing() {
		let owner = funded::<T>("owner");
		let terms = longest_terms::<T>(dataset::<T>(&owner));
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), H256::zero(), terms);
		assert_eq!(Listings::<T>::iter().count(), 1);
	}

	#[benchmark]
	fn change_listing() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		let id = list::<T>(&owner)?;
		let mut terms = Listings::<T>::get(id).ok_or("the listing is there")?.terms;
		terms.kind = filled(b'c');
		terms.place = filled(b'c');
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, terms.clone());
		assert_eq!(Listings::<T>::get(id).map(|listing| listing.terms), Some(terms));
		Ok(())
	}

	#[benchmark]
	fn pause_listing() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		let id = list::<T>(&owner)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);
		let status = Listings::<T>::get(id).map(|listing| listing.status);
		assert_eq!(status, Some(ListingStatus::Paused));
		Ok(())
	}

	#[benchmark]
	fn resume_listing() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		let id = list::<T>(&owner)?;
		Pallet::<T>::pause_listing(RawOrigin::Signed(owner.clone()).into(), id)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);
		let status = Listings::<T>::get(id).map(|listing| listing.status);
		assert_eq!(status, Some(ListingStatus::Active));
		Ok(())
	}

	#[benchmark]
	fn retire_listing() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		let id = list::<T>(&owner)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);
		assert!(!Listings::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn buy() -> Result<(), BenchmarkError> {
		let id = list::<T>(&funded::<T>("owner"))?;
		let terms_hash = Listings::<T>::get(id).ok_or("the listing is there")?.terms_hash;
		let price: BalanceOf<T> = T::MinimumPrice::get();
		let buyer = funded::<T>("buyer");
		let friend = Some(account("friend", 0, 0));
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), id, terms_hash, price, friend, buyer_key());
		assert_eq!(Orders::<T>::iter().count(), 1);
		Ok(())
	}

	#[benchmark]
	fn deliver() -> Result<(), BenchmarkError> {
		let (id, owner, _) = open_subscription::<T>()?;
		let mut longest: Vec<u8> = wrong_envelope::<T>(id)?.into();
		longest.resize(msec_commitments::MAX_ENVELOPE_LENGTH as usize, 0);
		let envelope: Envelope = BoundedVec::truncate_from(longest);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, envelope);
		assert!(Envelopes::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn confirm() -> Result<(), BenchmarkError> {
		let (id, beneficiary) = delivered::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(beneficiary), id);
		assert!(ended::<T>(id));
		Ok(())
	}

	#[benchmark]
	fn settle() -> Result<(), BenchmarkError> {
		let (id, _) = delivered::<T>()?;
		wait::<T>(T::MaxConfirmationPeriod::get());
		#[extrinsic_call]
		_(RawOrigin::Signed(funded::<T>("stranger")), id);
		assert!(ended::<T>(id));
		Ok(())
	}

	#[benchmark]
	fn refund() -> Result<(), BenchmarkError> {
		let (id, _) = challenged::<T>()?;
		wait::<T>(T::MaxDeliveryPeriod::get());
		#[extrinsic_call]
		_(RawOrigin::Signed(funded::<T>("stranger")), id);
		assert!(ended::<T>(id));
		Ok(())
	}

	#[benchmark]
	fn dispute_key() -> Result<(), BenchmarkError> {
		let (id, beneficiary) = contradicted::<T>()?;
		let proof = Some(spoiled_chunk().0);
		#[extrinsic_call]
		_(RawOrigin::Signed(beneficiary), id, SECRET, proof);
		assert!(ended::<T>(id));
		Ok(())
	}

	#[benchmark]
	fn dispute_data() -> Result<(), BenchmarkError> {
		let (id, beneficiary) = contradicted::<T>()?;
		let (proof, ciphertext, _) = spoiled_chunk();
		#[extrinsic_call]
		_(RawOrigin::Signed(beneficiary), id, proof, CHUNK_KEY, ciphertext);
		assert!(ended::<T>(id));
		Ok(())
	}

	#[benchmark]
	fn subscribe() -> Result<(), BenchmarkError> {
		let id = list_subscription::<T>(&funded::<T>("owner"))?;
		let terms_hash = Listings::<T>::get(id).ok_or("the listing is there")?.terms_hash;
		let price: BalanceOf<T> = T::MinimumPrice::get().saturating_mul(2u32.into());
		let buyer = funded::<T>("buyer");
		let friend = Some(account("friend", 0, 0));
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), id, terms_hash, 2, price, friend, buyer_key());
		assert_eq!(Subscriptions::<T>::iter().count(), 1);
		Ok(())
	}

	#[benchmark]
	fn deliver_instalment() -> Result<(), BenchmarkError> {
		let (id, owner, _) = subscribed::<T>()?;
		accept::<T>(id)?;
		let mut order = Orders::<T>::get(id).ok_or("the order is there")?;
		order.range.batches = 1;
		Orders::<T>::insert(id, order);
		let mut longest: Vec<u8> = wrong_envelope::<T>(id)?.into();
		longest.resize(msec_commitments::MAX_ENVELOPE_LENGTH as usize, 0);
		let envelope: Envelope = BoundedVec::truncate_from(longest);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, BATCHES, envelope);
		assert_eq!(Orders::<T>::get(id).map(|order| order.range.batches), Some(BATCHES));
		Ok(())
	}

	#[benchmark]
	fn claim() -> Result<(), BenchmarkError> {
		let (id, owner, _) = subscribed::<T>()?;
		accept::<T>(id)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);
		let paid = Pallet::<T>::subscription(id).map(|subscription| subscription.paid);
		assert!(paid.is_some_and(|paid| paid > BalanceOf::<T>::default()));
		Ok(())
	}

	#[benchmark]
	fn extend_subscription() -> Result<(), BenchmarkError> {
		let (id, _, payer) = subscribed::<T>()?;
		let price: BalanceOf<T> = T::MinimumPrice::get().saturating_mul(2u32.into());
		#[extrinsic_call]
		_(RawOrigin::Signed(payer), id, 2, price);
		let rate = Pallet::<T>::subscription(id).map(|subscription| subscription.rate);
		assert!(matches!(rate, Some(Rate::PerPeriod { periods: 4, .. })));
		Ok(())
	}

	#[benchmark]
	fn end_subscription() -> Result<(), BenchmarkError> {
		let (id, _, payer) = subscribed::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(payer), id);
		assert!(ended::<T>(id));
		Ok(())
	}

	#[benchmark]
	fn open_allowance() -> Result<(), BenchmarkError> {
		let id = list_readings::<T>(&funded::<T>("owner"))?;
		let terms_hash = Listings::<T>::get(id).ok_or("the listing is there")?.terms_hash;
		let amount: BalanceOf<T> = T::MinimumPrice::get().saturating_mul(2u32.into());
		let duration = T::MaxAccessPeriod::get();
		let buyer = funded::<T>("buyer");
		let friend = Some(account("friend", 0, 0));
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), id, terms_hash, amount, duration, friend, buyer_key());
		assert_eq!(Subscriptions::<T>::iter().count(), 1);
		Ok(())
	}

	#[benchmark]
	fn claim_readings() -> Result<(), BenchmarkError> {
		let (owner, buyer) = (funded::<T>("owner"), funded::<T>("buyer"));
		let listing = list_readings::<T>(&owner)?;
		let terms_hash = Listings::<T>::get(listing).ok_or("the listing is there")?.terms_hash;
		let amount = T::MinimumPrice::get().saturating_mul(2u32.into());
		let duration = T::MaxAccessPeriod::get();
		let origin = RawOrigin::Signed(buyer.clone()).into();
		let key = buyer_key();
		Pallet::<T>::open_allowance(origin, listing, terms_hash, amount, duration, None, key)?;
		let id = Pallet::<T>::order_id(&listing, &buyer, &key);
		wait::<T>(One::one());
		let envelope = wrong_envelope::<T>(id)?;
		Pallet::<T>::deliver(RawOrigin::Signed(owner.clone()).into(), id, envelope)
			.map_err(|failure| failure.error)?;
		accept::<T>(id)?;
		let dataset = Orders::<T>::get(id).ok_or("the order is there")?.dataset;
		Subscriptions::<T>::mutate(dataset, id, |subscription| {
			if let Some(Rate::PerReading { batches, .. }) =
				subscription.as_mut().map(|subscription| &mut subscription.rate)
			{
				*batches = 1;
			}
		});
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, 2);
		let rate = Pallet::<T>::subscription(id).map(|subscription| subscription.rate);
		assert!(matches!(rate, Some(Rate::PerReading { claimed: 2, .. })));
		Ok(())
	}

	#[benchmark]
	fn create_bundle() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		let members = bundle_members::<T>(&owner, MAX_BUNDLE_MEMBERS)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), H256::zero(), members);
		assert_eq!(Bundles::<T>::iter().count(), 1);
		Ok(())
	}

	#[benchmark]
	fn retire_bundle() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		let id = create_full_bundle::<T>(&owner, MAX_BUNDLE_MEMBERS)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);
		assert!(!Bundles::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn buy_bundle(n: Linear<2, MAX_BUNDLE_MEMBERS>) -> Result<(), BenchmarkError> {
		let id = create_full_bundle::<T>(&funded::<T>("owner"), n)?;
		let offer = Pallet::<T>::bundle_offer(id).ok_or("the bundle is on offer")?;
		let buyer = funded::<T>("buyer");
		let friend = Some(account("friend", 0, 0));
		let keys = BoundedVec::truncate_from(vec![buyer_key(); n as usize]);
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer), id, offer.terms_hash, offer.price, friend, keys);
		assert_eq!(Orders::<T>::iter().count(), n as usize);
		Ok(())
	}

	#[benchmark]
	fn prune_order() -> Result<(), BenchmarkError> {
		let (id, beneficiary) = delivered::<T>()?;
		Pallet::<T>::confirm(RawOrigin::Signed(beneficiary).into(), id)?;
		wait::<T>(T::RetentionPeriod::get().max(T::MaxAccessPeriod::get()));
		#[extrinsic_call]
		_(RawOrigin::Signed(funded::<T>("stranger")), id);
		assert!(!Orders::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn challenge() -> Result<(), BenchmarkError> {
		let (id, beneficiary) = delivered::<T>()?;
		fund::<T>(&beneficiary);
		for chunk in 1..T::MaxChallenges::get() {
			let origin = RawOrigin::Signed(beneficiary.clone()).into();
			Pallet::<T>::challenge(origin, id, 0, chunk)?;
		}
		#[extrinsic_call]
		_(RawOrigin::Signed(beneficiary), id, 0, 0);
		assert!(Pallet::<T>::challenges(id).iter().any(|one| one.chunk == 0));
		Ok(())
	}

	#[benchmark]
	fn answer() -> Result<(), BenchmarkError> {
		let (id, _) = challenged::<T>()?;
		let (proof, ciphertext, _) = spoiled_chunk();
		#[extrinsic_call]
		_(RawOrigin::Signed(funded::<T>("stranger")), id, proof, ciphertext);
		let answered = |one: &ChallengeOf<T>| one.answer_by().is_none();
		assert_eq!(Pallet::<T>::challenges(id).iter().filter(|one| answered(one)).count(), 1);
		Ok(())
	}

	#[benchmark]
	fn complain() -> Result<(), BenchmarkError> {
		let (id, beneficiary) = delivered::<T>()?;
		fund::<T>(&beneficiary);
		#[extrinsic_call]
		_(RawOrigin::Signed(beneficiary), id, H256::zero());
		assert!(Complaints::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn respond() -> Result<(), BenchmarkError> {
		let (id, seller) = complained::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(seller), id, H256::zero());
		assert!(Complaints::<T>::get(id).is_some_and(|complaint| complaint.state.has_response()));
		Ok(())
	}

	#[benchmark]
	fn decide() -> Result<(), BenchmarkError> {
		let (id, _) = contradicted::<T>()?;
		let origin =
			T::ArbiterOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Permill::from_percent(60), H256::zero());
		assert!(ended::<T>(id));
		Ok(())
	}

	#[benchmark]
	fn conclude() -> Result<(), BenchmarkError> {
		let (id, _) = contradicted::<T>()?;
		wait::<T>(T::DecisionPeriod::get());
		#[extrinsic_call]
		_(RawOrigin::Signed(funded::<T>("stranger")), id);
		assert!(ended::<T>(id));
		Ok(())
	}

	#[benchmark]
	fn reject() -> Result<(), BenchmarkError> {
		let id = open::<T>(&funded::<T>("owner"), &funded::<T>("buyer"))?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("friend", 0, 0)), id);
		assert!(ended::<T>(id));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
