//! The SDKs: their quick starts, as docs/sdk.md shows them, search, buy, fetch, decrypt and verify on a
//! real market; and what is published from TypeScript is read with `msec`.

use crate::readings;
use msec_end_to_end::{
	binaries,
	ledger::{Ledger, Orders},
	market::{member, Market},
	process::{guarded, run},
};
use std::{
	fs,
	path::{Path, PathBuf},
	process::Command,
};

/// What the page quotes, and in which language.
const QUOTED: [(&str, &str); 3] = [
	("ts", "sdk/typescript/examples/quick-start.ts"),
	("python", "sdk/python/examples/quick_start.py"),
	("rust", "cli/examples/quick_start.rs"),
];

#[test]
fn the_page_shows_the_quick_starts_that_are_tested() {
	let repository = binaries::repository();
	let read = |path: &str| {
		fs::read_to_string(repository.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
	};
	let page = read("docs/sdk.md");
	for (language, path) in QUOTED {
		let block = format!("```{language}\n{}```\n", read(path));
		assert!(page.contains(&block), "docs/sdk.md does not show {path} as it is");
	}
}

#[tokio::test]
async fn the_quick_starts_buy_what_was_measured() {
	let market = Market::open().await;
	let (typescript, python, ()) =
		tokio::join!(TypeScript::install(&market), Python::install(&market), sell(&market));

	let buyers = tokio::join!(
		quick_start(typescript.node(&market), "//Bob", "TypeScript in Node.js"),
		quick_start(typescript.browser(&market), "//Ferdie", "TypeScript in Chromium"),
		quick_start(python.command(&market), "//Alice", "Python"),
		quick_start(rust(&market), "//Eve//stash", "Rust"),
	);
	for (bought, who) in
		[(buyers.0, "Node.js"), (buyers.1, "Chromium"), (buyers.2, "Python"), (buyers.3, "Rust")]
	{
		assert_eq!(bought, readings::expected_weather(), "{who}");
	}
	let ledger = Ledger::read(&market.chain).await;
	assert_eq!(ledger.orders, Orders { opened: 4, delivered: 4, settled: 4, refunded: 0 });

	typescript.publishes(&market).await;
}

/// Puts the readings on offer by `msec`.
async fn sell(market: &Market) {
	market.owner.text(&["key", "create", "main"]).await;
	market.owner.text(&["key", "publish", "main"]).await;
	let dataset = market.publish("weather", &readings::weather()).await;
	market.list(&dataset, &["--price", "2"]).await;
}

/// Runs a quick start in the name of `buyer`, and gives what it printed.
async fn quick_start(mut command: Command, buyer: &str, what: &str) -> String {
	command.env("MSEC_PHRASE", buyer);
	run(command, what).await
}

fn rust(market: &Market) -> Command {
	let mut command = guarded(binaries::example("quick_start"));
	command.arg(market.node.url()).arg(market.sandbox.folder("rust"));
	command
}

/// The npm project, built in a folder of its own.
struct TypeScript {
	folder: PathBuf,
}

impl TypeScript {
	async fn install(market: &Market) -> Self {
		let folder = market.sandbox.folder("typescript");
		copy(&binaries::repository().join("sdk/typescript"), &folder);
		let this = Self { folder };
		let install = ["ci", "--no-audit", "--no-fund", "--prefer-offline"];
		run(this.program("npm", &install), "npm ci").await;
		run(this.program("npm", &["run", "build"]), "npm run build").await;
		run(this.program("npm", &["run", "bundle"]), "npm run bundle").await;
		this
	}

	fn program(&self, name: &str, arguments: &[&str]) -> Command {
		let mut command = guarded(name);
		command.args(arguments).current_dir(&self.folder);
		command
	}

	fn node(&self, market: &Market) -> Command {
		let mut command = self.program("node", &["dist/examples/node.js", &market.node.url()]);
		command.arg(market.sandbox.folder("node-purchases"));
		command
	}

	fn browser(&self, market: &Market) -> Command {
		let url = market.node.url();
		self.program("node", &["dist/test/browser.js", "dist/browser", &url])
	}

	/// An owner publishes from TypeScript, and a buyer reads it with `msec`.
	async fn publishes(&self, market: &Market) {
		let table = market.sandbox.file("canonical.csv", readings::expected_weather());
		let mut command = self.program("node", &["dist/examples/publish.js", &market.node.url()]);
		command
			.arg(market.sandbox.folder("owner-of-typescript"))
			.arg(table)
			.env("MSEC_PHRASE", "//Charlie")
			.env("MSEC_STORE", &market.store.account)
			.env("MSEC_AGENT", &market.agent.account)
			.env("MSEC_AGENT_KEY", &market.agent.encryption_key);
		let listing = run(command, "TypeScript publishes").await;
		let order = member(&market.buyer.json(&["buy", listing.trim(), "--wait"]).await, "order");
		let output = market.sandbox.path().join("published.csv");
		market.buyer.text(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
		let bought = fs::read_to_string(output).expect("the file was fetched");
		assert_eq!(bought, readings::expected_weather());
	}
}

/// The Python package with its requirements in an environment of its own.
struct Python {
	interpreter: PathBuf,
}

impl Python {
	async fn install(market: &Market) -> Self {
		let environment = market.sandbox.path().join("venv");
		let mut create = guarded("python3");
		create.args(["-m", "venv"]).arg(&environment);
		run(create, "python3 -m venv").await;
		let interpreter = environment.join("bin/python");
		let mut install = guarded(&interpreter);
		install
			.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
			.args(["--only-binary", ":all:", "--requirement"])
			.arg(Self::source().join("requirements.txt"));
		run(install, "pip install").await;
		Self { interpreter }
	}

	fn source() -> PathBuf {
		binaries::repository().join("sdk/python")
	}

	fn command(&self, market: &Market) -> Command {
		let mut command = guarded(&self.interpreter);
		command
			.arg(Self::source().join("examples/quick_start.py"))
			.arg(market.node.url())
			.arg(market.sandbox.folder("python"))
			.env("PYTHONPATH", Self::source())
			.env("PYTHONDONTWRITEBYTECODE", "1");
		command
	}
}

/// Copies a folder without what was installed or built in it.
fn copy(from: &Path, to: &Path) {
	fs::create_dir_all(to).expect("the temporary folder can be written to");
	for entry in fs::read_dir(from).expect("the project is in the repository") {
		let path = entry.expect("a folder can be listed").path();
		let name = path.file_name().expect("an entry has a name; qed");
		if path.is_file() {
			fs::copy(&path, to.join(name)).expect("the temporary folder can be written to");
		} else if name != "node_modules" && name != "dist" {
			copy(&path, &to.join(name));
		}
	}
}
