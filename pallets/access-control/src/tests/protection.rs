use super::*;
use crate::{DeclaredRegions, Error, Event, Protections, StoreRegions};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::{DatasetId, LegalBasis, OrderAccess, OrderId, Region};
use sp_core::H256;
use sp_runtime::{DispatchError, TokenError};

const ORDER: OrderId = OrderId::repeat_byte(5);
const EU: Region = Region(*b"EU");
const JP: Region = Region(*b"JP");
const US: Region = Region(*b"US");
const SAFEGUARDS: H256 = H256::repeat_byte(9);

fn protect_as(
	who: AccountId,
	resource: DatasetId,
	regions: &[Region],
	safeguards: Option<H256>,
) -> DispatchResult {
	let regions = StoreRegions::truncate_from(regions.to_vec());
	let origin = RuntimeOrigin::signed(who);
	AccessControl::set_protection(origin, resource, LegalBasis::PublicTask, regions, safeguards)
}

fn protect(regions: &[Region], safeguards: Option<H256>) -> DispatchResult {
	protect_as(OWNER, AIR, regions, safeguards)
}

fn declare(who: AccountId, region: Option<Region>) -> DispatchResult {
	AccessControl::declare_region(RuntimeOrigin::signed(who), region)
}

fn set_adequacy(from: Region, to: Region, is_adequate: bool) -> DispatchResult {
	AccessControl::set_adequacy(RuntimeOrigin::root(), from, to, is_adequate)
}

#[test]
fn a_grant_across_regions_without_a_basis_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(protect(&[EU], None));
		for (subject, region) in [(ALICE, EU), (BOB, JP), (CAROL, US)] {
			assert_noop!(give(OWNER, subject, &[Action::Read], 0), Error::<Test>::NoTransferBasis);
			assert_ok!(declare(subject, Some(region)));
		}
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		assert_ok!(give(OWNER, BOB, &[Action::Read, Action::Subscribe], 0));
		for actions in [[Action::Read], [Action::Subscribe]] {
			assert_noop!(give(OWNER, CAROL, &actions, 0), Error::<Test>::NoTransferBasis);
		}
		// Metadata is no personal data, and a writer brings some.
		assert_ok!(give(OWNER, CAROL, &[Action::Describe, Action::Write], 0));
		let bought = |subject| AccessControl::open(&AIR, &subject, ORDER, bought(), 9);
		assert_noop!(bought(CAROL), Error::<Test>::NoTransferBasis);
		assert_ok!(bought(BOB));
	});
}

#[test]
fn every_region_of_the_stores_must_allow_it() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(declare(ALICE, Some(JP)));
		assert_ok!(protect(&[EU, US], None));
		assert_noop!(give(OWNER, ALICE, &[Action::Read], 0), Error::<Test>::NoTransferBasis);
		assert_ok!(set_adequacy(US, JP, true));
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		assert_eq!(may(ALICE, Action::Read), BY_GRANT);
	});
}

#[test]
fn rules_and_regions_that_change_hold_for_what_was_granted() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(protect(&[EU], None));
		assert_ok!(declare(ALICE, Some(JP)));
		assert_ok!(give(OWNER, ALICE, &[Action::Describe, Action::Read], 0));
		assert_eq!(may(ALICE, Action::Read), BY_GRANT);
		System::reset_events();
		assert_ok!(set_adequacy(EU, JP, false));
		let set = Event::AdequacySet { from: EU, to: JP, is_adequate: false };
		assert_eq!(access_events(), [set]);
		assert!(!AccessControl::is_adequate(EU, JP) && AccessControl::is_adequate(JP, JP));
		assert_eq!(may(ALICE, Action::Read), no(Refusal::NoTransferBasis));
		assert_eq!(may(ALICE, Action::Describe), BY_GRANT);
		assert_ok!(declare(ALICE, Some(EU)));
		assert_eq!(may(ALICE, Action::Read), BY_GRANT);
		assert_ok!(declare(ALICE, None));
		assert_eq!(may(ALICE, Action::Read), no(Refusal::NoTransferBasis));
		assert_ok!(protect(&[EU], Some(SAFEGUARDS)));
		assert_eq!(may(ALICE, Action::Read), BY_GRANT);
		// Where a buyer says to be gives nobody the money back.
		assert_ok!(protect(&[US], None));
		assert!(!AccessControl::is_denied(&AIR, &ALICE));
	});
}

#[test]
fn a_protection_is_stated_replaced_and_removed_with_its_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(protect(&[EU], None));
		let regions = StoreRegions::truncate_from(vec![EU]);
		let stated = Event::ProtectionSet {
			resource: AIR,
			legal_basis: LegalBasis::PublicTask,
			regions,
			safeguards: None,
		};
		assert_eq!(access_events(), [stated]);
		let deposit = price_of(AccessControl::protection_footprint());
		assert_eq!(deposit_of(OWNER), deposit);
		assert_ok!(protect(&[EU, JP], Some(SAFEGUARDS)));
		assert_eq!(deposit_of(OWNER), deposit);
		let kept = AccessControl::protection(AIR).expect("it was stated; qed");
		assert_eq!((kept.regions.into_inner(), kept.safeguards), (vec![EU, JP], Some(SAFEGUARDS)));
		assert_eq!(kept.legal_basis, LegalBasis::PublicTask);
		Registry::erase(AIR);
		let remove = RuntimeOrigin::signed(CAROL);
		assert_ok!(AccessControl::remove_protection(remove, AIR));
		assert_eq!(deposit_of(OWNER), 0);
		assert!(!Protections::<Test>::contains_key(AIR));
	});
}

#[test]
fn a_region_is_declared_and_taken_back_with_its_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(declare(ALICE, Some(EU)));
		let declared = Event::RegionDeclared { account: ALICE, region: Some(EU) };
		assert_eq!(access_events(), [declared]);
		let deposit = price_of(AccessControl::region_footprint());
		assert_eq!(deposit_of(ALICE), deposit);
		assert_ok!(declare(ALICE, Some(JP)));
		assert_eq!((deposit_of(ALICE), AccessControl::region(ALICE)), (deposit, Some(JP)));
		assert_ok!(declare(ALICE, None));
		assert_eq!((deposit_of(ALICE), AccessControl::region(ALICE)), (0, None));
		assert!(!DeclaredRegions::<Test>::contains_key(ALICE));
		assert_noop!(declare(ALICE, None), Error::<Test>::NotFound);
	});
}

#[test]
fn impossible_protections_and_regions_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let none = Region(*b"eu");
		assert_noop!(protect_as(OWNER, UNKNOWN, &[EU], None), Error::<Test>::NotFound);
		assert_noop!(protect_as(ALICE, AIR, &[EU], None), Error::<Test>::NotAuthorized);
		assert_noop!(protect(&[], None), Error::<Test>::InvalidRegion);
		assert_noop!(protect(&[EU, none], None), Error::<Test>::InvalidRegion);
		assert_noop!(declare(ALICE, Some(none)), Error::<Test>::InvalidRegion);
		assert_noop!(declare(PAUPER, Some(EU)), DispatchError::Token(TokenError::FundsUnavailable));
		for (from, to) in [(EU, EU), (none, JP), (EU, none)] {
			assert_noop!(set_adequacy(from, to, true), Error::<Test>::InvalidRegion);
		}
		assert_noop!(
			AccessControl::set_adequacy(RuntimeOrigin::signed(OWNER), EU, US, true),
			DispatchError::BadOrigin
		);
		Registry::erase(AIR);
		assert_noop!(protect(&[EU], None), Error::<Test>::Erased);
		let remove = RuntimeOrigin::signed(CAROL);
		assert_noop!(AccessControl::remove_protection(remove, AIR), Error::<Test>::NothingToRemove);
	});
}
