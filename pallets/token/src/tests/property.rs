use super::REFERENCE;
use crate::{mock::*, Approvals, BurnReason};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;

/// Something that somebody tries; whether it succeeds depends on the state.
#[derive(Clone, Debug)]
enum Attempt {
	SetMinter { who: AccountId, cap: Balance },
	RemoveMinter { who: AccountId },
	Mint { who: AccountId, dest: AccountId, amount: Balance },
	Burn { who: AccountId, amount: Balance },
	Approve { owner: AccountId, spender: AccountId, amount: Balance, lasts: BlockNumber },
	CancelApproval { owner: AccountId, spender: AccountId },
	RemoveExpired { owner: AccountId, spender: AccountId },
	TransferFrom { owner: AccountId, spender: AccountId, dest: AccountId, amount: Balance },
	Transfer { from: AccountId, to: AccountId, amount: Balance },
	NextBlock,
}

fn attempt() -> impl Strategy<Value = Attempt> {
	let who = || ALICE..=CAROL + 1;
	let amount = || prop_oneof![0..50u128, 0..2_000u128, 0..2 * MAXIMUM_SUPPLY];
	prop_oneof![
		(who(), amount()).prop_map(|(who, cap)| Attempt::SetMinter { who, cap }),
		who().prop_map(|who| Attempt::RemoveMinter { who }),
		(who(), who(), amount()).prop_map(|(who, dest, amount)| Attempt::Mint {
			who,
			dest,
			amount
		}),
		(who(), amount()).prop_map(|(who, amount)| Attempt::Burn { who, amount }),
		(who(), who(), amount(), 0..4u64).prop_map(|(owner, spender, amount, lasts)| {
			Attempt::Approve { owner, spender, amount, lasts }
		}),
		(who(), who()).prop_map(|(owner, spender)| Attempt::CancelApproval { owner, spender }),
		(who(), who()).prop_map(|(owner, spender)| Attempt::RemoveExpired { owner, spender }),
		(who(), who(), who(), amount()).prop_map(|(owner, spender, dest, amount)| {
			Attempt::TransferFrom { owner, spender, dest, amount }
		}),
		(who(), who(), amount()).prop_map(|(from, to, amount)| Attempt::Transfer {
			from,
			to,
			amount
		}),
		Just(Attempt::NextBlock),
	]
}

/// What must be true of the chain, reckoned from the successful attempts alone.
#[derive(Default)]
struct Ledger {
	minted: Balance,
	burned: Balance,
	/// Of each standing approval: what was approved and what was spent.
	approvals: BTreeMap<(AccountId, AccountId), (Balance, Balance)>,
}

impl Ledger {
	fn attempt(&mut self, attempt: Attempt) {
		let signed = RuntimeOrigin::signed;
		match attempt {
			Attempt::SetMinter { who, cap } => {
				Token::set_minter(RuntimeOrigin::root(), who, cap).expect("the council may; qed");
			},
			Attempt::RemoveMinter { who } => {
				let _ = Token::remove_minter(RuntimeOrigin::root(), who);
			},
			Attempt::Mint { who, dest, amount } => {
				if Token::mint(signed(who), dest, amount, REFERENCE).is_ok() {
					self.minted += amount;
				}
			},
			Attempt::Burn { who, amount } => {
				if Token::burn(signed(who), amount, BurnReason::Redemption).is_ok() {
					self.burned += amount;
				}
			},
			Attempt::Approve { owner, spender, amount, lasts } => {
				let expires_at = System::block_number() + lasts;
				if Token::approve(signed(owner), spender, amount, expires_at).is_ok() {
					self.approvals.insert((owner, spender), (amount, 0));
				}
			},
			Attempt::CancelApproval { owner, spender } => {
				if Token::cancel_approval(signed(owner), spender).is_ok() {
					self.approvals.remove(&(owner, spender));
				}
			},
			Attempt::RemoveExpired { owner, spender } => {
				if Token::remove_expired_approval(signed(ALICE), owner, spender).is_ok() {
					self.approvals.remove(&(owner, spender));
				}
			},
			Attempt::TransferFrom { owner, spender, dest, amount } => {
				if Token::transfer_from(signed(spender), owner, dest, amount, REFERENCE).is_ok() {
					self.spend(owner, spender, amount);
				}
			},
			Attempt::Transfer { from, to, amount } => {
				let _ = Token::transfer_with_reference(signed(from), to, amount, REFERENCE);
			},
			Attempt::NextBlock => System::set_block_number(System::block_number() + 1),
		}
	}

	fn spend(&mut self, owner: AccountId, spender: AccountId, amount: Balance) {
		let (approved, spent) =
			self.approvals.get_mut(&(owner, spender)).expect("a spender was approved");
		*spent += amount;
		assert!(*spent <= *approved, "the allowance was overspent");
		if spent == approved {
			self.approvals.remove(&(owner, spender));
		}
	}

	fn check(&self) {
		let issuance = 3 * ENDOWMENT + self.minted - self.burned - dust_lost();
		assert_eq!(Balances::total_issuance(), issuance);
		assert!(issuance <= MAXIMUM_SUPPLY);

		let standing: BTreeMap<_, _> = Approvals::<Test>::iter()
			.map(|(owner, spender, approval)| ((owner, spender), approval.allowance.remaining))
			.collect();
		let expected: BTreeMap<_, _> = self
			.approvals
			.iter()
			.map(|(key, (approved, spent))| (*key, approved - spent))
			.collect();
		assert_eq!(standing, expected);

		for who in ALICE..=CAROL + 1 {
			let approvals = self.approvals.keys().filter(|(owner, _)| *owner == who).count();
			assert_eq!(deposit_of(who), approvals as Balance * APPROVAL_DEPOSIT);
		}
		Token::do_try_state().expect("the state stays sound; qed");
	}
}

/// What accounts lost by being closed, since the beginning.
fn dust_lost() -> Balance {
	System::read_events_for_pallet::<pallet_balances::Event<Test>>()
		.into_iter()
		.map(|event| match event {
			pallet_balances::Event::DustLost { amount, .. } => amount,
			_ => 0,
		})
		.sum()
}

proptest! {
	#[test]
	fn supply_and_allowances_hold_for_any_sequence(attempts in vec(attempt(), 1..80)) {
		ExtBuilder::default().with_minter(ALICE, MAXIMUM_SUPPLY).build_and_execute(|| {
			let mut ledger = Ledger::default();
			for attempt in attempts {
				ledger.attempt(attempt);
				ledger.check();
			}
		});
	}
}
