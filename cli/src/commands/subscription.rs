//! Subscriptions and allowances: how they are bought, extended, ended and charged.

use super::{
	arguments::{parse_id, Period},
	context::{fields, Context},
	listing::ensure_device_trusted,
	order::{order_at, show},
};
use anyhow::{anyhow, bail, Result};
use clap::Args;
use msec::Amount;
use msec_worker_common::{
	chain::{runtime, PeriodPrice, Pricing, Rate, Subscription},
	H256,
};
use serde_json::{json, Value};

/// For how long an allowance lasts where nothing is said, in blocks: thirty days.
const ALLOWANCE_PERIOD: u32 = 864_000;

/// How something is bought that is not sold once.
#[derive(Args, Clone)]
pub struct Way {
	/// How many periods of a subscription [default: the listing's minimum].
	#[arg(long, value_name = "NUMBER")]
	periods: Option<u32>,
	/// Most to be spent on readings, in MSEC, where they are sold one by one.
	#[arg(long, value_name = "MSEC", conflicts_with_all = ["periods", "max_price"])]
	amount: Option<Amount>,
	/// For how long readings are bought one by one [default: 30d].
	#[arg(long = "for", value_name = "PERIOD", requires = "amount")]
	time: Option<Period>,
}

/// What exactly is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purchase {
	/// Everything there is.
	Once,
	/// A subscription.
	Periods {
		/// How many periods.
		periods: u32,
		/// What they cost together.
		price: u128,
	},
	/// Readings one by one.
	Readings {
		/// At most for so much.
		amount: u128,
		/// For so many blocks.
		blocks: u32,
	},
}

impl Purchase {
	/// What is held for it.
	pub fn price(&self, pricing: &Pricing) -> u128 {
		match self {
			Self::Once => pricing.price(),
			Self::Periods { price, .. } => *price,
			Self::Readings { amount, .. } => *amount,
		}
	}
}

impl Way {
	/// What is bought of an offer at this price.
	pub fn of(&self, pricing: &Pricing) -> Result<Purchase> {
		let Self { periods, amount, time } = self;
		match pricing {
			Pricing::PerPeriod(pricing) if amount.is_none() => {
				let periods = periods.unwrap_or(pricing.minimum);
				if periods < pricing.minimum {
					bail!("at least {} periods are sold", pricing.minimum);
				}
				Ok(Purchase::Periods { periods, price: price_of(pricing, periods)? })
			},
			Pricing::PerReading(_) if periods.is_none() => {
				let amount =
					amount.ok_or_else(|| {
						anyhow!("readings are sold one by one; say by --amount how much to spend at most")
					})?;
				let blocks = time.map_or(ALLOWANCE_PERIOD, |Period(blocks)| blocks);
				Ok(Purchase::Readings { amount: amount.0, blocks })
			},
			_ if periods.is_none() && amount.is_none() => Ok(Purchase::Once),
			_ => bail!("the listing is not sold in this way; see `msec listing show`"),
		}
	}

	/// By what purchases are told apart.
	pub fn words(&self) -> (Option<u32>, Option<u128>, Option<u32>) {
		let time = self.time.map(|Period(blocks)| blocks);
		(self.periods, self.amount.map(|amount| amount.0), time)
	}
}

fn price_of(pricing: &PeriodPrice, periods: u32) -> Result<u128> {
	let price = pricing.price_of(periods);
	price.ok_or_else(|| anyhow!("{periods} periods cost more than there can be"))
}

#[derive(Args)]
pub struct Extend {
	/// The order's identifier; see `msec orders`.
	#[arg(value_parser = parse_id)]
	order: H256,
	/// How many periods to add.
	#[arg(long, value_name = "NUMBER", default_value_t = 1)]
	periods: u32,
	/// Most to pay for them, in MSEC [default: what they cost by the terms that were agreed].
	#[arg(long, value_name = "MSEC")]
	max_price: Option<Amount>,
}

impl Extend {
	pub async fn run(self, context: &Context) -> Result<()> {
		let submitter = context.submitter().await?;
		let block = submitter.chain().finalized().await?;
		let order = order_at(&block, &self.order).await?;
		let running = running(block.subscription(&self.order.0).await?)?;
		let Rate::PerPeriod { pricing, periods } = &running.rate else {
			bail!("readings are charged one by one; open another order instead");
		};
		if let Some(offer) = block.listing(&order.listing.0).await? {
			ensure_device_trusted(&block, &offer.terms).await?;
		}
		let total = periods.saturating_add(self.periods);
		let more = price_of(pricing, total)?.saturating_sub(order.price);
		let max_price = self.max_price.unwrap_or(Amount(more));
		if more > max_price.0 {
			bail!("the price is {}, more than {max_price}", Amount(more));
		}
		context.confirm(&format!("Add {} periods for {}?", self.periods, Amount(more)))?;
		let call = runtime::transactions().marketplace().extend_subscription(
			self.order,
			self.periods,
			max_price.0,
		);
		context.execute_once(&submitter, "extend", &call).await?;
		show(context, &submitter.chain().finalized().await?, &self.order).await
	}
}

/// `msec order end`
pub async fn end(context: &Context, order: H256) -> Result<()> {
	let submitter = context.submitter().await?;
	let block = submitter.chain().finalized().await?;
	let ends_at = running(block.subscription(&order.0).await?)?.ends_at;
	let blocks = u64::from(ends_at).saturating_sub(block.number());
	context.confirm(&format!("End a subscription that goes on for {blocks} blocks?"))?;
	let call = runtime::transactions().marketplace().end_subscription(order);
	context.execute_once(&submitter, "end", &call).await?;
	show(context, &submitter.chain().finalized().await?, &order).await
}

#[derive(Args)]
pub struct Claim {
	/// The order's identifier; see `msec orders`.
	#[arg(value_parser = parse_id)]
	order: H256,
	/// Charge so many readings, which can be disputed before they are paid.
	#[arg(long, value_name = "NUMBER")]
	readings: Option<u32>,
}

impl Claim {
	pub async fn run(self, context: &Context) -> Result<()> {
		let submitter = context.submitter().await?;
		let market = runtime::transactions().marketplace();
		match self.readings {
			Some(readings) => {
				let call = market.claim_readings(self.order, readings);
				context.execute_once(&submitter, "claim-readings", &call).await?;
			},
			None => {
				context.execute_once(&submitter, "claim", &market.claim(self.order)).await?;
			},
		}
		show(context, &submitter.chain().finalized().await?, &self.order).await
	}
}

fn running(subscription: Option<Subscription>) -> Result<Subscription> {
	subscription.ok_or_else(|| anyhow!("the order is not a subscription that goes on"))
}

/// A subscription for programs.
pub fn value_of(subscription: &Subscription) -> Value {
	let mut value = json!({
		"starts_at": subscription.starts_at,
		"ends_at": subscription.ends_at,
		"delivered_at": subscription.delivered_at,
		"earned": subscription.earned.to_string(),
		"paid": subscription.paid.to_string(),
	});
	match &subscription.rate {
		Rate::PerPeriod { periods, .. } => value["periods"] = json!(periods),
		Rate::PerReading { claimed, .. } => value["readings"] = json!(claimed),
	}
	value
}

/// A subscription for people.
pub fn describe(subscription: &Subscription) -> String {
	let Subscription { starts_at, ends_at, delivered_at, .. } = subscription;
	let bought = match &subscription.rate {
		Rate::PerPeriod { periods, .. } => format!("{periods} periods"),
		Rate::PerReading { claimed, .. } => format!("{claimed} readings charged"),
	};
	fields(&[
		("subscription", format!("{bought}, from block {starts_at} to block {ends_at}")),
		("last delivery", format!("in block {delivered_at}")),
		("earned", Amount(subscription.earned).to_string()),
		("paid", Amount(subscription.paid).to_string()),
	])
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_worker_common::chain::{Discount, ReadingPrice};

	#[test]
	fn the_way_must_fit_the_price() {
		let discounts = vec![Discount { from_periods: 3, millionths: 100_000 }];
		let per_period =
			Pricing::PerPeriod(PeriodPrice { price: 10, period: 20, minimum: 2, discounts });
		let per_reading = Pricing::PerReading(ReadingPrice { price: 10, minimum: 1 });
		let once = Pricing::OneTime { price: 10 };
		let nothing = Way { periods: None, amount: None, time: None };
		let periods = |periods| Way { periods: Some(periods), ..nothing.clone() };
		let amount = Way { amount: Some(Amount(50)), time: Some(Period(9)), ..nothing.clone() };
		assert_eq!(nothing.of(&once).unwrap(), Purchase::Once);
		assert_eq!(nothing.of(&Pricing::Free).unwrap(), Purchase::Once);
		let minimum = nothing.of(&per_period).unwrap();
		assert_eq!(minimum, Purchase::Periods { periods: 2, price: 20 });
		assert_eq!(periods(3).of(&per_period).unwrap().price(&per_period), 27);
		let readings = Purchase::Readings { amount: 50, blocks: 9 };
		assert_eq!(amount.of(&per_reading).unwrap(), readings);
		for (way, pricing) in [
			(&periods(1), &per_period),
			(&amount, &per_period),
			(&nothing, &per_reading),
			(&periods(2), &per_reading),
			(&periods(2), &once),
			(&amount, &once),
		] {
			assert!(way.of(pricing).is_err(), "{:?} of {pricing:?}", way.words());
		}
	}
}
