// Amounts of money, as people write them.

const DECIMALS = 12;
const UNIT = 10n ** BigInt(DECIMALS);
const LARGEST = 2n ** 128n - 1n;

/** An amount in the smallest unit, from MSEC as people write them: `2.5`. */
export function parseAmount(text: string): bigint {
	const match = /^(\d+)(?:\.(\d*))?(?:\s*MSEC)?$/.exec(text.trim());
	const [, whole, fraction = ''] = match ?? [];
	if (whole === undefined || fraction.length > DECIMALS) {
		throw new TypeError(`${JSON.stringify(text)} is not an amount; write it like 2.5`);
	}
	const amount = BigInt(whole) * UNIT + BigInt(fraction.padEnd(DECIMALS, '0'));
	if (amount > LARGEST) {
		throw new RangeError(`${text} is more than there can be`);
	}
	return amount;
}

/** An amount in the smallest unit as `2.5 MSEC`. */
export function formatAmount(amount: bigint): string {
	const fraction = (amount % UNIT).toString().padStart(DECIMALS, '0').replace(/0+$/, '');
	return `${amount / UNIT}${fraction && '.'}${fraction} MSEC`;
}
