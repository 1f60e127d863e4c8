//! Whatever anybody calls in whatever order: only fees and bonds move money, everything that was held
//! returns, and nobody but the device's TPM makes it trusted.

use crate::{mock::*, pallet::*, ChallengeOutcome, DeviceId, Trust};
use frame_support::{assert_ok, traits::fungible::Inspect};
use proptest::prelude::*;
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;

/// Both devices, and the TPM that each has.
const ALL: [(DeviceId, u64); 2] = [(DEVICE, TPM), (OTHER_DEVICE, OTHER_TPM)];

#[derive(Clone, Debug)]
enum Step {
	Register { who: AccountId, nth: usize },
	Endorse { who: AccountId, nth: usize },
	Accredit { revoke: bool },
	Quote { nth: usize, tpm: u64, age: u64, sound: bool },
	Challenge { who: AccountId, nth: usize },
	Settle { who: AccountId, nth: usize },
	Fund { who: AccountId, nth: usize, amount: u64 },
	Withdraw { who: AccountId, nth: usize, amount: u64 },
	Quarantine { nth: usize, release: bool },
	Retire { who: AccountId, nth: usize },
	RetireProfile,
	PublishProfile,
	Wait { blocks: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let who = || proptest::sample::select(vec![OWNER, OWNER, REGISTRAR, STRANGER]);
	let nth = || 0usize..2;
	let step = prop_oneof![
		3 => (who(), nth()).prop_map(|(who, nth)| Step::Register { who, nth }),
		3 => (who(), nth()).prop_map(|(who, nth)| Step::Endorse { who, nth }),
		2 => proptest::bool::weighted(0.3).prop_map(|revoke| Step::Accredit { revoke }),
		12 => (nth(), TPM..=OTHER_TPM, 0u64..25, any::<bool>())
			.prop_map(|(nth, tpm, age, sound)| Step::Quote { nth, tpm, age, sound }),
		6 => (who(), nth()).prop_map(|(who, nth)| Step::Challenge { who, nth }),
		3 => (who(), nth()).prop_map(|(who, nth)| Step::Settle { who, nth }),
		4 => (who(), nth(), 0u64..200)
			.prop_map(|(who, nth, amount)| Step::Fund { who, nth, amount }),
		2 => (who(), nth(), 0u64..200)
			.prop_map(|(who, nth, amount)| Step::Withdraw { who, nth, amount }),
		2 => (nth(), any::<bool>())
			.prop_map(|(nth, release)| Step::Quarantine { nth, release }),
		1 => (who(), nth()).prop_map(|(who, nth)| Step::Retire { who, nth }),
		1 => Just(Step::RetireProfile),
		1 => Just(Step::PublishProfile),
		6 => (1u64..12).prop_map(|blocks| Step::Wait { blocks }),
	];
	proptest::collection::vec(step, 1..120)
}

/// A quote by the TPM `tpm`, which may be another than the device's.
fn quote(nth: usize, tpm: u64, age: u64, sound: bool) -> Call<Test> {
	let (device, right) = ALL[nth];
	let signer = Evidence::of(device, right).signer;
	let evidence = Evidence::of(device, tpm).bound_to(now().saturating_sub(age));
	let change = |evidence: &mut Evidence| {
		// What a forger would write there.
		evidence.signer = signer;
		evidence.firmware += if sound { 0 } else { 9 };
	};
	evidence.but(change).call()
}

fn call(step: Step) -> Option<(RuntimeOrigin, Call<Test>)> {
	let device = |nth: usize| ALL[nth].0;
	let profile = Attestation::profile_id(&CITY, &reference_values());
	let root = RuntimeOrigin::root();
	Some(match step {
		Step::Register { who, nth } => {
			let (device, tpm) = ALL[nth];
			let attestation_key = attestation_key(tpm);
			(signed(who), Call::register_device { device, attestation_key, profile })
		},
		Step::Endorse { who, nth } => (signed(who), Call::endorse { device: device(nth), profile }),
		Step::Accredit { revoke: true } => (root, Call::revoke_registrar { registrar: REGISTRAR }),
		Step::Accredit { revoke: false } => {
			(root, Call::accredit_registrar { registrar: REGISTRAR })
		},
		Step::Quote { nth, tpm, age, sound } => {
			(RuntimeOrigin::none(), quote(nth, tpm, age, sound))
		},
		Step::Challenge { who, nth } => (signed(who), Call::challenge { device: device(nth) }),
		Step::Settle { who, nth } => (signed(who), Call::settle_challenge { device: device(nth) }),
		Step::Fund { who, nth, amount } => {
			(signed(who), Call::fund_quotes { device: device(nth), amount })
		},
		Step::Withdraw { who, nth, amount } => {
			(signed(who), Call::withdraw_quote_budget { device: device(nth), amount })
		},
		Step::Quarantine { nth, release: true } => (root, Call::release { device: device(nth) }),
		Step::Quarantine { nth, .. } => (root, Call::quarantine { device: device(nth) }),
		Step::Retire { who, nth } => (signed(who), Call::retire_device { device: device(nth) }),
		Step::RetireProfile => (signed(CITY), Call::retire_profile { profile }),
		Step::PublishProfile => {
			(signed(CITY), Call::publish_profile { profile: reference_values() })
		},
		Step::Wait { blocks } => {
			run_to(now() + blocks);
			return None;
		},
	})
}

/// What everybody should own, and which sound quotes there were.
struct Ledger {
	owned: BTreeMap<AccountId, u64>,
	affirmed: BTreeMap<DeviceId, u64>,
}

impl Ledger {
	fn new() -> Self {
		Self { owned: EVERYBODY.map(|who| (who, FUNDS)).into(), affirmed: BTreeMap::new() }
	}

	fn pay(&mut self, from: AccountId, to: AccountId, amount: u64) {
		*self.owned.get_mut(&from).unwrap() -= amount;
		*self.owned.get_mut(&to).unwrap() += amount;
	}

	/// Takes the step of which `parties`, owner and challenger, are those before.
	fn follow(&mut self, parties: &BTreeMap<DeviceId, (AccountId, Option<AccountId>)>) {
		for event in events() {
			match event {
				Event::QuoteAppraised { device, result, .. } => {
					self.pay(parties[&device].0, TREASURY, FEE);
					if result.tier == crate::TrustTier::Affirming {
						self.affirmed.insert(device, result.appraised_at);
					}
				},
				Event::ChallengeSettled { device, outcome: ChallengeOutcome::Answered, bond } => {
					let (owner, challenger) = parties[&device];
					self.pay(challenger.unwrap(), owner, bond);
				},
				_ => (),
			}
		}
		for (who, owned) in &self.owned {
			assert_eq!(Balances::total_balance(who), *owned, "of account {who}");
		}
		for (device, _) in ALL {
			if let Trust::Trusted { appraised_at, .. } = Attestation::trust(device) {
				assert_eq!(self.affirmed.get(&device), Some(&appraised_at));
			}
		}
	}
}

fn parties() -> BTreeMap<DeviceId, (AccountId, Option<AccountId>)> {
	let party = |(id, device): (_, crate::DeviceOf<Test>)| {
		(id, (device.owner, device.challenge.map(|challenge| challenge.challenger)))
	};
	Devices::<Test>::iter().map(party).collect()
}

/// Owners and publisher leave.
fn finish() {
	let owners: Vec<_> =
		Devices::<Test>::iter().map(|(device, stored)| (device, stored.owner)).collect();
	for (device, owner) in owners {
		assert_ok!(Attestation::retire_device(signed(owner), device));
	}
	let _ = Attestation::retire_profile(
		signed(CITY),
		Attestation::profile_id(&CITY, &reference_values()),
	);
	for who in EVERYBODY {
		let reasons =
			[HoldReason::StorageDeposit, HoldReason::QuoteBudget, HoldReason::ChallengeBond];
		assert_eq!(reasons.map(|reason| held(reason, who)), [0; 3], "of account {who}");
	}
}

proptest! {
	#![proptest_config(ProptestConfig {
		failure_persistence: None,
		cases: 64,
		..ProptestConfig::default()
	})]

	#[test]
	fn only_fees_and_bonds_move_money(steps in steps()) {
		build_and_execute(|| {
			run_to(2);
			profile();
			accredit();
			events();
			let mut ledger = Ledger::new();
			for step in steps {
				let before = parties();
				let is_forged =
					matches!(step, Step::Quote { nth, tpm, .. } if ALL[nth].1 != tpm);
				if let Some((origin, call)) = call(step) {
					// A refused call must change nothing, which the ledger shows.
					let result = RuntimeCall::from(call).dispatch(origin);
					assert!(!is_forged || result.is_err());
				}
				ledger.follow(&before);
				assert_ok!(Attestation::do_try_state());
			}
			let before = parties();
			finish();
			ledger.follow(&before);
		});
	}

	#[test]
	fn arbitrary_bytes_are_rejected(
		attest in proptest::collection::vec(any::<u8>(), 0..256),
		signature in proptest::collection::vec(any::<u8>(), 0..80),
		kept in 0usize..150,
	) {
		with_device(|_| {
			let evidence = Evidence::new();
			let real = evidence.attest();
			let begins_well = [&real[..kept.min(real.len())], &attest].concat();
			for attest in [attest, begins_well.into_iter().take(256).collect()] {
				let call = evidence.call_with(attest, signature.clone());
				assert!(validate(&call).is_err());
				assert!(dispatch_bare(call).is_err());
			}
		});
	}
}
