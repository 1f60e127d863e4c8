import { accountFromUri, Market, parseAmount, type Purchase } from '@m-sec/sdk';

/** Buys the cheapest air temperatures near New York, and gives them as CSV. */
export async function quickStart(
	node: string,
	phrase: string,
	keep: (purchase: Purchase) => Promise<void>,
): Promise<string> {
	const market = await Market.connect(node, accountFromUri(phrase));
	try {
		const maxPrice = parseAmount('5');
		const [offer] = await market.search({ kind: 'air-temperature', place: 'dr5x', maxPrice });
		if (offer === undefined) {
			throw new Error('nothing is on offer');
		}

		// The secret of the purchase opens what is bought: keep it before you pay.
		const purchase = market.prepare(offer);
		await keep(purchase);
		await market.buy(purchase);
		await market.waitForKey(purchase);

		// Fetched, decrypted, and compared with what the seller committed to, chunk by chunk.
		let csv = '';
		for await (const { text } of market.fetchTables(purchase)) {
			csv += text;
		}
		await market.confirm(purchase.order);
		return csv;
	} finally {
		await market.close();
	}
}
