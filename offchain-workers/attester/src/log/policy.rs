//! Which files may be measured: Keylime's runtime policy, in its JSON form as it is.
//!
//! Of a policy these parts decide: `digests`, `excludes`, `keyrings`, `ima.ignored_keyrings`,
//! `ima.log_hash_alg` and `ima-buf`. Signatures of files are not verified, so that a signed file needs its digest in the policy too; a policy
//! with `verification-keys` or a device-mapper policy is refused, for it would be judged otherwise than it
//! says.

use super::{
	ima::{Entry, Template},
	HashAlgorithm,
};
use regex::{RegexSet, RegexSetBuilder};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use x509_cert::{der::Decode, Certificate};

/// Longest policy in bytes.
pub const MAX_POLICY_LENGTH: usize = 64 * 1024 * 1024;
/// Most memory that the patterns of files to leave out may take, in bytes.
const MAX_PATTERNS_SIZE: usize = 16 * 1024 * 1024;
/// The newest form of the policy that is known.
const VERSION: u64 = 1;
/// Every keyring.
const ANY: &str = "*";

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
	/// It is larger than any.
	#[error("the policy is longer than any")]
	TooLong,
	/// It is not in the form of a runtime policy.
	#[error("the policy cannot be read: {0}")]
	Malformed(String),
	/// Its form is newer.
	#[error("the policy has version {0}; version {VERSION} is known")]
	UnknownVersion(u64),
	/// The list would be kept in an algorithm that is not known.
	#[error("the runtime policy asks for template hashes of {0:?}, which is not known")]
	UnknownAlgorithm(String),
	/// A part of it is not looked at here.
	#[error("the policy has {0}, which are not supported")]
	Unsupported(&'static str),
	/// A pattern is not one.
	#[error("a pattern in `excludes` cannot be used: {0}")]
	Pattern(String),
}

/// Why a file or buffer is not as the policy says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
	/// It was open for writing while it was measured.
	#[error("entry {number}: {path} was open for writing while it was measured")]
	Violation {
		/// Which entry, from 1.
		number: usize,
		/// Which file.
		path: String,
	},
	/// The policy does not know it.
	#[error("entry {number}: {path} is not in the policy")]
	Unknown {
		/// Which entry, from 1.
		number: usize,
		/// Which file, buffer or keyring.
		path: String,
	},
	/// The list is kept in another algorithm than the policy says.
	#[error("entry {number}: the template hash is one of {algorithm}, other than the policy says")]
	OtherAlgorithm {
		/// Which entry, from 1.
		number: usize,
		/// In which algorithm the list is kept.
		algorithm: &'static str,
	},
	/// The policy knows it with other content.
	#[error(
		"entry {number}: {path} has the digest {digest}, which is not among those in the policy"
	)]
	OtherDigest {
		/// Which entry, from 1.
		number: usize,
		/// Which file, buffer or keyring.
		path: String,
		/// What it has, in hexadecimal.
		digest: String,
	},
}

impl Finding {
	/// Which entry, from 1.
	pub fn number(&self) -> usize {
		match self {
			Self::Violation { number, .. }
			| Self::Unknown { number, .. }
			| Self::OtherAlgorithm { number, .. }
			| Self::OtherDigest { number, .. } => *number,
		}
	}
}

#[derive(Deserialize)]
struct Document {
	meta: Meta,
	digests: HashMap<String, HashSet<String>>,
	#[serde(default)]
	excludes: Vec<String>,
	#[serde(default)]
	keyrings: HashMap<String, HashSet<String>>,
	#[serde(default)]
	ima: Ima,
	#[serde(default, rename = "ima-buf")]
	ima_buf: HashMap<String, HashSet<String>>,
	#[serde(default, rename = "verification-keys")]
	verification_keys: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Meta {
	version: u64,
}

#[derive(Default, Deserialize)]
struct Ima {
	#[serde(default)]
	ignored_keyrings: HashSet<String>,
	#[serde(default)]
	log_hash_alg: Option<String>,
	#[serde(default)]
	dm_policy: Option<serde_json::Value>,
}

/// A runtime policy.
#[derive(Debug)]
pub struct RuntimePolicy {
	/// In what the kernel keeps the list.
	log_algorithm: HashAlgorithm,
	digests: HashMap<String, HashSet<String>>,
	excludes: RegexSet,
	keyrings: HashMap<String, HashSet<String>>,
	ignored_keyrings: HashSet<String>,
	buffers: HashMap<String, HashSet<String>>,
}

impl RuntimePolicy {
	/// Reads Keylime's JSON.
	pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
		if json.len() > MAX_POLICY_LENGTH {
			return Err(PolicyError::TooLong);
		}
		let document: Document = serde_json::from_slice(json)
			.map_err(|error| PolicyError::Malformed(error.to_string()))?;
		if document.meta.version > VERSION {
			return Err(PolicyError::UnknownVersion(document.meta.version));
		}
		if document.verification_keys.as_ref().is_some_and(says_something) {
			return Err(PolicyError::Unsupported("keys for signatures of files"));
		}
		if document.ima.dm_policy.as_ref().is_some_and(says_something) {
			return Err(PolicyError::Unsupported("rules for the device mapper"));
		}
		Ok(Self {
			log_algorithm: log_algorithm(document.ima.log_hash_alg)?,
			digests: document.digests.into_iter().map(plain).collect(),
			excludes: patterns(&document.excludes)?,
			keyrings: document.keyrings.into_iter().map(plain).collect(),
			ignored_keyrings: document.ima.ignored_keyrings,
			buffers: document.ima_buf.into_iter().map(plain).collect(),
		})
	}

	/// The first entry that is not as the policy says, if there is one.
	pub fn appraise(&self, entries: &[Entry<'_>]) -> Option<Finding> {
		entries.iter().enumerate().find_map(|(index, entry)| self.find(index + 1, entry))
	}

	/// What is wrong with the entry of this number, from 1.
	pub fn find(&self, number: usize, entry: &Entry<'_>) -> Option<Finding> {
		if entry.log_algorithm != self.log_algorithm {
			let algorithm = entry.log_algorithm.name();
			return Some(Finding::OtherAlgorithm { number, algorithm });
		}
		let shown = || entry.shown_path().into_owned();
		// What is not UTF-8 is in no policy, however it is shown.
		let path = std::str::from_utf8(entry.path).ok();
		if path.is_some_and(|path| self.excludes.is_match(path)) {
			return None;
		}
		if entry.is_violation {
			return Some(Finding::Violation { number, path: shown() });
		}
		let Some(path) = path else {
			return Some(Finding::Unknown { number, path: shown() });
		};
		let allowed = match self.expected(entry, path) {
			Expected::Anything => return None,
			Expected::OneOf(allowed) => allowed,
		};
		let Some(allowed) = allowed.get(path) else {
			return Some(Finding::Unknown { number, path: shown() });
		};
		let digest = hex::encode(&entry.digest);
		(!allowed.contains(&digest)).then(|| Finding::OtherDigest { number, path: shown(), digest })
	}

	/// What of the policy an entry is held against: a buffer is a key that was added to a keyring if it is a
	/// certificate.
	fn expected(&self, entry: &Entry<'_>, path: &str) -> Expected<'_> {
		if entry.template != Template::ImaBuf {
			return Expected::OneOf(&self.digests);
		}
		if Certificate::from_der(&entry.data).is_err() {
			return Expected::OneOf(&self.buffers);
		}
		let is_ignored = |name: &str| self.ignored_keyrings.contains(name);
		match is_ignored(ANY) || is_ignored(path) {
			true => Expected::Anything,
			false => Expected::OneOf(&self.keyrings),
		}
	}
}

enum Expected<'a> {
	Anything,
	OneOf(&'a HashMap<String, HashSet<String>>),
}

/// Kernels keep lists in SHA-1 unless they are told otherwise, and so do policies.
fn log_algorithm(name: Option<String>) -> Result<HashAlgorithm, PolicyError> {
	let Some(name) = name else {
		return Ok(HashAlgorithm::Sha1);
	};
	HashAlgorithm::by_name(&name).ok_or(PolicyError::UnknownAlgorithm(name))
}

/// Keylime joins the patterns and matches from the beginning of the path, not to its end.
fn patterns(excludes: &[String]) -> Result<RegexSet, PolicyError> {
	let anchored = excludes.iter().map(|pattern| format!("^(?:{pattern})"));
	RegexSetBuilder::new(anchored)
		.size_limit(MAX_PATTERNS_SIZE)
		.build()
		.map_err(|error| PolicyError::Pattern(error.to_string()))
}

/// Digests may be written with their algorithm, and in any case.
fn plain((path, digests): (String, HashSet<String>)) -> (String, HashSet<String>) {
	let plain = digests
		.into_iter()
		.map(|digest| digest.rsplit(':').next().unwrap_or_default().to_lowercase());
	(path, plain.collect())
}

fn says_something(value: &serde_json::Value) -> bool {
	match value {
		serde_json::Value::Null => false,
		serde_json::Value::String(text) => !text.is_empty(),
		serde_json::Value::Array(items) => !items.is_empty(),
		serde_json::Value::Object(fields) => !fields.is_empty(),
		_ => true,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::log::{
		ima::{
			replay,
			tests::{line, line_of_bytes, TEMPLATES},
		},
		HashAlgorithm,
	};
	use proptest::prelude::*;
	use serde_json::json;

	const SHA256: HashAlgorithm = HashAlgorithm::Sha256;

	fn policy(change: impl FnOnce(&mut serde_json::Value)) -> Result<RuntimePolicy, PolicyError> {
		let digest = hex::encode(SHA256.digest(b"/bin/good"));
		let buffer = hex::encode(SHA256.digest(b"kexec-cmdline"));
		let mut document = json!({
			"meta": { "version": 1, "generator": 0 },
			"release": 0,
			"digests": { "/bin/good": ["00ff", format!("sha256:{digest}")] },
			"excludes": ["/tmp/.*", "boot_aggregate"],
			"keyrings": {},
			"ima": { "ignored_keyrings": [], "log_hash_alg": "sha1", "dm_policy": null },
			"ima-buf": { "kexec-cmdline": [buffer] },
			"verification-keys": "",
		});
		change(&mut document);
		RuntimePolicy::parse(document.to_string().as_bytes())
	}

	fn judge(policy: &RuntimePolicy, list: &str) -> Option<Finding> {
		policy.appraise(&replay(list).unwrap().entries)
	}

	#[test]
	fn what_the_policy_knows_is_allowed() {
		let policy = policy(|_| ()).unwrap();
		let list = [
			line(Template::ImaNg, HashAlgorithm::Sha1, SHA256, "boot_aggregate", &[]),
			line(Template::ImaNg, HashAlgorithm::Sha1, SHA256, "/bin/good", &[]),
			line(Template::ImaSig, HashAlgorithm::Sha1, SHA256, "/bin/good", &[3]),
			line(Template::ImaNg, HashAlgorithm::Sha1, SHA256, "/tmp/any/file", &[]),
			line(Template::ImaBuf, HashAlgorithm::Sha1, SHA256, "kexec-cmdline", b"quiet"),
		];
		assert_eq!(judge(&policy, &list.join("\n")), None);
	}

	#[test]
	fn the_first_that_differs_is_named() {
		let policy = policy(|document| {
			document["digests"]["/bin/other"] = json!(["ab"]);
		})
		.unwrap();
		let good = line(Template::ImaNg, HashAlgorithm::Sha1, SHA256, "/bin/good", &[]);
		for (path, expected) in [
			("/bin/bad", "entry 2: /bin/bad is not in the policy"),
			("/home/tmp/x", "entry 2: /home/tmp/x is not in the policy"),
			("/bin/other", "entry 2: /bin/other has the digest"),
		] {
			let bad = line(Template::ImaNg, HashAlgorithm::Sha1, SHA256, path, &[]);
			let found = judge(&policy, &format!("{good}\n{bad}\n{bad}")).unwrap().to_string();
			assert!(found.starts_with(expected), "{found}");
		}
		let zero = "0".repeat(64);
		let open = format!("10 {} ima-ng sha256:{zero} /bin/good", "0".repeat(40));
		let found = judge(&policy, &open).unwrap();
		assert_eq!(found, Finding::Violation { number: 1, path: "/bin/good".into() });
	}

	#[test]
	fn what_is_not_text_is_never_what_a_policy_names() {
		let digest = hex::encode(SHA256.digest(b"/tmp/\xff"));
		let policy = policy(|document| {
			document["digests"]["/tmp/\u{fffd}"] = json!([digest]);
			document["excludes"] = json!([".*"]);
			document["ima"]["ignored_keyrings"] = json!(["*"]);
		})
		.unwrap();
		let sha1 = HashAlgorithm::Sha1;
		for template in [Template::ImaNg, Template::ImaSig, Template::ImaBuf] {
			let list = line_of_bytes(template, sha1, SHA256, b"/tmp/\xff", &[]);
			let found = policy.appraise(&replay(&list).unwrap().entries);
			let path = "/tmp/\u{fffd}".to_owned();
			assert_eq!(found, Some(Finding::Unknown { number: 1, path }), "{template:?}");
		}
	}

	#[test]
	fn a_list_is_kept_as_the_policy_says() {
		let list = line(Template::ImaNg, SHA256, SHA256, "/bin/good", &[]);
		let other = Finding::OtherAlgorithm { number: 1, algorithm: "sha256" };
		assert_eq!(judge(&policy(|_| ()).unwrap(), &list), Some(other));
		let policy = policy(|document| document["ima"]["log_hash_alg"] = json!("sha256"));
		assert_eq!(judge(&policy.unwrap(), &list), None);
	}

	#[test]
	fn what_would_be_judged_otherwise_is_refused() {
		let refused = |change: fn(&mut serde_json::Value)| policy(change).unwrap_err();
		let version = refused(|document| document["meta"]["version"] = json!(2));
		assert!(matches!(version, PolicyError::UnknownVersion(2)));
		let keys = refused(|document| document["verification-keys"] = json!("key"));
		assert!(matches!(keys, PolicyError::Unsupported(_)));
		let mapper = refused(|document| document["ima"]["dm_policy"] = json!({ "version": 1 }));
		assert!(matches!(mapper, PolicyError::Unsupported(_)));
		let pattern = refused(|document| document["excludes"] = json!(["("]));
		assert!(matches!(pattern, PolicyError::Pattern(_)));
		let algorithm = refused(|document| document["ima"]["log_hash_alg"] = json!("md5"));
		assert!(matches!(algorithm, PolicyError::UnknownAlgorithm(_)));
		let form = refused(|document| document["digests"] = json!([]));
		assert!(matches!(form, PolicyError::Malformed(_)));
	}

	proptest! {
		#[test]
		fn any_bytes_are_a_policy_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
			let _ = RuntimePolicy::parse(&bytes);
		}

		#[test]
		fn an_unknown_path_is_found_wherever_it_stands(at in 0usize..20, template in 0usize..3) {
			let policy = policy(|_| ()).unwrap();
			let sha1 = HashAlgorithm::Sha1;
			let good = line(Template::ImaNg, sha1, SHA256, "/bin/good", &[]);
			let mut list = vec![good; 20];
			let algorithm =
				if TEMPLATES[template] == Template::Ima { sha1 } else { SHA256 };
			list[at] = line(TEMPLATES[template], sha1, algorithm, "/bin/bad", &[]);
			let found = judge(&policy, &list.join("\n"));
			prop_assert_eq!(found, Some(Finding::Unknown { number: at + 1, path: "/bin/bad".into() }));
		}
	}
}
