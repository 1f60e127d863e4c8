//! What device agents and registrars say to each other: JSON over HTTP, bytes as 0x-hex.

use serde::{de::Error, Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;
use utoipa::{
	openapi::{
		schema::{ObjectBuilder, Schema, Type},
		RefOr,
	},
	PartialSchema, ToSchema,
};

/// Where enrolments are asked for.
pub const ENROLMENTS: &str = "/v1/enrolments";

/// Where appraisals of logs are asked for.
pub const APPRAISALS: &str = "/v1/appraisals";
/// Media type of evidence with logs.
pub const LOG_EVIDENCE: &str = "application/vnd.msec.log-evidence";
/// The problem's code when neither log was shown and has a policy.
pub const NOTHING_APPRAISED: &str = "nothing-appraised";

/// Registers that are quoted with logs.
pub const LOG_PCRS: RangeInclusive<u8> = 0..=10;
/// Begins what is hashed into [`log_qualifying_data`].
const LOG_DOMAIN: &[u8] = b"msec/logs/1";

/// What a quote that goes with logs must contain as extra data: SHA-256("msec/logs/1" ‖ `nonce` ‖ `device`).
/// It is none that the chain takes.
pub fn log_qualifying_data(nonce: &[u8; 32], device: &[u8; 32]) -> [u8; 32] {
	let hasher = Sha256::new().chain_update(LOG_DOMAIN).chain_update(nonce).chain_update(device);
	hasher.finalize().into()
}

/// Bytes, written as `0x` and hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&format!("0x{}", hex::encode(&self.0)))
	}
}

impl<'de> Deserialize<'de> for Bytes {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let text = String::deserialize(deserializer)?;
		let digits =
			text.strip_prefix("0x").ok_or_else(|| D::Error::custom("bytes begin with 0x"))?;
		hex::decode(digits).map(Self).map_err(D::Error::custom)
	}
}

impl PartialSchema for Bytes {
	fn schema() -> RefOr<Schema> {
		ObjectBuilder::new()
			.schema_type(Type::String)
			.pattern(Some("^0x([0-9a-fA-F]{2})*$"))
			.description(Some("Bytes, as 0x and hexadecimal digits"))
			.into()
	}
}

impl ToSchema for Bytes {}

/// A device asks to be endorsed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EnrolmentRequest {
	/// Public area of the endorsement key, a TPMT_PUBLIC.
	pub endorsement_key: Bytes,
	/// Its certificate in DER.
	pub certificate: Bytes,
	/// Certificates between it and a manufacturer that the registrar trusts, in DER.
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub intermediates: Vec<Bytes>,
	/// Public area of the attestation key, a TPMT_PUBLIC.
	pub attestation_key: Bytes,
}

/// What only the device's TPM can answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CredentialChallenge {
	/// Names the enrolment.
	pub enrolment: Bytes,
	/// TPMS_ID_OBJECT.
	pub credential_blob: Bytes,
	/// The bytes of a TPM2B_ENCRYPTED_SECRET.
	pub encrypted_secret: Bytes,
	/// How many seconds are left to answer.
	pub expires_in: u64,
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Activation {
	/// What was sealed in the credential.
	pub secret: Bytes,
}

/// The device is endorsed on chain, in a finalized block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EndorsedDevice {
	/// The device's identifier on chain.
	pub device: Bytes,
	/// Height of the block.
	pub block: u64,
}

/// A device asks that its logs are appraised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AppraisalRequest {
	/// The device's identifier on chain.
	pub device: Bytes,
}

/// To what the evidence must be bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LogChallenge {
	/// Names the appraisal.
	pub appraisal: Bytes,
	/// 32 bytes. The quote contains SHA-256("msec/logs/1" ‖ nonce ‖ device).
	pub nonce: Bytes,
	/// How many seconds are left to answer.
	pub expires_in: u64,
}

/// The first line of evidence with logs, which the boot log and then the IMA list follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LogEvidence {
	/// TPMS_ATTEST of a quote of PCRs 0 to 10.
	pub attest: Bytes,
	/// TPMT_SIGNATURE over it.
	pub signature: Bytes,
	/// The values of these PCRs, 32 bytes each.
	pub pcr_values: Vec<Bytes>,
	/// How many bytes of boot log follow; none is 0.
	pub boot_log_length: u64,
}

/// What became of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogOutcome {
	/// It was not there, or there is no policy for it.
	NotAppraised,
	/// It replays, and everything in it is allowed.
	Affirming,
	/// It cannot be read, does not replay, or something in it is not allowed.
	Contraindicated,
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LogFault {
	/// For programs: `boot-log-unreadable`, `boot-log-not-replayed`, `boot-event-not-allowed`,
	/// `ima-list-unreadable`, `ima-list-not-replayed` or `ima-entry-not-allowed`.
	pub code: String,
	/// For people.
	pub detail: String,
}

/// What the registrar stated on chain, in a finalized block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StatedVerdict {
	/// Of the log of the measured boot.
	pub boot: LogOutcome,
	/// Of the IMA list.
	pub ima: LogOutcome,
	/// What is wrong with either.
	pub faults: Vec<LogFault>,
	/// Height of the block.
	pub block: u64,
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn bytes_are_hexadecimal() {
		assert_eq!(serde_json::to_string(&Bytes(vec![0xab, 1])).unwrap(), "\"0xab01\"");
		assert_eq!(serde_json::from_str::<Bytes>("\"0xAB01\"").unwrap(), Bytes(vec![0xab, 1]));
		for text in ["\"ab01\"", "\"0xab0\"", "\"0xzz\"", "1"] {
			assert!(serde_json::from_str::<Bytes>(text).is_err(), "{text}");
		}
	}
}
