// What works in Node.js only.

import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import type { Journal } from './publish.js';

const NAME = /^[0-9]{10}\.frame$/;

/** A journal in a folder that nobody else writes to, which is made when it is not there. */
export class FileJournal implements Journal {
	constructor(readonly folder: string) {}

	async add(batch: number, frame: Uint8Array): Promise<void> {
		await mkdir(this.folder, { recursive: true, mode: 0o700 });
		const path = this.#path(batch);
		const file = await open(`${path}.new`, 'w', 0o600);
		try {
			await file.writeFile(frame);
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(`${path}.new`, path);
		const folder = await open(this.folder, 'r');
		try {
			await folder.sync();
		} finally {
			await folder.close();
		}
	}

	async frames(): Promise<Uint8Array[]> {
		await mkdir(this.folder, { recursive: true, mode: 0o700 });
		const names = (await readdir(this.folder)).filter((name) => NAME.test(name)).sort();
		return Promise.all(names.map((name) => readFile(join(this.folder, name))));
	}

	async remove(batch: number): Promise<void> {
		await unlink(this.#path(batch));
	}

	#path(batch: number): string {
		return join(this.folder, `${batch.toString().padStart(10, '0')}.frame`);
	}
}
