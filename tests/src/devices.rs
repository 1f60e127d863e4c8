//! Devices with software TPMs, and the registrar that endorses them.

use crate::{
	msec::write_private,
	ports,
	process::{built, guarded, Process},
	sandbox::Sandbox,
	services::Service,
	wait,
};
use anyhow::ensure;
use msec_worker_common::{
	chain::{
		runtime::{
			self,
			runtime_types::{
				msec_runtime::RuntimeCall, pallet_attestation::pallet::Call as AttestationCall,
			},
		},
		ChainClient,
	},
	keys::AccountKey,
	transactions::Submitter,
	AccountId32,
};
use std::{
	fs,
	net::{Ipv4Addr, TcpStream},
	path::{Path, PathBuf},
	process::Command,
	sync::Arc,
	time::Duration,
};

/// Longest time from the start of a TPM until it listens.
const START: Duration = Duration::from_secs(30);
/// The only member of a development chain's council.
const COUNCIL: &str = "//Alice";
/// Longest encoding of a motion.
const MOTION_LENGTH: u32 = 1_000;

/// Has the council of a development chain accredit a registrar. `folder` is for the transaction.
pub async fn accredit(
	chain: &ChainClient,
	folder: &Path,
	registrar: AccountId32,
) -> anyhow::Result<()> {
	let council = Arc::new(AccountKey::from_uri(COUNCIL)?);
	let submitter = Submitter::open(&folder.join("outbox"), chain.clone(), council)?;
	let accredit = AttestationCall::accredit_registrar { registrar };
	let motion = runtime::transactions().council().propose(
		1,
		RuntimeCall::Attestation(accredit),
		MOTION_LENGTH,
	);
	let done = submitter.execute("accredit", &motion).await?;
	let accredited = done.event::<runtime::attestation::events::RegistrarAccredited>();
	ensure!(accredited.is_some(), "the council's motion did not accredit the registrar");
	Ok(())
}

/// A software TPM 2.0 with a certificate of an authority of its own, and a folder for files.
pub struct Tpm {
	folder: PathBuf,
	logs: PathBuf,
	process: Process,
	port: u16,
}

impl Tpm {
	/// Manufactures a TPM and powers it on.
	pub async fn manufacture(sandbox: &Sandbox) -> Self {
		let (folder, logs) = (sandbox.folder("tpm"), sandbox.logs());
		manufacture(&folder);
		let port = ports::free_pair();
		let process = Process::start("tpm", &logs, &mut software_tpm(&folder, port));
		let mut tpm = Self { folder, logs, process, port };
		tpm.wait_until_on().await;
		tpm
	}

	/// Restarts the device in good order: registers begin anew, counters of resets go on.
	pub async fn reboot(&mut self) {
		self.tool("tpm2_shutdown", &["--clear"]);
		self.process.kill();
		self.process =
			Process::start("tpm", &self.logs, &mut software_tpm(&self.folder, self.port));
		self.wait_until_on().await;
	}

	/// Extends a PCR of the SHA-256 bank.
	pub fn extend(&self, pcr: u8) {
		let digest = "5a".repeat(32);
		self.tool("tpm2_pcrextend", &[&format!("{pcr}:sha256={digest}")]);
	}

	/// Where programs find it.
	pub fn tcti(&self) -> String {
		format!("swtpm:host=127.0.0.1,port={}", self.port)
	}

	/// Runs a program of tpm2-tools in the folder of this TPM; it must succeed.
	pub fn tool(&self, program: &str, arguments: &[&str]) {
		let mut command = guarded(program);
		command.args(arguments).env("TPM2TOOLS_TCTI", self.tcti()).current_dir(&self.folder);
		output(&mut command);
	}

	/// What `msec-attester` with these arguments prints of this TPM.
	pub fn attester(&self, arguments: &[&str]) -> String {
		output(built("msec-attester").args(arguments).env("MSEC_ATTESTER_TPM", self.tcti()))
	}

	/// A file of this TPM, or of what is done with it.
	pub fn file(&self, name: &str) -> String {
		self.folder.join(name).to_string_lossy().into_owned()
	}

	/// The folder with the certificate of its manufacturer, and nothing else.
	fn manufacturers(&self) -> PathBuf {
		self.folder.join("manufacturers")
	}

	async fn wait_until_on(&mut self) {
		// It listens for control first, for data last.
		let port = self.port;
		wait::until("the TPM is on", START, async || {
			self.process.assert_running();
			TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
		})
		.await;
	}
}

/// Makes a TPM's state with an RSA endorsement key, which an authority in the same folder certifies.
fn manufacture(folder: &Path) {
	let path = |name: &str| folder.join(name).display().to_string();
	let write = |name: &str, content: String| {
		fs::write(folder.join(name), content).expect("the temporary folder can be written to");
	};
	for name in ["state", "authority", "manufacturers"] {
		fs::create_dir(folder.join(name)).expect("the temporary folder can be written to");
	}
	let authority = path("authority");
	write(
		"authority.conf",
		format!(
			"statedir = {authority}\nsigningkey = {authority}/key.pem\n\
			issuercert = {authority}/issuer.pem\ncertserial = {authority}/serial\n"
		),
	);
	write(
		"authority.options",
		"--platform-manufacturer City\n--platform-version 1\n--platform-model gateway\n".into(),
	);
	write(
		"setup.conf",
		format!(
			"create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = {}\n\
			create_certs_tool_options = {}\nactive_pcr_banks = sha256\n",
			path("authority.conf"),
			path("authority.options"),
		),
	);
	let mut setup = guarded("swtpm_setup");
	setup.args(["--tpm2", "--create-ek-cert", "--lock-nvram"]);
	output(setup.args(["--tpmstate", &path("state"), "--config", &path("setup.conf")]));
	fs::copy(path("authority/swtpm-localca-rootca-cert.pem"), path("manufacturers/root.pem"))
		.expect("the authority has a root certificate");
}

/// The port of the control channel is the one after that of the data.
fn software_tpm(folder: &Path, port: u16) -> Command {
	let channel = |port| format!("type=tcp,port={port},bindaddr=127.0.0.1");
	let mut command = guarded("swtpm");
	command
		.args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear", "--tpmstate"])
		.arg(format!("dir={}", folder.join("state").display()))
		.args(["--server", &channel(port), "--ctrl", &channel(port + 1)]);
	command
}

/// What a command that must succeed prints.
fn output(command: &mut Command) -> String {
	let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
	let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
	assert!(
		output.status.success(),
		"{command:?}: {}\n{}{}",
		output.status,
		text(&output.stdout),
		text(&output.stderr),
	);
	text(&output.stdout)
}

/// A running registrar.
pub struct Registrar {
	/// The process.
	pub service: Service,
	port: u16,
}

impl Registrar {
	/// Starts a registrar whose account has the secret URI `uri`. It trusts the manufacturer of `tpm`, and
	/// endorses devices with `profile`.
	pub fn start(sandbox: &Sandbox, uri: &str, tpm: &Tpm, profile: &str, node: &str) -> Self {
		let folder = sandbox.folder("registrar");
		let account_key = folder.join("account.key");
		write_private(&account_key, uri);
		let (port, health_port) = (ports::free(), ports::free());
		let arguments = vec![
			"registrar".to_owned(),
			format!("--node={node}"),
			format!("--listen=127.0.0.1:{port}"),
			format!("--health-listen=127.0.0.1:{health_port}"),
			format!("--manufacturers={}", tpm.manufacturers().display()),
			format!("--profiles={profile}"),
			format!("--account-key={}", account_key.display()),
			format!("--state-directory={}", folder.join("state").display()),
		];
		let service = attester("registrar", &sandbox.logs(), health_port, arguments);
		Self { service, port }
	}

	/// Where devices enrol.
	pub fn url(&self) -> String {
		format!("http://127.0.0.1:{}", self.port)
	}
}

/// The running agent of a device.
pub struct DeviceAgent {
	/// The process.
	pub service: Service,
	/// The socket at which it signs batches.
	pub batch_socket: String,
}

impl DeviceAgent {
	/// Starts the agent of the device with `tpm`, which enrols with `registrar` and quotes at least once in
	/// `interval`.
	pub fn start(
		sandbox: &Sandbox,
		tpm: &Tpm,
		registrar: &Registrar,
		interval: Duration,
		node: &str,
	) -> Self {
		let health_port = ports::free();
		let batch_socket = tpm.file("batches.socket");
		let arguments = vec![
			"agent".to_owned(),
			format!("--batch-socket={batch_socket}"),
			format!("--node={node}"),
			format!("--tpm={}", tpm.tcti()),
			format!("--registrar={}", registrar.url()),
			format!("--intermediates={}", tpm.file("authority/issuer.pem")),
			format!("--quote-interval={}", interval.as_secs()),
			format!("--health-listen=127.0.0.1:{health_port}"),
		];
		let service = attester("device", &sandbox.logs(), health_port, arguments);
		Self { service, batch_socket }
	}
}

fn attester(name: &str, logs: &Path, health_port: u16, arguments: Vec<String>) -> Service {
	Service::new(name, logs, health_port, move || {
		let mut command = built("msec-attester");
		command.args(&arguments);
		command
	})
}
