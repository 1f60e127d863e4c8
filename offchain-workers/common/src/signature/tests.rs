use super::{sign::sign_request_with, *};
use crate::keys::AccountKey;
use proptest::prelude::*;
use subxt_signer::ecdsa;

const AUDIENCE: &str = "5CSbpCKSTvZefZYddesUQ9w6NDye2PHbf12MwBZGBgzGeGoo";
const NOW: u64 = 1_800_000_000;
const REQUEST: RequestParts =
	RequestParts { method: "POST", path: "/v1/datasets/0x01/batches", query: Some("from=1&to=2") };

fn key() -> AccountKey {
	AccountKey::from_seed(&[7; 32])
}

fn signed(created: u64, nonce: u8) -> SignedHeaders {
	let nonce = format!("{nonce:032x}");
	sign_request_with(&key(), AUDIENCE, &REQUEST, &BodyDigest::of(b"body"), created, nonce)
}

fn verify(
	verifier: &Verifier,
	request: &RequestParts,
	headers: &[(&'static str, String)],
) -> Result<Verified, SignatureError> {
	let values = |name| {
		headers.iter().filter(move |(key, _)| *key == name).map(|(_, value)| value.as_bytes())
	};
	verifier.verify_at(NOW, request, values)?.claim_at(NOW)
}

fn pairs(headers: &SignedHeaders) -> Vec<(&'static str, String)> {
	headers.iter().map(|(name, value)| (name, value.to_owned())).to_vec()
}

fn verifier() -> Verifier {
	Verifier::started_at(AUDIENCE, NOW - 1000, 10)
}

#[test]
fn a_signed_request_is_accepted_once() {
	let verifier = verifier();
	let headers = pairs(&signed(NOW, 1));
	let verified = verify(&verifier, &REQUEST, &headers).unwrap();
	assert_eq!(verified.account, key().account_id());
	assert_eq!(verified.content_digest, BodyDigest::of(b"body"));
	assert_eq!(verify(&verifier, &REQUEST, &headers), Err(SignatureError::Replayed));
	assert!(verify(&verifier, &REQUEST, &pairs(&signed(NOW, 2))).is_ok());
}

#[test]
fn the_window_has_two_edges() {
	let verifier = verifier();
	let at = |created, nonce| verify(&verifier, &REQUEST, &pairs(&signed(created, nonce)));
	assert_eq!(at(NOW - 61, 1), Err(SignatureError::OutsideWindow));
	assert!(at(NOW - 60, 2).is_ok());
	assert!(at(NOW + 5, 3).is_ok());
	assert_eq!(at(NOW + 6, 4), Err(SignatureError::OutsideWindow));
}

#[test]
fn what_was_signed_for_another_server_is_refused() {
	let other = Verifier::started_at("another", NOW - 1000, 10);
	let headers = pairs(&signed(NOW, 1));
	assert_eq!(verify(&other, &REQUEST, &headers), Err(SignatureError::OtherAudience));
	let input = headers[1].1.replace(AUDIENCE, "another");
	let renamed = [headers[0].clone(), (SIGNATURE_INPUT, input), headers[2].clone()];
	assert_eq!(verify(&other, &REQUEST, &renamed), Err(SignatureError::Mismatch));
}

#[test]
fn what_was_signed_until_the_start_is_refused_and_may_be_signed_again() {
	// A clock that is ahead makes no difference: what was accepted before a restart stays refused.
	let verifier = Verifier::started_at(AUDIENCE, NOW - 5, 10);
	for created in [NOW - 5, NOW] {
		let error = verify(&verifier, &REQUEST, &pairs(&signed(created, 1))).unwrap_err();
		assert_eq!(error, SignatureError::BeforeStart);
		assert_eq!(error.retry_after(), Some(6));
	}
	assert!(verify(&verifier, &REQUEST, &pairs(&signed(NOW + 1, 1))).is_ok());
}

#[test]
fn memory_is_bounded_and_freed_when_the_window_has_passed() {
	let verifier = verifier();
	for nonce in 0..10 {
		verify(&verifier, &REQUEST, &pairs(&signed(NOW - 30, nonce))).unwrap();
	}
	let error = verify(&verifier, &REQUEST, &pairs(&signed(NOW, 10))).unwrap_err();
	assert_eq!(error, SignatureError::Overloaded);
	let headers = pairs(&signed(NOW + 31, 11));
	let values =
		|name| headers.iter().filter(move |(key, _)| *key == name).map(|(_, v)| v.as_bytes());
	let later = NOW + 31;
	verifier.verify_at(later, &REQUEST, values).unwrap().claim_at(later).unwrap();
}

/// What a verifier says at a time to a request that was created at another.
fn verify_at(
	verifier: &Verifier,
	now: u64,
	created: u64,
	nonce: u8,
) -> Result<Verified, SignatureError> {
	let headers = pairs(&signed(created, nonce));
	let values =
		|name| headers.iter().filter(move |(key, _)| *key == name).map(|(_, v)| v.as_bytes());
	verifier.verify_at(now, &REQUEST, values)?.claim_at(now)
}

/// Fault: the clock of the store, which is simulated here, jumps ahead, and back again
/// Promise: no request is accepted twice; signatures outside of the window of one minute are
/// refused with 401, and who signs by the right time is served at once when the clock is right
/// again
#[test]
fn a_clock_that_jumps_makes_no_request_pass_twice() {
	const HOUR: u64 = 3_600;
	let verifier = verifier();
	for nonce in 0..10 {
		verify_at(&verifier, NOW, NOW, nonce).unwrap();
	}
	// Ahead: what clients sign by the right time is too old, and the full memory is emptied.
	assert_eq!(verify_at(&verifier, NOW + HOUR, NOW, 20), Err(SignatureError::OutsideWindow));
	verify_at(&verifier, NOW + HOUR, NOW + HOUR, 21).unwrap();
	// Back: what was accepted before the jump is not accepted again, nor is anything as old.
	for nonce in [0, 9, 22] {
		let answer = verify_at(&verifier, NOW + 1, NOW, nonce);
		assert_eq!(answer, Err(SignatureError::OutsideWindow), "{nonce}");
	}
	verify_at(&verifier, NOW + 1, NOW + 1, 22).unwrap();
	let later = NOW + HOUR;
	assert_eq!(verify_at(&verifier, later, later, 21), Err(SignatureError::Replayed));
	verify_at(&verifier, later, later, 23).unwrap();
}

/// Fault: the clock of the store, which is simulated here, is set back while it runs
/// Promise: nonces stay used up, and requests that are signed by the new time are served at once
#[test]
fn a_clock_that_is_set_back_forgets_nothing() {
	let verifier = verifier();
	verify_at(&verifier, NOW, NOW, 1).unwrap();
	assert_eq!(verify_at(&verifier, NOW - 50, NOW - 50, 1), Err(SignatureError::Replayed));
	verify_at(&verifier, NOW - 50, NOW - 50, 2).unwrap();
	assert_eq!(verify_at(&verifier, NOW - 50, NOW, 1), Err(SignatureError::OutsideWindow));
	assert_eq!(verify_at(&verifier, NOW, NOW, 1), Err(SignatureError::Replayed));
}

#[test]
fn headers_must_be_there_once() {
	let headers = pairs(&signed(NOW, 1));
	for position in 0..headers.len() {
		let mut missing = headers.clone();
		let removed = missing.remove(position);
		let expected = Err(SignatureError::Missing(removed.0));
		assert_eq!(verify(&verifier(), &REQUEST, &missing), expected);
		let mut twice = headers.clone();
		twice.push(removed);
		assert_eq!(verify(&verifier(), &REQUEST, &twice), expected);
	}
}

#[test]
fn other_components_parameters_and_labels_are_refused() {
	let headers = signed(NOW, 1);
	let input = &headers.signature_input;
	for other in [
		input.replace("msec=", "sig1="),
		input.replace("\"@query\" ", ""),
		input.replace("\"@query\"", "\"@query\";req"),
		format!("{input};expires=1"),
		input.replace(&format!(";tag=\"{AUDIENCE}\""), ""),
		input.replace(";alg=\"sr25519\"", ""),
		format!("{input}, {}", input.replace("msec=", "other=")),
		input.replace(&format!("{:032x}", 1), "short"),
		"x".repeat(MAX_HEADER_LENGTH + 1),
	] {
		let altered = SignedHeaders { signature_input: other, ..headers.clone() };
		let outcome = verify(&verifier(), &REQUEST, &pairs(&altered));
		assert_eq!(outcome, Err(SignatureError::Malformed(SIGNATURE_INPUT)));
	}
}

#[test]
fn every_scheme_of_the_chain_verifies() {
	let message = b"message";
	let pair = ecdsa::dev::alice();
	let key_id = format!("0x{}", hex::encode(pair.public_key().0));
	let key = PublicKey::from_key_id(Algorithm::EcdsaSecp256k1Blake2, &key_id).unwrap();
	assert_eq!(key.account(), pair.public_key().to_account_id());
	assert!(key.verify(message, &pair.sign(message).0));
	assert!(!key.verify(b"massage", &pair.sign(message).0));

	let signing = ed25519_zebra::SigningKey::from([5; 32]);
	let public: [u8; 32] = ed25519_zebra::VerificationKey::from(&signing).into();
	let key_id = subxt::utils::AccountId32(public).to_string();
	let key = PublicKey::from_key_id(Algorithm::Ed25519, &key_id).unwrap();
	let signature: [u8; 64] = signing.sign(message).into();
	assert!(key.verify(message, &signature));
	assert!(!key.verify(b"massage", &signature));
	assert!(!key.verify(message, &signature[1..]));

	let account = super::tests::key();
	let hex = format!("0x{}", hex::encode(account.public()));
	for key_id in [account.address(), hex] {
		let key = PublicKey::from_key_id(Algorithm::Sr25519, &key_id).unwrap();
		assert!(key.verify(message, &account.sign(message)));
	}
	assert_eq!(Algorithm::from_name("rsa-v1_5-sha256"), None);
}

fn replace_byte(text: &str, position: usize, byte: u8) -> Option<String> {
	let mut bytes = text.as_bytes().to_vec();
	let position = position % bytes.len();
	if bytes[position] == byte {
		return None;
	}
	bytes[position] = byte;
	String::from_utf8(bytes).ok()
}

proptest! {
	#[test]
	fn arbitrary_headers_never_panic(
		digest in proptest::collection::vec(any::<u8>(), 0..200),
		input in proptest::collection::vec(any::<u8>(), 0..400),
		signature in proptest::collection::vec(any::<u8>(), 0..200),
	) {
		let verifier = verifier();
		let values = |name| std::iter::once(match name {
			CONTENT_DIGEST => digest.as_slice(),
			SIGNATURE_INPUT => input.as_slice(),
			_ => signature.as_slice(),
		});
		prop_assert!(verifier.verify_at(NOW, &REQUEST, values).is_err());
	}

	#[test]
	fn an_altered_request_is_refused(which in 0usize..3, position: usize, byte in 33u8..127) {
		let texts = [REQUEST.method, REQUEST.path, REQUEST.query.unwrap()];
		if let Some(altered) = replace_byte(texts[which], position, byte) {
			let request = match which {
				0 => RequestParts { method: &altered, ..REQUEST },
				1 => RequestParts { path: &altered, ..REQUEST },
				_ => RequestParts { query: Some(&altered), ..REQUEST },
			};
			let outcome = verify(&verifier(), &request, &pairs(&signed(NOW, 1)));
			prop_assert_eq!(outcome, Err(SignatureError::Mismatch));
		}
	}

	#[test]
	fn an_altered_header_is_refused(which in 0usize..3, position: usize, byte in 33u8..127) {
		let mut headers = pairs(&signed(NOW, 1));
		if let Some(altered) = replace_byte(&headers[which].1, position, byte) {
			headers[which].1 = altered;
			prop_assert!(verify(&verifier(), &REQUEST, &headers).is_err());
		}
	}
}
