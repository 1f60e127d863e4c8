//! The stores of a data set, as one, and what was posted on the chain in their place.

use crate::{ids::hash_text, posted::Posted};
use msec_commitments::{BatchCommitment, Hash, Peaks};
use msec_worker_common::{
	batch_frame::Frame,
	chain::{BlockClient, ChainError, Dataset, RangeCommitment},
	keys::AccountKey,
	store_client::{StoreClient, StoreError},
	AccountId32,
};
use std::sync::Arc;

/// Why the stores do not serve.
#[derive(Debug, thiserror::Error)]
pub enum StoresError {
	/// The chain does not answer.
	#[error(transparent)]
	Chain(#[from] ChainError),
	/// None of the data set's stores is registered.
	#[error("no store of this data set is registered; its owner can name others")]
	None,
	/// Each store failed.
	#[error("no store of this data set helps: {0}")]
	All(String),
	/// A store that must have a copy does not take it.
	#[error("store {0}: {1}")]
	One(AccountId32, #[source] Box<StoreError>),
	/// Nothing that a store lists is what was committed to.
	#[error(
		"no store has the batches that were committed to on chain; try later or tell the owner"
	)]
	OtherBatches,
}

/// Clients of the stores of one data set.
pub struct Stores {
	dataset: Hash,
	clients: Vec<(AccountId32, StoreClient)>,
	posted: Posted,
}

impl Stores {
	/// Looks up where the stores of `details` answer; `key` signs the requests.
	pub async fn connect(
		block: &BlockClient,
		dataset: &Hash,
		details: &Dataset,
		key: &Arc<AccountKey>,
	) -> Result<Self, StoresError> {
		let mut clients = Vec::new();
		for operator in &details.stores {
			let Some(store) = block.store(operator).await? else { continue };
			let client = StoreClient::new(&store.endpoint, operator, key.clone())
				.map_err(|error| StoresError::One(*operator, error.into()))?;
			clients.push((*operator, client));
		}
		match clients.is_empty() {
			true => Err(StoresError::None),
			false => Ok(Self { dataset: *dataset, clients, posted: Posted::default() }),
		}
	}

	/// The same stores, helped out by what was posted on the chain.
	pub fn with_posted(self, posted: Posted) -> Self {
		Self { posted, ..self }
	}

	/// The same stores, asked for `purpose`.
	pub fn for_purpose(self, purpose: Option<String>) -> Self {
		let ask = |(operator, client): (AccountId32, StoreClient)| {
			(operator, client.with_purpose(purpose.clone()))
		};
		Self { clients: self.clients.into_iter().map(ask).collect(), ..self }
	}

	/// What was posted on the chain.
	pub fn posted(&self) -> &Posted {
		&self.posted
	}

	/// Uploads a batch to every store.
	pub async fn upload(&self, frame: &Frame) -> Result<(), StoresError> {
		for (operator, client) in &self.clients {
			client
				.upload(&self.dataset, std::slice::from_ref(frame))
				.await
				.map_err(|error| StoresError::One(*operator, error.into()))?;
		}
		Ok(())
	}

	/// Leaves a wrapped key tree for `recipient` at every store.
	pub async fn put_key(
		&self,
		recipient: &AccountId32,
		wrapped: &[u8],
	) -> Result<(), StoresError> {
		for (operator, client) in &self.clients {
			client
				.put_key(&self.dataset, recipient, wrapped)
				.await
				.map_err(|error| StoresError::One(*operator, error.into()))?;
		}
		Ok(())
	}

	/// Asks every store to destroy what it has of an erased data set.
	pub async fn erase(&self) -> Result<(), StoresError> {
		for (operator, client) in &self.clients {
			match client.erase(&self.dataset).await {
				Err(error) if !error.is_not_found() => {
					return Err(StoresError::One(*operator, error.into()));
				},
				_ => (),
			}
		}
		Ok(())
	}

	/// The commitments of all batches in `range`, from the first store whose list has the head that the
	/// chain has, or from the chain, where all was posted.
	pub async fn commitments(
		&self,
		range: &RangeCommitment,
	) -> Result<Vec<BatchCommitment>, StoresError> {
		let mut faults = Vec::new();
		for (operator, client) in &self.clients {
			match client.commitments(&self.dataset, range.batches).await {
				Ok(batches) if root(&batches) == Some(range.root.0) => return Ok(batches),
				Ok(_) => faults.push(format!("{operator} lists other batches")),
				Err(error) => faults.push(format!("{operator}: {error}")),
			}
		}
		let posted = self.posted.commitments(range.batches);
		if let Some(batches) = posted.filter(|batches| root(batches) == Some(range.root.0)) {
			return Ok(batches);
		}
		match faults.iter().all(|fault| fault.ends_with("lists other batches")) {
			true => Err(StoresError::OtherBatches),
			false => Err(StoresError::All(faults.join("; "))),
		}
	}

	/// A batch, from the first store that has it as it was committed to, or from the chain, where all of
	/// it was posted.
	pub async fn batch(
		&self,
		index: u32,
		expected: &BatchCommitment,
	) -> Result<Frame, StoresError> {
		let mut faults = Vec::new();
		for (operator, client) in &self.clients {
			match client.batch(&self.dataset, index).await {
				Ok(frame) if frame.commitment() == *expected => return Ok(frame),
				Ok(_) => faults.push(format!(
					"{operator} has another batch {index} than the one with root {}",
					hash_text(&expected.root)
				)),
				Err(error) => faults.push(format!("{operator}: {error}")),
			}
		}
		let posted = self.posted.frame(index);
		posted
			.filter(|frame| frame.commitment() == *expected)
			.ok_or_else(|| StoresError::All(faults.join("; ")))
	}

	/// Everything that the stores have of the batches `[from, to)`; of one position there may be several
	/// batches. Fails when one of the stores cannot be asked.
	pub async fn stored(&self, from: u32, to: u32) -> Result<Vec<Frame>, StoresError> {
		let mut frames: Vec<Frame> = Vec::new();
		for (operator, client) in &self.clients {
			let fault = |error: StoreError| StoresError::One(*operator, error.into());
			let listed = client.batches(&self.dataset, from, to).await.map_err(fault)?;
			for index in from..to {
				let Some(entry) = listed.iter().find(|entry| entry.batch == index) else {
					continue;
				};
				let is_same = |frame: &Frame| {
					frame.batch() == index && Some(frame.commitment()) == entry.commitment()
				};
				if !frames.iter().any(is_same) {
					frames.push(client.batch(&self.dataset, index).await.map_err(fault)?);
				}
			}
		}
		Ok(frames)
	}
}

/// The head over batches.
fn root(batches: &[BatchCommitment]) -> Option<Hash> {
	let mut peaks = Peaks::default();
	for batch in batches {
		peaks.append(batch)?;
	}
	Some(peaks.root())
}

/// Stores on the loopback interface, for tests.
#[cfg(test)]
pub(crate) mod fake {
	use super::*;
	use msec_worker_common::store_client::StoredBatch;
	use tokio::{
		io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
		net::{TcpListener, TcpStream},
	};

	pub const DATASET: Hash = [7; 32];

	/// What a store lists, and which of it it does not hand out.
	#[derive(Clone, Default)]
	pub struct FakeStore {
		pub frames: Vec<Frame>,
		pub withheld: Vec<u32>,
	}

	impl FakeStore {
		fn answer(&self, target: &str) -> Option<Vec<u8>> {
			let batches = format!("/v1/datasets/{}/batches", hash_text(&DATASET));
			let rest = target.strip_prefix(&batches)?;
			if let Some(index) = rest.strip_prefix('/') {
				let index: u32 = index.parse().ok()?;
				let frame = self.frames.iter().find(|frame| frame.batch() == index)?;
				return (!self.withheld.contains(&index)).then(|| frame.bytes().to_vec());
			}
			let (from, to) = rest.strip_prefix("?from=")?.split_once("&to=")?;
			let range = from.parse::<u32>().ok()?..to.parse().ok()?;
			let listed = self.frames.iter().filter(|frame| range.contains(&frame.batch()));
			let listed: Vec<_> = listed.map(entry).collect();
			serde_json::to_vec(&listed).ok()
		}

		async fn serve(&self, mut connection: TcpStream) -> std::io::Result<()> {
			let (reader, mut writer) = connection.split();
			let mut lines = BufReader::new(reader).lines();
			let request = lines.next_line().await?.unwrap_or_default();
			while lines.next_line().await?.is_some_and(|line| !line.is_empty()) {}
			let answer = request.split(' ').nth(1).and_then(|target| self.answer(target));
			let status = if answer.is_some() { "200 OK" } else { "404 Not Found" };
			let body = answer.unwrap_or_default();
			let head = format!(
				"HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
				body.len()
			);
			writer.write_all(&[head.as_bytes(), &body].concat()).await
		}
	}

	fn entry(frame: &Frame) -> StoredBatch {
		let BatchCommitment { chunks, root } = frame.commitment();
		let bytes = frame.bytes().len() as u64;
		StoredBatch { batch: frame.batch(), chunks, root: hash_text(&root), bytes }
	}

	/// Clients of running stores.
	pub async fn stores(fakes: &[FakeStore]) -> Stores {
		let key = Arc::new(AccountKey::from_seed(&[1; 32]));
		let mut clients = Vec::new();
		for (fake, number) in fakes.iter().cloned().zip(1..) {
			let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
			let endpoint = format!("http://{}", listener.local_addr().unwrap());
			tokio::spawn(async move {
				while let Ok((connection, _)) = listener.accept().await {
					fake.serve(connection).await.unwrap();
				}
			});
			let operator = AccountId32([number; 32]);
			let client = StoreClient::new(&endpoint, &operator, key.clone()).unwrap();
			clients.push((operator, client));
		}
		Stores { dataset: DATASET, clients, posted: Posted::default() }
	}
}
