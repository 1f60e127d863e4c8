// An owner publishes a table and puts it on offer: node dist/examples/publish.js NODE FOLDER FILE.csv,
// with the phrase in MSEC_PHRASE, the store's account in MSEC_STORE, and the key agent's account and
// encryption key in MSEC_AGENT and MSEC_AGENT_KEY.

import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
	accountFromUri,
	csvChunks,
	encryptionKey,
	fromHex,
	generateSecret,
	Market,
	parseAmount,
	toHex,
} from '@m-sec/sdk';
import { FileJournal } from '@m-sec/sdk/node';

const [node = '', folder = '', table = ''] = process.argv.slice(2);
const { MSEC_PHRASE = '', MSEC_STORE = '', MSEC_AGENT = '', MSEC_AGENT_KEY = '' } = process.env;

const market = await Market.connect(node, accountFromUri(MSEC_PHRASE));
try {
	// What all keys of the data set grow from, and what brings it back: keep both before anything else.
	const secret = market.prepareDataset();
	const ownerSecret = generateSecret();
	await writeFile(
		join(folder, `${secret.dataset}.json`),
		JSON.stringify({ ...secret, ownerSecret: toHex(ownerSecret) }),
		{ flag: 'wx', mode: 0o600 },
	);
	await market.createDataset(secret, {
		stores: [MSEC_STORE],
		keyAgent: { address: MSEC_AGENT, key: fromHex(MSEC_AGENT_KEY, 32) },
		ownerKey: encryptionKey(ownerSecret),
	});
	const text = createReadStream(table, 'utf8') as AsyncIterable<string>;
	await market.publish(secret, new FileJournal(join(folder, 'journal')), csvChunks(text));
	const listing = await market.list({
		dataset: secret.dataset,
		kind: 'air-temperature',
		unit: '[degF]',
		intervalSeconds: 3_600,
		place: 'ezjm2',
		licence: 'CC0-1.0',
		price: parseAmount('3'),
		deliveryPeriod: 1_200,
		confirmationPeriod: 28_800,
		accessPeriod: 864_000,
	});
	process.stdout.write(`${listing}\n`);
} finally {
	await market.close();
}
