//! `msec read`

use super::{access::PurposeArgument, context::Context};
use anyhow::{anyhow, bail, Context as _, Result};
use clap::Args;
use msec::{fetch, ids, stores::Stores};
use msec_commitments::{envelope::open_as_reader, ReaderContext};
use msec_worker_common::{keys::generate_envelope_secret, store_client::StoreClient};
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub struct Read {
	/// Name or identifier of the data set.
	dataset: String,
	/// Where its key agent answers, such as https://keys.example.org; its owner knows.
	#[arg(long, value_name = "URL")]
	key_agent: String,
	/// What it is for, where the grant is bound to a purpose.
	#[arg(long, value_enum)]
	purpose: Option<PurposeArgument>,
	/// The new CSV file. Where columns change within the data, more files are made: FILE-2 and so on.
	#[arg(short, long, value_name = "FILE")]
	out: PathBuf,
}

impl Read {
	pub async fn run(self, context: &Context) -> Result<()> {
		let id = context.dataset(&self.dataset)?;
		let account = context.account_key()?;
		let (chain, block) = context.finalized().await?;
		let details = block.dataset(&id.0).await?;
		let details = details.ok_or_else(|| anyhow!("this chain does not know the data set"))?;
		let range = details.range().ok_or_else(|| anyhow!("the data set was erased"))?;
		let agent = details.key_agent.ok_or_else(|| {
			anyhow!("the data set has no key agent; ask its owner, {}, for the keys", details.owner)
		})?;
		let purpose = self.purpose.map(PurposeArgument::name);
		let keys = StoreClient::new(&self.key_agent, &agent, account.clone())?
			.with_purpose(purpose.clone());
		let secret = generate_envelope_secret();
		let sealed = keys
			.reader_keys(&id.0, &secret.public_key())
			.await
			.context("the key agent does not hand out the keys")?;
		let reader = account.account_id().0;
		let sealing = ReaderContext { genesis: chain.genesis(), dataset: id.0, reader };
		let cover = open_as_reader(&sealed, &secret, &sealing)
			.map_err(|error| anyhow!("what the key agent handed out does not open: {error:?}"))?;
		if cover.batches() < range.batches {
			bail!(
				"the key agent has seen {} of {} batches; try again in a minute",
				cover.batches(),
				range.batches
			);
		}
		let stores = Stores::connect(&block, &id.0, &details, &account).await?.for_purpose(purpose);
		let bar = context.bar(range.batches.into(), false);
		bar.set_message("batches");
		let mut progress = |batches: u32| bar.set_position(batches.into());
		let files = fetch::fetch(&stores, &id, &range, &cover, &self.out, &mut progress).await;
		bar.finish_and_clear();
		let files: Vec<_> = files
			.context("the data set cannot be read")?
			.iter()
			.map(|path| path.display().to_string())
			.collect();
		let batches = range.batches;
		let value = json!({
			"dataset": ids::hash_text(&id.0), "files": files, "batches": batches,
		});
		context.print(&value, || {
			format!("{batches} batches, every chunk as committed to: {}", files.join(", "))
		});
		Ok(())
	}
}
