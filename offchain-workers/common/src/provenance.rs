//! Provenance records: what a device states about a picture or clip that it made anonymous, signed with
//! its account key. Bytes and columns are described in `docs/protocol.md`, "Provenance records".

use crate::{
	keys::AccountKey,
	signature::{Algorithm, PublicKey},
	AccountId32,
};
use jiff::Timestamp;
use msec_commitments::Hash;
use serde::{Deserialize, Serialize};

/// Begins everything that is signed, so that no other signature of the key fits.
const DOMAIN: &[u8] = b"m-sec provenance";
/// Most characters of a method's name.
const MAX_METHOD_LENGTH: usize = 64;
/// Bytes of a signature of either scheme.
const SIGNATURE_LENGTH: usize = 64;
/// The last second of the year 2199, after which no row of a data set has its time.
const MAX_TIME: u64 = 7_258_118_399;

/// What was done to a file, as far as it may be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
	/// When, in seconds since 1970.
	pub time: u64,
	/// HMAC-SHA256 of the original under a key that stays on the device.
	pub original_hmac: Hash,
	/// SHA-256 of the anonymous file.
	pub output_sha256: Hash,
	/// Hash of the models that looked for what to hide.
	pub models_sha256: Hash,
	/// Hash of the settings that decided about the result.
	pub settings_sha256: Hash,
	/// How things were hidden: 1 to 64 lower-case letters, digits and hyphens, beginning with a letter.
	pub method: String,
}

/// A statement with who makes it, and the signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Row", into = "Row")]
pub struct Record {
	/// What is stated.
	pub statement: Statement,
	/// The account of the device.
	pub device: AccountId32,
	algorithm: Algorithm,
	signature: [u8; SIGNATURE_LENGTH],
}

/// Why a row is not a provenance record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
	/// A hash, or the signature, has another form.
	#[error("{column} is not 0x and {digits} hexadecimal digits")]
	Digits {
		/// Where.
		column: &'static str,
		/// How many there should be.
		digits: usize,
	},
	/// The time has another form.
	#[error("time is not a whole second in UTC from 1970 to 2199, like 2026-01-31T12:00:00Z")]
	Time,
	/// The method has another form.
	#[error("method is not 1 to {MAX_METHOD_LENGTH} lower-case letters, digits and hyphens")]
	Method,
	/// The device is not an account.
	#[error("device is not an account in SS58")]
	Device,
	/// The scheme of the signature is not one for provenance.
	#[error("algorithm is neither sr25519 nor ed25519")]
	Algorithm,
}

impl Statement {
	/// The time as in RFC 3339, in UTC and whole seconds.
	pub fn time_text(&self) -> String {
		i64::try_from(self.time)
			.ok()
			.and_then(|seconds| Timestamp::from_second(seconds).ok())
			.unwrap_or(Timestamp::MAX)
			.to_string()
	}

	/// Signs the statement with the device's key.
	pub fn sign(self, key: &AccountKey) -> Record {
		let device = key.account_id();
		let signature = key.sign(&self.signed_bytes(&device));
		Record { statement: self, device, algorithm: Algorithm::Sr25519, signature }
	}

	/// What is signed. Only the last part varies in length, so that no two statements share their bytes.
	fn signed_bytes(&self, device: &AccountId32) -> Vec<u8> {
		[
			DOMAIN,
			&device.0,
			&self.time.to_le_bytes(),
			&self.original_hmac,
			&self.output_sha256,
			&self.models_sha256,
			&self.settings_sha256,
			self.method.as_bytes(),
		]
		.concat()
	}
}

impl Record {
	/// Whether the signature is the device's, over exactly this statement.
	pub fn is_genuine(&self) -> bool {
		let message = self.statement.signed_bytes(&self.device);
		self.key().is_some_and(|key| key.verify(&message, &self.signature))
	}

	fn key(&self) -> Option<PublicKey> {
		match self.algorithm {
			Algorithm::Sr25519 => Some(PublicKey::Sr25519(self.device.0)),
			Algorithm::Ed25519 => Some(PublicKey::Ed25519(self.device.0)),
			Algorithm::EcdsaSecp256k1Blake2 => None,
		}
	}
}

/// A record as texts, in the columns of a data set. Hashes begin with 0x so that no reader takes them
/// for numbers.
#[derive(Serialize, Deserialize)]
struct Row {
	time: String,
	original_hmac: String,
	output_sha256: String,
	models_sha256: String,
	settings_sha256: String,
	method: String,
	device: String,
	algorithm: String,
	signature: String,
}

impl From<Record> for Row {
	fn from(Record { statement, device, algorithm, signature }: Record) -> Self {
		Self {
			time: statement.time_text(),
			original_hmac: digits_text(&statement.original_hmac),
			output_sha256: digits_text(&statement.output_sha256),
			models_sha256: digits_text(&statement.models_sha256),
			settings_sha256: digits_text(&statement.settings_sha256),
			method: statement.method,
			device: device.to_string(),
			algorithm: algorithm.name().to_owned(),
			signature: digits_text(&signature),
		}
	}
}

impl TryFrom<Row> for Record {
	type Error = RecordError;

	fn try_from(row: Row) -> Result<Self, RecordError> {
		let statement = Statement {
			time: parse_time(&row.time).ok_or(RecordError::Time)?,
			original_hmac: parse_digits("original_hmac", &row.original_hmac)?,
			output_sha256: parse_digits("output_sha256", &row.output_sha256)?,
			models_sha256: parse_digits("models_sha256", &row.models_sha256)?,
			settings_sha256: parse_digits("settings_sha256", &row.settings_sha256)?,
			method: Some(row.method)
				.filter(|method| is_method(method))
				.ok_or(RecordError::Method)?,
		};
		let algorithm = Algorithm::from_name(&row.algorithm)
			.filter(|algorithm| *algorithm != Algorithm::EcdsaSecp256k1Blake2)
			.ok_or(RecordError::Algorithm)?;
		let device = row.device.parse().map_err(|_| RecordError::Device)?;
		let signature = parse_digits("signature", &row.signature)?;
		Ok(Self { statement, device, algorithm, signature })
	}
}

fn is_method(text: &str) -> bool {
	text.len() <= MAX_METHOD_LENGTH
		&& text.starts_with(|first: char| first.is_ascii_lowercase())
		&& text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn parse_time(text: &str) -> Option<u64> {
	let timestamp: Timestamp = text.parse().ok()?;
	let seconds = u64::try_from(timestamp.as_second()).ok()?;
	(timestamp.subsec_nanosecond() == 0 && seconds <= MAX_TIME).then_some(seconds)
}

fn digits_text(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

fn parse_digits<const LENGTH: usize>(
	column: &'static str,
	text: &str,
) -> Result<[u8; LENGTH], RecordError> {
	let mut bytes = [0; LENGTH];
	text.strip_prefix("0x")
		.and_then(|digits| hex::decode_to_slice(digits, &mut bytes).ok())
		.ok_or(RecordError::Digits { column, digits: 2 * LENGTH })?;
	Ok(bytes)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use serde_json::json;

	fn statement() -> Statement {
		Statement {
			time: 1_790_000_000,
			original_hmac: [1; 32],
			output_sha256: [2; 32],
			models_sha256: [3; 32],
			settings_sha256: [4; 32],
			method: "mosaic".into(),
		}
	}

	fn record() -> Record {
		statement().sign(&AccountKey::from_seed(&[7; 32]))
	}

	fn with(column: &str, value: &str) -> Result<Record, serde_json::Error> {
		let mut row = serde_json::to_value(record()).unwrap();
		row[column] = json!(value);
		serde_json::from_value(row)
	}

	#[test]
	fn what_is_signed_is_what_the_protocol_says() {
		let key = AccountKey::from_seed(&[7; 32]);
		let expected = [
			&b"m-sec provenance"[..],
			&key.public(),
			&1_790_000_000u64.to_le_bytes(),
			&[1; 32],
			&[2; 32],
			&[3; 32],
			&[4; 32],
			b"mosaic",
		]
		.concat();
		assert_eq!(statement().signed_bytes(&key.account_id()), expected);
		let row = serde_json::to_value(record()).unwrap();
		assert_eq!(row["time"], "2026-09-21T14:13:20Z");
		assert_eq!(row["output_sha256"], format!("0x{}", "02".repeat(32)));
		assert_eq!((&row["method"], &row["algorithm"]), (&json!("mosaic"), &json!("sr25519")));
		assert_eq!(row["device"], key.address());
	}

	#[test]
	fn whoever_alters_a_record_breaks_its_signature() {
		assert!(record().is_genuine());
		let other = AccountKey::from_seed(&[8; 32]).address();
		let zeros = format!("0x{}", "00".repeat(32));
		for (column, value) in [
			("time", "2026-09-21T14:13:21Z"),
			("original_hmac", &zeros),
			("output_sha256", &zeros),
			("models_sha256", &zeros),
			("settings_sha256", &zeros),
			("method", "blur"),
			("device", &other),
			("algorithm", "ed25519"),
			("signature", &format!("0x{}", "00".repeat(64))),
		] {
			assert!(!with(column, value).unwrap().is_genuine(), "{column}");
		}
	}

	#[test]
	fn devices_may_sign_with_ed25519() {
		let key = ed25519_zebra::SigningKey::from([9; 32]);
		let device = AccountId32(ed25519_zebra::VerificationKey::from(&key).into());
		let signature = key.sign(&statement().signed_bytes(&device)).into();
		let record =
			Record { statement: statement(), device, algorithm: Algorithm::Ed25519, signature };
		assert!(record.is_genuine());
	}

	#[test]
	fn other_forms_are_named() {
		for (column, value, complaint) in [
			("time", "2026-09-21T14:13:20.5Z", "whole second"),
			("time", "1969-12-31T23:59:59Z", "1970"),
			("time", "2200-01-01T00:00:00Z", "2199"),
			("time", "yesterday", "like 2026"),
			("original_hmac", "0x12", "original_hmac is not 0x and 64"),
			("output_sha256", &"00".repeat(32), "output_sha256 is not 0x"),
			("signature", "0x", "signature is not 0x and 128"),
			("method", "", "method"),
			("method", "Mosaic", "lower-case"),
			("method", &"m".repeat(65), "1 to 64"),
			("device", "nobody", "SS58"),
			("algorithm", "ecdsa-secp256k1-blake2", "neither sr25519 nor ed25519"),
		] {
			let error = with(column, value).unwrap_err().to_string();
			assert!(error.contains(complaint), "{column}: {error}");
		}
	}

	prop_compose! {
		fn statements()(
			time in 0..=MAX_TIME, original_hmac: Hash, output_sha256: Hash, models_sha256: Hash,
			settings_sha256: Hash, method in "[a-z][a-z0-9-]{0,63}",
		) -> Statement {
			Statement { time, original_hmac, output_sha256, models_sha256, settings_sha256, method }
		}
	}

	proptest! {
		#[test]
		fn records_survive_text(statement in statements(), seed: [u8; 32]) {
			let record = statement.sign(&AccountKey::from_seed(&seed));
			let line = serde_json::to_string(&record).unwrap();
			let read: Record = serde_json::from_str(&line).unwrap();
			prop_assert!(read.is_genuine());
			prop_assert_eq!(read, record);
		}

		#[test]
		fn arbitrary_texts_never_panic(text in ".{0,200}") {
			for column in ["time", "original_hmac", "method", "device", "algorithm", "signature"] {
				let _: Result<Record, _> = with(column, &text);
			}
			let _: Result<Record, _> = serde_json::from_str(&text);
		}
	}
}
