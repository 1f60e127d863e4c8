// Lets the built page buy in headless Chromium, and prints what the buyer then sees:
// node dist/test/browser.js FOLDER NODE, with the phrase in MSEC_PHRASE.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

/** Longest that a purchase may take, in milliseconds. */
const DEADLINE = 180_000;
const FILES: Record<string, string> = { 'index.html': 'text/html', 'page.js': 'text/javascript' };
const ARGUMENTS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

const [folder = '', node = ''] = process.argv.slice(2);

const server = createServer(async (request, response) => {
	const name = request.url?.slice(1) || 'index.html';
	const type = FILES[name];
	if (type === undefined) {
		response.writeHead(404).end();
		return;
	}
	response.writeHead(200, { 'content-type': type }).end(await readFile(join(folder, name)));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;

const profile = join(folder, 'profile');
const context = await chromium.launchPersistentContext(profile, {
	executablePath: process.env['MSEC_CHROMIUM'] ?? '/usr/bin/chromium',
	headless: true,
	args: ARGUMENTS,
});
try {
	const page = await context.newPage();
	page.on('pageerror', (error) => console.error(error));
	page.on('console', (message) => console.error(message.text()));
	await page.goto(`http://localhost:${port}/`);
	await page.getByLabel('Node').fill(node);
	await page.getByLabel('Phrase').fill(process.env['MSEC_PHRASE'] ?? '');
	await page.getByRole('button', { name: 'Buy' }).click();
	const output = page.locator('output[data-state=bought], output[data-state=failed]');
	const text = await output.evaluate((element) => element.textContent, undefined, {
		timeout: DEADLINE,
	});
	if ((await output.getAttribute('data-state')) !== 'bought') {
		throw new Error(text ?? 'failed');
	}
	const kept = await page.evaluate(() => Object.values(localStorage).map((value) => JSON.parse(value)));
	if (kept.length !== 1 || !kept[0].secret) {
		throw new Error('the purchase was not kept');
	}
	process.stdout.write(text ?? '');
} finally {
	await context.close();
	server.close();
}
