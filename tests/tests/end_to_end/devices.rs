//! Devices that prove by their TPM what they are, and what happens to their data when they cannot.

use crate::readings;
use msec_end_to_end::{
	devices::{accredit, DeviceAgent, Registrar, Tpm},
	ledger::{self, Ledger, ENDOWMENT, MSEC},
	market::{address, hash, key, member, Market},
	services::Service,
	wait,
};
use msec_worker_common::{
	chain::{
		attestation::{Contraindication, Device, Distrust, Trust},
		runtime,
	},
	transactions::Submitter,
	H256,
};
use serde_json::{json, Value};
use std::time::Duration;

/// Whose account the registrar uses.
const REGISTRAR: &str = "//Ferdie";
/// The register that holds what the boot loader measured.
const PCR: u8 = 4;
const PCRS: &str = "0,4";
const QUOTE_FEE: u128 = MSEC / 200;
const CHALLENGE_BOND: u128 = MSEC / 20;
/// Blocks that the chain wants between two quotes of a device.
const MIN_QUOTE_INTERVAL: u64 = 10;
/// How long a challenged device has to answer.
const CHALLENGE_PERIOD: Duration = Duration::from_secs(300);
/// Readings of an hour after those of the other file.
const MORE: &str = "time_hour,temp,dewp,humid,wind_dir,wind_speed,precip,pressure,visib\n\
	2013-08-01T04:00:00Z,71.96,69.98,94.06,180,11.5,0,1016.1,3\n";
/// So that the next quote comes as soon as the chain takes it.
const OFTEN: Duration = Duration::from_secs(30);
/// So that there are no quotes but those that somebody wants.
const SELDOM: Duration = Duration::from_secs(3_600);

/// A market, a registrar, and a device of the owner's that is registered and has a budget.
struct Gateway {
	market: Market,
	tpm: Tpm,
	registrar: Registrar,
	agent: DeviceAgent,
	device: String,
}

impl Gateway {
	/// Everything is there; the device is not endorsed yet.
	async fn new(interval: Duration) -> Self {
		let market = Market::open().await;
		let tpm = Tpm::manufacture(&market.sandbox).await;
		let file = |name, text| market.sandbox.file(name, text).to_string_lossy().into_owned();
		let reference_values = file("profile.json", tpm.attester(&["profile", "--pcrs", PCRS]));
		let identity = tpm.attester(&["identity", "--output", "json"]);
		let device = member(&serde_json::from_str(&identity).expect("it is JSON"), "device");
		let identity = file("identity.json", identity);

		let owner = &market.owner;
		let published = owner.json(&["device", "profile", "publish", &reference_values]).await;
		let profile = member(&published, "profile");
		let register = ["device", "register", &identity, "--profile", &profile];
		let council = market.sandbox.folder("council");
		let (_, accredited) = tokio::join!(
			owner.text(&register),
			accredit(&market.chain, &council, address(REGISTRAR)),
		);
		accredited.expect("the council accredits the registrar");
		owner.text(&["device", "fund", &device, "1"]).await;

		let (sandbox, node) = (&market.sandbox, market.node.url());
		let mut registrar = Registrar::start(sandbox, REGISTRAR, &tpm, &profile, &node);
		registrar.service.wait_until_ready().await;
		let agent = DeviceAgent::start(sandbox, &tpm, &registrar, interval, &node);
		Self { market, tpm, registrar, agent, device }
	}

	async fn trust(&self) -> Trust {
		let block = self.market.chain.finalized().await.expect("the node answers");
		block.trust(&hash(&self.device)).await.expect("the node answers")
	}

	/// The device as it is in the last finalized block.
	async fn registered(&self) -> Device {
		let block = self.market.chain.finalized().await.expect("the node answers");
		let device = block.device(&hash(&self.device)).await.expect("the node answers");
		device.expect("the device is registered")
	}

	async fn wait_until_trusted(&self) {
		wait::until("the device is trusted", wait::A_FEW_BLOCKS, async || {
			matches!(self.trust().await, Trust::Trusted { .. }).then_some(())
		})
		.await;
	}

	async fn wait_until_answered(&self) {
		wait::until("the device answers", wait::A_FEW_BLOCKS, async || {
			let challenge = self.registered().await.challenge.expect("the device is challenged");
			challenge.is_answered.then_some(())
		})
		.await;
	}

	/// Waits until the chain would take another quote.
	async fn wait_for_turn(&self) {
		let last = self.registered().await.last_quote.expect("there was a quote");
		let turn = u64::from(last.accepted_at) + MIN_QUOTE_INTERVAL;
		wait::until("the device may quote again", wait::A_FEW_BLOCKS, async || {
			(self.market.height().await >= turn).then_some(())
		})
		.await;
	}

	/// The device is cut off and started anew, with the software that it should have.
	async fn reboot(&mut self) {
		self.agent.service.kill();
		self.tpm.reboot().await;
		self.agent.service.start();
	}

	/// Arguments to publish a file whose batches the device signs.
	fn publish_attested<'a>(&'a self, dataset: &'a str, file: &'a str) -> [&'a str; 5] {
		["publish", dataset, file, "--attested", &self.agent.batch_socket]
	}

	async fn status(&self) -> Value {
		self.market.buyer.json(&["device", "status", &self.device]).await
	}

	/// Of the owner's money quotes were paid; of the challenger's, the bond.
	async fn check_money(&self, quotes: usize) {
		let chain = &self.market.chain;
		let ledger = Ledger::read(chain).await;
		assert_eq!(ledger.quotes, quotes);
		let (owner, challenger) = (address("//Charlie"), address("//Bob"));
		let total = async |account| ledger::total(chain, account).await;
		let paid = QUOTE_FEE * quotes as u128;
		let owners = ENDOWMENT + CHALLENGE_BOND - paid - ledger.fees_of(&owner);
		assert_eq!(total(&owner).await, owners);
		let challengers = ENDOWMENT - CHALLENGE_BOND - ledger.fees_of(&challenger);
		assert_eq!(total(&challenger).await, challengers);
	}
}

#[tokio::test]
async fn a_device_that_changed_sells_nothing_until_it_is_itself_again() {
	let mut gateway = Gateway::new(OFTEN).await;
	let (owner, buyer) = (gateway.market.owner.clone(), gateway.market.buyer.clone());
	let device = gateway.device.clone();
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;
	let dataset = gateway.market.create_dataset("weather").await;
	owner.text(&["device", "assign", &device, &dataset]).await;
	gateway.wait_until_trusted().await;
	let status = gateway.status().await;
	assert_eq!(status["trusted"], json!(true), "{status}");
	assert_eq!(member(&status, "endorsed_by"), address(REGISTRAR).to_string());
	let terms = ["--price", "3", "--attested-within", "1d"];
	let listing = gateway.market.list(&dataset, &terms).await;
	let complaint = buyer.refused(&["buy", &listing]).await;
	assert!(complaint.contains("has not signed"), "{complaint}");
	let weather = readings::weather().to_string_lossy().into_owned();
	let published = owner.json(&gateway.publish_attested("weather", &weather)).await;
	assert_eq!(member(&published, "attested_by"), device);
	let order = member(&buyer.json(&["buy", &listing, "--wait"]).await, "order");
	let out = gateway.market.sandbox.folder("bought").join("weather.csv");
	let out = out.to_string_lossy().into_owned();
	let fetched = buyer.json(&["fetch", &order, "-o", &out]).await;
	assert_eq!(member(&fetched, "device"), device);
	let attested = &fetched["attested_batches"];
	assert_eq!(
		(&attested["first_batch"], &attested["range"]["batches"]),
		(&json!(0), &fetched["batches"])
	);
	let terms = ["--price", "1/day", "--minimum", "1", "--attested-within", "1d"];
	let subscription = gateway.market.list(&dataset, &terms).await;
	let subscribed = buyer.json(&["buy", &subscription, "--periods", "1", "--wait"]).await;
	let subscribed = member(&subscribed, "order");

	gateway.tpm.extend(PCR);
	let reason = Distrust::Contraindicated(Contraindication::PcrNotAllowed { index: PCR });
	wait::until("the next quote speaks against the device", wait::A_FEW_BLOCKS, async || {
		(gateway.trust().await == Trust::NotTrusted(reason)).then_some(())
	})
	.await;
	for purchase in [&["buy", &listing][..], &["order", "extend", &subscribed]] {
		let complaint = buyer.refused(purchase).await;
		assert!(complaint.contains("cannot be bought now"), "{complaint}");
		assert!(complaint.contains("PCR 4"), "{complaint}");
	}
	ensure_chain_refuses(&gateway.market, &listing).await;
	let more = gateway.market.sandbox.file("more.csv", MORE).to_string_lossy().into_owned();
	let complaint = owner.refused(&gateway.publish_attested("weather", &more)).await;
	assert!(complaint.contains("The device is not trusted"), "{complaint}");
	let explained = buyer.json(&["device", "explain", &device]).await;
	assert_eq!(explained["trusted"], json!(false));
	assert!(member(&explained, "reason").contains("PCR 4"), "{explained}");
	assert!(member(&explained, "remedy").contains("profile allows"), "{explained}");

	gateway.reboot().await;
	gateway.wait_until_trusted().await;
	// What the device did not sign is not sold as attested, until it has.
	let batches = async || {
		let bought = buyer.json(&["buy", &listing]).await;
		gateway.market.order(&member(&bought, "order")).await.range.batches
	};
	let signed_before = batches().await;
	assert_eq!(json!(signed_before), fetched["batches"]);
	owner.text(&gateway.publish_attested("weather", &more)).await;
	assert_eq!(batches().await, signed_before + 1);
	let explained = buyer.json(&["device", "explain", &device]).await;
	assert_eq!((&explained["trusted"], &explained["reason"]), (&json!(true), &Value::Null));
}

/// Nobody hears of the device any more, and somebody does not wait for the end of its verdict.
#[tokio::test]
async fn a_silent_device_loses_its_verdict() {
	let mut gateway = Gateway::new(SELDOM).await;
	let device = gateway.device.clone();
	let buyer = gateway.market.buyer.clone();
	gateway.wait_until_trusted().await;
	gateway.agent.service.kill();
	buyer.text(&["device", "challenge", &device]).await;
	let challenge = gateway.registered().await.challenge.expect("the device is challenged");
	let silent = Trust::NotTrusted(Distrust::ChallengeUnanswered);
	let time = wait::A_FEW_BLOCKS + CHALLENGE_PERIOD;
	wait::until("the time to answer is over", time, async || {
		(gateway.trust().await == silent).then_some(())
	})
	.await;
	// Not a block earlier.
	let (chain, deadline) = (&gateway.market.chain, u64::from(challenge.answer_by));
	for (height, is_trusted) in [(deadline, true), (deadline + 1, false)] {
		let block = chain.at_number(height).await.expect("the node answers");
		let trust = block.trust(&hash(&device)).await.expect("the node answers");
		assert_eq!(matches!(trust, Trust::Trusted { .. }), is_trusted, "{height}: {trust:?}");
	}
	let explained = buyer.json(&["device", "explain", &device]).await;
	assert!(member(&explained, "reason").contains("challenge"), "{explained}");
	buyer.text(&["device", "settle", &device]).await;
	// Who was right has the bond again.
	let challenger = address("//Bob");
	let ledger = Ledger::read(chain).await;
	let total = ledger::total(chain, &challenger).await;
	assert_eq!(total, ENDOWMENT - ledger.fees_of(&challenger));
	gateway.agent.service.start();
	gateway.wait_until_trusted().await;
}

/// Who asks the chain without `msec` is refused all the same.
async fn ensure_chain_refuses(market: &Market, listing: &str) {
	let outbox = market.sandbox.folder("direct").join("outbox");
	let buyer = Submitter::open(&outbox, market.chain.clone(), key("//Bob"))
		.expect("the temporary folder can be written to");
	let terms_hash = market.listing(listing).await.terms_hash;
	let market = runtime::transactions().marketplace();
	let buy = market.buy(H256(hash(listing)), terms_hash, 3 * MSEC, None, [9; 32]);
	let refusal = buyer.execute("buy", &buy).await.expect_err("nothing is sold").to_string();
	assert!(refusal.contains("DeviceNotTrusted"), "{refusal}");
}

/// The agent is silent, and somebody quotes with other programs, which need nothing of ours but the data
/// to which quotes are bound.
#[tokio::test]
async fn a_quote_of_tpm2_tools_answers_a_challenge() {
	let mut gateway = Gateway::new(SELDOM).await;
	let device = gateway.device.clone();
	let (owner, buyer) = (gateway.market.owner.clone(), gateway.market.buyer.clone());
	let stranger = gateway.market.person("stranger", "//Ferdie");
	gateway.wait_until_trusted().await;
	gateway.agent.service.kill();
	gateway.registrar.service.kill();

	let complaint = owner.refused(&["device", "challenge", &device]).await;
	assert!(complaint.contains("OwnDevice"), "{complaint}");
	buyer.text(&["device", "challenge", &device]).await;
	let complaint = buyer.refused(&["device", "challenge", &device]).await;
	assert!(complaint.contains("AlreadyChallenged"), "{complaint}");
	let complaint = buyer.refused(&["device", "settle", &device]).await;
	assert!(complaint.contains("TooEarly"), "{complaint}");
	let status = gateway.status().await;
	let open = (&status["challenge"]["is_answered"], &status["trusted"]);
	assert_eq!(open, (&json!(false), &json!(true)), "a device has time to answer: {status}");

	gateway.wait_for_turn().await;
	let asked = stranger.json(&["device", "qualifying-data", &device]).await;
	let block = asked["block"].to_string();
	quote_with_tools(&gateway.tpm, &member(&asked, "qualifying_data"));
	let files = ["attest", "signature", "pcrs"].map(|name| gateway.tpm.file(name));
	let other = asked["block"].as_u64().expect("blocks have numbers") - 1;
	let complaint = stranger.refused(&quote(&device, &other.to_string(), &files)).await;
	assert!(complaint.contains("bound to another device, block or chain"), "{complaint}");
	stranger.text(&quote(&device, &block, &files)).await;
	gateway.wait_until_answered().await;
	let complaint = stranger.refused(&quote(&device, &block, &files)).await;
	// Which of the two depends on how long finality took.
	let is_known =
		["a short time ago", "not younger"].iter().any(|words| complaint.contains(words));
	assert!(is_known, "{complaint}");

	stranger.text(&["device", "settle", &device]).await;
	let status = gateway.status().await;
	assert_eq!((&status["challenge"], &status["trusted"]), (&Value::Null, &json!(true)));
	gateway.check_money(2).await;
}

/// Makes the attestation key as the agent does, and the files `attest`, `signature` and `pcrs`.
fn quote_with_tools(tpm: &Tpm, qualifying_data: &str) {
	let attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign";
	let kind = ["-C", "e", "-g", "sha256", "-G", "ecc256:ecdsa-sha256:null", "-a", attributes];
	tpm.tool("tpm2_createprimary", &[&kind[..], &["-c", "key"]].concat());
	let selection = format!("sha256:{PCRS}");
	let what = ["-c", "key", "-l", &selection, "-g", "sha256", "-q", qualifying_data];
	let files = ["-m", "attest", "-s", "signature", "-o", "pcrs", "-F", "values"];
	tpm.tool("tpm2_quote", &[&what[..], &files].concat());
}

/// Arguments of `msec` to send what [`quote_with_tools`] made.
fn quote<'a>(device: &'a str, block: &'a str, files: &'a [String; 3]) -> Vec<&'a str> {
	let [attest, signature, pcrs] = files;
	let evidence = ["--attest", attest, "--signature", signature, "--pcrs", pcrs];
	[&["device", "quote", device, "--block", block][..], &evidence].concat()
}

/// Agent, registrar and node are killed before the endorsement, between quotes and during a challenge.
#[tokio::test]
async fn devices_go_on_when_agent_registrar_and_node_are_killed() {
	let mut gateway = Gateway::new(SELDOM).await;
	let device = gateway.device.clone();
	gateway.agent.service.kill();
	gateway.registrar.service.kill();
	kill_before_the_endorsement(&mut gateway).await;

	gateway.wait_until_trusted().await;
	gateway.agent.service.restart().await;
	gateway.registrar.service.restart().await;
	gateway.market.node.kill();
	gateway.market.node.restart().await;
	let buyer = gateway.market.buyer.clone();
	gateway.agent.service.kill();
	buyer.text(&["device", "challenge", &device]).await;
	gateway.market.node.wait_for_blocks(1).await;
	gateway.market.node.kill();
	gateway.market.node.restart().await;
	gateway.agent.service.start();
	gateway.wait_until_answered().await;
	buyer.text(&["device", "settle", &device]).await;
	// The first quote and the answer, each of them once.
	gateway.check_money(2).await;
	let endorsement = gateway.registered().await.endorsement.expect("the device is endorsed");
	assert_eq!(endorsement.registrar, address(REGISTRAR));
}

/// First there is no registrar; then all three are killed as soon as it has made a credential.
async fn kill_before_the_endorsement(gateway: &mut Gateway) {
	gateway.agent.service.start();
	wait_for_log(&mut gateway.agent.service, "the registrar cannot be asked").await;
	gateway.agent.service.kill();
	gateway.registrar.service.restart().await;
	gateway.agent.service.start();
	wait_for_log(&mut gateway.registrar.service, "a credential is on its way").await;
	gateway.market.node.kill();
	gateway.registrar.service.kill();
	gateway.agent.service.kill();
	gateway.market.node.restart().await;
	gateway.registrar.service.restart().await;
	gateway.agent.service.start();
}

async fn wait_for_log(service: &mut Service, words: &str) {
	wait::until(words, wait::A_FEW_BLOCKS, async || {
		service.process().log().contains(words).then_some(())
	})
	.await;
}
