// The M-Sec SDK for TypeScript.
//
// `Market` does everything by itself. Below it are its parts: the commitments, which need no network,
// the client of a store, and the connection to the chain.

export * from './account.js';
export * from './amount.js';
export { fromHex, toHex, type Hex } from './bytes.js';
export { Chain, ChainError, type Block } from './chain.js';
export * from './chunk.js';
export * from './envelope.js';
export * from './frame.js';
export * from './ids.js';
export * from './key-tree.js';
export * from './market.js';
export * from './merkle.js';
export * from './publish.js';
export * from './range.js';
export * from './signature.js';
export { StoreClient, StoreError, type Problem } from './store-client.js';
export * from './stores.js';
export type { Dataset, Listing, Order, Variant } from './types.js';
