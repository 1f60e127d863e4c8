//! Rewards for data that does not exist yet.

use crate::{
	pallet::*, Answer, AnswerOf, Request, RequestEnd, RequestId, RequestOf, RequestTermsOf,
};
use codec::{Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	traits::{
		fungible::{Inspect, MutateHold},
		tokens::{Fortitude, Precision, Restriction},
		Consideration, EnsureOrigin, Footprint, Get,
	},
};
use frame_system::{
	ensure_signed,
	pallet_prelude::{BlockNumberFor, OriginFor},
};
use msec_primitives::{
	market::{is_geohash, is_kind},
	ListingId, Market,
};
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::{traits::Saturating, DispatchResult};

/// What the keys of a request and of its two index entries take, in bytes.
const REQUEST_KEYS_SIZE: usize = 290;
/// What the key of an answer takes, in bytes.
const ANSWER_KEY_SIZE: usize = 112;

impl<T: Config> Pallet<T> {
	/// BLAKE2b-256 of the SCALE encoding of (account, salt).
	pub fn request_id(account: &T::AccountId, salt: H256) -> RequestId {
		(account, salt).using_encoded(blake2_256).into()
	}

	pub(crate) fn do_create_request(
		account: T::AccountId,
		salt: H256,
		terms: RequestTermsOf<T>,
	) -> DispatchResult {
		ensure!(is_kind(&terms.kind), Error::<T>::InvalidKind);
		ensure!(is_geohash(&terms.area), Error::<T>::InvalidArea);
		Self::check_period(terms.deadline, T::MaxDemandPeriod::get())?;
		ensure!(terms.reward >= T::Currency::minimum_balance(), Error::<T>::RewardTooLow);
		let id = Self::request_id(&account, salt);
		ensure!(!Requests::<T>::contains_key(id), Error::<T>::AlreadyExists);

		T::Currency::hold(&HoldReason::Reward.into(), &account, terms.reward)?;
		let ticket = T::Consideration::new(&account, Self::request_footprint())?;
		RequestsByKind::<T>::insert(&terms.kind, id, ());
		RequestsByAccount::<T>::insert(&account, id, ());
		let request = Request { account: account.clone(), terms, answers: 0, ticket };
		Requests::<T>::insert(id, &request);
		let terms = request.terms;
		Self::deposit_event(Event::RequestCreated { request: id, account, terms });
		Ok(())
	}

	pub(crate) fn do_answer_request(
		contributor: T::AccountId,
		id: RequestId,
		listing: ListingId,
	) -> DispatchResult {
		let mut request = Requests::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(!Self::is_over(request.terms.deadline), Error::<T>::TooLate);
		ensure!(request.account != contributor, Error::<T>::OwnRequest);
		ensure!(!Answers::<T>::contains_key(id, &contributor), Error::<T>::AlreadyExists);
		let offer = T::Market::offer(&listing).ok_or(Error::<T>::NotOffered)?;
		ensure!(offer.seller == contributor, Error::<T>::NotAuthorized);
		ensure!(offer.kind == request.terms.kind, Error::<T>::OtherKind);
		ensure!(offer.place.starts_with(&request.terms.area), Error::<T>::OutsideArea);

		let ticket = T::Consideration::new(&contributor, Self::answer_footprint())?;
		let terms_hash = offer.terms_hash;
		Answers::<T>::insert(id, &contributor, Answer { listing, terms_hash, ticket });
		request.answers = request.answers.saturating_add(1);
		Requests::<T>::insert(id, request);
		Self::deposit_event(Event::RequestAnswered {
			request: id,
			contributor,
			listing,
			terms_hash,
		});
		Ok(())
	}

	pub(crate) fn do_withdraw_answer(
		who: T::AccountId,
		id: RequestId,
		contributor: T::AccountId,
	) -> DispatchResult {
		let answer = Answers::<T>::take(id, &contributor).ok_or(Error::<T>::NotFound)?;
		if let Some(request) = Requests::<T>::get(id) {
			ensure!(who == contributor, Error::<T>::NotAuthorized);
			let answers = request.answers.saturating_sub(1);
			Requests::<T>::insert(id, Request { answers, ..request });
		}
		answer.ticket.drop(&contributor)?;
		Self::deposit_event(Event::AnswerWithdrawn { request: id, contributor });
		Ok(())
	}

	pub(crate) fn do_award_request(
		origin: OriginFor<T>,
		id: RequestId,
		contributor: T::AccountId,
		terms_hash: H256,
	) -> DispatchResult {
		let request = Requests::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		Self::ensure_decides(origin, &request)?;
		ensure!(!Self::is_over(Self::decide_by(&request)), Error::<T>::TooLate);
		let answer = Answers::<T>::get(id, &contributor).ok_or(Error::<T>::NotFound)?;
		let offer = T::Market::offer(&answer.listing).ok_or(Error::<T>::NotOffered)?;
		ensure!(
			answer.terms_hash == terms_hash && offer.terms_hash == terms_hash,
			Error::<T>::TermsChanged
		);
		// The reward is no longer the requester's to freeze, hence `Force`.
		T::Currency::transfer_on_hold(
			&HoldReason::Reward.into(),
			&request.account,
			&contributor,
			request.terms.reward,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)?;
		Self::close_request(id, request, RequestEnd::Awarded { contributor })
	}

	pub(crate) fn do_refund_request(id: RequestId) -> DispatchResult {
		let request = Requests::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let last = match request.answers {
			0 => request.terms.deadline,
			_ => Self::decide_by(&request),
		};
		ensure!(Self::is_over(last), Error::<T>::TooEarly);
		let (reason, reward) = (HoldReason::Reward.into(), request.terms.reward);
		T::Currency::release(&reason, &request.account, reward, Precision::Exact)?;
		Self::close_request(id, request, RequestEnd::Refunded)
	}

	/// Removes a request whose reward has gone; the answers' deposits wait for whoever withdraws them.
	fn close_request(
		id: RequestId,
		request: RequestOf<T>,
		end: RequestEnd<T::AccountId>,
	) -> DispatchResult {
		RequestsByKind::<T>::remove(&request.terms.kind, id);
		RequestsByAccount::<T>::remove(&request.account, id);
		Requests::<T>::remove(id);
		let (account, amount) = (request.account, request.terms.reward);
		request.ticket.drop(&account)?;
		Self::deposit_event(Event::RequestClosed { request: id, account, amount, end });
		Ok(())
	}

	/// The requester may choose at any time, the arbiter when the requester's own time is over.
	fn ensure_decides(origin: OriginFor<T>, request: &RequestOf<T>) -> DispatchResult {
		let is_arbiter = match (&request.terms.arbiter, T::ArbiterOrigin::try_origin(origin)) {
			(None, Ok(_)) => true,
			(Some(_), Ok(_)) => return Err(Error::<T>::NotAuthorized.into()),
			(arbiter, Err(origin)) => {
				let who = ensure_signed(origin)?;
				if who == request.account {
					return Ok(());
				}
				arbiter.as_ref() == Some(&who)
			},
		};
		ensure!(is_arbiter, Error::<T>::NotAuthorized);
		ensure!(Self::is_over(request.terms.deadline), Error::<T>::TooEarly);
		Ok(())
	}

	/// Last block for a decision.
	fn decide_by(request: &RequestOf<T>) -> BlockNumberFor<T> {
		request.terms.deadline.saturating_add(T::DecisionPeriod::get())
	}

	fn request_footprint() -> Footprint {
		let size = RequestOf::<T>::max_encoded_len().saturating_add(REQUEST_KEYS_SIZE);
		Footprint::from_parts(1, size)
	}

	fn answer_footprint() -> Footprint {
		let size = AnswerOf::<T>::max_encoded_len().saturating_add(ANSWER_KEY_SIZE);
		Footprint::from_parts(1, size)
	}
}
