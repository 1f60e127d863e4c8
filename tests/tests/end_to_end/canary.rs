//! Readings are found nowhere in the clear but with their owner and their buyer.

use msec_end_to_end::{
	canary::{Report, Search},
	market::{member, Market},
};
use std::{collections::BTreeSet, fmt::Write, path::Path, time::Duration};

const ROWS: usize = 2_000;
/// Every row's text is a canary; so many of them are searched for.
const SEARCHED: usize = 40;
const STOP: Duration = Duration::from_secs(30);

/// Readings, each with a remark that nobody could guess, and these remarks.
fn readings() -> (String, Vec<String>) {
	let column = canary();
	let mut text = format!("time,temperature,{column}\n");
	let mut words = vec![column];
	for row in 0..ROWS {
		let word = canary();
		let (hour, minute) = (row / 60 % 24, row % 60);
		writeln!(text, "2024-05-{:02}T{hour:02}:{minute:02}:00Z,21.5,{word}", row / 1_440 + 1)
			.expect("a string takes everything; qed");
		words.push(word);
	}
	let step = ROWS / SEARCHED;
	(text, words.into_iter().step_by(step).collect())
}

fn canary() -> String {
	format!("canary-{:024x}", rand::random::<u128>() >> 32)
}

#[tokio::test]
async fn canaries_are_found_with_owner_and_buyer_only() {
	let mut market = Market::open().await;
	let (text, words) = readings();
	let search = Search::new(&words);
	let file = market.sandbox.file("canaries.csv", &text);
	market.owner.text(&["key", "create", "main"]).await;
	market.owner.text(&["key", "publish", "main"]).await;
	let dataset = market.publish("aviary", &file).await;
	let listing = market.list(&dataset, &["--price", "1"]).await;
	let order = member(&market.buyer.json(&["buy", &listing, "--wait"]).await, "order");

	let bought = market.sandbox.folder("bought");
	let output = bought.join("bought.csv");
	market.buyer.text(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
	assert_eq!(std::fs::read_to_string(&output).expect("the file was fetched"), text);
	let all: BTreeSet<&str> = words.iter().map(String::as_str).collect();
	assert_eq!(search.folder(&bought).words(), all, "the search finds what is there");

	assert_no_canary(&market, &search);
	market.store.service.process().terminate(STOP).await;
	market.agent.service.process().terminate(STOP).await;
	market.node.process().terminate(STOP).await;
	assert_no_canary(&market, &search);

	// What the owner's and the buyer's own folders keep is encrypted too.
	let values = Search::new(&words[1..]);
	for person in [&market.owner, &market.buyer] {
		assert_clean(&values.folder(person.home()), person.home());
	}
	assert_clean(&values.folder(&market.sandbox.terminals()), &market.sandbox.terminals());
}

fn assert_no_canary(market: &Market, search: &Search) {
	let agent = market.sandbox.folder("agent");
	let logs = market.sandbox.logs();
	let places = [market.store.data(), market.node.base_path(), &agent, &logs];
	for place in places {
		let report = search.folder(place);
		assert!(report.bytes > 0, "{} was searched", place.display());
		assert_clean(&report, place);
	}
}

fn assert_clean(report: &Report, place: &Path) {
	let found: Vec<_> = report.sightings.iter().map(ToString::to_string).collect();
	assert!(found.is_empty(), "readings in {}:\n{}", place.display(), found.join("\n"));
}
