//! Which events a measured boot may have.

use super::{boot::Replay, policy::PolicyError};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};

/// The newest form of the policy that is known.
const VERSION: u64 = 1;
/// Longest policy in bytes.
pub const MAX_BOOT_POLICY_LENGTH: usize = 16 * 1024 * 1024;

/// PCR 10 is that of the IMA list, and those above are not quoted with logs.
const HIGHEST_PCR: u8 = 9;

/// An event that the policy does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {number} of those that extend a register: PCR {pcr} is extended by {digest}, which is not in the policy")]
pub struct UnexpectedEvent {
	/// Which, from 1, of the events that extend a register.
	pub number: usize,
	/// The register.
	pub pcr: u8,
	/// The digest in the SHA-256 bank, in hexadecimal.
	pub digest: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
	version: u64,
	pcrs: BTreeMap<u8, HashSet<String>>,
}

/// For some registers, the digests by which they may be extended: JSON such as
/// `{"version": 1, "pcrs": {"4": ["3d45…"]}}`. Events of other registers are not looked at.
#[derive(Clone, Debug)]
pub struct BootPolicy(BTreeMap<u8, HashSet<String>>);

impl BootPolicy {
	/// Reads JSON.
	pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
		if json.len() > MAX_BOOT_POLICY_LENGTH {
			return Err(PolicyError::TooLong);
		}
		let document: Document = serde_json::from_slice(json)
			.map_err(|error| PolicyError::Malformed(error.to_string()))?;
		if document.version > VERSION {
			return Err(PolicyError::UnknownVersion(document.version));
		}
		if document.pcrs.keys().any(|pcr| *pcr > HIGHEST_PCR) {
			return Err(PolicyError::Unsupported("registers above PCR 9"));
		}
		Ok(Self(document.pcrs))
	}

	/// Whether it says what a register may contain.
	pub fn names(&self, pcr: u8) -> bool {
		self.0.contains_key(&pcr)
	}

	/// The first event that is not allowed, if there is one.
	pub fn appraise(&self, replayed: &Replay<'_>) -> Option<UnexpectedEvent> {
		replayed.events.iter().enumerate().find_map(|(index, event)| {
			let allowed = self.0.get(&event.pcr)?;
			let digest = hex::encode(event.digest);
			(!allowed.contains(&digest)).then(|| UnexpectedEvent {
				number: index + 1,
				pcr: event.pcr,
				digest,
			})
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::log::boot;

	const LOG: &[u8] = include_bytes!("../../tests/keylime/whole.boot");
	/// SHA-256 of the four zeros of a separator.
	const SEPARATOR: &str = "df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119";

	fn judge(policy: &str) -> Option<UnexpectedEvent> {
		BootPolicy::parse(policy.as_bytes()).unwrap().appraise(&boot::replay(LOG).unwrap())
	}

	#[test]
	fn events_of_named_registers_must_be_allowed() {
		let of = |pcr: u8, digests: &str| {
			judge(&format!(r#"{{"version": 1, "pcrs": {{"{pcr}": [{digests}]}}}}"#))
		};
		assert_eq!(of(0, &format!("\"{SEPARATOR}\"")), None);
		assert_eq!(of(9, ""), None);
		// The first event calls the boot loader, and extends PCR 4.
		assert_eq!(of(4, &format!("\"{SEPARATOR}\"")).map(|found| found.number), Some(1));
		let found = of(7, "").unwrap();
		assert_eq!((found.pcr, found.digest.as_str()), (7, SEPARATOR));
	}

	#[test]
	fn what_is_no_policy_is_refused() {
		let refused = |policy: &str| BootPolicy::parse(policy.as_bytes()).unwrap_err();
		assert!(matches!(refused("{}"), PolicyError::Malformed(_)));
		let newer = refused(r#"{"version": 2, "pcrs": {}}"#);
		assert!(matches!(newer, PolicyError::UnknownVersion(2)));
		let higher = refused(r#"{"version": 1, "pcrs": {"10": []}}"#);
		assert!(matches!(higher, PolicyError::Unsupported(_)));
		let large = vec![b' '; MAX_BOOT_POLICY_LENGTH + 1];
		assert!(matches!(BootPolicy::parse(&large), Err(PolicyError::TooLong)));
	}
}
