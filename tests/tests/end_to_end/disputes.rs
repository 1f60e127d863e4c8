//! Disputes that take time: ciphertext that is withheld, and complaints that arbiters decide.

use crate::readings;
use msec_end_to_end::{
	ledger::{self, Ledger, Orders, ENDOWMENT, MSEC, TREASURY_ENDOWMENT},
	market::{address, hash, key, member, Market},
	wait,
};
use msec_worker_common::{
	chain::{
		runtime::{
			self,
			runtime_types::{
				msec_runtime::RuntimeCall, pallet_marketplace::pallet::Call as MarketCall,
				sp_arithmetic::per_things::Permill,
			},
		},
		ChallengeState,
	},
	transactions::Submitter,
	H256,
};
use serde_json::{json, Value};

/// Two chunks of readings.
const ROWS: u32 = 100;
const PRICE: u128 = 3 * MSEC;
const FEE: u128 = PRICE / 50;
const CHALLENGE_BOND: u128 = MSEC / 50;
const COMPLAINT_BOND: u128 = PRICE / 10;

#[tokio::test]
async fn what_is_withheld_is_posted_or_refunded() {
	let mut market = Market::open().await;
	market.owner.text(&["key", "create", "main"]).await;
	market.owner.text(&["key", "publish", "main"]).await;
	let text = readings::many(ROWS);
	let file = market.sandbox.file("sensor.csv", &text);
	let dataset = market.publish("sensor", &file).await;
	let listing = market.list(&dataset, &["--price", "3"]).await;
	let hasty = market.list(&dataset, &["--price", "3", "--delivery-period", "16b"]).await;
	let posted = member(&market.buyer.json(&["buy", &listing, "--wait"]).await, "order");
	let withheld = member(&market.buyer.json(&["buy", &hasty, "--wait"]).await, "order");

	market.store.service.kill();
	let output = market.sandbox.path().join("sensor-bought.csv").to_string_lossy().into_owned();
	let complaint = market.buyer.refused(&["fetch", &posted, "-o", &output]).await;
	let advice = format!("msec order challenge {posted}");
	assert!(complaint.contains(&advice), "{complaint}");
	what_nobody_posts_is_refunded(&market, &withheld).await;
	what_is_posted_is_read(&mut market, &posted, &output, &text).await;
	check_money(&market).await;
}

async fn what_nobody_posts_is_refunded(market: &Market, order: &str) {
	let buyer = &market.buyer;
	let challenged = buyer.json(&["order", "challenge", order]).await;
	let challenge = &challenged["challenges"][0];
	let position = (&challenge["batch"], &challenge["chunk"], &challenge["state"]);
	assert_eq!(position, (&json!(0), &json!(0), &json!("open")), "{challenged}");
	let complaint = buyer.refused(&["confirm", order]).await;
	assert!(complaint.contains("Frozen"), "{complaint}");
	let complaint = buyer.refused(&["refund", order]).await;
	assert!(complaint.contains("TooEarly"), "{complaint}");
	let answer_by = challenge["answer_by"].as_u64().expect("a challenge has a deadline");
	wait::until("the time to post is over", wait::A_FEW_BLOCKS, async || {
		(market.height().await > answer_by).then_some(())
	})
	.await;
	let stranger = market.person("stranger", "//Ferdie");
	let refunded = stranger.json(&["refund", order]).await;
	let outcome = (&refunded["state"], &refunded["reason"]);
	assert_eq!(outcome, (&json!("refunded"), &json!("withheld")));
}

/// The agent posts what the buyer does not get from the store.
async fn what_is_posted_is_read(market: &mut Market, order: &str, output: &str, text: &str) {
	let buyer = market.buyer.clone();
	buyer.text(&["order", "challenge", order]).await;
	buyer.text(&["order", "challenge", order, "--batch", "0", "--chunk", "1"]).await;
	market.store.service.restart().await;
	wait::until("the agent posts both chunks", wait::A_FEW_BLOCKS, async || {
		let block = market.chain.finalized().await.expect("the node answers");
		let challenges = block.challenges(&hash(order)).await.expect("the node answers");
		let is_answered = |state| matches!(state, ChallengeState::Answered { .. });
		let answered = challenges.iter().filter(|challenge| is_answered(challenge.state)).count();
		(answered == 2).then_some(())
	})
	.await;
	market.store.service.kill();
	buyer.text(&["fetch", order, "-o", output]).await;
	let fetched = std::fs::read_to_string(output).expect("the file was fetched");
	assert_eq!(fetched, text, "every chunk was read from the chain");
	let complaint = buyer.refused(&["dispute", order]).await;
	assert!(complaint.contains("no ground"), "{complaint}");
	let confirmed = buyer.json(&["confirm", order]).await;
	assert_eq!(confirmed["state"], json!("settled"));
}

/// The challenger paid for what was posted, and nobody earned by it.
async fn check_money(market: &Market) {
	let ledger = Ledger::read(&market.chain).await;
	assert_eq!(ledger.orders, Orders { opened: 2, delivered: 2, settled: 1, refunded: 1 });
	let (seller, buyer) = (address("//Charlie"), address("//Bob"));
	let agent = market.agent.account.parse().expect("the agent has an account");
	assert_eq!(ledger.fees_of(&agent), 0, "answers are free");
	let total = async |account| ledger::total(&market.chain, account).await;
	assert_eq!(total(&seller).await, ENDOWMENT + PRICE - FEE - ledger.fees_of(&seller));
	let bonds = 2 * CHALLENGE_BOND;
	assert_eq!(total(&buyer).await, ENDOWMENT - PRICE - bonds - ledger.fees_of(&buyer));
	assert_eq!(total(&agent).await, ENDOWMENT);
	let treasury = TREASURY_ENDOWMENT + FEE + bonds + ledger.all_fees();
	assert_eq!(total(&ledger::treasury()).await, treasury);
}

#[tokio::test]
async fn arbiters_divide_what_is_complained_of() {
	let market = Market::open().await;
	let (owner, buyer) = (&market.owner, &market.buyer);
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;
	let dataset = market.publish("weather", &readings::weather()).await;
	let listing = market.list(&dataset, &["--price", "3"]).await;
	let order = member(&buyer.json(&["buy", &listing, "--wait"]).await, "order");

	let file = |name, text| market.sandbox.file(name, text).to_string_lossy().into_owned();
	let claim = file("claim.txt", "it was snowing in July");
	let reply = file("reply.txt", "it was not");
	let complained = buyer.json(&["order", "complain", &order, "--evidence", &claim]).await;
	let state = |shown: &Value| member(&shown["complaint"], "state");
	assert_eq!(state(&complained), "awaiting-response");
	assert_eq!(member(&complained["complaint"], "bond"), COMPLAINT_BOND.to_string());
	let complaint = buyer.refused(&["order", "conclude", &order]).await;
	assert!(complaint.contains("TooEarly"), "{complaint}");
	let responded = owner.json(&["order", "respond", &order, "--evidence", &reply]).await;
	assert_eq!(state(&responded), "awaiting-decision");

	decide(&market, &order, 400_000).await;
	let shown = buyer.json(&["order", "show", &order]).await;
	assert_eq!((&shown["state"], &shown["complaint"]), (&json!("divided"), &Value::Null));
	let ledger = Ledger::read(&market.chain).await;
	let (seller, buyer) = (address("//Charlie"), address("//Bob"));
	let total = async |account| ledger::total(&market.chain, account).await;
	let (paid, fee) = (PRICE * 6 / 10, FEE * 6 / 10);
	let half = COMPLAINT_BOND / 2;
	let sellers = ENDOWMENT + paid - fee + half - ledger.fees_of(&seller);
	assert_eq!(total(&seller).await, sellers);
	let buyers = ENDOWMENT - paid - COMPLAINT_BOND - ledger.fees_of(&buyer);
	assert_eq!(total(&buyer).await, buyers);
}

/// The only arbiter of a development chain is Alice; her motion is a decision.
async fn decide(market: &Market, order: &str, payer_share: u32) {
	let outbox = market.sandbox.folder("arbiter").join("outbox");
	let arbiter = Submitter::open(&outbox, market.chain.clone(), key("//Alice"))
		.expect("the temporary folder can be written to");
	let decide = MarketCall::decide {
		order: H256(hash(order)),
		payer_share: Permill(payer_share),
		evidence: H256([7; 32]),
	};
	let motion =
		runtime::transactions().arbiters().propose(1, RuntimeCall::Marketplace(decide), 1_000);
	let done = arbiter.execute("decide", &motion).await.expect("the motion passes");
	assert!(done.event::<runtime::marketplace::events::Divided>().is_some());
}
