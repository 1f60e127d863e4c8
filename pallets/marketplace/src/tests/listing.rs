use crate::{mock::*, pallet::*, Cell, Kind, ListingStatus, ListingTermsOf, Pricing};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::TokenError;

#[test]
fn create_stores_indexes_and_takes_a_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		let id = list(terms());
		let listing = Listings::<Test>::get(id).unwrap();
		assert_eq!(listing.owner, OWNER);
		assert_eq!(listing.terms, terms());
		assert_eq!(listing.terms_hash, terms().hash());
		assert_eq!(listing.status, ListingStatus::Active);
		assert_eq!((listing.created_at, listing.changed_at, listing.sales), (1, 1, 0));
		assert!(ListingsByOwner::<Test>::contains_key(OWNER, id));
		assert!(ListingsByKind::<Test>::contains_key(bytes::<_>(b"air-temperature") as Kind, id));
		assert!(ListingsByCell::<Test>::contains_key(bytes::<_>(b"ezjm") as Cell, id));
		assert_eq!(deposit_of(OWNER), LISTING_DEPOSIT);
		assert_eq!(free(OWNER), FUNDS - LISTING_DEPOSIT);
		let created = Event::ListingCreated {
			listing: id,
			owner: OWNER,
			dataset: DATASET,
			terms_hash: terms().hash(),
		};
		assert_eq!(events(), [created]);
	});
}

#[test]
fn create_needs_an_active_data_set_of_ones_own() {
	ExtBuilder::default().build_and_execute(|| {
		let unknown = ListingTermsOf::<Test> { dataset: H256::zero(), ..terms() };
		assert_noop!(
			Marketplace::create_listing(signed(OWNER), SALT, unknown),
			Error::<Test>::NotFound
		);
		assert_noop!(
			Marketplace::create_listing(signed(STRANGER), SALT, terms()),
			Error::<Test>::NotAuthorized
		);
		erase(DATASET);
		assert_noop!(
			Marketplace::create_listing(signed(OWNER), SALT, terms()),
			Error::<Test>::Erased
		);
	});
}

#[test]
fn create_needs_a_fresh_salt_and_the_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		list(terms());
		assert_noop!(
			Marketplace::create_listing(signed(OWNER), SALT, terms()),
			Error::<Test>::AlreadyExists
		);
		assert_ok!(Marketplace::create_listing(signed(OWNER), H256::zero(), terms()));
		assert_eq!(deposit_of(OWNER), 2 * LISTING_DEPOSIT);
	});
	ExtBuilder::default().with_balance(OWNER, LISTING_DEPOSIT).build_and_execute(|| {
		assert_noop!(
			Marketplace::create_listing(signed(OWNER), SALT, terms()),
			TokenError::FundsUnavailable
		);
	});
}

fn assert_refused(error: Error<Test>, change: impl FnOnce(&mut ListingTermsOf<Test>)) {
	let mut terms = terms();
	change(&mut terms);
	assert_noop!(Marketplace::create_listing(signed(OWNER), SALT, terms), error);
}

fn assert_accepted(change: impl FnOnce(&mut ListingTermsOf<Test>)) {
	let mut terms = terms();
	change(&mut terms);
	let id = list(terms);
	assert_ok!(Marketplace::retire_listing(signed(OWNER), id));
}

#[test]
fn each_field_of_the_terms_is_checked() {
	ExtBuilder::default().build_and_execute(|| {
		for kind in ["", "-", "Air", "air-", "-air", "air--x", "air temperature", "größe"] {
			assert_refused(Error::InvalidKind, |terms| terms.kind = bytes(kind.as_bytes()));
		}
		for unit in [b"".as_slice(), b"\xff", b"C\n"] {
			assert_refused(Error::InvalidUnit, |terms| terms.unit = bytes(unit));
		}
		for place in ["", "a", "ezjI", "ez jm"] {
			assert_refused(Error::InvalidPlace, |terms| terms.place = bytes(place.as_bytes()));
		}
		for licence in ["", "CC-BY-NC-4.0", "cc-by-4.0"] {
			assert_refused(Error::UnknownLicence, |terms| {
				terms.licence = bytes(licence.as_bytes())
			});
		}
		assert_refused(Error::InvalidSample, |terms| terms.sample = bytes(b"\xc3"));
		for price in [0, MINIMUM_PRICE - 1] {
			assert_refused(Error::PriceTooLow, |terms| terms.pricing = Pricing::OneTime { price });
		}
	});
}

#[test]
fn unusual_but_proper_terms_are_accepted() {
	ExtBuilder::default().build_and_execute(|| {
		assert_accepted(|terms| terms.kind = bytes(b"pm10"));
		assert_accepted(|terms| terms.unit = bytes("µg/m³".as_bytes()));
		assert_accepted(|terms| terms.place = bytes(b"e"));
		assert_accepted(|terms| terms.place = bytes(b"0123bcxyz"));
		assert_accepted(|terms| terms.sample = bytes(b""));
		assert_accepted(|terms| terms.interval_seconds = 0);
		assert_accepted(|terms| terms.pricing = Pricing::Free);
		assert_accepted(|terms| terms.pricing = Pricing::OneTime { price: MINIMUM_PRICE });
	});
}

#[test]
fn periods_keep_within_their_bounds() {
	ExtBuilder::default().build_and_execute(|| {
		let with = |delivery, confirmation, access| {
			move |terms: &mut ListingTermsOf<Test>| {
				terms.delivery_period = delivery;
				terms.confirmation_period = confirmation;
				terms.access_period = access;
			}
		};
		assert_refused(Error::InvalidPeriod, with(4, 20, 40));
		assert_refused(Error::InvalidPeriod, with(101, 20, 200));
		assert_refused(Error::InvalidPeriod, with(10, 4, 40));
		assert_refused(Error::InvalidPeriod, with(10, 101, 200));
		assert_refused(Error::InvalidPeriod, with(10, 20, 29));
		assert_refused(Error::InvalidPeriod, with(10, 20, 1_001));
		assert_accepted(with(5, 5, 10));
		assert_accepted(with(100, 100, 1_000));
	});
}

#[test]
fn change_replaces_terms_indexes_and_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		let id = list(terms());
		events();
		run_to(4);
		let changed = ListingTermsOf::<Test> {
			kind: bytes(b"no2"),
			place: bytes(b"ez"),
			pricing: Pricing::Free,
			..terms()
		};
		assert_ok!(Marketplace::change_listing(signed(OWNER), id, changed.clone()));
		let listing = Listings::<Test>::get(id).unwrap();
		assert_eq!(listing.terms, changed);
		assert_eq!(listing.terms_hash, changed.hash());
		assert_eq!((listing.created_at, listing.changed_at), (1, 4));
		assert_eq!(ListingsByKind::<Test>::iter_keys().collect::<Vec<_>>(), [(changed.kind, id)]);
		assert_eq!(ListingsByCell::<Test>::iter_keys().collect::<Vec<_>>(), [(bytes(b"ez"), id)]);
		// Twelve bytes less of kind, three of place, eight of price.
		assert_eq!(deposit_of(OWNER), LISTING_DEPOSIT - 23);
		let terms_hash = listing.terms_hash;
		assert_eq!(events(), [Event::ListingChanged { listing: id, terms_hash }]);
	});
}

#[test]
fn change_is_the_owners_and_keeps_the_data_set() {
	let other = H256::repeat_byte(2);
	ExtBuilder::default()
		.with_dataset(other, Dataset::of(OWNER, Data::honest().range))
		.build_and_execute(|| {
			assert_noop!(
				Marketplace::change_listing(signed(OWNER), H256::zero(), terms()),
				Error::<Test>::NotFound
			);
			let id = list(terms());
			assert_noop!(
				Marketplace::change_listing(signed(STRANGER), id, terms()),
				Error::<Test>::NotAuthorized
			);
			let moved = ListingTermsOf::<Test> { dataset: other, ..terms() };
			assert_noop!(
				Marketplace::change_listing(signed(OWNER), id, moved),
				Error::<Test>::OtherDataset
			);
			let nameless = ListingTermsOf::<Test> { kind: bytes(b""), ..terms() };
			assert_noop!(
				Marketplace::change_listing(signed(OWNER), id, nameless),
				Error::<Test>::InvalidKind
			);
		});
}

#[test]
fn pause_and_resume_take_turns() {
	ExtBuilder::default().build_and_execute(|| {
		let id = list(terms());
		events();
		assert_noop!(Marketplace::resume_listing(signed(OWNER), id), Error::<Test>::NotPaused);
		run_to(2);
		assert_ok!(Marketplace::pause_listing(signed(OWNER), id));
		let listing = Listings::<Test>::get(id).unwrap();
		assert_eq!((listing.status, listing.changed_at), (ListingStatus::Paused, 2));
		assert_noop!(Marketplace::pause_listing(signed(OWNER), id), Error::<Test>::Paused);
		run_to(3);
		assert_ok!(Marketplace::resume_listing(signed(OWNER), id));
		let listing = Listings::<Test>::get(id).unwrap();
		assert_eq!((listing.status, listing.changed_at), (ListingStatus::Active, 3));
		assert_eq!(
			events(),
			[Event::ListingPaused { listing: id }, Event::ListingResumed { listing: id }]
		);
	});
}

#[test]
fn only_the_owner_pauses_resumes_and_retires() {
	ExtBuilder::default().build_and_execute(|| {
		let id = list(terms());
		let calls: [fn(RuntimeOrigin, H256) -> sp_runtime::DispatchResult; 3] =
			[Marketplace::pause_listing, Marketplace::resume_listing, Marketplace::retire_listing];
		for call in calls {
			assert_noop!(call(signed(STRANGER), id), Error::<Test>::NotAuthorized);
			assert_noop!(call(signed(OWNER), H256::zero()), Error::<Test>::NotFound);
		}
	});
}

#[test]
fn retire_removes_everything_and_returns_the_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		let id = list(terms());
		events();
		assert_ok!(Marketplace::retire_listing(signed(OWNER), id));
		assert_eq!(Listings::<Test>::iter().count(), 0);
		assert_eq!(ListingsByOwner::<Test>::iter().count(), 0);
		assert_eq!(ListingsByKind::<Test>::iter().count(), 0);
		assert_eq!(ListingsByCell::<Test>::iter().count(), 0);
		assert_eq!((deposit_of(OWNER), free(OWNER)), (0, FUNDS));
		assert_eq!(events(), [Event::ListingRetired { listing: id }]);
	});
}

#[test]
fn orders_outlive_their_listing() {
	ExtBuilder::default().build_and_execute(|| {
		let id = list(terms());
		let order = buy(id);
		assert_ok!(Marketplace::retire_listing(signed(OWNER), id));
		deliver(order, envelope(order, &Data::honest().tree, 3));
		assert_ok!(Marketplace::confirm(signed(BUYER), order));
		assert_eq!(free(OWNER), FUNDS + PRICE - FEE);
	});
}
