//! Keys, commitments and covers agree with an implementation in another language, made from
//! `docs/protocol.md` alone.

use msec_commitments::{range::Peaks, tree, BatchCommitment, ChunkKey, KeyCover, KeyTree};
use serde_json::Value;

fn vectors() -> Value {
	serde_json::from_str(include_str!("../../tests/data/protocol-vectors.json")).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
	hex::decode(value.as_str().unwrap()).unwrap()
}

fn plaintexts(vectors: &Value) -> Vec<Vec<u8>> {
	let all = vectors["plaintexts"].as_array().unwrap();
	all.iter().map(|text| text.as_str().unwrap().as_bytes().to_vec()).collect()
}

fn key_tree(vectors: &Value) -> KeyTree {
	KeyTree::from_seed(bytes(&vectors["seed"]).try_into().unwrap())
}

#[test]
fn a_chunk_is_sealed_as_told() {
	let vectors = vectors();
	let key: ChunkKey = key_tree(&vectors).batch_key(0).chunk_key(0);
	assert_eq!(key.as_bytes().to_vec(), bytes(&vectors["chunk_key_0_0"]));
	let (commitment, ciphertext) = key.seal(&plaintexts(&vectors)[0]).unwrap();
	let expected = &vectors["chunk_0_0"];
	assert_eq!(ciphertext, bytes(&expected["ciphertext"]));
	assert_eq!(commitment.plaintext.to_vec(), bytes(&expected["commitment"]["plaintext"]));
	assert_eq!(commitment.ciphertext.to_vec(), bytes(&expected["commitment"]["ciphertext"]));
	assert_eq!(commitment.key.to_vec(), bytes(&expected["commitment"]["key"]));
	assert_eq!(commitment.leaf_hash().to_vec(), bytes(&expected["leaf_hash"]));
}

#[test]
fn the_range_has_the_root_as_told() {
	let vectors = vectors();
	let (tree, texts) = (key_tree(&vectors), plaintexts(&vectors));
	let batches = [vec![&texts[0], &texts[1]], vec![&texts[0]], vec![&texts[1]]];
	let mut peaks = Peaks::default();
	for (index, chunks) in batches.iter().enumerate() {
		let key = tree.batch_key(index as u32);
		let leaves: Vec<_> = (0u32..)
			.zip(chunks)
			.map(|(chunk, text)| key.chunk_key(chunk).seal(text).unwrap().0.leaf_hash())
			.collect();
		let batch = BatchCommitment { chunks: leaves.len() as u32, root: tree::root(&leaves) };
		assert_eq!(batch.root.to_vec(), bytes(&vectors["batches"][index]["root"]));
		peaks.append(&batch).unwrap();
	}
	assert_eq!(peaks.root().to_vec(), bytes(&vectors["range_root"]));
}

#[test]
fn the_cover_is_written_as_told() {
	let vectors = vectors();
	let cover = key_tree(&vectors).cover(3);
	let expected = bytes(&vectors["cover_of_3_batches"]);
	assert_eq!(cover.encode().to_vec(), expected);
	assert!(KeyCover::decode(&expected) == Some(cover));
}

#[test]
fn a_renewed_secret_is_written_as_told() {
	let renewed = &vectors()["renewed"];
	let generations = renewed["generations"].as_array().unwrap();
	let seed = |generation: &Value| -> [u8; 32] { bytes(&generation["seed"]).try_into().unwrap() };
	let mut tree = KeyTree::from_seed(seed(&generations[0]));
	for generation in &generations[1..] {
		let first = generation["first"].as_u64().unwrap() as u32;
		tree = tree.renewed(first, seed(generation)).unwrap();
	}
	assert_eq!(tree.encode().to_vec(), bytes(&renewed["wrapped"]));
	assert!(KeyTree::decode(&bytes(&renewed["wrapped"])) == Some(tree.clone()));
	for cover in renewed["covers"].as_array().unwrap() {
		let batches = cover["batches"].as_u64().unwrap() as u32;
		let encoded = bytes(&cover["encoded"]);
		assert_eq!(tree.cover(batches).encode().to_vec(), encoded);
		assert!(KeyCover::decode(&encoded) == Some(tree.cover(batches)));
	}
	for key in renewed["chunk_keys"].as_array().unwrap() {
		let batch = key["batch"].as_u64().unwrap() as u32;
		let expected = bytes(&key["key"]);
		assert_eq!(tree.batch_key(batch).chunk_key(0).as_bytes().to_vec(), expected);
		let covered = tree.cover(1003).batch_key(batch).unwrap();
		assert_eq!(covered.chunk_key(0).as_bytes().to_vec(), expected);
	}
}
