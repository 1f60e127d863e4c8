// The quick start in Node.js: node dist/examples/node.js NODE FOLDER, with the phrase in MSEC_PHRASE.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { quickStart } from './quick-start.js';

const [node = '', folder = ''] = process.argv.slice(2);
const csv = await quickStart(node, process.env['MSEC_PHRASE'] ?? '', (purchase) =>
	writeFile(join(folder, `${purchase.order}.json`), JSON.stringify(purchase), {
		flag: 'wx',
		mode: 0o600,
	}),
);
process.stdout.write(csv);
