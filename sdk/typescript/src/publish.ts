// From chunks to a data set: encrypted, uploaded to its stores, committed to on the chain.
//
// A batch is written to the journal before anybody sees it. What an interrupted publication left there
// is sent first, so that no key ever encrypts two different chunks.

import { equal, utf8, type Hex } from './bytes.js';
import { MAX_CHUNK_PLAINTEXT, MAX_CHUNKS_PER_BATCH } from './chunk.js';
import { decodeFrame, encodeFrame, type Frame } from './frame.js';
import type { KeyTree } from './key-tree.js';
import type { BatchCommitment } from './range.js';
import type { Stores } from './stores.js';

/** Chunks of a batch: about one mebibyte of rows. */
const CHUNKS_PER_BATCH = MAX_CHUNKS_PER_BATCH / 4;
/** Batches that are sealed before they are committed to together. */
const BATCHES_AT_ONCE = 16;

/** Keeps what was sealed until it is committed to. */
export interface Journal {
	/** Keeps a frame. It must be safe, whatever happens, when the promise resolves. */
	add(batch: number, frame: Uint8Array): Promise<void>;
	/** All frames that are kept, in the order of their batches. */
	frames(): Promise<Uint8Array[]>;
	/** Drops a frame. */
	remove(batch: number): Promise<void>;
}

/** What was published. */
export interface Published {
	/** Position of the first batch. */
	readonly firstBatch: number;
	/** Number of batches. */
	readonly batches: number;
}

/** Nothing, or not everything, was published. */
export class PublishError extends Error {
	override readonly name = 'PublishError';
}

/** What a publisher needs. */
export interface PublisherParts {
	readonly dataset: Hex;
	readonly tree: KeyTree;
	readonly stores: Stores;
	readonly journal: Journal;
	/** How many batches the finalized chain has; undefined when there is no such data set. */
	committed(): Promise<number | undefined>;
	/** Commits to batches on the chain. */
	append(first: number, batches: readonly BatchCommitment[]): Promise<void>;
}

/** Publishes into one data set. */
export class Publisher {
	readonly #parts: PublisherParts;

	constructor(parts: PublisherParts) {
		this.#parts = parts;
	}

	/** Publishes what is in the journal, and then all `chunks`. */
	async publish(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Published> {
		await this.#flush();
		const firstBatch = await this.#committed();
		await this.#adopt(firstBatch);
		let next = firstBatch;
		let pending: Uint8Array[] = [];
		const seal = async () => {
			const key = this.#parts.tree.batchKey(next);
			const sealed = pending.map((chunk, number) => key.chunkKey(number).seal(chunk));
			await this.#parts.journal.add(next, encodeFrame(next, sealed).bytes);
			next += 1;
			pending = [];
			if ((next - firstBatch) % BATCHES_AT_ONCE === 0) {
				await this.#flush();
			}
		};
		for await (const chunk of chunks) {
			pending.push(chunk);
			if (pending.length === CHUNKS_PER_BATCH) {
				await seal();
			}
		}
		if (pending.length > 0) {
			await seal();
		}
		await this.#flush();
		return { firstBatch, batches: next - firstBatch };
	}

	/** Uploads and commits to everything that is in the journal. */
	async #flush(): Promise<void> {
		const { journal, stores } = this.#parts;
		const frames = (await journal.frames()).map(decodeFrame);
		const committed = frames.length > 0 ? await this.#committed() : 0;
		const fresh: BatchCommitment[] = [];
		for (const frame of frames) {
			if (frame.batch > committed + fresh.length) {
				throw new PublishError(
					`the data set has ${committed} batches where ${frame.batch} were expected; publish from one place only`,
				);
			}
			// What is committed to already is compared by the store with what it has.
			await stores.upload(frame);
			if (frame.batch >= committed) {
				fresh.push(frame.commitment);
			}
		}
		if (fresh.length > 0) {
			await this.#parts.append(committed, fresh);
		}
		for (const { batch } of frames) {
			await journal.remove(batch);
		}
	}

	/** Commits to what was sealed by a journal that was lost: its keys must not be used again. */
	async #adopt(first: number): Promise<void> {
		const lost = new Map<number, Frame>();
		const { stores, journal, tree, dataset } = this.#parts;
		for (const client of stores.clients) {
			const listed = await client.batches(dataset, first, first + BATCHES_AT_ONCE);
			for (const index of listed.keys()) {
				const frame = await client.batch(dataset, first + index);
				if (isOurs(tree, frame) && !lost.has(frame.batch)) {
					lost.set(frame.batch, openable(tree, frame));
				}
			}
		}
		for (const frame of lost.values()) {
			await journal.add(frame.batch, frame.bytes);
		}
		if (lost.size > 0) {
			await this.#flush();
			throw new PublishError(
				`${lost.size} batches from batch ${first} on were uploaded and not committed to, and the ` +
					'journal that knew of them is lost; they are committed to now. Nothing else was published',
			);
		}
	}

	async #committed(): Promise<number> {
		const committed = await this.#parts.committed();
		if (committed === undefined) {
			throw new PublishError('the data set does not exist on this chain, or was erased');
		}
		return committed;
	}
}

/** Whether a key of `tree` was used in the frame. */
function isOurs(tree: KeyTree, frame: Frame): boolean {
	const key = tree.batchKey(frame.batch);
	return frame.chunks.some(({ commitment }, number) =>
		equal(key.chunkKey(number).commitment(), commitment.key),
	);
}

/** The frame, when it is whole. */
function openable(tree: KeyTree, frame: Frame): Frame {
	const key = tree.batchKey(frame.batch);
	try {
		frame.chunks.forEach((chunk, number) => key.chunkKey(number).open(chunk));
		return frame;
	} catch (cause) {
		throw new PublishError(
			`batch ${frame.batch} was sealed before, and a store has it in another form; publish into another data set`,
			{ cause },
		);
	}
}

/**
 * Cuts a table in CSV, whose first column is `time`, into chunks: CSV documents of their own, each with
 * the header. The text may come in parts, cut anywhere.
 */
export async function* csvChunks(
	text: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<Uint8Array, void> {
	let header: string | undefined;
	let chunk = '';
	let length = 0;
	for await (const line of lines(text)) {
		if (header === undefined) {
			header = checkHeader(line);
			continue;
		}
		const size = utf8(line).length;
		if (length > 0 && length + size > MAX_CHUNK_PLAINTEXT) {
			yield utf8(chunk);
			length = 0;
		}
		if (length === 0) {
			chunk = header;
			length = utf8(header).length;
		}
		chunk += line;
		length += size;
		if (length > MAX_CHUNK_PLAINTEXT) {
			throw new PublishError(`a row has more than ${MAX_CHUNK_PLAINTEXT} bytes with its header`);
		}
	}
	if (length > 0) {
		yield utf8(chunk);
	}
}

function checkHeader(line: string): string {
	if (!/^time,[^\n]+\n$/.test(line)) {
		throw new PublishError('the first line must be `time` and the names of the columns');
	}
	return line;
}

/** The lines of a text, each with a line feed at its end. */
async function* lines(
	text: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<string, void> {
	let rest = '';
	for await (const part of text) {
		rest += part;
		const complete = rest.split('\n');
		rest = complete.pop() ?? '';
		for (const line of complete) {
			yield checkLine(`${line}\n`);
		}
		if (rest.length > MAX_CHUNK_PLAINTEXT) {
			throw new PublishError(`a row has more than ${MAX_CHUNK_PLAINTEXT} bytes`);
		}
	}
	if (rest !== '') {
		yield checkLine(`${rest}\n`);
	}
}

/** A field that goes on in the next line could be cut in two. */
function checkLine(line: string): string {
	if (line.includes('\r') || (line.match(/"/g)?.length ?? 0) % 2 === 1) {
		throw new PublishError('rows end with a line feed, and their fields have none');
	}
	return line;
}
