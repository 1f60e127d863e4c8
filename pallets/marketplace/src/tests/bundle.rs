use crate::{
	mock::*, pallet::*, BundleMember, BundleMembers, BundleOffer, ListingTermsOf, OrderState,
	Pricing,
};
use codec::Encode;
use frame_support::{assert_noop, assert_ok, BoundedVec};
use msec_primitives::{BundleId, ListingId};
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::{DispatchResult, TokenError};

const OTHER: H256 = H256::repeat_byte(2);
const SHARES: [u64; 2] = [700, 333];
/// 10, and 1 a byte: 8 of the owner, 321 of eight listings, 8 of the ticket, 64 of the key.
const BUNDLE_DEPOSIT: u64 = 411;

fn market() -> ExtBuilder {
	ExtBuilder::default().with_dataset(OTHER, Dataset::of(OWNER, Data::honest().range))
}

/// A listing at [`PRICE`], and a subscription to another data set.
fn listings() -> [ListingId; 2] {
	let other = ListingTermsOf::<Test> { dataset: OTHER, ..subscription_terms() };
	assert_ok!(Marketplace::create_listing(signed(OWNER), SALT, other));
	[list(terms()), Marketplace::listing_id(&OWNER, &OTHER, SALT)]
}

fn members(listings: &[ListingId], shares: &[u64]) -> BundleMembers<u64> {
	let all = listings.iter().zip(shares);
	let all = all.map(|(listing, share)| BundleMember { listing: *listing, share: *share });
	all.collect::<Vec<_>>().try_into().unwrap()
}

fn create(listings: &[ListingId], shares: &[u64]) -> DispatchResult {
	let members = members(listings, shares);
	dispatch(OWNER, Call::create_bundle { salt: SALT, members })
}

fn bundle() -> (BundleId, [ListingId; 2]) {
	let listings = listings();
	assert_ok!(create(&listings, &SHARES));
	(Marketplace::bundle_id(&OWNER, SALT), listings)
}

fn buy_bundle(who: AccountId, bundle: BundleId, max_price: u64, keys: &[u8]) -> DispatchResult {
	let offer = Marketplace::bundle_offer(bundle);
	let terms_hash = offer.map(|offer| offer.terms_hash).unwrap_or_default();
	let keys: Vec<_> = keys.iter().map(|key| [*key; 32]).collect();
	let (beneficiary, buyer_keys) = (None, keys.try_into().unwrap());
	dispatch(who, Call::buy_bundle { bundle, terms_hash, max_price, beneficiary, buyer_keys })
}

#[test]
fn a_bundle_is_stored_for_a_deposit() {
	market().build_and_execute(|| {
		let listings = listings();
		let before = deposit_of(OWNER);
		events();
		assert_ok!(create(&listings, &SHARES));
		let id = Marketplace::bundle_id(&OWNER, SALT);
		let stored = Marketplace::bundle(id).unwrap();
		assert_eq!(Marketplace::bundles(None, 9), [(id, stored.clone())]);
		assert_eq!(Marketplace::bundles(Some(id), 9), []);
		assert_eq!((stored.owner, stored.members), (OWNER, members(&listings, &SHARES)));
		assert_eq!(deposit_of(OWNER), before + BUNDLE_DEPOSIT);
		assert_eq!(events(), [Event::BundleCreated { bundle: id, owner: OWNER, price: 1_033 }]);
		let retire = |who| Marketplace::retire_bundle(signed(who), id);
		assert_noop!(retire(STRANGER), Error::<Test>::NotAuthorized);
		assert_ok!(retire(OWNER));
		assert_eq!(deposit_of(OWNER), before);
		assert_eq!(events(), [Event::BundleRetired { bundle: id }]);
		assert_noop!(retire(OWNER), Error::<Test>::NotFound);
		assert_eq!((Marketplace::bundle(id), Marketplace::bundle_offer(id)), (None, None));
	});
}

#[test]
fn a_bundle_has_listings_of_ones_own_each_with_a_share() {
	market().build_and_execute(|| {
		let [first, second] = listings();
		let refused = |listings: &[ListingId], shares: &[u64], error: Error<Test>| {
			assert_eq!(create(listings, shares), Err(error.into()));
		};
		refused(&[], &[], Error::TooFewMembers);
		refused(&[first], &[500], Error::TooFewMembers);
		refused(&[first, first], &SHARES, Error::AlreadyExists);
		refused(&[first, H256::zero()], &SHARES, Error::NotFound);
		refused(&[first, second], &[500, MINIMUM_PRICE - 1], Error::PriceTooLow);
		refused(&[first, second], &[u64::MAX, 100], Error::PriceTooHigh);
		let all = members(&[first, second], &SHARES);
		let foreign = Marketplace::create_bundle(signed(STRANGER), SALT, all);
		assert_noop!(foreign, Error::<Test>::NotAuthorized);
		assert_ok!(create(&[first, second], &SHARES));
		refused(&[second, first], &SHARES, Error::AlreadyExists);
	});
}

#[test]
fn a_bundle_opens_one_order_for_each_listing() {
	market().build_and_execute(|| {
		let (id, listings) = bundle();
		events();
		assert_ok!(buy_bundle(BUYER, id, 1_033, &[1, 2]));
		assert_eq!((payment_of(BUYER), deposit_of(BUYER)), (1_033, 2 * ORDER_DEPOSIT));
		let orders = [(0, 1), (1, 2)]
			.map(|(index, key)| Marketplace::order_id(&listings[index], &BUYER, &[key; 32]));
		for (index, id) in orders.iter().enumerate() {
			let order = order(*id);
			assert_eq!((order.listing, order.price), (listings[index], SHARES[index]));
			assert_eq!(order.fee, SHARES[index] / 20);
			assert_eq!(order.state, OrderState::AwaitingDelivery);
		}
		let payer = BUYER;
		let bought = Event::BundleBought {
			bundle: id,
			payer,
			price: 1_033,
			orders: BoundedVec::truncate_from(orders.to_vec()),
		};
		let announced = events();
		assert_eq!(announced.len(), 3);
		assert_eq!(announced.last(), Some(&bought));
		// Each goes its own way: one is paid, the other refunded.
		deliver(orders[0], envelope(orders[0], &Data::honest().tree, 3));
		assert_ok!(Marketplace::confirm(signed(BUYER), orders[0]));
		run_to(2 + DELIVERY);
		assert_ok!(Marketplace::refund(signed(STRANGER), orders[1]));
		assert_eq!(free(BUYER), FUNDS - 2 * ORDER_DEPOSIT - SHARES[0]);
		assert_eq!(free(OWNER), FUNDS - deposit_of(OWNER) + SHARES[0] - SHARES[0] / 20);
	});
}

#[test]
fn the_buyer_of_a_bundle_signs_for_the_terms_of_all_listings() {
	market().build_and_execute(|| {
		let (id, listings) = bundle();
		let hashes = listings.map(|id| Listings::<Test>::get(id).unwrap().terms_hash);
		let all: Vec<_> =
			(0..2).map(|index| (listings[index], hashes[index], SHARES[index])).collect();
		let terms_hash: H256 = all.using_encoded(blake2_256).into();
		assert_eq!(Marketplace::bundle_offer(id), Some(BundleOffer { price: 1_033, terms_hash }));
		let keys = BoundedVec::truncate_from(vec![[1; 32], [2; 32]]);
		let buy =
			|| Marketplace::buy_bundle(signed(BUYER), id, terms_hash, 1_033, None, keys.clone());
		let dearer =
			ListingTermsOf::<Test> { pricing: Pricing::OneTime { price: PRICE + 1 }, ..terms() };
		assert_ok!(Marketplace::change_listing(signed(OWNER), listings[0], dearer));
		assert_noop!(buy(), Error::<Test>::TermsChanged);
		assert_ok!(Marketplace::change_listing(signed(OWNER), listings[0], terms()));
		assert_ok!(buy());
	});
}

#[test]
fn a_bundle_is_bought_as_a_whole_or_not_at_all() {
	market().build_and_execute(|| {
		let (id, listings) = bundle();
		let refused = |max_price, keys: &[u8], error: Error<Test>| {
			assert_eq!(buy_bundle(BUYER, id, max_price, keys), Err(error.into()));
			assert_eq!(Orders::<Test>::iter().count(), 0);
			assert_eq!((payment_of(BUYER), deposit_of(BUYER)), (0, 0));
		};
		refused(1_032, &[1, 2], Error::PriceTooHigh);
		refused(1_033, &[1], Error::OtherNumberOfKeys);
		refused(1_033, &[1, 2, 3], Error::OtherNumberOfKeys);
		// Access in this mock is not undone, hence other keys each time.
		refused(1_033, &[3, 0], Error::InvalidBuyerKey);
		assert_eq!(buy_bundle(OWNER, id, 1_033, &[1, 2]), Err(Error::<Test>::OwnListing.into()));
		erase(OTHER);
		refused(1_033, &[4, 2], Error::Erased);
		assert_ok!(Marketplace::pause_listing(signed(OWNER), listings[1]));
		assert_eq!(Marketplace::bundle_offer(id), None);
		refused(1_033, &[1, 2], Error::Paused);
		assert_ok!(Marketplace::retire_listing(signed(OWNER), listings[1]));
		refused(1_033, &[1, 2], Error::NotFound);
		assert_eq!(
			buy_bundle(BUYER, H256::zero(), 1_033, &[1, 2]),
			Err(Error::<Test>::NotFound.into())
		);
	});
	let funds = ORDER_DEPOSIT + 1_033 + 100;
	market().with_balance(BUYER, funds).build_and_execute(|| {
		let (id, _) = bundle();
		let outcome = buy_bundle(BUYER, id, 1_033, &[1, 2]);
		assert_eq!(outcome, Err(TokenError::FundsUnavailable.into()));
		assert_eq!(free(BUYER), funds);
	});
}
