//! The redb file, opened again after a fault.

use super::batches::Opened;
use crate::store::StoreFault;
use redb::{Database, DatabaseError};
use std::sync::{Arc, Mutex, PoisonError};

/// Opens the file.
pub type Opener = Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>;

/// Holds the open file. redb refuses to go on after an I/O error until the file is opened again.
pub(super) struct Slot {
	opener: Opener,
	opened: Mutex<Option<Arc<Opened>>>,
}

impl Slot {
	pub fn new(opener: Opener) -> Self {
		Self { opener, opened: Mutex::new(None) }
	}

	/// Does something with the open file.
	pub fn with<T>(
		&self,
		job: impl FnOnce(&Opened) -> Result<T, StoreFault>,
	) -> Result<T, StoreFault> {
		let opened = self.get()?;
		let outcome = job(&opened);
		if matches!(outcome, Err(StoreFault::Full | StoreFault::Disk(_))) {
			self.forget(&opened);
		}
		outcome
	}

	fn get(&self) -> Result<Arc<Opened>, StoreFault> {
		let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(opened) = &*slot {
			return Ok(opened.clone());
		}
		let opened = Arc::new(Opened::new((self.opener)()?));
		*slot = Some(opened.clone());
		Ok(opened)
	}

	/// Closes the file once nobody uses it, unless it was opened again already.
	fn forget(&self, failed: &Arc<Opened>) {
		let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
		if slot.as_ref().is_some_and(|opened| Arc::ptr_eq(opened, failed)) {
			*slot = None;
		}
	}
}
