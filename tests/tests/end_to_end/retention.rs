//! Data whose time is over goes by itself.

use crate::readings;
use msec_end_to_end::{
	market::{key, Market},
	services::scrub,
	wait,
};
use serde_json::json;

#[tokio::test]
async fn a_data_set_whose_time_is_over_is_destroyed_by_its_store() {
	let mut market = Market::open().await;
	let owner = market.owner.clone();
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;
	let dataset = market.publish("weather", &readings::weather()).await;

	let kept = owner.json(&["dataset", "retain", "weather", "--for", "10b"]).await;
	let until = kept["retain_until"].as_u64().expect("it is a block");
	let shown = wait::until("the data set is erased", wait::A_FEW_BLOCKS, async || {
		let shown = owner.json(&["dataset", "show", &dataset]).await;
		(shown["status"] == json!("erased")).then_some(shown)
	})
	.await;
	assert_eq!(shown["stores"], json!([]));
	let erasure = market.wait_for_certificates(&dataset).await;
	assert_eq!(erasure["stores"].as_array().map(Vec::len), Some(1));
	let duty = &erasure["stores"][0];
	assert_eq!(
		(&duty["store"], &duty["status"]),
		(&json!(market.store.account), &json!("certified"))
	);
	let destruction = &duty["certificate"]["destruction"];
	assert_eq!((&destruction["keys"], &destruction["batches"]), (&json!(2), &json!(1)));
	assert!(destruction["block"].as_u64() > Some(until), "not before its time: {destruction}");

	let batch = format!("/v1/datasets/{dataset}/batches/0");
	let answer = market.store.ask(&batch, &key("//Charlie")).await;
	assert_eq!(answer.problem("refusal"), "Erased");
	market.store.service.kill();
	let (status, left) = scrub(market.store.data()).await;
	assert!(status.success(), "{left}");
	assert_eq!((&left["datasets"], &left["batches"]), (&json!(0), &json!(0)));
}
