//! Event logs, and what they say about a device.
//!
//! A log is worth what the PCRs say: [`ima`] and [`boot`] replay it, entry by entry, to the value that the
//! PCRs of an honest device have. [`policy`] judges what stands in the list of files, which an [`appraisal`]
//! reads as it arrives; an [`envelope`] shows who says what the policy is. What cannot be understood is an
//! error that names the entry; nothing is skipped.

pub mod appraisal;
pub mod boot;
pub mod boot_policy;
pub mod envelope;
pub mod ima;
pub mod policy;

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// A hash algorithm of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashAlgorithm {
	/// 20 bytes.
	Sha1,
	/// 32 bytes.
	Sha256,
	/// 48 bytes.
	Sha384,
	/// 64 bytes.
	Sha512,
}

impl HashAlgorithm {
	const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

	/// The algorithm that the kernel calls by this name.
	pub fn by_name(name: &str) -> Option<Self> {
		Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
	}

	/// The algorithm whose digests have this length in bytes.
	pub fn by_length(length: usize) -> Option<Self> {
		Self::ALL.into_iter().find(|algorithm| algorithm.length() == length)
	}

	/// The algorithm of this TPM_ALG_ID (TCG Algorithm Registry, 6.10).
	pub fn by_tpm_id(id: u16) -> Option<Self> {
		Some(match id {
			0x0004 => Self::Sha1,
			0x000b => Self::Sha256,
			0x000c => Self::Sha384,
			0x000d => Self::Sha512,
			_ => return None,
		})
	}

	/// What the kernel calls it.
	pub fn name(self) -> &'static str {
		match self {
			Self::Sha1 => "sha1",
			Self::Sha256 => "sha256",
			Self::Sha384 => "sha384",
			Self::Sha512 => "sha512",
		}
	}

	/// Length of a digest in bytes.
	pub fn length(self) -> usize {
		match self {
			Self::Sha1 => 20,
			Self::Sha256 => 32,
			Self::Sha384 => 48,
			Self::Sha512 => 64,
		}
	}

	/// The digest of `data`.
	pub fn digest(self, data: &[u8]) -> Vec<u8> {
		match self {
			Self::Sha1 => Sha1::digest(data).to_vec(),
			Self::Sha256 => Sha256::digest(data).to_vec(),
			Self::Sha384 => Sha384::digest(data).to_vec(),
			Self::Sha512 => Sha512::digest(data).to_vec(),
		}
	}
}

/// What a PCR of the SHA-256 bank becomes when it is extended.
fn extend(pcr: &mut [u8; 32], digest: &[u8; 32]) {
	*pcr = Sha256::new().chain_update(pcr.as_slice()).chain_update(digest).finalize().into();
}
