//! Digests of bodies (RFC 9530).

use base64::{engine::general_purpose::STANDARD, Engine};
use msec_commitments::Hash;
use sfv::{BareItem, Dictionary, ListEntry, Parser};
use sha2::{Digest, Sha256};

/// The header `Content-Digest` of a body with that SHA-256.
pub fn content_digest(digest: &Hash) -> String {
	format!("sha-256=:{}:", STANDARD.encode(digest))
}

/// Reads a header `Content-Digest`; `None` unless it holds one SHA-256 and nothing else.
pub fn parse_content_digest(header: &str) -> Option<Hash> {
	let dictionary: Dictionary = Parser::new(header).parse().ok()?;
	let mut members = dictionary.iter();
	let (Some((name, ListEntry::Item(item))), None) = (members.next(), members.next()) else {
		return None;
	};
	match &item.bare_item {
		BareItem::ByteSequence(bytes) if name.as_str() == "sha-256" && item.params.is_empty() => {
			bytes.as_slice().try_into().ok()
		},
		_ => None,
	}
}

/// SHA-256 of a body that arrives in parts.
#[derive(Clone, Default)]
pub struct BodyDigest(Sha256);

impl BodyDigest {
	/// Adds the next part.
	pub fn update(&mut self, part: &[u8]) {
		self.0.update(part);
	}

	/// The digest of all parts.
	pub fn finish(self) -> Hash {
		self.0.finalize().into()
	}

	/// The digest of one part.
	pub fn of(body: &[u8]) -> Hash {
		Sha256::digest(body).into()
	}
}
