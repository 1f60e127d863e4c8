//! Boxes in CSV, one a row: labels made by people, or what another tool has detected.
//!
//! The header names the columns, in any order: `file`, `class`, `x_min`, `y_min`, `x_max`, `y_max`, and
//! for detections `score`. A row with nothing but a file says that there is nothing to find in it.

use crate::{
	detection::{Class, Detection},
	geometry::BoundingBox,
};
use csv::StringRecord;
use std::{
	collections::BTreeMap,
	io::Read,
	path::{Component, Path, PathBuf},
};

/// Most bytes of a file with boxes.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Largest coordinate, in pixels: more than any frame has.
const MAX_COORDINATE: f32 = 1e6;

/// The boxes of each file, by its path inside the folder of images.
pub type Boxes = BTreeMap<PathBuf, Vec<Detection>>;

/// Why a file with boxes cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BoxesError {
	/// It is longer than [`MAX_BYTES`].
	#[error("the file has more than {} MiB; split it", MAX_BYTES / 1024 / 1024)]
	TooLarge,
	/// It cannot be read, or is not CSV.
	#[error(transparent)]
	Csv(#[from] csv::Error),
	/// A column is missing in the header.
	#[error(
		"the first line must name the columns file,class,x_min,y_min,x_max,y_max; there is no {0}"
	)]
	MissingColumn(&'static str),
	/// A row is wrong.
	#[error("line {line}: {problem}")]
	Row {
		/// Line in the file, from 1.
		line: u64,
		/// What is wrong with it.
		problem: RowProblem,
	},
}

/// What is wrong with a row.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum RowProblem {
	/// The file is not below the folder of images.
	#[error("{0:?} is not a path inside the folder of images")]
	Path(String),
	/// Nobody knows the class.
	#[error("{0:?} is not one of face, licence-plate, person, vehicle")]
	Class(String),
	/// A number is missing or outside of what is possible.
	#[error("{column} is {value:?}, which is not a number that is possible there")]
	Number {
		/// The column.
		column: &'static str,
		/// What stands there.
		value: String,
	},
	/// The box has no area.
	#[error("the box is empty: x_min must be less than x_max, y_min less than y_max")]
	EmptyBox,
}

/// Reads boxes; where there is no column `score`, every score is 1.
pub fn read_boxes(source: impl Read) -> Result<Boxes, BoxesError> {
	// One byte more than allowed tells a file that is too long from one that just fits.
	let mut limited = source.take(MAX_BYTES + 1);
	let mut boxes = Boxes::new();
	let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(limited.by_ref());
	let columns = Columns::of(reader.headers()?)?;
	let mut record = StringRecord::new();
	while reader.read_record(&mut record)? {
		let line = record.position().map_or(0, csv::Position::line);
		let in_row = |problem| BoxesError::Row { line, problem };
		let entry = boxes.entry(columns.file(&record).map_err(in_row)?).or_default();
		entry.extend(columns.detection(&record).map_err(in_row)?);
	}
	drop(reader);
	match limited.limit() {
		0 => Err(BoxesError::TooLarge),
		_ => Ok(boxes),
	}
}

/// Where in a row each column stands.
struct Columns {
	file: usize,
	class: usize,
	edges: [(&'static str, usize); 4],
	score: Option<usize>,
}

impl Columns {
	fn of(header: &StringRecord) -> Result<Self, BoxesError> {
		let position = |name| header.iter().position(|column| column == name);
		let required = |name: &'static str| position(name).ok_or(BoxesError::MissingColumn(name));
		let edge = |name| Ok::<_, BoxesError>((name, required(name)?));
		Ok(Self {
			file: required("file")?,
			class: required("class")?,
			edges: [edge("x_min")?, edge("y_min")?, edge("x_max")?, edge("y_max")?],
			score: position("score"),
		})
	}

	fn file(&self, record: &StringRecord) -> Result<PathBuf, RowProblem> {
		let file = &record[self.file];
		let inside = |component| matches!(component, Component::Normal(_));
		if file.is_empty() || !Path::new(file).components().all(inside) {
			return Err(RowProblem::Path(file.to_owned()));
		}
		Ok(PathBuf::from(file))
	}

	/// The box of a row, if it has one.
	fn detection(&self, record: &StringRecord) -> Result<Option<Detection>, RowProblem> {
		let names_file_only =
			record.iter().enumerate().all(|(index, field)| index == self.file || field.is_empty());
		if names_file_only {
			return Ok(None);
		}
		let [x_min, y_min, x_max, y_max] = self.edges.map(|(column, index)| {
			number(column, &record[index], -MAX_COORDINATE..=MAX_COORDINATE)
		});
		let bounding_box =
			BoundingBox { x_min: x_min?, y_min: y_min?, x_max: x_max?, y_max: y_max? };
		if bounding_box.area() <= 0.0 {
			return Err(RowProblem::EmptyBox);
		}
		let score = match self.score {
			Some(index) => number("score", &record[index], 0.0..=1.0)?,
			None => 1.0,
		};
		Ok(Some(Detection { class: class(&record[self.class])?, score, bounding_box }))
	}
}

/// A class by our name, or by the names it has in data sets that are widely used.
fn class(name: &str) -> Result<Class, RowProblem> {
	match name {
		"face" => Ok(Class::Face),
		"licence-plate" | "license-plate" | "plate" => Ok(Class::LicencePlate),
		"person" => Ok(Class::Person),
		"vehicle" | "car" | "bus" | "truck" | "motorcycle" | "bicycle" => Ok(Class::Vehicle),
		_ => Err(RowProblem::Class(name.to_owned())),
	}
}

fn number(
	column: &'static str,
	value: &str,
	possible: std::ops::RangeInclusive<f32>,
) -> Result<f32, RowProblem> {
	let parsed = value.parse().ok().filter(|number| possible.contains(number));
	parsed.ok_or_else(|| RowProblem::Number { column, value: value.to_owned() })
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const HEADER: &str = "file,class,x_min,y_min,x_max,y_max\n";

	fn problem(rows: &str) -> String {
		read_boxes(format!("{HEADER}{rows}").as_bytes()).unwrap_err().to_string()
	}

	#[test]
	fn labels_are_grouped_by_file() {
		let rows = "b.jpg,face,1,2,3.5,4\na.jpg,plate,0,0,9,3\nb.jpg,car,-2,0,5,5\nc.jpg,,,,,\n";
		let boxes = read_boxes(format!("{HEADER}{rows}").as_bytes()).unwrap();
		let classes = |file: &str| -> Vec<Class> {
			boxes[Path::new(file)].iter().map(|detection| detection.class).collect()
		};
		assert_eq!(classes("a.jpg"), [Class::LicencePlate]);
		assert_eq!(classes("b.jpg"), [Class::Face, Class::Vehicle]);
		assert_eq!(classes("c.jpg"), []);
		let first = boxes[Path::new("b.jpg")][0];
		assert_eq!(first.score, 1.0);
		let expected = BoundingBox { x_min: 1.0, y_min: 2.0, x_max: 3.5, y_max: 4.0 };
		assert_eq!(first.bounding_box, expected);
	}

	#[test]
	fn columns_stand_in_any_order_and_detections_have_scores() {
		let boxes = read_boxes(
			"score, file, y_max, y_min, x_max, x_min, class\n0.25,a/b.png,4,3,2,1,person\n"
				.as_bytes(),
		)
		.unwrap();
		let found = boxes[Path::new("a/b.png")][0];
		assert_eq!(found.score, 0.25);
		let expected = BoundingBox { x_min: 1.0, y_min: 3.0, x_max: 2.0, y_max: 4.0 };
		assert_eq!(found.bounding_box, expected);
	}

	#[test]
	fn problems_name_their_line() {
		let good = "a.jpg,face,1,2,3,4\n";
		assert_eq!(
			problem(&format!("{good}a.jpg,cat,1,2,3,4\n")),
			"line 3: \"cat\" is not one of face, licence-plate, person, vehicle"
		);
		assert!(
			problem("../a.jpg,face,1,2,3,4\n").starts_with("line 2: \"../a.jpg\" is not a path")
		);
		assert!(problem("/a.jpg,face,1,2,3,4\n").starts_with("line 2: \"/a.jpg\" is not a path"));
		assert!(problem("a.jpg,face,1,2,NaN,4\n").starts_with("line 2: x_max is \"NaN\""));
		assert!(problem("a.jpg,face,1,2,1e30,4\n").starts_with("line 2: x_max is \"1e30\""));
		assert!(problem("a.jpg,face,3,2,3,4\n").starts_with("line 2: the box is empty"));
		assert!(problem("a.jpg,face,1,2\n").contains("line: 2"));
	}

	#[test]
	fn a_missing_column_is_named() {
		let error = read_boxes("file,class,x_min,y_min,x_max\n".as_bytes()).unwrap_err();
		assert!(matches!(error, BoxesError::MissingColumn("y_max")), "{error}");
		assert!(read_boxes("".as_bytes()).is_err());
	}

	#[test]
	fn a_file_that_is_too_long_is_refused() {
		let rows = std::io::repeat(b'\n').take(2 * MAX_BYTES);
		let error = read_boxes(HEADER.as_bytes().chain(rows)).unwrap_err();
		assert!(matches!(error, BoxesError::TooLarge), "{error}");
	}

	proptest! {
		#[test]
		fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
			let _ = read_boxes(&bytes[..]);
		}

		#[test]
		fn any_rows_are_read_or_refused(rows in "([a-z./]{0,5},(face|plate|),[-0-9.eNa]{0,4},1,2,3\n){0,8}") {
			if let Ok(boxes) = read_boxes(format!("{HEADER}{rows}").as_bytes()) {
				let all_have_an_area = boxes.values().flatten().all(|found| found.bounding_box.area() > 0.0);
				prop_assert!(all_have_an_area);
			}
		}
	}
}
