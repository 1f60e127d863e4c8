//! A fixed camera shows what is behind the things that pass.

use super::{box_mask, picture, with_noise};
use crate::removal::{Background, Mask};
use image::{Rgb, RgbImage};

/// More frames than a colour needs to be believed.
const A_WHILE: usize = 12;

fn scene() -> RgbImage {
	picture(96, 64, 1)
}

fn empty(frame: &RgbImage) -> Mask {
	Mask::new(frame.width(), frame.height(), &[])
}

/// A background that has seen `frame` for a while.
fn after(frame: &RgbImage, mask: &Mask) -> Background {
	let mut background = Background::new(frame.width(), frame.height());
	for _ in 0..A_WHILE {
		background.observe(frame, mask);
	}
	background
}

#[test]
fn what_was_seen_before_is_restored_exactly() {
	let scene = scene();
	let background = after(&scene, &empty(&scene));
	let passer_by = box_mask(&scene, [30.0, 10.0, 50.0, 60.0]);
	let mut frame = with_noise(&scene, &passer_by, 2);
	let missing = background.fill(&mut frame, &passer_by);
	assert!(missing.is_empty());
	assert!(frame == scene);
}

#[test]
fn what_was_never_seen_is_missing() {
	let scene = scene();
	let parked = box_mask(&scene, [10.0, 10.0, 40.0, 30.0]);
	let background = after(&scene, &parked);
	let passing = box_mask(&scene, [20.0, 10.0, 60.0, 30.0]);
	let mut frame = with_noise(&scene, &passing, 3);
	let missing = background.fill(&mut frame, &passing);
	assert_eq!(missing, box_mask(&scene, [20.0, 10.0, 40.0, 30.0]));
	for x in 40..60 {
		assert_eq!(frame.get_pixel(x, 20), scene.get_pixel(x, 20));
	}
}

#[test]
fn things_that_move_on_uncover_everything() {
	let scene = scene();
	let mut background = Background::new(96, 64);
	let place = |step: usize| {
		let left = step as f32 * 2.0;
		box_mask(&scene, [left, 10.0, left + 20.0, 60.0])
	};
	for step in 0..38 {
		let mask = place(step);
		background.observe(&with_noise(&scene, &mask, step as u64), &mask);
	}
	let mask = place(16);
	let mut frame = with_noise(&scene, &mask, 9);
	assert!(background.fill(&mut frame, &mask).is_empty());
	assert!(frame == scene);
}

#[test]
fn what_is_hidden_is_never_learned() {
	let scene = scene();
	let mask = box_mask(&scene, [20.0, 20.0, 70.0, 50.0]);
	let results = [4, 5].map(|seed| {
		let mut background = after(&with_noise(&scene, &mask, seed), &mask);
		let mut frame = with_noise(&scene, &mask, seed);
		background.remove(&mut frame, &mask);
		frame
	});
	assert!(results[0] == results[1]);
	assert!(results[0] != scene, "the truth cannot be known");
}

#[test]
fn somebody_missed_for_a_few_frames_does_not_stay() {
	let scene = scene();
	let mut background = after(&scene, &empty(&scene));
	let person = box_mask(&scene, [40.0, 20.0, 50.0, 50.0]);
	let mut missed = scene.clone();
	for span in person.spans() {
		(span.start..span.end).for_each(|x| missed.put_pixel(x, span.y, Rgb([255, 0, 0])));
	}
	for _ in 0..3 {
		background.observe(&missed, &empty(&scene));
	}
	for _ in 0..3 {
		background.observe(&scene, &empty(&scene));
	}
	let mut frame = missed;
	assert!(background.fill(&mut frame, &person).is_empty());
	assert!(frame == scene);
}

#[test]
fn slow_changes_of_light_are_followed() {
	let grey = |value: u8| RgbImage::from_pixel(32, 32, Rgb([value; 3]));
	let mut background = Background::new(32, 32);
	for value in 100..160 {
		background.observe(&grey(value), &empty(&grey(value)));
	}
	let mut frame = grey(159);
	let mask = box_mask(&frame, [4.0, 4.0, 20.0, 20.0]);
	assert!(background.fill(&mut frame, &mask).is_empty());
	assert!(frame.get_pixel(10, 10).0[0] >= 157);
}

#[test]
fn a_camera_that_moves_is_noticed() {
	let scene = scene();
	let mut background = after(&scene, &empty(&scene));
	let elsewhere = picture(96, 64, 77);
	let mask = box_mask(&scene, [30.0, 20.0, 60.0, 40.0]);
	background.observe(&elsewhere, &mask);
	let mut frame = elsewhere.clone();
	let missing = background.fill(&mut frame, &mask);
	assert_eq!(missing, mask, "nothing of the other scene may be shown");
	background.remove(&mut frame, &mask);
	assert!(frame != elsewhere, "in-painted instead");
}

#[test]
fn what_was_painted_stays_until_the_truth_is_seen() {
	let scene = scene();
	let mask = box_mask(&scene, [40.0, 20.0, 60.0, 40.0]);
	let mut background = after(&scene, &mask);
	let mut first = scene.clone();
	background.remove(&mut first, &mask);
	// The surroundings of what is hidden change a little.
	let mut later = scene.clone();
	later.enumerate_pixels_mut().for_each(|(x, y, pixel)| pixel.0[0] ^= ((x + y) % 4) as u8);
	background.observe(&later, &mask);
	background.remove(&mut later, &mask);
	for span in mask.spans() {
		for x in span.start..span.end {
			assert_eq!(first.get_pixel(x, span.y), later.get_pixel(x, span.y));
		}
	}
	for _ in 0..A_WHILE {
		background.observe(&scene, &empty(&scene));
	}
	let mut frame = scene.clone();
	background.remove(&mut frame, &mask);
	assert!(frame == scene);
}
