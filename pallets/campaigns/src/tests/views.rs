use crate::{mock::*, pallet::*};
use frame_support::assert_ok;
use sp_core::H256;

#[test]
fn campaigns_come_in_pages() {
	build_and_execute(|| {
		let mut all: Vec<H256> = (0..3)
			.map(|salt| {
				let salt = H256::repeat_byte(salt);
				assert_ok!(Rewards::create_campaign(signed(CITY), salt, terms(), BUDGET));
				Rewards::campaign_id(&CITY, salt)
			})
			.collect();
		all.sort();
		let ids = |page: Vec<(H256, _)>| page.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
		assert_eq!(ids(Rewards::campaigns(None, 2)), all[..2]);
		assert_eq!(ids(Rewards::campaigns(Some(all[1]), 9)), all[2..]);
		assert_eq!(ids(Rewards::campaigns_by_owner(CITY, None, 2)), all[..2]);
		assert_eq!(ids(Rewards::campaigns_by_owner(CITY, Some(all[0]), 9)), all[1..]);
		assert!(Rewards::campaigns_by_owner(ALICE, None, 9).is_empty());
		assert_eq!(Rewards::campaign(all[0]), Campaigns::<Test>::get(all[0]));
		assert_eq!(Rewards::campaign(H256::zero()), None);
	});
}

#[test]
fn contributors_come_in_pages() {
	build_and_execute(|| {
		let id = campaign();
		for who in [ALICE, BOB] {
			assert_ok!(Rewards::submit(signed(who), id, contribution(1)));
		}
		let (first, details) = Rewards::contributors(id, None, 1).remove(0);
		assert_eq!(Rewards::contributor(id, first), Some(details));
		let rest = Rewards::contributors(id, Some(first), 9);
		assert_eq!(rest.len(), 1);
		assert_eq!(first + rest[0].0, ALICE + BOB);
		assert_eq!(Rewards::contributor(id, STRANGER), None);
	});
}

#[test]
fn a_page_has_at_most_a_hundred_items() {
	build_and_execute(|| {
		for salt in 0..101 {
			let salt = H256::repeat_byte(salt);
			assert_ok!(Rewards::create_campaign(signed(CITY), salt, terms(), BUDGET));
		}
		assert_eq!(Rewards::campaigns(None, u32::MAX).len(), 100);
		assert_eq!(Rewards::campaigns_by_owner(CITY, None, 101).len(), 100);
	});
}
