// The journey of a buyer whose wallet speaks @polkadot/api.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ApiPromise, WsProvider } from '@polkadot/api';
import { u8aToHex } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';

import { buyer, journey, orderId, report, within } from './journey.mjs';

const here = journey();
let api;

before(async () => {
	const provider = new WsProvider(here.node, 1_000, {}, 30_000);
	api = await within(ApiPromise.create({ provider, noInitWarn: true }), 'connection');
});

after(async () => {
	await api?.disconnect();
});

test('every transaction and every event of every block decodes, events to the byte', async () => {
	const last = (await api.rpc.chain.getHeader()).number.toNumber();
	let count = 0;
	for (let number = 0; number <= last; number += 1) {
		const block = await api.rpc.chain.getBlockHash(number);
		const { extrinsics } = (await api.rpc.chain.getBlock(block)).block;
		assert.ok(extrinsics.every(({ method }) => method.section && method.toHuman()));
		const then = await api.at(block);
		const events = await then.query.system.events();
		const stored = await api.rpc.state.getStorage(api.query.system.events.key(), block);
		assert.equal(
			u8aToHex(events.toU8a()),
			stored.isSome ? stored.unwrap().toHex() : '0x00',
			`block ${number}`,
		);
		for (const { event } of events) {
			assert.doesNotMatch(
				event.meta.fields.map(({ type }) => type.toString()).join(),
				/DoNotConstruct/,
			);
			assert.ok(event.section && event.method && event.toHuman(), `block ${number}`);
			count += 1;
		}
	}
	assert.ok(count > last, 'every block has at least the event of its inherent');
});

test('the listing reads, and its hash is that of its terms', async () => {
	const listing = (await api.query.marketplace.listings(here.listing)).unwrap();
	assert.ok(listing.status.isActive);
	assert.equal(blake2AsHex(listing.terms.toU8a(), 256), listing.termsHash.toHex());
	const dataset = (await api.query.records.datasets(listing.terms.dataset)).unwrap();
	assert.ok(dataset.status.isActive);
	assert.ok(dataset.batches.toNumber() > 0);
});

test('a keyring account buys, and may read once that is final', async () => {
	const account = await buyer();
	const listing = (await api.query.marketplace.listings(here.listing)).unwrap();
	const price = listing.terms.pricing.isFree
		? 0n
		: listing.terms.pricing.asOneTime.price.toBigInt();
	const held = await heldPayments(account.address);

	const call = api.tx.marketplace.buy(here.listing, listing.termsHash, price, null, here.buyerKey);
	const { block, events } = await within(finalized(call, account), 'finalized purchase');

	const opened = events
		.map(({ event }) => event)
		.find((event) => api.events.marketplace.OrderOpened.is(event));
	assert.ok(opened, 'the purchase opened an order');
	const [order, , , payer, beneficiary, amount, batches] = opened.data;
	assert.equal(order.toHex(), orderId(here.listing, account, here.buyerKey));
	assert.equal(payer.toHex(), u8aToHex(account.publicKey));
	assert.equal(beneficiary.toHex(), payer.toHex());
	assert.equal(amount.toBigInt(), price);
	assert.ok(batches.toNumber() > 0);
	// From outside the escrow is visible as a hold, until the order ends; an agent may be quick.
	const then = await api.at(block);
	assert.equal(await heldPayments(account.address, then), held + price);

	const decision = await then.call.accessControlApi.canAccess(
		account.address,
		listing.terms.dataset,
		'Read',
		null,
	);
	assert.ok(decision.asAllow.isOrder);
	const grants = await then.query.accessControl.grants(listing.terms.dataset, account.address);
	const orders = grants.filter(({ source }) => source.isOrder);
	assert.ok(orders.some(({ source }) => source.asOrder.eq(order)));

	report(here.report, { order: order.toHex(), buyer: account.address, price: price.toString() });
});

/** What the market holds from `address` for orders that have not ended. */
async function heldPayments(address, at = api) {
	const holds = await at.query.balances.holds(address);
	return holds
		.filter(({ id }) => id.isMarketplace && id.asMarketplace.isPayment)
		.reduce((sum, { amount }) => sum + amount.toBigInt(), 0n);
}

/** Signs and sends `call`; resolves to its block and events once that block is final. */
function finalized(call, account) {
	return new Promise((resolve, reject) => {
		call
			.signAndSend(account, ({ status, events, dispatchError, isError }) => {
				if (isError) {
					reject(new Error(`the purchase was dropped: ${status.type}`));
				} else if (status.isFinalized && dispatchError) {
					reject(new Error(explain(dispatchError)));
				} else if (status.isFinalized) {
					resolve({ block: status.asFinalized, events });
				}
			})
			.catch(reject);
	});
}

function explain(error) {
	if (!error.isModule) {
		return error.toString();
	}
	const { section, name, docs } = api.registry.findMetaError(error.asModule);
	return `${section}.${name}: ${docs.join(' ')}`;
}
