//! HTTP message signatures (RFC 9421) over method, path, query and body, with one label and single-use
//! nonces.
//!
//! A request carries three headers: `Content-Digest` (RFC 9530, SHA-256, also for an empty body),
//! `Signature-Input` with exactly the components `@method`, `@path`, `@query` and `content-digest` and
//! the parameters `created`, `nonce`, `keyid`, `alg` and `tag`, and `Signature`, both under the label
//! `msec`. The tag names the server that is asked, so that no other accepts what it receives.

mod algorithm;
mod base;
mod digest;
mod sign;
mod verify;

pub use algorithm::{Algorithm, PublicKey};
pub use digest::{content_digest, parse_content_digest, BodyDigest};
pub use sign::{sign_request, sign_request_with, SignedHeaders};
pub use verify::{SignatureError, Unclaimed, Verified, Verifier};

/// Name of the header with the body's digest.
pub const CONTENT_DIGEST: &str = "content-digest";
/// Name of the header that says what is signed.
pub const SIGNATURE_INPUT: &str = "signature-input";
/// Name of the header with the signature.
pub const SIGNATURE: &str = "signature";

/// How far a request's time may lie before the verifier's, in seconds.
pub const WINDOW_SECONDS: u64 = 60;
/// How far a request's time may lie after the verifier's, in seconds: what clocks differ by.
pub const AHEAD_SECONDS: u64 = 5;
/// Most bytes in one of the signature's headers.
const MAX_HEADER_LENGTH: usize = 1024;
/// Fewest characters of a nonce: sixteen bytes in base64.
const MIN_NONCE_LENGTH: usize = 22;
/// Most characters of a nonce.
const MAX_NONCE_LENGTH: usize = 88;

/// The parts of a request that a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestParts<'a> {
	/// The method in capitals.
	pub method: &'a str,
	/// The path, as it is sent.
	pub path: &'a str,
	/// What follows `?`, where there is one.
	pub query: Option<&'a str>,
}

#[cfg(test)]
mod tests;
