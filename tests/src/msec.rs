//! The command `msec`, as one person uses it.

use crate::{
	changes::Changes,
	process::{built, tail},
	sandbox::Sandbox,
};
use serde_json::Value;
use std::{
	ffi::OsStr,
	fs::OpenOptions,
	io::Write,
	os::unix::process::ExitStatusExt,
	path::{Path, PathBuf},
	process::{ExitStatus, Stdio},
	time::{Duration, Instant},
};
use tokio::process::Command;

/// Longest time for one command.
const DEADLINE: Duration = Duration::from_secs(120);
/// Between two looks at what a command has done.
const GLANCE: Duration = Duration::from_millis(2);

/// A person at a terminal, with a home and an account of their own.
#[derive(Clone)]
pub struct Msec {
	name: String,
	home: PathBuf,
	node: String,
	account: String,
	password_file: PathBuf,
	log: PathBuf,
}

/// How a command ended.
#[derive(Clone, Debug)]
pub struct Outcome {
	/// Its exit status.
	pub status: ExitStatus,
	/// What it wrote to the standard output.
	pub output: String,
	/// What it wrote to the standard error.
	pub error: String,
}

impl Msec {
	/// The person `name`, who signs with `account`, at the node with the address `node`.
	pub fn new(sandbox: &Sandbox, name: &str, account: &str, node: &str) -> Self {
		let folder = sandbox.path();
		let password_file = folder.join(format!("{name}.password"));
		write_private(&password_file, &format!("the passphrase of {name}\n"));
		Self {
			name: name.to_owned(),
			home: folder.join(format!("{name}.home")),
			node: node.to_owned(),
			account: account.to_owned(),
			password_file,
			log: sandbox.terminals().join(format!("{name}.log")),
		}
	}

	/// The folder with keys and journals.
	pub fn home(&self) -> &Path {
		&self.home
	}

	/// The file with the passphrase.
	pub fn password_file(&self) -> &Path {
		&self.password_file
	}

	/// A command that is killed with the test.
	pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
		let mut command = Command::from(built("msec"));
		command
			.env("MSEC_HOME", &self.home)
			.args([
				"--node",
				&self.node,
				"--dev",
				"--account",
				&self.account,
				"--yes",
				"--password-file",
			])
			.arg(&self.password_file)
			.args(["--output", "json"])
			.args(arguments)
			.stdin(Stdio::null())
			.stdout(Stdio::piped())
			.stderr(Stdio::piped())
			.kill_on_drop(true);
		command
	}

	/// Runs a command to its end, however that is.
	pub async fn attempt<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Outcome {
		let ended = tokio::time::timeout(DEADLINE, self.command(arguments).output()).await;
		let said = described(arguments);
		let output = ended
			.unwrap_or_else(|_| panic!("{}: msec {said} takes too long", self.name))
			.expect("msec can be started");
		let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
		let (status, error) = (output.status, text(&output.stderr));
		let outcome = Outcome { status, output: text(&output.stdout), error };
		self.write_log(&format!("$ msec {said}\n{}{}", outcome.output, outcome.error));
		outcome
	}

	/// Runs a command that must succeed and gives what it printed.
	pub async fn text<A: AsRef<OsStr>>(&self, arguments: &[A]) -> String {
		let Outcome { status, output, error } = self.attempt(arguments).await;
		let said = described(arguments);
		assert!(status.success(), "{}: msec {said}: {status}\n{}", self.name, tail(&error));
		output
	}

	/// Runs a command that must succeed and print JSON.
	pub async fn json<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Value {
		parsed(&self.text(arguments).await)
	}

	/// Runs a command that must succeed and print JSON, after it was killed at each of these `counts` of
	/// changes in the home folder, as long as it had not succeeded before.
	pub async fn json_in_spite_of_kills<A: AsRef<OsStr>>(
		&self,
		counts: &[u32],
		arguments: &[A],
	) -> Value {
		for count in counts {
			if let Some(output) = self.killed_at(*count, &self.home, arguments).await {
				return parsed(&output);
			}
		}
		self.json(arguments).await
	}

	/// Runs a command that must fail with the exit code of a failure, and gives its complaint.
	pub async fn refused<A: AsRef<OsStr>>(&self, arguments: &[A]) -> String {
		let Outcome { status, output, error } = self.attempt(arguments).await;
		let said = described(arguments);
		assert_eq!(status.code(), Some(1), "{}: msec {said}\n{output}{error}", self.name);
		error
	}

	/// Starts a command and kills it with SIGKILL as soon as `folder` was seen to change `count` times.
	/// Gives what the command printed if that was its whole result: who has seen it does not ask again.
	pub async fn killed_at<A: AsRef<OsStr>>(
		&self,
		count: u32,
		folder: &Path,
		arguments: &[A],
	) -> Option<String> {
		let mut changes = Changes::of(folder);
		let child = self.command(arguments).spawn().expect("msec can be started");
		let id = child.id().expect("nobody has waited for it; qed").to_string();
		let mut ended = std::pin::pin!(child.wait_with_output());
		let start = Instant::now();
		let said = described(arguments);
		let output = loop {
			if let Ok(output) = tokio::time::timeout(GLANCE, &mut ended).await {
				break output;
			}
			if changes.count() >= count {
				let _ = Command::new("kill").args(["-KILL", &id]).status().await;
				break ended.await;
			}
			assert!(start.elapsed() < DEADLINE, "{}: msec {said} takes too long", self.name);
		};
		let output = output.expect("msec can be waited for");
		let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
		self.write_log(&format!("$ msec {said} ({})\n{}", output.status, text(&output.stderr)));
		match output.status.signal() {
			Some(_) => Some(text(&output.stdout)).filter(|printed| is_complete(printed)),
			None => {
				let error = text(&output.stderr);
				assert!(output.status.success(), "{}: msec {said}: {}", self.name, tail(&error));
				Some(text(&output.stdout))
			},
		}
	}

	fn write_log(&self, text: &str) {
		let mut file = OpenOptions::new()
			.create(true)
			.append(true)
			.open(&self.log)
			.unwrap_or_else(|error| panic!("{}: {error}", self.log.display()));
		file.write_all(text.as_bytes()).expect("the temporary folder can be written to");
	}
}

/// Writes a file that only its owner may read.
pub fn write_private(path: &Path, text: &str) {
	use std::os::unix::fs::OpenOptionsExt;
	OpenOptions::new()
		.create(true)
		.write(true)
		.truncate(true)
		.mode(0o600)
		.open(path)
		.and_then(|mut file| file.write_all(text.as_bytes()))
		.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Whether a command printed its whole result, which is JSON.
fn is_complete(output: &str) -> bool {
	serde_json::from_str::<Value>(output).is_ok()
}

fn parsed(output: &str) -> Value {
	serde_json::from_str(output).unwrap_or_else(|error| panic!("no JSON: {error}\n{output}"))
}

fn described<A: AsRef<OsStr>>(arguments: &[A]) -> String {
	let words: Vec<_> = arguments.iter().map(|word| word.as_ref().to_string_lossy()).collect();
	words.join(" ")
}
