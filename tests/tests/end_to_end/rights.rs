//! What is sold besides data: the use of a service, under a licence that the chain knows.

use msec_end_to_end::market::{address, member, Market};
use serde_json::json;

const LICENCE: &str = "LicenseRef-M-Sec-Own-Use-1.0";
const TEXT: &str =
	concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/licences/LicenseRef-M-Sec-Own-Use-1.0.txt");

#[tokio::test]
async fn who_bought_the_use_of_a_service_may_use_it_at_once() {
	let market = Market::open().await;
	let (owner, buyer) = (&market.owner, &market.buyer);
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;
	let created = owner.json(&market.dataset_arguments_without_agent("forecast")).await;
	let service = member(&created, "dataset");
	let list = |licence, more: &[&'static str]| {
		let terms =
			["listing", "create", "forecast", "--right", "use", "--kind", "weather-forecast"];
		let rest = ["--unit", "1", "--place", "dr5x", "--licence", licence];
		[&terms[..], &rest, more].concat()
	};

	let complaint = owner.refused(&list("CC-BY-9.0", &["--price", "3"])).await;
	assert!(complaint.contains("UnknownLicence"), "{complaint}");
	let complaint = owner.refused(&list(LICENCE, &["--price", "3/day"])).await;
	assert!(complaint.contains("OtherPricing"), "{complaint}");
	let listing = member(&owner.json(&list(LICENCE, &["--price", "3"])).await, "listing");
	let known = buyer.json(&["licence", "verify", LICENCE, TEXT]).await;
	assert_eq!(known["allows_resale"], json!(false));
	let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
	let complaint = buyer.refused(&["licence", "verify", LICENCE, manifest]).await;
	assert!(complaint.contains("is not the text"), "{complaint}");

	let account = address("//Bob").to_string();
	owner.refused(&["access", "forecast", &account, "use"]).await;
	let bought = buyer.json(&["buy", &listing]).await;
	let order = member(&bought, "order");
	assert_eq!((&bought["state"], &bought["right"]), (&json!("delivered"), &json!("use")));
	let answer = owner.json(&["access", "forecast", &account, "use"]).await;
	assert_eq!(answer["reason"], json!("it has bought"));
	owner.refused(&["access", "forecast", &account, "read"]).await;
	let stranger = address("//Ferdie").to_string();
	owner.refused(&["access", &service, &stranger, "use"]).await;
	let output = market.sandbox.path().join("nothing.csv");
	let complaint = buyer.refused(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
	assert!(complaint.contains("sign your requests"), "{complaint}");
	assert_eq!(buyer.json(&["confirm", &order]).await["state"], json!("settled"));
	let answer = owner.json(&["access", "forecast", &account, "use"]).await;
	assert_eq!(answer["allowed"], json!(true), "what was paid for lasts");
}
