//! A PostgreSQL server on the loopback interface, with everything in a temporary directory. It writes to
//! the disk before it acknowledges, as it does by default.

use crate::{
	msec::write_private,
	ports,
	process::{guarded, Process},
	wait,
};
use anyhow::{ensure, Context};
use std::{
	fs::{self, File},
	os::unix::fs::MetadataExt,
	path::{Path, PathBuf},
	process::{Command, Stdio},
	time::{Duration, Instant},
};
use tempfile::TempDir;

/// Longest time from its start to its first answer.
const START: Duration = Duration::from_secs(60);

/// A running server.
pub struct Postgres {
	// Fields are dropped in this order: the server before its folder.
	server: Process,
	port: u16,
	password: String,
	password_file: PathBuf,
	_folder: TempDir,
}

impl Postgres {
	/// Makes and starts a server that prints into `logs`.
	pub async fn start(logs: &Path) -> anyhow::Result<Self> {
		let folder = tempfile::tempdir()?;
		let (data, password_file) = (folder.path().join("data"), folder.path().join("password"));
		let password = hex::encode(rand::random::<[u8; 16]>());
		write_private(&password_file, &password);
		if is_root()? {
			run(guarded("chown").arg("-R").arg("postgres:").arg(folder.path()))?;
		}
		let mut initdb = as_postgres(&program("initdb")?)?;
		initdb.arg("--pgdata").arg(&data).arg("--pwfile").arg(&password_file);
		initdb.args([
			"--auth=scram-sha-256",
			"--username=postgres",
			"--encoding=UTF8",
			"--locale=C",
		]);
		run(&mut initdb)?;
		let port = ports::free();
		let mut server = as_postgres(&program("postgres")?)?;
		server.arg("-D").arg(&data).args([
			"-c",
			"listen_addresses=127.0.0.1",
			"-c",
			&format!("port={port}"),
			"-c",
			"unix_socket_directories=",
		]);
		let server = Process::start("postgres", logs, &mut server);
		let mut postgres = Self { server, port, password, password_file, _folder: folder };
		wait::until("PostgreSQL answers", START, async || {
			postgres.server.assert_running();
			postgres.execute("select 1").ok()
		})
		.await;
		Ok(postgres)
	}

	/// Options of a store that keeps its records here.
	pub fn options(&self) -> [String; 2] {
		let settings = format!("host=127.0.0.1 port={} user=postgres dbname=postgres", self.port);
		[
			format!("--postgres={settings}"),
			format!("--postgres-password-file={}", self.password_file.display()),
		]
	}

	/// Runs a statement; what it answers.
	pub fn execute(&self, statement: &str) -> anyhow::Result<String> {
		Ok(run(&mut self.psql(statement))?.trim().to_owned())
	}

	/// Runs a statement that reads a file; how long that takes.
	pub fn copy(&self, statement: &str, file: &Path) -> anyhow::Result<Duration> {
		let mut psql = self.psql(statement);
		psql.stdin(File::open(file)?);
		let begun = Instant::now();
		run(&mut psql)?;
		Ok(begun.elapsed())
	}

	fn psql(&self, statement: &str) -> Command {
		let mut psql = guarded("psql");
		psql.env("PGPASSWORD", &self.password)
			.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
			.args(["--set", "ON_ERROR_STOP=1", "--host=127.0.0.1", "--username=postgres"])
			.arg(format!("--port={}", self.port))
			.args(["--dbname=postgres", "--command", statement])
			.stdin(Stdio::null());
		psql
	}
}

fn is_root() -> anyhow::Result<bool> {
	Ok(fs::metadata("/proc/self")?.uid() == 0)
}

/// PostgreSQL refuses to run as root. The kernel forgets whom a program shall end with when its user
/// changes, so one command does both, in the right order.
fn as_postgres(program: &Path) -> anyhow::Result<Command> {
	if !is_root()? {
		return Ok(guarded(program));
	}
	let mut command = Command::new("setpriv");
	command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
	command.args(["--pdeathsig", "KILL", "--"]).arg(program);
	Ok(command)
}

/// Runs a command that must succeed; what it prints.
fn run(command: &mut Command) -> anyhow::Result<String> {
	// Where another user may be.
	let output = command.current_dir("/").output()?;
	let error = String::from_utf8_lossy(&output.stderr);
	let arguments: Vec<_> = command.get_args().collect();
	ensure!(output.status.success(), "{arguments:?}: {}\n{error}", output.status);
	Ok(String::from_utf8(output.stdout)?)
}

/// Where a program is that Debian keeps apart from the PATH.
fn program(name: &str) -> anyhow::Result<PathBuf> {
	let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
	let folders = versions.map(|version| version.path().join("bin"));
	let path = std::env::var_os("PATH").unwrap_or_default();
	std::env::split_paths(&path)
		.chain(folders)
		.map(|folder| folder.join(name))
		.find(|file| file.is_file())
		.with_context(|| format!("{name} is missing; scripts/setup.sh --store installs it"))
}
