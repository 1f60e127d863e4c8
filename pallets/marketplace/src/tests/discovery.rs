use crate::{
	mock::*, pallet::*, Cell, ListingTermsOf, PriceBand, Pricing, SearchCursor, SearchPage,
	SearchScope,
};
use frame_support::{assert_ok, BoundedVec};
use msec_primitives::ListingId;
use sp_core::H256;

const ANY: PriceBand<u64> = PriceBand { lowest: 0, highest: u64::MAX };
type Scope = SearchScope<AccountId>;

/// Lists the data set once more.
fn list_as(salt: u64, terms: ListingTermsOf<Test>) -> ListingId {
	let salt = H256::from_low_u64_be(salt);
	assert_ok!(Marketplace::create_listing(signed(OWNER), salt, terms));
	Marketplace::listing_id(&OWNER, &DATASET, salt)
}

fn priced(price: u64) -> ListingTermsOf<Test> {
	ListingTermsOf::<Test> { pricing: Pricing::OneTime { price }, ..terms() }
}

fn placed(place: &[u8]) -> ListingTermsOf<Test> {
	ListingTermsOf::<Test> { place: bytes(place), ..terms() }
}

fn cells(cells: &[&[u8]]) -> Scope {
	let cells: Vec<Cell> = cells.iter().map(|cell| bytes(cell)).collect();
	SearchScope::Cells(BoundedVec::truncate_from(cells))
}

fn ids<Listing>(page: &SearchPage<Listing>) -> Vec<ListingId> {
	page.listings.iter().map(|(id, _)| *id).collect()
}

/// Everything that a search finds, in pages of `limit` looked at.
fn all(scope: &Scope, prices: PriceBand<u64>, limit: u32) -> Vec<ListingId> {
	let (mut found, mut cursor) = (Vec::new(), None);
	loop {
		let page = Marketplace::search_listings(scope.clone(), prices, cursor, limit);
		found.extend(ids(&page));
		match page.next {
			Some(next) => cursor = Some(next),
			None => return found,
		}
	}
}

fn sorted(mut ids: Vec<ListingId>) -> Vec<ListingId> {
	ids.sort();
	ids
}

#[test]
fn each_scope_has_its_listings() {
	ExtBuilder::default().build_and_execute(|| {
		let here = list_as(1, terms());
		let elsewhere =
			list_as(2, ListingTermsOf::<Test> { kind: bytes(b"no2"), ..placed(b"ezk") });
		let both = sorted(vec![here, elsewhere]);
		for (scope, expected) in [
			(SearchScope::All, &both[..]),
			(SearchScope::Owner(OWNER), &both),
			(SearchScope::Owner(STRANGER), &[]),
			(SearchScope::Kind(bytes(b"no2")), &[elsewhere]),
			(SearchScope::Kind(bytes(b"no")), &[]),
			(cells(&[b"ezjm"]), &[here]),
			(cells(&[b"ezj"]), &[]),
			(cells(&[b"ezk", b"ez", b"ezjm"]), &[elsewhere, here]),
			(cells(&[]), &[]),
		] {
			for limit in [1, 2, 100] {
				assert_eq!(all(&scope, ANY, limit), expected, "{scope:?}");
			}
		}
		let page = Marketplace::search_listings(SearchScope::Owner(OWNER), ANY, None, 9);
		assert_eq!(page.listings[0].1, Listings::<Test>::get(both[0]).unwrap());
	});
}

#[test]
fn the_price_of_a_purchase_a_period_or_a_reading_is_within_the_band() {
	ExtBuilder::default().build_and_execute(|| {
		let free = list_as(
			0,
			ListingTermsOf::<Test> { pricing: Pricing::FreeQuota { orders: 1 }, ..terms() },
		);
		let [cheap, middle, dear] =
			[(1, 200), (2, 300), (3, 400)].map(|(salt, price)| list_as(salt, priced(price)));
		let period = list_as(4, subscription_terms());
		let reading = list_as(5, reading_terms());
		let scope = SearchScope::Kind(terms().kind);
		for (lowest, highest, expected) in [
			(0, 0, vec![free]),
			(0, 10, vec![free, reading]),
			(200, 300, vec![cheap, middle]),
			(201, 399, vec![middle]),
			(400, 1_000, vec![dear, period]),
			(1_001, u64::MAX, vec![]),
			(300, 299, vec![]),
		] {
			let band = PriceBand { lowest, highest };
			for limit in [1, 4, 100] {
				assert_eq!(all(&scope, band, limit), sorted(expected.clone()), "{band:?}");
			}
		}
	});
}

#[test]
fn a_page_looks_at_a_bounded_number_of_listings() {
	ExtBuilder::default().build_and_execute(|| {
		let ids_of = |salts: std::ops::Range<u64>| {
			sorted(salts.map(|salt| list_as(salt, terms())).collect())
		};
		let every = ids_of(0..101);
		let page = Marketplace::search_listings(SearchScope::All, ANY, None, u32::MAX);
		assert_eq!(ids(&page), every[..100]);
		assert_eq!(page.next, Some(SearchCursor { cell: 0, listing: every[99] }));
		let page = Marketplace::search_listings(SearchScope::All, ANY, page.next, u32::MAX);
		assert_eq!((ids(&page), page.next), (every[100..].to_vec(), None));
		// Nothing is within the band, and the search goes on all the same.
		let nothing = PriceBand { lowest: PRICE + 1, highest: u64::MAX };
		let page = Marketplace::search_listings(SearchScope::All, nothing, None, 7);
		assert_eq!(ids(&page), []);
		assert_eq!(page.next, Some(SearchCursor { cell: 0, listing: every[6] }));
		let page = Marketplace::search_listings(SearchScope::All, ANY, None, 0);
		assert_eq!(ids(&page), every[..1]);
	});
}

#[test]
fn a_search_goes_on_where_a_listing_was_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let first: Vec<_> = sorted((0..2).map(|salt| list_as(salt, terms())).collect());
		let second = list_as(2, placed(b"ezk"));
		let scope = cells(&[b"ezjm", b"ezk"]);
		let page = Marketplace::search_listings(scope.clone(), ANY, None, 1);
		assert_eq!(ids(&page), first[..1]);
		assert_ok!(Marketplace::retire_listing(signed(OWNER), first[0]));
		let page = Marketplace::search_listings(scope.clone(), ANY, page.next, 2);
		assert_eq!(ids(&page), [first[1], second]);
		assert_eq!(page.next, Some(SearchCursor { cell: 1, listing: second }));
		let beyond = Some(SearchCursor { cell: u32::MAX, listing: second });
		let page = Marketplace::search_listings(scope, ANY, beyond, 2);
		assert_eq!((ids(&page), page.next), (vec![], None));
	});
}
