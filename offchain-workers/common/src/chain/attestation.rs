//! Devices, their reference values, and what the chain says of them.

use super::{within, BlockClient, ChainClient, ChainError, RangeCommitment};
use crate::{AccountId32, H256};
use codec::Encode;
use msec_commitments::Hash;
use serde::{Deserialize, Serialize};
use std::fmt;
use subxt::{
	ext::{scale_decode::DecodeAsType, scale_encode::EncodeAsType},
	transactions::{self, Payload, TransactionInvalid, ValidationResult},
	view_functions,
};

const PALLET: &str = "Attestation";
/// What `InvalidTransaction::Custom` says of a quote, from 1 on.
const REJECTIONS: [&str; 17] = [
	"no such device is registered",
	"the device showed a quote a short time ago",
	"there is no money for another quote",
	"it is bound to a future block",
	"it is bound to a block too long ago",
	"it is not younger than the last one",
	"it is malformed",
	"it was not made by a TPM",
	"it is an attestation of something else",
	"it is of other banks than that of SHA-256",
	"it is bound to another device, block or chain",
	"it is of other registers than the profile's",
	"another key signed it, or one that is not primary in the endorsement hierarchy",
	"the registers contained other values",
	"its signature does not fit",
	"no accredited registrar speaks for the device",
	"the device's profile is retired",
];

/// What one register may contain.
#[derive(
	Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, DecodeAsType, EncodeAsType,
)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
#[encode_as_type(crate_path = "subxt::ext::scale_encode")]
#[serde(deny_unknown_fields)]
pub struct PcrReference {
	/// Number of the register, 0 to 23.
	pub index: u8,
	/// Its allowed values, at least one.
	pub allowed: Vec<H256>,
}

/// What the quotes of devices are compared with: Reference Values (RFC 9334, section 8.3).
#[derive(
	Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, DecodeAsType, EncodeAsType,
)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
#[encode_as_type(crate_path = "subxt::ext::scale_encode")]
#[serde(deny_unknown_fields)]
pub struct ReferenceValues {
	/// The registers of the SHA-256 bank that are quoted, in ascending order of their numbers.
	pub pcrs: Vec<PcrReference>,
	/// Lowest version of the TPM's firmware, in the manufacturer's own form.
	pub lowest_firmware: u64,
	/// Highest version of the TPM's firmware.
	pub highest_firmware: u64,
	/// Blocks for which a quote that matches is trusted.
	pub validity: u32,
}

/// A profile as the chain stores it beside its reference values.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct StoredProfile {
	publisher: AccountId32,
	published_at: u32,
}

/// Reference values that somebody published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
	/// Who published them.
	pub publisher: AccountId32,
	/// What quotes are compared with.
	pub reference_values: ReferenceValues,
	/// The block in which they were published: quotes from before do not count.
	pub published_at: u32,
}

/// A registrar's word that the attestation key is in the same TPM as the endorsement key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Endorsement {
	/// Who endorsed.
	pub registrar: AccountId32,
	/// What the registrar last said of the device's logs.
	pub logs: Option<LogStatement>,
}

/// What is known of the last accepted quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct LastQuote {
	/// The block to which it was bound.
	pub block_number: u32,
	/// The block in which it was accepted.
	pub accepted_at: u32,
}

/// Why a quote speaks against its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub enum Contraindication {
	/// The TPM's firmware is older or newer than allowed.
	FirmwareNotAllowed,
	/// A register contains what it may not.
	PcrNotAllowed {
		/// The first such register.
		index: u8,
	},
	/// The TPM may have reported a higher clock before.
	ClockUnsafe,
	/// The TPM's counters were higher before.
	ClockWentBack,
}

/// The tier of an attestation result, of those of AR4SI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub enum TrustTier {
	/// The quote matches its reference values.
	Affirming,
	/// It does not.
	Contraindicated(Contraindication),
}

/// What the chain says of a quote: an Attestation Result (RFC 9334, section 8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct AttestationResult {
	/// Whether the quote matches.
	pub tier: TrustTier,
	/// The block in which it was appraised.
	pub appraised_at: u32,
	/// Last block in which the result counts.
	pub valid_until: u32,
}

/// Somebody's demand that a device shows its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct DeviceChallenge {
	/// Who demands it.
	pub challenger: AccountId32,
	/// The block of the challenge: quotes bound to an earlier one are no answer.
	pub challenged_at: u32,
	/// Last block for an answer.
	pub answer_by: u32,
	/// Whether the device answered in time.
	pub is_answered: bool,
}

/// A device that is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Device {
	/// Who registered it, and pays for its quotes.
	pub owner: AccountId32,
	/// The key that signs its quotes, a TPMT_PUBLIC.
	pub attestation_key: Vec<u8>,
	/// What its quotes are compared with.
	pub profile: H256,
	/// The registers that are quoted: bit `i` stands for PCR `i`.
	pub selection: u32,
	/// A registrar's word for the attestation key.
	pub endorsement: Option<Endorsement>,
	/// Whether it is kept from being trusted, whatever its quotes say.
	pub is_quarantined: bool,
	/// What is held from the owner for quotes, in the smallest unit.
	pub quote_budget: u128,
	/// The last accepted quote.
	pub last_quote: Option<LastQuote>,
	/// What the last accepted quote said.
	pub result: Option<AttestationResult>,
	/// A challenge that is not settled.
	pub challenge: Option<DeviceChallenge>,
}

/// What a registrar says of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
#[encode_as_type(crate_path = "subxt::ext::scale_encode")]
pub enum LogTier {
	/// It was not appraised.
	#[default]
	NotAppraised,
	/// It replays, and everything in it is allowed.
	Affirming,
	/// It does not replay, or something in it is not allowed.
	Contraindicated,
}

/// A registrar's statement about the logs of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
#[encode_as_type(crate_path = "subxt::ext::scale_encode")]
pub struct LogVerdict {
	/// The log of the measured boot.
	pub boot: LogTier,
	/// The list of measured files.
	pub ima: LogTier,
}

/// A registrar's statement about logs, as the chain keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct LogStatement {
	/// What the registrar says.
	pub verdict: LogVerdict,
	/// The block in which it was said.
	pub stated_at: u32,
	/// Last block for which it was said.
	pub valid_until: u32,
}

impl LogStatement {
	/// Whether the statement no longer counts at the height `block`.
	pub fn is_expired(&self, block: u64) -> bool {
		u64::from(self.valid_until) < block
	}
}

/// Why a device is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub enum Distrust {
	/// There is no such device.
	NotFound,
	/// It was retired.
	Retired,
	/// It is in quarantine.
	Quarantined,
	/// No registrar spoke for its attestation key.
	NotEndorsed,
	/// The registrar's accreditation was revoked.
	RegistrarRevoked,
	/// Its reference values were retired.
	ProfileRetired,
	/// It has shown no quote since it was compared with these reference values.
	NotAppraised,
	/// Its last quote speaks against it.
	Contraindicated(Contraindication),
	/// Its last quote is too old.
	Expired,
	/// It was silent when it was challenged.
	ChallengeUnanswered,
}

/// Whether a device is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub enum Trust {
	/// It is.
	Trusted {
		/// The block of the quote that says so.
		appraised_at: u32,
		/// Last block in which that counts, unless something happens before.
		valid_until: u32,
	},
	/// It is not.
	NotTrusted(Distrust),
}

/// The last batches of a data set without a gap that its device signed while it was trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct AttestedBatches {
	/// The first of them.
	pub first_batch: u32,
	/// All batches of the data set up to the last of them.
	pub range: RangeCommitment,
	/// The block in which the last of them were attested.
	pub attested_at: u32,
}

/// What a device has to know to make a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct QuoteContext {
	/// Hash of the chain's first block.
	pub genesis_hash: H256,
	/// Most blocks between the block to which a quote is bound, and the one that accepts it.
	pub max_quote_age: u32,
	/// Least blocks between two accepted quotes of a device.
	pub min_quote_interval: u32,
	/// What each accepted quote costs the owner, in the smallest unit.
	pub quote_fee: u128,
}

/// What became of a quote that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
	/// The node took it.
	Sent,
	/// The chain would not take it; why, in words.
	Refused(String),
}

impl fmt::Display for Contraindication {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::FirmwareNotAllowed => {
				formatter.write_str("the TPM's firmware is not among those that the profile allows")
			},
			Self::PcrNotAllowed { index } => {
				write!(formatter, "PCR {index} has a value that the profile does not allow")
			},
			Self::ClockUnsafe => {
				formatter.write_str("the TPM's clock may have gone back when its power failed")
			},
			Self::ClockWentBack => formatter.write_str("the TPM's clock or counters went back"),
		}
	}
}

impl fmt::Display for LogTier {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		formatter.write_str(match self {
			Self::NotAppraised => "not appraised",
			Self::Affirming => "it replays, and everything in it is allowed",
			Self::Contraindicated => "it does not replay, or something in it is not allowed",
		})
	}
}

impl fmt::Display for Distrust {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		formatter.write_str(match self {
			Self::NotFound => "no such device is registered",
			Self::Retired => "the device is retired",
			Self::Quarantined => "the device is in quarantine",
			Self::NotEndorsed => "no registrar has endorsed the device",
			Self::RegistrarRevoked => {
				"the registrar that endorsed the device is no longer accredited"
			},
			Self::ProfileRetired => "the device's profile is retired",
			Self::NotAppraised => "the device has not shown a quote for its profile yet",
			Self::Contraindicated(reason) => return reason.fmt(formatter),
			Self::Expired => "the device's last quote is too old",
			Self::ChallengeUnanswered => "the device did not answer a challenge in time",
		})
	}
}

impl BlockClient {
	/// A registered device.
	pub async fn device(&self, id: &Hash) -> Result<Option<Device>, ChainError> {
		self.ask(view_functions::dynamic(PALLET, "device", (H256(*id),))).await
	}

	/// A profile that is not retired.
	pub async fn profile(&self, id: &Hash) -> Result<Option<Profile>, ChainError> {
		let id = (H256(*id),);
		let stored: Option<StoredProfile> =
			self.ask(view_functions::dynamic(PALLET, "profile", id)).await?;
		let values: Option<ReferenceValues> =
			self.ask(view_functions::dynamic(PALLET, "reference_values", id)).await?;
		Ok(stored.zip(values).map(|(stored, reference_values)| Profile {
			publisher: stored.publisher,
			reference_values,
			published_at: stored.published_at,
		}))
	}

	/// The device that measures a data set.
	pub async fn device_of_dataset(&self, dataset: &Hash) -> Result<Option<H256>, ChainError> {
		self.ask(view_functions::dynamic(PALLET, "device_of_dataset", (H256(*dataset),))).await
	}

	/// Whether a device is trusted, and why not.
	pub async fn trust(&self, id: &Hash) -> Result<Trust, ChainError> {
		self.ask(view_functions::dynamic(PALLET, "trust", (H256(*id),))).await
	}

	/// The key with which a device signs batches, a TPMT_PUBLIC.
	pub async fn batch_key(&self, device: &Hash) -> Result<Option<Vec<u8>>, ChainError> {
		self.ask(view_functions::dynamic(PALLET, "batch_key", (H256(*device),))).await
	}

	/// Which batches of a data set its device signed while it was trusted.
	pub async fn attested_batches(
		&self,
		dataset: &Hash,
	) -> Result<Option<AttestedBatches>, ChainError> {
		self.ask(view_functions::dynamic(PALLET, "attested_batches", (H256(*dataset),))).await
	}

	/// Why attested data of `dataset` can be neither bought nor delivered now, in words; `None` when its
	/// device signed batches and is trusted by evidence that is at most `maximum_age` blocks old, or when no
	/// age is asked for.
	pub async fn distrust(
		&self,
		dataset: &Hash,
		maximum_age: Option<u32>,
	) -> Result<Option<String>, ChainError> {
		let Some(maximum_age) = maximum_age else { return Ok(None) };
		let Some(device) = self.device_of_dataset(dataset).await? else {
			return Ok(Some("no device is assigned to the data set".into()));
		};
		if let Trust::NotTrusted(reason) = self.trust(&device.0).await? {
			return Ok(Some(reason.to_string()));
		}
		if self.attested_batches(dataset).await?.is_none_or(|attested| attested.first_batch > 0) {
			return Ok(Some("the device has not signed each batch from the first one on".into()));
		}
		let last_quote = self.device(&device.0).await?.and_then(|device| device.last_quote);
		let bound_to = last_quote.map_or(0, |quote| u64::from(quote.block_number));
		let age = self.number().saturating_sub(bound_to);
		Ok((age > u64::from(maximum_age)).then(|| {
			format!("the device's last quote is {age} blocks old; {maximum_age} are allowed")
		}))
	}

	/// What devices have to know to make quotes.
	pub async fn quote_context(&self) -> Result<QuoteContext, ChainError> {
		self.ask(view_functions::dynamic(PALLET, "quote_context", ())).await
	}

	/// The bytes of a transaction that nobody signs, and what the chain would say to it after this block.
	pub async fn bare_transaction(
		&self,
		call: &impl Payload,
	) -> Result<(Vec<u8>, ValidationResult), ChainError> {
		let transaction =
			self.inner().transactions().create_unsigned(call).map_err(subxt::Error::from)?;
		let validity = within(transaction.validate()).await?;
		Ok((transaction.into_encoded(), validity))
	}
}

impl ChainClient {
	/// Sends the call [`submit_quote`], if the chain would take it after its best block.
	pub async fn send_quote(&self, call: &impl Payload) -> Result<Submission, ChainError> {
		let best = self.best().await?;
		let (transaction, validity) = best.bare_transaction(call).await?;
		if let ValidationResult::Invalid(reason) = validity {
			return Ok(Submission::Refused(words(&reason)));
		}
		self.submit(&transaction).await?;
		Ok(Submission::Sent)
	}
}

fn words(reason: &TransactionInvalid) -> String {
	match reason {
		TransactionInvalid::Custom(code) => {
			let known = usize::from(*code).checked_sub(1).and_then(|index| REJECTIONS.get(index));
			known.map_or_else(|| format!("code {code}"), |words| (*words).to_owned())
		},
		other => format!("{other:?}"),
	}
}

/// Evidence of a device, as a transaction that nobody signs.
pub fn submit_quote(
	device: H256,
	block_number: u32,
	attest: Vec<u8>,
	signature: Vec<u8>,
	pcr_values: Vec<H256>,
) -> impl Payload {
	let arguments = (device, block_number, attest, signature, pcr_values);
	transactions::dynamic(PALLET, "submit_quote", arguments)
}

/// Publishes reference values.
pub fn publish_profile(reference_values: ReferenceValues) -> impl Payload {
	transactions::dynamic(PALLET, "publish_profile", (reference_values,))
}

/// Removes a profile; the deposit returns, and the trust in all devices that name it ends.
pub fn retire_profile(profile: H256) -> impl Payload {
	transactions::dynamic(PALLET, "retire_profile", (profile,))
}

/// Registers a device, for ever.
pub fn register_device(device: H256, attestation_key: Vec<u8>, profile: H256) -> impl Payload {
	transactions::dynamic(PALLET, "register_device", (device, attestation_key, profile))
}

/// Compares a device with another profile. Its endorsement and its result are gone.
pub fn change_profile(device: H256, profile: H256) -> impl Payload {
	transactions::dynamic(PALLET, "change_profile", (device, profile))
}

/// A registrar's word that a device's attestation key lives in its TPM, as long as its quotes are compared
/// with this profile.
pub fn endorse(device: H256, profile: H256) -> impl Payload {
	transactions::dynamic(PALLET, "endorse", (device, profile))
}

/// What the registrar that endorsed a device says of its logs, until the block `valid_until`.
pub fn state_log_verdict(device: H256, verdict: LogVerdict, valid_until: u32) -> impl Payload {
	transactions::dynamic(PALLET, "state_log_verdict", (device, verdict, valid_until))
}

/// Demands a quote of a device, against a bond.
pub fn challenge(device: H256) -> impl Payload {
	transactions::dynamic(PALLET, "challenge", (device,))
}

/// Ends a challenge that was answered, or whose time is over.
pub fn settle_challenge(device: H256) -> impl Payload {
	transactions::dynamic(PALLET, "settle_challenge", (device,))
}

/// Ends a device; its deposit and budget return.
pub fn retire_device(device: H256) -> impl Payload {
	transactions::dynamic(PALLET, "retire_device", (device,))
}

/// Adds to what is held for a device's quotes.
pub fn fund_quotes(device: H256, amount: u128) -> impl Payload {
	transactions::dynamic(PALLET, "fund_quotes", (device, amount))
}

/// Takes back some of what is held for a device's quotes.
pub fn withdraw_quote_budget(device: H256, amount: u128) -> impl Payload {
	transactions::dynamic(PALLET, "withdraw_quote_budget", (device, amount))
}

/// Says that a device measures a data set.
pub fn assign_dataset(device: H256, dataset: H256) -> impl Payload {
	transactions::dynamic(PALLET, "assign_dataset", (device, dataset))
}

/// Says that no device measures a data set any more.
pub fn unassign_dataset(dataset: H256) -> impl Payload {
	transactions::dynamic(PALLET, "unassign_dataset", (dataset,))
}

/// Lets a device sign batches with a key that its attestation key certified.
pub fn certify_batch_key(
	device: H256,
	public_area: Vec<u8>,
	attest: Vec<u8>,
	signature: Vec<u8>,
) -> impl Payload {
	transactions::dynamic(PALLET, "certify_batch_key", (device, public_area, attest, signature))
}

/// Says that the batches from `first_batch` to the end of `range` are from the device behind the data set.
pub fn attest_batches(
	dataset: H256,
	first_batch: u32,
	range: RangeCommitment,
	signature: Vec<u8>,
) -> impl Payload {
	transactions::dynamic(PALLET, "attest_batches", (dataset, first_batch, range, signature))
}
