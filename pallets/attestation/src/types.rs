//! Devices, what they are compared with, and what is said of them.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::ConstU32, BoundedVec};
use msec_evidence::{PcrSelection, Quote, PCR_COUNT};
use msec_primitives::RangeCommitment;
use scale_info::TypeInfo;
use sp_core::H256;

/// Longest public area of an attestation or batch key, in bytes.
pub const MAX_PUBLIC_AREA_LENGTH: u32 = 128;
/// Longest quote or certification, in bytes.
pub const MAX_QUOTE_LENGTH: u32 = 256;
/// Longest signature of a TPM, in bytes.
pub const MAX_SIGNATURE_LENGTH: u32 = 80;
/// Most values that a profile allows for one register.
pub const MAX_ALLOWED_VALUES: u32 = 16;

/// Identifies a device: SHA-256 of the public area of its endorsement key.
pub type DeviceId = H256;
/// Identifies a profile: BLAKE2b-256 of the SCALE encoding of (publisher, reference values).
pub type ProfileId = H256;
/// Tells accreditations apart; each has the number after that of the one before.
pub type Accreditation = u32;
/// A marshalled `TPMT_PUBLIC`.
pub type PublicArea = BoundedVec<u8, ConstU32<MAX_PUBLIC_AREA_LENGTH>>;
/// A marshalled `TPMS_ATTEST`.
pub type Attest = BoundedVec<u8, ConstU32<MAX_QUOTE_LENGTH>>;
/// A marshalled `TPMT_SIGNATURE`.
pub type AttestSignature = BoundedVec<u8, ConstU32<MAX_SIGNATURE_LENGTH>>;
/// Values of registers in ascending order of their numbers.
pub type PcrValues = BoundedVec<H256, ConstU32<{ PCR_COUNT as u32 }>>;

/// What one register may contain.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PcrReference {
	/// Number of the register, 0 to 23.
	pub index: u8,
	/// Its allowed values, at least one.
	pub allowed: BoundedVec<H256, ConstU32<MAX_ALLOWED_VALUES>>,
}

/// What the quotes of devices are compared with: Reference Values (RFC 9334, section 8.3).
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ReferenceValues<BlockNumber> {
	/// The registers of the SHA-256 bank that are quoted, in ascending order of their numbers.
	pub pcrs: BoundedVec<PcrReference, ConstU32<{ PCR_COUNT as u32 }>>,
	/// Lowest version of the TPM's firmware, in the manufacturer's own form.
	pub lowest_firmware: u64,
	/// Highest version of the TPM's firmware.
	pub highest_firmware: u64,
	/// Blocks for which a quote that matches is trusted.
	pub validity: BlockNumber,
}

impl<BlockNumber> ReferenceValues<BlockNumber> {
	/// The registers that are quoted; `None` when there is none, or one that does not exist.
	pub fn selection(&self) -> Option<PcrSelection> {
		let indices = self.pcrs.iter().map(|pcr| pcr.index);
		PcrSelection::of(indices).filter(|selection| selection.count() > 0)
	}
}

/// Who published reference values, and when.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Profile<AccountId, BlockNumber, Ticket> {
	/// Who published them.
	pub publisher: AccountId,
	/// The block in which they were published: quotes from before do not count.
	pub published_at: BlockNumber,
	/// The publisher's storage deposit.
	pub ticket: Ticket,
}

/// What a registrar found out about a log of a device: a tier of AR4SI
/// (draft-ietf-rats-ar4si).
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum LogTier {
	/// It was not appraised.
	#[default]
	NotAppraised,
	/// It replays, and everything in it is allowed.
	Affirming,
	/// It does not replay, or something in it is not allowed.
	Contraindicated,
}

/// A registrar's statement about the logs of a device. The chain has not seen them.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct LogVerdict {
	/// The log of the measured boot.
	pub boot: LogTier,
	/// The list of the Integrity Measurement Architecture (IMA).
	pub ima: LogTier,
}

/// A statement about logs as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct LogStatement<BlockNumber> {
	/// What the registrar says.
	pub verdict: LogVerdict,
	/// The block in which it was said.
	pub stated_at: BlockNumber,
	/// Last block for which it was said.
	pub valid_until: BlockNumber,
}

/// A registrar's word that the attestation key is in the same TPM as the endorsement key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Endorsement<AccountId, BlockNumber> {
	/// Who endorsed.
	pub registrar: AccountId,
	/// The registrar's accreditation at that time. Once it is revoked, the endorsement is void.
	pub accreditation: Accreditation,
	/// What the registrar last said of the device's logs.
	pub logs: Option<LogStatement<BlockNumber>>,
}

/// The counters of a TPM, compared from the first to the last: none goes back unless the one before has
/// advanced.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
pub struct ClockInfo {
	/// How often the TPM was reset.
	pub reset_count: u32,
	/// How often it was restarted or resumed since then.
	pub restart_count: u32,
	/// Milliseconds that it was on.
	pub clock: u64,
}

impl From<&Quote<'_>> for ClockInfo {
	fn from(quote: &Quote) -> Self {
		let Quote { reset_count, restart_count, clock, .. } = *quote;
		Self { reset_count, restart_count, clock }
	}
}

/// What is known of the last accepted quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct LastQuote<BlockNumber> {
	/// The block to which it was bound.
	pub block_number: BlockNumber,
	/// The block in which it was accepted.
	pub accepted_at: BlockNumber,
	/// SHA-256 over the values of its registers.
	pub pcr_digest: H256,
}

/// Why a quote speaks against its device.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
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

/// The tier of an attestation result, of those of AR4SI (draft-ietf-rats-ar4si).
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum TrustTier {
	/// The quote matches its reference values.
	Affirming,
	/// It does not.
	Contraindicated(Contraindication),
}

/// What the chain says of a quote: an Attestation Result (RFC 9334, section 8.4).
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct AttestationResult<BlockNumber> {
	/// Whether the quote matches.
	pub tier: TrustTier,
	/// The block in which it was appraised.
	pub appraised_at: BlockNumber,
	/// Last block in which the result counts.
	pub valid_until: BlockNumber,
}

/// Somebody's demand that a device shows its state.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Challenge<AccountId, Balance, BlockNumber> {
	/// Who demands it.
	pub challenger: AccountId,
	/// What is held from the challenger.
	pub bond: Balance,
	/// The block of the challenge: quotes bound to an earlier one are no answer.
	pub challenged_at: BlockNumber,
	/// Last block for an answer.
	pub answer_by: BlockNumber,
	/// Whether the device answered in time, by a quote that speaks for it.
	pub is_answered: bool,
}

/// A device as stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Device<AccountId, Balance, BlockNumber, Ticket> {
	/// Who registered it, and pays for its quotes.
	pub owner: AccountId,
	/// The key that signs its quotes: a primary key of the endorsement hierarchy.
	pub attestation_key: PublicArea,
	/// The key that signs batches, sealed to what a quote that matched the profile said.
	pub batch_key: Option<PublicArea>,
	/// What its quotes are compared with.
	pub profile: ProfileId,
	/// The registers that the profile wants: bit `i` stands for PCR `i`.
	pub selection: u32,
	/// A registrar's word for the attestation key.
	pub endorsement: Option<Endorsement<AccountId, BlockNumber>>,
	/// Whether a registrar ever spoke for it: then it stays bound to its owner for ever.
	pub was_endorsed: bool,
	/// Whether it is kept from being trusted, whatever its quotes say.
	pub is_quarantined: bool,
	/// What is held from the owner for quotes.
	pub quote_budget: Balance,
	/// The last accepted quote.
	pub last_quote: Option<LastQuote<BlockNumber>>,
	/// The highest counters of all quotes since the last endorsement.
	pub clock: Option<ClockInfo>,
	/// What the last accepted quote said.
	pub result: Option<AttestationResult<BlockNumber>>,
	/// A challenge that is not settled.
	pub challenge: Option<Challenge<AccountId, Balance, BlockNumber>>,
	/// The owner's storage deposit.
	pub ticket: Ticket,
}

/// The last batches without a gap that a device signed while it was trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct AttestedBatches<BlockNumber> {
	/// The first of them.
	pub first_batch: u32,
	/// All batches of the data set up to the last of them.
	pub range: RangeCommitment,
	/// The block in which the last of them were attested.
	pub attested_at: BlockNumber,
}

/// The device that measures a data set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Assignment<AccountId, BlockNumber, Ticket> {
	/// The device.
	pub device: DeviceId,
	/// Who owned both at that time, and gave the deposit.
	pub owner: AccountId,
	/// Which batches the device signed.
	pub attested: Option<AttestedBatches<BlockNumber>>,
	/// The owner's storage deposit.
	pub ticket: Ticket,
}

/// How a challenge ended.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum ChallengeOutcome {
	/// The device answered: the bond is the owner's.
	Answered,
	/// The device showed no quote that speaks for it: the bond returned to the challenger.
	Unanswered,
}

/// Why a device is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Trust<BlockNumber> {
	/// It is.
	Trusted {
		/// The block of the quote that says so.
		appraised_at: BlockNumber,
		/// Last block in which that counts, unless something happens before.
		valid_until: BlockNumber,
	},
	/// It is not.
	NotTrusted(Distrust),
}

/// What a device has to know to make a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct QuoteContext<Balance, BlockNumber> {
	/// Hash of the chain's first block.
	pub genesis_hash: H256,
	/// Most blocks between the block to which a quote is bound, and the one that accepts it.
	pub max_quote_age: BlockNumber,
	/// Least blocks between two accepted quotes of a device.
	pub min_quote_interval: BlockNumber,
	/// What each accepted quote costs the owner.
	pub quote_fee: Balance,
}
