// The vectors that all SDKs are tested with, and the chain's metadata.

import { readFileSync } from 'node:fs';

import type { Hex } from '../src/index.js';

const root = new URL('../../../../', import.meta.url);

export interface Chunk {
	batch: number;
	chunk: number;
	plaintext: string;
	key: Hex;
	ciphertext: Hex;
	commitment: { plaintext: Hex; ciphertext: Hex; key: Hex };
	leaf_hash: Hex;
}

export interface Vectors {
	key_tree: {
		seed: Hex;
		chunk_keys: { batch: number; chunk: number; key: Hex; commitment: Hex }[];
		covers: { batches: number; encoded: Hex }[];
	};
	chunks: Chunk[];
	trees: {
		heads_over_numbers: Hex[];
		batches: { batch: number; chunks: number; root: Hex; leaf_hash: Hex; frame: Hex }[];
		range: { batches: number; root: Hex };
		proofs: {
			batch: number;
			chunk: number;
			chunks: number;
			chunk_path: Hex[];
			batch_path: Hex[];
			encoded: Hex;
		}[];
	};
	identifiers: {
		account: Hex;
		dataset: { salt: Hex; id: Hex };
		listing: { dataset: Hex; salt: Hex; id: Hex };
		order: { listing: Hex; buyer_key: Hex; id: Hex };
	};
	sealed_keys: {
		secret: Hex;
		recipient: Hex;
		genesis: Hex;
		dataset: Hex;
		order: Hex;
		batches: number;
		envelope: Hex;
		wrapped_seed: Hex;
	};
	terms: {
		dataset: Hex;
		right: string;
		kind: string;
		unit: string;
		interval_seconds: number;
		place: string;
		licence: string;
		sample: string;
		price: string | null;
		delivery_period: number;
		confirmation_period: number;
		access_period: number;
		maximum_verdict_age: number | null;
		encoded: Hex;
		hash: Hex;
	}[];
	requests: {
		method: string;
		path: string;
		query: string | null;
		body: string;
		created: number;
		nonce: string;
		account: string;
		public_key: Hex;
		audience: string;
		content_digest: string;
		signature_input: string;
		base: string;
		signature: string;
	}[];
	accounts: { uri: string; public_key: Hex; address: string }[];
}

export const vectors = JSON.parse(
	readFileSync(new URL('tests/data/client-vectors.json', root), 'utf8'),
) as Vectors;

/** What a secret that was renewed yields, computed apart from all implementations. */
export const { renewed } = JSON.parse(
	readFileSync(new URL('tests/data/protocol-vectors.json', root), 'utf8'),
) as {
	renewed: {
		covers: { batches: number; encoded: string }[];
		chunk_keys: { batch: number; key: string }[];
	};
};

/** The metadata from which the clients in Rust are generated. */
export function metadata(): Uint8Array {
	return readFileSync(new URL('offchain-workers/common/metadata/msec.scale', root));
}
