//! A subscription: new batches come by themselves, and who ends early has the rest back.

use crate::readings;
use msec_end_to_end::{
	ledger::{self, Ledger, Orders, ENDOWMENT, MSEC, TREASURY_ENDOWMENT},
	market::{address, listing_arguments, member, Market},
};
use serde_json::{json, Value};

/// Of a period of twenty blocks, of which two are sold at least.
const PRICE: u128 = MSEC;
const PERIOD: u128 = 20;
const TERMS: [&str; 10] = [
	"--price",
	"1/20b",
	"--minimum",
	"2",
	"--discount",
	"10:10%",
	"--confirmation-period",
	"2b",
	"--delivery-period",
	"20b",
];

#[tokio::test]
async fn a_subscriber_gets_what_comes_and_pays_for_what_was_used() {
	let market = Market::open().await;
	let (owner, buyer) = (&market.owner, &market.buyer);
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;

	let whole = readings::many(40);
	let lines: Vec<_> = whole.lines().collect();
	let (header, rows) = lines.split_first().expect("there are readings");
	let part = |name: &str, rows: &[&str]| {
		let text = [&[*header], rows].concat().join("\n") + "\n";
		market.sandbox.file(name, text)
	};
	let dataset = market.publish("stream", &part("first.csv", &rows[..25])).await;

	let listed = owner.json(&[&listing_arguments("stream")[..], &TERMS].concat()).await;
	let listing = member(&listed, "listing");
	let complaint = buyer.refused(&["buy", &listing, "--periods", "1"]).await;
	assert!(complaint.contains("at least 2 periods"), "{complaint}");
	let rehearsed = buyer.json(&["buy", &listing, "--periods", "10", "--dry-run"]).await;
	assert_eq!(member(&rehearsed, "price"), (9 * PRICE).to_string());
	let bought = buyer.json(&["buy", &listing, "--periods", "9", "--wait"]).await;
	assert_eq!(member(&bought, "price"), (9 * PRICE).to_string());
	let order = member(&bought, "order");
	let fetch = async |name: &str| {
		let output = market.sandbox.path().join(name);
		buyer.text(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
		std::fs::read_to_string(&output).expect("the file was fetched")
	};
	let first: String = whole.lines().take(26).map(|line| format!("{line}\n")).collect();
	assert_eq!(fetch("first-bought.csv").await, first);

	let rest = part("rest.csv", &rows[25..]);
	owner.text(&["publish", "stream", &rest.to_string_lossy()]).await;
	let shown = owner.json(&["dataset", "show", "stream"]).await;
	assert_eq!(member(&shown, "dataset"), dataset);
	let batches = shown["batches"].as_u64().expect("a data set has batches").to_string();
	let delivered = buyer.json(&["order", "wait", &order, "--batches", &batches]).await;
	assert_eq!(delivered["batches"], shown["batches"]);
	assert_eq!(fetch("all-bought.csv").await, whole);

	// The tenth period costs nothing more, by the discount for ten.
	let extended = buyer.json(&["order", "extend", &order, "--periods", "2"]).await;
	assert_eq!(member(&extended, "price"), (PRICE * 11 * 9 / 10).to_string());
	assert_eq!(extended["subscription"]["periods"], json!(11));
	let ended = buyer.json(&["order", "end", &order]).await;
	assert_eq!(member(&ended, "state"), "settled");
	check_money(&market, &ended).await;
	let complaint = buyer.refused(&["order", "end", &order]).await;
	assert!(complaint.contains("not a subscription"), "{complaint}");
}

/// The owner has what was used, and the minimum at least; the buyer has the rest.
async fn check_money(market: &Market, ended: &Value) {
	let block = |name: &str| u128::from(ended[name].as_u64().expect("an order has its blocks"));
	let used = block("ended_at") - block("opened_at");
	let paid = (PRICE * used / PERIOD).max(2 * PRICE);
	let price: u128 = member(ended, "price").parse().expect("a price is a number");
	assert!(paid < price, "{used} blocks were used, and the test is too slow");
	let fee = (price / 50) * paid / price;
	let ledger = Ledger::read(&market.chain).await;
	assert_eq!(ledger.orders, Orders { opened: 1, delivered: 1, settled: 1, refunded: 0 });
	let (seller, buyer) = (address("//Charlie"), address("//Bob"));
	let agent = market.agent.account.parse().expect("the agent has an account");
	let total = async |account| ledger::total(&market.chain, account).await;
	assert_eq!(ledger.fees_of(&agent), 0, "deliveries are free");
	assert_eq!(total(&agent).await, ENDOWMENT);
	assert_eq!(total(&seller).await, ENDOWMENT + paid - fee - ledger.fees_of(&seller));
	assert_eq!(total(&buyer).await, ENDOWMENT - paid - ledger.fees_of(&buyer));
	let treasury = ledger::treasury();
	assert_eq!(total(&treasury).await, TREASURY_ENDOWMENT + fee + ledger.all_fees());
}
