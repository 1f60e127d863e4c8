use super::*;
use crate::{
	AccessLogAnchor, AccessLogAnchors, Config, Denial, Denials, Grant, GrantKey, GrantOf,
	GrantSource, Grants,
};
use frame_support::{assert_ok, traits::Consideration, BoundedVec};
use msec_primitives::{OrderAccess, OrderId};
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
