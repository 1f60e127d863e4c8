//! A software TPM that cannot outlive its test.

use msec_attester::{
	agent::Identity,
	certificate::ManufacturerStore,
	tpm::{Tpm, TpmClient},
};
use rustls_pki_types::{pem::PemObject, CertificateDer};
use std::{
	ffi::OsStr,
	io::{Read, Write},
	net::{Ipv4Addr, TcpListener, TcpStream},
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	sync::atomic::{AtomicU16, Ordering},
	time::{Duration, Instant},
};
use tempfile::TempDir;

/// Below the range from which Linux takes ports for outgoing connections.
const FIRST_PORT: u16 = 10_000;
const PORTS: u16 = 20_000;
const PATIENCE: Duration = Duration::from_secs(30);

static TAKEN: AtomicU16 = AtomicU16::new(0);

/// A manufactured TPM 2.0 with an RSA-2048 endorsement key and its certificate.
pub struct Swtpm {
	folder: TempDir,
	process: Child,
	port: u16,
}

impl Swtpm {
	/// Manufactures and starts one.
	pub fn start() -> Self {
		let folder = tempfile::tempdir().unwrap();
		manufacture(folder.path());
		let (process, port) = power_on(folder.path());
		Self { folder, process, port }
	}

	/// Cuts the power and starts it again.
	pub fn reset(&mut self) {
		self.power_off();
		(self.process, self.port) = power_on(self.folder.path());
	}

	fn power_off(&mut self) {
		let _ = self.process.kill();
		let _ = self.process.wait();
	}

	pub fn tcti(&self) -> String {
		format!("swtpm:host=127.0.0.1,port={}", self.port)
	}

	pub fn open(&self) -> Tpm {
		Tpm::open(&self.tcti()).unwrap()
	}

	pub fn client(&self) -> TpmClient {
		TpmClient::new(&self.tcti()).unwrap()
	}

	pub async fn identity(&self) -> Identity {
		Identity::of(&self.client()).await.unwrap()
	}

	/// A folder that trusts the authority's root only.
	pub fn manufacturers(&self) -> ManufacturerStore {
		let store = self.file("manufacturers");
		std::fs::create_dir_all(&store).unwrap();
		let root = self.file("ca/swtpm-localca-rootca-cert.pem");
		std::fs::copy(root, store.join("root.pem")).unwrap();
		ManufacturerStore::open(&store).unwrap()
	}

	/// The certificate between the root and that of the endorsement key, in DER.
	pub fn intermediate(&self) -> Vec<u8> {
		CertificateDer::from_pem_file(self.file("ca/issuercert.pem")).unwrap().to_vec()
	}

	/// A file of this TPM or of a test with it.
	pub fn file(&self, name: &str) -> PathBuf {
		self.folder.path().join(name)
	}

	/// The answer to a marshalled command, of a program that breaks the connection afterwards.
	pub fn send(&self, command: &[u8]) -> Vec<u8> {
		let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
		stream.set_read_timeout(Some(PATIENCE)).unwrap();
		stream.write_all(command).unwrap();
		let mut answer = vec![0; 10];
		stream.read_exact(&mut answer).unwrap();
		let length = u32::from_be_bytes(answer[2..6].try_into().unwrap());
		answer.resize(length as usize, 0);
		stream.read_exact(&mut answer[10..]).unwrap();
		assert_eq!(answer[6..10], [0; 4], "{command:x?}");
		answer
	}

	/// Runs a program of tpm2-tools in the folder; it must succeed.
	pub fn tool(&self, program: &str, arguments: &[&str]) {
		let mut command = guarded(program);
		command.args(arguments).env("TPM2TOOLS_TCTI", self.tcti()).current_dir(self.folder.path());
		succeed(&mut command);
	}
}

impl Drop for Swtpm {
	fn drop(&mut self) {
		self.power_off();
	}
}

fn manufacture(folder: &Path) {
	let path = |name: &str| folder.join(name).display().to_string();
	for name in ["state", "ca"] {
		std::fs::create_dir(folder.join(name)).unwrap();
	}
	let authority = format!(
		"statedir = {ca}\nsigningkey = {ca}/signkey.pem\nissuercert = {ca}/issuercert.pem\n\
		certserial = {ca}/certserial\n",
		ca = path("ca")
	);
	std::fs::write(folder.join("localca.conf"), authority).unwrap();
	let platform = "--platform-manufacturer City\n--platform-version 1\n--platform-model gateway\n";
	std::fs::write(folder.join("localca.options"), platform).unwrap();
	let setup = format!(
		"create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = {}\n\
		create_certs_tool_options = {}\nactive_pcr_banks = sha256\n",
		path("localca.conf"),
		path("localca.options")
	);
	std::fs::write(folder.join("setup.conf"), setup).unwrap();
	let mut command = guarded("swtpm_setup");
	command
		.args(["--tpm2", "--create-ek-cert", "--lock-nvram", "--tpmstate"])
		.arg(folder.join("state"))
		.arg("--config")
		.arg(folder.join("setup.conf"));
	succeed(&mut command);
}

/// The port of the control channel is the one after that of the data.
fn power_on(folder: &Path) -> (Child, u16) {
	let begun = Instant::now();
	while begun.elapsed() < PATIENCE {
		let port = free_pair();
		let channel = |port| format!("type=tcp,port={port},bindaddr=127.0.0.1");
		let mut process = guarded("swtpm")
			.args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear", "--tpmstate"])
			.arg(format!("dir={}", folder.join("state").display()))
			.args(["--server", &channel(port), "--ctrl", &channel(port + 1)])
			.stdout(Stdio::null())
			.spawn()
			.unwrap();
		// It ends when somebody was faster with a port; it listens for control first, for data last.
		while process.try_wait().unwrap().is_none() && begun.elapsed() < PATIENCE {
			if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
				return (process, port);
			}
			std::thread::sleep(Duration::from_millis(10));
		}
		let _ = process.kill();
		let _ = process.wait();
	}
	panic!("swtpm does not start");
}

fn free_pair() -> u16 {
	let start = std::process::id().wrapping_mul(97) as u16;
	loop {
		let step = TAKEN.fetch_add(2, Ordering::Relaxed);
		let port = FIRST_PORT + start.wrapping_add(step) % PORTS;
		let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
		if is_free(port) && is_free(port + 1) {
			return port;
		}
	}
}

/// A command that the kernel kills when the thread that starts it ends, however that happens.
fn guarded(program: impl AsRef<OsStr>) -> Command {
	let mut command = Command::new("setpriv");
	command.args(["--pdeathsig", "KILL", "--"]).arg(program).stdin(Stdio::null());
	command
}

fn succeed(command: &mut Command) {
	let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
	let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
	assert!(
		output.status.success(),
		"{command:?}: {}{}",
		text(&output.stdout),
		text(&output.stderr)
	);
}
