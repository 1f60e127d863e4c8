// One secret for all batches of a data set, from which the keys of exactly the batches that were sold
// can be handed out.

import { checkLength, concat, readU32, u32, utf8 } from './bytes.js';
import { ChunkKey } from './chunk.js';
import { hmacSha256 } from './hash.js';

const HEIGHT = 32;
const MAX_BATCHES = 2 ** 32 - 1;
const MAX_NODES = 32;
const NODE_LENGTH = 1 + 4 + 32;
/** In a node's height: it is the first of a later generation, and its index is that one's first batch. */
const BEGINS_GENERATION = 0x80;

interface KeyNode {
	/** Distance from the leaves, 0 to 31, and perhaps BEGINS_GENERATION. */
	readonly height: number;
	/** Position among the nodes of the same height in its generation. */
	readonly index: number;
	readonly seed: Uint8Array;
}

/** A node as it lies in its generation. */
interface PlacedNode {
	/** The first batch of its generation. */
	readonly first: number;
	readonly height: number;
	readonly index: number;
	readonly seed: Uint8Array;
}

/** The secret of one batch. */
export class BatchKey {
	readonly #bytes: Uint8Array;

	constructor(bytes: Uint8Array) {
		this.#bytes = checkLength(bytes, 32);
	}

	/** The key of the batch's chunk `index`. */
	chunkKey(index: number): ChunkKey {
		return new ChunkKey(hmacSha256(this.#bytes, utf8('m-sec chunk key'), u32(index)));
	}
}

/** The secret of a data set. */
export class KeyTree {
	/** The seed, to be sealed for owner and key agent. */
	readonly seed: Uint8Array;

	/** The tree that grows from `seed`: 32 bytes that nobody can guess. */
	constructor(seed: Uint8Array) {
		this.seed = checkLength(seed, 32);
	}

	/** The key of batch `index`. */
	batchKey(index: number): BatchKey {
		return new BatchKey(descend(this.seed, HEIGHT, 0, index));
	}

	/** The secrets of exactly the first `batches` batches. */
	cover(batches: number): KeyCover {
		const nodes: KeyNode[] = [];
		let first = 0;
		for (let height = HEIGHT - 1; height >= 0; height -= 1) {
			const size = 2 ** height;
			if (first + size <= batches) {
				const index = first / size;
				nodes.push({ height, index, seed: descend(this.seed, HEIGHT, height, index) });
				first += size;
			}
		}
		return new KeyCover(nodes);
	}
}

/** The secrets of the first batches of a data set. */
export class KeyCover {
	readonly #nodes: readonly KeyNode[];
	readonly #placed: readonly PlacedNode[];
	/** Number of batches whose keys the cover yields, counted from the first. */
	readonly batches: number;

	/**
	 * The nodes must lie side by side from batch 0 on. Where a generation begins, it takes over from what
	 * the one before has left.
	 */
	constructor(nodes: readonly KeyNode[]) {
		let first = 0;
		let batches = 0;
		this.#placed = nodes.map((node) => {
			const begins = node.height >= BEGINS_GENERATION;
			const height = begins ? node.height - BEGINS_GENERATION : node.height;
			const index = begins ? 0 : node.index;
			const size = 2 ** height;
			const fits = begins
				? node.index > first && node.index <= batches
				: index * size === batches - first;
			if (begins) {
				first = node.index;
				batches = first;
			}
			if (height >= HEIGHT || !fits || batches + size > MAX_BATCHES) {
				throw new TypeError('the nodes of a cover lie side by side from batch 0 on');
			}
			batches += size;
			return { first, height, index, seed: node.seed };
		});
		this.#nodes = nodes;
		this.batches = batches;
	}

	/** The key of batch `index`; undefined when it is not covered. */
	batchKey(index: number): BatchKey | undefined {
		if (index >= this.batches) {
			return undefined;
		}
		// What a later generation has is not that of an earlier one.
		const node = this.#placed.findLast(
			({ first, height, index: position }) =>
				index >= first && Math.floor((index - first) / 2 ** height) === position,
		);
		return node && new BatchKey(descend(node.seed, node.height, 0, index - node.first));
	}

	/** SCALE encoding. */
	encode(): Uint8Array {
		const nodes = this.#nodes.map(({ height, index, seed }) =>
			concat(Uint8Array.of(height), u32(index), seed),
		);
		// At most 32 nodes, so that their number is one byte in SCALE.
		return concat(Uint8Array.of(nodes.length * 4), ...nodes);
	}

	/** Reads a cover; refuses anything else, also when something follows. */
	static decode(bytes: Uint8Array): KeyCover {
		const count = (bytes[0] ?? 1) / 4;
		if (!Number.isInteger(count) || count > MAX_NODES) {
			throw new TypeError('this is not a cover');
		}
		checkLength(bytes, 1 + count * NODE_LENGTH);
		const nodes = Array.from({ length: count }, (_, position) => {
			const start = 1 + position * NODE_LENGTH;
			const seed = bytes.slice(start + 5, start + NODE_LENGTH);
			return { height: bytes[start] ?? HEIGHT, index: readU32(bytes, start + 1), seed };
		});
		return new KeyCover(nodes);
	}
}

/** The seed of node `index` at height `to`, below the node at height `from` whose seed is `seed`. */
function descend(seed: Uint8Array, from: number, to: number, index: number): Uint8Array {
	let node = seed;
	for (let level = from - 1; level >= to; level -= 1) {
		const bit = Math.floor(index / 2 ** (level - to)) % 2;
		node = hmacSha256(node, Uint8Array.of(bit));
	}
	return node;
}
