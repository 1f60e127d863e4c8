//! How many requests each account may make.

use msec_worker_common::AccountId32;
use std::{
	collections::HashMap,
	sync::{Mutex, PoisonError},
	time::{Duration, Instant},
};

/// How many accounts are remembered at a time.
const MAX_ACCOUNTS: usize = 100_000;
/// For how long an account may save up what it does not use.
const BURST: Duration = Duration::from_secs(2);

/// A rate for each account, and for two seconds of it at once (the generic cell rate algorithm, as in
/// ITU-T I.371).
pub(super) struct AccountRate {
	/// Time between two requests.
	interval: Duration,
	/// When each account's requests would arrive if they kept the rate.
	arrivals: Mutex<HashMap<[u8; 32], Instant>>,
}

impl AccountRate {
	/// Lets `per_second` requests of each account through; all of them when that is zero.
	pub fn new(per_second: u32) -> Self {
		let interval = Duration::from_secs(1).checked_div(per_second).unwrap_or_default();
		Self { interval, arrivals: Mutex::new(HashMap::new()) }
	}

	/// Counts a request; if it is one too many, says when to come again.
	pub fn take(&self, account: &AccountId32, now: Instant) -> Result<(), Duration> {
		let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
		if arrivals.len() >= MAX_ACCOUNTS && !arrivals.contains_key(&account.0) {
			arrivals.retain(|_, arrival| *arrival > now);
			if arrivals.len() >= MAX_ACCOUNTS {
				return Err(BURST);
			}
		}
		let arrival = arrivals.get(&account.0).copied().unwrap_or(now).max(now);
		let early = arrival - now;
		if early > BURST {
			return Err(early - BURST);
		}
		arrivals.insert(account.0, arrival + self.interval);
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const ALICE: AccountId32 = AccountId32([1; 32]);
	const BOB: AccountId32 = AccountId32([2; 32]);

	#[test]
	fn an_account_keeps_its_rate_and_disturbs_nobody() {
		let rate = AccountRate::new(10);
		let start = Instant::now();
		let through = (0..100).filter(|_| rate.take(&ALICE, start).is_ok()).count();
		assert_eq!(through, 21);
		assert_eq!(rate.take(&ALICE, start), Err(Duration::from_millis(100)));
		assert_eq!(rate.take(&BOB, start), Ok(()));
		let later = start + Duration::from_millis(100);
		assert_eq!(rate.take(&ALICE, later), Ok(()));
		assert!(rate.take(&ALICE, later).is_err());
	}

	#[test]
	fn without_a_rate_everything_goes_through() {
		let rate = AccountRate::new(0);
		let now = Instant::now();
		assert!((0..10_000).all(|_| rate.take(&ALICE, now).is_ok()));
	}

	#[test]
	fn accounts_that_rest_are_forgotten_before_new_ones_are_refused() {
		let rate = AccountRate::new(1);
		let start = Instant::now();
		for number in 0..MAX_ACCOUNTS as u64 {
			let mut account = [0; 32];
			account[..8].copy_from_slice(&number.to_le_bytes());
			rate.take(&AccountId32(account), start).unwrap();
		}
		assert_eq!(rate.take(&AccountId32([255; 32]), start), Err(BURST));
		assert_eq!(rate.take(&AccountId32([255; 32]), start + Duration::from_secs(2)), Ok(()));
	}
}
