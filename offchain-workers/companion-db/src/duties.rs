//! What the store does by itself: it destroys what is erased or whose time is over, certifies that, and
//! anchors its access log.

use crate::{
	access::ChainAccess,
	access_log::AccessLog,
	erasures::Erasures,
	following::{Followed, Follower},
	registry::Registry,
	store::StoreFault,
};
use msec_commitments::Hash;
use msec_worker_common::{access_log::day_of, erasure_certificate::SignedCertificate, AccountId32};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Time between two rounds.
const PAUSE: Duration = Duration::from_secs(60);
/// Data sets that are listed at once.
const PAGE: usize = 1000;

/// Everything that duties need.
pub struct Duties {
	/// What destroys.
	pub erasures: Erasures,
	/// What is anchored.
	pub log: AccessLog,
	/// What the chain says.
	pub chain: Arc<dyn ChainAccess>,
	/// What the chain is told; without the key of the store's account, nothing.
	pub registry: Option<Arc<dyn Registry>>,
	/// For how many days the lines of the access log are kept.
	pub access_log_days: u32,
	/// The account under which this store is registered.
	pub operator: AccountId32,
	/// The file of what was followed of the chain.
	pub followed: PathBuf,
}

impl Duties {
	/// Does them again and again until `stop`, and at once when something was destroyed on request.
	pub async fn run(self, stop: CancellationToken) {
		loop {
			tokio::select! {
				() = stop.cancelled() => return,
				() = self.once() => {},
			}
			tokio::select! {
				() = stop.cancelled() => return,
				() = self.erasures.destroyed() => {},
				() = tokio::time::sleep(PAUSE) => {},
			}
		}
	}

	/// Does each once; what fails is tried again the next time.
	pub async fn once(&self) {
		let report = |duty: &str, outcome: anyhow::Result<usize>| match outcome {
			Ok(0) => {},
			Ok(done) => tracing::info!(done, "{duty}"),
			Err(error) => tracing::warn!("tried again later: {duty}: {error:#}"),
		};
		report("destroying erased data sets", self.follow().await);
		report("erasing data sets whose time is over", self.expire().await);
		if let Some(registry) = &self.registry {
			report("certifying erasures", certify(&self.erasures, &**registry).await);
		}
		match &self.registry {
			Some(registry) => {
				report("anchoring the access log", anchor(&self.log, &**registry).await);
			},
			None => {
				let closed = self.log.close_days().await.map(|()| 0);
				report("ending days of the access log", closed.map_err(Into::into));
			},
		}
		report("removing old days of the access log", self.prune().await);
	}

	/// Destroys the data sets that the chain says are erased; how many they were.
	pub async fn follow(&self) -> anyhow::Result<usize> {
		self.follower().await?.follow().await
	}

	/// Erases the data sets whose time is over; how many they were.
	pub async fn expire(&self) -> anyhow::Result<usize> {
		self.follower().await?.expire().await
	}

	/// The file is opened anew each time, because redb takes nothing any more after a fault of the disk.
	async fn follower(&self) -> anyhow::Result<Follower<'_>> {
		let path = self.followed.clone();
		let followed = tokio::task::spawn_blocking(move || Followed::open(&path)).await??;
		Ok(Follower {
			erasures: &self.erasures,
			chain: &*self.chain,
			registry: self.registry.as_deref(),
			operator: self.operator,
			followed,
		})
	}

	async fn prune(&self) -> anyhow::Result<usize> {
		// By the chain's time: a clock that is wrong must not remove what is young.
		let today = day_of(self.chain.finalized_time().await?);
		Ok(self.log.prune(today.saturating_sub(self.access_log_days)).await?)
	}
}

/// Anchors the days that have ended and are not anchored; how many they were.
pub async fn anchor(log: &AccessLog, registry: &dyn Registry) -> anyhow::Result<usize> {
	log.close_days().await?;
	let last = registry.anchors().await?.last().map(|anchor| anchor.day);
	let heads = log.closed_after(last).await?;
	let unanchored = metrics::gauge!("msec_store_unanchored_days");
	unanchored.set(heads.len() as f64);
	for head in &heads {
		registry.anchor(head).await?;
		unanchored.decrement(1.0);
	}
	Ok(heads.len())
}

/// Anchors the certificates that the chain does not have; how many they were. One that fails does not keep
/// the others back.
pub async fn certify(erasures: &Erasures, registry: &dyn Registry) -> anyhow::Result<usize> {
	let certificates = blocking(erasures, Erasures::to_be_anchored).await?;
	let mut failure = None;
	for certificate in &certificates {
		if let Err(error) = certify_one(erasures, registry, certificate).await {
			failure = Some(error);
		}
	}
	failure.map_or(Ok(certificates.len()), Err)
}

async fn certify_one(
	erasures: &Erasures,
	registry: &dyn Registry,
	certificate: &SignedCertificate,
) -> anyhow::Result<()> {
	let dataset = certificate.destruction.dataset.0;
	let erasure = registry.erasure(&dataset).await?;
	let mut duties = erasure.iter().flat_map(|erasure| &erasure.stores);
	match duties.find(|(store, _)| *store == certificate.store) {
		Some((_, None)) => registry.certify(&dataset, certificate.hash()).await?,
		Some((_, Some(anchored))) if anchored.hash.0 != certificate.hash() => {
			tracing::warn!(
				dataset = hex::encode(dataset),
				"destroyed once more; the certificate whose hash the chain has was lost here"
			);
			return blocking(erasures, move |erasures| erasures.set_repeated(&dataset)).await;
		},
		Some((_, Some(_))) => {},
		// The data set named other stores at last: the chain does not ask this one.
		None => tracing::info!(dataset = hex::encode(dataset), "certified without the chain"),
	}
	blocking(erasures, move |erasures| erasures.set_anchored(&dataset)).await
}

/// The next data sets behind `after` of which anything is kept; none at the end.
pub(crate) async fn datasets_after(
	erasures: &Erasures,
	after: Option<Hash>,
) -> anyhow::Result<Vec<Hash>> {
	blocking(erasures, move |erasures| erasures.store().datasets_after(after.as_ref(), PAGE)).await
}

pub(crate) async fn blocking<T: Send + 'static>(
	erasures: &Erasures,
	job: impl FnOnce(&Erasures) -> Result<T, StoreFault> + Send + 'static,
) -> anyhow::Result<T> {
	let erasures = erasures.clone();
	Ok(tokio::task::spawn_blocking(move || job(&erasures)).await??)
}
