use crate::{mock::*, pallet::*, AttestationResult, LastQuote, QuoteRejection, Trust, TrustTier};
use frame_support::{assert_noop, assert_ok, traits::Hooks};
use msec_evidence::{software_tpm::ATTESTATION_KEY_ATTRIBUTES, PcrSelection};
use sp_core::H256;
use sp_runtime::{
	traits::BadOrigin,
	transaction_validity::{InvalidTransaction, ValidTransaction},
};

#[test]
fn a_sound_quote_makes_a_device_trusted() {
	with_device(|_| {
		run_to(3);
		assert_ok!(Evidence::new().submit());
		let result = AttestationResult {
			tier: TrustTier::Affirming,
			appraised_at: 3,
			valid_until: 3 + VALIDITY,
		};
		let appraised = Event::QuoteAppraised { device: DEVICE, block_number: 2, result };
		assert_eq!(events(), [appraised]);
		let stored = Attestation::device(DEVICE).unwrap();
		assert_eq!(stored.result, Some(result));
		let pcr_digest = Evidence::new().quote().pcr_digest.into();
		let last = LastQuote { block_number: 2, accepted_at: 3, pcr_digest };
		assert_eq!(stored.last_quote, Some(last));
		assert_eq!(trust(), Trust::Trusted { appraised_at: 3, valid_until: 3 + VALIDITY });
	});
}

#[test]
fn the_owner_pays_for_it() {
	with_device(|_| {
		assert_ok!(Evidence::new().submit());
		assert_eq!(Attestation::device(DEVICE).unwrap().quote_budget, BUDGET - FEE);
		assert_eq!(held(HoldReason::QuoteBudget, OWNER), BUDGET - FEE);
		assert_eq!(free(TREASURY), FUNDS + FEE);
	});
}

#[test]
fn a_pool_keeps_one_quote_of_each_device() {
	with_device(|_| {
		run_to(10);
		let validity = validate(&Evidence::new().bound_to(7).call());
		let expected = ValidTransaction::with_tag_prefix("Attestation")
			.priority(PRIORITY + 7)
			.longevity(7 + MAX_AGE - 10)
			.and_provides(DEVICE)
			.propagate(true)
			.build();
		assert_eq!(validity, expected);
		let later = validate(&Evidence::new().call()).unwrap();
		assert!(later.priority > validity.unwrap().priority);
	});
}

#[test]
fn nothing_else_comes_without_a_signature() {
	with_device(|_| {
		let call = Call::challenge { device: DEVICE };
		assert_eq!(validate(&call), Err(InvalidTransaction::Call.into()));
		assert_eq!(pre_dispatch(&call), Err(InvalidTransaction::Call.into()));
		assert_noop!(dispatch_bare(call), BadOrigin);
		let Call::submit_quote { device, block_number, attest, signature, pcr_values } =
			Evidence::new().call()
		else {
			unreachable!("the call is this one");
		};
		assert_noop!(
			Attestation::submit_quote(
				signed(OWNER),
				device,
				block_number,
				attest,
				signature,
				pcr_values
			),
			BadOrigin
		);
	});
}

#[test]
fn unknown_devices_are_rejected() {
	with_device(|_| {
		let call = Evidence::of(OTHER_DEVICE, TPM).call();
		assert_rejected(call, QuoteRejection::NotFound);
		assert_ok!(Attestation::retire_device(signed(OWNER), DEVICE));
		assert_rejected(Evidence::new().call(), QuoteRejection::NotFound);
	});
}

#[test]
fn only_devices_that_a_registrar_endorses_show_quotes() {
	with_device(|profile| {
		register(OTHER_DEVICE, OTHER_TPM, profile);
		fund(OTHER_DEVICE);
		let other = Evidence::of(OTHER_DEVICE, OTHER_TPM).call();
		assert_rejected(other, QuoteRejection::NotEndorsed);
		assert_ok!(Attestation::revoke_registrar(RuntimeOrigin::root(), REGISTRAR));
		assert_rejected(Evidence::new().call(), QuoteRejection::NotEndorsed);
	});
}

#[test]
fn there_is_a_shortest_time_between_quotes() {
	with_device(|_| {
		run_to(2);
		assert_ok!(Evidence::new().submit());
		assert_rejected(Evidence::new().call(), QuoteRejection::QuoteTooEarly);
		run_to(2 + INTERVAL - 1);
		assert_rejected(Evidence::new().call(), QuoteRejection::QuoteTooEarly);
		run_to(2 + INTERVAL);
		assert_ok!(Evidence::new().submit());
	});
}

#[test]
fn a_quote_needs_a_budget() {
	with_device(|_| {
		let rest = BUDGET - FEE + 1;
		assert_ok!(Attestation::withdraw_quote_budget(signed(OWNER), DEVICE, rest));
		assert_rejected(Evidence::new().call(), QuoteRejection::QuoteBudgetExhausted);
		assert_ok!(Attestation::fund_quotes(signed(OWNER), DEVICE, 1));
		assert_ok!(Evidence::new().submit());
		assert_eq!(held(HoldReason::QuoteBudget, OWNER), 0);
	});
}

#[test]
fn the_block_is_a_recent_one() {
	with_device(|_| {
		run_to(MAX_AGE + 5);
		for block in [now(), now() + 1, u64::MAX] {
			let evidence = Evidence::new().bound_to(block);
			assert_rejected(evidence.call(), QuoteRejection::BlockInFuture);
		}
		for block in [0, 4] {
			let evidence = Evidence::new().bound_to(block);
			assert_rejected(evidence.call(), QuoteRejection::QuoteTooOld);
		}
		assert_ok!(Evidence::new().bound_to(5).submit());
	});
}

#[test]
fn a_quote_counts_once() {
	with_device(|_| {
		run_to(3);
		let (first, held_back) = (Evidence::new(), Evidence::new().bound_to(1));
		assert_ok!(first.submit());
		run_to(3 + INTERVAL);
		assert_rejected(first.call(), QuoteRejection::QuoteReplayed);
		assert_rejected(held_back.call(), QuoteRejection::QuoteReplayed);
		let next = Evidence::new().bound_to(3);
		assert_ok!(next.submit());
	});
}

#[test]
fn bytes_that_are_no_quote_are_rejected() {
	with_device(|_| {
		let evidence = Evidence::new();
		let changed = |change: &dyn Fn(&mut Vec<u8>)| {
			let mut attest = evidence.attest();
			change(&mut attest);
			evidence.call_with(attest, evidence.signature())
		};
		for length in 0..evidence.attest().len() {
			let rejection = QuoteRejection::QuoteMalformed;
			assert_rejected(changed(&|attest| attest.truncate(length)), rejection);
		}
		let longer = changed(&|attest| attest.push(0));
		assert_rejected(longer, QuoteRejection::QuoteMalformed);
		let of_software = changed(&|attest| attest[0] = 0);
		assert_rejected(of_software, QuoteRejection::NotTpmGenerated);
		let certificate = changed(&|attest| attest[5] = 0x17);
		assert_rejected(certificate, QuoteRejection::NotQuote);
		let of_sha1 = changed(&|attest| attest[106] = 4);
		assert_rejected(of_sha1, QuoteRejection::OtherBank);
	});
}

#[test]
fn a_quote_is_bound_to_device_block_and_chain() {
	with_device(|profile| {
		run_to(3);
		let rejection = QuoteRejection::OtherQualifyingData;
		let other_chain = Evidence::new().but(|evidence| evidence.genesis = H256::zero());
		assert_rejected(other_chain.call(), rejection);
		let other_fork = Evidence::new().but(|evidence| evidence.block_hash = H256::zero());
		assert_rejected(other_fork.call(), rejection);
		let other_block = Evidence::new().but(|evidence| evidence.block_number = 1);
		assert_rejected(other_block.call(), rejection);

		register(OTHER_DEVICE, OTHER_TPM, profile);
		endorse(OTHER_DEVICE, profile);
		fund(OTHER_DEVICE);
		let theirs = Evidence::of(OTHER_DEVICE, OTHER_TPM);
		let mut as_own = Evidence::new().call_with(theirs.attest(), theirs.signature());
		assert_rejected(as_own.clone(), rejection);
		if let Call::submit_quote { device, .. } = &mut as_own {
			*device = OTHER_DEVICE;
		}
		assert_ok!(dispatch_bare(as_own));
	});
}

#[test]
fn a_quote_is_of_the_registers_of_the_profile() {
	with_device(|_| {
		for indices in [vec![0], vec![0, 7], vec![0, 7, 8], vec![]] {
			let evidence = Evidence::new().but(|evidence| {
				evidence.selection = PcrSelection::of(indices).unwrap();
			});
			assert_rejected(evidence.call(), QuoteRejection::OtherSelection);
		}
	});
}

#[test]
fn the_signer_is_the_registered_key_in_the_endorsement_hierarchy() {
	with_device(|_| {
		let name = |tpm, attributes| {
			let key = msec_evidence::software_tpm::SoftwareTpm::new(tpm).public_area(attributes);
			msec_evidence::AttestationKey::parse(&key).unwrap()
		};
		let own = name(TPM, ATTESTATION_KEY_ATTRIBUTES);
		let with_other_attributes = name(TPM, ATTESTATION_KEY_ATTRIBUTES | 1 << 3);
		let of_other_tpm = name(OTHER_TPM, ATTESTATION_KEY_ATTRIBUTES);
		for signer in [
			own.name(),
			with_other_attributes.qualified_name_in_endorsement_hierarchy(),
			of_other_tpm.qualified_name_in_endorsement_hierarchy(),
		] {
			let evidence = Evidence::new().but(|evidence| evidence.signer = signer.to_vec());
			assert_rejected(evidence.call(), QuoteRejection::OtherSigner);
		}
	});
}

#[test]
fn the_values_are_those_that_were_quoted() {
	with_device(|_| {
		let sound = Evidence::new();
		for values in [
			vec![BOOT, RENEWED_KERNEL],
			vec![KERNEL, BOOT],
			vec![BOOT],
			vec![BOOT, KERNEL, KERNEL],
			vec![],
		] {
			let call = sound.clone().but(|evidence| evidence.pcr_values = values);
			let call = call.call_with(sound.attest(), sound.signature());
			assert_rejected(call, QuoteRejection::OtherPcrValues);
		}
	});
}

#[test]
fn only_the_attestation_key_signs() {
	with_device(|_| {
		let evidence = Evidence::new();
		let by_other_tpm = evidence.clone().but(|evidence| evidence.tpm = OTHER_TPM);
		assert_rejected(by_other_tpm.call(), QuoteRejection::SignatureInvalid);
		let mut signatures = vec![vec![], vec![0; 80], [evidence.signature(), vec![0]].concat()];
		signatures.extend((0..72).map(|length| evidence.signature()[..length].to_vec()));
		for byte in 0..72 {
			let mut changed = evidence.signature();
			changed[byte] ^= 0x10;
			signatures.push(changed);
		}
		for signature in signatures {
			let call = evidence.call_with(evidence.attest(), signature);
			assert_rejected(call, QuoteRejection::SignatureInvalid);
		}
	});
}

#[test]
fn what_a_quote_says_cannot_be_changed() {
	with_device(|_| {
		let honest = Evidence::new();
		let liar = honest.clone().but(|evidence| evidence.firmware += 1);
		let call = honest.call_with(liar.attest(), honest.signature());
		assert_rejected(call, QuoteRejection::SignatureInvalid);
	});
}

#[test]
fn a_block_takes_so_many_quotes() {
	with_device(|profile| {
		let third = H256::repeat_byte(3);
		for (device, tpm) in [(OTHER_DEVICE, OTHER_TPM), (third, 3)] {
			register(device, tpm, profile);
			endorse(device, profile);
			fund(device);
		}
		assert_ok!(Evidence::new().submit());
		assert_eq!(pre_dispatch(&Evidence::of(third, 3).call()), Ok(()));
		assert_ok!(Evidence::of(OTHER_DEVICE, OTHER_TPM).submit());
		let call = Evidence::of(third, 3).call();
		let exhausted = InvalidTransaction::ExhaustsResources.into();
		assert_eq!(pre_dispatch(&call), Err(exhausted));
		assert_noop!(dispatch_bare(call), Error::<Test>::MaxQuotesExceeded);
		assert_eq!(QuotesInBlock::<Test>::get(), (1, PER_BLOCK));
		run_to(2);
		assert_ok!(Evidence::of(third, 3).submit());
		assert_eq!(QuotesInBlock::<Test>::get(), (2, 1));
	});
}

#[test]
fn each_rejection_has_a_number_of_its_own() {
	build_and_execute(|| {
		use QuoteRejection::*;
		let all = [
			NotFound,
			QuoteTooEarly,
			QuoteBudgetExhausted,
			BlockInFuture,
			QuoteTooOld,
			QuoteReplayed,
			QuoteMalformed,
			NotTpmGenerated,
			NotQuote,
			OtherBank,
			OtherQualifyingData,
			OtherSelection,
			OtherSigner,
			OtherPcrValues,
			SignatureInvalid,
			NotEndorsed,
		];
		assert!(all.iter().map(|rejection| *rejection as u8).eq(1..=16));
	});
}

#[test]
fn devices_learn_what_a_quote_needs() {
	build_and_execute(|| {
		let context = Attestation::quote_context();
		assert_eq!((context.genesis_hash, context.quote_fee), (GENESIS, FEE));
		assert_eq!((context.max_quote_age, context.min_quote_interval), (MAX_AGE, INTERVAL));
	});
}

#[test]
fn the_configuration_is_sound() {
	build_and_execute(<Attestation as Hooks<u64>>::integrity_test);
}
