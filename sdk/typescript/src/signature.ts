// HTTP message signatures (RFC 9421) over method, path, query and body.

import type { Account } from './account.js';
import { randomBytes, toBase64, utf8 } from './bytes.js';
import { sha256 } from './hash.js';

const COMPONENTS = '("@method" "@path" "@query" "content-digest")';

/** The parts of a request that a signature covers. */
export interface RequestParts {
	/** The method in capitals. */
	readonly method: string;
	/** The path, as it is sent. */
	readonly path: string;
	/** What follows `?`, where there is one. */
	readonly query?: string | undefined;
	/** The body; empty where there is none. */
	readonly body: Uint8Array;
}

/** When a request was signed, and what makes it unique. */
export interface Freshness {
	/** Seconds since 1970. */
	readonly created: number;
	/** 22 to 88 characters of base64 that were not used before. */
	readonly nonce: string;
}

/** The headers that make a request a signed one. */
export interface SignedHeaders {
	readonly 'content-digest': string;
	readonly 'signature-input': string;
	readonly signature: string;
}

/** The headers of a request to the store of `audience`, without the signature, and what is signed. */
export function signatureBase(
	address: string,
	audience: string,
	request: RequestParts,
	{ created, nonce }: Freshness,
): { contentDigest: string; parameters: string; base: string } {
	const contentDigest = `sha-256=:${toBase64(sha256(request.body))}:`;
	const parameters =
		`${COMPONENTS};created=${created};nonce="${nonce}";` +
		`keyid="${address}";alg="sr25519";tag="${audience}"`;
	const base = [
		`"@method": ${request.method}`,
		`"@path": ${request.path}`,
		`"@query": ?${request.query ?? ''}`,
		`"content-digest": ${contentDigest}`,
		`"@signature-params": ${parameters}`,
	].join('\n');
	return { contentDigest, parameters, base };
}

/** Signs a request to the store of `audience`, now and with a fresh nonce unless said otherwise. */
export function signRequest(
	account: Account,
	audience: string,
	request: RequestParts,
	freshness: Freshness = now(),
): SignedHeaders {
	const { contentDigest, parameters, base } = signatureBase(
		account.address,
		audience,
		request,
		freshness,
	);
	return {
		'content-digest': contentDigest,
		'signature-input': `msec=${parameters}`,
		signature: `msec=:${toBase64(account.sign(utf8(base)))}:`,
	};
}

function now(): Freshness {
	return { created: Math.floor(Date.now() / 1000), nonce: toBase64(randomBytes(24)) };
}
