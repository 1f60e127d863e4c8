//! Nodes.

use crate::{
	binaries, ports,
	process::{built, Process},
	sandbox::Sandbox,
	wait,
};
use serde_json::{json, Value};
use std::{
	fs,
	os::unix::fs::symlink,
	path::{Path, PathBuf},
	process::Command,
	sync::LazyLock,
	time::Duration,
};
use tempfile::NamedTempFile;
use tokio::sync::Mutex;

/// Longest time from the start of a node to its first answer.
const START: Duration = Duration::from_secs(180);

/// Whether a node has compiled the runtime. The first one does it alone, and all others find it.
static COMPILED: Mutex<bool> = Mutex::const_new(false);

/// A running node.
pub struct Node {
	process: Process,
	name: String,
	logs: PathBuf,
	arguments: Vec<String>,
	base_path: PathBuf,
	rpc_port: u16,
	http: reqwest::Client,
}

impl Node {
	/// Starts a chain of one validator.
	pub async fn development(sandbox: &Sandbox) -> Self {
		Self::start(sandbox, "node", &["--dev", &DEVELOPMENT]).await
	}

	/// Starts a node with `arguments`; ports, base path and the like are added.
	pub async fn start(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Self {
		let base_path = sandbox.path().join(name);
		share_compiled_runtimes(&base_path);
		let rpc_port = ports::free();
		let mut all: Vec<String> = arguments.iter().map(|argument| argument.to_string()).collect();
		all.extend(
			[
				"--base-path",
				&base_path.to_string_lossy(),
				"--rpc-port",
				&rpc_port.to_string(),
				"--no-prometheus",
				"--no-telemetry",
				"--no-mdns",
			]
			.map(String::from),
		);
		all.push(format!("--listen-addr=/ip4/127.0.0.1/tcp/{}", ports::free()));
		let mut first = Some(COMPILED.lock().await).filter(|is_compiled| !**is_compiled);
		let logs = sandbox.logs();
		let process = spawn(name, &logs, &all);
		let (name, http) = (name.to_owned(), reqwest::Client::new());
		let mut node = Self { process, name, logs, arguments: all, base_path, rpc_port, http };
		node.wait_for_answer().await;
		if let Some(is_compiled) = &mut first {
			**is_compiled = true;
		}
		node
	}

	/// Where clients connect.
	pub fn url(&self) -> String {
		format!("ws://127.0.0.1:{}", self.rpc_port)
	}

	/// The folder with database and keys.
	pub fn base_path(&self) -> &PathBuf {
		&self.base_path
	}

	/// Everything that it printed.
	pub fn log(&self) -> String {
		self.process.log()
	}

	/// The process.
	pub fn process(&mut self) -> &mut Process {
		&mut self.process
	}

	/// Stops the node without warning.
	pub fn kill(&mut self) {
		self.process.kill();
	}

	/// Starts the node again, with the same database and ports.
	pub async fn restart(&mut self) {
		self.process.kill();
		self.process = spawn(&self.name, &self.logs, &self.arguments);
		self.wait_for_answer().await;
	}

	/// Calls a JSON-RPC method.
	pub async fn call(&self, method: &str, parameters: Value) -> Result<Value, String> {
		let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters });
		let url = format!("http://127.0.0.1:{}", self.rpc_port);
		let sent = self.http.post(url).json(&request).timeout(START).send().await;
		let response = sent.map_err(|error| error.to_string())?;
		let mut answer: Value = response.json().await.map_err(|error| error.to_string())?;
		match answer.get("error") {
			Some(error) => Err(error.to_string()),
			None => Ok(answer["result"].take()),
		}
	}

	/// Calls a JSON-RPC method that must succeed.
	pub async fn ask(&self, method: &str, parameters: Value) -> Value {
		self.call(method, parameters).await.unwrap_or_else(|error| panic!("{method}: {error}"))
	}

	/// Number of the best block.
	pub async fn best(&self) -> u32 {
		number(&self.ask("chain_getHeader", json!([])).await)
	}

	/// Number of the last finalized block.
	pub async fn finalized(&self) -> u32 {
		let hash = self.ask("chain_getFinalizedHead", json!([])).await;
		number(&self.ask("chain_getHeader", json!([hash])).await)
	}

	/// Hash of a block.
	pub async fn hash(&self, number: u32) -> String {
		let hash = self.ask("chain_getBlockHash", json!([number])).await;
		hash.as_str().unwrap_or_else(|| panic!("there is no block {number}")).to_owned()
	}

	/// Waits until block `number` is final.
	pub async fn wait_for_finality(&self, number: u32) {
		let what = format!("block {number} of {} is final", self.name);
		let deadline = wait::A_FEW_BLOCKS + Duration::from_secs(3) * number;
		wait::until(&what, deadline, async || (self.finalized().await >= number).then_some(()))
			.await;
	}

	/// Waits until `count` further blocks are final.
	pub async fn wait_for_blocks(&self, count: u32) {
		self.wait_for_finality(self.finalized().await + count).await;
	}

	async fn wait_for_answer(&mut self) {
		let what = format!("{} answers", self.name);
		wait::until(&what, START, async || {
			self.process.assert_running();
			self.call("system_health", json!([])).await.ok()
		})
		.await;
	}
}

/// `--chain` for the chain `dev` with its genesis state, which a node otherwise has its runtime make at every
/// start.
pub static DEVELOPMENT: LazyLock<String> = LazyLock::new(|| with_genesis_state("dev"));

/// `--chain` for the chain `local` with its genesis state.
pub static LOCAL: LazyLock<String> = LazyLock::new(|| with_genesis_state("local"));

fn with_genesis_state(chain: &str) -> String {
	let (exported, _) = subcommand(&["export-chain-spec", "--chain", chain, "--raw"]);
	let folder = binaries::directory();
	let path = folder.join(format!("{chain}.json"));
	let written = NamedTempFile::new_in(&folder)
		.and_then(|file| fs::write(&file, exported).map(|()| file))
		.and_then(|file| file.persist(&path).map_err(|error| error.error));
	written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
	format!("--chain={}", path.display())
}

/// Lets a node use what others compiled: with as many nodes as the tests start, compiling the runtime takes
/// longer than all else.
fn share_compiled_runtimes(base_path: &Path) {
	let shared = binaries::directory().join("compiled-runtimes");
	let link = base_path.join("compiled-runtimes");
	let prepared = fs::create_dir_all(base_path)
		.and_then(|()| fs::create_dir_all(&shared))
		.and_then(|()| if link.is_symlink() { Ok(()) } else { symlink(&shared, &link) });
	prepared.unwrap_or_else(|error| panic!("{}: {error}", base_path.display()));
}

fn spawn(name: &str, logs: &Path, arguments: &[String]) -> Process {
	Process::start(name, logs, built("msec-node").args(arguments))
}

fn number(header: &Value) -> u32 {
	let digits = header["number"].as_str().expect("a header has a number");
	u32::from_str_radix(digits.trim_start_matches("0x"), 16).expect("a number is hexadecimal")
}

/// Runs a subcommand of the node to its end, and gives what it printed on both channels.
///
/// # Panics
///
/// When it fails.
pub fn subcommand(arguments: &[&str]) -> (String, String) {
	let output = command(arguments).output().expect("the node can be started");
	let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
	let (out, error) = (text(&output.stdout), text(&output.stderr));
	assert!(output.status.success(), "msec-node {arguments:?}: {}\n{error}", output.status);
	(out, error)
}

/// A subcommand of the node.
pub fn command(arguments: &[&str]) -> Command {
	let mut command = built("msec-node");
	command.args(arguments);
	command
}
