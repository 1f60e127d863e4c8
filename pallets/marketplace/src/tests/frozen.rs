use crate::{mock::*, pallet::*, OrderState, RefundReason};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::Permill;

const HELD: u64 = PRICE * PERIODS as u64;
/// Of what is paid, a twentieth is a fee.
const FEE_PART: u64 = 20;

fn challenge(id: H256) {
	assert_ok!(Marketplace::challenge(signed(BUYER), id, 0, 0));
}

fn complain_and_respond(id: H256) {
	assert_ok!(Marketplace::complain(signed(BUYER), id, H256::zero()));
	assert_ok!(Marketplace::respond(signed(OWNER), id, H256::zero()));
	events();
}

fn decide(id: H256, percent: u32) {
	let payer_share = Permill::from_percent(percent);
	assert_ok!(Marketplace::decide(signed(ARBITER), id, payer_share, H256::zero()));
}

#[test]
fn a_frozen_subscription_stands_still() {
	for dispute in [challenge, complain_and_respond] {
		ExtBuilder::default().build_and_execute(|| {
			let id = running_subscription();
			append_up_to(4);
			dispute(id);
			run_to(12 + CONFIRMATION);
			let sealed = envelope(id, &Data::honest().tree, 4);
			let delivery = Marketplace::deliver_instalment(signed(AGENT), id, 4, sealed);
			assert_noop!(delivery, Error::<Test>::Frozen);
			assert_noop!(Marketplace::claim(signed(OWNER), id), Error::<Test>::Frozen);
			let extension = Marketplace::extend_subscription(signed(BUYER), id, 1, FUNDS);
			assert_noop!(extension, Error::<Test>::Frozen);
			assert_noop!(Marketplace::end_subscription(signed(BUYER), id), Error::<Test>::Frozen);
			assert_noop!(Marketplace::confirm(signed(BUYER), id), Error::<Test>::Frozen);
			assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::Frozen);
			assert_eq!(payment_of(BUYER), HELD);
		});
	}
}

#[test]
fn readings_are_not_claimed_of_a_frozen_allowance() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_allowance();
		challenge(id);
		run_to(12 + CONFIRMATION);
		let claim = Marketplace::claim_readings(signed(OWNER), id, 1);
		assert_noop!(claim, Error::<Test>::Frozen);
	});
}

#[test]
fn what_is_disputed_is_not_due_however_long_it_takes() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		run_to(12 + CONFIRMATION);
		append_up_to(4);
		deliver_instalment(id, 4);
		challenge(id);
		events();
		// The time to dispute would be over, if it did not stand still.
		run_to(13 + 2 * CONFIRMATION);
		assert_ok!(Marketplace::refund(signed(STRANGER), id));
		// The delivery of block 11 could not be disputed any more.
		let paid = 10 * BLOCK_PRICE;
		let fee = paid / FEE_PART;
		let (amount, reason) = (HELD - paid, RefundReason::Withheld);
		assert_eq!(
			events(),
			[
				Event::InstalmentPaid { order: id, seller: OWNER, amount: paid - fee, fee },
				Event::Refunded { order: id, payer: BUYER, amount, reason },
			]
		);
		assert_eq!((payment_of(BUYER), bond_of(BUYER)), (0, 0));
		assert_eq!(Marketplace::subscription(id), None);
	});
}

#[test]
fn arbiters_divide_what_the_subscriber_owes() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		complain_and_respond(id);
		run_to(12);
		decide(id, 50);
		// Two periods are the minimum.
		let due = 2 * PRICE / 2;
		let fee = due / FEE_PART;
		let divided = Event::Divided {
			order: id,
			payer: BUYER,
			refund: HELD - due,
			seller: OWNER,
			amount: due - fee,
			fee,
		};
		assert!(events().contains(&divided));
		assert_eq!(order(id).state, OrderState::Divided { at: 12 });
		assert_eq!(order(id).access_until, 12 + ACCESS);
		assert_eq!((payment_of(BUYER), bond_of(BUYER), bond_of(OWNER)), (0, 0, 0));
		assert_eq!(Marketplace::subscription(id), None);
	});
}

#[test]
fn who_complains_for_nothing_owes_the_minimum_only() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		complain_and_respond(id);
		decide(id, 0);
		let fee = 2 * PRICE / FEE_PART;
		let settled = Event::Settled { order: id, seller: OWNER, amount: 2 * PRICE - fee, fee };
		let rest = HELD - 2 * PRICE;
		let released = Event::RestReleased { order: id, payer: BUYER, amount: rest };
		let events = events();
		assert!(events.contains(&settled) && events.contains(&released));
		assert_eq!(payment_of(BUYER), 0);
	});
}

#[test]
fn an_award_to_the_payer_leaves_what_was_cleared() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		run_to(12 + CONFIRMATION);
		append_up_to(4);
		deliver_instalment(id, 4);
		complain_and_respond(id);
		run_to(14 + 2 * CONFIRMATION);
		decide(id, 100);
		let (amount, reason) = (HELD - 10 * BLOCK_PRICE, RefundReason::Awarded);
		assert!(events().contains(&Event::Refunded { order: id, payer: BUYER, amount, reason }));
		assert_eq!(payment_of(BUYER), 0);
	});
}

#[test]
fn an_answer_leaves_the_seller_the_period_of_delivery() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		let ends_at = subscription(id).ends_at;
		run_to(ends_at - 6);
		append_up_to(5);
		deliver_instalment(id, 5);
		append_up_to(6);
		run_to(ends_at + DELIVERY - 1);
		challenge(id);
		run_to(ends_at + DELIVERY);
		let data = Data::of(5, |_| ());
		let (proof, ciphertext) = (data.proof(0, 0), data.ciphertext(0, 0));
		assert_ok!(Marketplace::answer(signed(AGENT), id, proof, ciphertext));
		run_to(ends_at + DELIVERY + EXTENSION + DELIVERY);
		deliver_instalment(id, 6);
		// Each delivery can be challenged anew.
		assert!(Marketplace::challenges(id).is_empty());
		challenge(id);
		let data = Data::of(6, |_| ());
		let (proof, ciphertext) = (data.proof(0, 0), data.ciphertext(0, 0));
		assert_ok!(Marketplace::answer(signed(AGENT), id, proof, ciphertext));
		run_to(System::block_number() + CONFIRMATION + 1);
		assert_ok!(Marketplace::settle(signed(STRANGER), id));
		assert_eq!(free(OWNER), FUNDS - deposit_of(OWNER) + HELD - HELD / FEE_PART);
	});
}
