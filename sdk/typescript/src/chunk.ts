// Encryption of one chunk and the commitment to it.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js';

import { checkLength, concat, equal, utf8 } from './bytes.js';
import { hmacSha256, sha256 } from './hash.js';
import { leafHash } from './merkle.js';

/** Most bytes of readings in a chunk. */
export const MAX_CHUNK_PLAINTEXT = 4096;
/** Most bytes of a chunk's ciphertext: the readings and the authentication tag. */
export const MAX_CHUNK_CIPHERTEXT = MAX_CHUNK_PLAINTEXT + 16;
/** Most chunks in a batch. */
export const MAX_CHUNKS_PER_BATCH = 1024;

/** A chunk key is used once. */
const NONCE = new Uint8Array(12);

/** What a leaf of a batch's tree says of a chunk: three hashes of 32 bytes. */
export interface ChunkCommitment {
	/** HMAC-SHA256 of the plaintext under a salt that only holders of the chunk key can compute. */
	readonly plaintext: Uint8Array;
	/** SHA-256 of the ciphertext. */
	readonly ciphertext: Uint8Array;
	/** HMAC-SHA256 of a fixed label under the chunk key. */
	readonly key: Uint8Array;
}

/** An encrypted chunk with its commitment. */
export interface SealedChunk {
	readonly commitment: ChunkCommitment;
	readonly ciphertext: Uint8Array;
}

/** Why a chunk does not open. */
export type ChunkFault =
	/** The commitment was made to another key. */
	| 'OtherKey'
	/** The ciphertext is not the one that was committed to. */
	| 'OtherCiphertext'
	/** The committed ciphertext is not an encryption under the committed key. */
	| 'Undecryptable'
	/** What the ciphertext decrypts to is not the plaintext that was committed to. */
	| 'OtherPlaintext';

/** A chunk is not what was committed to. */
export class ChunkError extends Error {
	override readonly name = 'ChunkError';

	constructor(readonly fault: ChunkFault) {
		super(`the chunk is not what was committed to: ${fault}`);
	}
}

/** A commitment as 96 bytes. */
export function encodeCommitment(commitment: ChunkCommitment): Uint8Array {
	return concat(commitment.plaintext, commitment.ciphertext, commitment.key);
}

/** A commitment from 96 bytes. */
export function decodeCommitment(bytes: Uint8Array): ChunkCommitment {
	checkLength(bytes, 96);
	return {
		plaintext: bytes.slice(0, 32),
		ciphertext: bytes.slice(32, 64),
		key: bytes.slice(64, 96),
	};
}

/** The chunk as a leaf of its batch's tree. */
export function chunkLeaf(commitment: ChunkCommitment): Uint8Array {
	return leafHash(encodeCommitment(commitment));
}

/** The secret of one chunk. */
export class ChunkKey {
	/** The key's bytes, to be revealed in a dispute. */
	readonly bytes: Uint8Array;

	constructor(bytes: Uint8Array) {
		this.bytes = checkLength(bytes, 32);
	}

	/** The commitment to this key. */
	commitment(): Uint8Array {
		return hmacSha256(this.bytes, utf8('m-sec key commitment'));
	}

	/** Encrypts at most {@link MAX_CHUNK_PLAINTEXT} bytes and commits to them. */
	seal(plaintext: Uint8Array): SealedChunk {
		if (plaintext.length > MAX_CHUNK_PLAINTEXT) {
			throw new RangeError(`a chunk has at most ${MAX_CHUNK_PLAINTEXT} bytes`);
		}
		const ciphertext = this.#cipher().encrypt(plaintext);
		const commitment = {
			plaintext: this.#commitTo(plaintext),
			ciphertext: sha256(ciphertext),
			key: this.commitment(),
		};
		return { commitment, ciphertext };
	}

	/** Decrypts, and checks key, ciphertext and plaintext against the commitment. */
	open({ commitment, ciphertext }: SealedChunk): Uint8Array {
		if (!equal(this.commitment(), commitment.key)) {
			throw new ChunkError('OtherKey');
		}
		if (!equal(sha256(ciphertext), commitment.ciphertext)) {
			throw new ChunkError('OtherCiphertext');
		}
		const plaintext = this.#decrypt(ciphertext);
		if (!equal(this.#commitTo(plaintext), commitment.plaintext)) {
			throw new ChunkError('OtherPlaintext');
		}
		return plaintext;
	}

	#decrypt(ciphertext: Uint8Array): Uint8Array {
		try {
			return this.#cipher().decrypt(ciphertext);
		} catch {
			throw new ChunkError('Undecryptable');
		}
	}

	#commitTo(plaintext: Uint8Array): Uint8Array {
		return hmacSha256(hmacSha256(this.bytes, utf8('m-sec plaintext salt')), plaintext);
	}

	#cipher() {
		return chacha20poly1305(hmacSha256(this.bytes, utf8('m-sec chunk cipher')), NONCE);
	}
}
