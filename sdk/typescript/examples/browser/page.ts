// The quick start in a browser.

import { quickStart } from '../quick-start.js';

const form = document.querySelector('form')!;
const output = document.querySelector('output')!;

form.addEventListener('submit', async (event) => {
	event.preventDefault();
	const { node, phrase } = Object.fromEntries(new FormData(form)) as Record<string, string>;
	output.dataset['state'] = 'buying';
	try {
		output.textContent = await quickStart(node ?? '', phrase ?? '', async (purchase) =>
			localStorage.setItem(purchase.order, JSON.stringify(purchase)),
		);
		output.dataset['state'] = 'bought';
	} catch (error) {
		output.textContent = String(error);
		output.dataset['state'] = 'failed';
	}
});
