//! Identifiers, which clients compute before the chain does.

use codec::Encode;
use msec_worker_common::{chain::attestation::ReferenceValues, AccountId32, H256};
use subxt::config::{substrate::BlakeTwo256, Hasher};

/// A data set's identifier.
pub fn dataset(owner: &AccountId32, salt: &H256) -> H256 {
	BlakeTwo256.hash(&(owner, salt).encode())
}

/// A listing's identifier.
pub fn listing(owner: &AccountId32, dataset: &H256, salt: &H256) -> H256 {
	BlakeTwo256.hash(&(owner, dataset, salt).encode())
}

/// An order's identifier.
pub fn order(listing: &H256, beneficiary: &AccountId32, buyer_key: &[u8; 32]) -> H256 {
	BlakeTwo256.hash(&(listing, beneficiary, buyer_key).encode())
}

/// The identifier of a demand or a request.
pub fn demand(account: &AccountId32, salt: &H256) -> H256 {
	BlakeTwo256.hash(&(account, salt).encode())
}

/// A bundle's identifier.
pub fn bundle(owner: &AccountId32, salt: &H256) -> H256 {
	BlakeTwo256.hash(&(owner, salt).encode())
}

/// A campaign's identifier.
pub fn campaign(owner: &AccountId32, salt: &H256) -> H256 {
	BlakeTwo256.hash(&(owner, salt).encode())
}

/// The identifier of reference values that somebody publishes.
pub fn profile(publisher: &AccountId32, reference_values: &ReferenceValues) -> H256 {
	BlakeTwo256.hash(&(publisher, reference_values).encode())
}

/// BLAKE2b-256 of a document that is referred to on chain.
pub fn document(bytes: &[u8]) -> H256 {
	BlakeTwo256.hash(bytes)
}

/// By what a command that was interrupted is known again: what it does, who signs, and all its words.
pub fn fingerprint(what: &str, account: &AccountId32, details: &[u8]) -> H256 {
	BlakeTwo256.hash(&(what, account, details).encode())
}

/// Reads 32 bytes as 64 hexadecimal digits, with or without 0x.
pub fn parse_hash(text: &str) -> Result<[u8; 32], String> {
	let mut bytes = [0; 32];
	let digits = text.trim();
	hex::decode_to_slice(digits.strip_prefix("0x").unwrap_or(digits), &mut bytes)
		.map_err(|_| format!("{text:?} is not an identifier: 0x and 64 hexadecimal digits"))?;
	Ok(bytes)
}

/// 32 bytes as 0x and 64 hexadecimal digits.
pub fn hash_text(bytes: &[u8; 32]) -> String {
	format!("0x{}", hex::encode(bytes))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn identifiers_survive_text() {
		let id = dataset(&AccountId32([1; 32]), &H256([2; 32]));
		assert_eq!(parse_hash(&hash_text(&id.0)), Ok(id.0));
		assert_ne!(listing(&AccountId32([1; 32]), &id, &H256([2; 32])), id);
		assert_ne!(order(&id, &AccountId32([1; 32]), &[2; 32]), id);
		assert!(parse_hash("0x12").is_err());
	}
}
