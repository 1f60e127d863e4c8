use crate::{mock::*, pallet::*, Complaint, ComplaintState, ListingTermsOf, OrderState};
use crate::{Pricing, RefundReason};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use sp_core::H256;
use sp_runtime::{traits::BadOrigin, DispatchResult, Permill, TokenError};

const CLAIM: H256 = H256::repeat_byte(0xc1);
const REPLY: H256 = H256::repeat_byte(0x4e);
const GROUNDS: H256 = H256::repeat_byte(0x60);
const BOND: u64 = COMPLAINT_BOND;
/// What [`OWNER`] has before being paid, and [`BUYER`] before paying.
const OWNED: u64 = FUNDS - LISTING_DEPOSIT;
const LEFT: u64 = FUNDS - ORDER_DEPOSIT;

fn complain(id: H256) -> DispatchResult {
	Marketplace::complain(signed(BUYER), id, CLAIM)
}

fn respond(id: H256) -> DispatchResult {
	Marketplace::respond(signed(OWNER), id, REPLY)
}

fn decide(id: H256, percent: u32) -> DispatchResult {
	Marketplace::decide(signed(ARBITER), id, Permill::from_percent(percent), GROUNDS)
}

fn conclude(id: H256) -> DispatchResult {
	dispatch(STRANGER, Call::conclude { order: id })
}

/// An order about which both sides have spoken, in the first block.
fn contradicted() -> H256 {
	let id = delivered_order();
	assert_ok!(complain(id));
	assert_ok!(respond(id));
	events();
	id
}

fn with_treasury() -> ExtBuilder {
	ExtBuilder::default().with_balance(TREASURY, FUNDS)
}

#[test]
fn a_complaint_holds_a_bond_and_freezes_the_order() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		events();
		run_to(4);
		assert_ok!(complain(id));
		let respond_by = 4 + RESPONSE;
		let state = ComplaintState::AwaitingResponse { respond_by };
		let complaint = Complaint { evidence: CLAIM, bond: BOND, state };
		assert_eq!(Marketplace::complaint(id), Some(complaint));
		assert_eq!((bond_of(BUYER), payment_of(BUYER)), (BOND, PRICE));
		let (complainant, evidence, bond) = (BUYER, CLAIM, BOND);
		let complained = Event::Complained { order: id, complainant, evidence, bond, respond_by };
		assert_eq!(events(), [complained]);

		assert_noop!(complain(id), Error::<Test>::Frozen);
		let challenge = Marketplace::challenge(signed(BUYER), id, 0, 0);
		assert_noop!(challenge, Error::<Test>::Frozen);
		assert_noop!(Marketplace::confirm(signed(BUYER), id), Error::<Test>::Frozen);
		run_to(2 + CONFIRMATION);
		assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::Frozen);
		let refund = Marketplace::refund(signed(STRANGER), id);
		assert_noop!(refund, Error::<Test>::NotAwaitingDelivery);
	});
}

#[test]
fn only_the_beneficiary_complains_of_what_was_delivered() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		assert_noop!(complain(id), Error::<Test>::NotDelivered);
		deliver(id, envelope(id, &Data::honest().tree, 3));
		assert_noop!(complain(H256::zero()), Error::<Test>::NotFound);
		let by_stranger = Marketplace::complain(signed(STRANGER), id, CLAIM);
		assert_noop!(by_stranger, Error::<Test>::NotAuthorized);
		assert_ok!(Marketplace::challenge(signed(BUYER), id, 0, 0));
		assert_noop!(complain(id), Error::<Test>::Frozen);
		let data = Data::honest();
		let (proof, ciphertext) = (data.proof(0, 0), data.ciphertext(0, 0));
		assert_ok!(Marketplace::answer(signed(AGENT), id, proof, ciphertext));
		run_to(2 + CONFIRMATION);
		assert_noop!(complain(id), Error::<Test>::TooLate);
	});
}

#[test]
fn what_is_free_cannot_be_complained_of() {
	ExtBuilder::default().build_and_execute(|| {
		let id = buy(list(ListingTermsOf::<Test> { pricing: Pricing::Free, ..terms() }));
		deliver(id, envelope(id, &Data::honest().tree, 3));
		assert_noop!(complain(id), Error::<Test>::NothingToDivide);
	});
}

#[test]
fn the_bond_is_a_share_of_the_price_but_not_less_than_the_minimum() {
	for (price, bond) in [(MINIMUM_PRICE, MINIMUM_COMPLAINT_BOND), (501, 51), (PRICE, BOND)] {
		ExtBuilder::default().build_and_execute(|| {
			let pricing = Pricing::OneTime { price };
			let id = buy(list(ListingTermsOf::<Test> { pricing, ..terms() }));
			deliver(id, envelope(id, &Data::honest().tree, 3));
			assert_ok!(complain(id));
			assert_eq!(bond_of(BUYER), bond);
			assert_ok!(respond(id));
			assert_eq!(bond_of(OWNER), bond);
		});
	}
}

#[test]
fn who_has_no_money_neither_complains_nor_responds() {
	let just_enough = PRICE + ORDER_DEPOSIT + 10 + BOND;
	ExtBuilder::default().with_balance(BUYER, just_enough - 1).build_and_execute(|| {
		let id = delivered_order();
		let unfunded = Err(TokenError::FundsUnavailable.into());
		assert_eq!(dispatch(BUYER, Call::complain { order: id, evidence: CLAIM }), unfunded);
	});
	ExtBuilder::default()
		.with_balance(BUYER, just_enough)
		.with_balance(OWNER, LISTING_DEPOSIT + BOND + 9)
		.build_and_execute(|| {
			let id = delivered_order();
			assert_ok!(complain(id));
			let unfunded = Err(TokenError::FundsUnavailable.into());
			assert_eq!(dispatch(OWNER, Call::respond { order: id, evidence: REPLY }), unfunded);
		});
}

#[test]
fn a_seller_who_is_silent_has_lost() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		assert_noop!(conclude(id), Error::<Test>::NoComplaint);
		assert_ok!(complain(id));
		events();
		run_to(1 + RESPONSE);
		assert_noop!(conclude(id), Error::<Test>::TooEarly);
		run_to(2 + RESPONSE);
		assert_noop!(respond(id), Error::<Test>::TooLate);
		let outcome = Marketplace::conclude(signed(STRANGER), id).unwrap();
		assert_eq!(outcome.pays_fee, Pays::No);
		let (at, reason) = (2 + RESPONSE, RefundReason::NoResponse);
		assert_eq!(order(id).state, OrderState::Refunded { at, reason });
		assert_eq!((bond_of(BUYER), free(BUYER), free(OWNER)), (0, LEFT, OWNED));
		assert!(OpenAccess::get().is_empty());
		assert_eq!(events(), [Event::Refunded { order: id, payer: BUYER, amount: PRICE, reason }]);
		assert_noop!(conclude(id), Error::<Test>::NoComplaint);
		assert_noop!(conclude(H256::zero()), Error::<Test>::NotFound);
	});
}

#[test]
fn a_response_holds_a_bond_as_high() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		assert_noop!(respond(id), Error::<Test>::NoComplaint);
		assert_ok!(complain(id));
		events();
		run_to(1 + RESPONSE);
		let by_agent = Marketplace::respond(signed(AGENT), id, REPLY);
		assert_noop!(by_agent, Error::<Test>::NotAuthorized);
		assert_noop!(respond(H256::zero()), Error::<Test>::NotFound);
		assert_ok!(respond(id));
		let decide_by = 1 + RESPONSE + DECISION;
		let state = ComplaintState::AwaitingDecision { evidence: REPLY, decide_by };
		let complaint = Complaint { evidence: CLAIM, bond: BOND, state };
		assert_eq!(Marketplace::complaint(id), Some(complaint));
		assert_eq!((bond_of(OWNER), bond_of(BUYER)), (BOND, BOND));
		let (respondent, evidence, bond) = (OWNER, REPLY, BOND);
		let responded = Event::Responded { order: id, respondent, evidence, bond, decide_by };
		assert_eq!(events(), [responded]);
		assert_noop!(respond(id), Error::<Test>::AlreadyExists);
	});
}

#[test]
fn only_arbiters_decide_and_in_time() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		assert_noop!(decide(H256::zero(), 50), Error::<Test>::NotFound);
		assert_noop!(decide(id, 50), Error::<Test>::NoComplaint);
		assert_ok!(complain(id));
		assert_noop!(decide(id, 50), Error::<Test>::TooEarly);
		assert_ok!(respond(id));
		for stranger in [OWNER, BUYER, STRANGER] {
			let share = Permill::from_percent(50);
			let decision = Marketplace::decide(signed(stranger), id, share, GROUNDS);
			assert_noop!(decision, BadOrigin);
		}
		run_to(2 + DECISION);
		assert_noop!(decide(id, 50), Error::<Test>::TooLate);
	});
}

/// What buyer, seller and treasury gained or lost by an order that was decided for `percent`.
fn decided(percent: u32, gains: [i64; 3]) {
	with_treasury().build_and_execute(|| {
		let id = contradicted();
		run_to(1 + DECISION);
		assert_ok!(decide(id, percent));
		let gain = |who, before: u64| free(who) as i64 - before as i64;
		let found = [gain(BUYER, LEFT), gain(OWNER, OWNED), gain(TREASURY, FUNDS)];
		assert_eq!(found, gains, "at {percent} %");
		assert_eq!((bond_of(BUYER), bond_of(OWNER), payment_of(BUYER)), (0, 0, 0));
		let payer_share = Permill::from_percent(percent);
		let decision = Event::Decided { order: id, payer_share, evidence: GROUNDS };
		assert_eq!(events().first(), Some(&decision));
		assert_eq!(Complaints::<Test>::iter().count(), 0);
	});
}

#[test]
fn who_gets_less_than_half_loses_the_bond() {
	// The fee is a twentieth of the seller's part, rounded down, and half of a lost bond is 50.
	decided(0, [-1_000 - 100, 950 + 50, 50 + 50]);
	decided(49, [-510 - 100, 485 + 50, 25 + 50]);
	decided(50, [-500, 475, 25]);
	decided(51, [-490 + 50, 466 - 100, 24 + 50]);
	decided(100, [50, -100, 50]);
}

#[test]
fn a_divided_price_leaves_the_access_open() {
	ExtBuilder::default().build_and_execute(|| {
		let id = contradicted();
		run_to(3);
		assert_ok!(decide(id, 30));
		assert_eq!(order(id).state, OrderState::Divided { at: 3 });
		assert!(OpenAccess::get().contains_key(&id));
		let divided = Event::Divided {
			order: id,
			payer: BUYER,
			refund: 300,
			seller: OWNER,
			amount: 665,
			fee: 35,
		};
		assert_eq!(events().last(), Some(&divided));
		let refund = Marketplace::refund(signed(BUYER), id);
		assert_noop!(refund, Error::<Test>::NotAwaitingDelivery);
		run_to(4 + RETENTION);
		assert_ok!(Marketplace::prune_order(signed(STRANGER), id));
	});
}

#[test]
fn the_extremes_are_a_refund_and_a_settlement() {
	ExtBuilder::default().build_and_execute(|| {
		let id = contradicted();
		assert_ok!(decide(id, 100));
		let (at, reason) = (1, RefundReason::Awarded);
		assert_eq!(order(id).state, OrderState::Refunded { at, reason });
		assert!(OpenAccess::get().is_empty());
		let refunded = Event::Refunded { order: id, payer: BUYER, amount: PRICE, reason };
		assert_eq!(events().last(), Some(&refunded));
	});
	ExtBuilder::default().build_and_execute(|| {
		let id = contradicted();
		assert_ok!(decide(id, 0));
		assert_eq!(order(id).state, OrderState::Settled { at: 1 });
		let settled = Event::Settled { order: id, seller: OWNER, amount: PRICE - FEE, fee: FEE };
		assert_eq!(events().last(), Some(&settled));
	});
}

#[test]
fn the_payer_is_refunded_and_the_beneficiary_rewarded() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		let (hash, friend) = (terms().hash(), Some(FRIEND));
		assert_ok!(Marketplace::buy(signed(BUYER), listing, hash, PRICE, friend, buyer_key()));
		let id = Marketplace::order_id(&listing, &FRIEND, &buyer_key());
		deliver(id, envelope(id, &Data::honest().tree, 3));
		assert_noop!(complain(id), Error::<Test>::NotAuthorized);
		assert_ok!(Marketplace::complain(signed(FRIEND), id, CLAIM));
		assert_ok!(respond(id));
		assert_ok!(decide(id, 80));
		assert_eq!(free(BUYER), LEFT - PRICE + 800);
		assert_eq!(free(FRIEND), FUNDS + BOND / 2);
	});
}

#[test]
fn silent_arbiters_leave_the_default_and_both_bonds_return() {
	with_treasury().build_and_execute(|| {
		let id = contradicted();
		run_to(1 + DECISION);
		assert_noop!(conclude(id), Error::<Test>::TooEarly);
		run_to(2 + DECISION);
		let outcome = Marketplace::conclude(signed(STRANGER), id).unwrap();
		assert_eq!(outcome.pays_fee, Pays::No);
		assert_eq!(order(id).state, OrderState::Divided { at: 2 + DECISION });
		assert_eq!((bond_of(BUYER), bond_of(OWNER)), (0, 0));
		let money = (free(BUYER), free(OWNER), free(TREASURY));
		assert_eq!(money, (LEFT - PRICE + 400, OWNED + 570, FUNDS + 30));
		let undecided = Event::Undecided { order: id, payer_share: Permill::from_percent(40) };
		let (payer, seller) = (BUYER, OWNER);
		let divided =
			Event::Divided { order: id, payer, refund: 400, seller, amount: 570, fee: 30 };
		assert_eq!(events(), [undecided, divided]);
	});
}

#[test]
fn a_default_for_one_side_ends_as_a_decision_would() {
	for (share, state) in [
		(Permill::one(), OrderState::Refunded { at: 27, reason: RefundReason::Awarded }),
		(Permill::zero(), OrderState::Settled { at: 27 }),
	] {
		ExtBuilder::default().build_and_execute(|| {
			DefaultPayerShare::set(share);
			let id = contradicted();
			run_to(27);
			assert_ok!(conclude(id));
			assert_eq!(order(id).state, state);
		});
	}
}

/// Ends an order for a reason of its own.
type End = fn(H256, &Data);

#[test]
fn a_seller_who_withdraws_or_is_proved_wrong_has_lost_the_complaint() {
	let data = Data::spoiled(|commitment| commitment.plaintext = [0; 32]);
	let ends: [(End, RefundReason); 2] = [
		(
			|id, _| {
				set_denied(DATASET, BUYER, true);
				assert_noop!(conclude(id), Error::<Test>::Withdrawn);
				assert_ok!(Marketplace::refund(signed(STRANGER), id));
			},
			RefundReason::Denied,
		),
		(
			|id, data| {
				let (proof, key) = (data.proof(2, 1), data.chunk_key(2, 1));
				let ciphertext = data.ciphertext(2, 1);
				assert_ok!(Marketplace::dispute_data(signed(BUYER), id, proof, key, ciphertext));
			},
			RefundReason::WrongData,
		),
	];
	for (end, reason) in ends {
		with_treasury().with_dataset(DATASET, Dataset::of(OWNER, data.range)).build_and_execute(
			|| {
				let id = contradicted();
				run_to(2 + DECISION);
				end(id, &data);
				assert_eq!(order(id).state, OrderState::Refunded { at: 2 + DECISION, reason });
				let half = BOND / 2;
				let money = (free(BUYER), free(OWNER), free(TREASURY));
				assert_eq!(money, (LEFT + half, OWNED - BOND, FUNDS + half));
				assert_eq!((bond_of(BUYER), bond_of(OWNER)), (0, 0));
			},
		);
	}
}

#[test]
fn what_nobody_can_receive_of_fee_and_bond_is_burned() {
	ExtBuilder::default().build_and_execute(|| {
		let pricing = Pricing::OneTime { price: MINIMUM_PRICE };
		let id = buy(list(ListingTermsOf::<Test> { pricing, ..terms() }));
		deliver(id, envelope(id, &Data::honest().tree, 3));
		assert_ok!(complain(id));
		assert_ok!(respond(id));
		let issued = Balances::total_issuance();
		assert_ok!(decide(id, 50));
		assert_eq!((free(BUYER), free(OWNER)), (LEFT - 50, OWNED + 48));
		assert_eq!(Balances::total_issuance(), issued - 2);
	});
}
