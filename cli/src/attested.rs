//! Batches that the device behind a data set signs, and what the chain says of them.

use crate::ids::hash_text;
use msec_commitments::{sha256, Hash};
use msec_worker_common::{
	batch_signer::{SigningAnswer, SigningRequest},
	chain::{
		attestation::{attest_batches, certify_batch_key, AttestedBatches},
		BlockClient, ChainError, RangeCommitment,
	},
	transactions::{Submitter, TransactionError},
	H256,
};
use serde::Serialize;
use std::{io, ops::Range, path::Path};

/// Why batches are not attested.
#[derive(Debug, thiserror::Error)]
pub enum AttestError {
	/// The chain does not answer.
	#[error(transparent)]
	Chain(#[from] ChainError),
	/// The chain refuses.
	#[error(transparent)]
	Transaction(#[from] TransactionError),
	/// The agent does not answer.
	#[error(
		"the device's agent does not answer; is msec-attester agent --batch-socket running? {0}"
	)]
	Agent(#[source] io::Error),
	/// The agent refuses.
	#[error("the device does not sign: {0}")]
	Refused(String),
	/// The agent answers something else than it was asked.
	#[error("the device's agent answers something else")]
	OtherAnswer,
	/// No device is assigned to the data set.
	#[error("no device is assigned to the data set; see msec device assign")]
	NoDevice,
	/// The agent is that of another device.
	#[error("the agent is that of the device {agent}, the data set is measured by {assigned}")]
	OtherDevice {
		/// The agent's.
		agent: String,
		/// The data set's.
		assigned: String,
	},
	/// The data set has other batches than those that were published here.
	#[error(
		"the data set has {chain} batches on chain where {here} were expected; the device signs what was \
		published here only"
	)]
	OtherPublisher {
		/// How many there are.
		chain: u32,
		/// How many there should be.
		here: u32,
	},
}

/// Has the agent at `socket` sign the batches `published` of a data set, which are its last ones, and the
/// chain attest them; returns the device.
pub async fn attest(
	submitter: &Submitter,
	socket: &Path,
	dataset: &Hash,
	published: Range<u32>,
) -> Result<H256, AttestError> {
	let block = submitter.chain().finalized().await?;
	let origin = Origin::of(&block, dataset).await?;
	let assigned = origin.device.ok_or(AttestError::NoDevice)?;
	if origin.covers(&published) {
		return Ok(assigned);
	}
	let details = block.dataset(dataset).await?;
	let range = details.and_then(|details| details.range());
	let range = range.filter(|range| range.batches == published.end).ok_or_else(|| {
		AttestError::OtherPublisher {
			chain: range.map_or(0, |range| range.batches),
			here: published.end,
		}
	})?;
	let signed = sign(socket, dataset, published.start, &range, &assigned).await?;
	if block.batch_key(&assigned.0).await?.as_ref() != Some(&signed.public_area) {
		certify(submitter, socket, &assigned).await?;
	}
	let key = format!("attest/{}/{}", hash_text(dataset), hash_text(&sha256(&[&signed.signature])));
	let call = attest_batches(H256(*dataset), published.start, range, signed.signature);
	submitter.execute(&key, &call).await?;
	Ok(assigned)
}

/// What a batch key signed.
struct Signed {
	public_area: Vec<u8>,
	signature: Vec<u8>,
}

async fn sign(
	socket: &Path,
	dataset: &Hash,
	first_batch: u32,
	range: &RangeCommitment,
	assigned: &H256,
) -> Result<Signed, AttestError> {
	match ask(socket, SigningRequest::sign(H256(*dataset), first_batch, range)).await? {
		SigningAnswer::Signed { device, public_area, signature } => {
			same_device(&device, assigned)?;
			Ok(Signed { public_area, signature })
		},
		_ => Err(AttestError::OtherAnswer),
	}
}

/// Lets the device use the key of its present state.
async fn certify(submitter: &Submitter, socket: &Path, assigned: &H256) -> Result<(), AttestError> {
	match ask(socket, SigningRequest::Certify).await? {
		SigningAnswer::Certified { device, public_area, attest, signature } => {
			same_device(&device, assigned)?;
			let digest = sha256(&[&attest]);
			let key = format!("certify/{}/{}", hash_text(&device.0), hash_text(&digest));
			let call = certify_batch_key(device, public_area, attest, signature);
			submitter.execute(&key, &call).await?;
			Ok(())
		},
		_ => Err(AttestError::OtherAnswer),
	}
}

async fn ask(socket: &Path, request: SigningRequest) -> Result<SigningAnswer, AttestError> {
	match request.ask(socket).await.map_err(AttestError::Agent)? {
		SigningAnswer::Refused { reason } => Err(AttestError::Refused(reason)),
		answer => Ok(answer),
	}
}

fn same_device(agent: &H256, assigned: &H256) -> Result<(), AttestError> {
	match agent == assigned {
		true => Ok(()),
		false => Err(AttestError::OtherDevice {
			agent: hash_text(&agent.0),
			assigned: hash_text(&assigned.0),
		}),
	}
}

/// Where the batches of a data set come from, as far as the chain knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
	/// The device that is assigned to the data set.
	pub device: Option<H256>,
	/// What it signed while it was trusted.
	pub attested: Option<AttestedBatches>,
}

impl Origin {
	/// Asks the chain.
	pub async fn of(block: &BlockClient, dataset: &Hash) -> Result<Self, ChainError> {
		let device = block.device_of_dataset(dataset).await?;
		Ok(Self { device, attested: block.attested_batches(dataset).await? })
	}

	/// Whether all these batches are attested.
	pub fn covers(&self, batches: &Range<u32>) -> bool {
		self.attested.is_some_and(|attested| {
			attested.first_batch <= batches.start && batches.end <= attested.range.batches
		})
	}

	/// What can be said of the first `batches` batches, for people.
	pub fn words(&self, batches: u32) -> String {
		let Some(device) = self.device else {
			return "not attested: no device is assigned to the data set".to_owned();
		};
		let device = hash_text(&device.0);
		let Some(AttestedBatches { first_batch, range, attested_at }) = self.attested else {
			return format!("not attested: the device {device} has signed no batches");
		};
		if self.covers(&(0..batches)) {
			return format!("attested by device {device} in block {attested_at}");
		}
		let end = range.batches.min(batches);
		match first_batch < end {
			true => format!(
				"batches {first_batch} to {} attested by device {device} in block {attested_at}; the \
				others are not",
				end - 1
			),
			false => format!(
				"not attested: the device {device} has signed other batches, from batch {first_batch} on"
			),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn origin(first_batch: u32, batches: u32) -> Origin {
		let range = RangeCommitment { batches, root: H256([2; 32]) };
		let attested = AttestedBatches { first_batch, range, attested_at: 7 };
		Origin { device: Some(H256([1; 32])), attested: Some(attested) }
	}

	#[test]
	fn it_is_said_what_is_attested_and_what_is_not() {
		let all = origin(0, 5).words(5);
		assert!(
			all.starts_with("attested by device 0x0101") && all.ends_with("in block 7"),
			"{all}"
		);
		let some = origin(2, 4).words(5);
		assert!(some.starts_with("batches 2 to 3 attested by device 0x0101"), "{some}");
		let bought = origin(2, 9).words(5);
		assert!(bought.starts_with("batches 2 to 4 attested by device 0x0101"), "{bought}");
		let later = origin(5, 9).words(5);
		assert!(
			later.starts_with("not attested: ") && later.contains("from batch 5 on"),
			"{later}"
		);
		let none = Origin { attested: None, ..origin(0, 1) }.words(5);
		assert!(none.starts_with("not attested: ") && none.contains("no batches"), "{none}");
		let nobody = Origin { device: None, attested: None }.words(5);
		assert!(nobody.starts_with("not attested: no device"), "{nobody}");
	}

	#[test]
	fn a_part_is_not_all() {
		assert!(origin(2, 5).covers(&(2..5)) && origin(2, 5).covers(&(3..4)));
		assert!(!origin(2, 5).covers(&(1..5)) && !origin(2, 5).covers(&(2..6)));
	}
}
