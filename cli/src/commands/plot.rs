//! `msec plot`

use super::context::{fields, Context};
use anyhow::{anyhow, Context as _, Result};
use clap::Args;
use jiff::Timestamp;
use msec::ingest::{ColumnKind, Options, Row, Survey};
use serde_json::json;
use std::{fs::File, path::PathBuf};
use textplots::{Chart, Plot as _, Shape};

/// Most points that are drawn; where there are more, every second is left out, again and again.
const MAX_POINTS: usize = 4096;
const WIDTH: u32 = 160;
const HEIGHT: u32 = 60;

#[derive(Args)]
pub struct Plot {
	/// A file that `msec fetch` wrote, or any table that `msec publish` reads.
	file: PathBuf,
	/// Which column [default: the first of numbers].
	#[arg(long)]
	column: Option<String>,
}

impl Plot {
	pub fn run(self, context: &Context) -> Result<()> {
		let mut source = File::open(&self.file).with_context(|| self.file.display().to_string())?;
		let survey = Survey::new(&mut source, &Options::default())?;
		let position = survey
			.columns
			.iter()
			.position(|column| match &self.column {
				Some(name) => column.name == *name,
				None => matches!(column.kind, ColumnKind::Number(_)),
			})
			.ok_or_else(|| {
				anyhow!("there is no such column of numbers; there are {}", survey.header())
			})?;
		let mut points = Points::default();
		let mut rows = survey.rows(source)?;
		while let Some(row) = rows.next_row()? {
			if let Row::Accepted(line) = row {
				points.extend(point(&line, position));
			}
		}
		self.draw(context, &survey.columns[position].name, &points)
	}

	fn draw(&self, context: &Context, column: &str, points: &Points) -> Result<()> {
		let first = points.kept.first().ok_or_else(|| anyhow!("{column} has no values"))?.0;
		let last = points.kept.last().map_or(first, |point| point.0);
		let values: Vec<(f32, f32)> = points
			.kept
			.iter()
			.map(|(time, value)| ((time - first) as f32, *value as f32))
			.collect();
		let range = |pick: fn(f64, f64) -> f64, start| {
			points.kept.iter().map(|(_, value)| *value).fold(start, pick)
		};
		let (lowest, highest) =
			(range(f64::min, f64::INFINITY), range(f64::max, f64::NEG_INFINITY));
		let time = |second: i64| Timestamp::from_second(second).unwrap_or_default().to_string();
		let value = json!({
			"column": column, "values": points.count, "lowest": lowest, "highest": highest,
			"from": time(first), "to": time(last),
		});
		context.print(&value, || {
			let facts = [
				("column", column.to_owned()),
				("values", points.count.to_string()),
				("from", time(first)),
				("to", time(last)),
				("lowest", lowest.to_string()),
				("highest", highest.to_string()),
			];
			format!("{}\n{}", curve(&values), fields(&facts))
		});
		Ok(())
	}
}

/// Draws points whose first coordinates ascend from zero.
pub fn curve(points: &[(f32, f32)]) -> String {
	let width = points.last().map_or(1.0, |point| point.0.max(1.0));
	let shape = Shape::Lines(points);
	let mut chart = Chart::new(WIDTH, HEIGHT, 0.0, width);
	let chart = chart.lineplot(&shape);
	chart.axis();
	chart.figures();
	chart.frame()
}

/// Second and value of a canonical row, where the value is there.
fn point(line: &str, position: usize) -> Option<(i64, f64)> {
	let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
	let record = reader.records().next()?.ok()?;
	let time: Timestamp = record.get(0)?.parse().ok()?;
	let value: f64 = record.get(position + 1)?.parse().ok()?;
	value.is_finite().then(|| (time.as_second(), value))
}

/// Points, thinned out evenly.
struct Points {
	kept: Vec<(i64, f64)>,
	stride: u64,
	count: u64,
}

impl Default for Points {
	fn default() -> Self {
		Self { kept: Vec::new(), stride: 1, count: 0 }
	}
}

impl Extend<(i64, f64)> for Points {
	fn extend<I: IntoIterator<Item = (i64, f64)>>(&mut self, points: I) {
		for point in points {
			if self.count.is_multiple_of(self.stride) {
				self.kept.push(point);
			}
			self.count += 1;
			if self.kept.len() > MAX_POINTS {
				let mut keep = false;
				self.kept.retain(|_| {
					keep = !keep;
					keep
				});
				self.stride *= 2;
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn many_points_are_thinned_out_evenly() {
		let mut points = Points::default();
		points.extend((0..100_000).map(|number| (number, number as f64)));
		assert_eq!(points.count, 100_000);
		assert!(points.kept.len() <= MAX_POINTS && points.kept.len() > MAX_POINTS / 3);
		let steps: Vec<_> = points.kept.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
		assert!(steps.iter().all(|step| *step == steps[0]));
	}

	#[test]
	fn points_are_taken_from_rows() {
		assert_eq!(point("2024-01-31T15:30:05Z,\"a,b\",2.5", 1), Some((1_706_715_005, 2.5)));
		assert_eq!(point("2024-01-31T15:30:05Z,", 0), None);
	}
}
