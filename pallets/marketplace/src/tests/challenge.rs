use crate::{mock::*, pallet::*, Challenge, ChallengeState, ListingTermsOf, Pricing};
use crate::{ChunkCiphertext, OrderState, RefundReason};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use msec_commitments::ChunkProof;
use sp_core::H256;
use sp_runtime::{DispatchResult, TokenError};

fn challenge(id: H256, batch: u32, chunk: u32) -> DispatchResult {
	Marketplace::challenge(signed(BUYER), id, batch, chunk)
}

/// Posts a chunk of the honest data.
fn answer(id: H256, batch: u32, chunk: u32) -> DispatchResult {
	let data = Data::honest();
	post(id, data.proof(batch, chunk), data.ciphertext(batch, chunk))
}

fn post(id: H256, proof: ChunkProof, ciphertext: ChunkCiphertext) -> DispatchResult {
	dispatch(STRANGER, Call::answer { order: id, proof, ciphertext })
}

fn states(id: H256) -> Vec<ChallengeState<u64>> {
	Marketplace::challenges(id).into_iter().map(|challenge| challenge.state).collect()
}

/// What a buyer has who lost `bonds` challenges and whose price is held.
fn after_bonds(bonds: u64) -> u64 {
	FUNDS - PRICE - ORDER_DEPOSIT - bonds * CHALLENGE_BOND
}

#[test]
fn a_challenge_holds_a_bond_and_freezes_the_order() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		events();
		run_to(3);
		assert_ok!(challenge(id, 2, 1));
		let answer_by = 3 + DELIVERY;
		let state = ChallengeState::Open { answer_by };
		let open = Challenge { batch: 2, chunk: 1, bond: CHALLENGE_BOND, state };
		assert_eq!(Marketplace::challenges(id), [open]);
		assert_eq!(Marketplace::challenged(DATASET, None, 9), [(id, order(id))]);
		assert_eq!(Marketplace::challenged(DATASET, Some(id), 9), []);
		assert_eq!((bond_of(BUYER), payment_of(BUYER)), (CHALLENGE_BOND, PRICE));
		let (challenger, bond) = (BUYER, CHALLENGE_BOND);
		let (batch, chunk) = (2, 1);
		let challenged = Event::Challenged { order: id, batch, chunk, challenger, bond, answer_by };
		assert_eq!(events(), [challenged]);

		assert_noop!(Marketplace::confirm(signed(BUYER), id), Error::<Test>::Frozen);
		run_to(2 + CONFIRMATION);
		assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::Frozen);
	});
}

#[test]
fn an_answer_thaws_the_order_and_costs_the_challenger() {
	ExtBuilder::default().with_balance(TREASURY, FUNDS).build_and_execute(|| {
		let id = delivered_order();
		assert_ok!(challenge(id, 0, 1));
		events();
		run_to(1 + DELIVERY);
		let data = Data::honest();
		let (proof, ciphertext) = (data.proof(0, 1), data.ciphertext(0, 1));
		let posted = Marketplace::answer(signed(STRANGER), id, proof, ciphertext).unwrap();
		assert_eq!(posted.pays_fee, Pays::No);
		assert_eq!(states(id), [ChallengeState::Answered { at: 1 + DELIVERY }]);
		assert_eq!(OpenChallenges::<Test>::iter().count(), 0);
		assert_eq!((bond_of(BUYER), free(BUYER)), (0, after_bonds(1)));
		assert_eq!((free(TREASURY), free(STRANGER)), (FUNDS + CHALLENGE_BOND, FUNDS));
		let settle_after = 1 + CONFIRMATION;
		assert_eq!(order(id).state, OrderState::Delivered { settle_after });
		let answered = Event::Answered {
			order: id,
			batch: 0,
			chunk: 1,
			answerer: STRANGER,
			bond: CHALLENGE_BOND,
			settle_after,
		};
		assert_eq!(events(), [answered]);
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_eq!(free(TREASURY), FUNDS + CHALLENGE_BOND + FEE);
	});
}

#[test]
fn what_was_posted_late_can_still_be_disputed() {
	let data = Data::spoiled(|commitment| commitment.plaintext = [0; 32]);
	ExtBuilder::default().with_dataset(DATASET, Dataset::of(OWNER, data.range)).build_and_execute(
		|| {
			let id = delivered_order();
			run_to(1 + CONFIRMATION);
			assert_ok!(challenge(id, 2, 1));
			run_to(5 + CONFIRMATION);
			assert_ok!(post(id, data.proof(2, 1), data.ciphertext(2, 1)));
			let settle_after = 5 + CONFIRMATION + EXTENSION;
			assert_eq!(order(id).state, OrderState::Delivered { settle_after });
			run_to(settle_after);
			assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::TooEarly);
			let (proof, key) = (data.proof(2, 1), data.chunk_key(2, 1));
			let dispute =
				Marketplace::dispute_data(signed(BUYER), id, proof, key, data.ciphertext(2, 1));
			assert_ok!(dispute);
			let state = OrderState::Refunded { at: settle_after, reason: RefundReason::WrongData };
			assert_eq!(order(id).state, state);
			assert_eq!(Marketplace::challenges(id), []);
		},
	);
}

#[test]
fn the_extension_is_no_longer_than_the_time_that_was_agreed() {
	ExtBuilder::default().build_and_execute(|| {
		let id = buy(list(ListingTermsOf::<Test> { confirmation_period: 6, ..terms() }));
		deliver(id, envelope(id, &Data::honest().tree, 3));
		run_to(7);
		assert_ok!(challenge(id, 0, 0));
		run_to(8);
		assert_ok!(answer(id, 0, 0));
		assert_eq!(order(id).state, OrderState::Delivered { settle_after: 14 });
	});
}

#[test]
fn a_challenge_without_an_answer_is_refunded() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		assert_ok!(challenge(id, 0, 0));
		run_to(2);
		assert_ok!(challenge(id, 1, 0));
		assert_ok!(answer(id, 1, 0));
		assert_ok!(challenge(id, 2, 0));
		events();
		run_to(1 + DELIVERY);
		assert_noop!(Marketplace::refund(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(2 + DELIVERY);
		assert_noop!(answer(id, 0, 0), Error::<Test>::TooLate);
		assert_noop!(Marketplace::confirm(signed(BUYER), id), Error::<Test>::Frozen);
		let outcome = Marketplace::refund(signed(STRANGER), id).unwrap();
		assert_eq!(outcome.pays_fee, Pays::No);
		let (at, reason) = (2 + DELIVERY, RefundReason::Withheld);
		assert_eq!(order(id).state, OrderState::Refunded { at, reason });
		assert_eq!(Challenges::<Test>::iter().count() + OpenChallenges::<Test>::iter().count(), 0);
		assert_eq!((bond_of(BUYER), payment_of(BUYER)), (0, 0));
		assert_eq!(free(BUYER), FUNDS - ORDER_DEPOSIT - CHALLENGE_BOND);
		assert!(OpenAccess::get().is_empty());
		assert_eq!(events(), [Event::Refunded { order: id, payer: BUYER, amount: PRICE, reason }]);
	});
}

#[test]
fn a_chunk_beyond_the_end_is_answered_by_the_last() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		assert_ok!(challenge(id, 1, 1_023));
		assert_noop!(answer(id, 1, 0), Error::<Test>::NotChallenged);
		assert_noop!(answer(id, 0, 1), Error::<Test>::NotChallenged);
		assert_ok!(answer(id, 1, 1));
		assert_noop!(answer(id, 1, 1), Error::<Test>::NotChallenged);
	});
}

#[test]
fn two_challenges_that_mean_the_same_chunk_take_two_answers() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		assert_ok!(challenge(id, 1, 1));
		assert_ok!(challenge(id, 1, 7));
		assert_ok!(answer(id, 1, 1));
		assert_noop!(Marketplace::confirm(signed(BUYER), id), Error::<Test>::Frozen);
		assert_ok!(answer(id, 1, 1));
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
	});
}

#[test]
fn only_what_was_bought_and_committed_to_is_an_answer() {
	ExtBuilder::default().build_and_execute(|| {
		let data = Data::honest();
		let id = delivered_order();
		assert_noop!(answer(id, 0, 0), Error::<Test>::NotChallenged);
		assert_ok!(challenge(id, 0, 0));
		assert_noop!(answer(H256::zero(), 0, 0), Error::<Test>::NotFound);
		let moved = ChunkProof { chunk: 0, ..data.proof(0, 1) };
		let ciphertext = data.ciphertext(0, 1);
		assert_noop!(post(id, moved, ciphertext.clone()), Error::<Test>::ProofInvalid);
		let other = Data::spoiled(|commitment| commitment.plaintext = [0; 32]);
		let foreign = other.proof(0, 0);
		assert_noop!(post(id, foreign, data.ciphertext(0, 0)), Error::<Test>::ProofInvalid);
		assert_noop!(post(id, data.proof(0, 0), ciphertext), Error::<Test>::OtherCiphertext);
		assert_eq!(bond_of(BUYER), CHALLENGE_BOND);
	});
}

#[test]
fn only_the_beneficiary_challenges_what_was_bought() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		assert_noop!(challenge(id, 0, 0), Error::<Test>::NotDelivered);
		deliver(id, envelope(id, &Data::honest().tree, 3));
		assert_noop!(challenge(H256::zero(), 0, 0), Error::<Test>::NotFound);
		let by_stranger = Marketplace::challenge(signed(STRANGER), id, 0, 0);
		assert_noop!(by_stranger, Error::<Test>::NotAuthorized);
		assert_noop!(challenge(id, 3, 0), Error::<Test>::NoSuchChunk);
		assert_noop!(challenge(id, 0, 1_024), Error::<Test>::NoSuchChunk);
		run_to(2 + CONFIRMATION);
		assert_noop!(challenge(id, 0, 0), Error::<Test>::TooLate);
		assert_ok!(Marketplace::settle(signed(STRANGER), id));
		assert_noop!(challenge(id, 0, 0), Error::<Test>::NotDelivered);
	});
}

#[test]
fn each_chunk_is_challenged_once_and_their_number_is_bounded() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		assert_ok!(challenge(id, 0, 0));
		assert_noop!(challenge(id, 0, 0), Error::<Test>::AlreadyExists);
		assert_ok!(answer(id, 0, 0));
		assert_noop!(challenge(id, 0, 0), Error::<Test>::AlreadyExists);
		assert_ok!(challenge(id, 1, 0));
		assert_ok!(challenge(id, 2, 0));
		assert_noop!(challenge(id, 2, 1), Error::<Test>::MaxChallengesExceeded);
		assert_eq!(bond_of(BUYER), 2 * CHALLENGE_BOND);
	});
}

#[test]
fn who_has_no_money_does_not_challenge() {
	let just_enough = PRICE + ORDER_DEPOSIT + 10;
	for (balance, outcome) in [
		(just_enough + CHALLENGE_BOND - 1, Err(TokenError::FundsUnavailable.into())),
		(just_enough + CHALLENGE_BOND, Ok(())),
	] {
		ExtBuilder::default().with_balance(BUYER, balance).build_and_execute(|| {
			let id = delivered_order();
			let challenged = dispatch(BUYER, Call::challenge { order: id, batch: 0, chunk: 0 });
			assert_eq!(challenged, outcome);
		});
	}
}

#[test]
fn a_bond_that_nobody_can_receive_is_burned() {
	ExtBuilder::default().build_and_execute(|| {
		Bond::set(9);
		let id = delivered_order();
		assert_ok!(challenge(id, 0, 0));
		let issued = Balances::total_issuance();
		assert_ok!(answer(id, 0, 0));
		assert_eq!((free(TREASURY), bond_of(BUYER)), (0, 0));
		assert_eq!(Balances::total_issuance(), issued - 9);
	});
}

#[test]
fn what_is_free_is_challenged_too() {
	ExtBuilder::default().build_and_execute(|| {
		let id = buy(list(ListingTermsOf::<Test> { pricing: Pricing::Free, ..terms() }));
		deliver(id, envelope(id, &Data::honest().tree, 3));
		assert_ok!(challenge(id, 0, 0));
		run_to(2 + DELIVERY);
		assert_ok!(Marketplace::refund(signed(STRANGER), id));
		assert_eq!(free(BUYER), FUNDS - FREE_ORDER_DEPOSIT);
	});
}

/// Ends an order for a reason of its own.
type End = fn(H256, &Data);

#[test]
fn proofs_and_withdrawals_end_a_challenged_order() {
	let data = Data::spoiled(|commitment| commitment.plaintext = [0; 32]);
	let with_dataset =
		|| ExtBuilder::default().with_dataset(DATASET, Dataset::of(OWNER, data.range));
	let ends: [(End, RefundReason); 2] = [
		(
			|id, data| {
				let (proof, key) = (data.proof(2, 1), data.chunk_key(2, 1));
				let ciphertext = data.ciphertext(2, 1);
				assert_ok!(Marketplace::dispute_data(signed(BUYER), id, proof, key, ciphertext));
			},
			RefundReason::WrongData,
		),
		(
			|id, _| {
				erase(DATASET);
				assert_ok!(Marketplace::refund(signed(STRANGER), id));
			},
			RefundReason::Erased,
		),
	];
	for (end, reason) in ends {
		with_dataset().build_and_execute(|| {
			let id = delivered_order();
			run_to(1 + CONFIRMATION);
			assert_ok!(challenge(id, 0, 0));
			run_to(2 + CONFIRMATION);
			end(id, &data);
			let at = 2 + CONFIRMATION;
			assert_eq!(order(id).state, OrderState::Refunded { at, reason });
			assert_eq!((bond_of(BUYER), free(BUYER)), (0, FUNDS - ORDER_DEPOSIT));
		});
	}
}

#[test]
fn the_record_of_answers_goes_with_the_order() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		assert_ok!(challenge(id, 0, 0));
		assert_ok!(answer(id, 0, 0));
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_eq!(states(id), [ChallengeState::Answered { at: 1 }]);
		run_to(2 + RETENTION);
		assert_ok!(Marketplace::prune_order(signed(STRANGER), id));
		assert_eq!(Challenges::<Test>::iter().count(), 0);
	});
}
