//! The redb file, opened again after a fault.

use redb::{Database, DatabaseError};
use std::{
	io,
	sync::{Arc, Mutex, PoisonError},
};

/// Opens the file.
pub type Opener = Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>;

/// Why the store cannot do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
	/// There is no room left.
	#[error("the disk is full")]
	Full,
	/// A batch is on chain already, with other content.
	#[error("batch {0} is on chain with other content")]
	Conflict(u32),
	/// The data set would have more bytes than this.
	#[error("a data set may have {0} bytes here")]
	QuotaExceeded(u64),
	/// Keys of the data set are kept for this many recipients already.
	#[error("keys are kept for {0} recipients of a data set")]
	TooManyRecipients(usize),
	/// The disk or the file fails.
	#[error("the store's disk fails: {0}")]
	Disk(redb::Error),
	/// What is in the file makes no sense.
	#[error("an entry of the store is damaged")]
	Damaged,
}

impl<E: Into<redb::Error>> From<E> for StoreFault {
	fn from(error: E) -> Self {
		match error.into() {
			redb::Error::Io(error) if is_full(&error) => Self::Full,
			error => Self::Disk(error),
		}
	}
}

fn is_full(error: &io::Error) -> bool {
	matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Holds the open file. redb refuses to go on after an I/O error until the file is opened again.
pub(super) struct Slot {
	opener: Opener,
	database: Mutex<Option<Arc<Database>>>,
}

impl Slot {
	pub fn new(opener: Opener) -> Self {
		Self { opener, database: Mutex::new(None) }
	}

	/// Does something with the open file.
	pub fn with<T>(
		&self,
		job: impl FnOnce(&Database) -> Result<T, StoreFault>,
	) -> Result<T, StoreFault> {
		let database = self.get()?;
		let outcome = job(&database);
		if matches!(outcome, Err(StoreFault::Full | StoreFault::Disk(_))) {
			self.forget(&database);
		}
		outcome
	}

	fn get(&self) -> Result<Arc<Database>, StoreFault> {
		let mut slot = self.database.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(database) = &*slot {
			return Ok(database.clone());
		}
		let database = Arc::new((self.opener)()?);
		*slot = Some(database.clone());
		Ok(database)
	}

	/// Closes the file once nobody uses it, unless it was opened again already.
	fn forget(&self, failed: &Arc<Database>) {
		let mut slot = self.database.lock().unwrap_or_else(PoisonError::into_inner);
		if slot.as_ref().is_some_and(|database| Arc::ptr_eq(database, failed)) {
			*slot = None;
		}
	}
}
