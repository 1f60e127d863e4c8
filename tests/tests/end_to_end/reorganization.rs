//! Two validators that lose sight of each other: what is signed on the fork that is abandoned.

use crate::{node::boot_address, readings};
use msec_end_to_end::{
	ledger::{self, Ledger, Orders, ENDOWMENT, MSEC},
	market::{address, hash, key, listing_arguments, member},
	msec::{Msec, Outcome},
	node::{subcommand, Node},
	requests::{Answer, Request},
	sandbox::Sandbox,
	services::Store,
	wait,
};
use msec_worker_common::chain::{Action, ChainClient, Decision, Order, Pricing};
use reqwest::StatusCode;
use serde_json::{json, Value};
use std::sync::LazyLock;

const STORE_OPERATOR: &str = "//Dave";
const SELLER: &str = "//Charlie";
const BUYER: &str = "//Ferdie";

const READER: &str = "//Eve";

/// By how many blocks a fork is longer when the other meets it.
const LEAD: u32 = 2;

/// A validator, and the chain as it knows it.
struct City {
	node: Node,
	chain: ChainClient,
}

impl City {
	/// Starts a validator that seals blocks without anybody else, and has only the peers that the test names.
	async fn start(sandbox: &Sandbox, name: &str, validator: &str, specification: &str) -> Self {
		let chain = format!("--chain={specification}");
		// A validator needs a network key; here it is made of the validator's name.
		let key = format!("--node-key={:0>64}", hex::encode(validator));
		// With litep2p a peer that is no longer reserved stays connected.
		let backend = "--network-backend=libp2p";
		let arguments = [&chain, &key, validator, backend, "--reserved-only", "--force-authoring"];
		let node = Node::start(sandbox, name, &arguments).await;
		let chain = ChainClient::connect(&node.url()).await.expect("the node answers");
		Self { node, chain }
	}

	/// What a listing costs in the best block.
	async fn price(&self, listing: &str) -> u128 {
		let best = self.chain.best().await.expect("the node answers");
		let listing = best.listing(&hash(listing)).await.expect("the node answers");
		match listing.expect("the listing is there").terms.pricing {
			Pricing::OneTime { price } => price,
			other => panic!("{other:?}"),
		}
	}

	/// What the buyer has bought in the best block.
	async fn orders(&self) -> Vec<Order> {
		let best = self.chain.best().await.expect("the node answers");
		let orders = best.orders_of(&address(BUYER), None, 100).await.expect("the node answers");
		orders.into_iter().map(|(_, order)| order).collect()
	}

	/// What is held of the buyer's money in the last finalized block.
	async fn held(&self) -> u128 {
		let block = self.chain.finalized().await.expect("the node answers");
		block.account(&address(BUYER)).await.expect("the node answers").held
	}

	/// Whether the reader may read a data set in the best block.
	async fn allows(&self, dataset: &str) -> bool {
		let best = self.chain.best().await.expect("the node answers");
		let decision = best.can_access(&address(READER), &hash(dataset), Action::Read, None).await;
		matches!(decision.expect("the node answers"), Decision::Allow(_))
	}

	async fn wait_for_peers(&self, count: u32) {
		wait::until(&format!("there are {count} peers"), wait::A_FEW_BLOCKS, async || {
			let health = self.node.ask("system_health", json!([])).await;
			(health["peers"] == json!(count)).then_some(())
		})
		.await;
	}
}

async fn link(one: &City, other: &City) {
	for (city, peer) in [(one, other), (other, one)] {
		let address = boot_address(&peer.node).await;
		city.node.ask("system_addReservedPeer", json!([address])).await;
	}
	tokio::join!(one.wait_for_peers(1), other.wait_for_peers(1));
}

async fn cut(one: &City, other: &City) {
	for (city, peer) in [(one, other), (other, one)] {
		let identity = peer.node.ask("system_localPeerId", json!([])).await;
		city.node.ask("system_removeReservedPeer", json!([identity])).await;
	}
	tokio::join!(one.wait_for_peers(0), other.wait_for_peers(0));
}

/// Links two forks of which that of `winner` is longer, and waits until both cities have it.
async fn reorganize(winner: &City, loser: &mut City) {
	let height = loser.node.best().await;
	let abandoned = loser.node.hash(height).await;
	loser.node.process().signal("STOP");
	wait::until("one fork is longer", wait::A_FEW_BLOCKS, async || {
		(winner.node.best().await > height + LEAD).then_some(())
	})
	.await;
	let kept = winner.node.hash(height).await;
	assert_ne!(kept, abandoned, "there are two forks");
	loser.node.process().signal("CONT");
	link(winner, loser).await;
	tokio::join!(winner.node.wait_for_finality(height), loser.node.wait_for_finality(height));
	assert_eq!(winner.node.hash(height).await, kept);
	assert_eq!(loser.node.hash(height).await, kept);
}

/// Whose fork stays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Winner {
	Seller,
	Buyer,
}

/// A seller and a buyer, each at the node of another city.
struct Market {
	// Fields are dropped in this order: services before their folder.
	sellers_city: City,
	buyers_city: City,
	seller: Msec,
	buyer: Msec,
	store: Store,
	sandbox: Sandbox,
}

impl Market {
	async fn open() -> Self {
		let sandbox = Sandbox::default();
		let specification = sandbox.file("chain.json", &*TWO_CITIES);
		let specification = specification.to_string_lossy();
		let (sellers_city, buyers_city) = tokio::join!(
			City::start(&sandbox, "santander", "--alice", &specification),
			City::start(&sandbox, "fujisawa", "--bob", &specification),
		);
		link(&sellers_city, &buyers_city).await;
		sellers_city.node.wait_for_finality(1).await;

		let url = sellers_city.node.url();
		let (logs, data) = (sandbox.logs(), sandbox.folder("store"));
		let mut store = Store::start(&logs, &data, &address(STORE_OPERATOR).to_string(), &url);
		let operator = Msec::new(&sandbox, "operator", STORE_OPERATOR, &url);
		let register = ["store", "register", &store.endpoint()];
		tokio::join!(operator.text(&register), store.service.wait_until_ready());
		let seller = Msec::new(&sandbox, "seller", SELLER, &url);
		let buyer = Msec::new(&sandbox, "buyer", BUYER, &buyers_city.node.url());
		Self { sellers_city, buyers_city, seller, buyer, store, sandbox }
	}

	/// Puts readings on offer for 3 MSEC; gives the listing.
	async fn list(&self) -> String {
		let seller = &self.seller;
		seller.text(&["key", "create", "main"]).await;
		seller.text(&["key", "publish", "main"]).await;
		let store = address(STORE_OPERATOR).to_string();
		let created = seller.json(&["dataset", "create", "sensor", "--store", &store]).await;
		let file = self.sandbox.file("sensor.csv", readings::many(10));
		seller.text(&["publish", "sensor", &file.to_string_lossy()]).await;
		let dataset = member(&created, "dataset");
		let list = [&listing_arguments(&dataset)[..], &["--price", "3"]].concat();
		member(&seller.json(&list).await, "listing")
	}

	/// What the store answers the reader who asks for the first batch.
	async fn ask_store(&self, dataset: &str) -> Answer {
		let request = Request::get(format!("/v1/datasets/{dataset}/batches/0"));
		let Self { store, .. } = self;
		request.sign(&key(READER), &store.account).send(&store.endpoint()).await
	}

	/// On one fork the seller asks for another price, on the other the buyer buys at the price that was
	/// seen; then the forks meet. Gives what the commands of the two said.
	async fn reprice_and_buy(
		&mut self,
		listing: &str,
		price: u128,
		winner: Winner,
	) -> (Outcome, Outcome) {
		let Self { sellers_city, buyers_city, seller, buyer, .. } = self;
		let seen = buyers_city.price(listing).await;
		cut(sellers_city, buyers_city).await;
		let amount = price.to_string();
		let change = ["listing", "change", listing, "--price", &amount];
		let forks = async {
			wait::until("each fork has its transaction", wait::A_FEW_BLOCKS, async || {
				let changed = sellers_city.price(listing).await == price * MSEC;
				(changed && !buyers_city.orders().await.is_empty()).then_some(())
			})
			.await;
			assert_eq!(buyers_city.price(listing).await, seen, "the buyer does not see the change");
			assert!(sellers_city.orders().await.is_empty(), "the seller does not see the order");
			match winner {
				Winner::Seller => reorganize(sellers_city, buyers_city).await,
				Winner::Buyer => reorganize(buyers_city, sellers_city).await,
			}
		};
		let purchase = ["buy", listing];
		let (changed, bought, ()) =
			tokio::join!(seller.attempt(&change), buyer.attempt(&purchase), forks);
		(changed, bought)
	}

	/// Both sides paid what they signed for, and nothing else.
	async fn check_money(&self, orders: Orders) {
		let chain = &self.buyers_city.chain;
		let ledger = Ledger::read(chain).await;
		assert_eq!(ledger.orders, orders);
		for account in [address(SELLER), address(BUYER)] {
			let total = ledger::total(chain, &account).await;
			assert_eq!(total, ENDOWMENT - ledger.fees_of(&account));
		}
	}
}

/// The local network with two cities only, and its genesis state: neither can finalize without the other.
static TWO_CITIES: LazyLock<String> = LazyLock::new(|| {
	let (exported, _) = subcommand(&["export-chain-spec", "--chain", "local"]);
	let mut specification: Value = serde_json::from_str(&exported).expect("the node prints JSON");
	specification
		.pointer_mut("/genesis/runtimeGenesis/patch/session/keys")
		.and_then(Value::as_array_mut)
		.expect("the specification names validators")
		.truncate(2);
	let sandbox = Sandbox::default();
	let file = sandbox.file("chain.json", specification.to_string());
	let (raw, _) = subcommand(&["export-chain-spec", "--raw", "--chain", &file.to_string_lossy()]);
	raw
});

#[tokio::test]
async fn nobody_buys_under_other_terms_than_were_seen_when_a_fork_is_abandoned() {
	let mut market = Market::open().await;
	let listing = market.list().await;
	market.buyers_city.node.wait_for_blocks(1).await;

	// The purchase comes after the change: it fails, and all the money is there.
	let (changed, bought) = market.reprice_and_buy(&listing, 5, Winner::Seller).await;
	assert!(changed.status.success(), "{}", changed.error);
	assert_eq!(bought.status.code(), Some(1), "{}", bought.output);
	assert!(bought.error.contains("TermsChanged"), "{}", bought.error);
	assert_eq!(market.buyers_city.orders().await, []);
	assert_eq!(market.buyers_city.held().await, 0);
	assert_eq!(market.buyer.json(&["orders"]).await, json!([]));
	market.check_money(Orders::default()).await;

	// The purchase comes before the change: the order has the terms that were seen.
	let best = market.buyers_city.chain.finalized().await.expect("the node answers");
	let seen = best.listing(&hash(&listing)).await.expect("the node answers");
	let seen = seen.expect("the listing is there").terms_hash;
	let (changed, bought) = market.reprice_and_buy(&listing, 7, Winner::Buyer).await;
	assert!(changed.status.success(), "{}", changed.error);
	assert!(bought.status.success(), "{}", bought.error);
	assert_eq!(market.sellers_city.price(&listing).await, 7 * MSEC);
	let orders = market.sellers_city.orders().await;
	let [order] = &orders[..] else { panic!("one order: {orders:?}") };
	assert_eq!((order.terms_hash, order.price), (seen, 5 * MSEC));
	market.check_money(Orders { opened: 1, ..Orders::default() }).await;

	// What is held besides the price is the order's deposit.
	let deposit = market.buyers_city.held().await - 5 * MSEC;
	let bought: Value = serde_json::from_str(&bought.output).expect("the command prints JSON");
	market.buyer.json(&["order", "reject", &member(&bought, "order")]).await;
	assert_eq!(market.buyers_city.held().await, deposit);
	market.check_money(Orders { opened: 1, refunded: 1, ..Orders::default() }).await;
}

/// Fault: a grant is on a fork that is abandoned, and comes back on the one that stays
/// Promise: nobody is served for what is not final; when it is, it counts
#[tokio::test]
async fn a_store_serves_nobody_for_what_is_on_one_fork_only() {
	let mut market = Market::open().await;
	market.list().await;
	let dataset = member(&market.seller.json(&["dataset", "show", "sensor"]).await, "dataset");
	let refused = (StatusCode::FORBIDDEN, "NoGrant".to_owned());
	wait::until("the store answers", wait::A_FEW_BLOCKS, async || {
		let answer = market.ask_store(&dataset).await;
		((answer.status, answer.problem("refusal")) == refused).then_some(())
	})
	.await;

	cut(&market.sellers_city, &market.buyers_city).await;
	let (seller, reader) = (market.seller.clone(), address(READER).to_string());
	let grant = ["grant", "sensor", &reader];
	let forks = async {
		wait::until("one fork has the grant", wait::A_FEW_BLOCKS, async || {
			market.sellers_city.allows(&dataset).await.then_some(())
		})
		.await;
		let height = market.sellers_city.node.best().await;
		wait::until("the fork grows", wait::A_FEW_BLOCKS, async || {
			let answer = market.ask_store(&dataset).await;
			assert_eq!((answer.status, answer.problem("refusal")), refused);
			(market.sellers_city.node.best().await >= height + LEAD).then_some(())
		})
		.await;
		let Market { sellers_city, buyers_city, .. } = &mut market;
		reorganize(buyers_city, sellers_city).await;
	};
	let (granted, ()) = tokio::join!(seller.attempt(&grant), forks);
	assert!(granted.status.success(), "{}", granted.error);
	wait::until("the reader is served", wait::A_FEW_BLOCKS, async || {
		(market.ask_store(&dataset).await.status == StatusCode::OK).then_some(())
	})
	.await;
}
