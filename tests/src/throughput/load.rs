//! Makes transactions, sends them, and watches them become final.

use super::{
	accounts::address,
	blocks::ensure_success,
	chains::Chain,
	watch::{Run, Watch},
};
use anyhow::ensure;
use futures::{stream, StreamExt};
use msec_worker_common::{chain::Config, H256};
use std::{
	collections::HashMap,
	sync::{
		atomic::{AtomicU64, AtomicUsize, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use subxt::{
	config::{substrate::BlakeTwo256, DefaultExtrinsicParamsBuilder, Hasher, RpcConfigFor},
	dynamic,
	rpcs::{LegacyRpcMethods, RpcClient},
	transactions::Payload,
	utils::MultiAddress,
};
use subxt_signer::sr25519::Keypair;
use tokio::{sync::Semaphore, task::JoinSet};

/// Sockets over which transactions go to the node.
const SOCKETS: usize = 4;
/// Requests that wait for an answer on each socket.
const REQUESTS: usize = 64;
/// Transactions that are sent and in no block: more than a block holds.
const BACKLOG: usize = 6_000;
/// Between two portions of a paced load.
const TICK: Duration = Duration::from_millis(20);
/// What each transfer moves, in the smallest unit.
const AMOUNT: u128 = 1_000_000_000_000;

/// The node's plain JSON-RPC methods.
pub type Rpc = LegacyRpcMethods<RpcConfigFor<Config>>;

/// Transactions that are made and not yet sent.
pub struct Load {
	signed: Vec<Vec<u8>>,
	/// What goes over each socket, in this order: an account stays with its socket.
	lanes: Vec<Vec<usize>>,
}

/// How fast a load is sent.
#[derive(Clone, Copy)]
pub enum Pace {
	/// All of it as soon as possible.
	Everything,
	/// So much as keeps the pool well filled, for so long.
	Saturating(Duration),
	/// So many transactions a second, for so long.
	PerSecond(f64, Duration),
}

impl Load {
	/// At most about `most` transfers among `keys`.
	pub async fn transfers(chain: &Chain, keys: &[Keypair], most: usize) -> anyhow::Result<Self> {
		Self::sign(chain, keys, most, |sender, nonce| {
			// To somebody else each time.
			let receiver = (sender + 1 + nonce as usize * 7) % keys.len();
			let to = MultiAddress::<_, ()>::Id(address(&keys[receiver]));
			dynamic::transaction("Balances", "transfer_keep_alive", (to, AMOUNT))
		})
		.await
	}

	/// Signs `call(sender, nonce)` for every sender and as many nonces as make `most` transactions.
	pub async fn sign<Call: Payload>(
		chain: &Chain,
		keys: &[Keypair],
		most: usize,
		call: impl Fn(usize, u32) -> Call + Sync,
	) -> anyhow::Result<Self> {
		let nonces = most.div_ceil(keys.len()) as u32;
		Self::sign_from(chain, keys, 0..nonces, call).await
	}

	/// Signs `call(sender, nonce)` for every sender and every nonce.
	pub async fn sign_from<Call: Payload>(
		chain: &Chain,
		keys: &[Keypair],
		nonces: std::ops::Range<u32>,
		call: impl Fn(usize, u32) -> Call + Sync,
	) -> anyhow::Result<Self> {
		let at = chain.client.finalized().await?;
		let transactions = at.inner().transactions();
		let sign = |sender: usize, nonce: u32| -> anyhow::Result<Vec<u8>> {
			let parameters = DefaultExtrinsicParamsBuilder::<Config>::new()
				.immortal()
				.nonce(nonce.into())
				.build();
			let call = call(sender, nonce);
			let mut signable = transactions.create_signable_offline(&call, parameters)?;
			Ok(signable.sign(&keys[sender])?.into_encoded())
		};
		let order: Vec<_> =
			nonces.flat_map(|nonce| (0..keys.len()).map(move |sender| (sender, nonce))).collect();
		let threads = std::thread::available_parallelism().map_or(1, usize::from);
		let portion = order.len().div_ceil(threads).max(1);
		let signed = std::thread::scope(|scope| {
			let workers: Vec<_> = order
				.chunks(portion)
				.map(|part| {
					let sign = &sign;
					scope.spawn(move || {
						part.iter().map(|(sender, nonce)| sign(*sender, *nonce)).collect()
					})
				})
				.collect();
			workers
				.into_iter()
				.map(|worker| worker.join().expect("signing does not panic; qed"))
				.collect::<anyhow::Result<Vec<Vec<Vec<u8>>>>>()
		})?
		.concat();
		Ok(Self { signed, lanes: lanes(order.into_iter().map(|(sender, _)| sender)) })
	}

	/// Transactions that nobody signs, in no order.
	pub async fn bare<Call: Payload>(
		chain: &Chain,
		calls: impl IntoIterator<Item = Call>,
	) -> anyhow::Result<Self> {
		let at = chain.client.finalized().await?;
		let transactions = at.inner().transactions();
		let mut signed = Vec::new();
		for call in calls {
			signed.push(transactions.create_unsigned(&call)?.into_encoded());
		}
		let lanes = lanes(0..signed.len());
		Ok(Self { signed, lanes })
	}

	/// Sends at `pace`, and waits until everything sent is final.
	pub async fn run(self, chain: &Chain, pace: Pace) -> anyhow::Result<Run> {
		let url = chain.url();
		let hashes = self.signed.iter().map(|bytes| BlakeTwo256.hash(bytes));
		let indices: HashMap<H256, usize> = hashes.zip(0..).collect();
		let journal = Arc::new(Journal::new(self.signed.len(), &pace));
		let mut watch = Watch::new(connect(&url).await?, journal.clone(), indices).await?;

		let signed = Arc::new(self.signed);
		let mut senders = JoinSet::new();
		for lane in self.lanes {
			let rpc = connect(&url).await?;
			senders.spawn(send(rpc, lane, signed.clone(), journal.clone()));
		}
		match pace {
			Pace::Everything => (),
			Pace::Saturating(duration) => watch.follow_for(duration, true).await?,
			Pace::PerSecond(rate, duration) => {
				let pacing = tokio::spawn(grant_permits(rate, journal.clone()));
				watch.follow_for(duration, false).await?;
				pacing.abort();
			},
		}
		if !matches!(pace, Pace::Everything) {
			journal.permits.close();
			let accepted = journal.accepted.load(Ordering::Relaxed);
			ensure!(accepted < signed.len(), "all {accepted} transactions were sent too soon");
		}
		let last_number = watch.included_to;
		while let Some(sender) = senders.join_next().await {
			sender??;
		}
		watch.follow_until_settled().await?;
		let run = watch.finish();
		let last_number = match pace {
			Pace::Everything => run.last_but_one(),
			_ => last_number,
		};
		Ok(Run { last_number, ..run })
	}
}

/// Has each sender make a call with this nonce, and waits until all are final. Each must emit the event.
pub async fn execute<Call: Payload>(
	chain: &Chain,
	keys: &[Keypair],
	nonce: u32,
	(pallet, event): (&str, &str),
	call: impl Fn(usize) -> Call + Sync,
) -> anyhow::Result<()> {
	let load = Load::sign_from(chain, keys, nonce..nonce + 1, |sender, _| call(sender)).await?;
	let run = load.run(chain, Pace::Everything).await?;
	ensure_success(chain, &run, pallet, event).await
}

/// Over which socket each transaction goes, by its sender.
fn lanes(senders: impl Iterator<Item = usize>) -> Vec<Vec<usize>> {
	let mut lanes = vec![Vec::new(); SOCKETS];
	for (index, sender) in senders.enumerate() {
		lanes[sender % SOCKETS].push(index);
	}
	lanes
}

/// Sends a lane in its order, as fast as there are permits.
async fn send(
	rpc: Rpc,
	lane: Vec<usize>,
	signed: Arc<Vec<Vec<u8>>>,
	journal: Arc<Journal>,
) -> anyhow::Result<()> {
	let mut requests = stream::iter(lane)
		.map(|index| {
			let (rpc, signed, journal) = (&rpc, &signed, &journal);
			async move {
				let Ok(permit) = journal.permits.acquire().await else {
					return Ok(false);
				};
				permit.forget();
				journal.sent[index].store(journal.now() + 1, Ordering::Relaxed);
				rpc.author_submit_extrinsic(&signed[index]).await?;
				journal.accepted.fetch_add(1, Ordering::Relaxed);
				anyhow::Ok(true)
			}
		})
		.buffered(REQUESTS);
	while requests.next().await.transpose()?.unwrap_or(false) {}
	Ok(())
}

/// Lets `rate` transactions a second be sent.
async fn grant_permits(rate: f64, journal: Arc<Journal>) {
	let mut ticks = tokio::time::interval(TICK);
	let mut granted = 0;
	loop {
		ticks.tick().await;
		let due = (journal.start.elapsed().as_secs_f64() * rate) as usize;
		journal.permits.add_permits(due - granted);
		granted = due;
	}
}

async fn connect(url: &str) -> anyhow::Result<Rpc> {
	Ok(LegacyRpcMethods::new(RpcClient::from_insecure_url(url).await?))
}

/// What was sent when, and how much may be sent.
pub struct Journal {
	start: Instant,
	/// Microseconds from the start to the sending of each transaction, plus one; 0 if it was not sent.
	sent: Vec<AtomicU64>,
	accepted: AtomicUsize,
	permits: Semaphore,
}

impl Journal {
	fn new(transactions: usize, pace: &Pace) -> Self {
		let permits = match pace {
			Pace::Everything => transactions,
			Pace::Saturating(_) => BACKLOG,
			Pace::PerSecond(..) => 0,
		};
		Self {
			start: Instant::now(),
			sent: (0..transactions).map(|_| AtomicU64::new(0)).collect(),
			accepted: AtomicUsize::new(0),
			permits: Semaphore::new(permits),
		}
	}

	/// Microseconds since the start.
	pub fn now(&self) -> u64 {
		self.start.elapsed().as_micros() as u64
	}

	/// When a transaction was sent.
	pub fn sent_at(&self, index: usize) -> Option<u64> {
		self.sent[index].load(Ordering::Relaxed).checked_sub(1)
	}

	/// How many transactions the pool took.
	pub fn accepted(&self) -> usize {
		self.accepted.load(Ordering::Relaxed)
	}

	/// Lets more be sent.
	pub fn permit(&self, transactions: usize) {
		self.permits.add_permits(transactions);
	}
}
