use crate::{mock::*, pallet::*, RequestEnd, RequestTermsOf};
use frame_support::{assert_noop, assert_ok, pallet_prelude::Pays};
use sp_core::H256;
use sp_runtime::{traits::BadOrigin, TokenError};

/// 10, and 1 a byte: 120 of the request, 290 of keys.
const REQUEST_DEPOSIT: u64 = 420;
/// 10, and 1 a byte: 72 of the answer, 112 of its key.
const ANSWER_DEPOSIT: u64 = 194;

fn terms_hash(listing: H256) -> H256 {
	Offers::get()[&listing].terms_hash
}

/// A request of [`BUYER`] that [`SELLER`] has answered.
fn answered(terms: RequestTermsOf<Test>) -> (H256, H256) {
	let id = request(terms);
	let listing = list(PRICE);
	assert_ok!(DemandSide::answer_request(signed(SELLER), id, listing));
	events();
	(id, listing)
}

#[test]
fn creating_holds_reward_and_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		let id = request(request_terms());
		assert_eq!((reward_of(BUYER), deposit_of(BUYER)), (PRICE, REQUEST_DEPOSIT));
		let stored = Requests::<Test>::get(id).unwrap();
		assert_eq!((stored.account, stored.terms.clone()), (BUYER, request_terms()));
		assert_eq!(stored.answers, 0);
		let created = Event::RequestCreated { request: id, account: BUYER, terms: request_terms() };
		assert_eq!(events(), [created]);
	});
}

#[test]
fn creating_checks_every_field() {
	ExtBuilder::default().build_and_execute(|| {
		let assert_refused = |error: Error<Test>, change: &dyn Fn(&mut RequestTermsOf<Test>)| {
			let mut terms = request_terms();
			change(&mut terms);
			assert_noop!(DemandSide::create_request(signed(BUYER), SALT, terms), error);
		};
		assert_refused(Error::InvalidKind, &|terms| terms.kind = bytes(b"Air"));
		assert_refused(Error::InvalidArea, &|terms| terms.area = bytes(b""));
		for deadline in [1, 1 + LONGEST + 1] {
			assert_refused(Error::InvalidPeriod, &|terms| terms.deadline = deadline);
		}
		assert_refused(Error::RewardTooLow, &|terms| terms.reward = EXISTENTIAL_DEPOSIT - 1);
		let terms = RequestTermsOf::<Test> { reward: FUNDS, ..request_terms() };
		assert_noop!(
			dispatch(BUYER, Call::create_request { salt: SALT, terms }),
			TokenError::FundsUnavailable
		);
		request(request_terms());
		assert_noop!(
			DemandSide::create_request(signed(BUYER), SALT, request_terms()),
			Error::<Test>::AlreadyExists
		);
	});
}

#[test]
fn answering_pins_the_terms_and_takes_a_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		let id = request(request_terms());
		let listing = list(PRICE);
		events();
		assert_ok!(DemandSide::answer_request(signed(SELLER), id, listing));
		assert_eq!(deposit_of(SELLER), ANSWER_DEPOSIT);
		assert_eq!(Requests::<Test>::get(id).unwrap().answers, 1);
		let terms_hash = terms_hash(listing);
		let answer = Answers::<Test>::get(id, SELLER).unwrap();
		assert_eq!((answer.listing, answer.terms_hash), (listing, terms_hash));
		let contributor = SELLER;
		let answered = Event::RequestAnswered { request: id, contributor, listing, terms_hash };
		assert_eq!(events(), [answered]);
	});
}

#[test]
fn only_what_was_asked_for_is_an_answer() {
	ExtBuilder::default().build_and_execute(|| {
		let id = request(request_terms());
		let listing = list(PRICE);
		let answer = |who, listing| dispatch(who, Call::answer_request { request: id, listing });
		assert_noop!(
			DemandSide::answer_request(signed(SELLER), H256::zero(), listing),
			Error::<Test>::NotFound
		);
		assert_noop!(answer(SELLER, H256::zero()), Error::<Test>::NotOffered);
		assert_noop!(answer(RIVAL, listing), Error::<Test>::NotAuthorized);
		let own = offer(an_offer(BUYER, b"ezjmg", PRICE));
		assert_noop!(answer(BUYER, own), Error::<Test>::OwnRequest);
		let elsewhere = offer(an_offer(SELLER, b"u33d", PRICE));
		assert_noop!(answer(SELLER, elsewhere), Error::<Test>::OutsideArea);
		let mut other = an_offer(SELLER, b"ezjmg", PRICE);
		other.kind = bytes(b"humidity");
		let other = offer(other);
		assert_noop!(answer(SELLER, other), Error::<Test>::OtherKind);
		run_to(END);
		assert_ok!(answer(SELLER, listing));
		assert_noop!(answer(SELLER, listing), Error::<Test>::AlreadyExists);
		run_to(END + 1);
		let late = offer(an_offer(RIVAL, b"ezjmg", PRICE));
		assert_noop!(answer(RIVAL, late), Error::<Test>::TooLate);
	});
}

fn assert_requester_awards_at(block: u64) {
	ExtBuilder::default().build_and_execute(|| {
		let (id, listing) = answered(request_terms());
		run_to(block);
		assert_ok!(DemandSide::award_request(signed(BUYER), id, SELLER, terms_hash(listing)));
		assert_eq!(free(SELLER), FUNDS + PRICE - ANSWER_DEPOSIT);
		assert_eq!((reward_of(BUYER), deposit_of(BUYER)), (0, 0));
		assert_eq!(free(BUYER), FUNDS - PRICE);
		let end = RequestEnd::Awarded { contributor: SELLER };
		let closed = Event::RequestClosed { request: id, account: BUYER, amount: PRICE, end };
		assert_eq!(events(), [closed]);
		// The answer's deposit waits for the contributor, or for whoever tidies up.
		assert_ok!(DemandSide::withdraw_answer(signed(STRANGER), id, SELLER));
		assert_eq!(deposit_of(SELLER), 0);
	});
}

#[test]
fn the_requester_awards_at_any_time() {
	for block in [1, END, END + DECISION] {
		assert_requester_awards_at(block);
	}
}

#[test]
fn a_decision_is_possible_until_its_last_block() {
	ExtBuilder::default().build_and_execute(|| {
		let (id, listing) = answered(request_terms());
		let award = Call::award_request {
			request: id,
			contributor: SELLER,
			terms_hash: terms_hash(listing),
		};
		run_to(END + DECISION + 1);
		assert_noop!(dispatch(BUYER, award.clone()), Error::<Test>::TooLate);
		run_to(END + DECISION + 1);
		assert_ok!(dispatch(STRANGER, Call::refund_request { request: id }));
		assert_noop!(dispatch(BUYER, award), Error::<Test>::NotFound);
	});
}

#[test]
fn a_named_arbiter_decides_after_the_deadline() {
	ExtBuilder::default().build_and_execute(|| {
		let terms = RequestTermsOf::<Test> { arbiter: Some(FRIEND), ..request_terms() };
		let (id, listing) = answered(terms);
		let award = |origin| DemandSide::award_request(origin, id, SELLER, terms_hash(listing));
		assert_noop!(award(signed(FRIEND)), Error::<Test>::TooEarly);
		run_to(END + 1);
		for other in [signed(STRANGER), signed(SELLER), RuntimeOrigin::root()] {
			assert_noop!(award(other), Error::<Test>::NotAuthorized);
		}
		assert_noop!(award(RuntimeOrigin::none()), BadOrigin);
		assert_ok!(award(signed(FRIEND)));
	});
}

#[test]
fn the_arbiters_of_the_chain_decide_when_none_is_named() {
	ExtBuilder::default().build_and_execute(|| {
		let (id, listing) = answered(request_terms());
		let award = || {
			let terms_hash = terms_hash(listing);
			DemandSide::award_request(RuntimeOrigin::root(), id, SELLER, terms_hash)
		};
		assert_noop!(award(), Error::<Test>::TooEarly);
		run_to(END + 1);
		assert_ok!(award());
	});
}

#[test]
fn an_answer_that_changed_is_not_awarded() {
	ExtBuilder::default().build_and_execute(|| {
		let (id, listing) = answered(request_terms());
		let seen = terms_hash(listing);
		let award = |terms_hash| DemandSide::award_request(signed(BUYER), id, SELLER, terms_hash);
		assert_noop!(award(H256::zero()), Error::<Test>::TermsChanged);
		reprice(listing, PRICE + 1);
		assert_noop!(award(seen), Error::<Test>::TermsChanged);
		assert_noop!(award(terms_hash(listing)), Error::<Test>::TermsChanged);
		reprice(listing, PRICE);
		let offer = close(listing);
		assert_noop!(award(offer.terms_hash), Error::<Test>::NotOffered);
		assert_ok!(DemandSide::withdraw_answer(signed(SELLER), id, SELLER));
		assert_noop!(award(seen), Error::<Test>::NotFound);
	});
}

#[test]
fn answers_are_withdrawn_by_their_contributor() {
	ExtBuilder::default().build_and_execute(|| {
		let (id, _) = answered(request_terms());
		assert_noop!(
			DemandSide::withdraw_answer(signed(BUYER), id, SELLER),
			Error::<Test>::NotAuthorized
		);
		assert_noop!(
			DemandSide::withdraw_answer(signed(RIVAL), id, RIVAL),
			Error::<Test>::NotFound
		);
		assert_ok!(DemandSide::withdraw_answer(signed(SELLER), id, SELLER));
		assert_eq!(deposit_of(SELLER), 0);
		assert_eq!(Requests::<Test>::get(id).unwrap().answers, 0);
		assert_eq!(events(), [Event::AnswerWithdrawn { request: id, contributor: SELLER }]);
	});
}

#[test]
fn a_request_without_an_answer_is_refunded_after_its_deadline() {
	ExtBuilder::default().build_and_execute(|| {
		let id = request(request_terms());
		events();
		run_to(END);
		assert_noop!(DemandSide::refund_request(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(END + 1);
		let post = DemandSide::refund_request(signed(STRANGER), id).unwrap();
		assert_eq!(post.pays_fee, Pays::No);
		assert_eq!((reward_of(BUYER), deposit_of(BUYER), free(BUYER)), (0, 0, FUNDS));
		let end = RequestEnd::Refunded;
		let closed = Event::RequestClosed { request: id, account: BUYER, amount: PRICE, end };
		assert_eq!(events(), [closed]);
		assert_noop!(DemandSide::refund_request(signed(STRANGER), id), Error::<Test>::NotFound);
	});
}

#[test]
fn a_request_with_an_answer_waits_for_a_decision() {
	ExtBuilder::default().build_and_execute(|| {
		let (id, _) = answered(request_terms());
		run_to(END + DECISION);
		assert_noop!(DemandSide::refund_request(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(END + DECISION + 1);
		assert_ok!(DemandSide::refund_request(signed(STRANGER), id));
		assert_ok!(DemandSide::withdraw_answer(signed(STRANGER), id, SELLER));
		assert_eq!((free(BUYER), free(SELLER)), (FUNDS, FUNDS));
	});
}
