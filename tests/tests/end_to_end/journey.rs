//! The whole journey on real readings, to the last unit of money.

use crate::readings;
use msec_end_to_end::{
	ledger::{self, Ledger, Orders, ENDOWMENT, MSEC, TREASURY_ENDOWMENT},
	market::{address, listing_arguments, member, Market},
};
use serde_json::{json, Value};

const PRICE: u128 = 5 * MSEC / 2;
/// Two in a hundred.
const FEE: u128 = PRICE / 50;

#[tokio::test]
async fn an_owner_sells_and_a_buyer_reads_what_was_measured() {
	let market = Market::open().await;
	let (owner, buyer) = (&market.owner, &market.buyer);
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;

	let created = owner.json(&market.dataset_arguments("weather")).await;
	let dataset = member(&created, "dataset");
	let file = readings::weather().to_string_lossy().into_owned();
	let published = owner.json(&["publish", "weather", &file]).await;
	let report = &published["files"][0];
	assert_eq!((&report["rows"], &report["rejected"]), (&json!(744), &json!(0)));
	let again = owner.json(&["publish", "weather", &file]).await;
	assert_eq!(again["files"][0]["already_published"], json!(true));

	let sample = market.sandbox.file("sample.csv", "2013-07-01T04:00:00Z,71.96\n");
	let terms = ["--price", "2.5", "--sample", &sample.to_string_lossy()];
	let listed = owner.json(&[&listing_arguments("weather")[..], &terms].concat()).await;
	let listing = member(&listed, "listing");

	find(&market, &listing, &dataset).await;
	let order = buy(&market, &listing).await;

	let output = market.sandbox.path().join("bought.csv");
	buyer.text(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
	let bought = std::fs::read_to_string(&output).expect("the file was fetched");
	assert_eq!(bought, readings::expected_weather());

	let confirmed = buyer.json(&["confirm", &order]).await;
	assert_eq!(confirmed["state"], json!("settled"));
	check_money(&market).await;
}

/// The buyer finds the listing by kind, place and price, and not elsewhere.
async fn find(market: &Market, listing: &str, dataset: &str) {
	let search = async |arguments: &[&str]| -> Vec<Value> {
		let all = [&["search"], arguments].concat();
		let found = market.buyer.json(&all).await;
		found.as_array().expect("a search prints a list").clone()
	};
	let found =
		search(&["--kind", "air-temperature", "--place", "dr5x", "--max-price", "2.5"]).await;
	assert_eq!(found.len(), 1);
	assert_eq!(member(&found[0], "listing"), listing);
	assert_eq!(member(&found[0], "dataset"), dataset);
	assert_eq!(member(&found[0], "price"), PRICE.to_string());
	assert_eq!(found[0]["interval_seconds"], json!(3_600));
	let nothing: [&[&str]; 4] = [
		&["--kind", "humidity"],
		&["--place", "ezjm"],
		&["--max-price", "2.4"],
		&["--owner", "//Alice"],
	];
	for arguments in nothing {
		assert_eq!(search(arguments).await, Vec::<Value>::new(), "{arguments:?}");
	}
}

/// The buyer buys once and waits for the key.
async fn buy(market: &Market, listing: &str) -> String {
	let rehearsed = market.buyer.json(&["buy", listing, "--dry-run"]).await;
	assert_eq!(member(&rehearsed, "price"), PRICE.to_string());
	let complaint = market.buyer.refused(&["buy", listing, "--max-price", "2.49"]).await;
	assert!(complaint.contains("2.5 MSEC"), "{complaint}");
	let bought = market.buyer.json(&["buy", listing, "--wait"]).await;
	assert_eq!(member(&bought, "state"), "delivered");
	assert_eq!(
		(member(&bought, "price"), member(&bought, "fee")),
		(PRICE.to_string(), FEE.to_string())
	);
	member(&bought, "order")
}

/// Everybody has exactly what the sale and their own transactions leave them.
async fn check_money(market: &Market) {
	let ledger = Ledger::read(&market.chain).await;
	assert_eq!(ledger.orders, Orders { opened: 1, delivered: 1, settled: 1, refunded: 0 });
	let (seller, buyer) = (address("//Charlie"), address("//Bob"));
	let agent = market.agent.account.parse().expect("the agent has an account");
	assert_eq!(ledger.fees_of(&agent), 0, "deliveries are free");
	let total = async |account| ledger::total(&market.chain, account).await;
	assert_eq!(total(&seller).await, ENDOWMENT + PRICE - FEE - ledger.fees_of(&seller));
	assert_eq!(total(&buyer).await, ENDOWMENT - PRICE - ledger.fees_of(&buyer));
	assert_eq!(total(&agent).await, ENDOWMENT);
	let treasury = ledger::treasury();
	assert_eq!(total(&treasury).await, TREASURY_ENDOWMENT + FEE + ledger.all_fees());
	let shown = market.buyer.json(&["balance"]).await;
	let units = |name: &str| member(&shown, name).parse::<u128>().expect("an amount is a number");
	assert_eq!(units("free") + units("held"), total(&buyer).await);
}
