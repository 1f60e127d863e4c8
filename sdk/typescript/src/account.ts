// Accounts: sr25519 keys that sign transactions and requests.

import { pbkdf2 } from '@noble/hashes/pbkdf2.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import * as sr25519 from '@scure/sr25519';
import { decodeAddress, encodeAddress } from 'dedot/utils';

import { checkLength, concat, fromHex, randomBytes, utf8 } from './bytes.js';
import { blake2b256 } from './hash.js';

/** What development accounts such as `//Alice` are derived from. Everybody knows it. */
const DEVELOPMENT_PHRASE = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';
/** The chain's prefix of addresses (SS58). */
const PREFIX = 42;

/** Somebody who signs with an sr25519 key, in the context `substrate`. */
export interface Account {
	/** The account in SS58. */
	readonly address: string;
	/** The public key, which is the account's identifier: 32 bytes. */
	readonly publicKey: Uint8Array;
	/** Signs a message exactly as it is. */
	sign(message: Uint8Array): Uint8Array;
}

/**
 * The account of a secret URI: a phrase of English words or a seed of 32 bytes in hexadecimal digits
 * after `0x`, then derivation junctions (`//hard/soft`) and `///password`.
 */
export function accountFromUri(uri: string): Account {
	const match = /^(0x[0-9a-fA-F]{64}|[a-z ]*)((?:\/\/?[^/]+)*)(?:\/\/\/(.*))?$/s.exec(uri.trim());
	if (!match) {
		throw new TypeError('not a phrase, a seed or a derivation path');
	}
	const [, root = '', path = '', password = ''] = match;
	const seed = root.startsWith('0x')
		? fromHex(root, 32)
		: seedOfPhrase(root || DEVELOPMENT_PHRASE, password);
	const junctions = path.match(/\/\/?[^/]+/g) ?? [];
	return new KeyAccount(junctions.reduce(derive, sr25519.secretFromSeed(seed)));
}

/** A new account and the twelve words from which it can be made again. */
export function generateAccount(): { account: Account; phrase: string } {
	const phrase = entropyToMnemonic(randomBytes(16), wordlist);
	return { account: accountFromUri(phrase), phrase };
}

/** The public key in an address (SS58). */
export function publicKeyOf(address: string): Uint8Array {
	return checkLength(decodeAddress(address), 32);
}

class KeyAccount implements Account {
	readonly #secret: Uint8Array;
	readonly publicKey: Uint8Array;
	readonly address: string;

	constructor(secret: Uint8Array) {
		this.#secret = secret;
		this.publicKey = sr25519.getPublicKey(secret);
		this.address = encodeAddress(this.publicKey, PREFIX);
	}

	sign(message: Uint8Array): Uint8Array {
		return sr25519.sign(this.#secret, message);
	}
}

/** PBKDF2 is keyed by the entropy, and not by the words: that is what the chain's wallets do. */
function seedOfPhrase(phrase: string, password: string): Uint8Array {
	const entropy = mnemonicToEntropy(phrase, wordlist);
	const salt = utf8(`mnemonic${password}`);
	return pbkdf2(sha512, entropy, salt, { c: 2048, dkLen: 64 }).slice(0, 32);
}

function derive(secret: Uint8Array, junction: string): Uint8Array {
	const isHard = junction.startsWith('//');
	const code = chainCode(junction.slice(isHard ? 2 : 1));
	return isHard
		? sr25519.HDKD.secretHard(secret, code)
		: sr25519.HDKD.secretSoft(secret, code, randomBytes(32));
}

/** A junction in SCALE, padded or hashed to 32 bytes. */
function chainCode(junction: string): Uint8Array {
	const encoded = /^\d+$/.test(junction) ? encodeNumber(junction) : encodeText(junction);
	if (encoded.length > 32) {
		return blake2b256(encoded);
	}
	return concat(encoded, new Uint8Array(32 - encoded.length));
}

function encodeNumber(digits: string): Uint8Array {
	const bytes = new Uint8Array(8);
	new DataView(bytes.buffer).setBigUint64(0, BigInt(digits), true);
	return bytes;
}

function encodeText(text: string): Uint8Array {
	const bytes = utf8(text);
	if (bytes.length >= 2 ** 14) {
		throw new RangeError('a junction is too long');
	}
	const length = bytes.length * 4;
	const prefix = bytes.length < 64 ? [length] : [(length + 1) & 0xff, length >> 8];
	return concat(Uint8Array.from(prefix), bytes);
}
