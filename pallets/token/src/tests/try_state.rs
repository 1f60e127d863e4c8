use crate::{mock::*, Allowance, Approval, Approvals, Config};
use frame_support::{
	assert_ok,
	traits::{fungible::Mutate, Consideration},
};

#[test]
fn too_large_a_supply_is_found() {
	ExtBuilder::default().build().execute_with(|| {
		assert_ok!(Balances::mint_into(&ALICE, MAXIMUM_SUPPLY));
		assert_eq!(
			Token::do_try_state(),
			Err("the total issuance exceeds the maximum supply".into())
		);
	});
}

#[test]
fn a_self_approval_is_found() {
	ExtBuilder::default().build().execute_with(|| {
		insert_approval(ALICE, ALICE, 1);
		assert_eq!(Token::do_try_state(), Err("an owner approved himself".into()));
	});
}

#[test]
fn a_spent_approval_is_found() {
	ExtBuilder::default().build().execute_with(|| {
		insert_approval(ALICE, BOB, 0);
		assert_eq!(Token::do_try_state(), Err("a spent approval was kept".into()));
	});
}

fn insert_approval(owner: AccountId, spender: AccountId, remaining: Balance) {
	let ticket = <Test as Config>::Consideration::new(&owner, Token::approval_footprint())
		.expect("the owner is endowed; qed");
	let allowance = Allowance { remaining, expires_at: 5 };
	Approvals::<Test>::insert(owner, spender, Approval { allowance, ticket });
}
