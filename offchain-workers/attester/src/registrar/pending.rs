//! Enrolments whose credential is not answered yet.

use std::{
	collections::HashMap,
	sync::{Mutex, PoisonError},
	time::{Duration, Instant},
};
use zeroize::Zeroizing;

/// Length of an enrolment's name in bytes. It is random, so that nobody can answer for somebody else.
pub(super) const ID_LENGTH: usize = 16;

/// Names an enrolment.
pub(super) type EnrolmentId = [u8; ID_LENGTH];

/// What is to be answered.
pub(super) struct Enrolment {
	pub device: [u8; 32],
	pub attestation_key: Vec<u8>,
	pub secret: Zeroizing<[u8; 32]>,
}

/// Open enrolments, of bounded number, each for a bounded time.
pub(super) struct Pending {
	open: Mutex<HashMap<EnrolmentId, (Instant, Enrolment)>>,
	capacity: usize,
	patience: Duration,
}

/// There are as many open enrolments as there may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Pending {
	pub fn new(capacity: usize, patience: Duration) -> Self {
		Self { open: Mutex::default(), capacity, patience }
	}

	/// Opens an enrolment.
	pub fn open(&self, enrolment: Enrolment, now: Instant) -> Result<EnrolmentId, Full> {
		let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
		if open.len() >= self.capacity {
			open.retain(|_, (begun, _)| now.duration_since(*begun) < self.patience);
		}
		if open.len() >= self.capacity {
			return Err(Full);
		}
		let id = rand::random();
		open.insert(id, (now, enrolment));
		Ok(id)
	}

	/// Ends an enrolment: there is one answer to each.
	pub fn take(&self, id: &EnrolmentId, now: Instant) -> Option<Enrolment> {
		let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
		let (begun, enrolment) = open.remove(id)?;
		(now.duration_since(begun) < self.patience).then_some(enrolment)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const PATIENCE: Duration = Duration::from_secs(10);

	fn enrolment() -> Enrolment {
		Enrolment { device: [1; 32], attestation_key: vec![2], secret: Zeroizing::new([3; 32]) }
	}

	#[test]
	fn an_enrolment_is_answered_once_and_in_time() {
		let pending = Pending::new(4, PATIENCE);
		let begun = Instant::now();
		let id = pending.open(enrolment(), begun).unwrap();
		assert!(pending.take(&[0; ID_LENGTH], begun).is_none());
		assert!(pending.take(&id, begun).is_some());
		assert!(pending.take(&id, begun).is_none());
		let late = pending.open(enrolment(), begun).unwrap();
		assert!(pending.take(&late, begun + PATIENCE).is_none());
	}

	#[test]
	fn the_expired_make_place_when_all_places_are_taken() {
		let pending = Pending::new(2, PATIENCE);
		let begun = Instant::now();
		pending.open(enrolment(), begun).unwrap();
		pending.open(enrolment(), begun + PATIENCE / 2).unwrap();
		assert_eq!(pending.open(enrolment(), begun + PATIENCE / 2), Err(Full));
		assert!(pending.open(enrolment(), begun + PATIENCE).is_ok());
		assert_eq!(pending.open(enrolment(), begun + PATIENCE), Err(Full));
	}
}
