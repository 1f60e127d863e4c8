// The journey of a buyer whose application speaks dedot.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { u8aToHex } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';
import { DedotClient, LegacyClient, WsProvider } from 'dedot';

import { buyer, journey, orderId, report, within } from './journey.mjs';

const here = journey();
let client;

before(async () => {
	client = await within(DedotClient.new(new WsProvider(here.node)), 'connection');
});

after(async () => {
	await client?.disconnect();
});

test('the client speaks the chain-head interface', () => {
	assert.equal(client.rpcVersion, 'v2');
});

test('every event of every block decodes to the byte', async () => {
	const archive = await within(LegacyClient.new(new WsProvider(here.node)), 'connection');
	try {
		const last = (await archive.rpc.chain_getHeader()).number;
		let count = 0;
		for (let number = 0; number <= last; number += 1) {
			const block = await archive.rpc.chain_getBlockHash(number);
			const then = await archive.at(block);
			const events = await then.query.system.events();
			const stored = await archive.rpc.state_getStorage(then.query.system.events.rawKey(), block);
			const { valueTypeId } = then.query.system.events.meta.storageType.value;
			const encoded = then.registry.findCodec(valueTypeId).tryEncode(events);
			assert.equal(u8aToHex(encoded), stored ?? '0x00', `block ${number}`);
			count += events.length;
		}
		assert.ok(count > last, 'every block has at least the event of its inherent');
	} finally {
		await archive.disconnect();
	}
});

test('the listing reads the same from storage and from the view function', async () => {
	const listing = await client.query.marketplace.listings(here.listing);
	assert.equal(listing.status, 'Active');
	assert.deepEqual(await client.view.marketplace.listing(here.listing), listing);
	const ofOwner = await client.view.marketplace.listingsByOwner(listing.owner, undefined, 100);
	assert.ok(ofOwner.some(([id]) => id === here.listing));
	const dataset = await client.view.records.dataset(listing.terms.dataset);
	assert.equal(dataset.status, 'Active');
	assert.ok(dataset.range.batches > 0);
});

test('a keyring account buys, and may read once that is final', async () => {
	const account = await buyer();
	const listing = await client.query.marketplace.listings(here.listing);
	const price = listing.terms.pricing.type === 'Free' ? 0n : listing.terms.pricing.value.price;

	const call = client.tx.marketplace.buy(
		here.listing,
		listing.termsHash,
		price,
		undefined,
		here.buyerKey,
	);
	const result = await within(call.signAndSend(account).untilFinalized(), 'finalized purchase');
	assert.equal(result.dispatchError, undefined, explain(result.dispatchError));

	const opened = client.events.marketplace.OrderOpened.find(result.events);
	assert.ok(opened, 'the purchase opened an order');
	const { order, payer, beneficiary, price: amount, batches } = opened.palletEvent.data;
	assert.equal(order, orderId(here.listing, account, here.buyerKey));
	assert.ok(payer.eq(account.address));
	assert.ok(beneficiary.eq(account.address));
	assert.equal(amount, price);
	assert.ok(batches > 0);

	const then = await client.at(result.status.value.blockHash);
	const decision = await then.call.accessControlApi.canAccess(
		account.address,
		listing.terms.dataset,
		'Read',
		undefined,
	);
	assert.equal(decision.type, 'Allow');
	assert.equal(decision.value.type, 'Order');
	const grants = await then.view.accessControl.grants(listing.terms.dataset, account.address);
	assert.ok(grants.some(({ source }) => source.type === 'Order' && source.value === order));
	const awaiting = await then.view.marketplace.awaitingDelivery(
		listing.terms.dataset,
		undefined,
		100,
	);
	assert.ok(
		awaiting.some(([id]) => id === order),
		'key agents find the order',
	);

	report(here.report, { order, buyer: account.address, price: price.toString() });
});

function explain(error) {
	const meta = error && client.registry.findErrorMeta(error);
	return meta ? `${meta.pallet}.${meta.name}: ${meta.docs.join(' ')}` : JSON.stringify(error);
}
