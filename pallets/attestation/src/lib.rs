//! # Attestation Pallet
//!
//! Devices whose state the chain verifies: quotes of TPMs, appraised by reference values.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage, events, errors, view functions and
//! configuration.
//!
//! ## Overview
//!
//! In the terms of RATS (RFC 9334) a device is the Attester, and the chain is the Verifier.
//!
//! * Whoever knows what a device should run *publishes a profile*: reference values for registers and
//!   firmware of its TPM.
//! * An owner *registers* a device by the hash of its endorsement key, with an attestation key and a
//!   profile. An accredited *registrar* lets the TPM activate a credential and *endorses* the device:
//!   the attestation key is in the TPM that has the endorsement key.
//! * The device *submits quotes*. The chain verifies each and appraises it; what comes out is trusted
//!   for as long as the profile says, or says why the device is not to be trusted. Devices hold no
//!   money: owners *fund* their quotes.
//! * Anybody *challenges* a trusted device with a bond. If it shows no new quote in time, its trust
//!   ends.
//! * The owner of a device and of a data set *assigns* the one to the other. Other pallets ask by
//!   [`DeviceStatus`](msec_primitives::DeviceStatus) whether the device behind a data set is trusted.
//! * The owner has the device's TPM *certify a batch key* that works only in the state that the chain
//!   trusts. Batches are *attested* when that key signed them, and the device is trusted in that block.
//!
//! ## Low Level / Implementation Details
//!
//! * Trust is computed when somebody asks for it. A registrar whose accreditation is revoked, a retired
//!   profile, a result that expires, a challenge that nobody answers, a quarantine: each takes effect at
//!   once, for however many devices, and nothing is searched.
//! * Quotes are transactions without signature and fee. What makes one acceptable is checked before
//!   anything but the device, its registrar and hashes of blocks is read, the cheap first: rate, age, form,
//!   binding, selection, signer, values; then that there is a profile, and the signature of the TPM. A node
//!   does this before it passes a quote on. What fails is invalid with `Custom` and the number of its
//!   [`QuoteRejection`], and changes nothing. In a block the signature is verified once, by the call itself.
//! * A quote is bound to a recent block, and each to a later one than the last: nobody can replay one,
//!   nor hold one back and submit it late to make a device's clock seem to run backwards.
//! * The attestation key must be a primary key of the endorsement hierarchy: the quote itself contains
//!   its qualified name (TPM 2.0 Library, Part 1, section 16).
//! * A batch key is under `TPM2_PolicyPCR` alone: the TPM itself refuses to sign in any other state. It
//!   signs the range up to the newest batch, by which one signature is for all batches that were appended.
//!   Of what is attested, the last batches without a gap are stored; events have the rest.
//! * A retired profile is removed at once, whoever's devices name it. Its identifier is a hash of publisher
//!   and values, so that only its publisher can bring it back, and only as it was; results from before do
//!   not count then.
//! * A device that was endorsed leaves its identifier when it is retired, so that it stays bound to its
//!   owner for ever. Somebody else's registration, which no registrar endorses, can be dismissed.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod appraisal;
mod assignment;
mod batch_key;
mod batches;
mod budget;
mod challenge;
mod device;
mod profile;
mod quarantine;
mod quote;
mod registrar;
mod trust;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use quote::QuoteRejection;
pub use types::*;
pub use weights::WeightInfo;

use frame_support::traits::fungible;
use frame_system::pallet_prelude::BlockNumberFor;

/// The currency's amounts.
pub type BalanceOf<T> =
	<<T as Config>::Currency as fungible::Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// What quotes are compared with.
pub type ReferenceValuesOf<T> = ReferenceValues<BlockNumberFor<T>>;
/// A profile as stored.
pub type ProfileOf<T> = Profile<
	<T as frame_system::Config>::AccountId,
	BlockNumberFor<T>,
	<T as Config>::Consideration,
>;
/// A device as stored.
pub type DeviceOf<T> = Device<
	<T as frame_system::Config>::AccountId,
	BalanceOf<T>,
	BlockNumberFor<T>,
	<T as Config>::Consideration,
>;
/// A challenge as stored.
pub type ChallengeOf<T> =
	Challenge<<T as frame_system::Config>::AccountId, BalanceOf<T>, BlockNumberFor<T>>;
/// The assignment of a data set as stored.
pub type AssignmentOf<T> = Assignment<
	<T as frame_system::Config>::AccountId,
	BlockNumberFor<T>,
	<T as Config>::Consideration,
>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use crate::quote::Submission;
	use frame_support::{
		pallet_prelude::*,
		traits::{Consideration, Footprint},
	};
	use frame_system::pallet_prelude::*;
	use msec_primitives::{DatasetId, DatasetInfo, RangeCommitment};
	use sp_core::H256;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = H256> {
		/// The runtime's reasons for holding money.
		type RuntimeHoldReason: From<HoldReason>;

		/// What quotes are paid in.
		type Currency: fungible::Mutate<Self::AccountId>
			+ fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// The deposit for stored profiles, devices and assignments.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// Knows the data sets.
		type Datasets: DatasetInfo<Self::AccountId>;

		/// Accredits registrars, and revokes that.
		type RegistrarOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Puts devices in quarantine, and releases them.
		type QuarantineOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// What each accepted quote costs the device's owner, at least the existential deposit.
		#[pallet::constant]
		type QuoteFee: Get<BalanceOf<Self>>;

		/// Who receives the fees.
		#[pallet::constant]
		type FeeDestination: Get<Self::AccountId>;

		/// Most blocks between the block to which a quote is bound, and the one that accepts it. Less
		/// than the number of blocks whose hashes are kept.
		#[pallet::constant]
		type MaxQuoteAge: Get<BlockNumberFor<Self>>;

		/// Least blocks between two accepted quotes of a device.
		#[pallet::constant]
		type MinQuoteInterval: Get<BlockNumberFor<Self>>;

		/// Most quotes in a block.
		#[pallet::constant]
		type MaxQuotesPerBlock: Get<u32>;

		/// The priority of quotes among transactions. Those that are bound to later blocks go first.
		#[pallet::constant]
		type QuotePriority: Get<TransactionPriority>;

		/// Longest time for which a quote, or a registrar's statement, can be trusted, in blocks.
		#[pallet::constant]
		type MaxVerdictPeriod: Get<BlockNumberFor<Self>>;

		/// What is held from a challenger.
		#[pallet::constant]
		type ChallengeBond: Get<BalanceOf<Self>>;

		/// Blocks in which a challenged device must answer, more than [`Config::MinQuoteInterval`].
		#[pallet::constant]
		type ChallengePeriod: Get<BlockNumberFor<Self>>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a stored profile, device or assignment.
		StorageDeposit,
		/// What an owner set aside for the quotes of devices.
		QuoteBudget,
		/// The bond of who challenged a device.
		ChallengeBond,
	}

	// Identifiers of devices and accounts are chosen freely; those of profiles and data sets are hashes
	// that the chain computed, hence `Identity`.

	/// The accredited registrars.
	#[pallet::storage]
	pub type Registrars<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Accreditation>;

	/// The number of the next accreditation.
	#[pallet::storage]
	pub type NextAccreditation<T: Config> = StorageValue<_, Accreditation, ValueQuery>;

	/// The profiles that are not retired. Devices may name others.
	#[pallet::storage]
	pub type Profiles<T: Config> = StorageMap<_, Identity, ProfileId, ProfileOf<T>>;

	/// The reference values of each profile. They are long, and only quotes are compared with them; who
	/// asks whether a device is trusted needs the profile alone.
	#[pallet::storage]
	pub type ProfileReferenceValues<T: Config> =
		StorageMap<_, Identity, ProfileId, ReferenceValuesOf<T>>;

	/// All devices but the retired ones.
	#[pallet::storage]
	pub type Devices<T: Config> = StorageMap<_, Blake2_128Concat, DeviceId, DeviceOf<T>>;

	/// Devices that were endorsed and retired, and cannot come back.
	#[pallet::storage]
	pub type RetiredDevices<T: Config> = StorageMap<_, Blake2_128Concat, DeviceId, ()>;

	/// The device behind each data set that has one.
	#[pallet::storage]
	pub type Assignments<T: Config> = StorageMap<_, Identity, DatasetId, AssignmentOf<T>>;

	/// The block that last accepted a quote, and how many it accepted.
	#[pallet::storage]
	pub type QuotesInBlock<T: Config> = StorageValue<_, (BlockNumberFor<T>, u32), ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A registrar may endorse devices.
		RegistrarAccredited {
			/// Who.
			registrar: T::AccountId,
			/// The accreditation's number.
			accreditation: Accreditation,
		},
		/// A registrar may no longer endorse devices, and all its endorsements are void.
		RegistrarRevoked {
			/// Who.
			registrar: T::AccountId,
			/// The accreditation's number.
			accreditation: Accreditation,
		},
		/// There are new reference values.
		ProfilePublished {
			/// Their identifier.
			profile: ProfileId,
			/// Who published them.
			publisher: T::AccountId,
		},
		/// No device is trusted by these reference values any more; the deposit returned.
		ProfileRetired {
			/// Their identifier.
			profile: ProfileId,
		},
		/// A device was registered.
		DeviceRegistered {
			/// The device.
			device: DeviceId,
			/// Who registered it.
			owner: T::AccountId,
			/// What it is compared with.
			profile: ProfileId,
		},
		/// A device is compared with other reference values. Endorsement and result are gone.
		ProfileChanged {
			/// The device.
			device: DeviceId,
			/// What it is compared with.
			profile: ProfileId,
		},
		/// A registrar spoke for a device's attestation key.
		DeviceEndorsed {
			/// The device.
			device: DeviceId,
			/// Who spoke for it.
			registrar: T::AccountId,
			/// What it is compared with.
			profile: ProfileId,
		},
		/// A device is no more; its deposit and budget returned.
		DeviceRetired {
			/// The device that was.
			device: DeviceId,
			/// What was left for quotes.
			returned: BalanceOf<T>,
		},
		/// A quote was genuine, and appraised.
		QuoteAppraised {
			/// The device.
			device: DeviceId,
			/// The block to which the quote is bound.
			block_number: BlockNumberFor<T>,
			/// What it says.
			result: AttestationResult<BlockNumberFor<T>>,
		},
		/// A device has to show a quote.
		Challenged {
			/// The device.
			device: DeviceId,
			/// Who demands it.
			challenger: T::AccountId,
			/// What is held from the challenger.
			bond: BalanceOf<T>,
			/// Last block for an answer.
			answer_by: BlockNumberFor<T>,
		},
		/// A challenged device showed in time a quote that speaks for it.
		ChallengeAnswered {
			/// The device.
			device: DeviceId,
		},
		/// A challenge is over.
		ChallengeSettled {
			/// The device.
			device: DeviceId,
			/// Who gets the bond.
			outcome: ChallengeOutcome,
			/// The bond.
			bond: BalanceOf<T>,
		},
		/// A registrar stated what it thinks of the logs of a device.
		LogVerdictStated {
			/// The device.
			device: DeviceId,
			/// Who stated it.
			registrar: T::AccountId,
			/// What was stated.
			verdict: LogVerdict,
			/// Last block for which it was stated.
			valid_until: BlockNumberFor<T>,
		},
		/// A device is not trusted until it is released.
		Quarantined {
			/// The device.
			device: DeviceId,
		},
		/// A device is no longer in quarantine.
		Released {
			/// The device.
			device: DeviceId,
		},
		/// There is more money for a device's quotes.
		QuotesFunded {
			/// The device.
			device: DeviceId,
			/// How much more.
			amount: BalanceOf<T>,
		},
		/// There is less money for a device's quotes.
		QuoteBudgetWithdrawn {
			/// The device.
			device: DeviceId,
			/// How much less.
			amount: BalanceOf<T>,
		},
		/// A device stands behind a data set.
		DatasetAssigned {
			/// The data set.
			dataset: DatasetId,
			/// The device.
			device: DeviceId,
		},
		/// No device stands behind a data set any more.
		DatasetUnassigned {
			/// The data set.
			dataset: DatasetId,
			/// The device that did.
			device: DeviceId,
		},
		/// A device signs batches with another key.
		BatchKeyCertified {
			/// The device.
			device: DeviceId,
			/// The key.
			public_area: PublicArea,
		},
		/// A device that is trusted signed batches.
		BatchesAttested {
			/// The data set.
			dataset: DatasetId,
			/// The device.
			device: DeviceId,
			/// The first of them.
			first_batch: u32,
			/// All batches up to the last of them.
			range: RangeCommitment,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such device, profile or assignment.
		NotFound,
		/// The signer may not do this.
		NotAuthorized,
		/// The registrar is accredited already.
		AlreadyAccredited,
		/// The signer is not an accredited registrar, or the account is not one.
		NotAccredited,
		/// The signer published the same reference values already.
		AlreadyExists,
		/// The registers are none, do not exist, or are not in ascending order.
		InvalidSelection,
		/// A register may contain nothing.
		NoValueAllowed,
		/// The lowest firmware is above the highest.
		InvalidFirmwareRange,
		/// The time is none, or longer than a verdict can last.
		InvalidPeriod,
		/// The statement says nothing of either log.
		NothingAppraised,
		/// The last block for which it was stated is over.
		StatementExpired,
		/// The device's profile is retired.
		ProfileRetired,
		/// The device is registered, or was once.
		DeviceAlreadyRegistered,
		/// This is not the public area of a key of P-256 for ECDSA with SHA-256.
		AttestationKeyInvalid,
		/// The key may leave the TPM, or sign or decrypt what is not from the TPM itself.
		AttestationKeyNotRestricted,
		/// The device is compared with other reference values.
		OtherProfile,
		/// The device showed a quote a short time ago.
		QuoteTooEarly,
		/// There is no money for another quote.
		QuoteBudgetExhausted,
		/// The quote is bound to this or a future block.
		BlockInFuture,
		/// The quote is bound to a block too long ago.
		QuoteTooOld,
		/// The quote is bound to the same block as the last one of the device, or to an earlier one.
		QuoteReplayed,
		/// These bytes are not an attestation.
		QuoteMalformed,
		/// These bytes are not what a TPM made itself.
		NotTpmGenerated,
		/// This is an attestation of something else.
		NotQuote,
		/// The quote is of other banks than that of SHA-256.
		OtherBank,
		/// The quote or certification is bound to another device, block or chain.
		OtherQualifyingData,
		/// The quote is of other registers than the profile's.
		OtherSelection,
		/// The quote or certification was signed by another key, or by one that is not primary in the
		/// endorsement hierarchy.
		OtherSigner,
		/// The registers contained other values.
		OtherPcrValues,
		/// The signature does not fit.
		SignatureInvalid,
		/// No accredited registrar speaks for the device.
		NotEndorsed,
		/// A registrar spoke for the device.
		AlreadyEndorsed,
		/// This block accepts no more quotes.
		MaxQuotesExceeded,
		/// The device is not trusted.
		NotTrusted,
		/// Nobody can challenge an own device.
		OwnDevice,
		/// The device is challenged already.
		AlreadyChallenged,
		/// The device is not challenged.
		NotChallenged,
		/// The time for this has not come.
		TooEarly,
		/// The device is in quarantine already.
		AlreadyQuarantined,
		/// The device is not in quarantine.
		NotQuarantined,
		/// There is less money for quotes.
		QuoteBudgetTooLow,
		/// A device stands behind the data set already.
		AlreadyAssigned,
		/// The data set is erased.
		DatasetErased,
		/// This is not the public area of a key of P-256 for ECDSA with SHA-256.
		BatchKeyInvalid,
		/// The key may leave the TPM, sign without its policy, or not sign batches at all.
		BatchKeyNotSealed,
		/// The key is not sealed to what the device's last quote said of the profile's registers.
		OtherPolicy,
		/// These bytes are not an attestation.
		CertificationMalformed,
		/// This is an attestation of something else.
		NotCertification,
		/// The certification is of another key.
		OtherKeyCertified,
		/// No key that signs batches was certified.
		NoBatchKey,
		/// These are no batches.
		NoBatches,
		/// The data set has other batches, or more.
		OtherRange,
		/// The batches are attested already.
		AlreadyAttested,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				T::MaxQuoteAge::get() < T::BlockHashCount::get(),
				"quotes may be older than the hashes of blocks"
			);
			assert!(
				T::MaxQuoteAge::get() <= T::ChallengePeriod::get(),
				"a quote from before a challenge may count after its end"
			);
			assert!(
				T::MinQuoteInterval::get() < T::ChallengePeriod::get(),
				"a device may be unable to answer a challenge in time"
			);
			assert!(
				T::QuoteFee::get()
					>= <T::Currency as fungible::Inspect<T::AccountId>>::minimum_balance(),
				"an account that receives a fee may not exist"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Lets a registrar endorse devices.
		///
		/// ## Dispatch Origin
		///
		/// [`Config::RegistrarOrigin`]
		///
		/// ## Errors
		///
		/// * [`Error::AlreadyAccredited`]: it is accredited.
		///
		/// ## Events
		///
		/// [`Event::RegistrarAccredited`]
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::accredit_registrar())]
		pub fn accredit_registrar(origin: OriginFor<T>, registrar: T::AccountId) -> DispatchResult {
			T::RegistrarOrigin::ensure_origin(origin)?;
			Self::do_accredit_registrar(registrar)
		}

		/// Takes a registrar's accreditation away.
		///
		/// ## Dispatch Origin
		///
		/// [`Config::RegistrarOrigin`]
		///
		/// ## Details
		///
		/// All its endorsements are void at once, and stay so when it is accredited again.
		///
		/// ## Errors
		///
		/// * [`Error::NotAccredited`]: it is not accredited.
		///
		/// ## Events
		///
		/// [`Event::RegistrarRevoked`]
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::revoke_registrar())]
		pub fn revoke_registrar(origin: OriginFor<T>, registrar: T::AccountId) -> DispatchResult {
			T::RegistrarOrigin::ensure_origin(origin)?;
			Self::do_revoke_registrar(registrar)
		}

		/// Publishes reference values.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody. Registrars decide whose devices they endorse with which profile.
		///
		/// ## Details
		///
		/// The profile's id is BLAKE2b-256 of the SCALE encoding of (publisher, `profile`). It cannot be
		/// changed. A storage deposit is held. When the signer retired the same values before, devices that
		/// still name them are trusted again once they show a new quote.
		///
		/// ## Errors
		///
		/// * [`Error::InvalidSelection`], [`Error::NoValueAllowed`], [`Error::InvalidFirmwareRange`],
		///   [`Error::InvalidPeriod`]: nothing could match, or for too long.
		/// * [`Error::AlreadyExists`]: the signer published it already.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::ProfilePublished`]
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::publish_profile())]
		pub fn publish_profile(
			origin: OriginFor<T>,
			profile: ReferenceValuesOf<T>,
		) -> DispatchResult {
			let publisher = ensure_signed(origin)?;
			Self::do_publish_profile(publisher, profile)
		}

		/// Retires reference values.
		///
		/// ## Dispatch Origin
		///
		/// Signed by who published them.
		///
		/// ## Details
		///
		/// The profile is removed at once, and the deposit returns. Devices that name it are no longer
		/// trusted and show no quotes until their owners change the profile; none can be registered with
		/// it.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such profile, or somebody else's.
		///
		/// ## Events
		///
		/// [`Event::ProfileRetired`]
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::retire_profile())]
		pub fn retire_profile(origin: OriginFor<T>, profile: ProfileId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_retire_profile(who, profile)
		}

		/// Registers a device.
		///
		/// ## Dispatch Origin
		///
		/// Signed by its owner.
		///
		/// ## Details
		///
		/// `device` is SHA-256 of the marshalled public area of its endorsement key; `attestation_key`
		/// the marshalled `TPMT_PUBLIC` of a restricted signing key of P-256, primary in the endorsement
		/// hierarchy. Once a registrar endorsed it, the device belongs to the signer for ever. A storage
		/// deposit is held.
		///
		/// ## Errors
		///
		/// * [`Error::DeviceAlreadyRegistered`]: it is, or was once and was endorsed, by whomever.
		/// * [`Error::AttestationKeyInvalid`], [`Error::AttestationKeyNotRestricted`]: quotes are not
		///   signed by such a key.
		/// * [`Error::NotFound`]: no such profile, or not any more.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::DeviceRegistered`]
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::register_device())]
		pub fn register_device(
			origin: OriginFor<T>,
			device: DeviceId,
			attestation_key: PublicArea,
			profile: ProfileId,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_register_device(owner, device, attestation_key, profile)
		}

		/// Speaks for a device's attestation key.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an accredited registrar.
		///
		/// ## Details
		///
		/// The registrar has seen a genuine certificate of the endorsement key, and that the TPM with
		/// this key activated a credential for the attestation key. `profile` is what the registrar saw
		/// the device to be compared with. A former endorsement is replaced; the counters of the TPM may
		/// begin anew.
		///
		/// ## Errors
		///
		/// * [`Error::NotAccredited`]: the signer is not an accredited registrar.
		/// * [`Error::NotFound`]: no such device.
		/// * [`Error::OtherProfile`]: its owner changed the profile.
		///
		/// ## Events
		///
		/// [`Event::DeviceEndorsed`]
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::endorse())]
		pub fn endorse(
			origin: OriginFor<T>,
			device: DeviceId,
			profile: ProfileId,
		) -> DispatchResult {
			let registrar = ensure_signed(origin)?;
			Self::do_endorse(registrar, device, profile)
		}

		/// Submits a quote.
		///
		/// ## Dispatch Origin
		///
		/// None: the transaction is not signed, the quote is.
		///
		/// ## Details
		///
		/// * `attest`: the marshalled `TPMS_ATTEST`, whose extra data is SHA-256 over "msec/quote/1", the
		///   hash of the chain's first block, that of the block `block_number`, and the device's
		///   identifier.
		/// * `signature`: the marshalled `TPMT_SIGNATURE` over it.
		/// * `pcr_values`: the values of the quoted registers, in ascending order of their numbers.
		///
		/// The owner pays [`Config::QuoteFee`] out of the device's budget. The quote is appraised by the
		/// device's profile; the result replaces that of the last quote. A quote that does not match is
		/// accepted too, and says so.
		///
		/// ## Errors
		///
		/// With each of these but the last the transaction is invalid, with the number of the
		/// [`QuoteRejection`] of the same name.
		///
		/// * [`Error::NotFound`], [`Error::NotEndorsed`]: no such device, or no registrar speaks for it.
		/// * [`Error::QuoteTooEarly`], [`Error::QuoteBudgetExhausted`]: not yet, or not without money.
		/// * [`Error::BlockInFuture`], [`Error::QuoteTooOld`], [`Error::QuoteReplayed`]: it is bound to a
		///   block that does not count.
		/// * [`Error::QuoteMalformed`], [`Error::NotTpmGenerated`], [`Error::NotQuote`],
		///   [`Error::OtherBank`]: it is no quote of the SHA-256 bank.
		/// * [`Error::OtherQualifyingData`], [`Error::OtherSelection`], [`Error::OtherSigner`]: it is not
		///   the quote that was asked for.
		/// * [`Error::OtherPcrValues`]: it is not of these values.
		/// * [`Error::ProfileRetired`]: there is nothing with which it could be compared.
		/// * [`Error::SignatureInvalid`]: the device's attestation key did not sign it.
		/// * [`Error::MaxQuotesExceeded`]: it has to wait for a later block.
		///
		/// ## Events
		///
		/// [`Event::QuoteAppraised`], [`Event::ChallengeAnswered`]
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::submit_quote())]
		pub fn submit_quote(
			origin: OriginFor<T>,
			device: DeviceId,
			block_number: BlockNumberFor<T>,
			attest: Attest,
			signature: AttestSignature,
			pcr_values: PcrValues,
		) -> DispatchResult {
			ensure_none(origin)?;
			Self::do_submit_quote(Submission {
				device,
				block_number,
				attest: &attest,
				signature: &signature,
				pcr_values: &pcr_values,
			})
		}

		/// Demands that a device shows its state.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody but the owner.
		///
		/// ## Details
		///
		/// [`Config::ChallengeBond`] is held. An answer is an accepted quote that speaks for the device and
		/// is bound to this block or a later one, within [`Config::ChallengePeriod`] blocks. After that time
		/// the device is not trusted until it shows a new quote.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: no such device.
		/// * [`Error::OwnDevice`]: the signer owns it.
		/// * [`Error::AlreadyChallenged`]: another challenge has to be settled first.
		/// * [`Error::NotTrusted`]: there is no trust that could end.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::Challenged`]
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::challenge())]
		pub fn challenge(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			let challenger = ensure_signed(origin)?;
			Self::do_challenge(challenger, device)
		}

		/// Ends a challenge that was answered, or whose time is over.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody.
		///
		/// ## Details
		///
		/// If the device answered, its owner gets the bond. If not, or if its quotes speak against it, the
		/// bond returns to the challenger.
		/// There is no fee when it succeeds.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotChallenged`]: no such device or challenge.
		/// * [`Error::TooEarly`]: the device may still answer.
		///
		/// ## Events
		///
		/// [`Event::ChallengeSettled`]
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::settle_challenge())]
		pub fn settle_challenge(
			origin: OriginFor<T>,
			device: DeviceId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_settle_challenge(device)?;
			Ok(Pays::No.into())
		}

		/// States what a registrar thinks of the logs of a device.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the accredited registrar that endorsed the device.
		///
		/// ## Details
		///
		/// The chain does not see logs, and its own results do not depend on the statement. It counts until
		/// the block `valid_until`, at most [`Config::MaxVerdictPeriod`] blocks from now, and replaces the
		/// last one. The block is a number of its own, so that a statement that waits to be included
		/// becomes no younger.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: no such device.
		/// * [`Error::NotAuthorized`], [`Error::NotAccredited`]: somebody else endorsed it, or the signer
		///   lost its accreditation since.
		/// * [`Error::NothingAppraised`]: it says nothing of either log.
		/// * [`Error::StatementExpired`]: `valid_until` is over.
		/// * [`Error::InvalidPeriod`]: nothing is true for so long.
		///
		/// ## Events
		///
		/// [`Event::LogVerdictStated`]
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::state_log_verdict())]
		pub fn state_log_verdict(
			origin: OriginFor<T>,
			device: DeviceId,
			verdict: LogVerdict,
			valid_until: BlockNumberFor<T>,
		) -> DispatchResult {
			let registrar = ensure_signed(origin)?;
			Self::do_state_log_verdict(registrar, device, verdict, valid_until)
		}

		/// Puts a device in quarantine.
		///
		/// ## Dispatch Origin
		///
		/// [`Config::QuarantineOrigin`]
		///
		/// ## Details
		///
		/// It is not trusted until it is released. Its quotes are appraised all the same.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: no such device.
		/// * [`Error::AlreadyQuarantined`]: it is in quarantine.
		///
		/// ## Events
		///
		/// [`Event::Quarantined`]
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::quarantine())]
		pub fn quarantine(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			T::QuarantineOrigin::ensure_origin(origin)?;
			Self::do_quarantine(device)
		}

		/// Releases a device from quarantine.
		///
		/// ## Dispatch Origin
		///
		/// [`Config::QuarantineOrigin`]
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: no such device.
		/// * [`Error::NotQuarantined`]: it is not in quarantine.
		///
		/// ## Events
		///
		/// [`Event::Released`]
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::release())]
		pub fn release(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			T::QuarantineOrigin::ensure_origin(origin)?;
			Self::do_release(device)
		}

		/// Retires a device for ever.
		///
		/// ## Dispatch Origin
		///
		/// Signed by its owner.
		///
		/// ## Details
		///
		/// Deposit and budget return to the owner. A challenge is settled: an unanswered one as if its
		/// time were over. Data sets stay assigned, without trust, until they are unassigned.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such device, or somebody else's.
		///
		/// ## Events
		///
		/// [`Event::DeviceRetired`], [`Event::ChallengeSettled`]
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::retire_device())]
		pub fn retire_device(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_retire_device(who, device)
		}

		/// Sets money aside for a device's quotes.
		///
		/// ## Dispatch Origin
		///
		/// Signed by its owner.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such device, or somebody else's.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::QuotesFunded`]
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::fund_quotes())]
		pub fn fund_quotes(
			origin: OriginFor<T>,
			device: DeviceId,
			amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_fund_quotes(who, device, amount)
		}

		/// Takes back money that was set aside for a device's quotes.
		///
		/// ## Dispatch Origin
		///
		/// Signed by its owner.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such device, or somebody else's.
		/// * [`Error::QuoteBudgetTooLow`]: there is less.
		///
		/// ## Events
		///
		/// [`Event::QuoteBudgetWithdrawn`]
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::withdraw_quote_budget())]
		pub fn withdraw_quote_budget(
			origin: OriginFor<T>,
			device: DeviceId,
			amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw_quote_budget(who, device, amount)
		}

		/// Says which device measures a data set.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of both.
		///
		/// ## Details
		///
		/// A storage deposit is held.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such device or data set, or somebody
		///   else's.
		/// * [`Error::DatasetErased`]: the data set is erased.
		/// * [`Error::AlreadyAssigned`]: unassign it first.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::DatasetAssigned`]
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::assign_dataset())]
		pub fn assign_dataset(
			origin: OriginFor<T>,
			device: DeviceId,
			dataset: DatasetId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_assign_dataset(who, device, dataset)
		}

		/// Says that no device measures a data set any more.
		///
		/// ## Dispatch Origin
		///
		/// Signed by who assigned it.
		///
		/// ## Details
		///
		/// The deposit returns.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: it is not assigned, or somebody else did.
		///
		/// ## Events
		///
		/// [`Event::DatasetUnassigned`]
		#[pallet::call_index(16)]
		#[pallet::weight(T::WeightInfo::unassign_dataset())]
		pub fn unassign_dataset(origin: OriginFor<T>, dataset: DatasetId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_unassign_dataset(who, dataset)
		}

		/// Compares a device with other reference values from now on.
		///
		/// ## Dispatch Origin
		///
		/// Signed by its owner.
		///
		/// ## Details
		///
		/// For a device whose software or firmware is renewed. Its endorsement and its result are gone:
		/// a registrar has to agree to the new profile, and the device to show a quote.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such device or profile, or somebody else's
		///   device. A retired profile is none.
		///
		/// ## Events
		///
		/// [`Event::ProfileChanged`]
		#[pallet::call_index(17)]
		#[pallet::weight(T::WeightInfo::change_profile())]
		pub fn change_profile(
			origin: OriginFor<T>,
			device: DeviceId,
			profile: ProfileId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_change_profile(who, device, profile)
		}

		/// Removes the registration of a device that no registrar ever endorsed.
		///
		/// ## Dispatch Origin
		///
		/// Signed by an accredited registrar.
		///
		/// ## Details
		///
		/// For a device that somebody registered who has not got it: the identifier is free again. Deposit
		/// and budget return.
		///
		/// ## Errors
		///
		/// * [`Error::NotAccredited`]: the signer is not an accredited registrar.
		/// * [`Error::NotFound`]: no such device.
		/// * [`Error::AlreadyEndorsed`]: a registrar spoke for the device, now or before.
		///
		/// ## Events
		///
		/// [`Event::DeviceRetired`]
		#[pallet::call_index(18)]
		#[pallet::weight(T::WeightInfo::dismiss_registration())]
		pub fn dismiss_registration(origin: OriginFor<T>, device: DeviceId) -> DispatchResult {
			let registrar = ensure_signed(origin)?;
			Self::do_dismiss_registration(registrar, device)
		}

		/// Lets a device sign batches with a key.
		///
		/// ## Dispatch Origin
		///
		/// Signed by its owner.
		///
		/// ## Details
		///
		/// * `public_area`: the marshalled `TPMT_PUBLIC` of a signing key of P-256 that cannot leave the
		///   TPM, and is used under its policy alone. The policy is that of `TPM2_PolicyPCR` for the
		///   profile's registers with the values of the quote by which the device is trusted.
		/// * `attest`: the marshalled `TPMS_ATTEST` of `TPM2_Certify`, whose extra data is SHA-256 over
		///   "msec/batch-key/1", the hash of the chain's first block, and the device's identifier.
		/// * `signature`: the marshalled `TPMT_SIGNATURE` of the device's attestation key over it.
		///
		/// The key is the device's until another is certified, the profile is changed, or the device
		/// retired. The device's deposit is for it as well.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such device, or somebody else's.
		/// * [`Error::BatchKeyInvalid`], [`Error::BatchKeyNotSealed`]: batches are not signed by such a
		///   key.
		/// * [`Error::NotTrusted`]: there is no state to which it could be sealed.
		/// * [`Error::OtherPolicy`]: it is sealed to another state.
		/// * [`Error::CertificationMalformed`], [`Error::NotTpmGenerated`], [`Error::NotCertification`]:
		///   the attestation is not of `TPM2_Certify`.
		/// * [`Error::OtherQualifyingData`], [`Error::OtherKeyCertified`], [`Error::OtherSigner`]: it is
		///   for another device or chain, of another key, or by another one.
		/// * [`Error::SignatureInvalid`]: the device's attestation key did not sign it.
		///
		/// ## Events
		///
		/// [`Event::BatchKeyCertified`]
		#[pallet::call_index(19)]
		#[pallet::weight(T::WeightInfo::certify_batch_key())]
		pub fn certify_batch_key(
			origin: OriginFor<T>,
			device: DeviceId,
			public_area: PublicArea,
			attest: Attest,
			signature: AttestSignature,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_certify_batch_key(who, device, public_area, &attest, &signature)
		}

		/// Says that batches are from the device behind their data set.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody: what counts is that the device signed.
		///
		/// ## Details
		///
		/// The batches are those from `first_batch` to the newest; `range` is what the data set is
		/// committed to now. `signature` is the marshalled `TPMT_SIGNATURE` of the device's batch key over
		/// SHA-256 of "msec/batches/1", the hash of the chain's first block, the data set's identifier,
		/// `first_batch` and the range's number of batches as four bytes each, little-endian, and the
		/// range's root. They stay attested when the device is no longer trusted, until the data set is
		/// unassigned.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::DatasetErased`]: no device stands behind the data set, or it is
		///   erased.
		/// * [`Error::NoBatches`], [`Error::AlreadyAttested`]: there is nothing to attest.
		/// * [`Error::OtherRange`]: the data set has other batches, or more.
		/// * [`Error::NotTrusted`]: the device is not trusted in this block.
		/// * [`Error::NoBatchKey`], [`Error::SignatureInvalid`]: the device's batch key did not sign.
		///
		/// ## Events
		///
		/// [`Event::BatchesAttested`]
		#[pallet::call_index(20)]
		#[pallet::weight(T::WeightInfo::attest_batches())]
		pub fn attest_batches(
			origin: OriginFor<T>,
			dataset: DatasetId,
			first_batch: u32,
			range: RangeCommitment,
			signature: AttestSignature,
		) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_attest_batches(dataset, first_batch, range, &signature)
		}
	}

	// Clients of today submit bare transactions, which have no other way in.
	#[allow(deprecated)]
	#[pallet::validate_unsigned]
	impl<T: Config> ValidateUnsigned for Pallet<T> {
		type Call = Call<T>;

		fn validate_unsigned(_: TransactionSource, call: &Self::Call) -> TransactionValidity {
			let submission = Submission::of(call).ok_or(InvalidTransaction::Call)?;
			Self::validate_quote(&submission)
		}

		fn pre_dispatch(call: &Self::Call) -> Result<(), TransactionValidityError> {
			let submission = Submission::of(call).ok_or(InvalidTransaction::Call)?;
			Self::pre_dispatch_quote(&submission)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// What is known of a device.
		pub fn device(device: DeviceId) -> Option<DeviceOf<T>> {
			Devices::<T>::get(device)
		}

		/// A profile that is not retired.
		pub fn profile(profile: ProfileId) -> Option<ProfileOf<T>> {
			Profiles::<T>::get(profile)
		}

		/// The reference values of a profile that is not retired.
		pub fn reference_values(profile: ProfileId) -> Option<ReferenceValuesOf<T>> {
			ProfileReferenceValues::<T>::get(profile)
		}

		/// The device that measures a data set.
		pub fn device_of_dataset(dataset: DatasetId) -> Option<DeviceId> {
			Assignments::<T>::get(dataset).map(|assignment| assignment.device)
		}

		/// Whether a device is trusted now, and if not, why.
		pub fn trust(device: DeviceId) -> Trust<BlockNumberFor<T>> {
			Self::trust_of(device)
		}

		/// The key with which a device signs batches.
		pub fn batch_key(device: DeviceId) -> Option<PublicArea> {
			Devices::<T>::get(device)?.batch_key
		}

		/// The last batches of a data set without a gap that its device signed while it was trusted.
		pub fn attested_batches(dataset: DatasetId) -> Option<AttestedBatches<BlockNumberFor<T>>> {
			Assignments::<T>::get(dataset)?.attested
		}

		/// What a device has to know to make a quote.
		pub fn quote_context() -> QuoteContext<BalanceOf<T>, BlockNumberFor<T>> {
			Self::context_of_quotes()
		}
	}
}
