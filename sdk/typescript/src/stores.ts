// The stores of a data set, as one.

import { equal, type Hex } from './bytes.js';
import type { Frame } from './frame.js';
import { Peaks, type BatchCommitment, type RangeCommitment } from './range.js';
import { StoreError, type StoreClient } from './store-client.js';

/** Clients of the stores of one data set. */
export class Stores {
	constructor(
		readonly dataset: Hex,
		readonly clients: readonly StoreClient[],
	) {
		if (clients.length === 0) {
			throw new StoreError('no store of this data set is registered');
		}
	}

	/** The commitments of all batches in `range`, from the first store that lists the committed ones. */
	async commitments(range: RangeCommitment): Promise<BatchCommitment[]> {
		return this.#first(async (client) => {
			const batches = await client.batches(this.dataset, 0, range.batches);
			const peaks = new Peaks();
			batches.forEach((batch) => peaks.append(batch));
			const found = peaks.range();
			if (found.batches !== range.batches || !equal(found.root, range.root)) {
				throw new StoreError('it lists other batches than were committed to');
			}
			return batches;
		});
	}

	/** A batch, from the first store that has it as it was committed to. */
	async batch(index: number, expected: BatchCommitment): Promise<Frame> {
		return this.#first(async (client) => {
			const frame = await client.batch(this.dataset, index);
			const { chunks, root } = frame.commitment;
			if (chunks !== expected.chunks || !equal(root, expected.root)) {
				throw new StoreError(`it has another batch ${index} than was committed to`);
			}
			return frame;
		});
	}

	/** Uploads a batch to every store. */
	async upload(frame: Frame): Promise<void> {
		for (const client of this.clients) {
			await client.upload(this.dataset, frame);
		}
	}

	/** Leaves a wrapped secret for `recipient` at every store. */
	async putKey(recipient: Hex, wrapped: Uint8Array): Promise<void> {
		for (const client of this.clients) {
			await client.putKey(this.dataset, recipient, wrapped);
		}
	}

	async #first<T>(ask: (client: StoreClient) => Promise<T>): Promise<T> {
		const faults: string[] = [];
		for (const client of this.clients) {
			try {
				return await ask(client);
			} catch (error) {
				if (!(error instanceof StoreError)) {
					throw error;
				}
				faults.push(`${client.operator}: ${error.message}`);
			}
		}
		throw new StoreError(`no store of this data set helps: ${faults.join('; ')}`);
	}
}
