// Client of a companion database. Every request is signed; what fails for a passing reason is signed
// anew and tried again.

import type { Account } from './account.js';
import { concat, fromHex, fromUtf8, type Hex } from './bytes.js';
import { MAX_CHUNKS_PER_BATCH } from './chunk.js';
import { decodeFrame, FrameError, MAX_FRAME_LENGTH, type Frame } from './frame.js';
import type { BatchCommitment } from './range.js';
import { signRequest } from './signature.js';

/** How often a request is tried. */
const ATTEMPTS = 6;
/** Before the second attempt, in milliseconds; doubled before each further one. */
const FIRST_PAUSE = 250;
/** Longest that a server may make a client wait between two attempts, in milliseconds. */
const MAX_PAUSE = 10_000;
/** Longest that an answer or the next bytes may take, in milliseconds. */
const TIMEOUT = 30_000;
/** Most bytes of an answer that is not a frame. */
const MAX_ANSWER_LENGTH = 1024 * 1024;
/** Most characters of each text of a store that are shown. */
const MAX_SHOWN = 300;
/** Most batches that one page of a list has. */
const MAX_PAGE = 1000;

/** An error as stores describe it (RFC 9457). */
export interface Problem {
	/** The HTTP status. */
	readonly status: number;
	/** What happened, for people. */
	readonly title: string;
	/** What happened here, for people. */
	readonly detail: string | undefined;
	/** What happened, for programs. */
	readonly code: string | undefined;
	/** The chain's reason, when access was refused. */
	readonly refusal: string | undefined;
}

/** What is known about an error of a store. */
export interface StoreErrorDetails {
	/** What the store answered, if it did. */
	readonly problem?: Problem;
	/** Whether another attempt may help. */
	readonly isPassing?: boolean;
	/** After how many milliseconds the store wants to be asked again. */
	readonly retryAfter?: number;
	readonly cause?: unknown;
}

/** A store did not do what it was asked. */
export class StoreError extends Error {
	override readonly name = 'StoreError';

	constructor(
		message: string,
		readonly details: StoreErrorDetails = {},
	) {
		super(message, { cause: details.cause });
	}
}

interface Question {
	readonly method: string;
	readonly path: string;
	readonly query?: string;
	readonly body?: Uint8Array;
	/** Most bytes of the answer. */
	readonly limit?: number;
}

/** Talks to one store in the name of one account. */
export class StoreClient {
	readonly #endpoint: URL;

	/** A client of the store that `operator` registered at `endpoint`. */
	constructor(
		endpoint: string,
		readonly operator: string,
		readonly account: Account,
	) {
		this.#endpoint = parseEndpoint(endpoint);
	}

	/** The commitments of the batches from `from` on, as many as there are up to `to`. */
	async batches(dataset: Hex, from: number, to: number): Promise<BatchCommitment[]> {
		const found: BatchCommitment[] = [];
		while (from + found.length < to) {
			const next = from + found.length;
			const end = Math.min(to, next + MAX_PAGE);
			const query = `from=${next}&to=${end}`;
			const answer = await this.#ask({ method: 'GET', path: `${dataset}/batches`, query });
			const page = parsePage(answer, next, end);
			if (page.length === 0) {
				break;
			}
			found.push(...page);
		}
		return found;
	}

	/** One batch, checked against the commitments it carries, but not against the chain's. */
	async batch(dataset: Hex, batch: number): Promise<Frame> {
		const path = `${dataset}/batches/${batch}`;
		const bytes = await this.#ask({ method: 'GET', path, limit: MAX_FRAME_LENGTH });
		const frame = decodeAnswer(() => decodeFrame(bytes));
		if (frame.batch !== batch) {
			throw new StoreError(`the store's answer is not valid: it is batch ${frame.batch}`);
		}
		return frame;
	}

	/** Uploads a batch. */
	async upload(dataset: Hex, frame: Frame): Promise<void> {
		await this.#ask({ method: 'POST', path: `${dataset}/batches`, body: frame.bytes });
	}

	/** Leaves a wrapped secret for `recipient`, in place of an older one. */
	async putKey(dataset: Hex, recipient: Hex, wrapped: Uint8Array): Promise<void> {
		await this.#ask({ method: 'PUT', path: `${dataset}/keys/${recipient}`, body: wrapped });
	}

	/** Fetches the wrapped secret of `recipient`. */
	async key(dataset: Hex, recipient: Hex): Promise<Uint8Array> {
		return this.#ask({ method: 'GET', path: `${dataset}/keys/${recipient}` });
	}

	async #ask(question: Question): Promise<Uint8Array> {
		let pause = FIRST_PAUSE;
		for (let attempt = 1; ; attempt += 1) {
			try {
				return await this.#attempt(question);
			} catch (error) {
				const details = error instanceof StoreError ? error.details : {};
				if (!details.isPassing || attempt === ATTEMPTS) {
					throw error;
				}
				await sleep(Math.min(details.retryAfter ?? pause, MAX_PAUSE));
				pause *= 2;
			}
		}
	}

	async #attempt({ method, path, query, body, limit }: Question): Promise<Uint8Array> {
		const url = new URL(`v1/datasets/${path}`, this.#endpoint);
		url.search = query ?? '';
		const parts = {
			method,
			path: url.pathname,
			query: query === undefined ? undefined : url.search.slice(1),
			body: body ?? new Uint8Array(),
		};
		const headers = signRequest(this.account, this.operator, parts);
		const patience = new Patience();
		try {
			const response = await fetch(url, {
				method,
				headers: { ...headers },
				body: body === undefined ? null : new Uint8Array(body),
				cache: 'no-store',
				credentials: 'omit',
				redirect: 'error',
				referrerPolicy: 'no-referrer',
				signal: patience.signal,
			});
			const most = response.ok ? (limit ?? MAX_ANSWER_LENGTH) : MAX_ANSWER_LENGTH;
			const answer = await readBody(response, most, patience);
			if (!response.ok) {
				throw refusal(response, answer);
			}
			return answer;
		} catch (cause) {
			throw cause instanceof StoreError
				? cause
				: new StoreError('the store cannot be reached', { isPassing: true, cause });
		} finally {
			patience.end();
		}
	}
}

/** Gives up when nothing was heard for {@link TIMEOUT}. */
class Patience {
	readonly #controller = new AbortController();
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor() {
		this.renew();
	}

	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	renew(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#controller.abort(), TIMEOUT);
	}

	end(): void {
		clearTimeout(this.#timer);
	}
}

function parseEndpoint(endpoint: string): URL {
	const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
	if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
		throw new StoreError(`${shown(endpoint)} is not the address of a store`);
	}
	if (!url.pathname.endsWith('/')) {
		url.pathname += '/';
	}
	return url;
}

async function readBody(
	response: Response,
	limit: number,
	patience: Patience,
): Promise<Uint8Array> {
	const parts: Uint8Array[] = [];
	let length = 0;
	const reader = response.body?.getReader();
	while (reader !== undefined) {
		const { done, value } = await reader.read();
		if (done) {
			break;
		}
		patience.renew();
		length += value.length;
		if (length > limit) {
			await reader.cancel();
			throw new StoreError(`the store's answer is longer than ${limit} bytes`);
		}
		parts.push(value);
	}
	return concat(...parts);
}

function refusal(response: Response, answer: Uint8Array): StoreError {
	const problem = parseProblem(response, answer);
	const { status, title, detail, code, refusal } = problem;
	const reason = refusal === undefined ? '' : ` (${shown(refusal)})`;
	const more = detail ? `: ${shown(detail)}` : '';
	const isPassing = status === 503 || code === 'before-start';
	const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
	return new StoreError(`the store answered ${status} ${shown(title)}${reason}${more}`, {
		problem,
		isPassing,
		...(Number.isFinite(seconds) ? { retryAfter: seconds * 1000 } : {}),
	});
}

function parseProblem(response: Response, answer: Uint8Array): Problem {
	let document: unknown;
	try {
		document = JSON.parse(fromUtf8(answer));
	} catch {
		// Not every server on the way writes problem documents.
	}
	const text = (name: string) => {
		const value = member(document, name);
		return typeof value === 'string' ? value : undefined;
	};
	const { status } = response;
	const [title, detail] = [text('title') ?? 'unknown', text('detail')];
	return { status, title, detail, code: text('code'), refusal: text('refusal') };
}

/** The batches of a page, which must be those from `from` on without a gap. */
function parsePage(answer: Uint8Array, from: number, to: number): BatchCommitment[] {
	return decodeAnswer(() => {
		const page: unknown = JSON.parse(fromUtf8(answer));
		if (!Array.isArray(page) || page.length > to - from) {
			throw new TypeError('it is not a list of batches');
		}
		return page.map((entry: unknown, position) => {
			const [batch, chunks] = [member(entry, 'batch'), member(entry, 'chunks')];
			if (batch !== from + position) {
				throw new TypeError(`batch ${from + position} is missing`);
			}
			if (!isCount(chunks)) {
				throw new TypeError(`batch ${batch} has an impossible number of chunks`);
			}
			return { chunks, root: fromHex(String(member(entry, 'root')), 32) };
		});
	});
}

function isCount(chunks: unknown): chunks is number {
	return Number.isInteger(chunks) && Number(chunks) >= 1 && Number(chunks) <= MAX_CHUNKS_PER_BATCH;
}

function decodeAnswer<T>(decode: () => T): T {
	try {
		return decode();
	} catch (cause) {
		const reason = cause instanceof FrameError || cause instanceof TypeError ? cause.message : '';
		throw new StoreError(`the store's answer is not valid: ${shown(reason)}`, { cause });
	}
}

function member(value: unknown, name: string): unknown {
	return typeof value === 'object' && value !== null
		? (value as Record<string, unknown>)[name]
		: undefined;
}

/** What a stranger wrote, without control characters and no longer than anybody reads. */
function shown(text: string): string {
	const characters = [...text].filter((character) => !/\p{Cc}/u.test(character));
	const cut = characters.length > MAX_SHOWN ? '…' : '';
	return characters.slice(0, MAX_SHOWN).join('') + cut;
}

/** Waits. */
export function sleep(milliseconds: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
