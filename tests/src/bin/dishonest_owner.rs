//! An owner who cheats, for tests and for the demo. Everything here really happens on the chain.

use anyhow::{anyhow, bail, ensure, Context};
use clap::{Parser, Subcommand};
use msec_commitments::{
	envelope::{seal_order, wrap_key_tree},
	ChunkCommitment, KeyTree, OrderContext, MAX_CHUNKS_PER_BATCH, MAX_CHUNK_PLAINTEXT,
};
use msec_end_to_end::requests::Request;
use msec_worker_common::{
	batch_frame::Frame,
	chain::{runtime, BoundedVec, ChainClient, ListingTerms, OrderState, Pricing, Right},
	keys::{AccountKey, PasswordSource},
	store_client::StoreClient,
	transactions::Submitter,
	AccountId32, H256,
};
use rand::RngCore;
use serde_json::json;
use std::{path::PathBuf, sync::Arc};
use subxt::utils::Static;

/// An owner who cheats, to show what becomes of it.
#[derive(Parser)]
struct Options {
	/// Address of the node.
	#[arg(long, default_value = "ws://127.0.0.1:9944")]
	node: String,

	/// File with the owner's account: a polkadot.js JSON file, or a secret URI that only its owner may
	/// read.
	#[arg(long)]
	key: PathBuf,

	/// File with the password of the account.
	#[arg(long)]
	password_file: Option<PathBuf>,

	#[command(subcommand)]
	trick: Trick,
}

#[derive(Subcommand)]
enum Trick {
	/// Publishes and lists a CSV file, one chunk of which does not hold the readings that were committed
	/// to. The store cannot notice.
	PublishTampered {
		/// Account of the store.
		#[arg(long)]
		store: AccountId32,

		/// Account of the key agent that delivers.
		#[arg(long)]
		key_agent: AccountId32,

		/// Encryption key of the key agent, in hexadecimal digits.
		#[arg(long)]
		key_agent_key: String,

		/// The price in thousandths of an MSEC.
		#[arg(long, default_value_t = 5_000)]
		price_in_milli_msec: u128,

		/// The readings: a header and rows, of which as many are taken as fit into a batch.
		file: PathBuf,
	},

	/// Asks a store for the batches of a data set, and then once more with the very same signature, as
	/// somebody would who listened on the line.
	Replay {
		/// Where the store answers.
		#[arg(long)]
		endpoint: String,

		/// Account of the store.
		#[arg(long)]
		store: AccountId32,

		/// The data set.
		dataset: String,
	},

	/// Delivers an envelope for an order that opens, but to other keys than those committed to.
	DeliverWrongKey {
		/// The order.
		order: String,
	},
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
	let options = Options::parse();
	let password = options.password_file.map(PasswordSource::File).unwrap_or_default();
	let key = Arc::new(AccountKey::load(&options.key, &password)?);
	let chain = ChainClient::connect(&options.node).await?;
	let outbox = tempfile::tempdir()?;
	let submitter = Submitter::open(&outbox.path().join("outbox"), chain, key)?;
	let report = match options.trick {
		Trick::PublishTampered { store, key_agent, key_agent_key, price_in_milli_msec, file } => {
			let bytes = std::fs::read(&file).context(file.display().to_string())?;
			let text = String::from_utf8_lossy(&bytes);
			let agent = Agent { account: key_agent, key: hash(&key_agent_key)? };
			let price = price_in_milli_msec * 1_000_000_000;
			publish_tampered(&submitter, &store, &agent, &text, price).await?
		},
		Trick::Replay { endpoint, store, dataset } => {
			replay(submitter.key(), &endpoint, &store, hash(&dataset)?).await
		},
		Trick::DeliverWrongKey { order } => deliver_wrong_key(&submitter, hash(&order)?).await?,
	};
	println!("{report}");
	Ok(())
}

struct Agent {
	account: AccountId32,
	key: [u8; 32],
}

async fn publish_tampered(
	submitter: &Submitter,
	store: &AccountId32,
	agent: &Agent,
	text: &str,
	price: u128,
) -> anyhow::Result<serde_json::Value> {
	let chain = submitter.chain();
	let create = runtime::transactions().records().create_dataset(
		H256(random()),
		BoundedVec(vec![*store]),
		Some(agent.account),
	);
	let dataset = submitter
		.execute("dataset", &create)
		.await?
		.event::<runtime::records::events::DatasetCreated>()
		.context("the data set has no event")?
		.dataset;
	let endpoint = chain.finalized().await?.store(store).await?.context("no such store")?.endpoint;
	let client = StoreClient::new(&endpoint, store, submitter.key().clone())?;

	let tree = KeyTree::from_seed(random());
	let wrapped = wrap_key_tree(&tree, &agent.key, &chain.genesis(), &dataset.0, random())
		.map_err(|error| anyhow!("the key agent's key: {error:?}"))?;
	client.put_key(&dataset.0, &agent.account, &wrapped).await?;

	let documents = cut(text)?;
	let spoiled = documents.len() / 2;
	let frame = Frame::new(0, &seal(&tree, &documents, spoiled)?)?;
	client.upload(&dataset.0, std::slice::from_ref(&frame)).await?;
	let batches = BoundedVec(vec![Static(frame.commitment())]);
	let append = runtime::transactions().records().append(dataset, 0, batches);
	submitter.execute("append", &append).await?;

	let terms = ListingTerms {
		dataset,
		right: Right::Read,
		kind: "air-temperature".into(),
		unit: "[degF]".into(),
		interval_seconds: 3_600,
		place: "dr5x".into(),
		licence: "CC0-1.0".into(),
		sample: String::new(),
		pricing: Pricing::OneTime { price },
		delivery_period: 200,
		confirmation_period: 200,
		access_period: 28_800,
		maximum_verdict_age: None,
	};
	let list =
		runtime::transactions().marketplace().create_listing(H256(random()), terms.to_runtime());
	let listing = submitter
		.execute("listing", &list)
		.await?
		.event::<runtime::marketplace::events::ListingCreated>()
		.context("the listing has no event")?
		.listing;
	Ok(json!({
		"dataset": text_of(dataset),
		"listing": text_of(listing),
		"chunks": documents.len(),
		"tampered_chunk": spoiled,
	}))
}

async fn replay(
	key: &AccountKey,
	endpoint: &str,
	store: &AccountId32,
	dataset: [u8; 32],
) -> serde_json::Value {
	let path = format!("/v1/datasets/{}/batches", text_of(H256(dataset)));
	let request = Request::get(path).sign(key, &store.to_string());
	let mut answers = Vec::new();
	for _ in 0..2 {
		let answer = request.send(endpoint).await;
		answers.push(json!({
			"status": answer.status.as_u16(),
			"title": answer.problem("title"),
			"detail": answer.problem("detail"),
		}));
	}
	json!({ "first": answers[0], "replayed": answers[1] })
}

async fn deliver_wrong_key(
	submitter: &Submitter,
	order: [u8; 32],
) -> anyhow::Result<serde_json::Value> {
	let chain = submitter.chain();
	let details = chain.best().await?.order(&order).await?.context("no such order")?;
	if details.state != OrderState::AwaitingDelivery {
		bail!("the order does not wait for its key");
	}
	let context = OrderContext { genesis: chain.genesis(), order, dataset: details.dataset.0 };
	let cover = KeyTree::from_seed(random()).cover(details.range.batches);
	let envelope = seal_order(&cover, &details.buyer_key, &context, random())
		.map_err(|error| anyhow!("the buyer's key: {error:?}"))?;
	let deliver = runtime::transactions().marketplace().deliver(H256(order), BoundedVec(envelope));
	let done = submitter.execute("deliver", &deliver).await?;
	Ok(json!({ "order": text_of(H256(order)), "block": done.block_number }))
}

/// Cuts a CSV text into documents that fit into a chunk, each with the header: at most a batch of them,
/// without rows that are too long.
fn cut(text: &str) -> anyhow::Result<Vec<String>> {
	let mut lines = text.lines().filter(|line| !line.trim().is_empty());
	let header = lines.next().context("a file of readings has a header")?;
	let longest =
		MAX_CHUNK_PLAINTEXT.checked_sub(header.len() + 2).context("the header is too long")?;
	let mut documents: Vec<String> = Vec::new();
	for row in lines.filter(|row| row.len() <= longest) {
		let full = documents.len() == MAX_CHUNKS_PER_BATCH as usize;
		match documents.last_mut() {
			Some(last) if last.len() + row.len() < MAX_CHUNK_PLAINTEXT => {
				last.push_str(row);
				last.push('\n');
			},
			_ if full => break,
			_ => documents.push(format!("{header}\n{row}\n")),
		}
	}
	ensure!(!documents.is_empty(), "there are no readings");
	Ok(documents)
}

/// The document with another last digit in its rows or, where there is none, another last byte.
fn spoil(document: &str) -> Vec<u8> {
	let mut bytes = document.as_bytes().to_vec();
	let rows = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
	let last = bytes.len().saturating_sub(2);
	let digit = (rows..bytes.len()).rev().find(|position| bytes[*position].is_ascii_digit());
	match digit {
		Some(position) => bytes[position] = b'0' + (bytes[position] - b'0' + 1) % 10,
		None => bytes[last] = if bytes[last] == b'x' { b'y' } else { b'x' },
	}
	bytes
}

/// Encrypts the documents; at the place `spoiled`, the ciphertext holds something else than the readings
/// that are committed to.
fn seal(
	tree: &KeyTree,
	documents: &[String],
	spoiled: usize,
) -> anyhow::Result<Vec<(ChunkCommitment, Vec<u8>)>> {
	let batch = tree.batch_key(0);
	let sealed = documents.iter().enumerate().map(|(index, document)| {
		let key = batch.chunk_key(u32::try_from(index).ok()?);
		let honest = key.seal(document.as_bytes())?;
		if index != spoiled {
			return Some(honest);
		}
		let (other, ciphertext) = key.seal(&spoil(document))?;
		Some((ChunkCommitment { plaintext: honest.0.plaintext, ..other }, ciphertext))
	});
	sealed.collect::<Option<_>>().context("there are too many readings")
}

fn random() -> [u8; 32] {
	let mut bytes = [0; 32];
	rand::rng().fill_bytes(&mut bytes);
	bytes
}

fn hash(text: &str) -> anyhow::Result<[u8; 32]> {
	let mut hash = [0; 32];
	hex::decode_to_slice(text.trim_start_matches("0x"), &mut hash)
		.with_context(|| format!("{text:?} is not 32 bytes in hexadecimal digits"))?;
	Ok(hash)
}

fn text_of(hash: H256) -> String {
	format!("0x{}", hex::encode(hash.0))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_large_file_is_cut_to_one_batch() {
		let text = format!("time,a\n{}", "2024-01-01T00:00:00Z,1\n".repeat(300_000));
		let documents = cut(&text).unwrap();
		assert_eq!(documents.len(), MAX_CHUNKS_PER_BATCH as usize);
		assert!(documents.iter().all(|document| document.len() <= MAX_CHUNK_PLAINTEXT));
		assert!(seal(&KeyTree::from_seed([1; 32]), &documents, 512).is_ok());
	}

	#[test]
	fn rows_that_are_empty_or_too_long_are_left_out() {
		let text = format!("time,a\r\n1,2\r\n\r\n{}\r\n3,4", "x".repeat(MAX_CHUNK_PLAINTEXT));
		assert_eq!(cut(&text).unwrap(), ["time,a\n1,2\n3,4\n"]);
		assert!(cut("time,a\n").is_err());
		assert!(cut(&"x".repeat(MAX_CHUNK_PLAINTEXT)).is_err());
	}

	#[test]
	fn there_is_always_a_difference_in_the_rows() {
		for (document, expected) in [
			("time1\na,1\nb,9\n", "time1\na,1\nb,0\n"),
			("time1\na,b\n", "time1\na,x\n"),
			("time1\na,x\n", "time1\na,y\n"),
		] {
			assert_eq!(spoil(document), expected.as_bytes());
		}
		assert!(spoil("time\né\n") != "time\né\n".as_bytes());
	}
}
