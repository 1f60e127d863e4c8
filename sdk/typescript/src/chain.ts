// The chain through one node's JSON-RPC. Its interface is read from the node at run time, so that new
// calls and variants of other pallets change nothing here.

import { DedotClient, WsProvider } from 'dedot';

import type { Account } from './account.js';
import { fromHex, fromUtf8, toHex, type Hex } from './bytes.js';
import { blake2b256 } from './hash.js';

/** Longest that a transaction may take to be final, in milliseconds. */
const FINALITY_DEADLINE = 300_000;
/** Longest that the node may take to answer, in milliseconds. */
const ANSWER_DEADLINE = 30_000;

/** The chain refused, or did not answer. */
export class ChainError extends Error {
	override readonly name = 'ChainError';

	constructor(
		message: string,
		/** The error's name, such as `Marketplace.PriceTooHigh`, where a call failed. */
		readonly error?: string,
	) {
		super(message);
	}
}

/** A function of the chain's interface. */
type Ask = (...parameters: unknown[]) => Promise<unknown>;
/** Functions by pallet and name. */
type Interface<Function> = Readonly<Record<string, Readonly<Record<string, Function>>>>;
type StorageMap = Ask & { entries(): Promise<[unknown, unknown][]> };

interface Submittable {
	signAndSend(account: unknown): {
		untilFinalized(): Promise<{ dispatchError?: unknown }>;
	};
}

/** The parts of a dedot client whose shape depends on the chain. */
interface Dynamic {
	readonly query: Interface<StorageMap>;
	readonly view: Interface<Ask>;
	readonly tx: Interface<(...parameters: unknown[]) => Submittable>;
}

/** The chain's state after one block. */
export class Block {
	readonly #state: Dynamic;

	constructor(
		state: unknown,
		/** The block's height. */
		readonly number: number,
	) {
		this.#state = state as Dynamic;
	}

	/** Calls a view function; the caller says what it answers. */
	async ask<T>(pallet: string, view: string, ...parameters: unknown[]): Promise<T> {
		const ask = this.#state.view[pallet]?.[view];
		if (ask === undefined) {
			throw new ChainError(`the chain has no view function ${pallet}.${view}`);
		}
		return (await within(ask(...parameters), ANSWER_DEADLINE)) as T;
	}

	/** All entries of a storage map. */
	async entries<K, V>(pallet: string, map: string): Promise<[K, V][]> {
		const storage = this.#state.query[pallet]?.[map];
		if (storage === undefined) {
			throw new ChainError(`the chain has no storage ${pallet}.${map}`);
		}
		return (await within(storage.entries(), ANSWER_DEADLINE)) as [K, V][];
	}
}

/** A connection to a node. */
export class Chain {
	readonly #client: DedotClient;

	private constructor(client: DedotClient) {
		this.#client = client;
	}

	/** Connects to the node at `url`: `ws://…` or `wss://…`. */
	static async connect(url: string): Promise<Chain> {
		const provider = new WsProvider(url);
		try {
			return new Chain(await within(DedotClient.new(provider), ANSWER_DEADLINE));
		} catch (error) {
			// It would try again for ever.
			await provider.disconnect();
			throw error;
		}
	}

	/** Hash of the chain's first block. */
	get genesis(): Hex {
		return this.#client.genesisHash;
	}

	/** The last finalized block. */
	async finalized(): Promise<Block> {
		const block = await this.#client.block.finalized();
		return new Block(await this.#client.at(block.hash), block.number);
	}

	/** Signs and sends a call, and waits until it is final. */
	async submit(
		account: Account,
		pallet: string,
		call: string,
		...parameters: unknown[]
	): Promise<void> {
		const { tx } = this.#client as unknown as Dynamic;
		const make = tx[pallet]?.[call];
		if (make === undefined) {
			throw new ChainError(`the chain has no call ${pallet}.${call}`);
		}
		const sent = make(...parameters).signAndSend(keyringPair(account));
		const result = await within(sent.untilFinalized(), FINALITY_DEADLINE);
		if (result.dispatchError !== undefined) {
			throw this.#explain(result.dispatchError);
		}
	}

	/** BLAKE2b-256 of the SCALE encoding of `value`, whose type the chain knows by this path. */
	hashOf(path: string, value: unknown): Hex {
		const type = this.#client.metadata.latest.types.find((type) => type.path.join('::') === path);
		if (type === undefined) {
			throw new ChainError(`the chain has no type ${path}`);
		}
		return toHex(blake2b256(this.#client.registry.findCodec(type.id).tryEncode(value)));
	}

	/** Ends the connection. */
	async close(): Promise<void> {
		await this.#client.disconnect();
	}

	#explain(error: unknown): ChainError {
		const meta = this.#client.registry.findErrorMeta(error as never);
		return meta
			? new ChainError(meta.docs.join(' '), `${meta.pallet}.${meta.name}`)
			: new ChainError(`the call failed: ${JSON.stringify(error)}`);
	}
}

/** What a signature is prefixed with where its scheme is not clear otherwise. */
const SR25519 = 1;

/** The account as dedot wants it. */
function keyringPair(account: Account): object {
	return {
		address: account.address,
		addressRaw: account.publicKey,
		publicKey: account.publicKey,
		type: 'sr25519',
		sign(message: Hex | Uint8Array, options?: { withType?: boolean }): Uint8Array {
			const bytes = typeof message === 'string' ? fromHex(message) : message;
			const signature = account.sign(bytes);
			return options?.withType ? Uint8Array.of(SR25519, ...signature) : signature;
		},
	};
}

/** A text out of the chain's bytes. */
export function textOf(bytes: Hex | Uint8Array): string {
	return fromUtf8(typeof bytes === 'string' ? fromHex(bytes) : bytes);
}

/** Waits for `promise`, but not for ever. */
async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<never>((_, reject) => {
		const error = new ChainError(`the node did not answer within ${milliseconds / 1000} seconds`);
		timer = setTimeout(() => reject(error), milliseconds);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}
