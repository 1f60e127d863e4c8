// The market as one account sees it: searching, buying, fetching, and offering.

import { publicKeyOf, type Account } from './account.js';
import { fromHex, randomBytes, toHex, utf8, type Hex } from './bytes.js';
import { Chain, type Block } from './chain.js';
import { ChunkError, type ChunkFault } from './chunk.js';
import {
	encryptionKey,
	EnvelopeError,
	generateSecret,
	openOrder,
	wrapKeyTree,
} from './envelope.js';
import { splitHeader, type Frame } from './frame.js';
import { datasetId, listingId, orderId } from './ids.js';
import { KeyTree, type KeyCover } from './key-tree.js';
import { Publisher, type Journal, type Published } from './publish.js';
import { sleep, StoreClient } from './store-client.js';
import { Stores } from './stores.js';
import {
	datasetOf,
	listingOf,
	orderOf,
	type ChainDataset,
	type ChainListing,
	type ChainOrder,
	type Dataset,
	type Listing,
	type Order,
	type Variant,
} from './types.js';

/** Longest list that the chain gives at once. */
const PAGE = 100;
/** Most characters of a place by which the chain finds listings. */
const CELL_LENGTH = 4;
/** Between two looks at the chain, in milliseconds. */
const POLL = 1_000;
const TERMS = 'pallet_marketplace::types::ListingTerms';

/** What a buyer is looking for. Nothing said means anything. */
export interface Query {
	/** Exactly this kind. */
	readonly kind?: string;
	/** Within this geohash. */
	readonly place?: string;
	/** Of this owner (SS58). */
	readonly owner?: string;
	/** For at most this price, in the smallest unit. */
	readonly maxPrice?: bigint;
}

/**
 * A purchase that is to be made, or was. It holds the secret that opens what is bought: keep it before
 * you buy, and keep it safe. It is plain JSON.
 */
export interface Purchase {
	/** The order's identifier, known before it is opened. */
	readonly order: Hex;
	readonly listing: Hex;
	/** Hash of the terms that are agreed to. */
	readonly termsHash: Hex;
	/** Highest price, in the smallest unit, as decimal digits. */
	readonly maxPrice: string;
	/** Who may read, confirm and dispute (SS58). */
	readonly beneficiary: string;
	/** X25519 public key to which the keys are sealed. */
	readonly buyerKey: Hex;
	/** Its secret. */
	readonly secret: Hex;
}

/** What may be said about a purchase. */
export interface PurchaseOptions {
	/** Who may read, confirm and dispute (SS58); who pays, unless said otherwise. */
	readonly beneficiary?: string;
	/** Highest price in the smallest unit; the listing's, unless said otherwise. */
	readonly maxPrice?: bigint;
}

/** A batch that was fetched, decrypted, and found to be what was committed to. */
export interface Batch {
	/** Position in the data set. */
	readonly index: number;
	/** The plaintext of its chunks. */
	readonly chunks: readonly Uint8Array[];
}

/** A piece of a table in CSV. */
export interface TablePart {
	/** Counts from 0 and grows where the columns change. */
	readonly table: number;
	/** The next lines; those of a new table begin with its header. */
	readonly text: string;
}

/** A chunk is not what was committed to: a reason to dispute the order. */
export class WrongChunkError extends Error {
	override readonly name = 'WrongChunkError';

	constructor(
		readonly batch: number,
		readonly chunk: number,
		readonly fault: ChunkFault,
	) {
		super(`chunk ${chunk} of batch ${batch} is not what was committed to: ${fault}`);
	}
}

/** An order does not exist, or is not in the state for this. */
export class OrderError extends Error {
	override readonly name = 'OrderError';
}

/** The secret of a data set, to be kept before anything is published. It is plain JSON. */
export interface DatasetSecret {
	/** The data set's identifier, known before it is made. */
	readonly dataset: Hex;
	readonly salt: Hex;
	/** What all keys of the data set grow from. */
	readonly seed: Hex;
}

/** Who holds and delivers a data set. */
export interface DatasetOptions {
	/** Operators of the stores that will hold it (SS58), at most four. */
	readonly stores: readonly string[];
	/** Who delivers keys to buyers, and the X25519 public key to which the secret is sealed for it. */
	readonly keyAgent?: { readonly address: string; readonly key: Uint8Array };
	/** The owner's X25519 public key: its secret brings a lost data set secret back. */
	readonly ownerKey: Uint8Array;
}

/** What an owner offers. Periods are in blocks. */
export interface Offer {
	readonly dataset: Hex;
	readonly kind: string;
	readonly unit: string;
	readonly intervalSeconds: number;
	readonly place: string;
	readonly licence: string;
	readonly sample?: string;
	/** Price in the smallest unit; nothing for 0. */
	readonly price: bigint;
	readonly deliveryPeriod: number;
	readonly confirmationPeriod: number;
	readonly accessPeriod: number;
	/** For attested data: the most blocks since the verdict that trusts the device. */
	readonly maximumVerdictAge?: number;
}

/** The market as one account sees it. */
export class Market {
	private constructor(
		/** The connection to the node. */
		readonly chain: Chain,
		/** Who signs and pays. */
		readonly account: Account,
	) {}

	/** Connects to a node: `ws://…` or `wss://…`. */
	static async connect(node: string, account: Account): Promise<Market> {
		return new Market(await Chain.connect(node), account);
	}

	/** Ends the connection. */
	close(): Promise<void> {
		return this.chain.close();
	}

	/** The offers that match and can be bought, the cheapest first. */
	async search(query: Query = {}): Promise<Listing[]> {
		const block = await this.chain.finalized();
		const candidates = await this.#candidates(block, query);
		const found = candidates.filter((listing) => matches(listing, query));
		const available = await Promise.all(found.map((listing) => isAvailable(block, listing)));
		const price = ({ price }: Listing) => price ?? 2n ** 128n;
		return found
			.filter((_, index) => available[index])
			.sort((left, right) => Number(price(left) > price(right)) - Number(price(left) < price(right)));
	}

	/** An offer; undefined when there is none. */
	async listing(id: Hex): Promise<Listing | undefined> {
		const block = await this.chain.finalized();
		const found = await block.ask<ChainListing | undefined>('marketplace', 'listing', id);
		return found && listingOf(id, found);
	}

	/**
	 * Makes the key of a purchase. Nothing is bought yet: keep the result first, since without its secret
	 * what is bought can never be read.
	 */
	prepare(listing: Listing, options: PurchaseOptions = {}): Purchase {
		if (this.chain.hashOf(TERMS, listing.terms) !== listing.termsHash) {
			throw new OrderError('the node shows other terms than the chain would hold you to');
		}
		const maxPrice = options.maxPrice ?? listing.price;
		if (maxPrice === undefined) {
			throw new OrderError(`say maxPrice: this SDK does not know ${listing.pricing.type} prices`);
		}
		const secret = generateSecret();
		const buyerKey = encryptionKey(secret);
		const beneficiary = options.beneficiary ?? this.account.address;
		return {
			order: orderId(listing.id, publicKeyOf(beneficiary), buyerKey),
			listing: listing.id,
			termsHash: listing.termsHash,
			maxPrice: maxPrice.toString(),
			beneficiary,
			buyerKey: toHex(buyerKey),
			secret: toHex(secret),
		};
	}

	/** Opens the order, and waits until that is final. Does nothing when the order is there already. */
	async buy(purchase: Purchase): Promise<Order> {
		const { order, listing, termsHash, maxPrice, beneficiary, buyerKey } = purchase;
		const known = await this.order(order);
		if (known === undefined) {
			const other = beneficiary === this.account.address ? undefined : beneficiary;
			const parameters = [listing, termsHash, BigInt(maxPrice), other, buyerKey];
			await this.chain.submit(this.account, 'marketplace', 'buy', ...parameters);
		}
		return known ?? this.#existing(await this.chain.finalized(), order);
	}

	/** An order; undefined when there is none. */
	async order(id: Hex): Promise<Order | undefined> {
		return readOrder(await this.chain.finalized(), id);
	}

	/** Waits until the order's key is delivered. */
	async waitForKey(purchase: Purchase): Promise<Order> {
		for (;;) {
			const block = await this.chain.finalized();
			const order = await this.#existing(block, purchase.order);
			if (await readEnvelope(block, purchase.order)) {
				return order;
			}
			if (order.state !== 'AwaitingDelivery' || block.number > order.deliverBy) {
				throw new OrderError('the key was not delivered in time; the order can be refunded');
			}
			await sleep(POLL);
		}
	}

	/**
	 * Fetches what was bought, batch by batch from `first` on, decrypts it, and checks every chunk. At
	 * most one batch is in memory.
	 */
	async *fetch(purchase: Purchase, first = 0): AsyncGenerator<Batch, void> {
		const block = await this.chain.finalized();
		const order = await this.#existing(block, purchase.order);
		const cover = await this.#open(block, purchase, order);
		const stores = await this.stores(block, order.dataset);
		const batches = await stores.commitments(order.range);
		for (const [index, commitment] of batches.entries()) {
			if (index >= first) {
				yield { index, chunks: openBatch(cover, await stores.batch(index, commitment)) };
			}
		}
	}

	/** Like {@link fetch}, as tables in CSV whose headers are not repeated. */
	async *fetchTables(purchase: Purchase): AsyncGenerator<TablePart, void> {
		let table = -1;
		let header: string | undefined;
		for await (const { chunks } of this.fetch(purchase)) {
			for (const chunk of chunks) {
				const next = splitHeader(chunk);
				const isNew = next.header !== header;
				table += isNew ? 1 : 0;
				header = next.header;
				yield { table, text: isNew ? next.header + next.rows : next.rows };
			}
		}
	}

	/** Accepts what was delivered, so that the seller is paid. */
	confirm(order: Hex): Promise<void> {
		return this.chain.submit(this.account, 'marketplace', 'confirm', order);
	}

	/** Gets the money back for a key that was not delivered in time. */
	refund(order: Hex): Promise<void> {
		return this.chain.submit(this.account, 'marketplace', 'refund', order);
	}

	/** Makes the secret of a data set. Keep it before {@link createDataset}. */
	prepareDataset(): DatasetSecret {
		const salt = randomBytes(32);
		const dataset = datasetId(this.account.publicKey, salt);
		return { dataset, salt: toHex(salt), seed: toHex(randomBytes(32)) };
	}

	/**
	 * Makes a data set, and leaves its secret at the stores, sealed for owner and key agent. Can be
	 * repeated until it succeeds.
	 */
	async createDataset(secret: DatasetSecret, options: DatasetOptions): Promise<void> {
		const { dataset, salt, seed } = secret;
		const { stores, keyAgent, ownerKey } = options;
		const known = await readDataset(await this.chain.finalized(), dataset);
		if (known === undefined) {
			const parameters = [salt, stores, keyAgent?.address];
			await this.chain.submit(this.account, 'records', 'createDataset', ...parameters);
		}
		const tree = new KeyTree(fromHex(seed, 32));
		const clients = await this.stores(await this.chain.finalized(), dataset);
		const recipients = [{ address: this.account.address, key: ownerKey }, ...(keyAgent ? [keyAgent] : [])];
		for (const { address, key } of recipients) {
			const wrapped = await wrapKeyTree(tree, key, this.chain.genesis, dataset);
			await clients.putKey(toHex(publicKeyOf(address)), wrapped);
		}
	}

	/**
	 * Publishes chunks into a data set of this account: encrypts, uploads and commits to them. The chunks
	 * of a table come from `csvChunks`.
	 */
	async publish(
		secret: DatasetSecret,
		journal: Journal,
		chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
	): Promise<Published> {
		const block = await this.chain.finalized();
		const publisher = new Publisher({
			dataset: secret.dataset,
			tree: new KeyTree(fromHex(secret.seed, 32)),
			stores: await this.stores(block, secret.dataset),
			journal,
			committed: async () => {
				const known = await readDataset(await this.chain.finalized(), secret.dataset);
				return known?.range?.batches;
			},
			append: (first, batches) =>
				this.chain.submit(
					this.account,
					'records',
					'append',
					secret.dataset,
					first,
					batches.map(({ chunks, root }) => ({ chunks, root: toHex(root) })),
				),
		});
		return publisher.publish(chunks);
	}

	/** Offers to read a data set, and gives the listing. */
	async list(offer: Offer): Promise<Hex> {
		const salt = randomBytes(32);
		const pricing: Variant =
			offer.price === 0n ? { type: 'Free' } : { type: 'OneTime', value: { price: offer.price } };
		const { dataset, intervalSeconds, deliveryPeriod, confirmationPeriod, accessPeriod } = offer;
		const terms = {
			dataset,
			right: 'Read',
			kind: toHex(utf8(offer.kind)),
			unit: toHex(utf8(offer.unit)),
			intervalSeconds,
			place: toHex(utf8(offer.place)),
			licence: toHex(utf8(offer.licence)),
			sample: toHex(utf8(offer.sample ?? '')),
			pricing,
			deliveryPeriod,
			confirmationPeriod,
			accessPeriod,
			maximumVerdictAge: offer.maximumVerdictAge,
		};
		await this.chain.submit(this.account, 'marketplace', 'createListing', toHex(salt), terms);
		return listingId(this.account.publicKey, dataset, salt);
	}

	/** The stores of a data set, which this account may ask. */
	async stores(block: Block, dataset: Hex): Promise<Stores> {
		const known = await readDataset(block, dataset);
		const clients: StoreClient[] = [];
		for (const operator of known?.stores ?? []) {
			const store = await block.ask<{ endpoint: Hex } | undefined>('records', 'store', operator);
			if (store !== undefined) {
				const endpoint = new TextDecoder().decode(fromHex(store.endpoint));
				clients.push(new StoreClient(endpoint, operator, this.account));
			}
		}
		return new Stores(dataset, clients);
	}

	async #candidates(block: Block, query: Query): Promise<Listing[]> {
		const cell = query.place?.slice(0, CELL_LENGTH);
		if (query.owner !== undefined) {
			return pages(block, 'listingsByOwner', query.owner);
		}
		if (query.kind !== undefined) {
			return pages(block, 'listingsByKind', toHex(utf8(query.kind)));
		}
		if (cell?.length === CELL_LENGTH) {
			return pages(block, 'listingsByCell', toHex(utf8(cell)));
		}
		const all = await block.entries<Hex, ChainListing>('marketplace', 'listings');
		return all.map(([id, listing]) => listingOf(id, listing));
	}

	async #existing(block: Block, id: Hex): Promise<Order> {
		const order = await readOrder(block, id);
		if (order === undefined) {
			throw new OrderError(`there is no order ${id}`);
		}
		return order;
	}

	async #open(block: Block, purchase: Purchase, order: Order): Promise<KeyCover> {
		const envelope = await readEnvelope(block, order.id);
		if (envelope === undefined) {
			throw new OrderError('the key is not delivered yet');
		}
		const context = { genesis: this.chain.genesis, order: order.id, dataset: order.dataset };
		const cover = await openOrder(fromHex(envelope), fromHex(purchase.secret, 32), context);
		if (cover.batches < order.range.batches) {
			throw new EnvelopeError('TooFew');
		}
		return cover;
	}
}

/** Decrypts and checks all chunks of a batch. */
export function openBatch(cover: KeyCover, frame: Frame): Uint8Array[] {
	const key = cover.batchKey(frame.batch);
	if (key === undefined) {
		throw new WrongChunkError(frame.batch, 0, 'OtherKey');
	}
	return frame.chunks.map((chunk, number) => {
		try {
			return key.chunkKey(number).open(chunk);
		} catch (error) {
			throw error instanceof ChunkError
				? new WrongChunkError(frame.batch, number, error.fault)
				: error;
		}
	});
}

function matches(listing: Listing, { kind, place, owner, maxPrice }: Query): boolean {
	return (
		listing.isActive &&
		(kind === undefined || listing.kind === kind) &&
		(place === undefined || listing.place.startsWith(place)) &&
		(owner === undefined || listing.owner === owner) &&
		(maxPrice === undefined || (listing.price !== undefined && listing.price <= maxPrice))
	);
}

/** Whether a listing of somebody who sells can be bought now. */
async function isAvailable(block: Block, { id, maximumVerdictAge }: Listing): Promise<boolean> {
	return maximumVerdictAge === undefined || block.ask<boolean>('marketplace', 'isAvailable', id);
}

async function pages(block: Block, view: string, key: string): Promise<Listing[]> {
	const found: Listing[] = [];
	for (;;) {
		const last = found.at(-1)?.id;
		const page = await block.ask<[Hex, ChainListing][]>('marketplace', view, key, last, PAGE);
		if (page.length === 0) {
			return found;
		}
		found.push(...page.map(([id, listing]) => listingOf(id, listing)));
	}
}

async function readOrder(block: Block, id: Hex): Promise<Order | undefined> {
	const found = await block.ask<ChainOrder | undefined>('marketplace', 'order', id);
	return found && orderOf(id, found);
}

function readEnvelope(block: Block, id: Hex): Promise<Hex | undefined> {
	return block.ask<Hex | undefined>('marketplace', 'envelope', id);
}

async function readDataset(block: Block, id: Hex): Promise<Dataset | undefined> {
	const found = await block.ask<ChainDataset | undefined>('records', 'dataset', id);
	return found && datasetOf(found);
}
