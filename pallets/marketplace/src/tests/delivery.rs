use crate::{mock::*, pallet::*, Envelope, OrderState};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use msec_commitments::{envelope::open_order as open_envelope, EnvelopeSecret};
use sp_core::H256;

#[test]
fn a_delivery_is_kept_announced_and_free() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		events();
		run_to(5);
		let sealed = envelope(id, &Data::honest().tree, 3);
		let outcome = Marketplace::deliver(signed(AGENT), id, sealed.clone()).unwrap();
		assert_eq!(outcome.pays_fee, Pays::No);
		let settle_after = 5 + CONFIRMATION;
		assert_eq!(order(id).state, OrderState::Delivered { settle_after });
		assert!(!AwaitingDelivery::<Test>::contains_key(DATASET, id));
		assert_eq!(Envelopes::<Test>::get(id), Some(sealed.clone()));
		assert_eq!(payment_of(BUYER), PRICE);
		assert_eq!(events(), [Event::Delivered { order: id, envelope: sealed, settle_after }]);
	});
}

#[test]
fn the_buyer_opens_what_was_delivered() {
	ExtBuilder::default().build_and_execute(|| {
		let data = Data::honest();
		let id = delivered_order();
		let context = Marketplace::order_context(id, &order(id));
		let secret = EnvelopeSecret::from_bytes(SECRET);
		let sealed = Envelopes::<Test>::get(id).unwrap();
		let cover = open_envelope(&sealed, &secret, &context).unwrap_or_else(|_| panic!("opens"));
		let (commitment, ciphertext) = &data.chunks[2][1];
		let key = cover.batch_key(2).unwrap().chunk_key(1);
		assert_eq!(key.open(commitment, ciphertext), Ok(b"21.3".to_vec()));
	});
}

#[test]
fn nothing_is_delivered_to_whom_is_excluded() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		let sealed = envelope(id, &Data::honest().tree, 3);
		set_denied(DATASET, BUYER, true);
		let refused = Marketplace::deliver(signed(AGENT), id, sealed.clone()).unwrap_err();
		assert_eq!(refused.error, Error::<Test>::Withdrawn.into());
		assert_eq!(Envelopes::<Test>::get(id), None);
		set_denied(DATASET, BUYER, false);
		deliver(id, sealed);
	});
}

#[test]
fn the_seller_may_deliver_too() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		let sealed = envelope(id, &Data::honest().tree, 3);
		change_dataset(DATASET, |dataset| dataset.key_agent = None);
		assert_noop!(
			Marketplace::deliver(signed(AGENT), id, sealed.clone()),
			Error::<Test>::NotAuthorized
		);
		assert_ok!(Marketplace::deliver(signed(OWNER), id, sealed));
	});
}

#[test]
fn nobody_else_delivers() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		let sealed = envelope(id, &Data::honest().tree, 3);
		for stranger in [STRANGER, BUYER] {
			assert_noop!(
				Marketplace::deliver(signed(stranger), id, sealed.clone()),
				Error::<Test>::NotAuthorized
			);
		}
		assert_noop!(
			Marketplace::deliver(signed(OWNER), H256::zero(), sealed),
			Error::<Test>::NotFound
		);
	});
}

#[test]
fn a_delivery_is_accepted_once() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		let again = envelope(id, &Data::honest().tree, 3);
		assert_noop!(
			Marketplace::deliver(signed(AGENT), id, again),
			Error::<Test>::NotAwaitingDelivery
		);
	});
}

#[test]
fn a_delivery_may_come_in_the_last_block_but_not_later() {
	for (block, in_time) in [(1 + DELIVERY, true), (2 + DELIVERY, false)] {
		ExtBuilder::default().build_and_execute(|| {
			let id = open_order();
			let sealed = envelope(id, &Data::honest().tree, 3);
			run_to(block);
			if in_time {
				assert_ok!(Marketplace::deliver(signed(AGENT), id, sealed));
			} else {
				assert_noop!(
					Marketplace::deliver(signed(AGENT), id, sealed),
					Error::<Test>::TooLate
				);
			}
		});
	}
}

#[test]
fn nothing_is_delivered_from_an_erased_data_set() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		let sealed = envelope(id, &Data::honest().tree, 3);
		erase(DATASET);
		assert_noop!(Marketplace::deliver(signed(OWNER), id, sealed), Error::<Test>::Erased);
	});
}

#[test]
fn suite_and_length_are_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		let sealed = envelope(id, &Data::honest().tree, 3);
		let mut other_suite = sealed.clone();
		other_suite[0] = 0;
		let short: Envelope = bytes(&sealed[..48]);
		for malformed in [other_suite, short, Envelope::default()] {
			assert_noop!(
				Marketplace::deliver(signed(AGENT), id, malformed),
				Error::<Test>::InvalidEnvelope
			);
		}
	});
}
