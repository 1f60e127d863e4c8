// What the chain stores, in types that are easy to use.

import { textOf } from './chain.js';
import { fromHex, type Hex } from './bytes.js';
import type { RangeCommitment } from './range.js';

/** A variant of one of the chain's enumerations. */
export interface Variant {
	readonly type: string;
	readonly value?: unknown;
}

/** An offer. */
export interface Listing {
	/** Its identifier. */
	readonly id: Hex;
	/** Who sells (SS58). */
	readonly owner: string;
	/** The data set that is sold. */
	readonly dataset: Hex;
	/** What a buyer gets: `Read` for data, `Use` for a service, `Act` for an actuator. */
	readonly right: string;
	/** What is measured, such as `air-temperature`. */
	readonly kind: string;
	/** The unit of the readings as a UCUM code. */
	readonly unit: string;
	/** Seconds from one reading to the next; 0 when they come irregularly. */
	readonly intervalSeconds: number;
	/** Geohash of 1 to 9 characters. */
	readonly place: string;
	/** Identifier of a licence on the chain's list. */
	readonly licence: string;
	/** A few readings to look at. */
	readonly sample: string;
	/** How it is paid for, as the chain has it. */
	readonly pricing: Variant;
	/** What one purchase costs, in the smallest unit; undefined where it is paid for in another way. */
	readonly price: bigint | undefined;
	/** Hash of the terms. */
	readonly termsHash: Hex;
	/** Whether its owner sells it; attested data can be bought only while its device is trusted. */
	readonly isActive: boolean;
	/** For attested data: the most blocks since the verdict that trusts the device. */
	readonly maximumVerdictAge: number | undefined;
	/** Block of its creation. */
	readonly createdAt: number;
	/** How many orders were opened. */
	readonly sales: number;
	/** The terms as the chain has them. */
	readonly terms: object;
}

/** A purchase on the chain. */
export interface Order {
	readonly id: Hex;
	readonly listing: Hex;
	readonly dataset: Hex;
	/** What is held from the payer, in the smallest unit. */
	readonly price: bigint;
	/** The batches that were bought. */
	readonly range: RangeCommitment;
	/** Last block for the delivery of the key. */
	readonly deliverBy: number;
	/** Block until which the beneficiary may fetch the data. */
	readonly accessUntil: number;
	/** `AwaitingDelivery`, `Delivered`, `Settled`, `Refunded` or what the chain has besides. */
	readonly state: string;
}

/** A data set. */
export interface Dataset {
	/** Who decides about it (SS58). */
	readonly owner: string;
	/** The operators of the stores that hold the ciphertext (SS58). */
	readonly stores: readonly string[];
	/** The commitment to all batches; undefined when it was erased. */
	readonly range: RangeCommitment | undefined;
}

/** An account as dedot decodes it. */
interface ChainAccount {
	address(): string;
}

interface ChainRange {
	readonly batches: number;
	readonly root: Hex;
}

/** A listing as dedot decodes it. */
export interface ChainListing {
	readonly owner: ChainAccount;
	readonly terms: {
		readonly dataset: Hex;
		readonly right: string;
		readonly kind: Hex;
		readonly unit: Hex;
		readonly intervalSeconds: number;
		readonly place: Hex;
		readonly licence: Hex;
		readonly sample: Hex;
		readonly pricing: Variant;
		readonly maximumVerdictAge: number | undefined;
	};
	readonly termsHash: Hex;
	readonly status: string;
	readonly createdAt: number;
	readonly sales: number;
}

/** An order as dedot decodes it. */
export interface ChainOrder {
	readonly listing: Hex;
	readonly dataset: Hex;
	readonly price: bigint;
	readonly range: ChainRange;
	readonly deliverBy: number;
	readonly accessUntil: number;
	readonly state: Variant | string;
}

/** A data set as dedot decodes it. */
export interface ChainDataset {
	readonly owner: ChainAccount;
	readonly stores: readonly ChainAccount[];
	readonly range: ChainRange | undefined;
}

export function listingOf(id: Hex, listing: ChainListing): Listing {
	const { terms } = listing;
	return {
		id,
		owner: listing.owner.address(),
		dataset: terms.dataset,
		right: terms.right,
		kind: textOf(terms.kind),
		unit: textOf(terms.unit),
		intervalSeconds: terms.intervalSeconds,
		place: textOf(terms.place),
		licence: textOf(terms.licence),
		sample: textOf(terms.sample),
		pricing: terms.pricing,
		price: priceOf(terms.pricing),
		termsHash: listing.termsHash,
		isActive: listing.status === 'Active',
		maximumVerdictAge: terms.maximumVerdictAge,
		createdAt: listing.createdAt,
		sales: listing.sales,
		terms,
	};
}

export function orderOf(id: Hex, order: ChainOrder): Order {
	const { listing, dataset, price, deliverBy, accessUntil, state } = order;
	const range = rangeOf(order.range);
	const name = typeof state === 'string' ? state : state.type;
	return { id, listing, dataset, price, range, deliverBy, accessUntil, state: name };
}

export function datasetOf(dataset: ChainDataset): Dataset {
	return {
		owner: dataset.owner.address(),
		stores: dataset.stores.map((store) => store.address()),
		range: dataset.range && rangeOf(dataset.range),
	};
}

function rangeOf({ batches, root }: ChainRange): RangeCommitment {
	return { batches, root: fromHex(root, 32) };
}

/** What one purchase costs; undefined for ways to pay that this SDK does not know. */
function priceOf(pricing: Variant): bigint | undefined {
	switch (pricing.type) {
		case 'Free':
		case 'FreeQuota':
			return 0n;
		case 'OneTime':
			return (pricing.value as { price: bigint }).price;
		default:
			return undefined;
	}
}
