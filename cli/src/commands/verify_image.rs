//! `msec verify-image`

use super::{
	access,
	arguments::parse_id,
	context::{fields, Context},
	order::{advise, Delivery},
};
use anyhow::{bail, Context as _, Result};
use clap::{ArgGroup, Args};
use msec::{
	fetch::{self, FetchError},
	ids,
	provenance::{self, Objection, Search},
};
use msec_worker_common::{
	chain::{AccessDecisions, ChainClient, Decision, MAX_HEAD_AGE},
	provenance::Record,
	H256,
};
use serde_json::json;
use std::{
	fs::File,
	path::{Path, PathBuf},
};

pub const LONG_ABOUT: &str = "\
Check that an image is one that a device made anonymous, and that it is exactly as the device \
left it.

The SHA-256 of the file is looked up among the provenance records of a data set that you bought, free or \
not. The record must carry the signature of its device, and the chain must say that this device may write \
to the data set now. With --order the records are fetched, and every chunk is compared with what was \
committed to on chain; with --records they come from a file that was fetched before, and are not compared \
again.

What is proved: this device states that it made this file, with these models and settings, and nobody \
altered the file since. What is not: that nothing was overlooked in it. Exit code 0 means verified; 1 \
that the image is not verified, or that it could not be found out.";

/// Check that an image is one that a device made anonymous.
#[derive(Args)]
#[command(group = ArgGroup::new("source").required(true))]
pub struct VerifyImage {
	/// The image, exactly as it was published.
	image: PathBuf,
	/// Order of the data set with the records.
	#[arg(long, group = "source", value_parser = parse_id)]
	order: Option<H256>,
	/// Records that `msec fetch` wrote.
	#[arg(long, group = "source", requires = "dataset", value_name = "FILE")]
	records: Option<PathBuf>,
	/// Name or identifier of the data set that the records are of.
	#[arg(long, conflicts_with = "order")]
	dataset: Option<String>,
}

/// Records that were looked through.
struct Searched {
	search: Search,
	chain: ChainClient,
	dataset: H256,
	/// Where the records came from, and whether they are those on chain.
	origin: String,
	compared_with_chain: bool,
}

impl VerifyImage {
	pub async fn run(self, context: &Context) -> Result<()> {
		let name = self.image.display().to_string();
		let hash =
			File::open(&self.image).and_then(provenance::hash_of).with_context(|| name.clone())?;
		let search = Search::new(hash);
		let searched = match (&self.order, &self.records, &self.dataset) {
			(Some(order), ..) => search_order(context, order, search).await?,
			(None, Some(file), Some(dataset)) => {
				search_file(context, file, &context.dataset(dataset)?, search).await?
			},
			_ => bail!("say --order ORDER, or --records FILE --dataset DATASET"),
		};
		let Searched { search, chain, dataset, origin, compared_with_chain } = searched;
		let records = search.records();
		let decisions = AccessDecisions::new(chain, MAX_HEAD_AGE);
		let outcome = search.judge(&decisions, &dataset).await?;
		let mut value = json!({
			"image": name,
			"sha256": ids::hash_text(&hash),
			"dataset": ids::hash_text(&dataset.0),
			"records": records,
			"compared_with_chain": compared_with_chain,
		});
		let mut lines = vec![
			("image", name),
			("SHA-256", ids::hash_text(&hash)),
			("records", format!("{records}, {origin}")),
		];
		match &outcome {
			Ok(record) => {
				value["verdict"] = json!("verified");
				value["record"] = json!(record);
				lines.extend(confirmation(record));
			},
			Err(objection) => {
				let reason = reason(objection);
				value["verdict"] = json!(objection.name());
				value["reason"] = json!(reason);
				lines.push(("verdict", format!("NOT VERIFIED: {reason}")));
			},
		}
		context.print(&value, || fields(&lines));
		match outcome {
			Ok(_) => Ok(()),
			Err(_) => bail!("the image is not verified"),
		}
	}
}

/// Looks through all that an order bought.
async fn search_order(context: &Context, id: &H256, mut search: Search) -> Result<Searched> {
	let key = context.account_key()?;
	let chain = context.chain().await?;
	let delivery = Delivery::new(context, &chain, id).await?;
	let cover = delivery.cover(id, &chain.genesis())?;
	let stores = delivery.stores(&key).await?;
	let order = delivery.order;
	let bar = context.bar(order.range.batches.into(), false);
	bar.set_message("batches");
	let mut receive = |index: u32, chunks: &[Vec<u8>]| -> Result<()> {
		bar.set_position(u64::from(index) + 1);
		for chunk in chunks {
			search.look_through(chunk.as_slice())?;
		}
		Ok(())
	};
	let received = fetch::for_each_batch(&stores, &order.range, &cover, 0, &mut receive).await;
	bar.finish_and_clear();
	received.map_err(|error| match error.downcast::<FetchError>() {
		Ok(fault) => advise(id, &fault),
		Err(other) => other,
	})?;
	let origin = "fetched; every chunk is what was committed to on chain".to_owned();
	Ok(Searched { search, chain, dataset: order.dataset, origin, compared_with_chain: true })
}

/// Looks through a file that was fetched before.
async fn search_file(
	context: &Context,
	file: &Path,
	dataset: &H256,
	mut search: Search,
) -> Result<Searched> {
	let name = file.display().to_string();
	let records = File::open(file).with_context(|| name.clone())?;
	tokio::task::block_in_place(|| search.look_through(records)).with_context(|| name.clone())?;
	let origin = format!("read from {name}, which was NOT compared with the chain this time");
	let (chain, dataset) = (context.chain().await?, *dataset);
	Ok(Searched { search, chain, dataset, origin, compared_with_chain: false })
}

fn confirmation(record: &Record) -> [(&'static str, String); 3] {
	let Record { statement, device, .. } = record;
	[
		("device", format!("{device}; its signature is right and it may write to the data set")),
		("made anonymous", format!("{}, method {}", statement.time_text(), statement.method)),
		("verdict", "VERIFIED: the image is exactly as the device recorded it".to_owned()),
	]
}

fn reason(objection: &Objection) -> String {
	match objection {
		Objection::NotEntitled { refusal, .. } => {
			format!("{objection}: {}", access::explain(&Decision::Deny(*refusal)).1)
		},
		_ => objection.to_string(),
	}
}
