// Sealed keys: HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
// ChaCha20-Poly1305.

import { Chacha20Poly1305 } from '@hpke/chacha20poly1305';
import { CipherSuite, HkdfSha256 } from '@hpke/core';
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519';
import { x25519 } from '@noble/curves/ed25519.js';

import { checkLength, concat, fromHex, randomBytes, utf8, type Hex } from './bytes.js';
import { KeyCover, KeyTree } from './key-tree.js';

/** Most bytes in an envelope. */
export const MAX_ENVELOPE_LENGTH = 1280;
/** The suite's byte. */
const SUITE_X25519 = 1;
const KEY_LENGTH = 32;
const TAG_LENGTH = 16;
const OVERHEAD = 1 + KEY_LENGTH + TAG_LENGTH;

const suite = new CipherSuite({
	kem: new DhkemX25519HkdfSha256(),
	kdf: new HkdfSha256(),
	aead: new Chacha20Poly1305(),
});

/** What an order's envelope is bound to. */
export interface OrderContext {
	/** Hash of the chain's first block. */
	readonly genesis: Hex;
	/** The order. */
	readonly order: Hex;
	/** The data set that was bought. */
	readonly dataset: Hex;
}

/** Why an envelope does not open. */
export type EnvelopeFault =
	/** The suite is unknown or the length is impossible. */
	| 'Malformed'
	/** It was sealed for somebody or something else, or altered. */
	| 'Undecryptable'
	/** It opened, but does not hold the keys of the first batches of a data set. */
	| 'NotACover'
	/** It has the keys of fewer batches than were bought. */
	| 'TooFew';

/** An envelope does not open. */
export class EnvelopeError extends Error {
	override readonly name = 'EnvelopeError';

	constructor(readonly fault: EnvelopeFault) {
		super(`the envelope does not open: ${fault}`);
	}
}

/** The X25519 public key of a secret. */
export function encryptionKey(secret: Uint8Array): Uint8Array {
	return x25519.getPublicKey(checkLength(secret, KEY_LENGTH));
}

/** Seals the keys of an order's batches for its buyer. */
export function sealOrder(
	cover: KeyCover,
	buyerKey: Uint8Array,
	context: OrderContext,
): Promise<Uint8Array> {
	return seal(cover.encode(), buyerKey, orderInfo(context));
}

/** Opens an order's envelope with the order's secret. */
export async function openOrder(
	envelope: Uint8Array,
	secret: Uint8Array,
	context: OrderContext,
): Promise<KeyCover> {
	const plaintext = await open(envelope, secret, orderInfo(context));
	try {
		return KeyCover.decode(plaintext);
	} catch {
		throw new EnvelopeError('NotACover');
	}
}

/** Wraps a data set's secret for its owner or key agent. */
export function wrapKeyTree(
	tree: KeyTree,
	recipient: Uint8Array,
	genesis: Hex,
	dataset: Hex,
): Promise<Uint8Array> {
	return seal(tree.seed, recipient, wrapInfo(genesis, dataset));
}

/** Unwraps a data set's secret. */
export async function unwrapKeyTree(
	wrapped: Uint8Array,
	secret: Uint8Array,
	genesis: Hex,
	dataset: Hex,
): Promise<KeyTree> {
	const seed = await open(wrapped, secret, wrapInfo(genesis, dataset));
	if (seed.length !== KEY_LENGTH) {
		throw new EnvelopeError('Malformed');
	}
	return new KeyTree(seed);
}

/** A new secret for an order, or to have keys wrapped for. */
export function generateSecret(): Uint8Array {
	return randomBytes(KEY_LENGTH);
}

function orderInfo({ genesis, order, dataset }: OrderContext): Uint8Array {
	const hashes = [genesis, order, dataset].map((hash) => fromHex(hash, 32));
	return concat(utf8('m-sec order envelope'), ...hashes);
}

function wrapInfo(genesis: Hex, dataset: Hex): Uint8Array {
	return concat(utf8('m-sec key tree'), fromHex(genesis, 32), fromHex(dataset, 32));
}

async function seal(
	plaintext: Uint8Array,
	recipient: Uint8Array,
	info: Uint8Array,
): Promise<Uint8Array> {
	const recipientPublicKey = await suite.kem.deserializePublicKey(buffer(recipient));
	const { enc, ct } = await suite.seal(
		{ recipientPublicKey, info: buffer(info) },
		buffer(plaintext),
	);
	return concat(Uint8Array.of(SUITE_X25519), new Uint8Array(enc), new Uint8Array(ct));
}

async function open(
	envelope: Uint8Array,
	secret: Uint8Array,
	info: Uint8Array,
): Promise<Uint8Array> {
	const { length } = envelope;
	if (envelope[0] !== SUITE_X25519 || length < OVERHEAD || length > MAX_ENVELOPE_LENGTH) {
		throw new EnvelopeError('Malformed');
	}
	const recipientKey = await suite.kem.deserializePrivateKey(buffer(secret));
	const enc = buffer(envelope.slice(1, 1 + KEY_LENGTH));
	try {
		const ciphertext = buffer(envelope.slice(1 + KEY_LENGTH));
		return new Uint8Array(
			await suite.open({ recipientKey, enc, info: buffer(info) }, ciphertext),
		);
	} catch {
		throw new EnvelopeError('Undecryptable');
	}
}

/** The bytes in a buffer of their own, as WebCrypto takes them. */
function buffer(bytes: Uint8Array): ArrayBuffer {
	return new Uint8Array(bytes).buffer;
}
