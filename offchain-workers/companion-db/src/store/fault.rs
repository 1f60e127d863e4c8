//! Why the store cannot do what it is asked.

use std::{error::Error, io};
use tokio_postgres::error::SqlState;

/// Why the store cannot do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
	/// There is no room left.
	#[error("the disk is full")]
	Full,
	/// A batch is on chain already, with other content.
	#[error("batch {0} is on chain with other content")]
	Conflict(u32),
	/// The data set would have more bytes than this.
	#[error("the data set may have {0} bytes here")]
	QuotaExceeded(u64),
	/// Keys of the data set are kept for this many recipients already.
	#[error("keys are kept for {0} recipients of a data set")]
	TooManyRecipients(usize),
	/// The bytes of a batch are not those that were stored.
	#[error("batch {0} is damaged on disk; repair it from another store or a backup")]
	DamagedBatch(u32),
	/// What was staged is gone, because the disk failed meanwhile.
	#[error("what was uploaded is lost, because the disk failed meanwhile; upload it again")]
	StagedLost,
	/// The data set is erased.
	#[error("the data set is erased; nothing is kept of it any more")]
	Erased,
	/// The data set is being moved to another engine.
	#[error("the data set is being moved; nothing can be changed in it until that is done")]
	Moving,
	/// Another process has the store open.
	#[error("another process uses this store; stop it first")]
	InUse,
	/// What the store runs with makes no sense.
	#[error("{0}")]
	Configuration(String),
	/// The disk or the file fails.
	#[error("the store's disk fails: {0}")]
	Disk(String),
	/// PostgreSQL refuses.
	#[error("PostgreSQL fails: {0}")]
	Database(String),
	/// PostgreSQL or the object store cannot be reached.
	#[error("what the store keeps cannot be reached: {0}")]
	Unreachable(String),
}

impl StoreFault {
	/// Whether one publication is refused and others are not concerned.
	pub(super) fn is_refusal(&self) -> bool {
		matches!(
			self,
			Self::Conflict(_) | Self::QuotaExceeded(_) | Self::DamagedBatch(_) | Self::StagedLost
		)
	}

	fn of_disk(error: redb::Error) -> Self {
		match error {
			redb::Error::Io(error) if is_full(&error) => Self::Full,
			redb::Error::DatabaseAlreadyOpen => Self::InUse,
			error => Self::Disk(error.to_string()),
		}
	}
}

macro_rules! faults_of_disk {
	($($error:ty),*) => {
		$(
			impl From<$error> for StoreFault {
				fn from(error: $error) -> Self {
					Self::of_disk(error.into())
				}
			}
		)*
	};
}

faults_of_disk!(
	io::Error,
	redb::CommitError,
	redb::DatabaseError,
	redb::SetDurabilityError,
	redb::StorageError,
	redb::TableError,
	redb::TransactionError
);

impl From<tokio_postgres::Error> for StoreFault {
	fn from(error: tokio_postgres::Error) -> Self {
		match error.code() {
			Some(code) if *code == SqlState::DISK_FULL => Self::Full,
			Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => Self::InUse,
			Some(code) if !is_passing(code) => Self::Database(with_sources(&error)),
			_ => Self::Unreachable(with_sources(&error)),
		}
	}
}

impl From<deadpool_postgres::PoolError> for StoreFault {
	fn from(error: deadpool_postgres::PoolError) -> Self {
		match error {
			deadpool_postgres::PoolError::Backend(error) => error.into(),
			error => Self::Unreachable(error.to_string()),
		}
	}
}

impl From<object_store::Error> for StoreFault {
	fn from(error: object_store::Error) -> Self {
		let mut source: Option<&(dyn Error + 'static)> = Some(&error);
		while let Some(cause) = source {
			if cause.downcast_ref::<io::Error>().is_some_and(is_full) {
				return Self::Full;
			}
			source = cause.source();
		}
		Self::Unreachable(with_sources(&error))
	}
}

/// Whether PostgreSQL may be asked again later.
fn is_passing(code: &SqlState) -> bool {
	// Classes of SQLSTATE: connection exceptions, insufficient resources, operator intervention.
	["08", "53", "57"].iter().any(|class| code.code().starts_with(class))
}

fn is_full(error: &io::Error) -> bool {
	matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// An error with what caused it, each said once.
pub(super) fn with_sources(error: &dyn Error) -> String {
	let mut text = error.to_string();
	let mut source = error.source();
	while let Some(cause) = source {
		let cause_text = cause.to_string();
		if !text.contains(&cause_text) {
			text = format!("{text}: {cause_text}");
		}
		source = cause.source();
	}
	text
}
