//! The order of search results, and what it is told from.

use crate::{
	freshness::{self, Freshness},
	geohash::Coordinates,
	score,
};
use futures::{stream, StreamExt, TryStreamExt};
use msec_worker_common::{
	chain::{BlockClient, ChainClient, ChainError, Listing},
	AccountId32, H256,
};
use std::{
	cmp::Reverse,
	collections::{BTreeMap, BTreeSet},
};

/// Most data sets, or sellers, about which the chain is asked one by one.
pub const MAX_LOOKUPS: usize = 500;
/// How many of these questions are on their way at a time.
const CONCURRENT: usize = 8;

/// By what results are sorted. Where two are equal, by identifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Sort {
	/// The cheapest first, by the price of one purchase, period or reading.
	#[default]
	Price,
	/// The offer that was made last first.
	Newest,
	/// The most sold first.
	Sales,
	/// The data set that was committed to last first; empty ones last.
	Freshness,
	/// The nearest first, by the centre of the listing's place.
	Distance,
	/// The seller with the highest score first.
	Score,
}

/// A listing, with what was asked about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
	/// Its identifier.
	pub id: H256,
	/// What is offered.
	pub listing: Listing,
	/// How far it is in kilometres, where a point to measure from was named.
	pub distance: Option<f64>,
	/// When its data set was committed to last, where results are sorted by it and there are batches.
	pub freshness: Option<Freshness>,
	/// Its seller's score, where results are sorted by it.
	pub score: Option<f64>,
}

/// Why listings were not ranked.
#[derive(Debug, thiserror::Error)]
pub enum RankingError {
	/// The chain was not asked.
	#[error(transparent)]
	Chain(#[from] ChainError),
	/// Too much would have to be asked.
	#[error("this order takes questions about each of {0} {1}, more than {MAX_LOOKUPS}; narrow the search")]
	TooMany(usize, &'static str),
	/// There is nothing to measure from.
	#[error("a distance needs a point to measure from")]
	NowhereToMeasureFrom,
}

/// Sorts `listings`, and finds out what that takes. Distances are from `near`.
///
/// # Errors
///
/// When the chain does not answer, or the order cannot be told.
pub async fn rank(
	chain: &ChainClient,
	block: &BlockClient,
	listings: Vec<(H256, Listing)>,
	sort: Sort,
	near: Option<&Coordinates>,
) -> Result<Vec<Ranked>, RankingError> {
	let mut all: Vec<_> =
		listings.into_iter().map(|(id, listing)| Ranked::new(id, listing, near)).collect();
	match sort {
		Sort::Price | Sort::Newest | Sort::Sales => (),
		Sort::Distance if near.is_none() => return Err(RankingError::NowhereToMeasureFrom),
		Sort::Distance => (),
		Sort::Freshness => {
			let datasets = all.iter().map(|found| found.listing.terms.dataset.0);
			let known = look_up(datasets, "data sets", async |dataset| {
				freshness::of_dataset(chain, block, &H256(dataset)).await
			})
			.await?;
			for found in &mut all {
				found.freshness = known.get(&found.listing.terms.dataset.0).copied().flatten();
			}
		},
		Sort::Score => {
			let sellers = all.iter().map(|found| found.listing.owner.0);
			let known = look_up(sellers, "sellers", async |seller| {
				score::of_seller(block, &AccountId32(seller)).await
			})
			.await?;
			for found in &mut all {
				found.score = known.get(&found.listing.owner.0).copied();
			}
		},
	}
	arrange(&mut all, sort);
	Ok(all)
}

impl Ranked {
	fn new(id: H256, listing: Listing, near: Option<&Coordinates>) -> Self {
		let centre = Coordinates::centre_of(&listing.terms.place);
		let distance = near.zip(centre).map(|(near, centre)| near.distance_to(&centre));
		Self { id, listing, distance, freshness: None, score: None }
	}
}

/// Asks about each of `subjects` once.
async fn look_up<Answer>(
	subjects: impl Iterator<Item = [u8; 32]>,
	what: &'static str,
	ask: impl AsyncFn([u8; 32]) -> Result<Answer, ChainError>,
) -> Result<BTreeMap<[u8; 32], Answer>, RankingError> {
	let distinct: BTreeSet<_> = subjects.collect();
	if distinct.len() > MAX_LOOKUPS {
		return Err(RankingError::TooMany(distinct.len(), what));
	}
	let ask = &ask;
	let answers =
		stream::iter(distinct).map(|subject| async move { Ok((subject, ask(subject).await?)) });
	answers.buffer_unordered(CONCURRENT).try_collect().await
}

fn arrange(all: &mut [Ranked], sort: Sort) {
	all.sort_by_key(|found| found.id.0);
	let unknown_last = f64::INFINITY;
	match sort {
		Sort::Price => all.sort_by_key(|found| found.listing.terms.pricing.price()),
		Sort::Newest => all.sort_by_key(|found| Reverse(found.listing.created_at)),
		Sort::Sales => all.sort_by_key(|found| Reverse(found.listing.sales)),
		Sort::Freshness => {
			all.sort_by_key(|found| Reverse(found.freshness.map(|fresh| fresh.block)));
		},
		Sort::Distance => all.sort_by(|one, other| {
			let distance = |found: &Ranked| found.distance.unwrap_or(unknown_last);
			distance(one).total_cmp(&distance(other))
		}),
		Sort::Score => all.sort_by(|one, other| {
			let score = |found: &Ranked| found.score.unwrap_or_default();
			score(other).total_cmp(&score(one))
		}),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_worker_common::chain::{ListingTerms, PeriodPrice, Pricing, ReadingPrice, Right};
	use std::time::UNIX_EPOCH;

	fn listing(place: &str, pricing: Pricing, created_at: u32, sales: u32) -> Listing {
		Listing {
			owner: AccountId32([1; 32]),
			terms: ListingTerms {
				dataset: H256::zero(),
				right: Right::Read,
				kind: "air-temperature".into(),
				unit: "Cel".into(),
				interval_seconds: 60,
				place: place.into(),
				licence: "CC-BY-4.0".into(),
				sample: String::new(),
				pricing,
				delivery_period: 10,
				confirmation_period: 20,
				access_period: 30,
				maximum_verdict_age: None,
			},
			terms_hash: H256::zero(),
			active: true,
			created_at,
			changed_at: created_at,
			sales,
		}
	}

	/// Four listings, with facts that put them into another order by each of them.
	fn all() -> Vec<Ranked> {
		let near: Coordinates = "40.64,-73.76".parse().unwrap();
		let period = PeriodPrice { price: 20, period: 9, minimum: 1, discounts: Vec::new() };
		let reading = ReadingPrice { price: 5, minimum: 1 };
		let listings = [
			listing("dr5r", Pricing::OneTime { price: 30 }, 7, 1),
			listing("dr5x1", Pricing::PerPeriod(period), 9, 0),
			listing("dr5x", Pricing::PerReading(reading), 8, 3),
			listing("dr", Pricing::Free, 6, 2),
		];
		let blocks = [Some(50), None, Some(70), Some(60)];
		let facts = blocks.into_iter().zip([0.2, 0.9, 0.5, 0.9]);
		let numbered = (1..).zip(listings.into_iter().zip(facts));
		let mut all: Vec<_> = numbered
			.map(|(number, (listing, (block, score)))| Ranked {
				freshness: block.map(|block| Freshness { block, time: UNIX_EPOCH, is_exact: true }),
				score: Some(score),
				..Ranked::new(H256([number; 32]), listing, Some(&near))
			})
			.collect();
		all.reverse();
		all
	}

	#[test]
	fn each_order_is_told_by_its_facts() {
		for (sort, expected) in [
			(Sort::Price, [4, 3, 2, 1]),
			(Sort::Newest, [2, 3, 1, 4]),
			(Sort::Sales, [3, 4, 1, 2]),
			(Sort::Freshness, [3, 4, 1, 2]),
			(Sort::Distance, [2, 3, 1, 4]),
			(Sort::Score, [2, 4, 3, 1]),
		] {
			let mut all = all();
			arrange(&mut all, sort);
			let order: Vec<_> = all.iter().map(|found| found.id.0[0]).collect();
			assert_eq!(order, expected, "{sort:?}");
		}
	}

	#[test]
	fn distances_are_to_the_centre_of_the_place() {
		let near = Coordinates::centre_of("dr5x").unwrap();
		let found = Ranked::new(H256::zero(), listing("dr5x", Pricing::Free, 1, 0), Some(&near));
		assert_eq!(found.distance, Some(0.0));
		let nowhere = Ranked::new(H256::zero(), listing("dr5x", Pricing::Free, 1, 0), None);
		assert_eq!(nowhere.distance, None);
	}

	#[tokio::test]
	async fn each_subject_is_asked_about_once_and_not_too_many() {
		let subjects = || [[1; 32], [2; 32], [1; 32]].into_iter();
		let answers = look_up(subjects(), "sellers", async |subject| Ok(subject[0])).await.unwrap();
		assert_eq!(answers, BTreeMap::from([([1; 32], 1), ([2; 32], 2)]));
		let many = (0..=MAX_LOOKUPS as u16).map(|number| {
			let mut subject = [0; 32];
			subject[..2].copy_from_slice(&number.to_le_bytes());
			subject
		});
		let refused = look_up(many, "sellers", async |_| Ok(())).await;
		assert!(matches!(refused, Err(RankingError::TooMany(501, "sellers"))));
	}
}
