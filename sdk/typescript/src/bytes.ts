// Bytes, and how they are written.

/** Hexadecimal digits after `0x`. */
export type Hex = `0x${string}`;

/** Bytes as hexadecimal digits after `0x`. */
export function toHex(bytes: Uint8Array): Hex {
	let digits = '';
	for (const byte of bytes) {
		digits += byte.toString(16).padStart(2, '0');
	}
	return `0x${digits}`;
}

/** Bytes from hexadecimal digits after `0x`; exactly `length` of them, where that is said. */
export function fromHex(text: string, length?: number): Uint8Array {
	if (!/^0x([0-9a-f]{2})*$/i.test(text)) {
		throw new TypeError(`not hexadecimal digits after 0x: ${text.slice(0, 80)}`);
	}
	const bytes = new Uint8Array(text.length / 2 - 1);
	for (let index = 0; index < bytes.length; index += 1) {
		bytes[index] = Number.parseInt(text.slice(2 + 2 * index, 4 + 2 * index), 16);
	}
	return checkLength(bytes, length ?? bytes.length);
}

/** `bytes`, when there are exactly `length` of them. */
export function checkLength(bytes: Uint8Array, length: number): Uint8Array {
	if (bytes.length !== length) {
		throw new TypeError(`${length} bytes are needed, not ${bytes.length}`);
	}
	return bytes;
}

/** One after the other. */
export function concat(...parts: Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
	let offset = 0;
	for (const part of parts) {
		whole.set(part, offset);
		offset += part.length;
	}
	return whole;
}

/** Whether both are the same, in a time that depends on their length only. */
export function equal(left: Uint8Array, right: Uint8Array): boolean {
	let difference = left.length ^ right.length;
	for (let index = 0; index < left.length; index += 1) {
		difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
	}
	return difference === 0;
}

/** A number below 2³² as four bytes, the lowest first. */
export function u32(value: number): Uint8Array {
	if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
		throw new RangeError(`${value} is not a number below 2³²`);
	}
	const bytes = new Uint8Array(4);
	new DataView(bytes.buffer).setUint32(0, value, true);
	return bytes;
}

/** The number in the four bytes at `offset`. */
export function readU32(bytes: Uint8Array, offset: number): number {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset, true);
}

/** A text in UTF-8. */
export function utf8(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}

/** The text of bytes that must be UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
	return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Base64 with padding (RFC 4648, section 4). */
export function toBase64(bytes: Uint8Array): string {
	return btoa(String.fromCharCode(...bytes));
}

/** Random bytes that nobody can predict. */
export function randomBytes(length: number): Uint8Array {
	return crypto.getRandomValues(new Uint8Array(length));
}
