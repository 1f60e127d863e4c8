// SHA-256, HMAC-SHA256 and BLAKE2b-256 as used throughout.

import { blake2b } from '@noble/hashes/blake2.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

import { concat } from './bytes.js';

/** SHA-256 over the concatenation of `parts`. */
export function sha256(...parts: Uint8Array[]): Uint8Array {
	const hasher = nobleSha256.create();
	for (const part of parts) {
		hasher.update(part);
	}
	return hasher.digest();
}

/** HMAC-SHA256 under `key` over the concatenation of `parts`. */
export function hmacSha256(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
	const mac = hmac.create(nobleSha256, key);
	for (const part of parts) {
		mac.update(part);
	}
	return mac.digest();
}

/** BLAKE2b with 32 bytes of output over the concatenation of `parts`. */
export function blake2b256(...parts: Uint8Array[]): Uint8Array {
	return blake2b(concat(...parts), { dkLen: 32 });
}
