// A data set's tree over its batches, and proofs that a chunk belongs to it.

import { concat, u32 } from './bytes.js';
import { chunkLeaf, encodeCommitment, MAX_CHUNKS_PER_BATCH, type ChunkCommitment } from './chunk.js';
import { sha256 } from './hash.js';
import { inclusionPath, leafHash, nodeHash, rootFromPath, verifyInclusion } from './merkle.js';

/** What the chain is told of a batch. */
export interface BatchCommitment {
	/** Number of chunks, from 1 to {@link MAX_CHUNKS_PER_BATCH}. */
	readonly chunks: number;
	/** Head of the Merkle tree over the chunks' commitments. */
	readonly root: Uint8Array;
}

/** The first batches of a data set, committed to by one hash. */
export interface RangeCommitment {
	/** Number of batches, counted from the first. */
	readonly batches: number;
	/** Merkle tree head over the batches. */
	readonly root: Uint8Array;
}

/** The batch as a leaf of the data set's tree. */
export function batchLeaf(batch: BatchCommitment): Uint8Array {
	return leafHash(concat(u32(batch.chunks), batch.root));
}

/** The commitment to batches from the first on, of which only the peaks of their tree are kept. */
export class Peaks {
	#batches = 0;
	#hashes: Uint8Array[] = [];

	/** Adds a batch. */
	append(batch: BatchCommitment): void {
		if (this.#batches === 0xffff_ffff) {
			throw new RangeError('a data set cannot have more batches');
		}
		let hash = batchLeaf(batch);
		for (let rest = this.#batches; rest % 2 === 1; rest = Math.floor(rest / 2)) {
			const left = this.#hashes.pop();
			if (left !== undefined) {
				hash = nodeHash(left, hash);
			}
		}
		this.#hashes.push(hash);
		this.#batches += 1;
	}

	/** The commitment to all batches that were added. */
	range(): RangeCommitment {
		const head = this.#hashes.reduceRight<Uint8Array | undefined>(
			(hash, peak) => (hash === undefined ? peak : nodeHash(peak, hash)),
			undefined,
		);
		return { batches: this.#batches, root: head ?? sha256() };
	}
}

/** A chunk's commitment with its way up to the data set's tree head. */
export interface ChunkProof {
	/** Which batch of the data set. */
	readonly batch: number;
	/** Which chunk of the batch. */
	readonly chunk: number;
	/** How many chunks the batch has. */
	readonly chunks: number;
	/** The chunk's leaf. */
	readonly commitment: ChunkCommitment;
	/** From the chunk's leaf to the batch's head. */
	readonly chunkPath: readonly Uint8Array[];
	/** From the batch's leaf to the data set's head. */
	readonly batchPath: readonly Uint8Array[];
}

/** Proves a chunk, given all chunks of its batch and all batches of the range. */
export function proveChunk(
	batches: readonly BatchCommitment[],
	batch: number,
	chunks: readonly ChunkCommitment[],
	chunk: number,
): ChunkProof {
	const chunkPath = inclusionPath(chunks.map(chunkLeaf), chunk);
	const batchPath = inclusionPath(batches.map(batchLeaf), batch);
	const commitment = chunks[chunk];
	if (commitment === undefined) {
		throw new RangeError('there is no such chunk');
	}
	return { batch, chunk, chunks: chunks.length, commitment, chunkPath, batchPath };
}

/** Whether the chunk belongs to the range. */
export function verifyChunk(proof: ChunkProof, range: RangeCommitment): boolean {
	const leaf = chunkLeaf(proof.commitment);
	const found = rootFromPath(leaf, proof.chunk, proof.chunks, proof.chunkPath);
	if (found === undefined || proof.chunks > MAX_CHUNKS_PER_BATCH) {
		return false;
	}
	const batch = batchLeaf({ chunks: proof.chunks, root: found });
	return verifyInclusion(batch, proof.batch, range.batches, proof.batchPath, range.root);
}

/** The SCALE encoding of a proof, as disputes take it. */
export function encodeProof(proof: ChunkProof): Uint8Array {
	const path = (hashes: readonly Uint8Array[]) => {
		if (hashes.length > 32) {
			throw new RangeError('a path has at most 32 hashes');
		}
		return concat(Uint8Array.of(hashes.length * 4), ...hashes);
	};
	return concat(
		u32(proof.batch),
		u32(proof.chunk),
		u32(proof.chunks),
		encodeCommitment(proof.commitment),
		path(proof.chunkPath),
		path(proof.batchPath),
	);
}
