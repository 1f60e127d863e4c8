import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';

import {
	accountFromUri,
	csvChunks,
	decodeFrame,
	encodeFrame,
	generateAccount,
	KeyTree,
	MAX_CHUNK_PLAINTEXT,
	openBatch,
	Publisher,
	PublishError,
	splitHeader,
	StoreClient,
	StoreError,
	Stores,
	toHex,
	type BatchCommitment,
	type Frame,
	type Hex,
} from '../src/index.js';
import { FileJournal } from '../src/node.js';
import { utf8 } from '../src/bytes.js';

const DATASET: Hex = `0x${'07'.repeat(32)}`;
const tree = new KeyTree(new Uint8Array(32).fill(1));
const servers: Server[] = [];
const folders: string[] = [];

/** A store on the loopback interface that keeps what it is given. */
class FakeStore {
	readonly frames = new Map<number, Uint8Array>();
	/** Answers to come before anything else. */
	readonly refusals: { status: number; body: string }[] = [];
	requests = 0;

	answer(method: string, target: string, body: Uint8Array): Uint8Array | undefined {
		const url = new URL(target, 'http://store');
		const path = `/v1/datasets/${DATASET}/batches`;
		if (method === 'POST' && url.pathname === path) {
			this.frames.set(decodeFrame(body).batch, body);
			return utf8('[]');
		}
		if (url.pathname === path) {
			const [from, to] = ['from', 'to'].map((name) => Number(url.searchParams.get(name)));
			const listed = [...this.frames.values()].map((bytes) => decodeFrame(bytes));
			const page = listed
				.filter(({ batch }) => batch >= from! && batch < to!)
				.sort((left, right) => left.batch - right.batch)
				.map(({ batch, commitment }) => ({ batch, chunks: commitment.chunks, root: toHex(commitment.root) }));
			return utf8(JSON.stringify(page));
		}
		return this.frames.get(Number(url.pathname.slice(path.length + 1)));
	}

	async client(): Promise<StoreClient> {
		const server = createServer(async (request, response) => {
			const parts: Uint8Array[] = [];
			for await (const part of request) {
				parts.push(part as Uint8Array);
			}
			this.requests += 1;
			const refusal = this.refusals.shift();
			if (refusal !== undefined) {
				response.writeHead(refusal.status, { 'retry-after': '0' }).end(refusal.body);
				return;
			}
			const body = new Uint8Array(Buffer.concat(parts));
			const answer = this.answer(request.method!, request.url!, body);
			response.writeHead(answer ? 200 : 404).end(answer);
		});
		servers.push(server);
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const { port } = server.address() as AddressInfo;
		const { account } = generateAccount();
		return new StoreClient(`http://127.0.0.1:${port}`, account.address, accountFromUri('//Bob'));
	}
}

/** A chain that takes everything, in memory. */
class FakeChain {
	batches: BatchCommitment[] = [];
	committed = async () => this.batches.length;
	append = async (first: number, batches: readonly BatchCommitment[]) => {
		assert.equal(first, this.batches.length);
		this.batches.push(...batches);
	};
}

let store: FakeStore;
let chain: FakeChain;
let folder: string;

beforeEach(async () => {
	store = new FakeStore();
	chain = new FakeChain();
	folder = await mkdtemp(join(tmpdir(), 'msec-sdk-'));
	folders.push(folder);
});

after(async () => {
	servers.forEach((server) => server.close());
	await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

async function publisher(journal = new FileJournal(join(folder, 'journal'))): Promise<Publisher> {
	const stores = new Stores(DATASET, [await store.client()]);
	const { committed, append } = chain;
	return new Publisher({ dataset: DATASET, tree, stores, journal, committed, append });
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
	const all: T[] = [];
	for await (const item of items) {
		all.push(item);
	}
	return all;
}

function table(rows: number): string {
	const row = (number: number) =>
		`2024-01-01T00:${String(Math.floor(number / 60)).padStart(2, '0')}:${String(number % 60).padStart(2, '0')}Z,${number}\n`;
	return `time,value\n${Array.from({ length: rows }, (_, number) => row(number)).join('')}`;
}

function sealed(seed: number, batch: number): Frame {
	const key = new KeyTree(new Uint8Array(32).fill(seed)).batchKey(batch);
	const chunk = utf8('time,a\n1,2\n');
	return encodeFrame(batch, [key.chunkKey(0).seal(chunk), key.chunkKey(1).seal(chunk)]);
}

test('chunks are bounded, have the header each, and lose nothing, however the text is cut', async () => {
	const text = table(2000);
	for (const size of [7, 100_000]) {
		const parts = text.match(new RegExp(`[^]{1,${size}}`, 'g'))!;
		const chunks = await collect(csvChunks(parts));
		assert.ok(chunks.length > 10);
		assert.ok(chunks.every(({ length }) => length <= MAX_CHUNK_PLAINTEXT));
		const split = chunks.map(splitHeader);
		assert.ok(split.every(({ header }) => header === 'time,value\n'));
		assert.equal(`time,value\n${split.map(({ rows }) => rows).join('')}`, text);
	}
	assert.deepEqual(await collect(csvChunks(['time,a\n'])), []);
	for (const text of ['a,b\n1,2\n', 'time,a\n1,"x\n', 'time,a\r\n', `time,a\n1,${'x'.repeat(5000)}\n`]) {
		await assert.rejects(collect(csvChunks([text])), PublishError);
	}
});

test('what is published is at the store, committed to, and opens', async () => {
	const chunks = await collect(csvChunks([table(3000)]));
	const half = chunks.slice(0, 3);
	assert.deepEqual(await (await publisher()).publish(half), { firstBatch: 0, batches: 1 });
	const many = Array.from({ length: 300 }, () => chunks[0]!);
	assert.deepEqual(await (await publisher()).publish(many), { firstBatch: 1, batches: 2 });
	assert.deepEqual(chain.batches.map(({ chunks }) => chunks), [3, 256, 44]);
	const [client] = [await store.client()];
	const fetched = await new Stores(DATASET, [client]).batch(0, chain.batches[0]!);
	assert.deepEqual(openBatch(tree.cover(3), fetched), half);
	assert.deepEqual(await new FileJournal(join(folder, 'journal')).frames(), []);
});

test('what an interrupted publication left in the journal is sent first', async () => {
	const journal = new FileJournal(join(folder, 'journal'));
	await journal.add(0, sealed(1, 0).bytes);
	const published = await (await publisher(journal)).publish([utf8('time,a\n3,4\n')]);
	assert.deepEqual(published, { firstBatch: 1, batches: 1 });
	assert.deepEqual(store.frames.get(0), sealed(1, 0).bytes);
	assert.equal(chain.batches.length, 2);
});

test('keys of a journal that was lost are not used again', async () => {
	store.frames.set(0, sealed(1, 0).bytes);
	await assert.rejects((await publisher()).publish([utf8('time,a\n3,4\n')]), /are committed to now/);
	assert.deepEqual(chain.batches, [sealed(1, 0).commitment]);
	await (await publisher()).publish([utf8('time,a\n3,4\n')]);
	assert.equal(chain.batches.length, 2);
});

test('batches of somebody else do not count', async () => {
	store.frames.set(0, sealed(2, 0).bytes);
	await (await publisher()).publish([utf8('time,a\n3,4\n')]);
	assert.equal(chain.batches.length, 1);
	assert.notDeepEqual(store.frames.get(0), sealed(2, 0).bytes);
});

test('a damaged batch under keys of this data set stops everything', async () => {
	const [own, other] = [sealed(1, 0), sealed(2, 0)];
	store.frames.set(0, encodeFrame(0, [own.chunks[0]!, other.chunks[1]!]).bytes);
	await assert.rejects((await publisher()).publish([utf8('time,a\n3,4\n')]), /another data set/);
	assert.equal(chain.batches.length, 0);
});

test('another publisher is noticed', async () => {
	const journal = new FileJournal(join(folder, 'journal'));
	await journal.add(3, sealed(1, 3).bytes);
	await assert.rejects((await publisher(journal)).publish([]), /publish from one place only/);
});

test('what fails for a passing reason is tried again, everything else is told', async () => {
	const client = await store.client();
	store.frames.set(0, sealed(1, 0).bytes);
	store.refusals.push({ status: 503, body: '{"code":"busy"}' });
	store.refusals.push({ status: 401, body: '{"code":"before-start"}' });
	assert.equal((await client.batch(DATASET, 0)).batch, 0);
	assert.equal(store.requests, 3);

	const body = JSON.stringify({ title: 'no\u001b[2J', detail: 'x'.repeat(9999), refusal: 'Denied' });
	store.refusals.push({ status: 403, body });
	await assert.rejects(client.batch(DATASET, 0), (error) => {
		assert.ok(error instanceof StoreError);
		assert.equal(error.details.problem?.refusal, 'Denied');
		assert.match(error.message, /^the store answered 403 no\[2J \(Denied\): x{300}…$/);
		return true;
	});
	assert.equal(store.requests, 4);
});

test('the store that has what was committed to is found', async () => {
	const other = new FakeStore();
	for (const batch of [0, 1]) {
		store.frames.set(batch, sealed(1, batch).bytes);
		other.frames.set(batch, sealed(2, batch).bytes);
	}
	const stores = new Stores(DATASET, [await other.client(), await store.client()]);
	await assert.rejects(
		stores.commitments({ batches: 2, root: new Uint8Array(32) }),
		/lists other batches.*lists other batches/,
	);
	const expected = sealed(1, 1).commitment;
	assert.deepEqual((await stores.batch(1, expected)).commitment, expected);
	await assert.rejects(stores.batch(2, expected), StoreError);
});
