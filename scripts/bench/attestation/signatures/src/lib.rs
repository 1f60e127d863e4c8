//! Verifies signatures of TPMs, as a runtime would have to.

#![no_std]

extern crate alloc;

use alloc::{boxed::Box, vec};
use core::{panic::PanicInfo, slice};
use dlmalloc::GlobalDlmalloc;
use msec_evidence::AttestationKey;
use rsa::{
	pkcs1v15::{Signature, VerifyingKey},
	sha2::Sha256,
	signature::Verifier,
	BigUint, RsaPublicKey,
};

const EXPONENT: u32 = 65_537;

#[global_allocator]
static ALLOCATOR: GlobalDlmalloc = GlobalDlmalloc;

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
	core::arch::wasm32::unreachable()
}

/// Makes room for bytes, for ever.
#[no_mangle]
pub extern "C" fn allocate(length: usize) -> *mut u8 {
	Box::leak(vec![0; length].into_boxed_slice()).as_mut_ptr()
}

/// Whether the attestation key with this public area signed the message.
///
/// # Safety
///
/// All bytes were written to where [`allocate`] made room for so many.
#[no_mangle]
pub unsafe extern "C" fn verify_p256(
	public_area: *const u8,
	public_area_length: usize,
	message: *const u8,
	message_length: usize,
	signature: *const u8,
	signature_length: usize,
) -> bool {
	let public_area = slice::from_raw_parts(public_area, public_area_length);
	let message = slice::from_raw_parts(message, message_length);
	let signature = slice::from_raw_parts(signature, signature_length);
	let Ok(key) = AttestationKey::parse(public_area) else { return false };
	key.verify(message, signature).is_ok()
}

/// Whether the RSA key with this modulus, the first byte the highest, signed the message (RSASSA-PKCS1-v1_5
/// with SHA-256, RFC 8017, 8.2).
///
/// # Safety
///
/// All bytes were written to where [`allocate`] made room for so many.
#[no_mangle]
pub unsafe extern "C" fn verify_rsa(
	modulus: *const u8,
	modulus_length: usize,
	message: *const u8,
	message_length: usize,
	signature: *const u8,
	signature_length: usize,
) -> bool {
	let modulus = slice::from_raw_parts(modulus, modulus_length);
	let message = slice::from_raw_parts(message, message_length);
	let signature = slice::from_raw_parts(signature, signature_length);
	let Ok(key) = RsaPublicKey::new(BigUint::from_bytes_be(modulus), EXPONENT.into()) else {
		return false;
	};
	let Ok(signature) = Signature::try_from(signature) else { return false };
	VerifyingKey::<Sha256>::new(key).verify(message, &signature).is_ok()
}
