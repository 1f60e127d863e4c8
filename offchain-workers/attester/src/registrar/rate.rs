//! How many enrolments are begun in a time.

use std::{
	sync::{Mutex, PoisonError},
	time::{Duration, Instant},
};

/// A bucket of tokens: it lets `burst` requests through at once, and refills at a steady rate.
pub struct RateLimit {
	per_second: f64,
	burst: f64,
	state: Mutex<State>,
}

struct State {
	tokens: f64,
	filled: Instant,
}

impl RateLimit {
	/// Lets `per_second` requests through, and up to `burst` at once.
	pub fn new(per_second: u32, burst: u32) -> Self {
		let (per_second, burst) = (f64::from(per_second), f64::from(burst));
		let state = State { tokens: burst, filled: Instant::now() };
		Self { per_second, burst, state: Mutex::new(state) }
	}

	/// Takes a token; if there is none, says in how many seconds to come again.
	pub fn take(&self, now: Instant) -> Result<(), u64> {
		let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
		let passed = now.saturating_duration_since(state.filled);
		state.tokens = self.burst.min(state.tokens + passed.as_secs_f64() * self.per_second);
		state.filled = state.filled.max(now);
		if state.tokens < 1.0 {
			return Err(((1.0 - state.tokens) / self.per_second).ceil() as u64);
		}
		state.tokens -= 1.0;
		Ok(())
	}

	/// Most requests that are let through within `period`.
	pub fn most_within(&self, period: Duration) -> usize {
		(self.burst + self.per_second * period.as_secs_f64()).ceil() as usize
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_burst_is_let_through_then_the_rate() {
		let limit = RateLimit::new(2, 3);
		let start = Instant::now();
		for _ in 0..3 {
			assert_eq!(limit.take(start), Ok(()));
		}
		assert_eq!(limit.take(start), Err(1));
		assert_eq!(limit.take(start + Duration::from_millis(600)), Ok(()));
		assert_eq!(limit.take(start + Duration::from_millis(600)), Err(1));
		let later = start + Duration::from_secs(60);
		assert_eq!((0..9).filter(|_| limit.take(later).is_ok()).count(), 3);
		assert_eq!(limit.most_within(Duration::from_secs(10)), 23);
	}
}
