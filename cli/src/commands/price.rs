//! Prices on the command line, and for people.

use super::arguments::Period;
use anyhow::{bail, Result};
use clap::Args;
use msec::Amount;
use msec_worker_common::chain::{Discount, PeriodPrice, Pricing, ReadingPrice};
use serde_json::{json, Value};
use std::str::FromStr;

const HOUR: u32 = 1_200;
const DAY: u32 = 24 * HOUR;
/// Periods that have a name, in blocks.
const NAMED_PERIODS: [(&str, u32); 4] =
	[("hour", HOUR), ("day", DAY), ("week", 7 * DAY), ("month", 30 * DAY)];

/// For what a price is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
	/// Everything there is.
	Purchase,
	/// So many blocks of a subscription.
	Blocks(u32),
	/// A reading.
	Reading,
}

/// A price: `2.5` once, `5/day` for a subscription, `0.01/reading`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
	amount: u128,
	unit: Unit,
}

impl FromStr for Price {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let (amount, unit) = match text.split_once('/') {
			None => (text, Unit::Purchase),
			Some((amount, "reading")) => (amount, Unit::Reading),
			Some((amount, period)) => (amount, Unit::Blocks(parse_period(period)?)),
		};
		let Amount(amount) = amount.parse().map_err(|error| format!("{error}"))?;
		Ok(Self { amount, unit })
	}
}

fn parse_period(text: &str) -> Result<u32, String> {
	if let Some((_, blocks)) = NAMED_PERIODS.iter().find(|(name, _)| *name == text) {
		return Ok(*blocks);
	}
	text.parse().map(|Period(blocks)| blocks).map_err(|_| {
		format!(
			"{text:?} is nothing to ask a price for; it can be hour, day, week, month, a period \
			 such as 12h, or reading"
		)
	})
}

/// A discount, written `30:10%`: from 30 periods on a tenth is taken off.
fn parse_discount(text: &str) -> Result<Discount, String> {
	let parse = || {
		let (from_periods, off) = text.split_once(':')?;
		let off = off.strip_suffix('%')?;
		let (whole, fraction) = off.split_once('.').unwrap_or((off, ""));
		let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
		if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 4 {
			return None;
		}
		let fraction: u32 = format!("{fraction:0<4}").parse().ok()?;
		let millionths = whole.parse::<u32>().ok()?.checked_mul(10_000)?.checked_add(fraction)?;
		let from_periods = from_periods.parse().ok()?;
		(millionths > 0 && millionths < 1_000_000).then_some(Discount { from_periods, millionths })
	};
	parse().ok_or_else(|| {
		format!(
			"{text:?} is not a discount; write it like 30:10%, for a tenth off from 30 periods on"
		)
	})
}

/// What a listing costs; what is not said keeps its value.
#[derive(Args, Clone)]
pub struct PriceArguments {
	/// Price in MSEC: 2.5 once, 5/day (hour, week, month, 12h) for a subscription, 0.01/reading.
	#[arg(long, value_name = "PRICE", conflicts_with = "free")]
	price: Option<Price>,
	/// For nothing.
	#[arg(long)]
	free: bool,
	/// With --free: how many orders of one account there can be at a time [default: any number].
	#[arg(long, value_name = "NUMBER", requires = "free")]
	quota: Option<u32>,
	/// The fewest periods or readings, which are owed in any case [default: 1].
	#[arg(long, value_name = "NUMBER", conflicts_with = "free")]
	minimum: Option<u32>,
	/// What is taken off a longer subscription, such as 30:10% from 30 periods on; at most four.
	#[arg(long, value_name = "PERIODS:PERCENT", value_parser = parse_discount)]
	#[arg(conflicts_with = "free")]
	discount: Vec<Discount>,
}

impl PriceArguments {
	/// Whether a price was said.
	pub fn is_complete(&self) -> bool {
		self.price.is_some() || self.free
	}

	/// Puts what is said in place of what `pricing` has.
	pub fn apply(self, pricing: &mut Pricing) -> Result<()> {
		let Self { price, free, quota, minimum, mut discount } = self;
		if free {
			*pricing = quota.map_or(Pricing::Free, |orders| Pricing::FreeQuota { orders });
			return Ok(());
		}
		if let Some(price) = price {
			*pricing = price.with_minimum_of(pricing);
		}
		discount.sort_by_key(|discount| discount.from_periods);
		match pricing {
			Pricing::PerPeriod(pricing) => {
				pricing.minimum = minimum.unwrap_or(pricing.minimum);
				if !discount.is_empty() {
					pricing.discounts = discount;
				}
			},
			Pricing::PerReading(pricing) if discount.is_empty() => {
				pricing.minimum = minimum.unwrap_or(pricing.minimum);
			},
			_ if minimum.is_none() && discount.is_empty() => (),
			_ => bail!(
				"--minimum needs a price per period or per reading, --discount one per period"
			),
		}
		Ok(())
	}
}

impl Price {
	/// This price, with minimum and discounts as they were where its kind stays the same.
	fn with_minimum_of(self, old: &Pricing) -> Pricing {
		let price = self.amount;
		match (self.unit, old) {
			(Unit::Purchase, _) => Pricing::OneTime { price },
			(Unit::Blocks(period), Pricing::PerPeriod(old)) => {
				Pricing::PerPeriod(PeriodPrice { price, period, ..old.clone() })
			},
			(Unit::Blocks(period), _) => {
				Pricing::PerPeriod(PeriodPrice { price, period, minimum: 1, discounts: Vec::new() })
			},
			(Unit::Reading, Pricing::PerReading(old)) => {
				Pricing::PerReading(ReadingPrice { price, ..*old })
			},
			(Unit::Reading, _) => Pricing::PerReading(ReadingPrice { price, minimum: 1 }),
		}
	}
}

/// A price for people, in a few words.
pub fn price_text(pricing: &Pricing) -> String {
	let amount = Amount(pricing.price());
	match pricing {
		Pricing::Free | Pricing::FreeQuota { .. } => "free".to_owned(),
		Pricing::OneTime { .. } => amount.to_string(),
		Pricing::PerPeriod(PeriodPrice { period, .. }) => {
			let named = NAMED_PERIODS.iter().find(|(_, blocks)| blocks == period);
			let period =
				named.map_or_else(|| format!("{period} blocks"), |(name, _)| (*name).into());
			format!("{amount}/{period}")
		},
		Pricing::PerReading(_) => format!("{amount}/reading"),
	}
}

/// A price for people, with all its conditions.
pub fn describe_price(pricing: &Pricing) -> String {
	let price = price_text(pricing);
	match pricing {
		Pricing::Free | Pricing::OneTime { .. } => price,
		Pricing::FreeQuota { orders } => format!("{price}, at most {orders} orders of one account"),
		Pricing::PerPeriod(PeriodPrice { minimum, discounts, .. }) => {
			let mut text = format!("{price}, for {minimum} at least");
			for Discount { from_periods, millionths } in discounts {
				let percent = f64::from(*millionths) / 10_000.0;
				text.push_str(&format!(", {percent} % off from {from_periods} on"));
			}
			text
		},
		Pricing::PerReading(ReadingPrice { minimum, .. }) => {
			format!("{price}, {minimum} at least")
		},
	}
}

/// Puts a price for programs into `value`.
pub fn put_price(value: &mut Value, pricing: &Pricing) {
	let price = match pricing {
		Pricing::Free | Pricing::FreeQuota { .. } => None,
		_ => Some(pricing.price().to_string()),
	};
	value["price"] = json!(price);
	match pricing {
		Pricing::Free => value["pricing"] = json!("free"),
		Pricing::OneTime { .. } => value["pricing"] = json!("one-time"),
		Pricing::FreeQuota { orders } => {
			value["pricing"] = json!("free-quota");
			value["quota"] = json!(orders);
		},
		Pricing::PerPeriod(PeriodPrice { period, minimum, discounts, .. }) => {
			value["pricing"] = json!("per-period");
			value["period"] = json!(period);
			value["minimum"] = json!(minimum);
			value["discounts"] = json!(discounts);
		},
		Pricing::PerReading(ReadingPrice { minimum, .. }) => {
			value["pricing"] = json!("per-reading");
			value["minimum"] = json!(minimum);
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;

	const MSEC: u128 = 1_000_000_000_000;

	#[derive(Parser)]
	struct Command {
		#[command(flatten)]
		price: PriceArguments,
	}

	fn applied(arguments: &[&str], mut pricing: Pricing) -> Result<Pricing> {
		let all = [&["command"], arguments].concat();
		Command::try_parse_from(all)?.price.apply(&mut pricing)?;
		Ok(pricing)
	}

	fn per_day() -> PeriodPrice {
		let discounts = vec![
			Discount { from_periods: 7, millionths: 25_000 },
			Discount { from_periods: 30, millionths: 100_000 },
		];
		PeriodPrice { price: 5 * MSEC, period: DAY, minimum: 2, discounts }
	}

	#[test]
	fn prices_are_read_and_shown() {
		let arguments =
			["--price", "5/day", "--minimum", "2", "--discount", "30:10%", "--discount", "7:2.5%"];
		let pricing = applied(&arguments, Pricing::Free).unwrap();
		assert_eq!(pricing, Pricing::PerPeriod(per_day()));
		assert_eq!(price_text(&pricing), "5 MSEC/day");
		let described = "5 MSEC/day, for 2 at least, 2.5 % off from 7 on, 10 % off from 30 on";
		assert_eq!(describe_price(&pricing), described);
		let pricing = applied(&["--price", "0.01/reading"], Pricing::Free).unwrap();
		assert_eq!(describe_price(&pricing), "0.01 MSEC/reading, 1 at least");
		let pricing = applied(&["--price", "1/20b"], Pricing::Free).unwrap();
		assert_eq!(price_text(&pricing), "1 MSEC/20 blocks");
		let pricing = applied(&["--free", "--quota", "3"], pricing).unwrap();
		assert_eq!(describe_price(&pricing), "free, at most 3 orders of one account");
		let pricing = applied(&["--price", "2.5"], pricing).unwrap();
		assert_eq!(describe_price(&pricing), "2.5 MSEC");
	}

	#[test]
	fn what_is_not_said_stays() {
		let old = Pricing::PerPeriod(per_day());
		assert_eq!(applied(&[], old.clone()).unwrap(), old);
		let weekly = applied(&["--price", "30/week"], old.clone()).unwrap();
		let expected = PeriodPrice { price: 30 * MSEC, period: 7 * DAY, ..per_day() };
		assert_eq!(weekly, Pricing::PerPeriod(expected));
		let longer = applied(&["--minimum", "3"], old).unwrap();
		assert_eq!(longer, Pricing::PerPeriod(PeriodPrice { minimum: 3, ..per_day() }));
	}

	#[test]
	fn what_makes_no_sense_is_refused() {
		let wrong: [&[&str]; 10] = [
			&["--price", "5/fortnight"],
			&["--price", "/day"],
			&["--price", "5/"],
			&["--price", "5", "--minimum", "2"],
			&["--price", "1/reading", "--discount", "5:1%"],
			&["--price", "5/day", "--discount", "5:100%"],
			&["--price", "5/day", "--discount", "5:0%"],
			&["--price", "5/day", "--discount", "5"],
			&["--free", "--minimum", "1"],
			&["--quota", "1"],
		];
		for arguments in wrong {
			assert!(applied(arguments, Pricing::Free).is_err(), "{arguments:?}");
		}
	}
}
