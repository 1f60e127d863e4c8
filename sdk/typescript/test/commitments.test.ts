import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
	batchLeaf,
	ChunkError,
	ChunkKey,
	chunkLeaf,
	decodeFrame,
	encodeFrame,
	encodeProof,
	fromHex,
	FrameError,
	KeyCover,
	KeyTree,
	leafHash,
	MAX_CHUNK_PLAINTEXT,
	MAX_FRAME_LENGTH,
	Peaks,
	proveChunk,
	root,
	toHex,
	verifyChunk,
} from '../src/index.js';
import { u32, utf8 } from '../src/bytes.js';
import { renewed, vectors, type Chunk } from './vectors.js';

const { key_tree, chunks, trees } = vectors;
const tree = new KeyTree(fromHex(key_tree.seed));
const frames = trees.batches.map(({ frame }) => decodeFrame(fromHex(frame)));
const range = { batches: trees.range.batches, root: fromHex(trees.range.root) };

function sealed({ commitment, ciphertext }: Chunk) {
	return {
		commitment: {
			plaintext: fromHex(commitment.plaintext),
			ciphertext: fromHex(commitment.ciphertext),
			key: fromHex(commitment.key),
		},
		ciphertext: fromHex(ciphertext),
	};
}

test('keys are derived as in the vectors', () => {
	for (const { batch, chunk, key, commitment } of key_tree.chunk_keys) {
		const derived = tree.batchKey(batch).chunkKey(chunk);
		assert.equal(toHex(derived.bytes), key);
		assert.equal(toHex(derived.commitment()), commitment);
	}
});

test('covers are written and read as in the vectors', () => {
	for (const { batches, encoded } of key_tree.covers) {
		const cover = tree.cover(batches);
		assert.equal(toHex(cover.encode()), encoded);
		assert.equal(KeyCover.decode(fromHex(encoded)).batches, batches);
	}
});

test('a cover yields the keys of its batches and no other', () => {
	const cover = tree.cover(1_000_001);
	for (const batch of [0, 1, 524_287, 524_288, 1_000_000]) {
		const expected = tree.batchKey(batch).chunkKey(0).bytes;
		assert.deepEqual(cover.batchKey(batch)?.chunkKey(0).bytes, expected);
	}
	assert.equal(cover.batchKey(1_000_001), undefined);
	assert.equal(cover.batchKey(2 ** 32 - 1), undefined);
});

test('covers of a renewed secret are read as in the vectors', () => {
	const covers = renewed.covers.map(({ batches, encoded }) => {
		const cover = KeyCover.decode(fromHex(`0x${encoded}`));
		assert.equal(cover.batches, batches);
		assert.equal(toHex(cover.encode()), `0x${encoded}`);
		return cover;
	});
	for (const { batch, key } of renewed.chunk_keys) {
		for (const cover of covers) {
			const found = cover.batchKey(batch)?.chunkKey(0).bytes;
			const expected = batch < cover.batches ? `0x${key}` : undefined;
			assert.equal(found && toHex(found), expected);
		}
	}
});

test('covers with gaps, of other lengths or with something behind them are refused', () => {
	const encoded = tree.cover(3).encode();
	const [first, second] = [encoded.slice(1, 38), encoded.slice(38)];
	const swapped = Uint8Array.of(8, ...second, ...first);
	const alone = Uint8Array.of(4, ...second);
	const long = Uint8Array.of(...encoded, 0);
	for (const bytes of [swapped, alone, long, encoded.slice(0, -1), new Uint8Array(), Uint8Array.of(1)]) {
		assert.throws(() => KeyCover.decode(bytes), TypeError);
	}
});

test('chunks are sealed and opened as in the vectors', () => {
	for (const chunk of chunks) {
		const key = tree.batchKey(chunk.batch).chunkKey(chunk.chunk);
		assert.equal(toHex(key.bytes), chunk.key);
		assert.deepEqual(key.seal(utf8(chunk.plaintext)), sealed(chunk));
		assert.deepEqual(key.open(sealed(chunk)), utf8(chunk.plaintext));
		assert.equal(toHex(chunkLeaf(sealed(chunk).commitment)), chunk.leaf_hash);
	}
	assert.throws(() => tree.batchKey(0).chunkKey(0).seal(new Uint8Array(MAX_CHUNK_PLAINTEXT + 1)));
});

test('what is wrong with a chunk is named', () => {
	const key = new ChunkKey(new Uint8Array(32).fill(1));
	const { commitment, ciphertext } = key.seal(utf8('21.5'));
	const fault = (open: () => unknown, expected: string) =>
		assert.throws(open, (error) => error instanceof ChunkError && error.fault === expected);
	const other = new ChunkKey(new Uint8Array(32).fill(2));
	fault(() => other.open({ commitment, ciphertext }), 'OtherKey');
	const altered = Uint8Array.from(ciphertext);
	altered[0]! ^= 1;
	fault(() => key.open({ commitment, ciphertext: altered }), 'OtherCiphertext');
	const digest = new ChunkKey(key.bytes).seal(utf8('21.6'));
	const undecryptable = other.seal(utf8('21.5'));
	fault(
		() => key.open({
			commitment: { ...commitment, ciphertext: undecryptable.commitment.ciphertext },
			ciphertext: undecryptable.ciphertext,
		}),
		'Undecryptable',
	);
	fault(
		() => key.open({
			commitment: { ...digest.commitment, plaintext: commitment.plaintext },
			ciphertext: digest.ciphertext,
		}),
		'OtherPlaintext',
	);
});

test('trees have the heads of the vectors', () => {
	for (const [count, head] of trees.heads_over_numbers.entries()) {
		const leaves = Array.from({ length: count }, (_, index) => leafHash(u32(index)));
		assert.equal(toHex(root(leaves)), head);
	}
});

test('frames are read and written as in the vectors, and give the range', () => {
	const peaks = new Peaks();
	for (const [index, expected] of trees.batches.entries()) {
		const frame = frames[index]!;
		assert.equal(frame.batch, expected.batch);
		assert.equal(frame.commitment.chunks, expected.chunks);
		assert.equal(toHex(frame.commitment.root), expected.root);
		assert.equal(toHex(batchLeaf(frame.commitment)), expected.leaf_hash);
		assert.deepEqual(encodeFrame(frame.batch, frame.chunks).bytes, frame.bytes);
		peaks.append(frame.commitment);
	}
	assert.deepEqual(peaks.range(), range);
});

test('peaks have the root of the whole tree', () => {
	const peaks = new Peaks();
	const leaves: Uint8Array[] = [];
	for (let count = 0; count < 70; count += 1) {
		assert.deepEqual(peaks.range(), { batches: count, root: root(leaves) });
		const batch = { chunks: 1 + count, root: new Uint8Array(32).fill(count) };
		peaks.append(batch);
		leaves.push(batchLeaf(batch));
	}
});

test('frames that were altered or cut are refused', () => {
	const { bytes } = frames[0]!;
	assert.throws(() => decodeFrame(bytes.slice(0, -1)), FrameError);
	assert.throws(() => decodeFrame(Uint8Array.of(...bytes, 0)), FrameError);
	assert.throws(() => decodeFrame(new Uint8Array(8)), FrameError);
	for (const position of [0, 8, 50, 110, bytes.length - 1]) {
		const altered = Uint8Array.from(bytes);
		altered[position]! ^= 0x80;
		assert.throws(() => decodeFrame(altered), FrameError, `position ${position}`);
	}
	assert.throws(() => encodeFrame(0, []), FrameError);
	assert.equal(MAX_FRAME_LENGTH, 12 + 1024 * (100 + 4112));
});

test('proofs are made as in the vectors, and hold at their place only', () => {
	const batches = frames.map(({ commitment }) => commitment);
	for (const expected of trees.proofs) {
		const leaves = frames[expected.batch]!.chunks.map(({ commitment }) => commitment);
		const proof = proveChunk(batches, expected.batch, leaves, expected.chunk);
		assert.deepEqual(proof.chunkPath.map(toHex), expected.chunk_path);
		assert.deepEqual(proof.batchPath.map(toHex), expected.batch_path);
		assert.equal(toHex(encodeProof(proof)), expected.encoded);
		assert.ok(verifyChunk(proof, range));
		const key = new Uint8Array(32);
		for (const wrong of [
			{ ...proof, batch: proof.batch + 1 },
			{ ...proof, chunk: proof.chunk + 1 },
			{ ...proof, chunks: proof.chunks + 1 },
			{ ...proof, commitment: { ...proof.commitment, key } },
			{ ...proof, chunkPath: [...proof.chunkPath, key] },
			{ ...proof, batchPath: proof.batchPath.slice(1) },
		]) {
			assert.ok(!verifyChunk(wrong, range));
		}
	}
	assert.throws(() => proveChunk(batches, 0, [], 0), RangeError);
});
