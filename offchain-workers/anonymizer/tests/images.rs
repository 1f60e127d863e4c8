//! The built command with the real models, on folders of pictures. `scripts/setup.sh` fetches the models.

use image::{Rgb, RgbImage};
use msec_anonymizer::{
	job::Report,
	picture::{encode, Encoding, Format},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
	collections::BTreeMap,
	fs,
	os::unix::fs::PermissionsExt,
	path::{Path, PathBuf},
	process::{Child, Command, Output, Stdio},
	thread,
	time::{Duration, Instant},
};

const PICTURES: usize = 24;
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder with originals, and a place for results.
struct Scene(tempfile::TempDir);

impl Scene {
	fn new(pictures: usize) -> Self {
		let directory = tempfile::tempdir().unwrap();
		let input = directory.path().join("in");
		fs::create_dir(&input).unwrap();
		for number in 0..pictures {
			fs::write(input.join(format!("{number:02}.jpg")), picture(number as u32)).unwrap();
		}
		Self(directory)
	}

	fn path(&self, name: &str) -> PathBuf {
		self.0.path().join(name)
	}

	/// The command, up to the place for results.
	fn arguments(&self, output: &Path) -> Vec<String> {
		let text = |path: &Path| path.to_str().unwrap().to_owned();
		let key = text(&self.path("key"));
		let (input, output) = (text(&self.path("in")), text(output));
		let options = ["--hide", "face", "--threads", "1", "--originals-key"].map(str::to_owned);
		[vec!["images".to_owned(), input, output], options.to_vec(), vec![key]].concat()
	}

	fn command(&self, output: &Path) -> Command {
		let mut command = Command::new(env!("CARGO_BIN_EXE_msec-anonymize"));
		command.args(self.arguments(output)).stdout(Stdio::piped()).stderr(Stdio::piped());
		command
	}

	/// Runs to the end; gives the summary.
	fn run(&self, output: &Path) -> (Output, Value) {
		let output = self.command(output).args(["--output", "json"]).output().unwrap();
		let summary = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
			panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
		});
		(output, summary)
	}
}

/// Coloured waves, different for each number.
fn picture(number: u32) -> Vec<u8> {
	let frame = RgbImage::from_fn(640, 480, |x, y| {
		let wave = |scale: u32| ((x * scale + y * (number + 1)) % 256) as u8;
		Rgb([wave(1), wave(2), wave(3)])
	});
	encode(&frame, Encoding { format: Format::Jpeg, quality: 90 }).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
	let entries = fs::read_dir(folder).into_iter().flatten();
	entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
	let read = |name: String| (name.clone(), fs::read(folder.join(name)).unwrap());
	names(folder).into_iter().map(read).collect()
}

/// The names of those that are no temporary files, which vanish while the command works.
fn finished(folder: &Path) -> Vec<String> {
	names(folder).into_iter().filter(|name| !name.starts_with('.')).collect()
}

fn wait_for_results(child: &mut Child, folder: &Path, count: usize) {
	let deadline = Instant::now() + PATIENCE;
	while finished(folder).len() < count {
		assert!(Instant::now() < deadline, "there are no results after {PATIENCE:?}");
		assert!(child.try_wait().unwrap().is_none(), "the command ended too early");
		thread::sleep(Duration::from_millis(1));
	}
}

#[test]
fn killed_in_the_middle_it_goes_on_and_ends_like_a_run_that_was_not() {
	let scene = Scene::new(PICTURES);
	let output = scene.path("out");
	for expected in [2, 5, 9] {
		let mut child = scene.command(&output).spawn().unwrap();
		wait_for_results(&mut child, &output, expected);
		child.kill().unwrap();
		child.wait().unwrap();
		let reports = scene.path("out.reports");
		for name in finished(&output) {
			let content = fs::read(output.join(&name)).unwrap();
			let report = Report::read(&reports.join(format!("{name}.json"))).unwrap();
			assert_eq!(report.output_sha256, hex::encode(Sha256::digest(&content)), "{name}");
		}
	}
	let there = finished(&output).len();
	assert!(there < PICTURES, "the command was killed in the middle");
	let (_, summary) = scene.run(&output);
	assert_eq!(summary["already"], there);
	assert_eq!(summary["made"], PICTURES - there);

	scene.run(&scene.path("whole"));
	assert_eq!(files(&output), files(&scene.path("whole")));
	assert_eq!(files(&scene.path("out.reports")), files(&scene.path("whole.reports")));
	let originals: Vec<_> = files(&scene.path("in")).into_values().collect();
	assert!(files(&output).into_values().all(|result| !originals.contains(&result)));
}

#[test]
fn an_interrupt_finishes_what_was_begun() {
	let scene = Scene::new(PICTURES);
	let output = scene.path("out");
	let mut child = scene.command(&output).args(["--output", "json"]).spawn().unwrap();
	wait_for_results(&mut child, &output, 2);
	let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
	assert!(sent.success());
	let ended = child.wait_with_output().unwrap();
	assert!(!ended.status.success());
	assert!(String::from_utf8_lossy(&ended.stderr).contains("the same command goes on"));
	let summary: Value = serde_json::from_slice(&ended.stdout).unwrap();
	assert_eq!(summary["stopped"], true);
	assert_eq!(summary["made"], finished(&output).len());
	assert_eq!(names(&output), finished(&output), "nothing temporary is left");
	assert_eq!(scene.run(&output).1["already"], summary["made"]);
}

#[test]
fn failures_are_named_and_counted_and_the_rest_is_done() {
	let scene = Scene::new(2);
	fs::write(scene.path("in/broken.jpg"), &picture(0)[..1000]).unwrap();
	let (output, summary) = scene.run(&scene.path("out"));
	assert_eq!(output.status.code(), Some(1));
	let shown = String::from_utf8_lossy(&output.stderr).into_owned();
	assert!(shown.contains("broken.jpg: the picture is truncated"), "{shown}");
	assert_eq!(
		(&summary["made"], &summary["failed"][0]["name"]),
		(&2.into(), &"broken.jpg".into())
	);
	assert_eq!(finished(&scene.path("out")).len(), 2);
}

/// Runs the command where `target` is a file system of its own, mounted by `mount`.
fn run_on_target(scene: &Scene, mount: &str) -> (Output, PathBuf) {
	let target = scene.path("target");
	fs::create_dir(&target).unwrap();
	let script = format!(
		"mount -t tmpfs {mount} none {0} && shift && \"$@\"; ls -A {0}/out",
		target.display()
	);
	let output = Command::new("unshare")
		.args(["--map-root-user", "--mount", "sh", "-c", &script, "sh", "--"])
		.arg(env!("CARGO_BIN_EXE_msec-anonymize"))
		.args(scene.arguments(&target.join("out")))
		.args(["--reports", scene.path("reports").to_str().unwrap()])
		.output()
		.unwrap();
	(output, target)
}

#[test]
fn a_full_target_fails_file_by_file_and_keeps_nothing_half_written() {
	let scene = Scene::new(4);
	let size = picture(0).len() * 2;
	let (output, _) = run_on_target(&scene, &format!("-o size={size}"));
	let shown = String::from_utf8_lossy(&output.stderr).into_owned();
	assert!(shown.contains("the result cannot be written: No space left"), "{shown}");
	assert!(shown.contains("files that failed and have no result"), "{shown}");
	let listed = String::from_utf8_lossy(&output.stdout).into_owned();
	assert!(!listed.contains(".tmp"), "{listed}");
	assert!(listed.contains(".jpg"), "some of it fits: {listed}");
}

#[test]
fn a_read_only_target_fails_file_by_file() {
	let scene = Scene::new(2);
	let (output, _) = run_on_target(&scene, "-o ro");
	let shown = String::from_utf8_lossy(&output.stderr).into_owned();
	assert_eq!(shown.matches("the result cannot be written: Read-only").count(), 2, "{shown}");
}

#[test]
fn the_review_is_for_its_owner_only_and_never_in_the_output() {
	let scene = Scene::new(1);
	let output = scene.path("out");
	let review = scene.path("review.html");
	let run = |path: &Path| scene.command(&output).arg("--review").arg(path).output().unwrap();
	let written = run(&review);
	assert!(written.status.success());
	assert!(String::from_utf8_lossy(&written.stderr).contains("delete it"));
	assert_eq!(fs::metadata(&review).unwrap().permissions().mode() & 0o777, 0o600);
	let refused = run(&output.join("review.html"));
	assert!(!refused.status.success() && !output.join("review.html").exists());
}

#[test]
fn without_models_nothing_is_made() {
	let scene = Scene::new(1);
	let output = scene.path("out");
	let ended = scene.command(&output).arg("--models").arg(scene.path("nowhere")).output().unwrap();
	assert_eq!(ended.status.code(), Some(1));
	let shown = String::from_utf8_lossy(&ended.stderr).into_owned();
	assert!(shown.contains("nowhere"), "{shown}");
	assert!(!output.exists());
}
