//! PostgreSQL, and a server that speaks the S3 protocol, as the tests start them: on the loopback
//! interface, with everything in a temporary directory.
//!
//! The S3 server is moto, the usual fake of Amazon's services, which keeps objects in memory. It checks
//! no credentials.

use super::{CitySettings, Place, Store, StoreFault};
use msec_worker_common::keys::write_secret;
use std::{
	fs,
	io::Write,
	net::{TcpListener, TcpStream},
	path::{Path, PathBuf},
	process::{Child, ChildStdin, Command, Stdio},
	sync::{
		atomic::{AtomicU32, Ordering},
		LazyLock, Mutex,
	},
	thread,
	time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const PASSWORD: &str = "correct horse battery staple";
const PATIENCE: Duration = Duration::from_secs(60);
/// Runs a server for as long as its standard input is open, which it is until the tests end in whatever
/// way. SIGQUIT stops PostgreSQL at once; others ignore it in the background of a shell, and take SIGTERM.
const GUARD: &str = r#""$@" </dev/null & server=$!
cat >/dev/null; kill -QUIT $server; kill -TERM $server 2>/dev/null; wait $server"#;
/// Keeps a directory for as long.
const KEEP: &str = r#"cat >/dev/null; rm -rf "$1""#;

/// Where connections of all tests live.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static POSTGRES: LazyLock<Postgres> = LazyLock::new(Postgres::start);
static BUCKETS: LazyLock<Buckets> = LazyLock::new(Buckets::start);
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A name that no other test uses.
fn unused_name() -> String {
	format!("test{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A server or a directory that ends with the tests.
struct Guarded {
	child: Child,
	input: Option<ChildStdin>,
}

impl Guarded {
	fn server(log: &Path, command: &[String]) -> Self {
		let log = fs::File::options().create(true).append(true).open(log).unwrap();
		let mut guard = Command::new("sh");
		guard.args(["-c", GUARD, "guard"]).args(command);
		Self::start(guard.stdout(log.try_clone().unwrap()).stderr(log))
	}

	fn directory(directory: &Path) -> Self {
		Self::start(Command::new("sh").args(["-c", KEEP, "keep"]).arg(directory))
	}

	fn start(guard: &mut Command) -> Self {
		let mut child = guard.stdin(Stdio::piped()).spawn().unwrap();
		let input = child.stdin.take();
		Self { child, input }
	}
}

impl Drop for Guarded {
	fn drop(&mut self) {
		drop(self.input.take());
		self.child.wait().unwrap();
	}
}

fn unused_port() -> u16 {
	TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
	let deadline = Instant::now() + PATIENCE;
	while !is_so() {
		assert!(Instant::now() < deadline, "{what}");
		thread::sleep(Duration::from_millis(20));
	}
}

/// A PostgreSQL server of its own.
pub struct Postgres {
	port: u16,
	/// Where the password is kept for clients.
	password_file: PathBuf,
	command: Vec<String>,
	log: PathBuf,
	// The server ends before its directories do.
	server: Mutex<Option<Guarded>>,
	_directory: Guarded,
	_password: TempDir,
}

impl Postgres {
	pub fn start() -> Self {
		let directory = tempfile::tempdir().unwrap().keep();
		let kept = Guarded::directory(&directory);
		let password = tempfile::tempdir().unwrap();
		let password_file = password.path().join("password");
		write_secret(&password_file, PASSWORD.as_bytes()).unwrap();
		let for_initdb = directory.join("password");
		fs::copy(&password_file, &for_initdb).unwrap();
		let data = directory.join("data");
		if is_root() {
			run(&["chown", "-R", "postgres:", &text(&directory)]);
		}
		let initdb = [
			program("initdb"),
			format!("--pgdata={}", data.display()),
			"--auth=scram-sha-256".into(),
			format!("--pwfile={}", for_initdb.display()),
			"--username=postgres".into(),
			"--encoding=UTF8".into(),
			"--locale=C".into(),
			"--no-sync".into(),
		];
		run(&as_postgres(&initdb).iter().map(String::as_str).collect::<Vec<_>>());
		let port = unused_port();
		let server = [
			program("postgres"),
			"-D".into(),
			text(&data),
			"-c".into(),
			"listen_addresses=127.0.0.1".into(),
			"-c".into(),
			format!("port={port}"),
			"-c".into(),
			"unix_socket_directories=".into(),
			// The machine does not lose power in a test.
			"-c".into(),
			"fsync=off".into(),
			"-c".into(),
			"max_connections=300".into(),
		];
		let postgres = Self {
			port,
			password_file,
			command: as_postgres(&server),
			log: password.path().join("log"),
			server: Mutex::default(),
			_directory: kept,
			_password: password,
		};
		postgres.restart();
		postgres
	}

	/// Stops it at once, if it runs, and starts it again, upon which it recovers.
	pub fn restart(&self) {
		let mut server = self.server.lock().unwrap();
		drop(server.take());
		*server = Some(Guarded::server(&self.log, &self.command));
		drop(server);
		self.wait();
	}

	/// Waits until it answers.
	fn wait(&self) {
		wait_until("PostgreSQL answers", || self.try_to_execute("select").is_ok());
	}

	async fn connect(&self) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
		let (client, connection) = tokio_postgres::Config::new()
			.host("127.0.0.1")
			.port(self.port)
			.user("postgres")
			.password(PASSWORD)
			.dbname("postgres")
			.connect(tokio_postgres::NoTls)
			.await?;
		tokio::spawn(connection);
		Ok(client)
	}

	fn try_to_execute(&self, statement: &str) -> Result<(), tokio_postgres::Error> {
		RUNTIME.block_on(async { self.connect().await?.batch_execute(statement).await })
	}

	/// Has a connection die, upon which the server ends all others and recovers.
	pub fn crash(&self) {
		// Its process is there for as long as the client is.
		let client = RUNTIME.block_on(self.connect()).unwrap();
		let row = RUNTIME.block_on(client.query_one("select pg_backend_pid()", &[])).unwrap();
		let process: i32 = row.get(0);
		run(&["sh", "-c", &format!("kill -KILL {process}")]);
		self.wait();
	}

	/// A database of its own, with frames at `objects`.
	fn settings(&self, objects: String) -> CitySettings {
		let name = unused_name();
		self.try_to_execute(&format!("create database {name}")).unwrap();
		CitySettings {
			postgres: format!("host=127.0.0.1 port={} user=postgres dbname={name}", self.port),
			postgres_password_file: Some(self.password_file.clone()),
			objects,
			ca_file: None,
		}
	}
}

/// A server that speaks the S3 protocol.
struct Buckets {
	port: u16,
	_server: Guarded,
	_directory: Guarded,
}

impl Buckets {
	fn start() -> Self {
		let directory = tempfile::tempdir().unwrap().keep();
		let port = unused_port();
		let command = [
			program("moto_server"),
			"-H".into(),
			"127.0.0.1".into(),
			"-p".into(),
			port.to_string(),
		];
		let kept = Guarded::directory(&directory);
		let server = Guarded::server(&directory.join("log"), &command);
		wait_until("moto_server answers", || TcpStream::connect(("127.0.0.1", port)).is_ok());
		// Only these tests read them.
		for (variable, value) in [
			("AWS_ENDPOINT", format!("http://127.0.0.1:{port}")),
			("AWS_ALLOW_HTTP", "true".to_owned()),
			("AWS_REGION", "us-east-1".to_owned()),
			("AWS_ACCESS_KEY_ID", "test".to_owned()),
			("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
		] {
			std::env::set_var(variable, value);
		}
		Self { port, _server: server, _directory: kept }
	}

	/// A new bucket with that name.
	fn make(&self, name: &str) {
		let url = format!("http://127.0.0.1:{}/{name}", self.port);
		let answer = RUNTIME.block_on(reqwest::Client::new().put(url).send()).unwrap();
		assert!(answer.status().is_success(), "{answer:?}");
	}
}

/// PostgreSQL with objects.
pub struct CityPlace {
	pub settings: CitySettings,
	folder: TempDir,
}

impl CityPlace {
	/// With frames in a folder.
	pub fn with_folder() -> Self {
		Self::on(&POSTGRES)
	}

	/// With frames in a folder, on a server of one's own.
	pub fn on(postgres: &Postgres) -> Self {
		let folder = tempfile::tempdir().unwrap();
		Self { settings: postgres.settings(text(folder.path())), folder }
	}

	/// With frames in a bucket.
	pub fn with_bucket() -> Self {
		let bucket = unused_name();
		BUCKETS.make(&bucket);
		let settings = POSTGRES.settings(format!("s3://{bucket}/some/prefix"));
		Self { settings, folder: tempfile::tempdir().unwrap() }
	}

	/// Does something in the database.
	pub fn execute(&self, statement: &str) {
		let mut config: tokio_postgres::Config = self.settings.postgres.parse().unwrap();
		config.password(PASSWORD);
		RUNTIME.block_on(async {
			let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
			tokio::spawn(connection);
			client.batch_execute(statement).await.unwrap();
		});
	}
}

impl Place for CityPlace {
	fn try_open(&self) -> Result<Store, StoreFault> {
		Store::connect(&self.settings, RUNTIME.handle().clone())
	}

	fn described(&self) -> Vec<String> {
		let CitySettings { postgres, postgres_password_file, objects, .. } = &self.settings;
		let password_file = text(postgres_password_file.as_ref().unwrap());
		vec![postgres.clone(), password_file, objects.clone()]
	}

	fn files(&self) -> PathBuf {
		self.folder.path().to_owned()
	}
}

fn text(path: &Path) -> String {
	path.to_str().unwrap().to_owned()
}

pub fn is_root() -> bool {
	let id = Command::new("id").arg("-u").output().unwrap();
	id.stdout.trim_ascii() == b"0"
}

/// PostgreSQL refuses to run as root.
fn as_postgres(command: &[String]) -> Vec<String> {
	let mut whole = Vec::new();
	if is_root() {
		let user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"];
		whole.extend(user.map(str::to_owned));
	}
	whole.extend_from_slice(command);
	whole
}

fn run(command: &[&str]) {
	let output = Command::new(command[0])
		.args(&command[1..])
		// Where another user may be.
		.current_dir("/")
		.output()
		.unwrap_or_else(|error| panic!("{}: {error}", command[0]));
	if !output.status.success() {
		std::io::stderr().write_all(&output.stderr).unwrap();
		panic!("{command:?}: {}", output.status);
	}
}

/// Where a program is that scripts/setup.sh --tests installs.
fn program(name: &str) -> String {
	let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
	let folders = versions.map(|version| version.unwrap().path().join("bin"));
	let path = std::env::var_os("PATH").unwrap_or_default();
	std::env::split_paths(&path)
		.chain(folders)
		.map(|folder| folder.join(name))
		.find(|file| file.is_file())
		.map(|file| text(&file))
		.unwrap_or_else(|| panic!("{name} is missing; scripts/setup.sh --tests installs it"))
}
