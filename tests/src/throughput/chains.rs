//! Chains of one validator, ours and the one it is compared with, both run by M-Sec's node.

use super::accounts::Accounts;
use crate::{node, sandbox::Sandbox};
use anyhow::Context;
use msec_worker_common::{chain::ChainClient, AccountId32};
use serde_json::{json, Value};
use std::path::Path;

/// What every account has at first, in the smallest unit: 10,000 MSEC.
const ENDOWMENT: u64 = 10_000_000_000_000_000;
/// The validator of both chains, Alice of the development keys.
const VALIDATOR: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const VALIDATOR_FINALITY: &str = "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu";
/// Most transactions that may wait in the pool.
const POOL_LIMIT: &str = "40000";
/// Most kilobytes that may wait in the pool.
const POOL_KILOBYTES: &str = "65536";

/// Which chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
	/// The SDK's solochain template.
	Template,
	/// Ours.
	Msec,
}

impl Kind {
	/// More transactions than the chain can take in a second: so many are signed.
	pub fn most_per_second(self) -> usize {
		match self {
			Self::Template => 800,
			Self::Msec => 3000,
		}
	}
}

/// A running chain of one validator.
pub struct Chain {
	// Fields are dropped in this order: the node before its folder.
	node: node::Node,
	_sandbox: Sandbox,
	/// A connection for questions.
	pub client: ChainClient,
}

impl Chain {
	/// The SDK's template with the runtime in a file.
	pub async fn template(code: &Path, accounts: &Accounts) -> anyhow::Result<Self> {
		let code = std::fs::read(code).with_context(|| code.display().to_string())?;
		let patch = json!({
			"aura": { "authorities": [VALIDATOR] },
			"balances": { "balances": balances(accounts) },
			"grandpa": { "authorities": [[VALIDATOR_FINALITY, 1]] },
			"sudo": { "key": VALIDATOR },
		});
		let specification = json!({
			"name": "Solochain Template",
			"id": "solochain_template",
			"chainType": "Development",
			"bootNodes": [],
			"telemetryEndpoints": null,
			"protocolId": "template",
			"properties": null,
			"codeSubstitutes": {},
			"genesis": {
				"runtimeGenesis": { "code": format!("0x{}", hex::encode(code)), "patch": patch },
			},
		});
		Self::start(&specification).await
	}

	/// M-Sec's development chain with more accounts.
	pub async fn msec(accounts: &Accounts) -> anyhow::Result<Self> {
		let (exported, _) = node::subcommand(&["export-chain-spec", "--chain", "dev"]);
		let mut specification: Value = serde_json::from_str(&exported)?;
		let balances_member = "/genesis/runtimeGenesis/patch/balances/balances";
		let list = specification
			.pointer_mut(balances_member)
			.and_then(Value::as_array_mut)
			.with_context(|| format!("the chain specification has no {balances_member}"))?;
		list.extend(balances(accounts));
		Self::start(&specification).await
	}

	async fn start(specification: &Value) -> anyhow::Result<Self> {
		let sandbox = Sandbox::default();
		let file = sandbox.file("chain.json", specification.to_string());
		let file = file.to_string_lossy();
		let arguments = [
			"--dev",
			"--chain",
			&file,
			"--pool-limit",
			POOL_LIMIT,
			"--pool-kbytes",
			POOL_KILOBYTES,
		];
		let node = node::Node::start(&sandbox, "node", &arguments).await;
		node.wait_for_finality(1).await;
		let client = ChainClient::connect_unchecked(&node.url()).await?;
		Ok(Self { node, _sandbox: sandbox, client })
	}

	/// Where clients connect.
	pub fn url(&self) -> String {
		self.node.url()
	}

	/// Calls a JSON-RPC method.
	pub async fn ask(&self, method: &str, parameters: Value) -> Value {
		self.node.ask(method, parameters).await
	}

	/// What the node has printed.
	pub fn log(&self) -> String {
		self.node.log()
	}
}

fn balances(accounts: &Accounts) -> Vec<Value> {
	accounts
		.addresses()
		.map(|account: AccountId32| json!([account.to_string(), ENDOWMENT]))
		.collect()
}
