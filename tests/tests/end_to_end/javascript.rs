//! Buyers whose wallets speak JavaScript: @polkadot/api and dedot buy, `msec` decrypts.

use crate::readings;
use msec_end_to_end::{
	market::{member, Market},
	msec::write_private,
	process::{guarded, run},
};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The npm project in a folder of its own, with its packages.
async fn install(market: &Market) -> PathBuf {
	let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("javascript");
	let folder = market.sandbox.folder("javascript");
	for entry in std::fs::read_dir(&source).expect("the project is in the repository") {
		let path = entry.expect("a folder can be listed").path();
		if path.is_file() {
			let name = path.file_name().expect("a file has a name; qed");
			std::fs::copy(&path, folder.join(name))
				.expect("the temporary folder can be written to");
		}
	}
	let mut command = guarded("npm");
	command.args(["ci", "--no-audit", "--no-fund", "--prefer-offline"]).current_dir(&folder);
	run(command, "npm ci").await;
	folder
}

#[tokio::test]
async fn wallets_in_javascript_buy_and_msec_decrypts() {
	let market = Market::open().await;
	let (folder, listing) = tokio::join!(install(&market), sell(&market));

	// The wallet's account is one that `msec` exports.
	let secret = market.sandbox.path().join("wallet.uri");
	write_private(&secret, "//Ferdie");
	let wallet = market.person("wallet", "wallet");
	wallet.text(&["account", "import", "wallet", "--file", &secret.to_string_lossy()]).await;
	let exported = wallet.text(&["account", "export", "wallet"]).await;
	let keystore = market.sandbox.file("wallet.json", exported);

	for library in ["polkadot-js", "dedot"] {
		let prepared = wallet.json(&["buy", &listing, "--prepare"]).await;
		let report = market.sandbox.path().join(format!("{library}.report.json"));
		let mut command = guarded("node");
		command
			.args(["--test", "--test-timeout=240000", &format!("{library}.test.mjs")])
			.current_dir(&folder)
			.env("MSEC_NODE", market.node.url())
			.env("MSEC_LISTING", &listing)
			.env("MSEC_BUYER_KEY", member(&prepared, "buyer_key"))
			.env("MSEC_BUYER_JSON", &keystore)
			.env("MSEC_BUYER_PASSWORD_FILE", wallet.password_file())
			.env("MSEC_REPORT", &report);
		run(command, library).await;
		let report = std::fs::read_to_string(&report).expect("the test wrote a report");
		let report: Value = serde_json::from_str(&report).expect("the report is JSON");
		let order = member(&report, "order");
		assert_eq!(order, member(&prepared, "order"));

		wallet.text(&["order", "wait", &order]).await;
		let output = market.sandbox.path().join(format!("{library}.csv"));
		wallet.text(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
		let bought = std::fs::read_to_string(output).expect("the file was fetched");
		assert_eq!(bought, readings::expected_weather(), "{library}");
		wallet.text(&["confirm", &order]).await;
	}
}

/// A journey that has happened already, so that its events can be decoded; gives the listing.
async fn sell(market: &Market) -> String {
	market.owner.text(&["key", "create", "main"]).await;
	market.owner.text(&["key", "publish", "main"]).await;
	let dataset = market.publish("weather", &readings::weather()).await;
	let listing = market.list(&dataset, &["--price", "2"]).await;
	let order = member(&market.buyer.json(&["buy", &listing, "--wait"]).await, "order");
	market.buyer.text(&["confirm", &order]).await;
	listing
}
