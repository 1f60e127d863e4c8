//! A runtime upgrade on a running chain.

use msec_end_to_end::{
	ledger,
	market::{address, key, member},
	msec::Msec,
	node::Node,
	sandbox::Sandbox,
	wait,
	wasm::with_spec_version,
};
use msec_worker_common::chain::{
	runtime::{
		self,
		runtime_types::{
			frame_system::pallet::Call as SystemCall, msec_runtime::RuntimeCall,
			sp_weights::weight_v2::Weight,
		},
	},
	ChainClient,
};
use msec_worker_common::transactions::Submitter;
use serde_json::{json, Value};
use sp_maybe_compressed_blob::{compress_strongly, decompress, CODE_BLOB_BOMB_LIMIT};

/// Storage key of the runtime's code: `:code`.
const CODE: &str = "0x3a636f6465";

#[tokio::test]
async fn set_code_upgrades_a_running_chain() {
	let sandbox = Sandbox::default();
	let node = Node::development(&sandbox).await;
	let operator = Msec::new(&sandbox, "operator", "//Dave", &node.url());
	operator.text(&["store", "register", "http://127.0.0.1:1"]).await;
	let chain = ChainClient::connect(&node.url()).await.expect("the node answers");
	let before = spec_version(&node).await;
	let issuance = ledger::issuance(&chain).await;
	let operator_total = ledger::total(&chain, &address("//Dave")).await;

	set_code(&sandbox, &chain, &upgraded(&node, before).await).await;
	wait::until("the runtime is the new one", wait::A_FEW_BLOCKS, async || {
		(spec_version(&node).await == before + 1).then_some(())
	})
	.await;
	let answer = node.ask("state_call", json!(["Core_version", "0x"])).await;
	let encoded = hex::decode(answer.as_str().expect("an answer is text").trim_start_matches("0x"))
		.expect("an answer is hexadecimal");
	let versions = [1, before + 1, 1].map(u32::to_le_bytes).concat();
	assert!(encoded.windows(versions.len()).any(|window| window == versions), "the code agrees");

	node.wait_for_blocks(3).await;
	assert_eq!(ledger::issuance(&chain).await, issuance);
	assert_eq!(ledger::total(&chain, &address("//Dave")).await, operator_total);
	let stores = operator.json(&["store", "list"]).await;
	assert_eq!(member(&stores[0], "operator"), address("//Dave").to_string());
	let info = operator.json(&["info"]).await;
	assert_eq!((&info["runtime"], &info["fits"]), (&json!(before + 1), &json!(true)));
	// Signatures cover the version, so transactions show that all sides agree on it.
	operator.text(&["store", "deregister"]).await;
	assert_eq!(operator.json(&["store", "list"]).await, json!([]));
}

/// The version that clients sign for.
async fn spec_version(node: &Node) -> u32 {
	let version: Value = node.ask("state_getRuntimeVersion", json!([])).await;
	let number = version["specVersion"].as_u64().expect("a version has a number");
	u32::try_from(number).expect("versions have 32 bits; qed")
}

/// The chain's own code under the next version.
async fn upgraded(node: &Node, version: u32) -> Vec<u8> {
	let code = node.ask("state_getStorage", json!([CODE])).await;
	let code = hex::decode(code.as_str().expect("the chain has code").trim_start_matches("0x"))
		.expect("the state is hexadecimal");
	let code = decompress(&code, CODE_BLOB_BOMB_LIMIT).expect("the code is a compressed blob");
	let code = with_spec_version(&code, version, version + 1);
	compress_strongly(&code, CODE_BLOB_BOMB_LIMIT).expect("code is smaller than the limit")
}

async fn set_code(sandbox: &Sandbox, chain: &ChainClient, code: &[u8]) {
	let outbox = sandbox.path().join("sudo.outbox");
	let submitter = Submitter::open(&outbox, chain.clone(), key("//Alice")).expect("a new outbox");
	let set_code = RuntimeCall::System(SystemCall::set_code { code: code.to_vec() });
	let weight = Weight { ref_time: 0, proof_size: 0 };
	let call = runtime::transactions().sudo().sudo_unchecked_weight(set_code, weight);
	let done = submitter.execute("upgrade", &call).await.expect("sudo may set the code");
	let sudid = done.event::<runtime::sudo::events::Sudid>().expect("sudo has an event");
	assert!(sudid.sudo_result.is_ok(), "the code is accepted");
	assert!(done.event::<runtime::system::events::CodeUpdated>().is_some());
}
