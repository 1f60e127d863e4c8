// How batches travel and rest.

import { concat, equal, fromUtf8, readU32, u32, utf8 } from './bytes.js';
import {
	chunkLeaf,
	decodeCommitment,
	encodeCommitment,
	MAX_CHUNK_CIPHERTEXT,
	MAX_CHUNKS_PER_BATCH,
	type SealedChunk,
} from './chunk.js';
import { sha256 } from './hash.js';
import { root } from './merkle.js';
import type { BatchCommitment } from './range.js';

const MAGIC = 'MSB1';
const HEADER_LENGTH = 12;
const CHUNK_HEADER_LENGTH = 96 + 4;
const MIN_CHUNK_CIPHERTEXT = 16;
/** Most bytes in a frame: about 4.1 MiB. */
export const MAX_FRAME_LENGTH =
	HEADER_LENGTH + MAX_CHUNKS_PER_BATCH * (CHUNK_HEADER_LENGTH + MAX_CHUNK_CIPHERTEXT);

/** Bytes are not a frame. */
export class FrameError extends Error {
	override readonly name = 'FrameError';
}

/** A batch whose ciphertexts fit their commitments. */
export interface Frame {
	/** Position of the batch in its data set. */
	readonly batch: number;
	/** What the chain is told of the batch. */
	readonly commitment: BatchCommitment;
	/** The chunks from first to last. */
	readonly chunks: readonly SealedChunk[];
	/** The frame as it travels. */
	readonly bytes: Uint8Array;
}

/** Frames the chunks of a batch. */
export function encodeFrame(batch: number, chunks: readonly SealedChunk[]): Frame {
	const parts = chunks.flatMap(({ commitment, ciphertext }) => [
		encodeCommitment(commitment),
		u32(ciphertext.length),
		ciphertext,
	]);
	return decodeFrame(concat(utf8(MAGIC), u32(batch), u32(chunks.length), ...parts));
}

/** Reads exactly one frame. */
export function decodeFrame(bytes: Uint8Array): Frame {
	if (bytes.length < HEADER_LENGTH || !equal(bytes.subarray(0, 4), utf8(MAGIC))) {
		throw new FrameError('a frame begins with MSB1');
	}
	const [batch, count] = [readU32(bytes, 4), readU32(bytes, 8)];
	if (count < 1 || count > MAX_CHUNKS_PER_BATCH) {
		throw new FrameError(`batch ${batch} has ${count} chunks`);
	}
	const chunks: SealedChunk[] = [];
	let offset = HEADER_LENGTH;
	while (chunks.length < count) {
		const chunk = decodeChunk(bytes, offset, `chunk ${chunks.length} of batch ${batch}`);
		chunks.push(chunk);
		offset += CHUNK_HEADER_LENGTH + chunk.ciphertext.length;
	}
	if (offset !== bytes.length) {
		throw new FrameError('there is more than one frame');
	}
	const leaves = chunks.map(({ commitment }) => chunkLeaf(commitment));
	return { batch, commitment: { chunks: count, root: root(leaves) }, chunks, bytes };
}

function decodeChunk(bytes: Uint8Array, offset: number, which: string): SealedChunk {
	const start = offset + CHUNK_HEADER_LENGTH;
	if (bytes.length < start) {
		throw new FrameError('the last frame is cut off');
	}
	const length = readU32(bytes, start - 4);
	if (length < MIN_CHUNK_CIPHERTEXT || length > MAX_CHUNK_CIPHERTEXT) {
		throw new FrameError(`${which} has ${length} bytes`);
	}
	const ciphertext = bytes.subarray(start, start + length);
	if (ciphertext.length < length) {
		throw new FrameError('the last frame is cut off');
	}
	const commitment = decodeCommitment(bytes.subarray(offset, start - 4));
	if (!equal(sha256(ciphertext), commitment.ciphertext)) {
		throw new FrameError(`${which} is not the ciphertext that its commitment names`);
	}
	return { commitment, ciphertext };
}

/** The rows of a chunk with the header they stand under. */
export interface Rows {
	/** The first line, with its line break. */
	readonly header: string;
	/** All other lines, with their line breaks. */
	readonly rows: string;
}

/** Splits a chunk, which is a CSV document, into its header and its rows. */
export function splitHeader(chunk: Uint8Array): Rows {
	const text = fromUtf8(chunk);
	const end = text.indexOf('\n') + 1 || text.length;
	return { header: text.slice(0, end), rows: text.slice(end) };
}
