//! The vectors that the SDKs in all languages are tested with are what this implementation makes.
//!
//! `MSEC_WRITE_VECTORS=1 cargo test --release -p msec --test vectors` writes them anew.

use codec::Encode;
use msec::ids;
use msec_commitments::{
	envelope, tree, BatchCommitment, ChunkCommitment, ChunkProof, EnvelopeSecret, Hash, KeyTree,
	OrderContext, Peaks,
};
use msec_worker_common::{
	batch_frame::Frame,
	chain::{ListingTerms, Pricing, Right},
	keys::AccountKey,
	signature::{sign_request_with, BodyDigest, PublicKey, RequestParts},
	AccountId32, H256,
};
use serde_json::{json, Value};
use std::path::PathBuf;

const GENESIS: Hash = [0x11; 32];
const DATASET: Hash = [0x22; 32];
const LISTING: Hash = [0x33; 32];
const SALT: Hash = [0x44; 32];
const SECRET: Hash = [0x55; 32];
/// What the sealing draws instead of randomness, so that the same bytes come out again.
const DRAW: Hash = [0x66; 32];

const BUYER: &str = "//Bob";
const STORE: &str = "//Dave";

/// Where the vectors are.
fn path() -> PathBuf {
	PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/client-vectors.json")
}

fn text(bytes: impl AsRef<[u8]>) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn bytes(value: &Value) -> Vec<u8> {
	hex::decode(value.as_str().unwrap().strip_prefix("0x").unwrap()).unwrap()
}

/// The data set: three batches, of which the first has three chunks.
struct Sale {
	tree: KeyTree,
	plaintexts: Vec<Vec<String>>,
	sealed: Vec<Vec<(ChunkCommitment, Vec<u8>)>>,
	batches: Vec<BatchCommitment>,
	root: Hash,
}

impl Sale {
	fn new() -> Self {
		let tree = KeyTree::from_seed(std::array::from_fn(|index| index as u8));
		let chunk =
			|hour: u32| format!("time,temperature\n2013-07-01T{hour:02}:00:00Z,7{hour}.5\n");
		let plaintexts = vec![vec![chunk(4), chunk(5), chunk(6)], vec![chunk(7)], vec![chunk(8)]];
		let sealed: Vec<Vec<_>> = (0u32..)
			.zip(&plaintexts)
			.map(|(batch, chunks)| {
				let key = tree.batch_key(batch);
				let seal = |(number, chunk): (u32, &String)| {
					key.chunk_key(number).seal(chunk.as_bytes()).unwrap()
				};
				(0u32..).zip(chunks).map(seal).collect()
			})
			.collect();
		let commit = |chunks: &Vec<(ChunkCommitment, Vec<u8>)>| {
			let leaves: Vec<_> = chunks.iter().map(|(chunk, _)| chunk.leaf_hash()).collect();
			BatchCommitment { chunks: leaves.len() as u32, root: tree::root(&leaves) }
		};
		let batches: Vec<_> = sealed.iter().map(commit).collect();
		let mut peaks = Peaks::default();
		batches.iter().for_each(|batch| peaks.append(batch).unwrap());
		Self { tree, plaintexts, sealed, batches, root: peaks.root() }
	}

	fn chunk(&self, batch: u32, chunk: u32) -> Value {
		let (at, number) = (batch as usize, chunk as usize);
		let (commitment, ciphertext) = &self.sealed[at][number];
		json!({
			"batch": batch,
			"chunk": chunk,
			"plaintext": self.plaintexts[at][number],
			"key": text(self.tree.batch_key(batch).chunk_key(chunk).as_bytes()),
			"ciphertext": text(ciphertext),
			"commitment": {
				"plaintext": text(commitment.plaintext),
				"ciphertext": text(commitment.ciphertext),
				"key": text(commitment.key),
			},
			"leaf_hash": text(commitment.leaf_hash()),
		})
	}

	fn proof(&self, batch: u32, chunk: u32) -> Value {
		let chunks: Vec<_> = self.sealed[batch as usize].iter().map(|(chunk, _)| *chunk).collect();
		let proof = ChunkProof::new(&self.batches, batch, &chunks, chunk).unwrap();
		assert!(proof.verify(self.batches.len() as u32, &self.root));
		json!({
			"batch": proof.batch,
			"chunk": proof.chunk,
			"chunks": proof.chunks,
			"chunk_path": proof.chunk_path.iter().map(text).collect::<Vec<_>>(),
			"batch_path": proof.batch_path.iter().map(text).collect::<Vec<_>>(),
			"encoded": text(proof.encode()),
		})
	}

	fn batch(&self, batch: u32) -> Value {
		let chunks = &self.sealed[batch as usize];
		let frame = Frame::new(batch, chunks).unwrap();
		let commitment = self.batches[batch as usize];
		assert_eq!(frame.commitment(), commitment);
		json!({
			"batch": batch,
			"chunks": commitment.chunks,
			"root": text(commitment.root),
			"leaf_hash": text(commitment.leaf_hash()),
			"frame": text(frame.bytes()),
		})
	}
}

fn key_tree(sale: &Sale) -> Value {
	let cover = |batches: u32| json!({ "batches": batches, "encoded": text(&*sale.tree.cover(batches).encode()) });
	// A batch key is not shown by any type here; the commitments to its chunk keys are.
	let key = |batch: u32, chunk: u32| {
		let key = sale.tree.batch_key(batch).chunk_key(chunk);
		let (bytes, commitment) = (text(key.as_bytes()), text(key.commitment()));
		json!({ "batch": batch, "chunk": chunk, "key": bytes, "commitment": commitment })
	};
	json!({
		"seed": text(&*sale.tree.encode()),
		"chunk_keys": [key(0, 0), key(2, 1023), key(u32::MAX - 1, 7)],
		"covers": [cover(0), cover(1), cover(3), cover(1_000_001), cover(u32::MAX)],
	})
}

fn trees(sale: &Sale) -> Value {
	let heads: Vec<_> = (0u32..=9)
		.map(|count| {
			let leaves: Vec<_> =
				(0..count).map(|index| tree::leaf_hash(&index.to_le_bytes())).collect();
			text(tree::root(&leaves))
		})
		.collect();
	json!({
		"heads_over_numbers": heads,
		"batches": [sale.batch(0), sale.batch(1), sale.batch(2)],
		"range": { "batches": sale.batches.len(), "root": text(sale.root) },
		"proofs": [sale.proof(0, 0), sale.proof(0, 2), sale.proof(1, 0), sale.proof(2, 0)],
	})
}

fn identifiers(buyer: &AccountId32) -> Value {
	let buyer_key = EnvelopeSecret::from_bytes(SECRET).public_key();
	json!({
		"account": text(buyer.0),
		"dataset": { "salt": text(SALT), "id": text(ids::dataset(buyer, &H256(SALT)).0) },
		"listing": {
			"dataset": text(DATASET),
			"salt": text(SALT),
			"id": text(ids::listing(buyer, &H256(DATASET), &H256(SALT)).0),
		},
		"order": {
			"listing": text(LISTING),
			"buyer_key": text(buyer_key),
			"id": text(ids::order(&H256(LISTING), buyer, &buyer_key).0),
		},
	})
}

fn sealed_keys(sale: &Sale, buyer: &AccountId32) -> Value {
	let secret = EnvelopeSecret::from_bytes(SECRET);
	let order = ids::order(&H256(LISTING), buyer, &secret.public_key()).0;
	let context = OrderContext { genesis: GENESIS, order, dataset: DATASET };
	let (cover, to) = (sale.tree.cover(3), secret.public_key());
	let sealed = envelope::seal_order(&cover, &to, &context, DRAW).unwrap();
	let wrapped = envelope::wrap_key_tree(&sale.tree, &to, &GENESIS, &DATASET, DRAW).unwrap();
	json!({
		"secret": text(SECRET),
		"recipient": text(to),
		"genesis": text(GENESIS),
		"dataset": text(DATASET),
		"order": text(order),
		"batches": 3,
		"envelope": text(sealed),
		"wrapped_seed": text(wrapped),
	})
}

fn terms() -> Value {
	let one = |price: Option<u128>, sample: &str, maximum_verdict_age: Option<u32>| {
		let terms = ListingTerms {
			dataset: H256(DATASET),
			right: Right::Read,
			kind: "air-temperature".into(),
			unit: "[degF]".into(),
			interval_seconds: 3_600,
			place: "dr5x1".into(),
			licence: "CC0-1.0".into(),
			sample: sample.into(),
			pricing: price.map_or(Pricing::Free, |price| Pricing::OneTime { price }),
			delivery_period: 1_200,
			confirmation_period: 28_800,
			access_period: 864_000,
			maximum_verdict_age,
		};
		json!({
			"dataset": text(DATASET),
			"right": terms.right,
			"kind": terms.kind,
			"unit": terms.unit,
			"interval_seconds": terms.interval_seconds,
			"place": terms.place,
			"licence": terms.licence,
			"sample": terms.sample,
			"price": price.map(|price| price.to_string()),
			"delivery_period": terms.delivery_period,
			"confirmation_period": terms.confirmation_period,
			"access_period": terms.access_period,
			"maximum_verdict_age": terms.maximum_verdict_age,
			"encoded": text(terms.to_runtime().encode()),
			"hash": text(terms.hash().0),
		})
	};
	let sample = "2013-07-01T04:00:00Z,71.96\n";
	json!([one(None, "", None), one(Some(2_500_000_000_000), sample, Some(28_800))])
}

/// Requests whose signatures are random; everything else is not.
fn requests() -> Value {
	let (key, store) = (AccountKey::from_uri(BUYER).unwrap(), AccountKey::from_uri(STORE).unwrap());
	let sign = |method: &str, query: Option<&str>, body: &str| {
		let path = format!("/v1/datasets/{}/batches", text(DATASET));
		let parts = RequestParts { method, path: &path, query };
		let (created, nonce) = (1_790_000_000, "7dMzCqN0y7nXkqJ5XyG8mNfL1jvVb2aY");
		let digest = BodyDigest::of(body.as_bytes());
		let signed =
			sign_request_with(&key, &store.address(), &parts, &digest, created, nonce.into());
		let base = format!(
			"\"@method\": {method}\n\"@path\": {path}\n\"@query\": ?{}\n\"content-digest\": {}\n\"@signature-params\": {}",
			query.unwrap_or_default(),
			signed.content_digest,
			signed.signature_input.strip_prefix("msec=").unwrap(),
		);
		json!({
			"method": method,
			"path": path,
			"query": query,
			"body": body,
			"created": created,
			"nonce": nonce,
			"account": key.address(),
			"public_key": text(key.public()),
			"audience": store.address(),
			"content_digest": signed.content_digest,
			"signature_input": signed.signature_input,
			"base": base,
			"signature": signed.signature,
		})
	};
	json!([sign("GET", Some("from=0&to=100"), ""), sign("POST", None, "body")])
}

fn accounts() -> Value {
	let phrase = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
	let uris = [
		BUYER.to_owned(),
		phrase.to_owned(),
		format!("{phrase}//Alice/soft///password"),
		format!("{phrase}//0//a-name-of-more-than-thirty-two-bytes-is-hashed/1"),
		text([7; 32]),
	];
	let all = uris.map(|uri| {
		let key = AccountKey::from_uri(&uri).unwrap();
		json!({ "uri": uri, "public_key": text(key.public()), "address": key.address() })
	});
	json!(all)
}

fn vectors() -> Value {
	let sale = Sale::new();
	let buyer = AccountKey::from_uri(BUYER).unwrap().account_id();
	json!({
		"about": "Written by cli/tests/vectors.rs, and read by the tests of every SDK.",
		"key_tree": key_tree(&sale),
		"chunks": [sale.chunk(0, 0), sale.chunk(0, 2), sale.chunk(2, 0)],
		"trees": trees(&sale),
		"identifiers": identifiers(&buyer),
		"sealed_keys": sealed_keys(&sale, &buyer),
		"terms": terms(),
		"requests": requests(),
		"accounts": accounts(),
	})
}

/// Checks the signatures of `requests` and takes them out.
fn take_signatures(requests: &mut Value) {
	for request in requests.as_array_mut().unwrap() {
		let signature = request.as_object_mut().unwrap().remove("signature").unwrap();
		let base64 = signature.as_str().unwrap().strip_prefix("msec=:").unwrap();
		let decoded = base64::Engine::decode(
			&base64::engine::general_purpose::STANDARD,
			base64.strip_suffix(':').unwrap(),
		);
		let key = PublicKey::Sr25519(bytes(&request["public_key"]).try_into().unwrap());
		let base = request["base"].as_str().unwrap();
		assert!(key.verify(base.as_bytes(), &decoded.unwrap()), "{request}");
	}
}

#[test]
fn the_vectors_are_what_this_implementation_makes() {
	let mut made = vectors();
	if std::env::var_os("MSEC_WRITE_VECTORS").is_some() {
		let written = serde_json::to_string_pretty(&made).unwrap().replace("  ", "\t");
		std::fs::write(path(), written + "\n").unwrap();
	}
	let read = std::fs::read_to_string(path()).unwrap();
	let mut read: Value = serde_json::from_str(&read).unwrap();
	take_signatures(&mut made["requests"]);
	take_signatures(&mut read["requests"]);
	assert_eq!(read, made, "MSEC_WRITE_VECTORS=1 cargo test -p msec --test vectors");
}
