//! The device's TPM 2.0, through the TCG's Enhanced System API.
//!
//! A [`TpmClient`] opens a connection for each job and closes it afterwards: other programs reach the TPM
//! in between, and a TPM that was restarted is found again. What a job needs is in the methods of [`Tpm`],
//! which block.

mod activation;
mod batch_key;
mod client;
mod keys;
mod pcr;
mod quote;

pub use batch_key::{CertifiedKey, SignedDigest};
pub use client::TpmClient;
pub use keys::Endorsement;
pub use quote::Evidence;

use std::str::FromStr;
use tss_esapi::{
	constants::{
		tss::{TPM2_LOADED_SESSION_FIRST, TPM2_TRANSIENT_FIRST},
		CapabilityType,
	},
	handles::{KeyHandle, ObjectHandle, TpmHandle},
	structures::CapabilityData,
	tcti_ldr::TctiNameConf,
	Context,
};

/// More objects or sessions than any TPM has places for.
const MAX_LOADED: u32 = 64;

/// Why the TPM did not do something.
#[derive(Debug, thiserror::Error)]
pub enum TpmError {
	/// The connection is not described in a form that is known.
	#[error(
		"{0:?} names no TPM; write device:/dev/tpmrm0, or swtpm:host=127.0.0.1,port=2321 for a software TPM"
	)]
	Configuration(String),
	/// There is no TPM.
	#[error("no TPM answers at {tcti}: {source}")]
	Unreachable {
		/// Where it was sought.
		tcti: String,
		/// What the library says.
		source: tss_esapi::Error,
	},
	/// The TPM refuses a command.
	#[error("the TPM does not {what}: {source}")]
	Command {
		/// What was asked of it.
		what: &'static str,
		/// What the library says.
		source: tss_esapi::Error,
	},
	/// The TPM's answer makes no sense.
	#[error("the TPM's answer is not valid: {0}")]
	InvalidAnswer(&'static str),
	/// The PCRs changed all the time.
	#[error("the PCRs change faster than they can be quoted")]
	Unsteady,
	/// The TPM did not answer in time.
	#[error("the TPM did not answer within {0} seconds")]
	TimedOut(u64),
	/// The program ends.
	#[error("the program stops")]
	Stopped,
}

/// An open connection to a TPM.
pub struct Tpm(Context);

impl Tpm {
	/// Connects to the TPM behind a TCTI such as `device:/dev/tpmrm0`, and frees the places in it that a
	/// killed process of this program left taken.
	pub fn open(tcti: &str) -> Result<Self, TpmError> {
		let context = Context::new(parse(tcti)?)
			.map_err(|source| TpmError::Unreachable { tcti: tcti.to_owned(), source })?;
		let mut tpm = Self(context);
		tpm.flush_left_over_objects()?;
		if is_exclusive(tcti) {
			tpm.flush_left_over_sessions()?;
		}
		Ok(tpm)
	}

	/// Behind a resource manager (`tpmrm0`) only objects of this connection are visible; without one, the
	/// TPM has one user at a time. So whatever is loaded belongs to nobody any more.
	fn flush_left_over_objects(&mut self) -> Result<(), TpmError> {
		const WHAT: &str = "free its places for keys";
		for handle in self.loaded(TPM2_TRANSIENT_FIRST, WHAT)? {
			if matches!(handle, TpmHandle::Transient(_)) {
				let object = self.0.tr_from_tpm_public(handle).map_err(command(WHAT))?;
				self.0.flush_context(object).map_err(command(WHAT))?;
			}
		}
		Ok(())
	}

	/// On a connection that excludes all others, a session that is loaded belongs to nobody any more.
	///
	/// Saved sessions stay, because nobody knows whose they are: resource managers save those of their
	/// users after every command, and tpm2-tools do between two programs. This program saves none. Behind
	/// a resource manager nothing is left over, and what is listed there is of others too.
	fn flush_left_over_sessions(&mut self) -> Result<(), TpmError> {
		const WHAT: &str = "end sessions that were left over";
		for handle in self.loaded(TPM2_LOADED_SESSION_FIRST, WHAT)? {
			let session = self.0.tr_from_tpm_public(handle).map_err(command(WHAT))?;
			// The library flushes policy sessions, and then says that it should not have: what is listed
			// afterwards tells.
			let _ = self.0.flush_context(session);
		}
		match self.loaded(TPM2_LOADED_SESSION_FIRST, WHAT)?.is_empty() {
			true => Ok(()),
			false => Err(TpmError::InvalidAnswer("sessions are still there after they were ended")),
		}
	}

	/// What is loaded at handles of the kind of `first`.
	fn loaded(&mut self, first: u32, what: &'static str) -> Result<Vec<TpmHandle>, TpmError> {
		let (found, _) = self
			.0
			.get_capability(CapabilityType::Handles, first, MAX_LOADED)
			.map_err(command(what))?;
		match found {
			CapabilityData::Handles(handles) => Ok(handles.into_inner()),
			_ => Err(TpmError::InvalidAnswer("a list of handles is none")),
		}
	}

	/// Frees the place of a key, whatever came of it.
	fn flush_after<T>(
		&mut self,
		key: KeyHandle,
		outcome: Result<T, TpmError>,
	) -> Result<T, TpmError> {
		let flushed = self.0.flush_context(ObjectHandle::from(key));
		let value = outcome?;
		flushed.map_err(command("free the place of a key"))?;
		Ok(value)
	}
}

/// Whether nobody else can be connected to the TPM at the same time: the kernel opens `/dev/tpm0` once only,
/// and a software TPM serves one connection after the other. Whatever is not known is not exclusive.
fn is_exclusive(tcti: &str) -> bool {
	let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
	let is_simulator = ["swtpm:", "mssim:"].iter().any(|prefix| tcti.starts_with(prefix));
	is_simulator || tcti.strip_prefix("device:/dev/tpm").is_some_and(is_number)
}

fn parse(tcti: &str) -> Result<TctiNameConf, TpmError> {
	TctiNameConf::from_str(tcti).map_err(|_| TpmError::Configuration(tcti.to_owned()))
}

fn command(what: &'static str) -> impl FnOnce(tss_esapi::Error) -> TpmError {
	move |source| TpmError::Command { what, source }
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_unknown_connection_is_refused_with_an_example() {
		for tcti in ["", "tpm0", "/dev/tpm0", "swtpm:host=127.0.0.1,port=x"] {
			let error = TpmClient::new(tcti).err().expect("it is refused").to_string();
			assert!(error.contains("device:/dev/tpmrm0"), "{error}");
		}
	}

	#[test]
	fn resource_managers_have_other_users() {
		for tcti in ["device:/dev/tpm0", "device:/dev/tpm12", "swtpm:host=127.0.0.1,port=2321"] {
			assert!(is_exclusive(tcti), "{tcti}");
		}
		for tcti in ["device:/dev/tpmrm0", "device", "device:/dev/tpm", "tabrmd:bus_type=session"] {
			assert!(!is_exclusive(tcti), "{tcti}");
		}
	}

	#[test]
	fn a_missing_tpm_is_named() {
		let error = Tpm::open("device:/nowhere").err().expect("there is none").to_string();
		assert!(error.contains("device:/nowhere"), "{error}");
	}
}
