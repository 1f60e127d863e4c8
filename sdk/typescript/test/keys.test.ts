import assert from 'node:assert/strict';
import { test } from 'node:test';

import { verify } from '@scure/sr25519';
import { $Metadata, PortableRegistry } from 'dedot/codecs';

import { utf8 } from '../src/bytes.js';
import { blake2b256 } from '../src/hash.js';
import {
	accountFromUri,
	datasetId,
	encryptionKey,
	EnvelopeError,
	formatAmount,
	fromHex,
	generateAccount,
	generateSecret,
	KeyTree,
	listingId,
	openOrder,
	orderId,
	parseAmount,
	publicKeyOf,
	sealOrder,
	signatureBase,
	signRequest,
	toHex,
	unwrapKeyTree,
	wrapKeyTree,
	type EnvelopeFault,
} from '../src/index.js';
import { metadata, vectors } from './vectors.js';

const sealed = vectors.sealed_keys;
const { seed } = vectors.key_tree;

function envelopeFault(expected: EnvelopeFault) {
	return (error: unknown) => error instanceof EnvelopeError && error.fault === expected;
}

test('accounts are derived as in the vectors', () => {
	for (const { uri, public_key, address } of vectors.accounts) {
		const account = accountFromUri(uri);
		assert.equal(toHex(account.publicKey), public_key);
		assert.equal(account.address, address);
		assert.deepEqual(publicKeyOf(address), account.publicKey);
	}
	for (const uri of ['0x12', 'one two three', '0xzz', 'Alice']) {
		assert.throws(() => accountFromUri(uri));
	}
});

test('a generated account is found again by its words', () => {
	const { account, phrase } = generateAccount();
	assert.equal(phrase.split(' ').length, 12);
	assert.equal(accountFromUri(phrase).address, account.address);
});

test('identifiers are those of the vectors', () => {
	const { account, dataset, listing, order } = vectors.identifiers;
	const owner = fromHex(account);
	assert.equal(datasetId(owner, fromHex(dataset.salt)), dataset.id);
	assert.equal(listingId(owner, listing.dataset, fromHex(listing.salt)), listing.id);
	assert.equal(orderId(order.listing, owner, fromHex(order.buyer_key)), order.id);
});

test('the envelope of the vectors opens for its order and recipient only', async () => {
	const secret = fromHex(sealed.secret);
	assert.equal(toHex(encryptionKey(secret)), sealed.recipient);
	const cover = await openOrder(fromHex(sealed.envelope), secret, sealed);
	assert.equal(cover.batches, sealed.batches);
	const tree = new KeyTree(fromHex(seed));
	assert.deepEqual(cover.encode(), tree.cover(sealed.batches).encode());

	const open = (envelope: Uint8Array, key = secret, context = sealed) =>
		openOrder(envelope, key, context);
	const envelope = fromHex(sealed.envelope);
	const other = { ...sealed, order: sealed.dataset };
	await assert.rejects(open(envelope, secret, other), envelopeFault('Undecryptable'));
	await assert.rejects(open(envelope, generateSecret()), envelopeFault('Undecryptable'));
	await assert.rejects(open(envelope.slice(0, 40)), envelopeFault('Malformed'));
	await assert.rejects(open(Uint8Array.of(2, ...envelope.slice(1))), envelopeFault('Malformed'));
	const altered = Uint8Array.from(envelope);
	altered[100]! ^= 1;
	await assert.rejects(open(altered), envelopeFault('Undecryptable'));
});

test('what is sealed here opens here', async () => {
	const secret = generateSecret();
	const cover = new KeyTree(fromHex(seed)).cover(5);
	const envelope = await sealOrder(cover, encryptionKey(secret), sealed);
	assert.deepEqual((await openOrder(envelope, secret, sealed)).encode(), cover.encode());
	await assert.rejects(sealOrder(cover, new Uint8Array(32), sealed));
});

test('the wrapped secret of the vectors unwraps', async () => {
	const { genesis, dataset } = sealed;
	const secret = fromHex(sealed.secret);
	const tree = await unwrapKeyTree(fromHex(sealed.wrapped_seed), secret, genesis, dataset);
	assert.equal(toHex(tree.seed), seed);
	const wrapped = await wrapKeyTree(tree, fromHex(sealed.recipient), genesis, dataset);
	assert.deepEqual((await unwrapKeyTree(wrapped, secret, genesis, dataset)).seed, tree.seed);
	await assert.rejects(openOrder(wrapped, secret, sealed), envelopeFault('Undecryptable'));
});

test('requests are signed as in the vectors', () => {
	for (const vector of vectors.requests) {
		const { method, path, created, nonce, audience, public_key } = vector;
		const request = { method, path, query: vector.query ?? undefined, body: utf8(vector.body) };
		const signed = signatureBase(vector.account, audience, request, { created, nonce });
		assert.equal(signed.base, vector.base);
		assert.equal(signed.contentDigest, vector.content_digest);
		const account = accountFromUri('//Bob');
		const headers = signRequest(account, audience, request, { created, nonce });
		assert.equal(headers['signature-input'], vector.signature_input);
		for (const signature of [headers.signature, vector.signature]) {
			const bytes = Buffer.from(signature.slice('msec=:'.length, -1), 'base64');
			assert.ok(verify(utf8(vector.base), bytes, fromHex(public_key)));
		}
		const fresh = signRequest(account, audience, request);
		assert.notEqual(fresh['signature-input'], headers['signature-input']);
	}
});

test('terms have the hash of the vectors, by the checked-in metadata', () => {
	const { latest } = $Metadata.tryDecode(metadata());
	const registry = new PortableRegistry(latest);
	const path = 'pallet_marketplace::types::ListingTerms';
	const type = latest.types.find((type) => type.path.join('::') === path);
	assert.ok(type);
	const text = (value: string) => toHex(utf8(value));
	for (const terms of vectors.terms) {
		const price = terms.price === null ? undefined : BigInt(terms.price);
		const encoded = registry.findCodec(type.id).tryEncode({
			dataset: terms.dataset,
			right: terms.right === 'read' ? 'Read' : assert.fail(terms.right),
			kind: text(terms.kind),
			unit: text(terms.unit),
			intervalSeconds: terms.interval_seconds,
			place: text(terms.place),
			licence: text(terms.licence),
			sample: text(terms.sample),
			pricing: price === undefined ? { type: 'Free' } : { type: 'OneTime', value: { price } },
			deliveryPeriod: terms.delivery_period,
			confirmationPeriod: terms.confirmation_period,
			accessPeriod: terms.access_period,
			maximumVerdictAge: terms.maximum_verdict_age ?? undefined,
		});
		assert.equal(toHex(encoded), terms.encoded);
		assert.equal(toHex(blake2b256(encoded)), terms.hash);
	}
});

test('amounts are in whole MSEC', () => {
	assert.equal(parseAmount('2.5'), 2_500_000_000_000n);
	assert.equal(parseAmount('0.000000000001 MSEC'), 1n);
	assert.equal(formatAmount(2_500_000_000_000n), '2.5 MSEC');
	assert.equal(formatAmount(10n ** 12n), '1 MSEC');
	for (const text of ['', '.5', '-1', '1,5', '1.0000000000001', '1e3', '9'.repeat(40)]) {
		assert.throws(() => parseAmount(text), text);
	}
});
