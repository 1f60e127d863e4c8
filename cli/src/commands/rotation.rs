//! `msec key rotate` and `msec dataset rotate-agent`

use super::{
	context::{table, Context},
	dataset::{agent_recipient, owner_recipient, seal_for, Recipient},
	key::publish_key,
};
use anyhow::{anyhow, bail, Context as _, Result};
use clap::Args;
use msec::{home::KeyRecord, ids, journal::Journal, market};
use msec_commitments::{wrapping::wrap, KeyTree, WrappingKey, WrappingSecret};
use msec_worker_common::{
	chain::{runtime, BlockClient, ChainClient, Dataset, Order, OrderState},
	keys::{generate_wrapping_secret, read_wrapping_key, AccountKey, Suite},
	rotation::{rewrap, Rewrapped, RotationError},
	store_client::StoreClient,
	transactions::Submitter,
	AccountId32, H256,
};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

/// How many data sets are asked for at once.
const PAGE: u32 = 100;

#[derive(Args)]
pub struct Rotate {
	/// Which key.
	name: String,
	/// The kind of the new one: x25519 or x-wing [default: that of the former].
	#[arg(long)]
	suite: Option<Suite>,
}

#[derive(Args)]
pub struct RotateAgent {
	/// The agent that is not to be trusted any more.
	former: String,
	/// Account of the one that takes its place; it may be the same with another key.
	#[arg(long, value_name = "ACCOUNT")]
	key_agent: String,
	/// Its public key, of X25519 or X-Wing, or a file that holds it [default: what it published on chain].
	#[arg(long, value_name = "HEX|FILE", value_parser = read_wrapping_key)]
	key_agent_key: Option<WrappingKey>,
}

/// What was done for a key.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
	/// Wrapped secrets that were sealed anew.
	sealed: u64,
	/// Those that were sealed for the new key already.
	already: u64,
	/// Those that are sealed for another key, and stay so, or are neither at the store nor here.
	other: u64,
	/// Those that could not be sealed anew.
	failed: u64,
}

impl Rotate {
	pub async fn run(self, context: &Context) -> Result<()> {
		let password = context.password()?;
		if let Some(record) = context.home().resume_rotation(&self.name)? {
			self.report(context, &record, Counts::default());
			return Ok(());
		}
		let account = context.account_key()?;
		let former = context.home().key_versions(&self.name, password)?;
		let was = context.home().key_record(&self.name)?;
		let suite = self.suite.or(was.suite()).unwrap_or_default();
		let make = || generate_wrapping_secret(suite);
		let key = context.home().begin_rotation(&self.name, make, password)?;
		let (chain, block) = context.finalized().await?;
		let rotation =
			Rotation { chain: &chain, account: &account, password, former: &former, key: &key };
		let counts = rotation.rewrap_all(context, &block).await?;
		if counts.failed > 0 {
			bail!(
				"{} wrapped secrets are not sealed for the new key yet; run the command again when \
				the stores answer. Until then the former key is in use",
				counts.failed
			);
		}
		let settings = context.home().settings()?;
		match key.public_key() {
			// The key for which new data sets are sealed is not the published one.
			WrappingKey::X25519(public) if settings.owner_key.as_ref() != Some(&self.name) => {
				let submitter = context.submitter_of(chain, account)?;
				publish_key(context, &submitter, public).await?;
			},
			WrappingKey::X25519(_) => (),
			WrappingKey::XWing(_) => {
				let settings =
					msec::home::Settings { owner_key: Some(self.name.clone()), ..settings };
				context.home().save_settings(&settings)?;
			},
		}
		let record = context.home().end_rotation(&self.name)?;
		self.report(context, &record, counts);
		Ok(())
	}

	fn report(&self, context: &Context, record: &KeyRecord, counts: Counts) {
		let value = json!({
			"name": self.name, "version": record.version, "public_key": record.public_key,
			"secrets": counts,
		});
		context.print(&value, || {
			format!(
				"{} has version {}: {} secrets were sealed for it, {} were already; {} are for other keys",
				self.name, record.version, counts.sealed, counts.already, counts.other
			)
		});
	}
}

/// Sealing everything of one owner for another key.
struct Rotation<'a> {
	chain: &'a ChainClient,
	account: &'a Arc<AccountKey>,
	password: &'a str,
	former: &'a [WrappingSecret],
	key: &'a WrappingSecret,
}

impl Rotation<'_> {
	/// One data set after the other, so that memory does not grow with their number.
	async fn rewrap_all(&self, context: &Context, block: &BlockClient) -> Result<Counts> {
		let owner = self.account.account_id();
		let bar = context.spinner("sealing for the new key");
		let (mut counts, mut last) = (Counts::default(), None);
		loop {
			let page = block.datasets_by_owner(&owner, last, PAGE).await?;
			let Some(end) = page.last() else { break };
			last = Some(*end);
			for id in page {
				let Some(details) = block.dataset(&id.0).await? else { continue };
				if !details.erased {
					self.rewrap(context, block, &id, &details, &mut counts).await?;
				}
			}
		}
		bar.finish_and_clear();
		Ok(counts)
	}

	async fn rewrap(
		&self,
		context: &Context,
		block: &BlockClient,
		id: &H256,
		details: &Dataset,
		counts: &mut Counts,
	) -> Result<()> {
		let owner = self.account.account_id();
		for operator in &details.stores {
			let Some(store) = block.store(operator).await? else {
				context.note(format!("the store {operator} is no longer registered"));
				continue;
			};
			let store = StoreClient::new(&store.endpoint, operator, self.account.clone())?;
			let genesis = self.chain.genesis();
			let done = rewrap(&store, &genesis, &id.0, &owner, self.former, self.key).await;
			let done = match done {
				Err(RotationError::Store(error)) if error.is_not_found() => {
					self.leave(context, &store, id).await
				},
				done => done,
			};
			match done {
				Ok(Rewrapped::Now) => counts.sealed += 1,
				Ok(Rewrapped::Already) => counts.already += 1,
				Err(RotationError::OtherKey) => counts.other += 1,
				Err(error) => {
					counts.failed += 1;
					let dataset = ids::hash_text(&id.0);
					context.note(format!("{dataset} at the store {operator}: {error}"));
				},
			}
		}
		Ok(())
	}

	/// Leaves the secret at a store that has none, if it is in this folder.
	async fn leave(
		&self,
		context: &Context,
		store: &StoreClient,
		id: &H256,
	) -> Result<Rewrapped, RotationError> {
		let dataset = ids::hash_text(&id.0);
		let known = context.home().datasets().unwrap_or_default();
		let tree = known
			.iter()
			.find(|(_, record)| record.dataset == dataset)
			.and_then(|(name, _)| context.home().key_tree(name, self.password).ok())
			.ok_or(RotationError::OtherKey)?;
		let (genesis, key) = (self.chain.genesis(), self.key.public_key());
		let sealed = wrap(&tree, &key, &genesis, &id.0, rand::random())
			.map_err(RotationError::Unsealable)?;
		store.put_key(&id.0, &self.account.account_id(), &sealed).await?;
		Ok(Rewrapped::Now)
	}
}

/// What the former agent of a data set could read.
#[derive(Clone, Debug, Serialize)]
struct Exposure {
	/// What it is called here; nothing when its secret is not here.
	name: Option<String>,
	dataset: String,
	/// Whether its secret was renewed. Otherwise the agent can read what will be published, too.
	renewed: bool,
	/// Batches below this number; where the secret was renewed, those from it on have other keys.
	batches: u32,
	/// The first block in which the agent was named for the data set.
	since_block: u64,
	/// Whether it may have been named before that already, in blocks whose state the node no longer keeps.
	since_before: bool,
	/// Orders whose keys the agent can have delivered.
	orders: Vec<String>,
}

impl RotateAgent {
	pub async fn run(self, context: &Context) -> Result<()> {
		let former = context.address(&self.former)?;
		let submitter = context.submitter().await?;
		let chain = submitter.chain();
		let key = self.key_agent_key.clone();
		let agent = agent_recipient(context, chain, &self.key_agent, key).await?;
		let block = chain.finalized().await?;
		let owner = submitter.key().account_id();
		let orders = market::orders_of(&block, &owner).await?;
		let (mut exposures, mut known) = (Vec::new(), Vec::new());
		for (name, record) in context.home().datasets()? {
			if record.owner != owner.to_string() {
				continue;
			}
			let id = ids::parse_hash(&record.dataset).map(H256).map_err(|error| anyhow!(error))?;
			known.push(id);
			let Some(details) = block.dataset(&id.0).await? else { continue };
			let step = Step { context, submitter: &submitter, id, name: &name, agent: &agent };
			if details.erased || !step.concerns(&details, &former)? {
				continue;
			}
			let batches = step
				.renew(&details)
				.await
				.with_context(|| format!("{name}; run the command again to go on"))?;
			let (since_block, since_before) =
				named_since(chain, &block, &id, [former, agent.account]).await?;
			exposures.push(Exposure {
				name: Some(name),
				dataset: record.dataset,
				renewed: true,
				batches,
				since_block,
				since_before,
				orders: delivered(&orders, &id),
			});
		}
		for (id, details) in left_behind(&block, &owner, &former, &known).await? {
			let (since_block, since_before) = named_since(chain, &block, &id, [former; 2]).await?;
			exposures.push(Exposure {
				name: None,
				dataset: ids::hash_text(&id.0),
				renewed: false,
				batches: details.batches,
				since_block,
				since_before,
				orders: delivered(&orders, &id),
			});
		}
		self.report(context, &former, &agent.account, &exposures);
		not_renewed(&exposures).map_or(Ok(()), |fault| Err(anyhow!(fault)))
	}

	fn report(
		&self,
		context: &Context,
		former: &AccountId32,
		agent: &AccountId32,
		exposures: &[Exposure],
	) {
		let value = json!({
			"former_agent": former.to_string(), "key_agent": agent.to_string(),
			"exposed": exposures,
		});
		context.print(&value, || {
			let rows: Vec<_> = exposures.iter().map(Exposure::row).collect();
			let header = ["DATA SET", "RENEWED", "BATCHES", "SINCE BLOCK", "ORDERS"];
			format!(
				"{}\n\n{former} could read these batches, and delivered the keys of so many orders. \
				From the next batch on {agent} reads alone what was renewed.",
				table(&header, &rows)
			)
		});
	}
}

impl Exposure {
	fn row(&self) -> Vec<String> {
		let since = match self.since_before {
			true => format!("{} or before", self.since_block),
			false => self.since_block.to_string(),
		};
		let (renewed, batches) = match self.renewed {
			true => ("yes", format!("below {}", self.batches)),
			false => ("no", "all, also those to come".to_owned()),
		};
		let name = self.name.as_ref().unwrap_or(&self.dataset).clone();
		vec![name, renewed.to_owned(), batches, since, self.orders.len().to_string()]
	}
}

/// What is to be done when not all that is exposed was renewed.
fn not_renewed(exposures: &[Exposure]) -> Option<String> {
	let left: Vec<_> = exposures
		.iter()
		.filter(|exposure| !exposure.renewed)
		.map(|exposure| exposure.dataset.as_str())
		.collect();
	(!left.is_empty()).then(|| {
		format!(
			"the former agent still reads data sets whose secrets are not in this folder, so that they \
			were not renewed: {}; bring them here with `msec key restore` or `msec dataset recover`, and \
			run the command again",
			left.join(", ")
		)
	})
}

/// The data sets of `owner` that `former` serves and that are not `known` here.
async fn left_behind(
	block: &BlockClient,
	owner: &AccountId32,
	former: &AccountId32,
	known: &[H256],
) -> Result<Vec<(H256, Dataset)>> {
	let mut left = Vec::new();
	for id in market::datasets_of(block, owner).await? {
		let Some(details) = block.dataset(&id.0).await? else { continue };
		if is_left_behind(&id, &details, former, known) {
			left.push((id, details));
		}
	}
	Ok(left)
}

fn is_left_behind(id: &H256, details: &Dataset, former: &AccountId32, known: &[H256]) -> bool {
	!details.erased && details.key_agent == Some(*former) && !known.contains(id)
}

/// One data set of a rotation.
struct Step<'a> {
	context: &'a Context,
	submitter: &'a Submitter,
	id: H256,
	name: &'a str,
	agent: &'a Recipient,
}

impl Step<'_> {
	/// Names this step, also after an interruption.
	fn fingerprint(&self) -> H256 {
		let words = [&self.id.0[..], &self.agent.account.0, self.agent.key.as_bytes()].concat();
		ids::fingerprint("rotate-agent", &self.submitter.key().account_id(), &words)
	}

	/// Whether the data set is served by `former`, or the step was begun.
	fn concerns(&self, details: &Dataset, former: &AccountId32) -> Result<bool> {
		let begun = self.context.home().intent(&self.fingerprint())?.is_some();
		Ok(begun || details.key_agent == Some(*former))
	}

	/// Renews the secret from the next batch on, seals it for owner and agent, and names the agent on
	/// chain. Answers how many batches the former secret opens.
	async fn renew(&self, details: &Dataset) -> Result<u32> {
		let (home, password) = (self.context.home(), self.context.password()?);
		let mut tree = home.key_tree(self.name, password)?;
		let fingerprint = self.fingerprint();
		if home.intent(&fingerprint)?.is_none() {
			tree = self.renewed(&tree).await?;
			home.replace_key_tree(self.name, &tree, password)?;
			// What is written down here is no secret, and says only that the one before is replaced.
			home.begin(&fingerprint, &self.id)?;
		}
		let owner = self.submitter.key().account_id();
		let block = self.submitter.chain().finalized().await?;
		let recipients = [
			owner_recipient(self.context, &block, &owner).await?,
			Recipient { account: self.agent.account, key: self.agent.key.clone() },
		];
		// The agent must find the key when it sees the first order.
		seal_for(self.submitter, &self.id, &tree, &recipients).await?;
		if details.key_agent != Some(self.agent.account) {
			let call =
				runtime::transactions().records().set_key_agent(self.id, Some(self.agent.account));
			self.context.execute_once(self.submitter, "agent", &call).await?;
		}
		self.context.finish(fingerprint);
		Ok(tree.renewed_at())
	}

	/// The secret with a generation that begins behind everything that was ever sealed.
	async fn renewed(&self, tree: &KeyTree) -> Result<KeyTree> {
		let journal = Journal::open(&self.context.home().journal())?;
		if !journal.pending(&self.id.0)?.is_empty() {
			bail!(
				"a publication was interrupted; finish it first: msec publish {} FILE",
				self.name
			);
		}
		let sealed = journal.dataset(&self.id.0)?.next_batch;
		let best = self.submitter.chain().best().await?.dataset(&self.id.0).await?;
		let first = best.map_or(0, |details| details.batches).max(sealed);
		tree.renewed(first, rand::random()).ok_or_else(|| {
			anyhow!("its secret was renewed as often as possible; publish into a new data set")
		})
	}
}

/// The first block in which one of `agents` was named for a data set, and whether that may be earlier
/// still, in blocks whose state the node no longer keeps. Found by halving: once one of them is named, it
/// or the next one is.
async fn named_since(
	chain: &ChainClient,
	head: &BlockClient,
	id: &H256,
	agents: [AccountId32; 2],
) -> Result<(u64, bool)> {
	let is_named =
		|details: &Dataset| details.key_agent.is_some_and(|agent| agents.contains(&agent));
	let (mut low, mut high, mut pruned) = (0, head.number(), 0);
	while low < high {
		let middle = low + (high - low) / 2;
		let asked = async { chain.at_number(middle).await?.dataset(&id.0).await };
		match asked.await {
			Ok(Some(details)) if is_named(&details) => high = middle,
			Ok(_) => low = middle + 1,
			Err(error) if error.is_pruned() => {
				low = middle + 1;
				pruned = low;
			},
			Err(error) => return Err(error.into()),
		}
	}
	Ok((low, pruned > 0 && low <= pruned))
}

/// The orders of a data set whose keys were delivered.
fn delivered(orders: &[(H256, Order)], dataset: &H256) -> Vec<String> {
	let is_delivered = |order: &Order| {
		!matches!(order.state, OrderState::AwaitingDelivery | OrderState::Refunded { .. })
	};
	orders
		.iter()
		.filter(|(_, order)| order.dataset == *dataset && is_delivered(order))
		.map(|(id, _)| ids::hash_text(&id.0))
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	const FORMER: AccountId32 = AccountId32([2; 32]);

	fn dataset(key_agent: Option<AccountId32>, erased: bool) -> Dataset {
		let owner = AccountId32([1; 32]);
		Dataset { owner, key_agent, stores: Vec::new(), erased, batches: 3, peaks: None }
	}

	fn exposure(name: Option<&str>, id: u8) -> Exposure {
		Exposure {
			name: name.map(str::to_owned),
			dataset: ids::hash_text(&[id; 32]),
			renewed: name.is_some(),
			batches: 3,
			since_block: 7,
			since_before: false,
			orders: Vec::new(),
		}
	}

	#[test]
	fn what_the_former_agent_serves_elsewhere_is_left_behind() {
		let (here, elsewhere) = (H256([1; 32]), H256([2; 32]));
		let is_left = |id: &H256, details: Dataset| is_left_behind(id, &details, &FORMER, &[here]);
		assert!(is_left(&elsewhere, dataset(Some(FORMER), false)));
		assert!(!is_left(&here, dataset(Some(FORMER), false)));
		assert!(!is_left(&elsewhere, dataset(Some(FORMER), true)));
		assert!(!is_left(&elsewhere, dataset(Some(AccountId32([3; 32])), false)));
		assert!(!is_left(&elsewhere, dataset(None, false)));
	}

	#[test]
	fn what_is_not_renewed_fails_the_command() {
		let (renewed, left) = (exposure(Some("stream"), 1), exposure(None, 2));
		assert_eq!(not_renewed(std::slice::from_ref(&renewed)), None);
		assert_eq!(renewed.row(), ["stream", "yes", "below 3", "7", "0"]);
		assert_eq!(left.row()[..3], [&left.dataset[..], "no", "all, also those to come"]);
		let fault = not_renewed(&[renewed, left.clone()]);
		assert!(fault.is_some_and(|fault| fault.contains(&left.dataset)));
	}
}
