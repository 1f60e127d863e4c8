use super::*;
use crate::{Error, Event, Grants};
use frame_support::{assert_noop, assert_ok, storage::with_storage_layer};
use msec_primitives::{DatasetId, OrderAccess, OrderId};

const ORDER: OrderId = OrderId::repeat_byte(5);

/// Opens access as a dispatchable of another pallet would.
fn open(
	resource: DatasetId,
	subject: AccountId,
	order: OrderId,
	expires_at: u64,
) -> DispatchResult {
	with_storage_layer(|| AccessControl::open(&resource, &subject, order, bought(), expires_at))
}

fn order(index: u32) -> OrderId {
	OrderId::from_low_u64_be(u64::from(index))
}

#[test]
fn an_order_opens_access_to_describe_and_read() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(open(AIR, ALICE, ORDER, 9));
		let by_order = Decision::Allow(Basis::Order(ORDER));
		assert_eq!(may(ALICE, Action::Describe), by_order);
		assert_eq!(may(ALICE, Action::Read), by_order);
		for action in [Action::Subscribe, Action::Act, Action::Write, Action::Grant] {
			assert_eq!(may(ALICE, action), no(Refusal::NoGrant));
		}
		let opened =
			Event::OrderAccessOpened { resource: AIR, subject: ALICE, order: ORDER, expires_at: 9 };
		assert_eq!(access_events(), [opened]);
		assert_eq!((deposit_of(ALICE), deposit_of(OWNER)), (0, 0));

		System::set_block_number(9);
		assert_eq!(may(ALICE, Action::Read), by_order);
		System::set_block_number(10);
		assert_eq!(may(ALICE, Action::Read), no(Refusal::Expired));
	});
}

#[test]
fn the_end_of_an_order_closes_its_access_only() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(open(AIR, ALICE, ORDER, 9));
		assert_ok!(open(AIR, ALICE, order(1), 9));
		assert_ok!(give(OWNER, ALICE, &[Action::Write], 0));
		System::reset_events();
		AccessControl::close(&AIR, &ALICE, ORDER);
		let closed = Event::OrderAccessClosed { resource: AIR, subject: ALICE, order: ORDER };
		assert_eq!(access_events(), [closed]);
		assert_eq!(may(ALICE, Action::Read), Decision::Allow(Basis::Order(order(1))));
		assert_eq!(may(ALICE, Action::Write), BY_GRANT);

		AccessControl::close(&AIR, &ALICE, order(1));
		assert_eq!(may(ALICE, Action::Read), no(Refusal::NoGrant));
	});
}

#[test]
fn closing_leaves_nothing_behind_and_may_be_repeated() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(open(AIR, ALICE, ORDER, 9));
		AccessControl::close(&AIR, &ALICE, ORDER);
		assert!(!Grants::<Test>::contains_key(AIR, ALICE));
		System::reset_events();
		AccessControl::close(&AIR, &ALICE, ORDER);
		AccessControl::close(&UNKNOWN, &ALICE, ORDER);
		assert_eq!(access_events(), []);
	});
}

#[test]
fn impossible_orders_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(open(UNKNOWN, ALICE, ORDER, 9), Error::<Test>::NotFound);
		assert_ok!(open(AIR, ALICE, ORDER, 9));
		assert_noop!(open(AIR, ALICE, ORDER, 9), Error::<Test>::AlreadyExists);
		assert_ok!(AccessControl::deny(RuntimeOrigin::signed(OWNER), AIR, BOB));
		assert_noop!(open(AIR, BOB, ORDER, 9), Error::<Test>::Denied);
		Registry::erase(AIR);
		assert_noop!(open(AIR, CAROL, ORDER, 9), Error::<Test>::Erased);
	});
}

#[test]
fn orders_that_have_ended_make_room() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give_until(OWNER, ALICE, &[Action::Read], 0, Some(5), None));
		for index in 1..MAX_GRANTS {
			let expires_at = if index == 1 { 5 } else { 9 };
			assert_ok!(open(AIR, ALICE, order(index), expires_at));
		}
		System::set_block_number(5);
		assert_noop!(open(AIR, ALICE, ORDER, 9), Error::<Test>::MaxGrantsExceeded);

		// The owner's grant has ended too, but its deposit keeps its place until it returns.
		System::set_block_number(6);
		assert_ok!(open(AIR, ALICE, ORDER, 9));
		assert_noop!(open(AIR, ALICE, order(99), 9), Error::<Test>::MaxGrantsExceeded);
		let grants = AccessControl::grants(AIR, ALICE);
		assert!(!grants.iter().any(|grant| grant.is_of_order(&order(1))));
		assert_eq!(deposit_of(OWNER), GRANT_DEPOSIT);
	});
}
