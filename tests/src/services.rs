//! Services, and among them stores and key agents.

use crate::{
	ports,
	process::{built, Process},
	requests::{Answer, Request},
	wait,
};
use msec_worker_common::keys::{generate_envelope_secret, save_envelope_secret, AccountKey};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	process::{Command, ExitStatus, Output},
	time::Duration,
};

/// Longest time from the start of a service until it is ready.
const START: Duration = Duration::from_secs(60);

/// A service with a health port, and how to start it again.
pub struct Service {
	process: Process,
	name: String,
	logs: PathBuf,
	command: Box<dyn Fn() -> Command + Send>,
	health_port: u16,
}

impl Service {
	/// Starts the service called `name` by `command`.
	pub fn new(
		name: &str,
		logs: &Path,
		health_port: u16,
		command: impl Fn() -> Command + Send + 'static,
	) -> Self {
		let process = Process::start(name, logs, &mut command());
		let (name, logs) = (name.to_owned(), logs.to_owned());
		Self { process, name, logs, command: Box::new(command), health_port }
	}

	/// The process.
	pub fn process(&mut self) -> &mut Process {
		&mut self.process
	}

	/// Stops it without warning.
	pub fn kill(&mut self) {
		self.process.kill();
	}

	/// Starts it again, with the same files and ports.
	pub fn start(&mut self) {
		self.process.kill();
		self.process = Process::start(&self.name, &self.logs, &mut (self.command)());
	}

	/// Starts it again, and waits until it says that it can do its job.
	pub async fn restart(&mut self) {
		self.start();
		self.wait_until_ready().await;
	}

	/// Whether it says that it can do its job.
	pub async fn is_ready(&self) -> bool {
		let url = format!("http://127.0.0.1:{}/health/ready", self.health_port);
		reqwest::get(url).await.is_ok_and(|response| response.status().is_success())
	}

	/// Its metrics, as Prometheus reads them.
	pub async fn metrics(&self) -> String {
		let url = format!("http://127.0.0.1:{}/metrics", self.health_port);
		let response = reqwest::get(url).await.expect("the service answers");
		response.text().await.expect("the service's answer is complete")
	}

	/// Waits until it says that it can do its job.
	pub async fn wait_until_ready(&mut self) {
		let what = format!("{} is ready", self.name);
		wait::until(&what, START, async || {
			self.process.assert_running();
			self.is_ready().await.then_some(())
		})
		.await;
	}
}

/// A running store.
pub struct Store {
	/// The process.
	pub service: Service,
	/// The account under which it is registered.
	pub account: String,
	data: PathBuf,
	port: u16,
}

impl Store {
	/// Starts the store of `account`, which keeps everything in `data`.
	pub fn start(logs: &Path, data: &Path, account: &str, node: &str) -> Self {
		Self::start_by(logs, "store", data, account, node, || built("msec-companion-db"))
	}

	/// Starts the store called `name` by another command than the plain program.
	pub fn start_by(
		logs: &Path,
		name: &str,
		data: &Path,
		account: &str,
		node: &str,
		program: impl Fn() -> Command + Send + 'static,
	) -> Self {
		let (port, health_port) = (ports::free(), ports::free());
		let arguments = [
			format!("--node={node}"),
			format!("--account={account}"),
			format!("--data-directory={}", data.display()),
			format!("--listen=127.0.0.1:{port}"),
			format!("--health-listen=127.0.0.1:{health_port}"),
		];
		let service = Service::new(name, logs, health_port, move || {
			let mut command = program();
			command.args(&arguments);
			command
		});
		Self { service, account: account.to_owned(), data: data.to_owned(), port }
	}

	/// Where it answers.
	pub fn endpoint(&self) -> String {
		format!("http://127.0.0.1:{}", self.port)
	}

	/// The folder with everything it keeps.
	pub fn data(&self) -> &Path {
		&self.data
	}

	/// What it answers who asks for `path` with `key`.
	pub async fn ask(&self, path: &str, key: &AccountKey) -> Answer {
		Request::get(path).sign(key, &self.account).send(&self.endpoint()).await
	}
}

/// Runs a command of the store's program over what a store keeps in `data`; how it ends, and its JSON, if
/// it prints any.
pub async fn store_command(data: &Path, arguments: &[&str]) -> (ExitStatus, Value) {
	let mut command = built("msec-companion-db");
	command.args(arguments).args(["--output", "json", "--data-directory"]).arg(data);
	let output = tokio::process::Command::from(command).output().await;
	let Output { status, stdout, stderr } = output.expect("the program can be started");
	// It is shown when the test fails.
	eprint!("{}", String::from_utf8_lossy(&stderr));
	(status, serde_json::from_slice(&stdout).unwrap_or_default())
}

/// How `msec-companion-db scrub` ends for a stopped store, and its report, if it makes one.
pub async fn scrub(data: &Path) -> (ExitStatus, Value) {
	store_command(data, &["scrub"]).await
}

/// A running key agent.
pub struct Agent {
	/// The process.
	pub service: Service,
	/// Its account.
	pub account: String,
	/// The X25519 public key to which owners wrap keys, in hexadecimal digits after `0x`.
	pub encryption_key: String,
	state: PathBuf,
	readers_port: u16,
}

impl Agent {
	/// Starts an agent whose account has the secret URI `uri`; its keys and its state are made in
	/// `folder`.
	pub fn start(logs: &Path, folder: &Path, uri: &str, node: &str) -> Self {
		fs::create_dir_all(folder).expect("the temporary folder can be written to");
		let account_key = folder.join("account.key");
		let envelope_key = folder.join("envelope.key");
		crate::msec::write_private(&account_key, uri);
		let secret = generate_envelope_secret();
		save_envelope_secret(&envelope_key, &secret)
			.expect("the temporary folder can be written to");
		let account = AccountKey::from_uri(uri).expect("the URI is one of ours").address();
		let encryption_key = format!("0x{}", hex::encode(secret.public_key()));
		let state = folder.join("state");
		let (health_port, readers_port) = (ports::free(), ports::free());
		let arguments = [
			format!("--node={node}"),
			format!("--readers-listen=127.0.0.1:{readers_port}"),
			format!("--account-key={}", account_key.display()),
			format!("--envelope-key={}", envelope_key.display()),
			format!("--state-directory={}", state.display()),
			format!("--health-listen=127.0.0.1:{health_port}"),
		];
		let service = Service::new("agent", logs, health_port, move || {
			let mut command = built("msec-key-agent");
			command.args(&arguments);
			command
		});
		Self { service, account, encryption_key, state, readers_port }
	}

	/// Where readers ask for keys.
	pub fn readers_endpoint(&self) -> String {
		format!("http://127.0.0.1:{}", self.readers_port)
	}

	/// The folder with its outbox.
	pub fn state(&self) -> &Path {
		&self.state
	}
}
