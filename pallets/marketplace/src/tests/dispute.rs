use crate::{mock::*, pallet::*, Envelope, OrderState, RefundReason};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use msec_commitments::{sha256, ChunkProof, KeyTree};
use sp_core::H256;

fn wrong_tree() -> KeyTree {
	KeyTree::from_seed([8; 32])
}

/// An order whose envelope holds the keys of `batches` batches of `tree`.
fn delivered_with(tree: &KeyTree, batches: u32) -> H256 {
	let id = open_order();
	deliver(id, envelope(id, tree, batches));
	id
}

fn assert_refunded(id: H256, reason: RefundReason) {
	let at = System::block_number();
	assert_eq!(order(id).state, OrderState::Refunded { at, reason });
	assert_eq!(order(id).access_until, at);
	assert_eq!((payment_of(BUYER), deposit_of(BUYER)), (0, ORDER_DEPOSIT));
	assert_eq!(free(BUYER), FUNDS - ORDER_DEPOSIT);
	assert_eq!((free(OWNER), free(TREASURY)), (FUNDS - LISTING_DEPOSIT, 0));
	assert!(OpenAccess::get().is_empty());
	assert_eq!(events(), [Event::Refunded { order: id, payer: BUYER, amount: PRICE, reason }]);
}

#[test]
fn keys_that_were_not_committed_to_are_refunded() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_with(&wrong_tree(), 3);
		events();
		run_to(1 + CONFIRMATION);
		let proof = Some(Data::honest().proof(1, 0));
		let outcome = Marketplace::dispute_key(signed(BUYER), id, SECRET, proof).unwrap();
		assert_eq!(outcome.pays_fee, Pays::No);
		assert_refunded(id, RefundReason::WrongKey);
	});
}

#[test]
fn an_envelope_with_too_few_keys_is_wrong_by_itself() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_with(&Data::honest().tree, 2);
		events();
		assert_ok!(Marketplace::dispute_key(signed(BUYER), id, SECRET, None));
		assert_refunded(id, RefundReason::WrongKey);
	});
}

#[test]
fn an_envelope_that_does_not_open_is_wrong_by_itself() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		let mut sealed = envelope(id, &Data::honest().tree, 3);
		*sealed.last_mut().unwrap() ^= 1;
		deliver(id, sealed);
		events();
		assert_ok!(Marketplace::dispute_key(signed(BUYER), id, SECRET, None));
		assert_refunded(id, RefundReason::WrongKey);
	});
}

#[test]
fn an_envelope_of_another_order_does_not_serve() {
	ExtBuilder::default().build_and_execute(|| {
		let first = delivered_order();
		let listing = order(first).listing;
		let (hash, friend) = (terms().hash(), Some(FRIEND));
		assert_ok!(Marketplace::buy(signed(BUYER), listing, hash, PRICE, friend, buyer_key()));
		let second = Marketplace::order_id(&listing, &FRIEND, &buyer_key());
		deliver(second, Envelopes::<Test>::get(first).unwrap());
		assert_ok!(Marketplace::dispute_key(signed(FRIEND), second, SECRET, None));
		assert_eq!(payment_of(BUYER), PRICE);
	});
}

#[test]
fn a_correct_delivery_cannot_be_disputed() {
	ExtBuilder::default().build_and_execute(|| {
		let data = Data::honest();
		let id = delivered_order();
		let dispute_key =
			|secret, proof| Marketplace::dispute_key(signed(BUYER), id, secret, proof);
		assert_noop!(dispute_key([1; 32], None), Error::<Test>::OtherKey);
		assert_noop!(dispute_key(SECRET, None), Error::<Test>::ProofMissing);
		let moved = ChunkProof { batch: 1, ..data.proof(2, 1) };
		assert_noop!(dispute_key(SECRET, Some(moved)), Error::<Test>::ProofInvalid);
		for (batch, chunk) in [(0, 0), (1, 1), (2, 1)] {
			let proof = Some(data.proof(batch, chunk));
			assert_noop!(dispute_key(SECRET, proof), Error::<Test>::KeyIsCorrect);
		}
		let dispute_data = || {
			let (proof, key) = (data.proof(2, 1), data.chunk_key(2, 1));
			Marketplace::dispute_data(signed(BUYER), id, proof, key, data.ciphertext(2, 1))
		};
		assert_noop!(dispute_data(), Error::<Test>::DataIsCorrect);
		assert_eq!(payment_of(BUYER), PRICE);
	});
}

#[test]
fn data_that_differs_from_its_commitment_is_refunded() {
	let undecryptable = sha256(&[&[0; 20]]);
	let other_plaintext = Data::spoiled(|commitment| commitment.plaintext = [0; 32]);
	let other_ciphertext = Data::spoiled(|commitment| commitment.ciphertext = undecryptable);
	let garbage = bytes(&[0; 20]);
	let readings = other_plaintext.ciphertext(2, 1);
	for (data, ciphertext) in [(other_plaintext, readings), (other_ciphertext, garbage)] {
		ExtBuilder::default()
			.with_dataset(DATASET, Dataset::of(OWNER, data.range))
			.build_and_execute(|| {
				let id = delivered_order();
				events();
				run_to(1 + CONFIRMATION);
				let (proof, key) = (data.proof(2, 1), data.chunk_key(2, 1));
				let outcome =
					Marketplace::dispute_data(signed(BUYER), id, proof, key, ciphertext).unwrap();
				assert_eq!(outcome.pays_fee, Pays::No);
				assert_refunded(id, RefundReason::WrongData);
			});
	}
}

#[test]
fn a_dispute_over_data_must_show_what_was_committed_to() {
	let data = Data::spoiled(|commitment| commitment.plaintext = [0; 32]);
	ExtBuilder::default().with_dataset(DATASET, Dataset::of(OWNER, data.range)).build_and_execute(
		|| {
			let id = delivered_order();
			let (key, ciphertext) = (data.chunk_key(2, 1), data.ciphertext(2, 1));
			let dispute = |proof, key, ciphertext| {
				Marketplace::dispute_data(signed(BUYER), id, proof, key, ciphertext)
			};
			let foreign = Data::honest().proof(2, 1);
			assert_noop!(dispute(foreign, key, ciphertext.clone()), Error::<Test>::ProofInvalid);
			assert_noop!(
				dispute(data.proof(2, 1), data.chunk_key(2, 0), ciphertext.clone()),
				Error::<Test>::OtherKey
			);
			let mut altered = ciphertext.clone();
			altered[0] ^= 1;
			assert_noop!(dispute(data.proof(2, 1), key, altered), Error::<Test>::OtherCiphertext);
			let (sound, its_ciphertext) = (data.proof(0, 0), data.ciphertext(0, 0));
			assert_noop!(
				dispute(sound, data.chunk_key(0, 0), its_ciphertext),
				Error::<Test>::DataIsCorrect
			);
		},
	);
}

#[test]
fn batches_that_were_appended_later_are_not_in_dispute() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_with(&wrong_tree(), 3);
		let later = Data::spoiled(|commitment| commitment.plaintext = [0; 32]);
		change_dataset(DATASET, |dataset| dataset.range = later.range);
		assert_noop!(
			Marketplace::dispute_key(signed(BUYER), id, SECRET, Some(later.proof(2, 0))),
			Error::<Test>::ProofInvalid
		);
		let proof = Some(Data::honest().proof(2, 0));
		assert_ok!(Marketplace::dispute_key(signed(BUYER), id, SECRET, proof));
	});
}

/// Both disputes over `id`, with grounds that are good for a wrong tree and spoiled data.
fn disputes(who: AccountId, id: H256) -> [sp_runtime::DispatchResult; 2] {
	let data = Data::honest();
	let (proof, key) = (data.proof(2, 1), data.chunk_key(2, 1));
	[
		dispatch(who, Call::dispute_key { order: id, secret: SECRET, proof: Some(proof.clone()) }),
		dispatch(
			who,
			Call::dispute_data {
				order: id,
				proof,
				chunk_key: key,
				ciphertext: data.ciphertext(2, 1),
			},
		),
	]
}

#[test]
fn only_the_beneficiary_disputes_what_was_delivered() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		assert_eq!(disputes(BUYER, id), [Err(Error::<Test>::NotDelivered.into()); 2]);
		deliver(id, envelope(id, &wrong_tree(), 3));
		assert_eq!(disputes(STRANGER, id), [Err(Error::<Test>::NotAuthorized.into()); 2]);
		assert_eq!(disputes(BUYER, H256::zero()), [Err(Error::<Test>::NotFound.into()); 2]);
	});
}

#[test]
fn nothing_is_disputed_after_the_time_or_the_end() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_with(&wrong_tree(), 3);
		run_to(2 + CONFIRMATION);
		assert_eq!(disputes(BUYER, id), [Err(Error::<Test>::TooLate.into()); 2]);
		assert_ok!(Marketplace::settle(signed(STRANGER), id));
		assert_eq!(disputes(BUYER, id), [Err(Error::<Test>::NotDelivered.into()); 2]);
	});
}

#[test]
fn a_refund_happens_once() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_with(&wrong_tree(), 3);
		let [first, second] = disputes(BUYER, id);
		assert_ok!(first);
		assert_eq!(second, Err(Error::<Test>::NotDelivered.into()));
		assert_noop!(Marketplace::confirm(signed(BUYER), id), Error::<Test>::NotDelivered);
		assert_noop!(Marketplace::settle(signed(OWNER), id), Error::<Test>::NotDelivered);
	});
}

#[test]
fn the_longest_envelope_is_judged() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		let mut longest = vec![0xff; 1_280];
		longest[0] = 1;
		deliver(id, Envelope::try_from(longest).unwrap());
		assert_ok!(Marketplace::dispute_key(signed(BUYER), id, SECRET, None));
	});
}
