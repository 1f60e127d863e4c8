//! `msec store`

use super::context::{table, Context};
use anyhow::{Context as _, Result};
use clap::Subcommand;
use msec::{ids, market};
use msec_worker_common::{
	chain::runtime::{self, runtime_types::bounded_collections::bounded_vec::BoundedVec},
	H256,
};
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum StoreCommand {
	/// Register the store that the signing account operates, or change what it says.
	Register {
		/// Where it answers: http://… or https://…
		endpoint: String,
		/// A document with its terms, of which the chain keeps the hash.
		#[arg(long, value_name = "FILE")]
		terms: Option<PathBuf>,
	},
	/// End the registration; its deposit returns.
	Deregister,
	/// Show all registered stores.
	List,
}

impl StoreCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Register { endpoint, terms } => register(context, endpoint, terms).await,
			Self::Deregister => {
				let submitter = context.submitter().await?;
				let call = runtime::transactions().records().deregister_store();
				context.execute_once(&submitter, "store", &call).await?;
				let operator = submitter.key().address();
				context.print(&json!({ "operator": operator }), || {
					format!("the store of {operator} is no longer registered")
				});
				Ok(())
			},
			Self::List => {
				let (_, block) = context.finalized().await?;
				let stores = market::stores(&block).await?;
				let values: Vec<_> = stores
					.iter()
					.map(|(operator, store)| {
						json!({
							"operator": operator.to_string(),
							"endpoint": store.endpoint,
							"terms_hash": ids::hash_text(&store.terms_hash.0),
						})
					})
					.collect();
				let rows: Vec<_> = stores
					.iter()
					.map(|(operator, store)| vec![operator.to_string(), store.endpoint.clone()])
					.collect();
				context.print(&json!(values), || table(&["OPERATOR", "ENDPOINT"], &rows));
				Ok(())
			},
		}
	}
}

async fn register(context: &Context, endpoint: String, terms: Option<PathBuf>) -> Result<()> {
	let terms_hash = match terms {
		Some(path) => {
			ids::document(&std::fs::read(&path).with_context(|| format!("{}", path.display()))?)
		},
		None => H256::default(),
	};
	let submitter = context.submitter().await?;
	let operator = submitter.key().account_id();
	let known = submitter.chain().finalized().await?.store(&operator).await?;
	let records = runtime::transactions().records();
	let bytes = BoundedVec(endpoint.clone().into_bytes());
	match known {
		None => {
			let call = records.register_store(bytes, terms_hash);
			context.execute_once(&submitter, "store", &call).await?;
		},
		Some(store) if store.endpoint == endpoint && store.terms_hash == terms_hash => (),
		Some(_) => {
			let call = records.update_store(bytes, terms_hash);
			context.execute_once(&submitter, "store", &call).await?;
		},
	}
	let value = json!({ "operator": operator.to_string(), "endpoint": endpoint });
	context.print(&value, || format!("the store of {operator} answers at {endpoint}"));
	Ok(())
}
