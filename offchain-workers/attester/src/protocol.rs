//! What device agents and registrars say to each other: JSON over HTTP, bytes as 0x-hex.

use serde::{de::Error, Deserialize, Deserializer, Serialize, Serializer};
use utoipa::{
	openapi::{
		schema::{ObjectBuilder, Schema, Type},
		RefOr,
	},
	PartialSchema, ToSchema,
};

/// Where enrolments are asked for.
pub const ENROLMENTS: &str = "/v1/enrolments";

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
