//! Devices over the real runtime: who decides, what quotes cost, and how they arrive.

use crate::common::{device::*, *};
use codec::Encode;
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo, traits::Get};
use msec_runtime::{
	configs::{RuntimeBlockWeights, TreasuryAccount},
	AccountId, Attestation, Balance, Executive, OriginCaller, Records, Runtime, RuntimeCall,
	RuntimeOrigin, System, TransactionPayment,
};
use pallet_attestation::{
	Attest, AttestSignature, Call, Config, Contraindication, Distrust, Error, PcrValues,
	QuoteRejection, Trust, WeightInfo,
};
use sp_core::H256;
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionSource},
	DispatchError::BadOrigin,
	Perbill,
};

const OWNER: u8 = 1;
const REGISTRAR: u8 = 2;
const STORE: u8 = 3;
const ANYBODY: u8 = 4;

/// Bytes of a signature and all else that a signed transaction has besides its call.
const AROUND_THE_CALL: u32 = 150;

fn members(agreeing: u32, all: u32) -> RuntimeOrigin {
	let council = pallet_collective::RawOrigin::<AccountId, _>::Members(agreeing, all);
	RuntimeOrigin::from(OriginCaller::Council(council))
}

/// Runs `test` with a device that may show its first quote.
fn with_device(test: impl FnOnce()) {
	with_accounts(ANYBODY, || {
		let store = account(STORE);
		let salt = H256::repeat_byte(OWNER);
		let endpoint = b"http://127.0.0.1:1".to_vec().try_into().unwrap();
		let register =
			pallet_records::Call::<Runtime>::register_store { endpoint, terms_hash: salt };
		assert_ok!(call(&store, register));
		let stores = vec![store].try_into().unwrap();
		let create =
			pallet_records::Call::<Runtime>::create_dataset { salt, stores, key_agent: None };
		assert_ok!(call(&account(OWNER), create));
		register_device();
		advance(60);
		test();
	});
}

fn register_device() {
	register(OWNER, REGISTRAR, Records::dataset_id(&account(OWNER), &H256::repeat_byte(OWNER)));
}

#[test]
fn cities_decide_together_about_registrars_and_quarantine() {
	with_device(|| {
		let city = || account(ANYBODY);
		let accredit = |origin| Attestation::accredit_registrar(origin, city());
		assert_noop!(accredit(RuntimeOrigin::signed(city())), BadOrigin);
		assert_noop!(accredit(members(3, 5)), BadOrigin);
		assert_ok!(accredit(members(2, 3)));
		assert_ok!(Attestation::revoke_registrar(members(2, 3), city()));

		assert_noop!(Attestation::quarantine(RuntimeOrigin::signed(city()), DEVICE), BadOrigin);
		assert_noop!(Attestation::quarantine(members(2, 5), DEVICE), BadOrigin);
		assert_ok!(Attestation::quarantine(members(1, 2), DEVICE));
		assert_ok!(Attestation::release(members(1, 2), DEVICE));
	});
}

#[test]
fn a_quote_arrives_without_a_signature_and_the_owner_pays() {
	with_device(|| {
		let (owner, treasury) =
			(total_balance(&account(OWNER)), total_balance(&TreasuryAccount::get()));
		let quote = bare(sound_quote());
		let (source, parent) = (TransactionSource::External, System::parent_hash());
		let number = System::block_number();
		let validity = Executive::validate_transaction(source, quote.clone(), parent).unwrap();
		assert!(validity.propagate);
		System::set_block_number(number);
		assert_eq!(Executive::apply_extrinsic(quote), Ok(Ok(())));
		assert!(matches!(Attestation::trust(DEVICE), Trust::Trusted { .. }));
		let fee: Balance = <Runtime as Config>::QuoteFee::get();
		assert_eq!(total_balance(&account(OWNER)), owner - fee);
		assert_eq!(total_balance(&TreasuryAccount::get()), treasury + fee);
	});
}

#[test]
fn what_is_not_acceptable_never_enters_a_block() {
	with_device(|| {
		let mut quote = sound_quote();
		if let Call::submit_quote { pcr_values, .. } = &mut quote {
			pcr_values[0] = H256::zero();
		}
		let rejection = QuoteRejection::OtherPcrValues as u8;
		let invalid = InvalidTransaction::Custom(rejection).into();
		assert_eq!(Executive::apply_extrinsic(bare(quote)), Err(invalid));
	});
}

#[test]
fn a_changed_register_ends_the_trust_in_the_block_of_its_quote() {
	with_device(|| {
		assert_eq!(Executive::apply_extrinsic(bare(sound_quote())), Ok(Ok(())));
		advance(10);
		assert_eq!(Executive::apply_extrinsic(bare(quote_with(H256::zero()))), Ok(Ok(())));
		let reason = Contraindication::PcrNotAllowed { index: 4 };
		let distrust = Distrust::Contraindicated(reason);
		assert_eq!(Attestation::trust(DEVICE), Trust::NotTrusted(distrust));
	});
}

#[test]
fn nobody_signs_a_quote() {
	with_device(|| {
		let quote = sound_quote();
		assert_noop!(call(&account(OWNER), quote), BadOrigin);
	});
}

fn longest_quote() -> RuntimeCall {
	let quote = Call::<Runtime>::submit_quote {
		device: DEVICE,
		block_number: 0,
		attest: Attest::truncate_from(vec![0; 256]),
		signature: AttestSignature::truncate_from(vec![0; 80]),
		pcr_values: PcrValues::truncate_from(vec![H256::zero(); 24]),
	};
	quote.into()
}

#[test]
fn a_quote_costs_no_less_than_a_signed_transaction() {
	with_accounts(1, || {
		let call = longest_quote();
		let length = call.encoded_size() as u32 + AROUND_THE_CALL;
		let fee = TransactionPayment::compute_fee(length, &call.get_dispatch_info(), 0);
		let quote_fee: Balance = <Runtime as Config>::QuoteFee::get();
		assert!(quote_fee >= fee, "a quote costs {quote_fee}, a signed transaction {fee}");
		let bond: Balance = <Runtime as Config>::ChallengeBond::get();
		assert!(bond > quote_fee, "a challenge costs its owner more than the challenger");
	});
}

#[test]
fn quotes_have_a_bounded_part_of_a_block() {
	let weight = <Runtime as Config>::WeightInfo::submit_quote();
	assert!(weight.ref_time() <= 3_000_000_000, "a quote takes {weight:?}");
	let quotes: u32 = <Runtime as Config>::MaxQuotesPerBlock::get();
	let all = weight.saturating_mul(quotes.into());
	let share = Perbill::from_percent(25) * RuntimeBlockWeights::get().max_block;
	assert!(all.all_lte(share), "the quotes of a block take {all:?} of {share:?}");
}

#[test]
fn a_silent_device_is_not_trusted_after_a_challenge() {
	with_device(|| {
		assert_eq!(Executive::apply_extrinsic(bare(sound_quote())), Ok(Ok(())));
		assert_ok!(call(&account(ANYBODY), Call::challenge { device: DEVICE }));
		let before = total_balance(&account(ANYBODY));
		advance(<Runtime as Config>::ChallengePeriod::get());
		assert!(matches!(Attestation::trust(DEVICE), Trust::Trusted { .. }));
		let settle = Call::<Runtime>::settle_challenge { device: DEVICE };
		assert_noop!(call(&account(ANYBODY), settle.clone()), Error::<Runtime>::TooEarly);
		advance(1);
		let silent = Trust::NotTrusted(Distrust::ChallengeUnanswered);
		assert_eq!(Attestation::trust(DEVICE), silent);
		assert_ok!(call(&account(ANYBODY), settle));
		assert_eq!(held(&account(ANYBODY)), 0);
		assert_eq!(total_balance(&account(ANYBODY)), before);
	});
}
