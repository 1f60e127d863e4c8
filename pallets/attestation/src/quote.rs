//! Quotes: verified before anything is stored, then paid, appraised and recorded.

use crate::{
	appraisal::appraise, pallet::*, AttestationResult, BalanceOf, ClockInfo, DeviceId, DeviceOf,
	LastQuote, QuoteContext,
};
use frame_support::{
	ensure,
	pallet_prelude::{
		InvalidTransaction, TransactionValidity, TransactionValidityError, ValidTransaction,
	},
	traits::{DefensiveSaturating, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_evidence::{pcr_digest, qualifying_data, AttestationKey, ParseError, Quote};
use sp_core::H256;
use sp_runtime::{
	traits::{SaturatedConversion, Saturating, Zero},
	DispatchResult,
};

/// Why a quote is not accepted. The number is that of `InvalidTransaction::Custom`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum QuoteRejection {
	/// There is no such device.
	NotFound = 1,
	/// The device showed a quote a short time ago.
	QuoteTooEarly = 2,
	/// There is no money for another quote.
	QuoteBudgetExhausted = 3,
	/// The quote is bound to this or a future block.
	BlockInFuture = 4,
	/// The quote is bound to a block too long ago.
	QuoteTooOld = 5,
	/// The quote is bound to the same block as the last one of the device, or to an earlier one.
	QuoteReplayed = 6,
	/// These bytes are not an attestation.
	QuoteMalformed = 7,
	/// These bytes are not what a TPM made itself.
	NotTpmGenerated = 8,
	/// This is an attestation of something else.
	NotQuote = 9,
	/// The quote is of other banks than that of SHA-256.
	OtherBank = 10,
	/// The quote is bound to another device, block or chain.
	OtherQualifyingData = 11,
	/// The quote is of other registers than the profile's.
	OtherSelection = 12,
	/// The quote was signed by another key, or by one that is not primary in the endorsement
	/// hierarchy.
	OtherSigner = 13,
	/// The registers contained other values.
	OtherPcrValues = 14,
	/// The signature does not fit.
	SignatureInvalid = 15,
	/// No accredited registrar speaks for the device.
	NotEndorsed = 16,
	/// The device's profile is retired.
	ProfileRetired = 17,
}

/// What arrives with the call `submit_quote`.
pub(crate) struct Submission<'a, T: Config> {
	/// Whose quote it is.
	pub device: DeviceId,
	/// The block to which it is bound.
	pub block_number: BlockNumberFor<T>,
	/// The marshalled `TPMS_ATTEST`.
	pub attest: &'a [u8],
	/// The marshalled `TPMT_SIGNATURE`.
	pub signature: &'a [u8],
	/// The values of the quoted registers.
	pub pcr_values: &'a [H256],
}

impl<'a, T: Config> Submission<'a, T> {
	/// The arguments of the call; `None` when it is another one.
	pub fn of(call: &'a Call<T>) -> Option<Self> {
		let Call::submit_quote { device, block_number, attest, signature, pcr_values } = call
		else {
			return None;
		};
		let (device, block_number) = (*device, *block_number);
		Some(Self { device, block_number, attest, signature, pcr_values })
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_submit_quote(submission: Submission<T>) -> DispatchResult {
		ensure!(Self::has_room_for_quote(), Error::<T>::MaxQuotesExceeded);
		let (mut device, quote) = Self::verify_quote(&submission).map_err(Error::<T>::from)?;
		Self::count_quote();
		Self::pay_for_quote(&mut device)?;
		let Submission { device: id, block_number, pcr_values, .. } = submission;
		let values =
			ProfileReferenceValues::<T>::get(device.profile).ok_or(Error::<T>::ProfileRetired)?;
		let now = frame_system::Pallet::<T>::block_number();
		let result = AttestationResult {
			tier: appraise(&values, &quote, pcr_values, device.clock),
			appraised_at: now,
			valid_until: now.saturating_add(values.validity),
		};
		device.result = Some(result);
		device.clock = device.clock.max(Some(ClockInfo::from(&quote)));
		device.last_quote =
			Some(LastQuote { block_number, accepted_at: now, pcr_digest: quote.pcr_digest.into() });
		Self::deposit_event(Event::QuoteAppraised { device: id, block_number, result });
		Self::note_answer(id, &mut device, block_number);
		Devices::<T>::insert(id, device);
		Ok(())
	}

	/// What a pool has to know of the transaction: there is at most one of each device, and one that is
	/// bound to a later block replaces it.
	pub(crate) fn validate_quote(submission: &Submission<T>) -> TransactionValidity {
		Self::verify_quote(submission)?;
		let block_number = submission.block_number;
		let last = block_number.saturating_add(T::MaxQuoteAge::get());
		let blocks_left = last.saturating_sub(frame_system::Pallet::<T>::block_number());
		ValidTransaction::with_tag_prefix("Attestation")
			.priority(T::QuotePriority::get().saturating_add(block_number.saturated_into()))
			.longevity(blocks_left.saturated_into())
			.and_provides(submission.device)
			.propagate(true)
			.build()
	}

	/// What is looked at before a quote is put into a block: everything but the signature, which the
	/// call itself verifies.
	pub(crate) fn pre_dispatch_quote(
		submission: &Submission<T>,
	) -> Result<(), TransactionValidityError> {
		ensure!(Self::has_room_for_quote(), InvalidTransaction::ExhaustsResources);
		Self::check_quote(submission)?;
		Ok(())
	}

	pub(crate) fn context_of_quotes() -> QuoteContext<BalanceOf<T>, BlockNumberFor<T>> {
		QuoteContext {
			genesis_hash: Self::genesis_hash(),
			max_quote_age: T::MaxQuoteAge::get(),
			min_quote_interval: T::MinQuoteInterval::get(),
			quote_fee: T::QuoteFee::get(),
		}
	}

	/// The device and its quote, when the quote is genuine and may be accepted now.
	fn verify_quote<'a>(
		submission: &Submission<'a, T>,
	) -> Result<(DeviceOf<T>, Quote<'a>), QuoteRejection> {
		let (device, quote, key) = Self::check_quote(submission)?;
		key.verify(submission.attest, submission.signature)
			.map_err(|_| QuoteRejection::SignatureInvalid)?;
		Ok((device, quote))
	}

	/// All that can be said of a quote without verifying its signature, the cheap first.
	fn check_quote<'a>(
		submission: &Submission<'a, T>,
	) -> Result<(DeviceOf<T>, Quote<'a>, AttestationKey), QuoteRejection> {
		let device = Devices::<T>::get(submission.device).ok_or(QuoteRejection::NotFound)?;
		let is_endorsed = device.endorsement.as_ref().is_some_and(Self::is_accredited);
		// Else keys without a TPM could use up what a block accepts.
		ensure!(is_endorsed, QuoteRejection::NotEndorsed);
		Self::check_rate(&device)?;
		Self::check_block(&device, submission.block_number)?;
		let quote = Quote::parse(submission.attest)?;
		let key = Self::check_binding(submission, &device, &quote)?;
		let has_profile = Profiles::<T>::contains_key(device.profile);
		ensure!(has_profile, QuoteRejection::ProfileRetired);
		Ok((device, quote, key))
	}

	/// Whether the device may show a quote now, and can pay for it.
	fn check_rate(device: &DeviceOf<T>) -> Result<(), QuoteRejection> {
		let now = frame_system::Pallet::<T>::block_number();
		let interval = T::MinQuoteInterval::get();
		let is_early =
			device.last_quote.is_some_and(|last| now < last.accepted_at.saturating_add(interval));
		ensure!(!is_early, QuoteRejection::QuoteTooEarly);
		let can_pay = device.quote_budget >= T::QuoteFee::get();
		ensure!(can_pay, QuoteRejection::QuoteBudgetExhausted);
		Ok(())
	}

	/// Whether the block is a recent one, later than that of the last quote.
	fn check_block(
		device: &DeviceOf<T>,
		block_number: BlockNumberFor<T>,
	) -> Result<(), QuoteRejection> {
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(block_number < now, QuoteRejection::BlockInFuture);
		let age = now.saturating_sub(block_number);
		ensure!(age <= T::MaxQuoteAge::get(), QuoteRejection::QuoteTooOld);
		let is_replayed = device.last_quote.is_some_and(|last| block_number <= last.block_number);
		ensure!(!is_replayed, QuoteRejection::QuoteReplayed);
		Ok(())
	}

	/// Whether the quote is the one that was asked for: of this device, chain and block, of the profile's
	/// registers with these values, by a primary key of the endorsement hierarchy.
	fn check_binding(
		submission: &Submission<T>,
		device: &DeviceOf<T>,
		quote: &Quote,
	) -> Result<AttestationKey, QuoteRejection> {
		let block_hash = frame_system::Pallet::<T>::block_hash(submission.block_number);
		let wanted = qualifying_data(
			Self::genesis_hash().as_fixed_bytes(),
			block_hash.as_fixed_bytes(),
			submission.device.as_fixed_bytes(),
		);
		ensure!(quote.extra_data == wanted, QuoteRejection::OtherQualifyingData);
		ensure!(quote.selection.0 == device.selection, QuoteRejection::OtherSelection);
		// Every key that was registered can be parsed.
		let key = AttestationKey::parse(&device.attestation_key)
			.map_err(|_| QuoteRejection::OtherSigner)?;
		let signer = key.qualified_name_in_endorsement_hierarchy();
		ensure!(quote.qualified_signer == signer, QuoteRejection::OtherSigner);
		let digest = pcr_digest(submission.pcr_values.iter().map(H256::as_fixed_bytes));
		ensure!(quote.pcr_digest == digest, QuoteRejection::OtherPcrValues);
		Ok(key)
	}

	fn has_room_for_quote() -> bool {
		Self::quotes_in_this_block() < T::MaxQuotesPerBlock::get()
	}

	fn count_quote() {
		let now = frame_system::Pallet::<T>::block_number();
		let quotes = Self::quotes_in_this_block().defensive_saturating_add(1);
		QuotesInBlock::<T>::put((now, quotes));
	}

	fn quotes_in_this_block() -> u32 {
		let (block, quotes) = QuotesInBlock::<T>::get();
		if block == frame_system::Pallet::<T>::block_number() {
			quotes
		} else {
			0
		}
	}

	pub(crate) fn genesis_hash() -> H256 {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
	}
}

impl From<ParseError> for QuoteRejection {
	fn from(error: ParseError) -> Self {
		match error {
			ParseError::NotTpmGenerated => Self::NotTpmGenerated,
			ParseError::NotQuote => Self::NotQuote,
			ParseError::OtherBank => Self::OtherBank,
			ParseError::Truncated
			| ParseError::TrailingBytes
			| ParseError::InvalidBoolean
			| ParseError::OtherDigest => Self::QuoteMalformed,
		}
	}
}

impl From<QuoteRejection> for TransactionValidityError {
	fn from(rejection: QuoteRejection) -> Self {
		InvalidTransaction::Custom(rejection as u8).into()
	}
}

impl<T> From<QuoteRejection> for Error<T> {
	fn from(rejection: QuoteRejection) -> Self {
		match rejection {
			QuoteRejection::NotFound => Self::NotFound,
			QuoteRejection::QuoteTooEarly => Self::QuoteTooEarly,
			QuoteRejection::QuoteBudgetExhausted => Self::QuoteBudgetExhausted,
			QuoteRejection::BlockInFuture => Self::BlockInFuture,
			QuoteRejection::QuoteTooOld => Self::QuoteTooOld,
			QuoteRejection::QuoteReplayed => Self::QuoteReplayed,
			QuoteRejection::QuoteMalformed => Self::QuoteMalformed,
			QuoteRejection::NotTpmGenerated => Self::NotTpmGenerated,
			QuoteRejection::NotQuote => Self::NotQuote,
			QuoteRejection::OtherBank => Self::OtherBank,
			QuoteRejection::OtherQualifyingData => Self::OtherQualifyingData,
			QuoteRejection::OtherSelection => Self::OtherSelection,
			QuoteRejection::OtherSigner => Self::OtherSigner,
			QuoteRejection::OtherPcrValues => Self::OtherPcrValues,
			QuoteRejection::SignatureInvalid => Self::SignatureInvalid,
			QuoteRejection::NotEndorsed => Self::NotEndorsed,
			QuoteRejection::ProfileRetired => Self::ProfileRetired,
		}
	}
}
