//! How many devices' logs are read at the same time.

use std::{
	collections::HashSet,
	sync::{Arc, Mutex, PoisonError},
};

/// Places of bounded number, of which a device has one at most: none takes those of the others.
pub(super) struct Places {
	taken: Mutex<HashSet<[u8; 32]>>,
	capacity: usize,
}

/// A device's place, free again when this is dropped.
pub(super) struct Place {
	places: Arc<Places>,
	device: [u8; 32],
}

impl Places {
	pub fn new(capacity: usize) -> Self {
		Self { taken: Mutex::default(), capacity }
	}

	/// A place for `device`; `None` when all are taken, or one by this device.
	pub fn take(self: &Arc<Self>, device: [u8; 32]) -> Option<Place> {
		let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
		let is_free = taken.len() < self.capacity && taken.insert(device);
		is_free.then(|| Place { places: self.clone(), device })
	}
}

impl Drop for Place {
	fn drop(&mut self) {
		let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
		taken.remove(&self.device);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn places_are_few_and_free_again_when_they_are_left() {
		let places = Arc::new(Places::new(2));
		let first = places.take([1; 32]).unwrap();
		let _second = places.take([2; 32]).unwrap();
		assert!(places.take([3; 32]).is_none());
		drop(first);
		assert!(places.take([3; 32]).is_some());
	}

	#[test]
	fn a_device_has_one_place() {
		let places = Arc::new(Places::new(2));
		let place = places.take([1; 32]).unwrap();
		assert!(places.take([1; 32]).is_none());
		drop(place);
		assert!(places.take([1; 32]).is_some());
	}
}
