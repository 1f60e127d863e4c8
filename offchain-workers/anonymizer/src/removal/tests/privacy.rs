//! Nothing that a mask hides can be learned from the result, and nothing else changes.

use super::{box_mask, noise, picture, region, with_noise, METHODS};
use crate::{
	detection::Class,
	removal::{remove, Mask, Method, Region},
};
use image::{Rgb, RgbImage};
use proptest::prelude::*;

fn removed(frame: &RgbImage, mask: &Mask, method: Method) -> RgbImage {
	let mut frame = frame.clone();
	remove(&mut frame, mask, method);
	frame
}

/// The result is the same whatever is hidden, and what is visible stays as it is.
fn assert_private(frame: &RgbImage, mask: &Mask, method: Method, seed: u64) {
	let result = removed(frame, mask, method);
	let other = removed(&with_noise(frame, mask, seed), mask, method);
	assert!(result == other, "what is hidden influences {method:?}");
	for (x, y, pixel) in frame.enumerate_pixels().filter(|(x, y, _)| !mask.hides(*x, *y)) {
		assert_eq!(pixel, result.get_pixel(x, y), "{method:?} changes the visible pixel {x}, {y}");
	}
}

fn regions(width: u32, height: u32) -> impl Strategy<Value = Vec<Region>> {
	let class =
		prop::sample::select(vec![Class::Face, Class::LicencePlate, Class::Person, Class::Vehicle]);
	let edge = |length: u32| -5.0..length as f32 + 5.0;
	let side = |length: u32| 0.5..length as f32 * 0.7 + 1.0;
	let one = (class, edge(width), edge(height), side(width), side(height)).prop_map(
		|(class, x, y, width, height)| {
			region(class, [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0])
		},
	);
	prop::collection::vec(one, 0..5)
}

fn sized_regions() -> impl Strategy<Value = (u32, u32, Vec<Region>)> {
	(1u32..100, 1u32..100).prop_flat_map(|(width, height)| {
		regions(width, height).prop_map(move |regions| (width, height, regions))
	})
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn what_is_hidden_never_influences_the_result(
		(width, height, regions) in sized_regions(),
		seed: u64,
	) {
		let mask = Mask::new(width, height, &regions);
		for method in METHODS {
			assert_private(&picture(width, height, seed), &mask, method, seed);
		}
	}
}

#[test]
fn the_smallest_and_the_fullest_masks_are_private() {
	for (width, height) in [(1, 1), (1, 40), (40, 1), (7, 7), (64, 48)] {
		let frame = picture(width, height, 1);
		let (right, bottom) = (width as f32, height as f32);
		for edges in [
			[0.0, 0.0, right, bottom],
			[-9.0, -9.0, right / 2.0, bottom + 9.0],
			[0.0, 0.0, 1.0, 1.0],
			[right - 1.0, bottom - 1.0, right, bottom],
			[1.0, 1.0, right - 1.0, bottom - 1.0],
		] {
			for method in METHODS {
				assert_private(&frame, &box_mask(&frame, edges), method, 2);
			}
		}
	}
}

#[test]
fn a_mask_too_large_for_full_size_is_private() {
	let frame = picture(401, 303, 3);
	let mask = box_mask(&frame, [60.0, 20.0, 340.0, 280.0]);
	for method in METHODS {
		assert_private(&frame, &mask, method, 4);
	}
}

#[test]
fn scattered_areas_are_private() {
	let frame = picture(240, 160, 5);
	let faces: Vec<_> = (0..24)
		.map(|index| {
			let [x, y, side] = noise(index, 0, 6);
			let (x, y, side) = (f32::from(x), f32::from(y % 160), f32::from(side % 30) + 3.0);
			region(Class::Face, [x, y, x + side, y + side])
		})
		.collect();
	let mask = Mask::new(240, 160, &faces);
	for method in METHODS {
		assert_private(&frame, &mask, method, 7);
	}
}

#[test]
fn where_nothing_is_visible_the_colour_is_neutral() {
	let frame = picture(60, 40, 8);
	let mask = box_mask(&frame, [0.0, 0.0, 60.0, 40.0]);
	for method in [Method::Mosaic, Method::Blur, Method::Remove] {
		let result = removed(&frame, &mask, method);
		let neutral = |pixel: &Rgb<u8>| {
			let [red, green, blue] = pixel.0;
			red == green && green == blue && (90..=165).contains(&red)
		};
		assert!(result.pixels().all(neutral), "{method:?}");
	}
}

#[test]
fn results_are_always_the_same() {
	let frame = picture(120, 90, 9);
	let mask = box_mask(&frame, [30.0, 20.0, 90.0, 70.0]);
	for method in METHODS {
		assert!(removed(&frame, &mask, method) == removed(&frame, &mask, method), "{method:?}");
	}
}
