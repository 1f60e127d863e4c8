//! Random markets of fifty actors beside a model that is as simple as can be: whatever they do, in
//! whatever order, exactly what price, time and the conditions say is bought, money is conserved, and
//! everything that was held returns.

use crate::{mock::*, pallet::*, BuyerKeys, DemandTermsOf};
use frame_support::{assert_ok, traits::fungible::Inspect};
use msec_primitives::{ListingId, Offer};
use proptest::{prelude::*, sample::Index};
use sp_core::H256;
use std::collections::BTreeMap;

const ACTORS: std::ops::Range<AccountId> = 100..150;
const PLACES: [&[u8]; 5] = [b"ezjmg", b"ezjm", b"ezjn4", b"ez", b"u33d"];
const AREAS: [&[u8]; 6] = [b"e", b"ez", b"ezjm", b"ezjmg", b"ezjn", b"u33"];

#[derive(Clone, Debug)]
enum Step {
	Offer { seller: AccountId, place: usize, price: u64 },
	Reprice { listing: Index, price: u64 },
	Close { listing: Index },
	Demand { account: AccountId, friend: bool, area: usize, price: u64, fills: u8, period: u64 },
	Cancel { demand: Index },
	Expire { demand: Index },
	Propose { demand: Index, listing: Index },
	Deny { listing: Index, who: AccountId },
	Wait { blocks: u64 },
}

fn step() -> impl Strategy<Value = Step> {
	let price = || 0u64..12;
	let index = any::<Index>;
	prop_oneof![
		4 => (ACTORS, 0..PLACES.len(), price())
			.prop_map(|(seller, place, price)| Step::Offer { seller, place, price }),
		1 => (index(), price()).prop_map(|(listing, price)| Step::Reprice { listing, price }),
		1 => index().prop_map(|listing| Step::Close { listing }),
		6 => (ACTORS, any::<bool>(), 0..AREAS.len(), price(), 1u8..5, 1u64..100).prop_map(
			|(account, friend, area, price, fills, period)| Step::Demand {
				account, friend, area, price, fills, period,
			},
		),
		1 => index().prop_map(|demand| Step::Cancel { demand }),
		1 => index().prop_map(|demand| Step::Expire { demand }),
		16 => (index(), index())
			.prop_map(|(demand, listing)| Step::Propose { demand, listing }),
		1 => (index(), ACTORS).prop_map(|(listing, who)| Step::Deny { listing, who }),
		3 => (1u64..10).prop_map(|blocks| Step::Wait { blocks }),
	]
}

struct Wanted {
	id: H256,
	terms: DemandTermsOf<Test>,
	account: AccountId,
	filled_from: Vec<ListingId>,
}

/// What should be.
#[derive(Default)]
struct Model {
	/// In the order of registration.
	wanted: Vec<Wanted>,
	/// What each actor should have spent.
	spent: BTreeMap<AccountId, u64>,
	registered: u32,
}

impl Model {
	fn position(&self, id: H256) -> Option<usize> {
		self.wanted.iter().position(|wanted| wanted.id == id)
	}

	fn fits(wanted: &Wanted, listing: ListingId, offer: &Offer<AccountId, u64, u64>) -> bool {
		let now = System::block_number();
		let terms = &wanted.terms;
		now <= terms.expires_at
			&& offer.place.starts_with(&terms.area)
			&& offer.price <= terms.highest_price
			&& ![wanted.account, terms.beneficiary].contains(&offer.seller)
			&& !wanted.filled_from.contains(&listing)
			&& now - offer.since >= MIN_AGE
			&& !Denied::get().contains(&(listing, terms.beneficiary))
	}

	/// Whether the demand is the first of those that could buy.
	fn may_buy(&self, id: H256, listing: ListingId, offer: &Offer<AccountId, u64, u64>) -> bool {
		let fitting = self.wanted.iter().filter(|wanted| Self::fits(wanted, listing, offer));
		// The first of the highest.
		let best = fitting.rev().max_by_key(|wanted| wanted.terms.highest_price);
		best.is_some_and(|wanted| wanted.id == id)
	}

	/// Buys, if that is right; returns whether it is.
	fn buy(&mut self, id: H256, listing: ListingId) -> bool {
		let offer = Offers::get()[&listing].clone();
		if !self.may_buy(id, listing, &offer) {
			return false;
		}
		let Some(position) = self.position(id) else { return false };
		let wanted = &mut self.wanted[position];
		wanted.filled_from.push(listing);
		*self.spent.entry(wanted.account).or_default() += offer.price + ORDER_DEPOSIT;
		if wanted.filled_from.len() == wanted.terms.buyer_keys.len() {
			self.wanted.remove(position);
		}
		true
	}

	/// Buys from the cheapest offers in the cell of a demand that has just come.
	fn buy_at_once(&mut self, id: H256, area: &[u8]) {
		let cell = |place: &[u8]| place[..place.len().min(4)].to_vec();
		let mut offers: Vec<_> = Offers::get().into_iter().collect();
		offers.retain(|(_, offer)| cell(&offer.place) == cell(area));
		offers.sort_by_key(|(listing, offer)| (offer.price, offer.since, *listing));
		for (listing, _) in offers {
			self.buy(id, listing);
		}
	}

	fn register(&mut self, account: AccountId, terms: DemandTermsOf<Test>) {
		let salt = H256::from_low_u64_be(self.registered.into());
		assert_ok!(DemandSide::create_demand(signed(account), salt, terms.clone()));
		let id = DemandSide::demand_id(&account, salt);
		let area = terms.area.clone();
		self.wanted.push(Wanted { id, terms, account, filled_from: Vec::new() });
		self.buy_at_once(id, &area);
	}

	/// Keys that nobody else has.
	fn fresh_keys(&mut self, count: u8) -> BuyerKeys {
		self.registered += 1;
		let mut keys = keys(count);
		for key in &mut keys {
			key[..4].copy_from_slice(&self.registered.to_le_bytes());
		}
		keys
	}

	fn play(&mut self, step: Step) -> Option<()> {
		match step {
			Step::Offer { seller, place, price } => {
				offer(an_offer(seller, PLACES[place], price));
			},
			Step::Reprice { listing, price } => reprice(pick_listing(listing)?, price),
			Step::Close { listing } => {
				close(pick_listing(listing)?);
			},
			Step::Demand { account, friend, area, price, fills, period } => {
				let mut terms = demand_terms(account, price, fills);
				terms.buyer_keys = self.fresh_keys(fills);
				terms.area = bytes(AREAS[area]);
				terms.expires_at = System::block_number() + period;
				if friend {
					terms.beneficiary = ACTORS.start;
				}
				self.register(account, terms);
			},
			Step::Cancel { demand } => {
				let wanted = self.wanted.remove(self.pick(demand)?);
				assert_ok!(DemandSide::cancel_demand(signed(wanted.account), wanted.id));
			},
			Step::Expire { demand } => {
				let position = self.pick(demand)?;
				let wanted = &self.wanted[position];
				let is_over = System::block_number() > wanted.terms.expires_at;
				let expired = DemandSide::expire_demand(signed(STRANGER), wanted.id);
				assert_eq!(expired.is_ok(), is_over);
				if is_over {
					self.wanted.remove(position);
				}
			},
			Step::Propose { demand, listing } => {
				let (id, listing) = (self.wanted[self.pick(demand)?].id, pick_listing(listing)?);
				let proposed = propose(id, listing).is_ok();
				assert_eq!(proposed, self.buy(id, listing));
			},
			Step::Deny { listing, who } => {
				let listing = pick_listing(listing)?;
				Denied::mutate(|denied| denied.push((listing, who)));
			},
			Step::Wait { blocks } => wait(blocks),
		}
		Some(())
	}

	fn pick(&self, index: Index) -> Option<usize> {
		(!self.wanted.is_empty()).then(|| index.index(self.wanted.len()))
	}

	fn check(&self) {
		for wanted in &self.wanted {
			assert_eq!(stored(wanted.id).filled_from.to_vec(), wanted.filled_from);
		}
		assert_eq!(crate::Demands::<Test>::iter_keys().count(), self.wanted.len());
		for actor in ACTORS {
			let spent = self.spent.get(&actor).copied().unwrap_or_default();
			assert_eq!(Balances::total_balance(&actor), FUNDS - spent, "of account {actor}");
		}
		let spent: u64 = self.spent.values().sum();
		assert_eq!(free(ESCROW), FUNDS + spent);
	}

	/// A stranger removes all that is left.
	fn finish(&mut self) {
		wait(LONGEST);
		for wanted in std::mem::take(&mut self.wanted) {
			assert_ok!(DemandSide::expire_demand(signed(STRANGER), wanted.id));
		}
		self.check();
		for actor in ACTORS {
			assert_eq!((budget_of(actor), deposit_of(actor)), (0, 0));
		}
		assert_eq!(DemandBook::<Test>::iter_keys().count(), 0);
	}
}

fn pick_listing(index: Index) -> Option<ListingId> {
	let listings: Vec<_> = Offers::get().into_keys().collect();
	(!listings.is_empty()).then(|| listings[index.index(listings.len())])
}

proptest! {
	#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

	#[test]
	fn demands_buy_by_price_and_time(steps in proptest::collection::vec(step(), 1..150)) {
		let mut market = ExtBuilder::default();
		for actor in ACTORS {
			market = market.with_balance(actor, FUNDS);
		}
		market.build_and_execute(|| {
			// What happens when there are more than can be looked at has tests of its own.
			MaxLooks::set(u32::MAX);
			let mut model = Model::default();
			for step in steps {
				model.play(step);
				model.check();
				assert_ok!(DemandSide::do_try_state());
			}
			model.finish();
		});
	}
}
