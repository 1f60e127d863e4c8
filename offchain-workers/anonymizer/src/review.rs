//! A contact sheet of what was hidden and what nearly was, for a person who decides whether the scores are
//! right.
//!
//! The sheet shows faces: it is made from the originals, for its owner's eyes only, and must go neither
//! into the output nor anywhere else. It is one HTML file that loads nothing and runs nothing.

use crate::{
	detection::Detection,
	geometry::BoundingBox,
	job::{atomic, Item, Report, Scope},
	picture::{decode, encode, Encoding, Format, Limits},
};
use base64::{engine::general_purpose::STANDARD, Engine};
use image::{imageops, RgbImage};
use std::{
	fmt::Write as _,
	fs::{self, File},
	io::{self, BufWriter, Write},
	path::{Path, PathBuf},
};

/// Longer side of a cutting on the sheet, in pixels.
const CUTTING_SIDE: u32 = 160;
/// How much of the surroundings a cutting shows, as part of the box.
const MARGIN: f32 = 0.5;
/// Most cuttings of one picture on a sheet.
const MAX_CUTTINGS: usize = 200;
const ENCODING: Encoding = Encoding { format: Format::Jpeg, quality: 80 };

const HEAD: &str = "<!doctype html>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">
<title>Review</title>
<style>
body { font-family: sans-serif; margin: 2em }
section { border-top: 1px solid silver }
figure { display: inline-block; margin: .5em; text-align: center; vertical-align: top }
img { display: block; margin: auto }
.nearly img { outline: 3px solid orange }
.hidden img { outline: 3px solid green }
</style>
<h1>Review</h1>
<p><strong>This page shows what was hidden. Delete it when you have looked through it.</strong></p>
<p>Orange: visible in the output, because the score is just too low. Green: hidden.</p>
";

/// Why there is no sheet.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
	/// It would be seen by others.
	#[error("the review shows what was hidden; {} is in the output, name a file elsewhere", .0.display())]
	InOutput(PathBuf),
	/// It cannot be written.
	#[error("the review cannot be written to {}: {source}", .path.display())]
	Unwritable {
		/// The file.
		path: PathBuf,
		/// What the system says.
		source: io::Error,
	},
}

/// Checks, before a job begins, that a sheet can be in this place.
pub fn check(path: &Path, scope: &Scope) -> Result<(), ReviewError> {
	let folder = atomic::folder_of(path);
	let folder = folder
		.canonicalize()
		.map_err(|source| ReviewError::Unwritable { path: path.to_owned(), source })?;
	let forbidden = match scope {
		Scope::File(item) => path.file_name().is_some_and(|name| folder.join(name) == item.output),
		Scope::Folder { output, .. } => folder.starts_with(output),
	};
	match forbidden {
		true => Err(ReviewError::InOutput(path.to_owned())),
		false => Ok(()),
	}
}

/// Writes the sheet of all pictures whose reports fit their originals' sizes, picture by picture. Nobody
/// but its owner can read it.
pub fn write(path: &Path, scope: &Scope, limits: &Limits) -> Result<(), ReviewError> {
	check(path, scope)?;
	let content = |file: &mut File| {
		let mut sheet = BufWriter::new(file);
		sheet.write_all(HEAD.as_bytes())?;
		for item in scope.plan().items {
			if let Some(section) = section(&item, limits) {
				sheet.write_all(section.as_bytes())?;
			}
		}
		sheet.flush()
	};
	atomic::write(path, atomic::FOR_OWNER, content)
		.map_err(|source| ReviewError::Unwritable { path: path.to_owned(), source })
}

/// What was found in one picture; nothing for those that failed or where nothing was found.
fn section(item: &Item, limits: &Limits) -> Option<String> {
	let report = Report::read(&item.report)?;
	if report.hidden.is_empty() && report.nearly.is_empty() {
		return None;
	}
	let original = decode(&fs::read(&item.input).ok()?, limits).ok()?;
	if original.dimensions() != (report.width, report.height) {
		return None;
	}
	let mut html = format!("<section>\n<h2>{}</h2>\n", escaped(&item.name.to_string_lossy()));
	for (kind, detections) in [("nearly", &report.nearly), ("hidden", &report.hidden)] {
		let mut detections = detections.clone();
		// The doubtful ones first: the highest of those below the score, the lowest of those above.
		detections.sort_by(|one, other| one.score.total_cmp(&other.score));
		if kind == "nearly" {
			detections.reverse();
		}
		let _ = writeln!(html, "<div class=\"{kind}\">");
		for detection in detections.iter().take(MAX_CUTTINGS) {
			html.push_str(&figure(&original, detection));
		}
		if let Some(more) = detections.len().checked_sub(MAX_CUTTINGS).filter(|more| *more > 0) {
			let _ = writeln!(html, "<p>and {more} more</p>");
		}
		html.push_str("</div>\n");
	}
	html.push_str("</section>\n");
	Some(html)
}

fn figure(original: &RgbImage, detection: &Detection) -> String {
	let cutting = cutting(original, &detection.bounding_box);
	let image = cutting.and_then(|cutting| encode(&cutting, ENCODING).ok());
	let image = STANDARD.encode(image.unwrap_or_default());
	let class = detection.class.name();
	format!(
		"<figure><img src=\"data:image/jpeg;base64,{image}\" alt=\"{class}\">\
		<figcaption>{class} {:.2}</figcaption></figure>\n",
		detection.score
	)
}

/// The box with some of its surroundings, scaled to the size of a cutting; nothing if it is outside.
fn cutting(original: &RgbImage, bounding_box: &BoundingBox) -> Option<RgbImage> {
	let around = bounding_box.grown(MARGIN);
	let edge = |value: f32, limit: u32| value.clamp(0.0, limit as f32) as u32;
	let (left, right) =
		(edge(around.x_min, original.width()), edge(around.x_max, original.width()));
	let (top, bottom) =
		(edge(around.y_min, original.height()), edge(around.y_max, original.height()));
	let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
	if width == 0 || height == 0 {
		return None;
	}
	let view = imageops::crop_imm(original, left, top, width, height);
	let scaled = |length: u32| (length * CUTTING_SIDE / width.max(height)).max(1);
	Some(imageops::resize(&*view, scaled(width), scaled(height), imageops::FilterType::Triangle))
}

fn escaped(text: &str) -> String {
	text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		job::{
			run,
			tests::{factory, picture_with_red, unrecorded, Folders},
		},
		Settings,
	};
	use tokio_util::sync::CancellationToken;

	#[test]
	fn the_sheet_shows_what_was_hidden_and_nothing_of_failed_pictures() {
		let folders = Folders::new();
		fs::write(folders.input("<a>&.png"), picture_with_red()).unwrap();
		fs::write(folders.input("bad.png"), b"").unwrap();
		let (job, key, stop) = (folders.job(), folders.key(), CancellationToken::new());
		run(&job, &Settings::default(), unrecorded(&key), &factory, &|_| {}, &stop).unwrap();
		let path = folders.output("").with_file_name("review.html");
		let scope = Scope::new(&job).unwrap();
		write(&path, &scope, &job.limits).unwrap();

		let sheet = fs::read_to_string(&path).unwrap();
		assert!(sheet.contains("&lt;a&gt;&amp;.png") && !sheet.contains("bad.png"));
		assert!(sheet.contains("face 0.90"));
		let (_, image) = sheet.split_once("base64,").unwrap();
		let image = STANDARD.decode(image.split('"').next().unwrap()).unwrap();
		let cutting = decode(&image, &Limits::default()).unwrap();
		// The box of 12 pixels, with half as much around it, as far as the picture goes.
		assert_eq!(cutting.dimensions(), (CUTTING_SIDE, CUTTING_SIDE));
		let middle = cutting.get_pixel(CUTTING_SIDE / 2, CUTTING_SIDE / 2);
		assert!(middle.0[0] > 200 && middle.0[1] < 90);
	}

	#[test]
	fn a_box_outside_of_the_picture_has_no_cutting() {
		let bounding_box = BoundingBox { x_min: 90.0, y_min: 90.0, x_max: 99.0, y_max: 99.0 };
		assert_eq!(cutting(&RgbImage::new(10, 10), &bounding_box), None);
	}
}
