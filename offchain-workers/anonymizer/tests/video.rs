//! The command on videos, as it is used: with the real models, and killed in the middle.

use std::{
	fs,
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	time::{Duration, Instant},
};

/// How long the test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(240);

fn clip(folder: &Path) -> PathBuf {
	let path = folder.join("input.mp4");
	let status = Command::new("ffmpeg")
		.args(["-nostdin", "-v", "error", "-f", "lavfi", "-i"])
		.arg("testsrc2=size=480x270:rate=30000/1001:duration=12")
		.arg(&path)
		.status()
		.expect("ffmpeg is installed; `scripts/setup.sh --anonymizer` does it");
	assert!(status.success());
	path
}

fn command(input: &Path, output: &Path) -> Command {
	let mut command = Command::new(env!("CARGO_BIN_EXE_msec-anonymize"));
	command.args(["video", "--quiet", "--hide", "face", "--method", "solid"]);
	command.args(["--segment-seconds", "1", "--originals-key"]);
	command.arg(input.with_file_name("originals.key")).arg(input).arg(output);
	command.stdout(Stdio::null());
	command
}

/// Hashes of the decoded frames with their times.
fn frames(path: &Path) -> String {
	let output = Command::new("ffmpeg")
		.args(["-nostdin", "-v", "error", "-i"])
		.arg(path)
		.args(["-f", "framehash", "-"])
		.output()
		.unwrap();
	assert!(output.status.success());
	String::from_utf8(output.stdout).unwrap()
}

fn segments(output: &Path) -> usize {
	let mut parts = output.as_os_str().to_owned();
	parts.push(".parts");
	let complete = |name: &str| name.starts_with("segment-") && name.ends_with(".mp4");
	fs::read_dir(parts).map_or(0, |entries| {
		entries.flatten().filter(|entry| complete(&entry.file_name().to_string_lossy())).count()
	})
}

fn kill_after_segments(mut child: Child, output: &Path, count: usize) {
	let begin = Instant::now();
	while segments(output) < count {
		assert!(begin.elapsed() < PATIENCE, "no {count} segments in time");
		assert_eq!(child.try_wait().unwrap(), None, "it ended before it was killed");
		std::thread::sleep(Duration::from_millis(5));
	}
	// SIGKILL: nothing can be put in order.
	child.kill().unwrap();
	child.wait().unwrap();
	assert!(!output.exists());
}

#[test]
fn killed_twice_and_started_again_the_result_is_the_same() {
	let folder = tempfile::tempdir().unwrap();
	let input = clip(folder.path());
	let whole = folder.path().join("whole.mp4");
	assert!(command(&input, &whole).status().unwrap().success());

	let output = folder.path().join("output.mp4");
	for count in [2, 5] {
		kill_after_segments(command(&input, &output).spawn().unwrap(), &output, count);
	}
	assert!(command(&input, &output).status().unwrap().success());
	assert_eq!(frames(&output), frames(&whole));

	let report = fs::read(folder.path().join("output.mp4.json")).unwrap();
	let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
	// The last of the segments that were there may not have been in the journal yet.
	assert!(report["resumed-segments"].as_u64().unwrap() >= 4);
	let mut names: Vec<_> = fs::read_dir(folder.path())
		.unwrap()
		.map(|entry| entry.unwrap().file_name().into_string().unwrap())
		.collect();
	names.sort();
	let [input, key] = ["input.mp4", "originals.key"];
	let outputs = ["output.mp4", "output.mp4.json", "whole.mp4", "whole.mp4.json"];
	assert_eq!(names, [&[input, key], &outputs[..]].concat());
}

/// What the command complains about when its output is on a file system of its own, mounted by `mount`;
/// and what is on it afterwards.
fn failure_on_target(mount: &str) -> (String, String) {
	let folder = tempfile::tempdir().unwrap();
	let input = clip(folder.path());
	let target = folder.path().join("target");
	fs::create_dir(&target).unwrap();
	let script = format!(
		"mount -t tmpfs {mount} none {0} && shift && \"$@\" && exit 9; ls -A {0}",
		target.display()
	);
	let video = command(&input, &target.join("output.mp4"));
	let output = Command::new("unshare")
		.args(["--map-root-user", "--mount", "sh", "-c", &script, "sh", "--"])
		.arg(video.get_program())
		.args(video.get_args())
		.output()
		.unwrap();
	assert!(output.status.success(), "the video was made");
	let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
	(text(output.stderr), text(output.stdout))
}

#[test]
fn a_full_target_is_named_and_keeps_no_output() {
	let (shown, listed) = failure_on_target("-o size=64k");
	assert!(shown.contains("No space left"), "{shown}");
	assert!(listed.lines().all(|name| name == "output.mp4.parts"), "{listed}");
}

#[test]
fn a_read_only_target_is_named() {
	let (shown, listed) = failure_on_target("-o ro");
	assert!(shown.contains("Read-only"), "{shown}");
	assert_eq!(listed, "");
}

#[test]
fn without_models_nothing_is_written() {
	let folder = tempfile::tempdir().unwrap();
	let input = clip(folder.path());
	let output = folder.path().join("output.mp4");
	let mut command = command(&input, &output);
	let result = command.arg("--models").arg(folder.path()).output().unwrap();
	assert!(!result.status.success());
	assert!(String::from_utf8_lossy(&result.stderr).contains("scripts/setup.sh"));
	assert!(!output.exists());
}
