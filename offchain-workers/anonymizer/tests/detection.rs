//! The prepared models find what is on a photograph, and files that do not fit are refused.

use image::{imageops, imageops::FilterType, RgbImage};
use msec_anonymizer::{
	detection::{Class, Detection},
	geometry::BoundingBox,
	settings::{InputSize, Tiles},
	Anonymizer, Settings,
};
use std::{fs, path::Path};

const ASTRONAUT: &[u8] = include_bytes!("data/astronaut.jpg");

/// Where the face is on the photograph, in parts of its sides.
const FACE: BoundingBox = BoundingBox { x_min: 0.36, y_min: 0.13, x_max: 0.52, y_max: 0.36 };

fn astronaut() -> RgbImage {
	image::load_from_memory(ASTRONAUT).unwrap().to_rgb8()
}

fn open(settings: &Settings) -> Anonymizer {
	Anonymizer::open(settings).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(settings: &Settings) -> String {
	Anonymizer::open(settings).err().expect("the files do not fit").to_string()
}

/// The prepared files under their names, to be changed one by one.
fn copied_models(folder: &Path) -> Settings {
	let prepared = Settings::default().models;
	for entry in fs::read_dir(&prepared).expect("`scripts/setup.sh --anonymizer` has been run") {
		let entry = entry.unwrap();
		if entry.file_type().unwrap().is_file() {
			std::os::unix::fs::symlink(entry.path(), folder.join(entry.file_name())).unwrap();
		}
	}
	Settings { models: folder.to_owned(), ..Settings::default() }
}

fn only(class: Class, mut settings: Settings) -> Settings {
	settings.classes.retain(|key, _| *key == class);
	settings
}

fn best(detections: &[Detection], class: Class) -> Detection {
	let of_class = detections.iter().filter(|detection| detection.class == class);
	*of_class.max_by(|a, b| a.score.total_cmp(&b.score)).expect("something of the class is found")
}

fn scaled(part: BoundingBox, side: f32, left: f32, top: f32) -> BoundingBox {
	BoundingBox {
		x_min: left + part.x_min * side,
		y_min: top + part.y_min * side,
		x_max: left + part.x_max * side,
		y_max: top + part.y_max * side,
	}
}

#[test]
fn a_face_and_a_person_are_found_where_they_are() {
	let photograph = astronaut();
	let outcome = open(&Settings::default()).detect(&photograph).unwrap();
	let face = best(&outcome.hidden, Class::Face);
	let expected = scaled(FACE, 384.0, 0.0, 0.0);
	assert!(face.score > 0.5, "{face:?}");
	assert!(face.bounding_box.overlap(&expected) > 0.5, "{face:?}");
	let person = best(&outcome.hidden, Class::Person);
	assert!(person.score > 0.5, "{person:?}");
	assert!(person.bounding_box.intersection(&expected) > 0.9 * expected.area(), "{person:?}");
}

#[test]
fn only_the_models_of_the_classes_are_loaded() {
	let anonymizer = open(&only(Class::Face, Settings::default()));
	let names: Vec<_> = anonymizer.models().iter().map(|model| model.name.as_str()).collect();
	assert_eq!(names, ["libonnxruntime.so", "center_face_int8.onnx"]);
	assert!(anonymizer.models().iter().all(|model| model.sha256.len() == 64));
}

#[test]
fn tiles_find_a_face_that_is_too_small_in_the_whole_frame() {
	let mut frame = RgbImage::from_pixel(2560, 1440, image::Rgb([90, 110, 130]));
	let small = imageops::resize(&astronaut(), 112, 112, FilterType::Triangle);
	imageops::replace(&mut frame, &small, 1500, 700);
	let expected = scaled(FACE, 112.0, 1500.0, 700.0);
	let finds = |settings: &Settings| {
		let outcome = open(settings).detect(&frame).unwrap();
		outcome.hidden.iter().any(|face| face.bounding_box.overlap(&expected) > 0.4)
	};
	let mut settings = only(Class::Face, Settings::default());
	settings.detection.faces.input_size = InputSize::LongSide(320);
	assert!(!finds(&settings));
	settings.detection.faces.tiles = Some(Tiles { side: 768, overlap: 128 });
	assert!(finds(&settings));
}

#[test]
fn frames_of_any_size_are_looked_at() {
	let mut anonymizer = open(&Settings::default());
	for (width, height) in [(0, 0), (1, 1), (1, 700), (3000, 2), (33, 31)] {
		let outcome = anonymizer.detect(&RgbImage::new(width, height)).unwrap();
		assert!(outcome.hidden.iter().all(|found| found.bounding_box.x_max <= width as f32));
	}
}

#[test]
fn another_model_of_the_same_form_takes_the_place() {
	let mut settings = only(Class::Face, Settings::default());
	settings.detection.faces.file = "center_face.onnx".into();
	let mut anonymizer = open(&settings);
	let outcome = anonymizer.detect(&astronaut()).unwrap();
	assert!(best(&outcome.hidden, Class::Face).score > 0.5);
	assert_eq!(anonymizer.models()[1].name, "center_face.onnx");
}

#[test]
fn a_missing_model_is_named() {
	let folder = tempfile::tempdir().unwrap();
	let settings = copied_models(folder.path());
	fs::remove_file(folder.path().join("nanodet_int8.onnx")).unwrap();
	let message = refusal(&settings);
	assert!(message.contains("nanodet_int8.onnx"), "{message}");
	assert!(message.contains("scripts/setup.sh --anonymizer"), "{message}");
}

#[test]
fn a_missing_runtime_is_named() {
	let folder = tempfile::tempdir().unwrap();
	let settings = Settings { models: folder.path().to_owned(), ..Settings::default() };
	let message = refusal(&settings);
	assert!(message.contains("libonnxruntime.so"), "{message}");
	assert!(message.contains("scripts/setup.sh --anonymizer"), "{message}");
}

#[test]
fn a_damaged_model_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	let settings = copied_models(folder.path());
	let path = folder.path().join("center_face_int8.onnx");
	let mut bytes = fs::read(&path).unwrap();
	bytes[1_000_000] ^= 1;
	fs::remove_file(&path).unwrap();
	fs::write(&path, bytes).unwrap();
	let message = refusal(&settings);
	assert!(message.contains("center_face_int8.onnx is damaged"), "{message}");
}

#[test]
fn a_file_that_is_no_model_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("mine.onnx");
	fs::write(&file, b"not a model").unwrap();
	let mut settings = only(Class::Face, Settings::default());
	settings.detection.faces.file = file;
	let message = refusal(&settings);
	assert!(message.contains("mine.onnx cannot be used"), "{message}");
}

#[test]
fn a_model_of_another_form_is_refused() {
	let mut settings = only(Class::Face, Settings::default());
	settings.detection.faces.file = "licence_plates.onnx".into();
	let mut anonymizer = open(&settings);
	let message = anonymizer.detect(&astronaut()).unwrap_err().to_string();
	assert!(message.contains("an output has shape"), "{message}");
}

#[test]
fn sizes_that_make_no_sense_are_refused() {
	let mut settings = Settings::default();
	settings.detection.faces.tiles = Some(Tiles { side: 640, overlap: 600 });
	let message = refusal(&settings);
	assert!(message.contains("detection.faces.tiles.overlap"), "{message}");
	settings.detection.faces.tiles = None;
	settings.detection.objects.input_size = InputSize::Between { least: 900, most: 600 };
	let message = refusal(&settings);
	assert!(message.contains("detection.objects.input-size"), "{message}");
}
