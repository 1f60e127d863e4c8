//! Verifying requests.

use super::{
	algorithm::{Algorithm, PublicKey},
	base::{Parameters, LABEL},
	parse_content_digest, RequestParts, AHEAD_SECONDS, CONTENT_DIGEST, MAX_HEADER_LENGTH,
	SIGNATURE, SIGNATURE_INPUT, WINDOW_SECONDS,
};
use base64::{engine::general_purpose::STANDARD, Engine};
use msec_commitments::Hash;
use sfv::{BareItem, Dictionary, ListEntry, Parser};
use std::{
	collections::HashMap,
	sync::{Mutex, PoisonError},
	time::{SystemTime, UNIX_EPOCH},
};
use subxt::utils::AccountId32;

/// Why a request is not accepted as signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
	/// A header is missing, or there twice.
	#[error("exactly one header {0} is needed")]
	Missing(&'static str),
	/// A header is too long or does not have the required form.
	#[error("the header {0} does not have the required form")]
	Malformed(&'static str),
	/// The scheme or the key is unknown.
	#[error("the key or its algorithm is unknown")]
	UnknownKey,
	/// The signature is not one of this request by this key.
	#[error("the signature does not fit the request")]
	Mismatch,
	/// The request was signed for another server. Whoever received it there cannot use it here.
	#[error("signed for another server; check the address")]
	OtherAudience,
	/// The request was signed too long ago, or in the future.
	#[error(
		"signed more than {WINDOW_SECONDS} seconds ago or {AHEAD_SECONDS} seconds ahead; check the clock"
	)]
	OutsideWindow,
	/// The nonce was used before.
	#[error("the nonce was used before")]
	Replayed,
	/// Signed before this process can know which nonces were used. Signing anew helps.
	#[error("signed before the server started; sign again")]
	BeforeStart,
	/// So many requests are under way that no more nonces can be kept. Trying later helps.
	#[error("too many requests within {WINDOW_SECONDS} seconds; try later")]
	Overloaded,
}

impl SignatureError {
	/// A short name for programs.
	pub fn code(&self) -> &'static str {
		match self {
			Self::Missing(_) => "signature-missing",
			Self::Malformed(_) => "signature-malformed",
			Self::UnknownKey => "unknown-key",
			Self::Mismatch => "signature-mismatch",
			Self::OtherAudience => "other-audience",
			Self::OutsideWindow => "outside-window",
			Self::Replayed => "replayed",
			Self::BeforeStart => "before-start",
			Self::Overloaded => "overloaded",
		}
	}

	/// After how many seconds the same request, signed anew, may be accepted.
	pub fn retry_after(&self) -> Option<u64> {
		match self {
			Self::BeforeStart => Some(AHEAD_SECONDS + 1),
			Self::Overloaded => Some(1),
			_ => None,
		}
	}
}

/// Verifies requests and remembers the nonces that were claimed.
///
/// What a process accepted before it stopped is forgotten; therefore it takes only what was signed
/// later than anything that could have been accepted when it started.
pub struct Verifier {
	audience: String,
	started: u64,
	capacity: usize,
	used: Mutex<Used>,
}

/// The nonces that were claimed.
#[derive(Default)]
struct Used {
	/// Account and nonce, with the second until which the window lets them pass.
	nonces: HashMap<([u8; 32], String), u64>,
	/// The latest such second of a nonce that was forgotten.
	forgotten: u64,
}

impl Used {
	/// Forgets what the window does not let pass any more.
	fn forget(&mut self, now: u64) {
		let Self { nonces, forgotten } = self;
		nonces.retain(|_, until| {
			let passes = *until >= now;
			if !passes {
				*forgotten = (*forgotten).max(*until);
			}
			passes
		});
	}
}

/// A request with a correct signature whose nonce is not yet used up.
pub struct Unclaimed<'a> {
	verifier: &'a Verifier,
	nonce: String,
	created: u64,
	verified: Verified,
}

/// Who signed a request, and for which body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
	/// The account.
	pub account: AccountId32,
	/// What the SHA-256 of the body must be.
	pub content_digest: Hash,
}

impl Verifier {
	/// A verifier for the server that clients know as `audience`, which keeps at most `capacity` nonces.
	pub fn new(audience: &str, capacity: usize) -> Self {
		Self::started_at(audience, now(), capacity)
	}

	pub(super) fn started_at(audience: &str, started: u64, capacity: usize) -> Self {
		Self { audience: audience.to_owned(), started, capacity, used: Mutex::default() }
	}

	/// Checks form, time and signature. `header` yields all values of the header of a name.
	pub fn verify<'a, 'h, I>(
		&'a self,
		request: &RequestParts,
		header: impl Fn(&'static str) -> I,
	) -> Result<Unclaimed<'a>, SignatureError>
	where
		I: Iterator<Item = &'h [u8]>,
	{
		self.verify_at(now(), request, header)
	}

	pub(super) fn verify_at<'a, 'h, I>(
		&'a self,
		now: u64,
		request: &RequestParts,
		header: impl Fn(&'static str) -> I,
	) -> Result<Unclaimed<'a>, SignatureError>
	where
		I: Iterator<Item = &'h [u8]>,
	{
		let text = |name| single(header(name), name);
		let digest_text = text(CONTENT_DIGEST)?;
		let content_digest =
			parse_content_digest(digest_text).ok_or(SignatureError::Malformed(CONTENT_DIGEST))?;
		let parameters = Parameters::parse(text(SIGNATURE_INPUT)?)
			.ok_or(SignatureError::Malformed(SIGNATURE_INPUT))?;
		let signature =
			parse_signature(text(SIGNATURE)?).ok_or(SignatureError::Malformed(SIGNATURE))?;

		let oldest = now.saturating_sub(WINDOW_SECONDS);
		if !(oldest..=now.saturating_add(AHEAD_SECONDS)).contains(&parameters.created) {
			return Err(SignatureError::OutsideWindow);
		}
		let key = Algorithm::from_name(&parameters.algorithm)
			.and_then(|algorithm| PublicKey::from_key_id(algorithm, &parameters.key_id))
			.ok_or(SignatureError::UnknownKey)?;
		if !key.verify(parameters.base(request, digest_text).as_bytes(), &signature) {
			return Err(SignatureError::Mismatch);
		}
		if parameters.audience != self.audience {
			return Err(SignatureError::OtherAudience);
		}
		if parameters.created <= self.started.saturating_add(AHEAD_SECONDS) {
			return Err(SignatureError::BeforeStart);
		}
		Ok(Unclaimed {
			verifier: self,
			nonce: parameters.nonce,
			created: parameters.created,
			verified: Verified { account: key.account(), content_digest },
		})
	}

	fn claim(
		&self,
		now: u64,
		account: [u8; 32],
		nonce: String,
		created: u64,
	) -> Result<(), SignatureError> {
		let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
		if used.nonces.len() >= self.capacity {
			used.forget(now);
		}
		let until = created.saturating_add(WINDOW_SECONDS);
		// After a clock was set back, the window lets pass what was forgotten.
		if until <= used.forgotten {
			return Err(SignatureError::OutsideWindow);
		}
		let full = used.nonces.len() >= self.capacity;
		match used.nonces.entry((account, nonce)) {
			std::collections::hash_map::Entry::Occupied(_) => Err(SignatureError::Replayed),
			std::collections::hash_map::Entry::Vacant(_) if full => Err(SignatureError::Overloaded),
			std::collections::hash_map::Entry::Vacant(entry) => {
				entry.insert(until);
				Ok(())
			},
		}
	}
}

impl Unclaimed<'_> {
	/// Who signed. To be asked for a decision only: until [`Self::claim`] the request may be a replay.
	pub fn account(&self) -> &AccountId32 {
		&self.verified.account
	}

	/// Uses up the nonce. To be done once the request is known to be allowed, or its refusal is counted
	/// against a limit, so that strangers cannot fill the memory.
	pub fn claim(self) -> Result<Verified, SignatureError> {
		self.claim_at(now())
	}

	pub(super) fn claim_at(self, now: u64) -> Result<Verified, SignatureError> {
		self.verifier.claim(now, self.verified.account.0, self.nonce, self.created)?;
		Ok(self.verified)
	}
}

fn single<'h>(
	mut values: impl Iterator<Item = &'h [u8]>,
	name: &'static str,
) -> Result<&'h str, SignatureError> {
	let (Some(value), None) = (values.next(), values.next()) else {
		return Err(SignatureError::Missing(name));
	};
	std::str::from_utf8(value)
		.ok()
		.filter(|value| value.len() <= MAX_HEADER_LENGTH)
		.ok_or(SignatureError::Malformed(name))
}

fn parse_signature(header: &str) -> Option<Vec<u8>> {
	let dictionary: Dictionary = Parser::new(header).parse().ok()?;
	let mut members = dictionary.iter();
	let (Some((label, ListEntry::Item(item))), None) = (members.next(), members.next()) else {
		return None;
	};
	match &item.bare_item {
		// Base64 can be written in several forms; one is enough.
		BareItem::ByteSequence(bytes)
			if label.as_str() == LABEL
				&& header == format!("{LABEL}=:{}:", STANDARD.encode(bytes)) =>
		{
			Some(bytes.clone())
		},
		_ => None,
	}
}

fn now() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
