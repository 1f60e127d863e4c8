//! Starting ffmpeg, and what it says.

use super::error::VideoError;
use std::{
	ffi::{OsStr, OsString},
	io::{self, BufRead, BufReader, Write},
	path::Path,
	process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
	sync::{Arc, Mutex, MutexGuard},
	thread::JoinHandle,
	time::Duration,
};
use zeroize::Zeroizing;

/// Complaints that are kept; more are counted only.
const KEPT: usize = 8;

/// Characters of a complaint that are kept.
const KEPT_LENGTH: usize = 200;

/// How often it is looked whether a process has ended.
const WAIT_PERIOD: Duration = Duration::from_millis(2);

/// The demuxers for files: containers and plain streams. None of them opens anything but its own file, as
/// playlists and lists of files would.
const FORMATS: &str =
	"asf,avi,dv,flv,gif,h261,h263,h264,hevc,ivf,m4v,matroska,mjpeg,mov,mpeg,mpegts,\
mpegvideo,mxf,nut,obu,ogg,rm,vc1,webm,wtv,yuv4mpegpipe";

/// Most pixels of a frame.
pub const MAX_PIXELS: u64 = 8192 * 8192;

/// What a decoder or encoder had to complain about.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Complaints {
	/// How many lines.
	pub count: u64,
	/// The first few.
	pub first: Vec<String>,
}

impl Complaints {
	fn add(&mut self, line: &str) {
		self.count += 1;
		if self.first.len() < KEPT {
			self.first.push(line.chars().filter(|c| !c.is_control()).take(KEPT_LENGTH).collect());
		}
	}
}

impl std::fmt::Display for Complaints {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self.first.as_slice() {
			[] => formatter.write_str("ffmpeg does not say why"),
			lines => formatter.write_str(&lines.join("; ")),
		}
	}
}

/// A running ffmpeg, killed when it is dropped.
pub struct Process {
	child: Arc<Mutex<Child>>,
	listener: Option<JoinHandle<Complaints>>,
}

/// Kills a process from another thread.
#[derive(Clone)]
pub struct Killer(Arc<Mutex<Child>>);

impl Process {
	/// Starts it. `listen` gets each line it says, and returns whether that was none of a complaint.
	pub fn start(
		mut command: Command,
		listen: impl FnMut(&str) -> bool + Send + 'static,
	) -> Result<Self, VideoError> {
		let spawned = command.stderr(Stdio::piped()).spawn();
		let mut child =
			spawned.map_err(|source| VideoError::Start { program: "ffmpeg", source })?;
		let stderr = child.stderr.take().expect("stderr is piped; qed");
		let listener = std::thread::spawn(move || complaints(stderr, listen));
		Ok(Self { child: Arc::new(Mutex::new(child)), listener: Some(listener) })
	}

	/// Where it reads from; once.
	pub fn take_stdin(&mut self) -> Option<ChildStdin> {
		lock(&self.child).stdin.take()
	}

	/// Where it writes to; once.
	pub fn take_stdout(&mut self) -> Option<ChildStdout> {
		lock(&self.child).stdout.take()
	}

	/// For another thread.
	pub fn killer(&self) -> Killer {
		Killer(self.child.clone())
	}

	/// Waits for its end; whether it was a good one, and what it complained about.
	pub fn wait(mut self) -> io::Result<(ExitStatus, Complaints)> {
		// Not one long wait under the lock, during which nobody could kill it.
		let status = loop {
			match lock(&self.child).try_wait()? {
				Some(status) => break status,
				None => std::thread::sleep(WAIT_PERIOD),
			}
		};
		let complaints = self.listener.take().and_then(|listener| listener.join().ok());
		Ok((status, complaints.unwrap_or_default()))
	}
}

impl Drop for Process {
	fn drop(&mut self) {
		self.killer().kill();
	}
}

impl Killer {
	/// Kills the process, if it still runs, and waits until it is gone.
	pub fn kill(&self) {
		let mut child = lock(&self.0);
		// An error means that it has ended already.
		let _ = child.kill();
		let _ = child.wait();
	}
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
	child.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn complaints(stderr: ChildStderr, mut listen: impl FnMut(&str) -> bool) -> Complaints {
	let mut complaints = Complaints::default();
	let mut reader = BufReader::new(stderr);
	let mut line = Vec::new();
	// ffmpeg's lines are short: it cuts them itself.
	while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
		let text = String::from_utf8_lossy(&line);
		let text = text.trim();
		if !text.is_empty() && !listen(text) {
			complaints.add(text);
		}
		line.clear();
	}
	complaints
}

/// `ffmpeg` without questions, banners and statistics.
pub fn ffmpeg() -> Command {
	let mut command = Command::new("ffmpeg");
	command.args(["-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+error"]);
	command.stdin(Stdio::null()).stdout(Stdio::null());
	command
}

/// What ffmpeg reads.
#[derive(Clone, Debug)]
pub struct Input {
	/// Options, up to the address.
	pub options: Vec<OsString>,
	/// What it gets through its standard input, where no other process sees it.
	pub list: Option<Zeroizing<String>>,
}

impl Input {
	/// A file, which cannot make ffmpeg open anything else.
	pub fn file(path: &Path) -> Self {
		let pixels = MAX_PIXELS.to_string();
		let guards =
			["-protocol_whitelist", "file", "-format_whitelist", FORMATS, "-max_pixels", &pixels];
		let mut options: Vec<_> = guards.map(OsString::from).into();
		options.extend(["-i".into(), file_address(path)]);
		Self { options, list: None }
	}

	/// Adds it to a command.
	pub fn apply(&self, command: &mut Command) {
		let stdin = if self.list.is_some() { Stdio::piped() } else { Stdio::null() };
		command.args(&self.options).stdin(stdin);
	}

	/// Gives the list to a command that was started.
	pub fn send(&self, stdin: Option<ChildStdin>) -> io::Result<()> {
		match (&self.list, stdin) {
			(Some(list), Some(mut stdin)) => stdin.write_all(list.as_bytes()),
			_ => Ok(()),
		}
	}
}

/// A path that is no option and no address, whatever its name.
pub fn file_address(path: &Path) -> OsString {
	let mut address = OsString::from("file:");
	address.push(AsRef::<OsStr>::as_ref(path));
	address
}
