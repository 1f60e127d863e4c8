//! What was removed is replaced by what is likely to be behind it.

use super::{box_mask, noise};
use crate::removal::{remove, Mask, Method};
use image::{Rgb, RgbImage};

const OBJECT: [f32; 4] = [60.0, 40.0, 110.0, 80.0];

/// Peak signal-to-noise ratio of the hidden pixels, in decibels.
fn quality(result: &RgbImage, truth: &RgbImage, mask: &Mask) -> f64 {
	let mut sum = 0.0;
	for (x, y, pixel) in truth.enumerate_pixels().filter(|(x, y, _)| mask.hides(*x, *y)) {
		for (expected, value) in pixel.0.iter().zip(result.get_pixel(x, y).0) {
			sum += f64::from(expected.abs_diff(value)).powi(2);
		}
	}
	let mean = sum / (mask.area() as f64 * 3.0);
	10.0 * (255.0f64.powi(2) / mean.max(1e-9)).log10()
}

/// Puts a red rectangle before `truth`, removes it, and says how close the result is to the truth.
fn quality_behind_red(truth: &RgbImage) -> f64 {
	let mask = box_mask(truth, OBJECT);
	let mut frame = truth.clone();
	for span in mask.spans() {
		(span.start..span.end).for_each(|x| frame.put_pixel(x, span.y, Rgb([255, 0, 0])));
	}
	remove(&mut frame, &mask, Method::Remove);
	let reddish = |pixel: &Rgb<u8>| {
		let [red, green, blue] = pixel.0.map(i16::from);
		red > green + 60 && red > blue + 60
	};
	assert!(!frame.pixels().any(reddish), "something of the red rectangle is left");
	quality(&frame, truth, &mask)
}

#[test]
fn a_gradient_goes_on_behind_the_object() {
	let truth = RgbImage::from_fn(170, 120, |x, y| {
		Rgb([(40 + x / 2 + y / 3) as u8, (60 + x / 2) as u8, (200 - y / 2) as u8])
	});
	let quality = quality_behind_red(&truth);
	assert!(quality > 30.0, "{quality} dB");
}

#[test]
fn stripes_go_on_behind_the_object() {
	let truth = RgbImage::from_fn(170, 120, |x, y| {
		let light = (x + y) / 6 % 2 == 0;
		Rgb(if light { [200, 210, 220] } else { [50, 70, 60] })
	});
	let quality = quality_behind_red(&truth);
	assert!(quality > 22.0, "{quality} dB");
}

#[test]
fn an_edge_goes_on_behind_the_object() {
	let truth = RgbImage::from_fn(170, 120, |_, y| {
		Rgb(if y < 62 { [90, 140, 210] } else { [80, 110, 60] })
	});
	let quality = quality_behind_red(&truth);
	assert!(quality > 25.0, "{quality} dB");
}

#[test]
fn texture_stays_rough() {
	let truth = RgbImage::from_fn(170, 120, |x, y| {
		let [grain, ..] = noise(x, y, 1);
		Rgb([90 + grain / 4, 110 + grain / 4, 80 + grain / 4])
	});
	let mask = box_mask(&truth, OBJECT);
	let mut frame = truth.clone();
	remove(&mut frame, &mask, Method::Remove);
	let roughness = |frame: &RgbImage| {
		let differences = mask.spans().iter().flat_map(|span| {
			(span.start + 1..span.end).map(|x| {
				let value = |x: u32| frame.get_pixel(x, span.y).0[1];
				u64::from(value(x).abs_diff(value(x - 1)))
			})
		});
		differences.sum::<u64>()
	};
	assert!(roughness(&frame) * 3 > roughness(&truth), "a smear on rough ground");
	quality_behind_red(&truth);
}
