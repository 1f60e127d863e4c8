//! Supply meets demand, and data is made for a reward.

use crate::readings;
use msec_end_to_end::{
	market::{address, listing_arguments, member, Market},
	wait,
};
use serde_json::{json, Value};

/// A demand buys what comes later, for less than it would have paid, and the buyer reads it.
#[tokio::test]
async fn a_demand_buys_what_is_offered_later() {
	let market = Market::open().await;
	let (owner, buyer) = (&market.owner, &market.buyer);
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;

	let wanted = ["--kind", "air-temperature", "--area", "dr5x", "--highest-price", "4"];
	let create = [&["demand", "create"], &wanted[..], &["--fills", "2"]].concat();
	let created = buyer.json(&create).await;
	let demand = member(&created, "demand");
	assert_eq!((&created["fills"], &created["filled_from"]), (&json!(2), &json!([])));
	// The owner sees what is wanted, for how much.
	let area = ["demand", "list", "--kind", "air-temperature", "--area", "dr5x"];
	let seen = owner.json(&area).await;
	assert_eq!(member(&seen[0], "demand"), demand);

	let file = readings::weather();
	market.publish("weather", &file).await;
	let listing = market.list("weather", &["--price", "2.5"]).await;
	let dear = market.list("weather", &["--price", "4.1"]).await;
	let stranger = market.person("stranger", "//Ferdie");
	let complaint = stranger.refused(&["demand", "propose", &demand, &dear]).await;
	assert!(complaint.contains("PriceTooHigh"), "{complaint}");
	let since = u64::from(market.listing(&listing).await.changed_at);
	wait::until("the offer is old enough", wait::A_FEW_BLOCKS, async || {
		(market.height().await >= since + 5).then_some(())
	})
	.await;
	stranger.json(&["demand", "propose", &demand, &listing]).await;

	let orders = buyer.json(&["orders"]).await;
	let order = member(&orders[0], "order");
	assert_eq!(member(&orders[0], "price"), (5 * 10u128.pow(12) / 2).to_string());
	market.wait_for_delivery(&order).await;
	let output = market.sandbox.path().join("bought.csv");
	buyer.text(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
	let bought = std::fs::read_to_string(&output).expect("the file was fetched");
	assert_eq!(bought, readings::expected_weather());
	assert_eq!(buyer.json(&["confirm", &order]).await["state"], json!("settled"));

	let shown = buyer.json(&["demand", "show", &demand]).await;
	assert_eq!(shown["filled_from"], json!([listing]));
	buyer.text(&["demand", "cancel", &demand]).await;
	assert_eq!(buyer.json(&["demand", "list"]).await, Value::Array(vec![]));
	rewarded(&market).await;
}

/// Somebody asks for data, the owner makes it, and is paid for it.
async fn rewarded(market: &Market) {
	let (owner, buyer) = (&market.owner, &market.buyer);
	let wish = market.sandbox.file("wish.txt", "hourly weather of a July");
	let create = ["request", "create", "--description", &wish.to_string_lossy()];
	let what = ["--kind", "air-temperature", "--area", "dr5", "--reward", "7"];
	let created = buyer.json(&[&create[..], &what].concat()).await;
	let request = member(&created, "request");
	let listed = owner.json(&[&listing_arguments("weather")[..], &["--free"]].concat()).await;
	let listing = member(&listed, "listing");
	owner.text(&["request", "answer", &request, &listing]).await;
	let shown = buyer.json(&["request", "show", &request]).await;
	let contributor = address("//Charlie").to_string();
	assert_eq!(member(&shown["answers"][0], "contributor"), contributor);
	assert_eq!(member(&shown["answers"][0], "listing"), listing);

	let before = free(market).await;
	buyer.text(&["request", "award", &request, &contributor]).await;
	assert_eq!(free(market).await - before, 7 * 10u128.pow(12));
	owner.text(&["request", "withdraw", &request, &contributor]).await;
	let complaint = buyer.refused(&["request", "show", &request]).await;
	assert!(complaint.contains("no such request"), "{complaint}");
}

/// What the owner can spend.
async fn free(market: &Market) -> u128 {
	let block = market.chain.finalized().await.expect("the node answers");
	block.account(&address("//Charlie")).await.expect("the node answers").free
}
