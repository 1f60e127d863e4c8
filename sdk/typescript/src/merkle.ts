// Merkle trees as in Certificate Transparency (RFC 9162, section 2.1), over SHA-256.

import { equal } from './bytes.js';
import { sha256 } from './hash.js';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Hash of a leaf: SHA-256(0x00 ‖ data). */
export function leafHash(data: Uint8Array): Uint8Array {
	return sha256(LEAF, data);
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
	return sha256(NODE, left, right);
}

/** Merkle tree head over leaf hashes; that of no leaves is SHA-256 of nothing. */
export function root(leaves: readonly Uint8Array[]): Uint8Array {
	const [first] = leaves;
	if (first === undefined) {
		return sha256();
	}
	if (leaves.length === 1) {
		return first;
	}
	const split = leftSize(leaves.length);
	return nodeHash(root(leaves.slice(0, split)), root(leaves.slice(split)));
}

/** Inclusion path of leaf `index`, from the leaf upwards. */
export function inclusionPath(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
	if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
		throw new RangeError('there is no such leaf');
	}
	const path: Uint8Array[] = [];
	let rest = leaves;
	let position = index;
	while (rest.length > 1) {
		const split = leftSize(rest.length);
		const [left, right] = [rest.slice(0, split), rest.slice(split)];
		const isLeft = position < split;
		path.push(root(isLeft ? right : left));
		position -= isLeft ? 0 : split;
		rest = isLeft ? left : right;
	}
	return path.reverse();
}

/**
 * Tree head of a tree of `size` leaves to which `path` leads from the leaf hash `leaf` at `index`;
 * undefined when the path's length does not fit (RFC 9162, section 2.1.3.2).
 */
export function rootFromPath(
	leaf: Uint8Array,
	index: number,
	size: number,
	path: readonly Uint8Array[],
): Uint8Array | undefined {
	let last = size - 1;
	if (index < 0 || index > last) {
		return undefined;
	}
	let node = index;
	let hash = leaf;
	for (const sibling of path) {
		if (last === 0) {
			return undefined;
		}
		// A last node without a sibling rises until it is a right child.
		while (node === last && node % 2 === 0) {
			node = half(node);
			last = half(last);
		}
		hash = node % 2 === 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
		node = half(node);
		last = half(last);
	}
	return last === 0 ? hash : undefined;
}

/** Whether `path` leads from `leaf` at `index` to the head of a tree of `size` leaves. */
export function verifyInclusion(
	leaf: Uint8Array,
	index: number,
	size: number,
	path: readonly Uint8Array[],
	head: Uint8Array,
): boolean {
	const found = rootFromPath(leaf, index, size, path);
	return found !== undefined && equal(found, head);
}

function half(number: number): number {
	return Math.floor(number / 2);
}

/** Largest power of two smaller than `size`, which is at least two. */
function leftSize(size: number): number {
	let power = 1;
	while (power * 2 < size) {
		power *= 2;
	}
	return power;
}
