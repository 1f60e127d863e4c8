//! `msec info`

use super::context::{fields, Context};
use anyhow::{bail, Result};
use msec::ids;
use msec_worker_common::chain::ChainClient;
use serde_json::json;

pub async fn run(context: &Context) -> Result<()> {
	let chain = ChainClient::connect_unchecked(context.node()).await?;
	let problem = ChainClient::connect(context.node()).await.err().map(|error| error.to_string());
	let (best, finalized) = (chain.best().await?, chain.finalized().await?);
	let age = best.age().await?.as_secs();
	let spec_version = finalized.inner().spec_version();
	let value = json!({
		"version": env!("CARGO_PKG_VERSION"),
		"home": context.home().path(),
		"node": context.node(),
		"genesis": ids::hash_text(&chain.genesis()),
		"runtime": spec_version,
		"best_block": best.number(),
		"best_block_age_seconds": age,
		"finalized_block": finalized.number(),
		"fits": problem.is_none(),
		"problem": problem,
	});
	context.print(&value, || {
		fields(&[
			("msec", env!("CARGO_PKG_VERSION").to_owned()),
			("folder", context.home().path().display().to_string()),
			("node", context.node().to_owned()),
			("genesis", ids::hash_text(&chain.genesis())),
			("runtime", format!("version {spec_version}")),
			("best block", format!("{}, {age} seconds old", best.number())),
			("finalized", finalized.number().to_string()),
			("fits", problem.clone().unwrap_or_else(|| "yes".to_owned())),
		])
	});
	match problem {
		None => Ok(()),
		Some(problem) => bail!(problem),
	}
}
