//! Whatever anybody calls in whatever order: only rewards move money, nobody gets more than the cap,
//! and everything that was held returns.

use crate::{mock::*, pallet::*};
use frame_support::{assert_ok, traits::fungible::Inspect};
use proptest::prelude::*;
use sp_core::H256;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
	Create { who: AccountId, salt: u8, rewards: u64 },
	Submit { who: AccountId, nth: usize, number: u8 },
	Decide { who: AccountId, contributor: AccountId, nth: usize, number: u8, accept: bool },
	Leave { who: AccountId, contributor: AccountId, nth: usize },
	Close { who: AccountId, nth: usize },
	Wait { blocks: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let who = || proptest::sample::select(EVERYBODY.to_vec());
	let nth = || 0usize..3;
	let number = || 0u8..2;
	let step = prop_oneof![
		2 => (who(), 0u8..3, 1u64..5)
			.prop_map(|(who, salt, rewards)| Step::Create { who, salt, rewards }),
		8 => (who(), nth(), number())
			.prop_map(|(who, nth, number)| Step::Submit { who, nth, number }),
		16 => (who(), who(), nth(), number(), proptest::bool::weighted(0.8)).prop_map(
			|(who, contributor, nth, number, accept)| Step::Decide {
				who, contributor, nth, number, accept,
			},
		),
		2 => (who(), who(), nth())
			.prop_map(|(who, contributor, nth)| Step::Leave { who, contributor, nth }),
		2 => (who(), nth()).prop_map(|(who, nth)| Step::Close { who, nth }),
		2 => (1u64..20).prop_map(|blocks| Step::Wait { blocks }),
	];
	proptest::collection::vec(step, 1..120)
}

fn nth_campaign(nth: usize) -> Option<H256> {
	let ids: Vec<_> = Campaigns::<Test>::iter_keys().collect();
	ids.get(nth % ids.len().max(1)).copied()
}

fn call(step: Step) -> Option<(AccountId, Call<Test>)> {
	Some(match step {
		Step::Create { who, salt, rewards } => {
			let (salt, budget) = (H256::repeat_byte(salt), rewards * REWARD + 1);
			let mut terms = terms();
			terms.ends_at = System::block_number() + 30;
			(who, Call::create_campaign { salt, terms, budget })
		},
		Step::Submit { who, nth, number } => {
			let campaign = nth_campaign(nth)?;
			(who, Call::submit { campaign, contribution: contribution(number) })
		},
		Step::Decide { who, contributor, nth, number, accept } => {
			let (campaign, contribution) = (nth_campaign(nth)?, contribution(number));
			let call = match accept {
				true => Call::accept { campaign, contributor, contribution },
				false => Call::reject { campaign, contributor, contribution },
			};
			(who, call)
		},
		Step::Leave { who, contributor, nth } => {
			(who, Call::leave { campaign: nth_campaign(nth)?, contributor })
		},
		Step::Close { who, nth } => (who, Call::close_campaign { campaign: nth_campaign(nth)? }),
		Step::Wait { blocks } => {
			run_to(System::block_number() + blocks);
			return None;
		},
	})
}

/// What everybody should own, and how often each was rewarded by each campaign.
struct Ledger(BTreeMap<AccountId, u64>);

impl Ledger {
	fn follow(&mut self, owners: &BTreeMap<H256, AccountId>) {
		for event in events() {
			if let Event::Accepted { campaign, contributor, reward, .. } = event {
				*self.0.get_mut(&owners[&campaign]).unwrap() -= reward;
				*self.0.get_mut(&contributor).unwrap() += reward;
			}
		}
		for (who, owned) in &self.0 {
			assert_eq!(Balances::total_balance(who), *owned, "of account {who}");
		}
	}
}

/// A stranger tidies up.
fn finish() {
	run_to(System::block_number() + LONGEST);
	for campaign in Campaigns::<Test>::iter_keys().collect::<Vec<_>>() {
		assert_ok!(Rewards::close_campaign(signed(STRANGER), campaign));
	}
	for (campaign, contributor) in Contributors::<Test>::iter_keys().collect::<Vec<_>>() {
		assert_ok!(Rewards::leave(signed(STRANGER), campaign, contributor));
	}
	for who in EVERYBODY {
		assert_eq!((budget_of(who), deposit_of(who)), (0, 0));
	}
}

proptest! {
	#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

	#[test]
	fn only_rewards_move_money(steps in steps()) {
		build_and_execute(|| {
			let mut ledger = Ledger(EVERYBODY.map(|who| (who, FUNDS)).into());
			let mut owners = BTreeMap::new();
			for step in steps {
				if let Some((who, call)) = call(step) {
					// A refused call must change nothing, which the ledger shows.
					let _ = dispatch(who, call);
				}
				owners.extend(Campaigns::<Test>::iter().map(|(id, open)| (id, open.owner)));
				ledger.follow(&owners);
				assert_ok!(Rewards::do_try_state());
			}
			finish();
			ledger.follow(&owners);
		});
	}
}
