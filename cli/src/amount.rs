//! Amounts of money, as people write them.

use std::{fmt, str::FromStr};

/// Digits after the point of an MSEC.
const DECIMALS: usize = 12;
/// The smallest units in an MSEC.
const UNIT: u128 = 10u128.pow(DECIMALS as u32);

/// An amount of MSEC in its smallest unit, shown and read in whole MSEC: `1.5 MSEC`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub u128);

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
	"{0:?} is not an amount; write it like 2.5, with at most {DECIMALS} digits after the point"
)]
pub struct InvalidAmount(String);

impl fmt::Display for Amount {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		let fraction = format!("{:0DECIMALS$}", self.0 % UNIT);
		match fraction.trim_end_matches('0') {
			"" => write!(formatter, "{} MSEC", self.0 / UNIT),
			digits => write!(formatter, "{}.{digits} MSEC", self.0 / UNIT),
		}
	}
}

impl FromStr for Amount {
	type Err = InvalidAmount;

	fn from_str(text: &str) -> Result<Self, Self::Err> {
		parse(text).map(Self).ok_or_else(|| InvalidAmount(text.to_owned()))
	}
}

fn parse(text: &str) -> Option<u128> {
	let number = text.trim();
	let number = number.strip_suffix("MSEC").unwrap_or(number).trim_end();
	let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
	let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
	if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || fraction.len() > DECIMALS {
		return None;
	}
	let fraction: u128 = format!("{fraction:0<DECIMALS$}").parse().ok()?;
	whole.parse::<u128>().ok()?.checked_mul(UNIT)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn amounts_are_in_whole_msec() {
		assert_eq!("2.5".parse(), Ok(Amount(2_500_000_000_000)));
		assert_eq!("0.000000000001 MSEC".parse(), Ok(Amount(1)));
		assert_eq!(Amount(UNIT).to_string(), "1 MSEC");
		for text in ["", ".5", "-1", "1,5", "1.0000000000001", "1e3", "9".repeat(40).as_str()] {
			assert!(text.parse::<Amount>().is_err(), "{text}");
		}
	}

	proptest! {
		#[test]
		fn what_is_shown_can_be_read(amount: u128) {
			prop_assert_eq!(Amount(amount).to_string().parse(), Ok(Amount(amount)));
		}
	}
}
