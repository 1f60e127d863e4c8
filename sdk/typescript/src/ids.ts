// Identifiers, which clients compute before the chain does.

import { checkLength, fromHex, toHex, type Hex } from './bytes.js';
import { blake2b256 } from './hash.js';

/** A data set's identifier. */
export function datasetId(owner: Uint8Array, salt: Uint8Array): Hex {
	return toHex(blake2b256(checkLength(owner, 32), checkLength(salt, 32)));
}

/** A listing's identifier. */
export function listingId(owner: Uint8Array, dataset: Hex, salt: Uint8Array): Hex {
	return toHex(blake2b256(checkLength(owner, 32), fromHex(dataset, 32), checkLength(salt, 32)));
}

/** An order's identifier. */
export function orderId(listing: Hex, beneficiary: Uint8Array, buyerKey: Uint8Array): Hex {
	return toHex(
		blake2b256(fromHex(listing, 32), checkLength(beneficiary, 32), checkLength(buyerKey, 32)),
	);
}
