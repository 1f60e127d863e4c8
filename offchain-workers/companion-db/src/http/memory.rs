//! The memory for uploads, and how much of it each account holds.

use super::{problem::Problem, upload::MOST_PARTS};
use msec_worker_common::AccountId32;
use std::{
	collections::HashMap,
	sync::{Mutex, MutexGuard, PoisonError},
	time::Duration,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Memory for uploads, in parts. One account holds at most half of it, so that others have some too.
pub(super) struct UploadMemory {
	free: Semaphore,
	/// Most parts of one account.
	share: u32,
	/// The parts of each account that holds some.
	held: Mutex<HashMap<[u8; 32], u32>>,
}

impl UploadMemory {
	/// Memory for so many large uploads, half of which may be of one account, and always one.
	pub fn new(uploads: usize) -> Self {
		let parts = uploads.saturating_mul(MOST_PARTS as usize);
		let of_account = u32::try_from((uploads / 2).max(1)).unwrap_or(u32::MAX);
		Self {
			free: Semaphore::new(parts.min(Semaphore::MAX_PERMITS)),
			share: of_account.saturating_mul(MOST_PARTS),
			held: Mutex::default(),
		}
	}

	/// Parts for an upload of an account, until what is returned is dropped.
	pub fn take(&self, account: &AccountId32, parts: u32) -> Result<TakenMemory<'_>, Problem> {
		let permit = self.free.try_acquire_many(parts).map_err(|_| Problem::busy())?;
		let mut held = self.lock();
		let others = held.get(&account.0).copied().unwrap_or_default();
		let together = others.saturating_add(parts);
		if together > self.share {
			return Err(Problem::too_many(Duration::ZERO));
		}
		held.insert(account.0, together);
		Ok(TakenMemory { memory: self, account: account.0, parts, _permit: permit })
	}

	fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], u32>> {
		self.held.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Memory of one upload, free again when this is dropped.
pub(super) struct TakenMemory<'a> {
	memory: &'a UploadMemory,
	account: [u8; 32],
	parts: u32,
	_permit: SemaphorePermit<'a>,
}

impl Drop for TakenMemory<'_> {
	fn drop(&mut self) {
		let mut held = self.memory.lock();
		let others = held.get(&self.account).map_or(0, |held| held.saturating_sub(self.parts));
		if others == 0 {
			held.remove(&self.account);
		} else {
			held.insert(self.account, others);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use axum::{http::StatusCode, response::IntoResponse};

	const ALICE: AccountId32 = AccountId32([1; 32]);
	const BOB: AccountId32 = AccountId32([2; 32]);

	fn refusal(taken: Result<TakenMemory<'_>, Problem>) -> StatusCode {
		taken.err().unwrap().into_response().status()
	}

	#[test]
	fn an_account_holds_half_and_others_have_the_rest() {
		let memory = UploadMemory::new(4);
		let large = memory.take(&ALICE, MOST_PARTS).ok().unwrap();
		let small: Vec<_> = (0..MOST_PARTS).map(|_| memory.take(&ALICE, 1).ok().unwrap()).collect();
		assert_eq!(refusal(memory.take(&ALICE, 1)), StatusCode::TOO_MANY_REQUESTS);
		let others = [BOB, BOB].map(|account| memory.take(&account, MOST_PARTS).ok().unwrap());
		let nobody = AccountId32([3; 32]);
		assert_eq!(refusal(memory.take(&nobody, 1)), StatusCode::SERVICE_UNAVAILABLE);
		drop(large);
		assert!(memory.take(&ALICE, MOST_PARTS).is_ok());
		drop((small, others));
		assert!(memory.lock().is_empty());
	}

	#[test]
	fn the_only_place_is_for_everybody() {
		let memory = UploadMemory::new(1);
		let only = memory.take(&ALICE, MOST_PARTS).ok().unwrap();
		for account in [ALICE, BOB] {
			assert_eq!(refusal(memory.take(&account, 1)), StatusCode::SERVICE_UNAVAILABLE);
		}
		drop(only);
		assert!(memory.take(&BOB, MOST_PARTS).is_ok());
	}
}
