//! Recall against false alarms as a picture, like the curves of FDDB (Jain and Learned-Miller, 2010).

use super::report::{ClassReport, Report};
use crate::detection::Class;
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 480.0;
/// Space for the names of the axes.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 56.0;
/// False alarms per image at the right edge; nobody works beyond.
const MOST_FALSE_ALARMS: f64 = 10.0;
/// Number of parts into which lines divide each axis.
const PARTS: u32 = 5;

/// Draws a line a class over all scores to hide from, with a dot at the one that is set. SVG.
pub fn plot(report: &Report) -> String {
	let mut svg = String::new();
	// Writing into a string cannot fail.
	let _ = draw(&mut svg, report);
	svg
}

fn draw(svg: &mut String, report: &Report) -> std::fmt::Result {
	writeln!(
		svg,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
		 font-family=\"sans-serif\" font-size=\"13\">"
	)?;
	writeln!(svg, "<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>")?;
	draw_axes(svg)?;
	for (place, (class, report)) in report.classes.iter().enumerate() {
		draw_curve(svg, *class, report)?;
		draw_legend(svg, *class, place)?;
	}
	writeln!(svg, "</svg>")
}

fn draw_axes(svg: &mut String) -> std::fmt::Result {
	let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
	for part in 0..=PARTS {
		let share = f64::from(part) / f64::from(PARTS);
		let (x, y) = (x_of(share * MOST_FALSE_ALARMS), y_of(share));
		writeln!(
			svg,
			"<path d=\"M{x:.1} {TOP}V{bottom}M{LEFT} {y:.1}H{right}\" stroke=\"#ddd\"/>\
			 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
			 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{share:.1}</text>",
			bottom + 18.0,
			share * MOST_FALSE_ALARMS,
			LEFT - 8.0,
			y + 4.0,
		)?;
	}
	let (middle_x, middle_y) = ((LEFT + right) / 2.0, (TOP + bottom) / 2.0);
	writeln!(
		svg,
		"<text x=\"{middle_x}\" y=\"{:.1}\" text-anchor=\"middle\">false alarms per image</text>\
		 <text transform=\"translate(18 {middle_y}) rotate(-90)\" text-anchor=\"middle\">recall</text>",
		HEIGHT - 14.0,
	)
}

fn draw_curve(svg: &mut String, class: Class, report: &ClassReport) -> std::fmt::Result {
	let points: Vec<String> = report
		.curve
		.iter()
		.filter_map(|point| {
			let recall = point.recall?;
			Some(format!("{:.1},{:.1}", x_of(point.false_alarms_per_image), y_of(recall)))
		})
		.collect();
	let colour = colour(class);
	writeln!(
		svg,
		"<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
		points.join(" ")
	)?;
	let Some(recall) = report.all.recall.share else { return Ok(()) };
	let (x, y) = (x_of(report.false_alarms_per_image), y_of(recall));
	writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{colour}\"/>")
}

fn draw_legend(svg: &mut String, class: Class, place: usize) -> std::fmt::Result {
	let (x, y) = (WIDTH - RIGHT - 120.0, HEIGHT - BOTTOM - 16.0 - 20.0 * place as f64);
	writeln!(
		svg,
		"<circle cx=\"{x}\" cy=\"{:.1}\" r=\"5\" fill=\"{}\"/><text x=\"{}\" y=\"{y}\">{}</text>",
		y - 4.0,
		colour(class),
		x + 12.0,
		class.name(),
	)
}

fn x_of(false_alarms: f64) -> f64 {
	let share = (false_alarms / MOST_FALSE_ALARMS).min(1.0);
	LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn y_of(recall: f64) -> f64 {
	TOP + (1.0 - recall) * (HEIGHT - TOP - BOTTOM)
}

/// Colours that people with any colour vision can tell apart (Okabe and Ito, 2008).
fn colour(class: Class) -> &'static str {
	match class {
		Class::Face => "#0072b2",
		Class::LicencePlate => "#d55e00",
		Class::Person => "#009e73",
		Class::Vehicle => "#cc79a7",
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		detection::Detection,
		evaluation::{Observation, Tally},
		geometry::BoundingBox,
		removal::Mask,
	};
	use std::collections::BTreeMap;

	#[test]
	fn a_class_is_a_line_and_a_dot() {
		let bounding_box = BoundingBox { x_min: 0.0, y_min: 0.0, x_max: 9.0, y_max: 9.0 };
		let labels = [Detection { class: Class::Face, score: 1.0, bounding_box }];
		let detections = [Detection { class: Class::Face, score: 0.5, bounding_box }];
		let mut tally = Tally::new(&BTreeMap::from([(Class::Face, 0.2)]), 0.0);
		tally.add(&Observation {
			labels: &labels,
			detections: &detections,
			mask: &Mask::new(10, 10, &[]),
			afterwards: &[],
			duration: None,
		});
		let svg = plot(&tally.report());
		// Recall 1 without false alarms up to a score of 0.5, then nothing.
		let (upper_left, lower_left) = ("64.0,24.0", "64.0,424.0");
		assert_eq!(svg.matches(upper_left).count(), 50);
		assert_eq!(svg.matches(lower_left).count(), 49);
		assert!(svg.contains("<circle cx=\"64.0\" cy=\"24.0\" r=\"5\" fill=\"#0072b2\"/>"));
		assert!(svg.contains(">face</text>"));
		assert!(svg.ends_with("</svg>\n"));
	}
}
