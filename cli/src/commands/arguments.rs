//! Arguments that several commands have.

use msec::ids;
use msec_worker_common::{chain::ChainClient, H256};
use std::{fmt, str::FromStr};

/// Seconds between two blocks.
const BLOCK_SECONDS: u32 = 3;

/// An identifier on the command line.
pub fn parse_id(text: &str) -> Result<H256, String> {
	ids::parse_hash(text).map(H256)
}

/// A number of blocks, written as a time: `90s`, `10m`, `2h`, `7d`, or `20b` for blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub u32);

impl Period {
	/// The block in which the period ends that begins now.
	pub async fn block_at_its_end(self, chain: &ChainClient) -> anyhow::Result<u32> {
		let now = u32::try_from(chain.finalized().await?.number())?;
		Ok(now.saturating_add(self.0))
	}
}

impl FromStr for Period {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let blocks = match text.strip_suffix('b') {
			Some(number) => number.parse().ok(),
			None => parse_seconds(text).ok().map(|seconds| seconds.div_ceil(BLOCK_SECONDS)),
		};
		blocks.map(Self).ok_or_else(|| {
			format!("{text:?} is not a period; write it like 90s, 10m, 2h, 7d, or 20b for blocks")
		})
	}
}

impl fmt::Display for Period {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		let seconds = u64::from(self.0) * u64::from(BLOCK_SECONDS);
		let (number, unit) = match seconds {
			0..=119 => (seconds, "seconds"),
			120..=7_199 => (seconds / 60, "minutes"),
			7_200..=172_799 => (seconds / 3_600, "hours"),
			_ => (seconds / 86_400, "days"),
		};
		write!(formatter, "{} blocks (about {number} {unit})", self.0)
	}
}

/// A time in seconds, written like `90s`, `10m`, `2h` or `7d`.
pub fn parse_seconds(text: &str) -> Result<u32, String> {
	let parse = || {
		let unit = text.chars().next_back()?;
		let factor = match unit {
			's' => 1,
			'm' => 60,
			'h' => 3_600,
			'd' => 86_400,
			_ => return None,
		};
		text[..text.len() - 1].parse::<u32>().ok()?.checked_mul(factor)
	};
	parse().ok_or_else(|| format!("{text:?} is not a time; write it like 90s, 10m, 2h or 7d"))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn periods_are_read() {
		assert_eq!("10m".parse(), Ok(Period(200)));
		assert_eq!("7b".parse(), Ok(Period(7)));
		assert_eq!("4s".parse(), Ok(Period(2)));
		assert_eq!(Period(200).to_string(), "200 blocks (about 10 minutes)");
		for text in ["", "10", "m", "-1h", "é", "99999999d"] {
			assert!(text.parse::<Period>().is_err(), "{text}");
		}
	}
}
