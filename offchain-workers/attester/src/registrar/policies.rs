//! What logs are held against.

use crate::log::{
	boot_policy::BootPolicy,
	envelope::{EnvelopeError, NotAPolicyKey, PolicyKey},
	policy::{PolicyError, RuntimePolicy},
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
	Ok(PolicyKey::from_pem(&std::fs::read(path)?)?)
}

fn open_signed(path: &Path, key: &PolicyKey) -> Result<RuntimePolicy, Reason> {
	Ok(RuntimePolicy::parse(&key.open(&std::fs::read(path)?)?)?)
}

fn open_boot(path: &Path) -> Result<BootPolicy, Reason> {
	Ok(BootPolicy::parse(&std::fs::read(path)?)?)
}
