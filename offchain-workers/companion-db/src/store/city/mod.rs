//! Records and wrapped keys in PostgreSQL, frames as objects.
//!
//! An object is written under a name of its own before PostgreSQL makes it visible, and PostgreSQL
//! notes its name before it is written: whatever happens in between, the next start finds what nobody
//! sees. It is the same with objects that another one replaces. What is erased is removed before
//! PostgreSQL forgets its name.

mod objects;
mod postgres;

pub(super) use postgres::Role;

use super::{
	backup::Item,
	engine::Engine,
	publication::Publication,
	record::{checked_segments, Blob, Record, CHECKED_LENGTH},
	Staged, StoreFault, Stored, Totals, MAX_RECIPIENTS,
};
use deadpool_postgres::{GenericClient, Transaction};
use msec_commitments::Hash;
use msec_worker_common::{batch_frame::Frame, AccountId32};
use objects::Objects;
use postgres::{query, Postgres};
use std::{
	collections::{BTreeMap, HashMap},
	future::Future,
	ops::{ControlFlow, Range, RangeInclusive},
	path::PathBuf,
};
use tokio::runtime::Handle;
use tokio_postgres::{types::ToSql, Row};

/// How many batches, or frames that are not visible, are removed in one step.
const REMOVED_AT_ONCE: i64 = 64;

const LIST: &str = "select batch, blob, chunks, root, bytes, checksum from companion_db.batches
	where dataset = $1 and batch between $2 and $3 order by batch limit $4";
const LAST: &str = "select batch, blob, chunks, root, bytes, checksum from companion_db.batches
	where dataset = $1 order by batch desc limit 1";
const PRESENT: &str = "select batch, blob, chunks, root, bytes, checksum from companion_db.batches
	where dataset = $1 and batch = any($2)";
const SOME: &str = "select batch, blob from companion_db.batches
	where dataset = $1 order by batch limit $2 for update";
const ERASE: &str = "delete from companion_db.batches where dataset = $1 and batch = any($2)";
const TOTALS: &str = "select batches, bytes from companion_db.datasets where dataset = $1";
const NOTE: &str = "insert into companion_db.datasets (dataset) values ($1) on conflict do nothing";
const WRITE: &str = "insert into companion_db.batches
	(dataset, batch, blob, chunks, root, bytes, checksum)
	select $1::bytea, * from unnest($2::bigint[], $3::bytea[], $4::bigint[], $5::bytea[], $6::bigint[],
		$7::bytea[])
	on conflict (dataset, batch) do update set blob = excluded.blob, chunks = excluded.chunks,
		root = excluded.root, bytes = excluded.bytes, checksum = excluded.checksum";
const HIDE: &str =
	"insert into companion_db.hidden select unnest($1::bytea[]) on conflict do nothing";
const SHOW: &str = "delete from companion_db.hidden where blob = any($1) returning blob";
// Waits for publications under way, also of a process that was killed: theirs are not hidden any more.
const HIDDEN: &str = "select blob from companion_db.hidden limit $1 for update";
const STILL_HIDDEN: &str = "select blob from companion_db.hidden where blob = any($1) for update";
const ASSIGN: &str = "insert into companion_db.datasets (dataset, owner) values ($1, $2)
	on conflict (dataset) do update set owner = excluded.owner
	where datasets.owner is distinct from excluded.owner";
const OWNER: &str =
	"select owner from companion_db.datasets where dataset = $1 and owner is not null";
const OWNED_BYTES: &str =
	"select coalesce(sum(bytes), 0)::bigint from companion_db.datasets where owner = $1";
const DATASETS: &str =
	"select dataset from companion_db.datasets where dataset > $1 order by dataset limit $2";
const KEY: &str =
	"select wrapped from companion_db.wrapped_keys where dataset = $1 and recipient = $2";
const RECIPIENTS: &str = "select recipient from companion_db.wrapped_keys where dataset = $1";
const ERASE_KEYS: &str = "delete from companion_db.wrapped_keys where dataset = $1";

/// Where a city keeps what its store keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CitySettings {
	/// How PostgreSQL is reached: a connection string or URI as libpq knows them, without a password.
	pub postgres: String,
	/// A file with the password.
	pub postgres_password_file: Option<PathBuf>,
	/// Where frames are: `s3://bucket/prefix` or a folder.
	pub objects: String,
	/// Certificates of authorities that are trusted besides those of the system, as PEM.
	pub ca_file: Option<PathBuf>,
}

pub(super) struct City {
	postgres: Postgres,
	objects: Objects,
	/// Where connections live.
	runtime: Handle,
}

impl City {
	/// Connects; not to be called by a thread that drives asynchronous work.
	pub fn open(settings: &CitySettings, role: Role, runtime: Handle) -> Result<Self, StoreFault> {
		let objects = Objects::open(&settings.objects, settings.ca_file.as_deref())?;
		Self::with_objects(settings, objects, role, runtime)
	}

	fn with_objects(
		settings: &CitySettings,
		objects: Objects,
		role: Role,
		runtime: Handle,
	) -> Result<Self, StoreFault> {
		let postgres = runtime.block_on(Postgres::open(settings, role))?;
		let city = Self { postgres, objects, runtime };
		if role == Role::Writer {
			city.wait(async {
				city.objects.probe().await?;
				city.remove_hidden().await
			})?;
		}
		Ok(city)
	}

	fn wait<T>(&self, job: impl Future<Output = T>) -> T {
		self.runtime.block_on(job)
	}

	/// Asks one thing.
	fn ask(
		&self,
		statement: &str,
		parameters: &[&(dyn ToSql + Sync)],
	) -> Result<Vec<Row>, StoreFault> {
		self.wait(async {
			let client = self.postgres.client().await?;
			query(&client, statement, parameters).await
		})
	}

	/// Removes what a crash left staged, or half removed.
	async fn remove_hidden(&self) -> Result<(), StoreFault> {
		while self.remove_found(HIDDEN, &[&REMOVED_AT_ONCE]).await? > 0 {}
		Ok(())
	}

	async fn discard_frames(&self, staged: &[Staged]) -> Result<(), StoreFault> {
		let blobs: Vec<_> = staged.iter().map(|staged| staged.record.blob).collect();
		self.remove_found(STILL_HIDDEN, &[&names(&blobs)]).await.map(drop)
	}

	/// Removes frames that nobody sees; how many they were.
	async fn remove_found(
		&self,
		statement: &str,
		parameters: &[&(dyn ToSql + Sync)],
	) -> Result<usize, StoreFault> {
		let mut client = self.postgres.client().await?;
		let transaction = client.transaction().await?;
		let rows = query(&transaction, statement, parameters).await?;
		let blobs = rows.iter().map(|row| blob(row, 0)).collect::<Result<Vec<_>, _>>()?;
		self.remove(&transaction, &blobs).await?;
		transaction.commit().await?;
		Ok(blobs.len())
	}

	/// Removes objects, and then what PostgreSQL noted of them.
	async fn remove(&self, client: &impl GenericClient, blobs: &[Blob]) -> Result<(), StoreFault> {
		self.objects.remove(blobs).await?;
		query(client, SHOW, &[&names(blobs)]).await.map(drop)
	}

	/// As [`Self::remove`]; what fails is done at the next start.
	async fn try_to_remove(&self, client: &impl GenericClient, blobs: &[Blob]) {
		if blobs.is_empty() {
			return;
		}
		if let Err(fault) = self.remove(client, blobs).await {
			tracing::warn!(%fault, "frames that nobody sees are not removed yet");
		}
	}

	async fn stage_frame(&self, frame: &Frame) -> Result<Staged, StoreFault> {
		let blob: Blob = rand::random();
		let client = self.postgres.client().await?;
		query(&client, HIDE, &[&names(&[blob])]).await?;
		// Others may use the connection while the object is on its way.
		drop(client);
		let segments: Vec<_> =
			checked_segments(blob, frame.bytes()).map(|(_, segment)| segment).collect();
		self.objects.put(blob, segments.concat()).await?;
		let record = Record::new(blob, &frame.commitment(), frame.bytes().len());
		Ok(Staged { batch: frame.batch(), record })
	}

	async fn publish_frames(&self, publication: &Publication) -> Result<Vec<Stored>, StoreFault> {
		let mut client = self.postgres.client().await?;
		let transaction = client.transaction().await?;
		let (stored, obsolete) = change(&transaction, publication).await?;
		transaction.commit().await?;
		self.try_to_remove(&client, &obsolete).await;
		Ok(stored)
	}

	async fn erase_some_batches(&self, dataset: &Hash) -> Result<bool, StoreFault> {
		let mut client = self.postgres.client().await?;
		let transaction = client.transaction().await?;
		// Lest an upload adds batches meanwhile that nobody counts.
		query(&transaction, &format!("{TOTALS} for update"), &[&dataset.as_slice()]).await?;
		let rows = query(&transaction, SOME, &[&dataset.as_slice(), &REMOVED_AT_ONCE]).await?;
		if rows.is_empty() {
			let forget = "delete from companion_db.datasets where dataset = $1 and not exists
				(select from companion_db.wrapped_keys where dataset = $1)";
			query(&transaction, forget, &[&dataset.as_slice()]).await?;
		} else {
			let blobs = rows.iter().map(|row| blob(row, 1)).collect::<Result<Vec<_>, _>>()?;
			// Rows whose objects are not removed for good stay, lest the data set seems erased.
			self.objects.remove(&blobs).await?;
			let batches = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
			query(&transaction, ERASE, &[&dataset.as_slice(), &batches]).await?;
		}
		transaction.commit().await?;
		Ok(!rows.is_empty())
	}

	async fn keep_key(
		&self,
		dataset: &Hash,
		recipient: &AccountId32,
		wrapped: &[u8],
	) -> Result<(), StoreFault> {
		let mut client = self.postgres.client().await?;
		let transaction = client.transaction().await?;
		query(&transaction, NOTE, &[&dataset.as_slice()]).await?;
		query(&transaction, &format!("{TOTALS} for update"), &[&dataset.as_slice()]).await?;
		let put = "insert into companion_db.wrapped_keys (dataset, recipient, wrapped)
			values ($1, $2, $3) on conflict (dataset, recipient) do update set wrapped = $3";
		query(&transaction, put, &[&dataset.as_slice(), &recipient.0.as_slice(), &wrapped]).await?;
		let recipients = query(&transaction, RECIPIENTS, &[&dataset.as_slice()]).await?.len();
		if recipients > MAX_RECIPIENTS {
			return Err(StoreFault::TooManyRecipients(MAX_RECIPIENTS));
		}
		Ok(transaction.commit().await?)
	}
}

/// Carries out a publication; what is stored, and which frames nobody sees afterwards.
async fn change(
	transaction: &Transaction<'_>,
	publication: &Publication,
) -> Result<(Vec<Stored>, Vec<Blob>), StoreFault> {
	let dataset = &publication.dataset;
	query(transaction, NOTE, &[&dataset.as_slice()]).await?;
	// Publications of one data set wait for one another here.
	let counts =
		query(transaction, &format!("{TOTALS} for update"), &[&dataset.as_slice()]).await?;
	let staged: Vec<_> = publication.staged.iter().map(|staged| staged.record.blob).collect();
	if query(transaction, SHOW, &[&names(&staged)]).await?.len() != staged.len() {
		return Err(StoreFault::StagedLost);
	}
	let numbers: Vec<_> = publication.staged.iter().map(|staged| i64::from(staged.batch)).collect();
	let rows = query(transaction, PRESENT, &[&dataset.as_slice(), &numbers]).await?;
	let present: HashMap<u32, Result<Record, StoreFault>> =
		rows.iter().map(|row| record(row, dataset)).collect::<Result<_, _>>()?;
	let changes =
		publication.changes(totals(&counts)?, |batch| present.get(&batch).cloned().transpose())?;
	write(transaction, dataset, &changes.records).await?;
	query(transaction, HIDE, &[&names(&changes.obsolete)]).await?;
	let update = "update companion_db.datasets set batches = $2, bytes = $3 where dataset = $1";
	let (batches, bytes) = (number(changes.totals.batches)?, number(changes.totals.bytes)?);
	query(transaction, update, &[&dataset.as_slice(), &batches, &bytes]).await?;
	Ok((changes.stored, changes.obsolete))
}

async fn write(
	transaction: &Transaction<'_>,
	dataset: &Hash,
	records: &BTreeMap<u32, Record>,
) -> Result<(), StoreFault> {
	let batches: Vec<_> = records.keys().copied().map(i64::from).collect();
	let blobs: Vec<_> = records.values().map(|record| record.blob).collect();
	let chunks: Vec<_> = records.values().map(|record| i64::from(record.chunks)).collect();
	let roots: Vec<_> = records.values().map(|record| record.root.to_vec()).collect();
	let bytes =
		records.values().map(|record| number(record.bytes)).collect::<Result<Vec<_>, _>>()?;
	let checksums: Vec<_> = records
		.iter()
		.map(|(batch, record)| record.checksum(dataset, *batch).to_be_bytes().to_vec())
		.collect();
	let names = names(&blobs);
	let dataset = dataset.as_slice();
	query(transaction, WRITE, &[&dataset, &batches, &names, &chunks, &roots, &bytes, &checksums])
		.await?;
	Ok(())
}

/// Numbers of bytes and batches as PostgreSQL has them.
fn number(value: u64) -> Result<i64, StoreFault> {
	i64::try_from(value).map_err(|_| StoreFault::Database(format!("{value} is too large")))
}

fn count(row: &Row, column: usize) -> Result<u64, StoreFault> {
	let value: i64 = row.try_get(column)?;
	u64::try_from(value).map_err(|_| StoreFault::Database(format!("{value} is no count")))
}

fn totals(rows: &[Row]) -> Result<Totals, StoreFault> {
	match rows {
		[row, ..] => Ok(Totals { batches: count(row, 0)?, bytes: count(row, 1)? }),
		[] => Ok(Totals::default()),
	}
}

/// The names of frames as PostgreSQL has them.
fn names(blobs: &[Blob]) -> Vec<Vec<u8>> {
	blobs.iter().map(|blob| blob.to_be_bytes().to_vec()).collect()
}

fn bytes<const N: usize>(row: &Row, column: usize) -> Result<[u8; N], StoreFault> {
	let value: &[u8] = row.try_get(column)?;
	value.try_into().map_err(|_| StoreFault::Database(format!("a value has not {N} bytes")))
}

fn blob(row: &Row, column: usize) -> Result<Blob, StoreFault> {
	bytes(row, column).map(Blob::from_be_bytes)
}

/// A batch with its record, or that it is damaged.
fn record(row: &Row, dataset: &Hash) -> Result<(u32, Result<Record, StoreFault>), StoreFault> {
	let batch: i64 = row.try_get(0)?;
	let batch = u32::try_from(batch)
		.map_err(|_| StoreFault::Database(format!("{batch} is no position")))?;
	let record = || -> Result<Record, StoreFault> {
		let chunks: i64 = row.try_get(2)?;
		let record = Record {
			blob: blob(row, 1)?,
			chunks: u32::try_from(chunks).map_err(|_| StoreFault::DamagedBatch(batch))?,
			root: bytes(row, 3)?,
			bytes: count(row, 4)?,
		};
		let checksum = u128::from_be_bytes(bytes(row, 5)?);
		record.checked(dataset, batch, checksum).ok_or(StoreFault::DamagedBatch(batch))
	};
	Ok((batch, record()))
}

fn stored(row: &Row, dataset: &Hash) -> Result<Stored, StoreFault> {
	let (batch, record) = record(row, dataset)?;
	Ok(Stored { batch, dataset: *dataset, record: record? })
}

impl Engine for City {
	fn stage(&self, frame: &Frame) -> Result<Staged, StoreFault> {
		self.wait(self.stage_frame(frame))
	}

	fn publish(&self, publication: Publication) -> Result<Vec<Stored>, StoreFault> {
		self.wait(self.publish_frames(&publication))
	}

	fn discard(&self, staged: &[Staged]) -> Result<(), StoreFault> {
		self.wait(self.discard_frames(staged))
	}

	fn list(
		&self,
		dataset: &Hash,
		batches: RangeInclusive<u32>,
		limit: usize,
	) -> Result<Vec<Stored>, StoreFault> {
		let (from, to) = (i64::from(*batches.start()), i64::from(*batches.end()));
		let limit = i64::try_from(limit).unwrap_or(i64::MAX);
		let rows = self.ask(LIST, &[&dataset.as_slice(), &from, &to, &limit])?;
		rows.iter().map(|row| stored(row, dataset)).collect()
	}

	fn last(&self, dataset: &Hash) -> Result<Option<Stored>, StoreFault> {
		let rows = self.ask(LAST, &[&dataset.as_slice()])?;
		rows.first().map(|row| stored(row, dataset)).transpose()
	}

	fn segments(
		&self,
		stored: &Stored,
		range: Range<u32>,
	) -> Result<Option<Vec<Vec<u8>>>, StoreFault> {
		let at = |index: u32| u64::from(index) * CHECKED_LENGTH as u64;
		let bytes = at(range.start)..at(range.end);
		let Some(object) = self.wait(self.objects.get(stored.record.blob, bytes))? else {
			return Ok(None);
		};
		let mut segments: Vec<_> = object.chunks(CHECKED_LENGTH).map(<[u8]>::to_vec).collect();
		// What is missing at the end is damaged, as what is cut off.
		segments.resize(range.len(), Vec::new());
		Ok(Some(segments))
	}

	fn totals(&self, dataset: &Hash) -> Result<Totals, StoreFault> {
		totals(&self.ask(TOTALS, &[&dataset.as_slice()])?)
	}

	fn datasets(&self, after: Option<&Hash>, limit: usize) -> Result<Vec<Hash>, StoreFault> {
		// Every identifier is behind the empty one.
		let after = after.map_or(&[][..], <[u8; 32]>::as_slice);
		let limit = i64::try_from(limit).unwrap_or(i64::MAX);
		let rows = self.ask(DATASETS, &[&after, &limit])?;
		rows.iter().map(|row| bytes(row, 0)).collect()
	}

	fn assign(&self, dataset: &Hash, owner: &AccountId32) -> Result<(), StoreFault> {
		self.ask(ASSIGN, &[&dataset.as_slice(), &owner.0.as_slice()]).map(drop)
	}

	fn owner(&self, dataset: &Hash) -> Result<Option<AccountId32>, StoreFault> {
		let rows = self.ask(OWNER, &[&dataset.as_slice()])?;
		rows.first().map(|row| bytes(row, 0).map(AccountId32)).transpose()
	}

	fn owned_bytes(&self, owner: &AccountId32) -> Result<u64, StoreFault> {
		let rows = self.ask(OWNED_BYTES, &[&owner.0.as_slice()])?;
		rows.first().map_or(Ok(0), |row| count(row, 0))
	}

	fn put_key(
		&self,
		dataset: &Hash,
		recipient: &AccountId32,
		wrapped: &[u8],
	) -> Result<(), StoreFault> {
		self.wait(self.keep_key(dataset, recipient, wrapped))
	}

	fn key(&self, dataset: &Hash, recipient: &AccountId32) -> Result<Option<Vec<u8>>, StoreFault> {
		let rows = self.ask(KEY, &[&dataset.as_slice(), &recipient.0.as_slice()])?;
		Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
	}

	fn recipients(&self, dataset: &Hash) -> Result<Vec<AccountId32>, StoreFault> {
		let rows = self.ask(RECIPIENTS, &[&dataset.as_slice()])?;
		rows.iter().map(|row| bytes(row, 0).map(AccountId32)).collect()
	}

	fn erase_keys(&self, dataset: &Hash) -> Result<(), StoreFault> {
		self.ask(ERASE_KEYS, &[&dataset.as_slice()]).map(drop)
	}

	fn erase_some(&self, dataset: &Hash) -> Result<bool, StoreFault> {
		self.wait(self.erase_some_batches(dataset))
	}

	fn snapshot(&self, _: &mut dyn FnMut(Item) -> ControlFlow<()>) -> Result<(), StoreFault> {
		let reason = "PostgreSQL and the objects have backups of their own";
		Err(StoreFault::Configuration(reason.to_owned()))
	}

	#[cfg(test)]
	fn count_segments(&self) -> usize {
		let sizes = self.wait(self.objects.sizes());
		sizes.into_iter().map(|size| (size as usize).div_ceil(CHECKED_LENGTH)).sum()
	}
}
