// What the tests of both libraries share: what the harness tells them, deadlines, and the report.
import { readFileSync, writeFileSync } from 'node:fs';

import { Keyring } from '@polkadot/keyring';
import { blake2AsHex, cryptoWaitReady } from '@polkadot/util-crypto';
import { hexToU8a, u8aConcat } from '@polkadot/util';

/** Longest time for anything that waits for the chain, in milliseconds. */
export const DEADLINE = 90_000;

/** What the harness says: see README.md. */
export function journey() {
	return {
		node: required('MSEC_NODE'),
		listing: hash('MSEC_LISTING'),
		buyerKey: hash('MSEC_BUYER_KEY'),
		report: required('MSEC_REPORT'),
	};
}

/** The buyer's account, out of a polkadot.js JSON file, unlocked. */
export async function buyer() {
	await cryptoWaitReady();
	const pair = new Keyring().addFromJson(
		JSON.parse(readFileSync(required('MSEC_BUYER_JSON'), 'utf8')),
	);
	pair.unlock(readFileSync(required('MSEC_BUYER_PASSWORD_FILE'), 'utf8').trimEnd());
	return pair;
}

/** The identifier that an order has because of what was signed: the chain computes it in the same way. */
export function orderId(listing, beneficiary, buyerKey) {
	return blake2AsHex(u8aConcat(hexToU8a(listing), beneficiary.publicKey, hexToU8a(buyerKey)), 256);
}

/** Waits for `promise`, but not longer than the deadline. */
export async function within(promise, what, milliseconds = DEADLINE) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(
			() => reject(new Error(`no ${what} within ${milliseconds / 1000} s`)),
			milliseconds,
		);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}

/** Tells the harness what was bought. */
export function report(path, purchase) {
	writeFileSync(path, `${JSON.stringify(purchase)}\n`);
}

function required(name) {
	const value = process.env[name];
	if (!value) {
		throw new Error(`${name} is not set: tests/javascript/README.md says what it must be`);
	}
	return value;
}

function hash(name) {
	const value = required(name)
		.replace(/^(0x)?/, '0x')
		.toLowerCase();
	if (!/^0x[0-9a-f]{64}$/.test(value)) {
		throw new Error(`${name} must be 32 bytes in hexadecimal digits`);
	}
	return value;
}
