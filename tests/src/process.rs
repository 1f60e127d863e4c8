//! Processes that cannot outlive their test, with logs that are shown when it fails.

use crate::{binaries, wait};
use std::{
	ffi::OsStr,
	fs::{File, OpenOptions},
	path::{Path, PathBuf},
	process::{Child, Command, ExitStatus, Stdio},
	time::Duration,
};

/// How much of a log is shown when a test fails, in lines.
const TAIL: usize = 40;
/// Longest time that a command may run to its end.
const RUN: Duration = Duration::from_secs(300);

/// A command for `program` that the kernel kills when the thread that starts it ends, however that
/// happens.
pub fn guarded(program: impl AsRef<OsStr>) -> Command {
	let mut command = Command::new("setpriv");
	command.args(["--pdeathsig", "KILL", "--"]).arg(program);
	command
}

/// A program of this build, guarded.
pub fn built(name: &str) -> Command {
	guarded(binaries::program(name))
}

/// A running process. Killed when dropped.
pub struct Process {
	name: String,
	child: Child,
	log: PathBuf,
}

impl Process {
	/// Starts `command`. What it prints is added to the file `{name}.log` in `logs`.
	///
	/// # Panics
	///
	/// When it cannot be started.
	pub fn start(name: &str, logs: &Path, command: &mut Command) -> Self {
		let log = logs.join(format!("{name}.log"));
		let file = append_to(&log);
		let child = command
			.stdin(Stdio::null())
			.stdout(file.try_clone().expect("an open file has copies"))
			.stderr(file)
			.spawn()
			.unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
		Self { name: name.to_owned(), child, log }
	}

	/// The process's number.
	pub fn id(&self) -> u32 {
		self.child.id()
	}

	/// Everything that was printed, also by earlier processes of that name.
	pub fn log(&self) -> String {
		String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
	}

	/// The file with the log.
	pub fn log_file(&self) -> &Path {
		&self.log
	}

	/// How it ended, if it has.
	pub fn ended(&mut self) -> Option<ExitStatus> {
		self.child.try_wait().expect("the child is ours; qed")
	}

	/// Stops it with SIGKILL: no handler runs, nothing is flushed.
	pub fn kill(&mut self) {
		let _ = self.child.kill();
		let _ = self.child.wait();
	}

	/// Asks it to stop with SIGTERM and waits until it has.
	pub async fn terminate(&mut self, deadline: Duration) -> ExitStatus {
		self.signal("TERM");
		let what = format!("{} stops after SIGTERM", self.name);
		wait::until(&what, deadline, async || self.ended()).await
	}

	/// Waits until it has ended by itself.
	pub async fn wait_until_ended(&mut self) -> ExitStatus {
		let what = format!("{} ends", self.name);
		wait::until(&what, wait::A_FEW_BLOCKS, async || self.ended()).await
	}

	/// Sends the signal of that name.
	pub fn signal(&self, name: &str) {
		let sent =
			Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
		assert!(sent.is_ok_and(|status| status.success()), "kill -{name} {}", self.name);
	}

	/// Panics with the end of the log when the process has ended.
	pub fn assert_running(&mut self) {
		if let Some(status) = self.ended() {
			panic!("{} ended: {status}\n{}", self.name, tail(&self.log()));
		}
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		self.kill();
		if std::thread::panicking() {
			eprintln!("--- end of {}:\n{}", self.log.display(), tail(&self.log()));
		}
	}
}

/// Runs a command of other people's programs to its end, and gives what it printed.
///
/// # Panics
///
/// When it fails, or takes longer than five minutes.
pub async fn run(command: Command, what: &str) -> String {
	let output = tokio::process::Command::from(command).kill_on_drop(true).output();
	let output = tokio::time::timeout(RUN, output)
		.await
		.unwrap_or_else(|_| panic!("{what} takes longer than {} s", RUN.as_secs()))
		.unwrap_or_else(|error| panic!("{what} cannot be started: {error}"));
	let said = String::from_utf8_lossy(&output.stdout).into_owned();
	let complaint = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success(), "{what}\n{}\n{}", tail(&said), tail(&complaint));
	said
}

/// The last lines of a text.
pub fn tail(text: &str) -> String {
	let lines: Vec<_> = text.lines().collect();
	lines[lines.len().saturating_sub(TAIL)..].join("\n")
}

fn append_to(path: &Path) -> File {
	OpenOptions::new()
		.create(true)
		.append(true)
		.open(path)
		.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
