//! The node's own commands, and networks of several nodes.

use msec_end_to_end::{
	node::{subcommand, Node, DEVELOPMENT, LOCAL},
	process,
	sandbox::Sandbox,
	wait,
};
use serde_json::{json, Value};
use std::{path::Path, time::Duration};

const STOP: Duration = Duration::from_secs(30);

#[test]
fn keys_are_generated_and_inspected() {
	let json = |arguments: &[&str]| -> Value {
		serde_json::from_str(&subcommand(arguments).0).expect("the node prints JSON")
	};
	let generated = json(&["key", "generate", "--output-type", "json"]);
	let phrase = generated["secretPhrase"].as_str().expect("a key has a phrase");
	let inspected = json(&["key", "inspect", "--output-type", "json", phrase]);
	assert_eq!(inspected["ss58Address"], generated["ss58Address"]);
	let alice = json(&["key", "inspect", "--output-type", "json", "//Alice"]);
	assert_eq!(alice["ss58Address"], "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
}

#[test]
fn chain_specifications_are_exported() {
	let spec = |arguments: &[&str]| -> Value {
		let all = [&["export-chain-spec"], arguments].concat();
		serde_json::from_str(&subcommand(&all).0).expect("a specification is JSON")
	};
	let patch = |spec: &Value| spec["genesis"]["runtimeGenesis"]["patch"].clone();
	let dev = spec(&["--chain", "dev"]);
	assert_eq!((&dev["id"], &dev["chainType"]), (&json!("msec_dev"), &json!("Development")));
	assert_eq!(patch(&dev)["session"]["keys"].as_array().map(Vec::len), Some(1));
	assert!(patch(&dev)["sudo"]["key"].is_string());
	let local = spec(&["--chain", "local"]);
	assert_eq!((&local["id"], &local["chainType"]), (&json!("msec_local"), &json!("Local")));
	assert_eq!(patch(&local)["session"]["keys"].as_array().map(Vec::len), Some(4));
	assert!(patch(&local)["sudo"]["key"].is_null());
	assert_eq!(
		local["properties"],
		json!({ "tokenSymbol": "MSEC", "tokenDecimals": 12, "ss58Format": 42 })
	);
	let raw = spec(&["--chain", "local", "--raw"]);
	assert!(raw["genesis"]["raw"]["top"]["0x3a636f6465"].is_string(), "the code is in the state");
}

/// What `chain-info` says of the chain below a base path.
struct ChainInfo {
	best: u64,
	best_hash: String,
	finalized: u64,
}

fn chain_info(base_path: &str) -> ChainInfo {
	let (out, _) = subcommand(&["chain-info", &DEVELOPMENT, "--base-path", base_path]);
	let info: Value = serde_json::from_str(&out).expect("chain-info prints JSON");
	let number = |key: &str| info[key].as_u64().expect("a height is a number");
	ChainInfo {
		best: number("best_number"),
		best_hash: info["best_hash"].as_str().expect("a hash is text").to_owned(),
		finalized: number("finalized_number"),
	}
}

#[tokio::test]
async fn a_chain_is_checked_exported_imported_reverted_and_purged() {
	let sandbox = Sandbox::default();
	let mut node = Node::development(&sandbox).await;
	node.wait_for_finality(3).await;
	let status = node.process().terminate(STOP).await;
	assert!(status.success(), "SIGTERM stops the node in good order: {status}");

	let original = node.base_path().to_string_lossy().into_owned();
	let before = chain_info(&original);
	assert!(before.finalized >= 3 && before.best >= before.finalized);
	subcommand(&["check-block", "2", &DEVELOPMENT, "--base-path", &original]);

	let blocks = sandbox.path().join("blocks").to_string_lossy().into_owned();
	subcommand(&["export-blocks", "--binary", &DEVELOPMENT, "--base-path", &original, &blocks]);
	let copy = sandbox.path().join("copy").to_string_lossy().into_owned();
	subcommand(&["import-blocks", "--binary", &DEVELOPMENT, "--base-path", &copy, &blocks]);
	let imported = chain_info(&copy);
	assert_eq!((imported.best, &imported.best_hash), (before.best, &before.best_hash));

	subcommand(&["revert", &DEVELOPMENT, "--base-path", &copy, "2"]);
	assert_eq!(chain_info(&copy).best, before.best - 2);
	subcommand(&["import-blocks", "--binary", &DEVELOPMENT, "--base-path", &copy, &blocks]);
	assert_eq!(chain_info(&copy).best_hash, before.best_hash);

	subcommand(&["purge-chain", "-y", &DEVELOPMENT, "--base-path", &copy]);
	assert!(!Path::new(&copy).join("chains/msec_dev/paritydb").exists());

	node.restart().await;
	assert!(node.best().await >= before.finalized as u32);
	node.wait_for_blocks(1).await;
}

/// Arguments of the validator that plays `city`, whose node key is derived from its place.
fn city(city: &str, place: usize, boot: Option<&str>, more: &[&str]) -> Vec<String> {
	let mut arguments =
		vec![LOCAL.clone(), format!("--{city}"), format!("--node-key={place:064x}")];
	arguments.extend(boot.map(|address| format!("--bootnodes={address}")));
	arguments.extend(more.iter().map(|argument| argument.to_string()));
	arguments
}

async fn start(sandbox: &Sandbox, name: &str, arguments: &[String]) -> Node {
	let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
	Node::start(sandbox, name, &arguments).await
}

#[tokio::test]
async fn four_cities_finalize_over_both_network_backends_and_a_newcomer_warps() {
	let sandbox = Sandbox::default();
	let santander = start(&sandbox, "santander", &city("alice", 1, None, &[])).await;
	let boot = boot_address(&santander).await;
	let join = async |name: &str, key: &str, place, more: &[&str]| {
		start(&sandbox, name, &city(key, place, Some(&boot), more)).await
	};
	let libp2p = ["--network-backend", "libp2p"];
	let (fujisawa, aarhus, mut yokohama) = tokio::join!(
		join("fujisawa", "bob", 2, &libp2p),
		join("aarhus", "charlie", 3, &[]),
		join("yokohama", "dave", 4, &libp2p),
	);
	for node in [&santander, &fujisawa, &aarhus, &yokohama] {
		node.wait_for_finality(2).await;
	}

	let arguments: Vec<String> =
		[LOCAL.as_str(), "--sync=warp", "--name=newcomer", &format!("--bootnodes={boot}")]
			.map(String::from)
			.into();
	let mut newcomer = start(&sandbox, "newcomer", &arguments).await;
	newcomer.wait_for_finality(3).await;
	let log = newcomer.process().log();
	assert!(log.contains("Warp sync is complete"), "{}", process::tail(&log));
	let number = newcomer.finalized().await;
	assert_eq!(newcomer.hash(number).await, santander.hash(number).await);

	yokohama.kill();
	let then = santander.finalized().await;
	fujisawa.wait_for_finality(then + 2).await;
	assert_eq!(fujisawa.hash(then + 1).await, aarhus.hash(then + 1).await);
}

/// Where other nodes find this one.
pub async fn boot_address(node: &Node) -> String {
	let addresses = wait::until("the node listens", wait::A_FEW_BLOCKS, async || {
		let addresses = node.ask("system_localListenAddresses", json!([])).await;
		addresses.as_array().filter(|list| !list.is_empty()).cloned()
	})
	.await;
	addresses
		.iter()
		.filter_map(Value::as_str)
		.find(|address| address.starts_with("/ip4/127.0.0.1/"))
		.unwrap_or_else(|| {
			panic!("the node does not listen on the loopback interface: {addresses:?}")
		})
		.to_owned()
}
