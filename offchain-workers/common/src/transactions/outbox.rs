//! What is pending and what was done, on disk.

use super::TransactionError;
use crate::database;
use codec::{Decode, Encode};
use msec_commitments::Hash;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::{path::Path, sync::Arc};

const PENDING: TableDefinition<&str, &[u8]> = TableDefinition::new("pending");
const DONE: TableDefinition<&str, &[u8]> = TableDefinition::new("done");
const ABOUT: TableDefinition<&str, &[u8]> = TableDefinition::new("about");
const IDENTITY: &str = "chain and account";
/// What fits in memory of a small machine many times over.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// A call that is to take effect.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Pending {
	/// The encoded call.
	pub call: Vec<u8>,
	/// The version of how calls are encoded.
	pub transaction_version: u32,
	/// The last signed form.
	pub signed: Option<Signed>,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Signed {
	pub bytes: Vec<u8>,
	pub hash: Hash,
	pub nonce: u64,
	/// The block from which it holds; it can be in later ones only.
	pub birth: u64,
	/// The first block in which it can no longer be.
	pub death: u64,
	/// The runtime for which it was signed.
	pub spec_version: u32,
}

/// Where a call was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Done {
	pub block_hash: Hash,
	pub block_number: u64,
	pub transaction_hash: Hash,
	/// Whether it is known to have succeeded. Otherwise the node had forgotten how it ended.
	pub success_known: bool,
}

/// The outbox of one account on one chain.
#[derive(Clone)]
pub(super) struct Outbox(Arc<Database>);

impl Outbox {
	/// Opens or makes the outbox; it cannot be used with another chain or account afterwards.
	pub fn open(path: &Path, genesis: &Hash, account: &[u8; 32]) -> Result<Self, TransactionError> {
		let database = database::open(path, CACHE_BYTES)
			.map_err(|error| fault(format!("{}: {error}", path.display())))?;
		let identity = [&genesis[..], account].concat();
		let write = database.begin_write().map_err(fault)?;
		{
			write.open_table(PENDING).map_err(fault)?;
			write.open_table(DONE).map_err(fault)?;
			let mut about = write.open_table(ABOUT).map_err(fault)?;
			let known = about.get(IDENTITY).map_err(fault)?.map(|value| value.value().to_vec());
			match known {
				Some(known) if known != identity => {
					return Err(fault(format!("{} is of another chain or account", path.display())))
				},
				Some(_) => {},
				None => drop(about.insert(IDENTITY, identity.as_slice()).map_err(fault)?),
			}
		}
		write.commit().map_err(fault)?;
		Ok(Self(Arc::new(database)))
	}

	/// Everything that is pending, by key.
	pub fn pending(&self) -> Result<Vec<(String, Pending)>, TransactionError> {
		let table = self.0.begin_read().map_err(fault)?.open_table(PENDING).map_err(fault)?;
		let entries = table.iter().map_err(fault)?;
		entries
			.map(|entry| {
				let (key, value) = entry.map_err(fault)?;
				Ok((key.value().to_owned(), decode(value.value())?))
			})
			.collect()
	}

	/// Where the call with this key was executed, unless it is known to have failed.
	pub fn done(&self, key: &str) -> Result<Option<Done>, TransactionError> {
		let table = self.0.begin_read().map_err(fault)?.open_table(DONE).map_err(fault)?;
		table.get(key).map_err(fault)?.map(|value| decode(value.value())).transpose()
	}

	/// Writes down what is pending, durably.
	pub fn put(&self, key: &str, pending: &Pending) -> Result<(), TransactionError> {
		let write = self.0.begin_write().map_err(fault)?;
		write
			.open_table(PENDING)
			.map_err(fault)?
			.insert(key, pending.encode().as_slice())
			.map_err(fault)?;
		write.commit().map_err(fault)
	}

	/// Ends what is pending: it was executed, or with `None` it can be submitted again.
	pub fn end(&self, key: &str, done: Option<&Done>) -> Result<(), TransactionError> {
		let write = self.0.begin_write().map_err(fault)?;
		write.open_table(PENDING).map_err(fault)?.remove(key).map_err(fault)?;
		if let Some(done) = done {
			let mut table = write.open_table(DONE).map_err(fault)?;
			table.insert(key, done.encode().as_slice()).map_err(fault)?;
		}
		write.commit().map_err(fault)
	}
}

fn decode<T: Decode>(bytes: &[u8]) -> Result<T, TransactionError> {
	T::decode(&mut &*bytes).map_err(|_| fault("an entry is damaged"))
}

fn fault(error: impl ToString) -> TransactionError {
	TransactionError::Outbox(error.to_string())
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use std::collections::BTreeMap;

	fn pending(call: u8) -> Pending {
		let signed = Signed {
			bytes: vec![call; 9],
			hash: [call; 32],
			nonce: u64::from(call),
			birth: 10,
			death: 74,
			spec_version: 1,
		};
		Pending { call: vec![call], transaction_version: 1, signed: Some(signed) }
	}

	#[test]
	fn what_was_put_is_there_after_a_restart() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("outbox");
		let done = Done {
			block_hash: [1; 32],
			block_number: 7,
			transaction_hash: [2; 32],
			success_known: true,
		};
		{
			let outbox = Outbox::open(&path, &[0; 32], &[1; 32]).unwrap();
			outbox.put("a", &pending(1)).unwrap();
			outbox.put("b", &pending(2)).unwrap();
			outbox.end("b", Some(&done)).unwrap();
		}
		let outbox = Outbox::open(&path, &[0; 32], &[1; 32]).unwrap();
		assert_eq!(outbox.pending().unwrap(), [("a".to_owned(), pending(1))]);
		assert_eq!(outbox.done("b").unwrap(), Some(done));
		assert_eq!(outbox.done("a").unwrap(), None);
	}

	#[test]
	fn another_chain_or_account_is_refused() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("outbox");
		Outbox::open(&path, &[0; 32], &[1; 32]).unwrap();
		assert!(Outbox::open(&path, &[9; 32], &[1; 32]).is_err());
		assert!(Outbox::open(&path, &[0; 32], &[9; 32]).is_err());
		assert!(Outbox::open(&path, &[0; 32], &[1; 32]).is_ok());
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(16))]

		#[test]
		fn the_outbox_is_a_map(steps in proptest::collection::vec((0u8..5, any::<bool>()), 1..20)) {
			let directory = tempfile::tempdir().unwrap();
			let path = directory.path().join("outbox");
			let mut expected = BTreeMap::new();
			for (key, put) in steps {
				// Reopened at each step, as after a kill.
				let outbox = Outbox::open(&path, &[0; 32], &[1; 32]).unwrap();
				let name = format!("{key}");
				if put {
					outbox.put(&name, &pending(key)).unwrap();
					expected.insert(name, pending(key));
				} else {
					outbox.end(&name, None).unwrap();
					expected.remove(&name);
				}
				prop_assert_eq!(outbox.pending().unwrap(), expected.clone().into_iter().collect::<Vec<_>>());
			}
		}
	}
}
