use super::*;
use crate::{
	AccessLogAnchor, AccessLogAnchors, AccessRequestOf, AdequateTransfers, Config, Consent,
	DataSubjectOf, DataSubjects, DeclaredRegions, Denial, Denials, Grant, GrantKey, GrantOf,
	GrantSource, Grants, Protections, RequestCounts, Requests, StoreRegions,
};
use frame_support::{assert_ok, traits::Consideration, BoundedVec};
use msec_primitives::{LegalBasis, OrderAccess, OrderId, Purposes, Region};
use sp_core::H256;

const ORDER: OrderId = OrderId::repeat_byte(5);

/// Spoils a sound grant of the owner to Alice and expects `message`.
fn finds(spoil: impl FnOnce(&mut GrantOf<Test>), message: &'static str) {
	ExtBuilder::default().build().execute_with(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		Grants::<Test>::mutate(AIR, ALICE, |grants| spoil(&mut grants[0]));
		assert_eq!(AccessControl::do_try_state(), Err(message.into()));
	});
}

#[test]
fn spoilt_grants_are_found() {
	finds(
		|grant| grant.actions = Actions::default(),
		"a grant of nothing, or of something unknown",
	);
	finds(|grant| grant.delegation_depth = 1, "depth and actions contradict");
	finds(|grant| grant.actions = Actions::ALL, "depth and actions contradict");
	finds(
		|grant| {
			grant.actions = Actions::ALL;
			grant.delegation_depth = MAX_DELEGATION_DEPTH + 1;
		},
		"a grant may be passed on too often",
	);
	finds(|grant| grant.epoch = 1, "a grant of an epoch to come");
	finds(|grant| grant.expires_at = Some(0), "a grant that never holds");
	finds(|grant| grant.ticket = None, "an authority grant without a deposit");
	finds(|grant| grant.source = GrantSource::Order(ORDER), "an order grant with a deposit");
}

#[test]
fn a_passed_on_order_is_found() {
	ExtBuilder::default().build().execute_with(|| {
		assert_ok!(AccessControl::open(&AIR, &ALICE, ORDER, bought(), 9));
		Grants::<Test>::mutate(AIR, ALICE, |grants| {
			grants[0].passed_on = Some(GrantKey { granter: BOB, purpose: None });
		});
		assert_eq!(AccessControl::do_try_state(), Err("an order grant passed on".into()));
	});
}

#[test]
fn twins_are_found() {
	ExtBuilder::default().build().execute_with(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		Grants::<Test>::mutate(AIR, ALICE, |grants| {
			let twin = Grant { epoch: 0, ..grants[0].clone() };
			assert_ok!(grants.try_push(twin).map_err(|_| "full"));
		});
		assert_eq!(
			AccessControl::do_try_state(),
			Err("two grants of the same source and purpose".into())
		);
	});
}

#[test]
fn an_empty_list_is_found() {
	ExtBuilder::default().build().execute_with(|| {
		Grants::<Test>::mutate(AIR, ALICE, |grants| grants.clear());
		assert_eq!(AccessControl::do_try_state(), Err("an empty list of grants was kept".into()));
	});
}

#[test]
fn spoilt_denials_are_found() {
	let finds = |subject, by, message: &'static str| {
		ExtBuilder::default().build().execute_with(|| {
			let footprint = AccessControl::denial_footprint();
			let ticket = <Test as Config>::Consideration::new(&by, footprint)
				.expect("who denies is endowed; qed");
			Denials::<Test>::insert(AIR, subject, Denial { by, ticket });
			assert_eq!(AccessControl::do_try_state(), Err(message.into()));
		});
	};
	finds(OWNER, OWNER, "the owner is denied");
	finds(ALICE, BOB, "somebody else than the owner denied");
}

#[test]
fn spoilt_anchors_are_found() {
	let finds = |days: &[(u32, u32)], message: &'static str| {
		ExtBuilder::default().build().execute_with(|| {
			let anchor = |(day, entries): &(u32, u32)| AccessLogAnchor {
				day: *day,
				root: H256::zero(),
				entries: *entries,
			};
			let anchors: BoundedVec<_, <Test as Config>::MaxAnchors> =
				days.iter().map(anchor).collect::<Vec<_>>().try_into().expect("they are few; qed");
			AccessLogAnchors::<Test>::insert(STORE, anchors);
			assert_eq!(AccessControl::do_try_state(), Err(message.into()));
		});
	};
	finds(&[], "an empty list of anchors was kept");
	finds(&[(1, 0)], "an empty day was anchored");
	finds(&[(2, 1), (2, 1)], "anchored days do not ascend");
}

/// Makes a data subject, a protection, a region and a request, spoils them, and expects `message`.
fn finds_in_protection(spoil: impl FnOnce(), message: &'static str) {
	ExtBuilder::default().build().execute_with(|| {
		let signed = RuntimeOrigin::signed;
		assert_ok!(AccessControl::name_data_subject(signed(OWNER), AIR, DAVE));
		assert_ok!(AccessControl::give_consent(signed(DAVE), AIR, Purposes::ALL, None));
		let regions = StoreRegions::truncate_from(vec![Region(*b"EU")]);
		let basis = LegalBasis::Consent;
		assert_ok!(AccessControl::set_protection(signed(OWNER), AIR, basis, regions, None));
		assert_ok!(AccessControl::declare_region(signed(ALICE), Some(Region(*b"JP"))));
		assert_ok!(AccessControl::request_access(signed(ALICE), AIR, bought(), None, None));
		assert_ok!(AccessControl::do_try_state());
		spoil();
		assert_eq!(AccessControl::do_try_state(), Err(message.into()));
	});
}

#[test]
fn spoilt_data_subjects_are_found() {
	let with = |change: fn(&mut DataSubjectOf<Test>)| {
		move || {
			DataSubjects::<Test>::mutate(AIR, |entry| {
				change(entry.as_mut().expect("it was named; qed"));
			});
		}
	};
	finds_in_protection(
		with(|subject| subject.named_by = BOB),
		"somebody else named a data subject",
	);
	finds_in_protection(with(|subject| subject.account = OWNER), "the owner is the data subject");
	finds_in_protection(
		with(|subject| {
			subject.consent = Some(Consent { purposes: Purposes::default(), expires_at: None });
		}),
		"a consent to nothing, or to something unknown",
	);
}

#[test]
fn spoilt_protections_and_regions_are_found() {
	let none = Region(*b"eu");
	let with = |regions: Vec<Region>| {
		move || {
			Protections::<Test>::mutate(AIR, |entry| {
				let entry = entry.as_mut().expect("it was stated; qed");
				entry.regions = StoreRegions::truncate_from(regions);
			});
		}
	};
	finds_in_protection(with(vec![]), "a protection without a region");
	finds_in_protection(with(vec![none]), "a protection with a region that is none");
	finds_in_protection(
		|| {
			DeclaredRegions::<Test>::mutate(ALICE, |entry| {
				entry.as_mut().expect("it was declared; qed").region = none;
			});
		},
		"an account in a region that is none",
	);
	finds_in_protection(
		|| AdequateTransfers::<Test>::insert((none, Region(*b"JP")), ()),
		"an adequate transfer between what are not two regions",
	);
}

#[test]
fn spoilt_requests_are_found() {
	let with = |change: fn(&mut AccessRequestOf<Test>)| {
		move || {
			Requests::<Test>::mutate(AIR, ALICE, |entry| {
				change(entry.as_mut().expect("it was made; qed"));
			});
		}
	};
	finds_in_protection(
		with(|request| request.actions = Actions::ALL),
		"a request of nothing, or of what cannot be requested",
	);
	finds_in_protection(
		|| Requests::<Test>::swap(AIR, ALICE, AIR, OWNER),
		"the owner requests access",
	);
	finds_in_protection(
		|| RequestCounts::<Test>::insert(AIR, 2),
		"the requests are not counted as they are",
	);
	finds_in_protection(
		|| {
			for requester in [BOB, CAROL, DAVE] {
				let request = Requests::<Test>::get(AIR, ALICE).expect("it was made; qed");
				Requests::<Test>::insert(AIR, requester, request);
			}
		},
		"too many requests for a resource",
	);
}
