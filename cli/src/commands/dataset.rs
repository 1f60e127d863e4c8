//! `msec dataset`

use super::{
	arguments::{parse_id, Period},
	context::{fields, table, Context},
	rotation::RotateAgent,
};
use anyhow::{anyhow, bail, Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use msec::{
	erasure::{self, Duty},
	home::DatasetRecord,
	ids, market,
	stores::Stores,
};
use msec_commitments::{
	envelope, sha256,
	wrapping::{unwrap, wrap},
	KeyTree, OrderContext, WrappingKey,
};
use msec_worker_common::{
	chain::{
		protection::{parse_region, LegalBasis, Region},
		runtime::{self, runtime_types::bounded_collections::bounded_vec::BoundedVec},
		BlockClient, ChainClient, Order, OrderState,
	},
	erasure_certificate::Destruction,
	keys::read_wrapping_key,
	store_client::StoreClient,
	transactions::Submitter,
	AccountId32, H256,
};
use serde_json::{json, Value};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum DatasetCommand {
	/// Make a data set, or finish making it.
	///
	/// A secret for it is made and kept here, sealed for the owner's published encryption key and for the
	/// key agent, and left sealed at the stores. The command can be repeated until it succeeds.
	Create(Create),
	/// Name another key agent and seal the secret for it.
	SetAgent(SetAgent),
	/// After a breach of a key agent: name another for all its data sets, and renew their secrets.
	///
	/// The secret of each data set is renewed from its next batch on, so that what the former agent has opens
	/// nothing that is published afterwards; it is sealed for you and the new agent at every store. The
	/// answer says what the former agent could read. Interrupted, the command goes on when it is run again.
	RotateAgent(RotateAgent),
	/// Bring a lost data set secret back from a store, with the owner's encryption key.
	Recover {
		/// What to call it here.
		name: String,
		/// The data set's identifier.
		#[arg(value_parser = parse_id)]
		dataset: H256,
		/// The encryption key that was published when the data set was made.
		#[arg(long, value_name = "KEY")]
		key: String,
	},
	/// Show all data sets of the account.
	List,
	/// Show a data set as the chain knows it.
	Show {
		/// Name or identifier.
		dataset: String,
	},
	/// State why the data may be processed, and where its stores are.
	///
	/// From then on the data goes only to accounts in the same region, in one whose protection the council
	/// finds adequate, or, with safeguards, everywhere. Accounts say where they are by `msec region declare`.
	Protect(Protect),
	/// Destroy a data set for good: its keys, its ciphertext, its sales.
	Erase {
		/// Name or identifier.
		dataset: String,
		/// Why, of which the chain keeps the hash.
		#[arg(long, default_value = "")]
		reason: String,
	},
	/// Show what the stores of an erased data set have certified, and which have not yet.
	///
	/// Each store destroys keys and ciphertext, signs what it destroyed, and anchors the hash of that on
	/// the chain. The command fails while a store has not, or when a certificate is not genuine.
	Erasure {
		/// Name or identifier.
		dataset: String,
	},
	/// Say for how long a data set is kept; afterwards its stores erase it by themselves.
	///
	/// It can only be made shorter afterwards. Buyers whose orders are not settled by then are refunded.
	Retain {
		/// Name or identifier.
		dataset: String,
		/// For how long from now on, such as 365d.
		#[arg(long = "for", value_name = "PERIOD")]
		period: Period,
	},
}

#[derive(Args)]
pub struct Create {
	/// What to call it here.
	name: String,
	/// Operator of a store that will hold it; may be repeated up to four times. See `msec store list`.
	#[arg(long = "store", required = true, value_name = "ACCOUNT")]
	stores: Vec<String>,
	/// Account that delivers keys to buyers; without one the owner does.
	#[arg(long, value_name = "ACCOUNT")]
	key_agent: Option<String>,
	/// The key agent's public key, of X25519 or X-Wing, or a file that holds it [default: what it published
	/// on chain].
	#[arg(long, value_name = "HEX|FILE", requires = "key_agent", value_parser = read_wrapping_key)]
	key_agent_key: Option<WrappingKey>,
}

#[derive(Args)]
pub struct SetAgent {
	/// Name of the data set.
	name: String,
	/// Account that delivers keys to buyers.
	#[arg(long, value_name = "ACCOUNT")]
	key_agent: String,
	/// Its public key, of X25519 or X-Wing, or a file that holds it [default: what it published on chain].
	#[arg(long, value_name = "HEX|FILE", value_parser = read_wrapping_key)]
	key_agent_key: Option<WrappingKey>,
}

impl DatasetCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Create(create) => create.run(context).await,
			Self::SetAgent(set) => set.run(context).await,
			Self::RotateAgent(rotate) => rotate.run(context).await,
			Self::Recover { name, dataset, key } => recover(context, &name, dataset, &key).await,
			Self::Protect(protect) => protect.run(context).await,
			Self::List => list(context).await,
			Self::Show { dataset } => show(context, &dataset).await,
			Self::Erase { dataset, reason } => erase(context, &dataset, &reason).await,
			Self::Erasure { dataset } => erasure(context, &dataset).await,
			Self::Retain { dataset, period } => retain(context, &dataset, period).await,
		}
	}
}

/// A legal basis on the command line: GDPR, article 6(1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LegalBasisArgument {
	Consent,
	Contract,
	LegalObligation,
	VitalInterests,
	PublicTask,
	LegitimateInterests,
}

impl From<LegalBasisArgument> for LegalBasis {
	fn from(argument: LegalBasisArgument) -> Self {
		match argument {
			LegalBasisArgument::Consent => Self::Consent,
			LegalBasisArgument::Contract => Self::Contract,
			LegalBasisArgument::LegalObligation => Self::LegalObligation,
			LegalBasisArgument::VitalInterests => Self::VitalInterests,
			LegalBasisArgument::PublicTask => Self::PublicTask,
			LegalBasisArgument::LegitimateInterests => Self::LegitimateInterests,
		}
	}
}

#[derive(Args)]
pub struct Protect {
	/// Name or identifier of the data set.
	dataset: String,
	/// Why the data may be processed.
	#[arg(long, value_enum)]
	basis: LegalBasisArgument,
	/// Where the stores are, such as EU,JP; at most eight.
	#[arg(long = "region", value_name = "REGION", required = true, value_delimiter = ',', value_parser = parse_region)]
	regions: Vec<Region>,
	/// Document with the safeguards for transfers, such as standard contractual clauses; the chain keeps its
	/// hash.
	#[arg(long, value_name = "FILE")]
	safeguards: Option<PathBuf>,
}

impl Protect {
	async fn run(self, context: &Context) -> Result<()> {
		let id = context.dataset(&self.dataset)?;
		let submitter = context.submitter().await?;
		let safeguards = match &self.safeguards {
			Some(path) => {
				let document = std::fs::read(path).with_context(|| path.display().to_string())?;
				Some(ids::document(&document))
			},
			None => None,
		};
		let call = runtime::transactions().access_control().set_protection(
			id,
			self.basis.into(),
			BoundedVec(self.regions),
			safeguards,
		);
		context.execute_once(&submitter, "protect", &call).await?;
		let safeguards = safeguards.map(|hash| ids::hash_text(&hash.0));
		let value = json!({ "dataset": ids::hash_text(&id.0), "safeguards": safeguards });
		context.print(&value, || text_of(&value));
		Ok(())
	}
}

/// For whom a data set's secret is sealed.
pub struct Recipient {
	pub account: AccountId32,
	pub key: WrappingKey,
}

impl Create {
	async fn run(self, context: &Context) -> Result<()> {
		let submitter = context.submitter().await?;
		let chain = submitter.chain();
		let owner = submitter.key().account_id();
		let block = chain.finalized().await?;
		let mut recipients = vec![owner_recipient(context, &block, &owner).await?];
		if let Some(agent) = &self.key_agent {
			recipients
				.push(agent_recipient(context, chain, agent, self.key_agent_key.clone()).await?);
		}
		let mut stores = Vec::new();
		for store in &self.stores {
			let operator = context.address(store)?;
			if block.store(&operator).await?.is_none() {
				bail!("{store} is not registered as a store; see `msec store list`");
			}
			stores.push(operator);
		}
		let (id, salt, tree) = self.secret(context, &owner)?;
		match block.dataset(&id.0).await? {
			Some(details) if details.erased => {
				bail!("the data set was erased; choose another name")
			},
			Some(_) => (),
			None => {
				let agent = recipients.get(1).map(|recipient| recipient.account);
				let call = runtime::transactions().records().create_dataset(
					salt,
					BoundedVec(stores),
					agent,
				);
				let key = format!("dataset/{}", ids::hash_text(&id.0));
				context.execute(&submitter, &key, &call).await?;
			},
		}
		seal_for(&submitter, &id, &tree, &recipients).await?;
		let dataset = ids::hash_text(&id.0);
		let value = json!({
			"name": self.name, "dataset": dataset, "owner": owner.to_string(),
			"key_agent": recipients.get(1).map(|recipient| recipient.account.to_string()),
		});
		context.print(&value, || {
			format!(
				"{}\n\nPublish into it: msec publish {} FILE",
				fields(&[("name", self.name.clone()), ("data set", dataset.clone())]),
				self.name
			)
		});
		Ok(())
	}

	/// The identifier, salt and secret: those of an earlier attempt, or new ones, kept before anything
	/// else happens.
	fn secret(&self, context: &Context, owner: &AccountId32) -> Result<(H256, H256, KeyTree)> {
		if let Ok(record) = context.home().dataset_record(&self.name) {
			if record.owner != owner.to_string() {
				bail!("{} is a data set of {}; choose another name", self.name, record.owner);
			}
			let parse =
				|text: &str| ids::parse_hash(text).map(H256).map_err(|error| anyhow!(error));
			let tree = context.home().key_tree(&self.name, context.password()?)?;
			return Ok((parse(&record.dataset)?, parse(&record.salt)?, tree));
		}
		let salt = H256(rand::random());
		let id = ids::dataset(owner, &salt);
		let tree = KeyTree::from_seed(rand::random());
		let record = DatasetRecord {
			dataset: ids::hash_text(&id.0),
			salt: ids::hash_text(&salt.0),
			owner: owner.to_string(),
		};
		context.home().save_dataset(&self.name, &record, &tree, context.new_password()?)?;
		Ok((id, salt, tree))
	}
}

impl SetAgent {
	async fn run(self, context: &Context) -> Result<()> {
		let id = context.dataset(&self.name)?;
		let tree = context.home().key_tree(&self.name, context.password()?)?;
		let submitter = context.submitter().await?;
		let chain = submitter.chain();
		let recipient =
			agent_recipient(context, chain, &self.key_agent, self.key_agent_key).await?;
		let details = chain.finalized().await?.dataset(&id.0).await?;
		let details = details.ok_or_else(|| anyhow!("this chain does not know the data set"))?;
		let agent = recipient.account;
		// The agent must find the key when it sees the first order.
		seal_for(&submitter, &id, &tree, &[recipient]).await?;
		if details.key_agent != Some(agent) {
			let call = runtime::transactions().records().set_key_agent(id, Some(agent));
			context.execute_once(&submitter, "agent", &call).await?;
		}
		let dataset = ids::hash_text(&id.0);
		let value = json!({ "dataset": dataset, "key_agent": agent.to_string() });
		context.print(&value, || format!("{agent} delivers the keys of {}", self.name));
		Ok(())
	}
}

/// The owner, with the key of his choice or the one that is published.
pub async fn owner_recipient(
	context: &Context,
	block: &BlockClient,
	owner: &AccountId32,
) -> Result<Recipient> {
	let key = match context.home().settings()?.owner_key {
		Some(name) => {
			let record = context.home().key_record(&name)?;
			record.key().ok_or_else(|| anyhow!("the public key of {name} is damaged"))?
		},
		None => {
			let published = block.encryption_key(owner).await?;
			let published = published.map(|published| WrappingKey::X25519(published.key));
			published.ok_or_else(|| {
				anyhow!("publish an encryption key first: msec key create main && msec key publish main")
			})?
		},
	};
	Ok(Recipient { account: *owner, key })
}

pub async fn agent_recipient(
	context: &Context,
	chain: &ChainClient,
	agent: &str,
	key: Option<WrappingKey>,
) -> Result<Recipient> {
	let account = context.address(agent)?;
	let key = match key {
		Some(key) => key,
		None => {
			let published = chain.finalized().await?.encryption_key(&account).await?;
			published
				.map(|published| WrappingKey::X25519(published.key))
				.ok_or_else(|| anyhow!("{agent} has published no key; say --key-agent-key"))?
		},
	};
	Ok(Recipient { account, key })
}

/// Leaves the secret at every store, sealed for each recipient.
pub async fn seal_for(
	submitter: &Submitter,
	id: &H256,
	tree: &KeyTree,
	recipients: &[Recipient],
) -> Result<()> {
	let block = submitter.chain().finalized().await?;
	let details = block.dataset(&id.0).await?.ok_or_else(|| {
		anyhow!("the data set is not in the finalized chain yet; run the command again")
	})?;
	let stores = Stores::connect(&block, &id.0, &details, submitter.key()).await?;
	let genesis = submitter.chain().genesis();
	for recipient in recipients {
		let seed = rand::random();
		let wrapped = wrap(tree, &recipient.key, &genesis, &id.0, seed)
			.map_err(|_| anyhow!("nothing can be sealed for the key of {}", recipient.account))?;
		stores.put_key(&recipient.account, &wrapped).await?;
	}
	Ok(())
}

async fn recover(context: &Context, name: &str, id: H256, key: &str) -> Result<()> {
	let secrets = context.home().key_versions(key, context.password()?)?;
	let account = context.account_key()?;
	let owner = account.account_id();
	let (chain, block) = context.finalized().await?;
	let details = block.dataset(&id.0).await?.filter(|details| details.owner == owner);
	let details = details.ok_or_else(|| anyhow!("{owner} has no such data set"))?;
	let mut reasons = Vec::new();
	for operator in &details.stores {
		let Some(store) = block.store(operator).await? else { continue };
		let client = StoreClient::new(&store.endpoint, operator, account.clone())?;
		let wrapped = match client.key(&id.0, &owner).await {
			Ok(wrapped) => wrapped,
			Err(error) => {
				reasons.push(format!("{operator}: {error}"));
				continue;
			},
		};
		let open = |secret| unwrap(&wrapped, secret, &chain.genesis(), &id.0).ok();
		let Some(tree) = secrets.iter().find_map(open) else {
			reasons.push(format!("{operator}: what it has does not open with the key {key}"));
			continue;
		};
		let record = DatasetRecord {
			dataset: ids::hash_text(&id.0),
			salt: String::new(),
			owner: owner.to_string(),
		};
		context.home().save_dataset(name, &record, &tree, context.password()?)?;
		let value = json!({ "name": name, "dataset": record.dataset });
		context.print(&value, || format!("the secret of {name} is back"));
		return Ok(());
	}
	bail!("no store has the secret: {}", reasons.join("; "))
}

async fn list(context: &Context) -> Result<()> {
	let owner = context.account_address()?;
	let names = context.home().datasets()?;
	let (_, block) = context.finalized().await?;
	let (mut rows, mut values) = (Vec::new(), Vec::new());
	for id in market::datasets_of(&block, &owner).await? {
		let Some(details) = block.dataset(&id.0).await? else { continue };
		let dataset = ids::hash_text(&id.0);
		let name = names.iter().find(|(_, record)| record.dataset == dataset);
		let name = name.map(|(name, _)| name.clone());
		let status = if details.erased { "erased" } else { "active" };
		values.push(json!({
			"name": name, "dataset": dataset, "batches": details.batches, "status": status,
		}));
		let batches = details.batches.to_string();
		rows.push(vec![name.unwrap_or_default(), dataset, batches, status.into()]);
	}
	context.print(&json!(values), || table(&["NAME", "DATA SET", "BATCHES", "STATUS"], &rows));
	Ok(())
}

async fn show(context: &Context, dataset: &str) -> Result<()> {
	let id = context.dataset(dataset)?;
	let (_, block) = context.finalized().await?;
	let details = block.dataset(&id.0).await?;
	let details = details.ok_or_else(|| anyhow!("this chain does not know the data set"))?;
	let stores: Vec<String> = details.stores.iter().map(ToString::to_string).collect();
	let root = details.range().map(|range| ids::hash_text(&range.root.0));
	let agent = details.key_agent.map(|agent| agent.to_string());
	let protection = block.protection(&id.0).await?;
	let subject = block.data_subject(&id.0).await?.map(|subject| subject.account.to_string());
	let value = json!({
		"dataset": ids::hash_text(&id.0),
		"data_subject": subject,
		"regions": protection.map(|protection| protection.regions),
		"owner": details.owner.to_string(),
		"key_agent": agent,
		"stores": stores,
		"batches": details.batches,
		"root": root,
		"status": if details.erased { "erased" } else { "active" },
	});
	context.print(&value, || text_of(&value));
	Ok(())
}

/// The members of an object, for people.
pub fn text_of(value: &Value) -> String {
	let text = |value: &Value| match value {
		Value::String(text) => text.clone(),
		Value::Null => "-".to_owned(),
		Value::Array(values) => {
			let texts: Vec<_> = values.iter().map(|value| value.as_str().unwrap_or("")).collect();
			texts.join(", ")
		},
		other => other.to_string(),
	};
	let members = value.as_object().into_iter().flatten();
	let rows: Vec<_> = members.map(|(name, value)| (name.as_str(), text(value))).collect();
	fields(&rows)
}

async fn erase(context: &Context, dataset: &str, reason: &str) -> Result<()> {
	let id = context.dataset(dataset)?;
	let submitter = context.submitter().await?;
	let block = submitter.chain().finalized().await?;
	let details = block.dataset(&id.0).await?;
	let details = details.ok_or_else(|| anyhow!("this chain does not know the data set"))?;
	if !details.erased {
		context.confirm(&format!(
			"Erase {dataset} with {} batches for good? Nothing brings it back.",
			details.batches
		))?;
		let call = runtime::transactions().records().erase(id, ids::document(reason.as_bytes()));
		let key = format!("erase/{}", ids::hash_text(&id.0));
		context.execute(&submitter, &key, &call).await?;
	}
	// The tombstone no longer names the stores, so the ones from before are told.
	let told = match Stores::connect(&block, &id.0, &details, submitter.key()).await {
		Ok(stores) => stores.erase().await,
		Err(error) => Err(error),
	};
	if let Err(error) = &told {
		context.note(format!("the stores will see the erasure on chain by themselves ({error})"));
	}
	let dataset_text = ids::hash_text(&id.0);
	let known = context.home().datasets()?;
	let name = known.iter().find(|(_, record)| record.dataset == dataset_text);
	if let Some((name, _)) = name {
		context.home().forget_dataset(name).context("its secret is still in this folder")?;
	}
	let value = json!({ "dataset": dataset_text, "status": "erased" });
	context.print(&value, || {
		format!("{dataset} is erased; destroy backups that hold its secret, too")
	});
	Ok(())
}

async fn erasure(context: &Context, dataset: &str) -> Result<()> {
	let id = context.dataset(dataset)?;
	let key = context.account_key()?;
	let (chain, block) = context.finalized().await?;
	let duties = erasure::duties(&block, &chain.genesis(), &id.0, &key).await?;
	let duties = duties.ok_or_else(|| anyhow!("the chain knows of no erasure of {dataset}"))?;
	let (mut rows, mut values) = (Vec::new(), Vec::new());
	let mut open = 0;
	for (store, duty) in &duties {
		let (status, detail) = match duty {
			Duty::Certified(certificate, _) => {
				let Destruction { keys, batches, bytes, .. } = certificate.destruction;
				("certified", format!("{keys} keys, {batches} batches, {bytes} bytes"))
			},
			Duty::Pending => ("pending", "it has not certified yet".to_owned()),
			Duty::Withheld(reason) => ("withheld", reason.clone()),
			Duty::Forged(error) => ("forged", error.to_string()),
		};
		let (certificate, anchored) = match duty {
			Duty::Certified(certificate, anchored) => (Some(certificate), Some(anchored)),
			_ => (None, None),
		};
		open += usize::from(certificate.is_none());
		values.push(json!({
			"store": store.to_string(), "status": status, "detail": detail,
			"certificate": certificate, "anchored": anchored,
		}));
		rows.push(vec![store.to_string(), status.to_owned(), detail]);
	}
	let value = json!({ "dataset": ids::hash_text(&id.0), "stores": values });
	context.print(&value, || table(&["STORE", "STATUS", "DETAIL"], &rows));
	match open {
		0 => Ok(()),
		_ => bail!("{open} of {} stores have not certified the erasure", duties.len()),
	}
}

async fn retain(context: &Context, dataset: &str, Period(blocks): Period) -> Result<()> {
	let id = context.dataset(dataset)?;
	let submitter = context.submitter().await?;
	let now = u32::try_from(submitter.chain().finalized().await?.number())?;
	let retain_until = now.saturating_add(blocks);
	context.confirm(&format!(
		"Erase {dataset} after block {retain_until}, for good? It can be made earlier, not later."
	))?;
	let call = runtime::transactions().records().set_retention(id, retain_until);
	context.execute_once(&submitter, "retention", &call).await?;
	let value = json!({ "dataset": ids::hash_text(&id.0), "retain_until": retain_until });
	context.print(&value, || format!("{dataset} is kept until block {retain_until}"));
	Ok(())
}

/// Delivers the key of an order by the owner, where no agent does.
pub async fn deliver(
	context: &Context,
	submitter: &Submitter,
	id: &H256,
	order: &Order,
) -> Result<()> {
	let dataset = ids::hash_text(&order.dataset.0);
	let known = context.home().datasets()?;
	let (name, _) =
		known.iter().find(|(_, record)| record.dataset == dataset).ok_or_else(|| {
			anyhow!("the secret of {dataset} is not in this folder; see `msec dataset recover`")
		})?;
	let tree = context.home().key_tree(name, context.password()?)?;
	let sealing = OrderContext {
		genesis: submitter.chain().genesis(),
		order: id.0,
		dataset: order.dataset.0,
	};
	let seal = |batches| seal_for_buyer(&tree, batches, &order.buyer_key, &sealing);
	let market = runtime::transactions().marketplace();
	let key = format!("deliver/{}", ids::hash_text(&id.0));
	if order.state == OrderState::AwaitingDelivery {
		let call = market.deliver(*id, BoundedVec(seal(order.range.batches)?));
		context.execute(submitter, &key, &call).await?;
	} else {
		// An instalment must be of all there is.
		let best = submitter.chain().best().await?;
		let batches = best.dataset(&order.dataset.0).await?.map_or(0, |details| details.batches);
		let call = market.deliver_instalment(*id, batches, BoundedVec(seal(batches)?));
		context.execute(submitter, &format!("{key}/{batches}"), &call).await?;
	}
	Ok(())
}

/// Seals the keys of `batches` batches. An interrupted command makes the same bytes when it is run again,
/// by which the outbox knows the transaction.
fn seal_for_buyer(
	tree: &KeyTree,
	batches: u32,
	buyer_key: &[u8; 32],
	sealing: &OrderContext,
) -> Result<Vec<u8>> {
	// The same randomness must not serve for two envelopes.
	let seed = tree.envelope_seed(&sha256(&[&sealing.order, &batches.to_le_bytes()]));
	envelope::seal_order(&tree.cover(batches), buyer_key, sealing, *seed)
		.map_err(|error| anyhow!("nothing can be sealed for the buyer's key: {error:?}"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_commitments::EnvelopeSecret;

	#[test]
	fn the_same_order_has_the_same_envelope() {
		let (tree, secret) = (KeyTree::from_seed([1; 32]), EnvelopeSecret::from_bytes([2; 32]));
		let sealed = |order, batches| {
			let sealing = OrderContext { genesis: [3; 32], order, dataset: [4; 32] };
			let sealed = seal_for_buyer(&tree, batches, &secret.public_key(), &sealing).unwrap();
			assert!(envelope::open_order(&sealed, &secret, &sealing) == Ok(tree.cover(batches)));
			sealed
		};
		assert_eq!(sealed([5; 32], 5), sealed([5; 32], 5));
		// What is encapsulated tells that the randomness is another, too.
		assert_ne!(sealed([5; 32], 5)[..33], sealed([6; 32], 5)[..33]);
		assert_ne!(sealed([5; 32], 5)[..33], sealed([5; 32], 6)[..33]);
	}
}
