//! What is on offer is found, sorted and bought, alone and in bundles, and what it cost is told.

use crate::readings;
use msec_end_to_end::{
	ledger::{self, Ledger, ENDOWMENT, MSEC, TREASURY_ENDOWMENT},
	market::{address, hash, member, Market},
	msec::Msec,
	node::{Node, DEVELOPMENT},
	sandbox::Sandbox,
};
use msec_worker_common::{
	chain::{runtime::records::events::Appended, ChainClient},
	H256,
};
use serde_json::{json, Value};

/// An airport of New York, which lies in the cell `dr5x`.
const AIRPORT: &str = "40.64,-73.76";
const KIND: [&str; 2] = ["--kind", "air-temperature"];
/// Of a price that goes to the treasury: one of so many parts.
const FEE_PARTS: u128 = 50;

/// Three listings of temperatures, by identifier.
struct Offers {
	/// At the airport, for 3 MSEC.
	airport: String,
	/// In the cell beside it, for 1 MSEC, with the fresher data.
	beside: String,
	/// Across the ocean, for 2 MSEC.
	far: String,
}

#[tokio::test]
async fn offers_are_found_sorted_bought_and_their_prices_remembered() {
	let market = Market::open().await;
	let offers = make_offers(&market).await;
	they_are_sorted_and_filtered(&market, &offers).await;
	the_freshest_comes_first(&market, &offers).await;
	let order = buy(&market, &offers.airport).await;
	market.buyer.text(&["confirm", &order]).await;
	the_seller_has_a_score(&market, &offers).await;
	a_bundle_is_bought(&market, &offers).await;
	prices_are_remembered(&market, &offers).await;
}

async fn make_offers(market: &Market) -> Offers {
	for command in ["create", "publish"] {
		market.owner.text(&["key", command, "main"]).await;
	}
	market.publish("old", &readings::weather()).await;
	let fresh = market.sandbox.file("fresh.csv", readings::many(40));
	market.publish("new", &fresh).await;
	let list = async |dataset: &str, place: &str, price: &str| {
		let what = ["listing", "create", dataset, "--unit", "[degF]", "--licence", "CC0-1.0"];
		let terms = ["--place", place, "--price", price];
		member(&market.owner.json(&[&what[..], &KIND, &terms].concat()).await, "listing")
	};
	Offers {
		airport: list("old", "dr5x1", "3").await,
		beside: list("new", "dr78", "1").await,
		far: list("old", "ezjm", "2").await,
	}
}

async fn search(market: &Market, arguments: &[&str]) -> Vec<Value> {
	let found = market.buyer.json(&[&["search"], &KIND[..], arguments].concat()).await;
	found.as_array().expect("results are a list").clone()
}

fn listings(found: &[Value]) -> Vec<String> {
	found.iter().map(|listing| member(listing, "listing")).collect()
}

async fn they_are_sorted_and_filtered(market: &Market, offers: &Offers) {
	let Offers { airport, beside, far } = offers;
	for (arguments, expected) in [
		(&["--sort", "price"][..], &[beside, far, airport][..]),
		(&[], &[beside, far, airport]),
		(&["--sort", "newest"], &[far, beside, airport]),
		(&["--min-price", "1.5", "--max-price", "2"], &[far]),
		(&["--min-price", "3.000000000001"], &[]),
		(&["--place", "dr5"], &[airport]),
		(&["--place", "dr78"], &[beside]),
		(&["--near", AIRPORT], &[beside, airport]),
		(&["--near", AIRPORT, "--sort", "distance"], &[airport, beside]),
		(&["--near", AIRPORT, "--max-price", "2"], &[beside]),
		(&["--limit", "2"], &[beside, far]),
		(&["--limit", "2", "--page", "2"], &[airport]),
		(&["--limit", "2", "--page", "3"], &[]),
	] {
		let found = listings(&search(market, arguments).await);
		assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{arguments:?}");
	}
	let near = search(market, &["--near", AIRPORT, "--sort", "distance"]).await;
	let distances: Vec<_> = near.iter().filter_map(|found| found["distance_km"].as_f64()).collect();
	let [here, there] = distances[..] else { panic!("two distances, not {distances:?}") };
	assert!(here < 5.0 && there > 10.0 && there < 60.0, "{here} and {there}");
	let nowhere = market.buyer.attempt(&["search", "--sort", "distance"]).await;
	assert_eq!(nowhere.status.code(), Some(2), "a distance is from somewhere");
}

/// The chain itself tells when the newest batches came.
async fn the_freshest_comes_first(market: &Market, offers: &Offers) {
	let found = search(market, &["--near", AIRPORT, "--sort", "freshness"]).await;
	assert_eq!(listings(&found), [&offers.beside, &offers.airport].map(String::clone));
	for listing in &found {
		let newest = &listing["newest_batch"];
		assert_eq!(newest["exact"], json!(true));
		let number = newest["block"].as_u64().expect("a block has a number");
		let block = market.chain.at_number(number).await.expect("the node has its blocks");
		let events = block.events().await.expect("blocks have events");
		let dataset = H256(hash(&member(listing, "dataset")));
		let appended = events.find::<Appended>().map(|event| event.expect("events decode"));
		assert_eq!(appended.filter(|event| event.dataset == dataset).count(), 1, "block {number}");
	}
}

async fn buy(market: &Market, listing: &str) -> String {
	member(&market.buyer.json(&["buy", listing, "--wait"]).await, "order")
}

/// One sale for 3 MSEC that ended well, against what everybody begins with: a sale for one MSEC that did,
/// and one that did not.
async fn the_seller_has_a_score(market: &Market, offers: &Offers) {
	let found = search(market, &["--sort", "score"]).await;
	assert_eq!(found.len(), 3);
	for listing in &found {
		assert_eq!(listing["score"], json!(0.8));
	}
	let sales = search(market, &["--sort", "sales"]).await;
	assert_eq!(member(&sales[0], "listing"), offers.airport);
}

async fn a_bundle_is_bought(market: &Market, offers: &Offers) {
	let (owner, buyer) = (&market.owner, &market.buyer);
	let members = [format!("{}:2", offers.airport), format!("{}:0.5", offers.beside)];
	let created = owner.json(&["bundle", "create", &members[0], &members[1]]).await;
	let bundle = member(&created, "bundle");
	let price = 5 * MSEC / 2;
	assert_eq!(member(&created, "price"), price.to_string());
	assert_eq!(created["for_sale"], json!(true));
	let listed = buyer.json(&["bundle", "list"]).await;
	assert_eq!(member(&listed[0], "bundle"), bundle);

	owner.text(&["listing", "pause", &offers.beside]).await;
	let complaint = buyer.refused(&["bundle", "buy", &bundle]).await;
	assert!(complaint.contains("not for sale"), "{complaint}");
	owner.text(&["listing", "resume", &offers.beside]).await;
	let complaint = buyer.refused(&["bundle", "buy", &bundle, "--max-price", "2.4"]).await;
	assert!(complaint.contains("the price is 2.5 MSEC, more than 2.4 MSEC"), "{complaint}");

	let bought = buyer.json(&["bundle", "buy", &bundle, "--wait"]).await;
	let orders = bought["orders"].as_array().expect("a bundle has orders").clone();
	let prices: Vec<_> = orders.iter().map(|order| member(order, "price")).collect();
	assert_eq!(prices, [(2 * MSEC).to_string(), (MSEC / 2).to_string()]);
	let output = market.sandbox.path().join("bundled.csv");
	let second = member(&orders[1], "order");
	buyer.text(&["fetch", &second, "-o", &output.to_string_lossy()]).await;
	let fetched = std::fs::read_to_string(output).expect("the file was fetched");
	assert_eq!(fetched, readings::many(40));
	for order in &orders {
		let confirmed = buyer.json(&["confirm", &member(order, "order")]).await;
		assert_eq!(member(&confirmed, "state"), "settled");
	}
	owner.text(&["bundle", "retire", &bundle]).await;
	let complaint = buyer.refused(&["bundle", "show", &bundle]).await;
	assert!(complaint.contains("no such bundle"), "{complaint}");

	// With the one bought before, everything that was paid went to the seller and the treasury.
	let paid = 3 * MSEC + price;
	let fee = paid / FEE_PARTS;
	let ledger = Ledger::read(&market.chain).await;
	let total = async |account| ledger::total(&market.chain, account).await;
	let (seller, payer) = (address("//Charlie"), address("//Bob"));
	assert_eq!(total(&seller).await, ENDOWMENT + paid - fee - ledger.fees_of(&seller));
	assert_eq!(total(&payer).await, ENDOWMENT - paid - ledger.fees_of(&payer));
	let treasury = ledger::treasury();
	assert_eq!(total(&treasury).await, TREASURY_ENDOWMENT + fee + ledger.all_fees());
}

async fn prices_are_remembered(market: &Market, offers: &Offers) {
	buy(market, &offers.far).await;
	let near = ["prices", "--near", AIRPORT];
	let history = market.buyer.json(&[&near, &KIND[..]].concat()).await;
	assert_eq!((&history["complete"], &history["first_block"]), (&json!(true), &json!(1)));
	assert_eq!(spread(&history), (3, MSEC / 2, 3 * MSEC));
	let everywhere = market.buyer.json(&[&["prices"], &KIND[..]].concat()).await;
	assert_eq!(spread(&everywhere), (4, MSEC / 2, 3 * MSEC));
	let far = market.buyer.json(&["prices", KIND[0], KIND[1], "--place", "ezj"]).await;
	assert_eq!(spread(&far), (1, 2 * MSEC, 2 * MSEC));
	assert_eq!(member(&far["days"][0], "median"), (2 * MSEC).to_string());
	let readings = market.buyer.json(&[&near, &KIND[..], &["--per", "reading"]].concat()).await;
	assert_eq!(readings["days"], json!([]));
	let complaint = market.buyer.refused(&[&near, &KIND[..], &["--since", "8d"]].concat()).await;
	assert!(complaint.contains("a week, at a time"), "{complaint}");
}

/// How many purchases there were, the lowest and the highest price: midnight may come in between.
fn spread(history: &Value) -> (u64, u128, u128) {
	let days = history["days"].as_array().expect("a history has days");
	let amount = |day: &Value, name| member(day, name).parse().expect("a price is a number");
	let purchases = days.iter().filter_map(|day| day["purchases"].as_u64()).sum();
	let lowest = days.iter().map(|day| amount(day, "lowest")).min();
	let highest = days.iter().map(|day| amount(day, "highest")).max();
	let something = "something was bought";
	(purchases, lowest.expect(something), highest.expect(something))
}

/// A node that forgets says from which block on it remembers.
#[tokio::test]
async fn a_history_says_where_the_node_has_forgotten_it() {
	let sandbox = Sandbox::default();
	let node =
		Node::start(&sandbox, "node", &["--dev", &DEVELOPMENT, "--state-pruning", "8"]).await;
	node.wait_for_finality(20).await;
	let somebody = Msec::new(&sandbox, "somebody", "//Bob", &node.url());
	let read = somebody.attempt(&["prices", "--kind", "air-temperature"]).await;
	assert!(read.status.success(), "{}", read.error);
	let history: Value = serde_json::from_str(&read.output).expect("the answer is JSON");
	let first = history["first_block"].as_u64().expect("a block has a number");
	assert_eq!(history["complete"], json!(false));
	assert!(first > 1 && first <= 20, "{first}");
	let said = format!("the node has pruned the states before block {first}");
	assert!(read.error.contains(&said), "{}", read.error);
	let all = format!("{}b", node.finalized().await);
	let early = ["prices", "--kind", "air-temperature", "--since", &all, "--until", "18b"];
	let complaint = somebody.refused(&early).await;
	assert!(complaint.contains("the node has pruned the states of these blocks"), "{complaint}");
}

/// A campaign from its beginning to its end, to the last unit of money.
#[tokio::test]
async fn a_campaign_rewards_what_its_owner_accepts() {
	let sandbox = Sandbox::default();
	let node = Node::development(&sandbox).await;
	let person = |name: &str, uri: &str| Msec::new(&sandbox, name, uri, &node.url());
	let (city, citizen) = (person("city", "//Charlie"), person("citizen", "//Bob"));
	let stranger = person("stranger", "//Ferdie");
	let chain = ChainClient::connect(&node.url()).await.expect("the node answers");
	let account = async |uri: &str| {
		let block = chain.finalized().await.expect("the node answers");
		block.account(&address(uri)).await.expect("the node answers")
	};

	let rules = sandbox.file("rules.txt", "air temperatures from balconies, hourly");
	let create = ["campaign", "create", "--rules", &rules.to_string_lossy()];
	let terms = ["--reward", "2", "--cap", "2", "--budget", "5", "--period", "1d"];
	let created = city.json(&[&create[..], &terms].concat()).await;
	let campaign = member(&created, "campaign");
	assert_eq!(member(&created, "budget"), (5 * MSEC).to_string());
	let listed = citizen.json(&["campaign", "list"]).await;
	assert_eq!(member(&listed[0], "campaign"), campaign);

	let contribution = |number: u8| format!("0x{}", hex::encode([number; 32]));
	let submit = async |number| {
		citizen.json(&["campaign", "submit", &campaign, &contribution(number)]).await;
	};
	let somebody = address("//Bob").to_string();
	let decide = |verb: &'static str, number| {
		["campaign".into(), verb.into(), campaign.clone(), somebody.clone(), contribution(number)]
	};
	submit(1).await;
	let second = ["campaign", "submit", &campaign, &contribution(2)];
	let complaint = citizen.refused(&second).await;
	assert!(complaint.contains("AlreadyPending"), "{complaint}");
	let complaint = city.refused(&decide("accept", 2)).await;
	assert!(complaint.contains("NotPending"), "{complaint}");
	let complaint = stranger.refused(&decide("accept", 1)).await;
	assert!(complaint.contains("NotAuthorized"), "{complaint}");
	let before = account("//Bob").await.free;
	let shown = city.json(&decide("accept", 1)).await;
	assert_eq!(account("//Bob").await.free, before + 2 * MSEC);
	assert_eq!(member(&shown, "budget"), (3 * MSEC).to_string());
	let expected = json!([{ "account": somebody, "accepted": 1, "pending": null }]);
	assert_eq!(shown["contributors"], expected);

	submit(2).await;
	let shown = city.json(&decide("reject", 2)).await;
	assert_eq!(shown["contributors"], expected);
	let complaint = stranger.refused(&["campaign", "close", &campaign]).await;
	assert!(complaint.contains("TooEarly"), "{complaint}");
	submit(3).await;
	city.json(&decide("accept", 3)).await;
	// What is left does not pay another reward, so that anybody may close it.
	stranger.json(&["campaign", "close", &campaign]).await;
	citizen.json(&["campaign", "leave", &campaign]).await;
	let complaint = citizen.refused(&["campaign", "show", &campaign]).await;
	assert!(complaint.contains("no such campaign"), "{complaint}");

	let ledger = Ledger::read(&chain).await;
	for (uri, paid, earned) in
		[("//Charlie", 4 * MSEC, 0), ("//Bob", 0, 4 * MSEC), ("//Ferdie", 0, 0)]
	{
		let found = account(uri).await;
		let fees = ledger.fees_of(&address(uri));
		assert_eq!((found.free, found.held), (ENDOWMENT - paid + earned - fees, 0), "{uri}");
	}
}
