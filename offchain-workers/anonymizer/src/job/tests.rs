use super::*;
use crate::{
	detection::{Detection, Detector, DetectorKind},
	geometry::BoundingBox,
	picture::{decode, encode, Encoding},
};
use image::{Rgb, RgbImage};
use msec_worker_common::{keys::AccountKey, provenance::Record};
use sha2::{Digest, Sha256};
use std::{
	fs,
	os::unix::fs::{symlink, PermissionsExt},
	path::Path,
	sync::atomic::{AtomicUsize, Ordering},
};

const RED: Rgb<u8> = Rgb([255, 0, 0]);
const GREY: Rgb<u8> = Rgb([128, 128, 128]);

/// Finds pure red as one face.
struct RedFaces;

impl Detector for RedFaces {
	fn kind(&self) -> DetectorKind {
		DetectorKind::Faces
	}

	fn detect(&mut self, frame: &RgbImage) -> Result<Vec<Detection>, DetectionError> {
		let red: Vec<(u32, u32)> = frame
			.enumerate_pixels()
			.filter(|(_, _, pixel)| **pixel == RED)
			.map(|(x, y, _)| (x, y))
			.collect();
		let Some(x_min) = red.iter().map(|(x, _)| *x).min() else { return Ok(Vec::new()) };
		let edge = |value: Option<u32>| value.map_or(0.0, |value| value as f32);
		let bounding_box = BoundingBox {
			x_min: x_min as f32,
			y_min: edge(red.iter().map(|(_, y)| *y).min()),
			x_max: edge(red.iter().map(|(x, _)| *x + 1).max()),
			y_max: edge(red.iter().map(|(_, y)| *y + 1).max()),
		};
		Ok(vec![Detection { class: Class::Face, score: 0.9, bounding_box }])
	}
}

pub(crate) fn factory() -> Result<Anonymizer, DetectionError> {
	Ok(Anonymizer::new(Settings::default(), vec![Box::new(RedFaces)]))
}

fn frame_with_red() -> RgbImage {
	RgbImage::from_fn(48, 32, |x, y| match (8..20).contains(&x) && (8..20).contains(&y) {
		true => RED,
		false => GREY,
	})
}

fn encoded(format: Format) -> Vec<u8> {
	encode(&frame_with_red(), Encoding { format, quality: 90 }).unwrap()
}

pub(crate) fn unrecorded(originals: &OriginalsKey) -> Evidence<'_> {
	Evidence { originals, recorder: None }
}

pub(crate) fn picture_with_red() -> Vec<u8> {
	encoded(Format::Png)
}

/// A folder for originals, one for results, and a key.
pub(crate) struct Folders(tempfile::TempDir);

impl Folders {
	pub(crate) fn new() -> Self {
		let directory = tempfile::tempdir().unwrap();
		fs::create_dir(directory.path().join("in")).unwrap();
		Self(directory)
	}

	pub(crate) fn input(&self, name: &str) -> PathBuf {
		self.0.path().join("in").join(name)
	}

	pub(crate) fn output(&self, name: &str) -> PathBuf {
		self.0.path().join("out").join(name)
	}

	fn report(&self, name: &str) -> PathBuf {
		self.0.path().join("out.reports").join(format!("{name}.json"))
	}

	pub(crate) fn key(&self) -> OriginalsKey {
		OriginalsKey::open(&self.0.path().join("key")).unwrap()
	}

	pub(crate) fn job(&self) -> Job {
		Job {
			input: self.input(""),
			output: self.output(""),
			reports: None,
			format: None,
			quality: 90,
			threads: NonZeroUsize::new(2).unwrap(),
			limits: Limits::default(),
		}
	}

	fn write(&self, name: &str, content: &[u8]) {
		let path = self.input(name);
		fs::create_dir_all(path.parent().unwrap()).unwrap();
		fs::write(path, content).unwrap();
	}

	fn run(&self) -> Summary {
		self.run_job(&self.job(), &Settings::default()).unwrap()
	}

	fn run_job(&self, job: &Job, settings: &Settings) -> Result<Summary, JobError> {
		run(job, settings, unrecorded(&self.key()), &factory, &|_| {}, &CancellationToken::new())
	}

	fn run_recorded(&self, recorder: &Recorder) -> Summary {
		let evidence = Evidence { originals: &self.key(), recorder: Some(recorder) };
		let (job, stop) = (self.job(), CancellationToken::new());
		run(&job, &Settings::default(), evidence, &factory, &|_| {}, &stop).unwrap()
	}

	/// All files of results and reports, with their contents.
	fn results(&self) -> BTreeMap<PathBuf, Vec<u8>> {
		let mut files = BTreeMap::new();
		for folder in ["out", "out.reports"] {
			collect(&self.0.path().join(folder), &mut files);
		}
		files
	}
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
	for entry in fs::read_dir(folder).into_iter().flatten() {
		let path = entry.unwrap().path();
		match path.is_dir() {
			true => collect(&path, files),
			false => {
				let content = fs::read(&path).unwrap();
				files.insert(path, content);
			},
		}
	}
}

fn shows_red(path: &Path) -> bool {
	let frame = decode(&fs::read(path).unwrap(), &Limits::default()).unwrap();
	let reddish = |pixel: &Rgb<u8>| pixel.0[0] > 200 && pixel.0[1] < 90;
	frame.pixels().any(reddish)
}

fn reasons(summary: &Summary) -> BTreeMap<&str, &str> {
	summary.failed.iter().map(|failed| (&*failed.name, &*failed.reason)).collect()
}

#[test]
fn a_folder_becomes_a_folder_with_the_same_names_and_reports() {
	let folders = Folders::new();
	folders.write("a.png", &picture_with_red());
	folders.write("deep/er/b.webp", &encoded(Format::WebP));
	folders.write("notes.txt", b"no picture");
	let summary = folders.run();
	assert_eq!((summary.made, summary.already, summary.ignored), (2, 0, 1));
	assert_eq!(summary.hidden, BTreeMap::from([(Class::Face, 2)]));
	assert_eq!(summary.failed, []);
	for name in ["a.png", "deep/er/b.webp"] {
		assert!(!shows_red(&folders.output(name)), "{name}");
		let report = Report::read(&folders.report(name)).unwrap();
		assert_eq!((report.name.as_str(), report.width, report.height), (name, 48, 32));
		assert_eq!(report.hidden[0].bounding_box.x_min, 8.0);
	}
	assert_eq!(folders.results().len(), 4);
}

#[test]
fn one_file_becomes_one_file_in_the_format_of_its_name() {
	let folders = Folders::new();
	folders.write("a.png", &picture_with_red());
	let output = folders.0.path().join("hidden.jpg");
	let job = Job { input: folders.input("a.png"), output: output.clone(), ..folders.job() };
	assert_eq!(folders.run_job(&job, &Settings::default()).unwrap().made, 1);
	assert_eq!(Format::from_content(&fs::read(&output).unwrap()), Some(Format::Jpeg));
	assert!(Report::read(&folders.0.path().join("hidden.jpg.json")).is_some());
	assert_eq!(folders.run_job(&job, &Settings::default()).unwrap().already, 1);
}

#[test]
fn what_is_up_to_date_is_not_made_again() {
	let folders = Folders::new();
	for name in ["same.png", "altered-output.png", "lost-output.png", "altered-original.png"] {
		folders.write(name, &picture_with_red());
	}
	assert_eq!(folders.run().made, 4);
	let before = folders.results();

	fs::write(folders.output("altered-output.png"), picture_with_red()).unwrap();
	fs::remove_file(folders.output("lost-output.png")).unwrap();
	let summary = folders.run();
	assert_eq!((summary.made, summary.already), (2, 2));
	assert_eq!(summary.hidden, BTreeMap::from([(Class::Face, 4)]));
	assert_eq!(folders.results(), before);

	folders.write("altered-original.png", &encoded(Format::WebP));
	assert_eq!(folders.run().made, 1);
	let settings = Settings { method: crate::removal::Method::Solid, ..Settings::default() };
	assert_eq!(folders.run_job(&folders.job(), &settings).unwrap().made, 4);
}

#[test]
fn a_stopped_job_goes_on_and_ends_like_one_that_was_not() {
	let (stopped, whole) = (Folders::new(), Folders::new());
	for folders in [&stopped, &whole] {
		for number in 0..8 {
			folders.write(&format!("{number}.png"), &picture_with_red());
		}
	}
	let key = stopped.key();
	let (stop, done) = (CancellationToken::new(), AtomicUsize::new(0));
	let observer = |event: Event<'_>| {
		if matches!(event, Event::Done(..)) && done.fetch_add(1, Ordering::Relaxed) == 2 {
			stop.cancel();
		}
	};
	let job = stopped.job();
	let summary =
		run(&job, &Settings::default(), unrecorded(&key), &factory, &observer, &stop).unwrap();
	assert!(summary.stopped && (3..8).contains(&summary.made), "{summary:?}");
	assert_eq!(stopped.run().already, summary.made);

	// With the same key, nothing tells the two apart.
	run(
		&whole.job(),
		&Settings::default(),
		unrecorded(&key),
		&factory,
		&|_| {},
		&CancellationToken::new(),
	)
	.unwrap();
	let contents = |folders: &Folders| folders.results().into_values().collect::<Vec<_>>();
	assert_eq!(contents(&stopped), contents(&whole));
}

#[test]
fn bad_files_are_named_and_the_rest_goes_on() {
	let folders = Folders::new();
	let png = picture_with_red();
	folders.write("empty.png", b"");
	folders.write("truncated.png", &png[..png.len() / 2]);
	folders.write("truncated.jpg", &encoded(Format::Jpeg)[..300]);
	folders.write("text.jpg", b"this is a text");
	folders.write("good.png", &png);
	folders.write("good.jpg", &png);
	let summary = folders.run();
	assert_eq!(summary.made, 2);
	let reasons = reasons(&summary);
	assert!(reasons["empty.png"].contains("empty"), "{reasons:?}");
	assert!(reasons["truncated.png"].contains("truncated"), "{reasons:?}");
	assert!(reasons["truncated.jpg"].contains("truncated"), "{reasons:?}");
	assert!(reasons["text.jpg"].contains("not a JPEG"), "{reasons:?}");
	let outputs: Vec<_> =
		folders.results().into_keys().filter(|path| path.starts_with(folders.output(""))).collect();
	assert_eq!(outputs, [folders.output("good.jpg"), folders.output("good.png")]);
	assert!(outputs.iter().all(|output| !shows_red(output)));
}

#[test]
fn a_result_of_an_original_that_became_bad_does_not_stay() {
	let folders = Folders::new();
	folders.write("a.png", &picture_with_red());
	assert_eq!(folders.run().made, 1);
	folders.write("a.png", b"damaged");
	assert_eq!(folders.run().failed.len(), 1);
	assert!(folders.results().is_empty());
}

#[test]
fn too_large_files_are_not_read() {
	let folders = Folders::new();
	folders.write("a.png", &picture_with_red());
	let limits = Limits { max_bytes: 60, ..Limits::default() };
	let summary = folders.run_job(&Job { limits, ..folders.job() }, &Settings::default()).unwrap();
	assert!(reasons(&summary)["a.png"].contains("60 bytes"));
}

#[test]
fn links_are_not_followed() {
	let folders = Folders::new();
	let outside = tempfile::tempdir().unwrap();
	fs::write(outside.path().join("secret.png"), picture_with_red()).unwrap();
	symlink(outside.path(), folders.input("folder")).unwrap();
	symlink(outside.path().join("secret.png"), folders.input("file.png")).unwrap();
	folders.write("a.png", &picture_with_red());
	let summary = folders.run();
	assert_eq!((summary.made, summary.ignored), (1, 2));
}

#[test]
fn results_do_not_leave_the_output_through_links() {
	let folders = Folders::new();
	folders.write("sub/a.png", &picture_with_red());
	fs::create_dir(folders.output("")).unwrap();
	symlink(folders.input("sub"), folders.output("sub")).unwrap();
	let before = fs::read(folders.input("sub/a.png")).unwrap();
	let summary = folders.run();
	assert_eq!((summary.made, summary.failed.len()), (0, 1));
	assert_eq!(fs::read(folders.input("sub/a.png")).unwrap(), before);
}

#[test]
fn files_of_others_in_the_output_are_not_overwritten() {
	let folders = Folders::new();
	folders.write("a.png", &picture_with_red());
	fs::create_dir(folders.output("")).unwrap();
	fs::write(folders.output("a.png"), b"precious").unwrap();
	let summary = folders.run();
	assert!(reasons(&summary)["a.png"].contains("--reports"));
	assert_eq!(fs::read(folders.output("a.png")).unwrap(), b"precious");

	fs::remove_file(folders.output("a.png")).unwrap();
	let report = folders.report("a.png");
	fs::create_dir(report.parent().unwrap()).unwrap();
	fs::write(&report, b"precious").unwrap();
	assert_eq!(folders.run().made, 0);
	assert_eq!(fs::read(&report).unwrap(), b"precious");
}

#[test]
fn originals_and_results_must_be_apart() {
	let folders = Folders::new();
	folders.write("sub/a.png", &picture_with_red());
	symlink(folders.input(""), folders.0.path().join("link")).unwrap();
	let outputs = ["in", "in/out", "in/new/../out", "link", "link/out", "."];
	for output in outputs {
		let job = Job { output: folders.0.path().join(output), ..folders.job() };
		let refused = folders.run_job(&job, &Settings::default());
		assert!(refused.is_err(), "{output}");
	}
	let file = folders.input("sub/a.png");
	let job = Job { input: file.clone(), output: file, ..folders.job() };
	assert!(matches!(folders.run_job(&job, &Settings::default()), Err(JobError::Nested { .. })));
}

#[test]
fn one_result_is_not_overwritten_by_another() {
	let folders = Folders::new();
	folders.write("a.jpg", &encoded(Format::Jpeg));
	folders.write("a.png", &picture_with_red());
	let job = Job { format: Some(Format::WebP), ..folders.job() };
	let summary = folders.run_job(&job, &Settings::default()).unwrap();
	assert_eq!(summary.made, 1);
	assert!(reasons(&summary)["a.png"].contains("a.jpg"));
}

#[test]
fn without_a_model_nothing_is_passed_on() {
	let folders = Folders::new();
	folders.write("a.png", &picture_with_red());
	let broken = || Err(DetectionError::Inference("no model".into()));
	let key = folders.key();
	let stop = CancellationToken::new();
	let result =
		run(&folders.job(), &Settings::default(), unrecorded(&key), &broken, &|_| {}, &stop);
	assert!(matches!(result, Err(JobError::Detection(_))));
	assert!(folders.results().is_empty());
}

#[test]
fn a_frame_that_fails_or_brings_the_detector_down_is_not_passed_on() {
	struct Broken(bool);
	impl Detector for Broken {
		fn kind(&self) -> DetectorKind {
			DetectorKind::Faces
		}

		fn detect(&mut self, _: &RgbImage) -> Result<Vec<Detection>, DetectionError> {
			match self.0 {
				true => panic!("a fault"),
				false => Err(DetectionError::Inference("out of memory".into())),
			}
		}
	}
	for (panics, complaint) in [(true, "fault of this program"), (false, "out of memory")] {
		let folders = Folders::new();
		folders.write("a.png", &picture_with_red());
		folders.write("b.png", &picture_with_red());
		let broken =
			|| Ok(Anonymizer::new(Settings::default(), vec![Box::new(Broken(panics)) as _]));
		let (key, stop) = (folders.key(), CancellationToken::new());
		let summary =
			run(&folders.job(), &Settings::default(), unrecorded(&key), &broken, &|_| {}, &stop)
				.unwrap();
		let reasons = reasons(&summary);
		assert!(reasons["a.png"].contains(complaint) && reasons.len() == 2, "{reasons:?}");
		assert!(folders.results().is_empty());
	}
}

#[test]
fn leftovers_of_killed_runs_are_removed() {
	let folders = Folders::new();
	folders.write("a.png", &picture_with_red());
	folders.run();
	let before = folders.results();
	fs::write(folders.output(".msec-anonymize-x.tmp"), b"half").unwrap();
	fs::write(folders.report("a.png").with_file_name(".msec-anonymize-y.tmp"), b"half").unwrap();
	folders.run();
	assert_eq!(folders.results(), before);
}

#[test]
fn results_are_readable_as_the_umask_says() {
	let folders = Folders::new();
	folders.write("a.png", &picture_with_red());
	folders.run();
	let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
	// The original was made with the same umask.
	assert_eq!(mode(folders.output("a.png")), mode(folders.input("a.png")));
}

#[test]
fn every_output_has_a_record_of_the_device() {
	let folders = Folders::new();
	folders.write("a.png", &picture_with_red());
	folders.write("b.png", &picture_with_red());
	assert_eq!(folders.run().made, 2);

	let records = folders.0.path().join("records");
	let device = AccountKey::from_seed(&[7; 32]);
	let recorder = Recorder::open(&records, device.clone()).unwrap();
	let summary = folders.run_recorded(&recorder);
	assert_eq!(summary.made, 2, "what has no record is made again");
	assert_eq!(folders.run_recorded(&recorder).already, 2);
	drop(recorder);

	let file = fs::read_dir(&records)
		.unwrap()
		.map(|entry| entry.unwrap().path())
		.find(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
	let text = fs::read_to_string(file.unwrap()).unwrap();
	let records: Vec<Record> =
		text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
	assert_eq!(records.len(), 2);
	let output: [u8; 32] = Sha256::digest(fs::read(folders.output("a.png")).unwrap()).into();
	for record in records {
		assert!(record.is_genuine());
		assert_eq!(record.device, device.account_id());
		assert_eq!(record.statement.output_sha256, output, "both are the same picture");
		assert_eq!(record.statement.original_hmac, folders.key().hash(&picture_with_red()));
	}
}

#[test]
fn without_a_record_there_is_no_output() {
	let folders = Folders::new();
	folders.write("a.png", &picture_with_red());
	let records = folders.0.path().join("records");
	let recorder = Recorder::open(&records, AccountKey::from_seed(&[7; 32])).unwrap();
	fs::remove_dir_all(&records).unwrap();
	let summary = folders.run_recorded(&recorder);
	assert!(reasons(&summary)["a.png"].contains("provenance cannot be recorded"));
	assert!(!folders.output("a.png").exists());
}
