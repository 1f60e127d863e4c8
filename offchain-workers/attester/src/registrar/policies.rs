//! What logs are held against.

use crate::{
	files,
	log::{
		boot_policy::{BootPolicy, MAX_BOOT_POLICY_LENGTH},
		envelope::{EnvelopeError, NotAPolicyKey, PolicyKey, MAX_ENVELOPE_LENGTH, MAX_KEY_LENGTH},
		policy::{PolicyError, RuntimePolicy},
	},
};
use std::{
	io,
	path::{Path, PathBuf},
};

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}", path = .path.display())]
pub struct UnusablePolicy {
	/// The file.
	pub path: PathBuf,
	/// What is wrong with it.
	pub reason: Reason,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
	/// It cannot be read.
	#[error(transparent)]
	Unreadable(#[from] io::Error),
	/// It is no key.
	#[error(transparent)]
	Key(#[from] NotAPolicyKey),
	/// It is not signed as it should be.
	#[error(transparent)]
	Envelope(#[from] EnvelopeError),
	/// It is no policy.
	#[error(transparent)]
	Policy(#[from] PolicyError),
}

/// What logs are held against. Those without a policy are replayed only.
#[derive(Debug, Default)]
pub struct LogPolicies {
	/// For lists of files.
	pub runtime: Option<RuntimePolicy>,
	/// For logs of measured boots.
	pub boot: Option<BootPolicy>,
}

impl LogPolicies {
	/// Reads a runtime policy with the key that must have signed it, and a boot policy.
	pub fn open(
		runtime: Option<(&Path, &Path)>,
		boot: Option<&Path>,
	) -> Result<Self, UnusablePolicy> {
		let named = |path: &Path| {
			let path = path.to_owned();
			move |reason| UnusablePolicy { path, reason }
		};
		let open_runtime = |(policy, key): (&Path, &Path)| {
			let key = open_key(key).map_err(named(key))?;
			open_signed(policy, &key).map_err(named(policy))
		};
		let open_boot = |path: &Path| open_boot(path).map_err(named(path));
		Ok(Self {
			runtime: runtime.map(open_runtime).transpose()?,
			boot: boot.map(open_boot).transpose()?,
		})
	}
}

fn open_key(path: &Path) -> Result<PolicyKey, Reason> {
	Ok(PolicyKey::from_pem(&files::read(path, MAX_KEY_LENGTH)?)?)
}

fn open_signed(path: &Path, key: &PolicyKey) -> Result<RuntimePolicy, Reason> {
	// The envelope is no longer needed in memory when the policy is read.
	let policy = key.open(&files::read(path, MAX_ENVELOPE_LENGTH)?)?;
	Ok(RuntimePolicy::parse(&policy)?)
}

fn open_boot(path: &Path) -> Result<BootPolicy, Reason> {
	Ok(BootPolicy::parse(&files::read(path, MAX_BOOT_POLICY_LENGTH)?)?)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn files_that_are_too_long_are_named_and_refused() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("policy");
		std::fs::write(&path, vec![b' '; MAX_BOOT_POLICY_LENGTH + 1]).unwrap();
		let error = LogPolicies::open(None, Some(path.as_path())).unwrap_err();
		assert_eq!(error.path, path);
		assert!(matches!(error.reason, Reason::Unreadable(_)), "{error}");
		let key = folder.path().join("key");
		std::fs::write(&key, vec![b' '; MAX_KEY_LENGTH + 1]).unwrap();
		let error = LogPolicies::open(Some((path.as_path(), key.as_path())), None).unwrap_err();
		assert_eq!(error.path, key);
		assert!(matches!(error.reason, Reason::Unreadable(_)), "{error}");
	}
}
