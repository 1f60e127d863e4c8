//! `msec export`

use super::{
	access::{grant_value, purpose_names, request_value},
	context::{fields, Context},
};
use anyhow::{anyhow, bail, Result};
use clap::{Args, Subcommand};
use msec::{
	export::{self, Export},
	ids, market,
};
use msec_commitments::Hash;
use msec_worker_common::{
	access_log::{day_of, Subject},
	chain::{grants::Grant, BlockClient},
	keys::AccountKey,
	store_client::StoreClient,
	AccountId32,
};
use serde_json::{json, Value};
use std::{
	path::PathBuf,
	sync::Arc,
	time::{SystemTime, UNIX_EPOCH},
};

pub const LONG_ABOUT: &str = "\
Fetch everything that is held on a data set, or on the signing account, into a new folder.

Of a data set, which its owner exports: ciphertext and wrapped keys from every store, the lines of the \
stores' access logs with their proofs, and what the chain has. Of an account: what the chain has of it, \
and the lines of its requests from every registered store, or from those named by --store. A manifest \
lists all files with their hashes. The folder is readable by its owner only, and nothing in it is \
decrypted; msec fetch decrypts.

    msec export dataset garden ./garden-2026
    msec export account ./about-me
    msec export verify ./about-me";

#[derive(Subcommand)]
pub enum ExportCommand {
	/// All that is held on a data set of one's own.
	Dataset {
		/// Name or identifier.
		dataset: String,
		/// A folder that does not exist yet.
		folder: PathBuf,
	},
	/// All that is held on the signing account.
	Account(ExportAccount),
	/// Check that the files of an export are those of its manifest.
	Verify {
		/// The folder.
		folder: PathBuf,
	},
}

#[derive(Args)]
pub struct ExportAccount {
	/// A folder that does not exist yet.
	folder: PathBuf,
	/// Operator of a store to ask; may be repeated [default: all that are registered].
	#[arg(long = "store", value_name = "ACCOUNT")]
	stores: Vec<String>,
}

impl ExportCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Dataset { dataset, folder } => export_dataset(context, &dataset, folder).await,
			Self::Account(account) => account.run(context).await,
			Self::Verify { folder } => {
				let manifest = export::verify(&folder)?;
				let files = manifest.files.len();
				let value = json!({ "files": files, "about": manifest.about });
				context.print(&value, || format!("all {files} files are as they were exported"));
				Ok(())
			},
		}
	}
}

async fn export_dataset(context: &Context, dataset: &str, folder: PathBuf) -> Result<()> {
	let id = context.dataset(dataset)?;
	let key = context.account_key()?;
	let (chain, block) = context.finalized().await?;
	let details = block.dataset(&id.0).await?;
	let details = details.ok_or_else(|| anyhow!("this chain does not know the data set"))?;
	if details.owner != key.account_id() {
		bail!("only its owner, {}, exports a data set", details.owner);
	}
	let erasure = block.erasure(&id.0).await?;
	let operators: Vec<_> = match &erasure {
		Some(erasure) => erasure.stores.iter().map(|(store, _)| *store).collect(),
		None => details.stores.clone(),
	};
	let denied = block.denials_for(&id.0).await?;
	let mut export = Export::create(&folder)?;
	let state = json!({
		"dataset": ids::hash_text(&id.0),
		"owner": details.owner.to_string(),
		"key_agent": details.key_agent.map(|agent| agent.to_string()),
		"stores": details.stores.iter().map(ToString::to_string).collect::<Vec<_>>(),
		"batches": details.batches,
		"root": details.range().map(|range| ids::hash_text(&range.root.0)),
		"erased": details.erased,
		"retain_until": block.retention(&id.0).await?,
		"erasure": erasure,
		"protection": protection(&block, &id.0).await?,
		"grants": grants(&block.grants_for(&id.0).await?),
		"denied": denied.iter().map(ToString::to_string).collect::<Vec<_>>(),
		"orders": orders(&block, &details.owner, |order| order.dataset == id).await?,
	});
	export.add("chain.json", format!("{state:#}").as_bytes())?;
	let subject = Subject::Dataset(id);
	for operator in &operators {
		let client = client(&block, operator, &key).await?;
		context.note(format!("asking {operator}"));
		if !details.erased {
			export.add_dataset(operator, &client, &id.0).await?;
		}
		add_log(&block, &mut export, operator, &client, &subject).await?;
	}
	let about = json!({ "dataset": ids::hash_text(&id.0) });
	finish(context, &block, &chain.genesis(), export, about)
}

impl ExportAccount {
	async fn run(self, context: &Context) -> Result<()> {
		let key = context.account_key()?;
		let account = key.account_id();
		let (chain, block) = context.finalized().await?;
		let operators = match self.stores.is_empty() {
			true => market::stores(&block).await?.into_iter().map(|(store, _)| store).collect(),
			false => self
				.stores
				.iter()
				.map(|store| context.address(store))
				.collect::<Result<Vec<_>>>()?,
		};
		let mut export = Export::create(&self.folder)?;
		let encryption_key = block.encryption_key(&account).await?;
		let datasets = market::datasets_of(&block, &account).await?;
		let state = json!({
			"account": account.to_string(),
			"balance": block.account(&account).await?,
			"encryption_key": encryption_key.map(|found| {
				json!({ "key": ids::hash_text(&found.key), "version": found.version })
			}),
			"store": block.store(&account).await?.map(|store| store.endpoint),
			"region": block.region(&account).await?,
			"grants": grants(&block.grants_to(&account).await?),
			"datasets": datasets.iter().map(|id| ids::hash_text(&id.0)).collect::<Vec<_>>(),
			"orders": orders(&block, &account, |_| true).await?,
		});
		export.add("chain.json", format!("{state:#}").as_bytes())?;
		let subject = Subject::Account(account);
		for operator in &operators {
			let client = client(&block, operator, &key).await?;
			context.note(format!("asking {operator}"));
			add_log(&block, &mut export, operator, &client, &subject).await?;
		}
		let about = json!({ "account": account.to_string() });
		finish(context, &block, &chain.genesis(), export, about)
	}
}

fn grants(grants: &[Grant]) -> Vec<Value> {
	grants.iter().map(grant_value).collect()
}

/// What the chain has of a data set under data protection law, and who asks for it.
async fn protection(block: &BlockClient, id: &Hash) -> Result<Value> {
	let subject = block.data_subject(id).await?;
	let consent = subject.and_then(|subject| subject.consent);
	let protection = block.protection(id).await?;
	let requests = block.access_requests(id).await?;
	let requests: Vec<_> =
		requests.iter().map(|(requester, request)| request_value(requester, request)).collect();
	Ok(json!({
		"data_subject": subject.map(|subject| subject.account.to_string()),
		"consent": consent.map(|consent| json!({
			"purposes": purpose_names(consent.purposes), "expires_at": consent.expires_at,
		})),
		"stated": protection.map(|stated| json!({
			"legal_basis": format!("{:?}", stated.legal_basis),
			"regions": stated.regions,
			"safeguards": stated.safeguards.map(|hash| ids::hash_text(&hash.0)),
		})),
		"requests": requests,
	}))
}

/// The orders in which an account takes part, as far as they are wanted.
async fn orders(
	block: &BlockClient,
	account: &AccountId32,
	wanted: impl Fn(&msec_worker_common::chain::Order) -> bool,
) -> Result<Vec<Value>> {
	let orders = market::orders_of(block, account).await?;
	let orders = orders.into_iter().filter(|(_, order)| wanted(order));
	Ok(orders.map(|(id, order)| json!({ "order": ids::hash_text(&id.0), "is": order })).collect())
}

async fn client(
	block: &BlockClient,
	operator: &AccountId32,
	key: &Arc<AccountKey>,
) -> Result<StoreClient> {
	let store = block.store(operator).await?;
	let store = store.ok_or_else(|| anyhow!("{operator} is no longer registered as a store"))?;
	Ok(StoreClient::new(&store.endpoint, operator, key.clone())?)
}

async fn add_log(
	block: &BlockClient,
	export: &mut Export,
	operator: &AccountId32,
	client: &StoreClient,
	subject: &Subject,
) -> Result<()> {
	let anchors = block.access_log_anchors(operator).await?;
	let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
	let today = day_of(u64::try_from(since.as_millis())?);
	Ok(export.add_log(operator, client, subject, &anchors, today).await?)
}

fn finish(
	context: &Context,
	block: &BlockClient,
	genesis: &[u8; 32],
	export: Export,
	mut about: Value,
) -> Result<()> {
	about["genesis"] = json!(ids::hash_text(genesis));
	about["block"] = json!(block.number());
	about["block_hash"] = json!(block.hash());
	about["made_at"] = json!(jiff::Timestamp::now().to_string());
	let (files, bytes) = export.finish(about.clone())?;
	let value = json!({ "files": files, "bytes": bytes, "about": about });
	context.print(&value, || fields(&[("files", files.to_string()), ("bytes", bytes.to_string())]));
	Ok(())
}
