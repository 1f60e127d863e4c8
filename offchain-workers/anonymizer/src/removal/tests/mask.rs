//! Masks cover what regions say.

use super::region;
use crate::{
	detection::Class,
	geometry::BoundingBox,
	removal::{Mask, Region},
};
use proptest::prelude::*;

fn hidden(mask: &Mask) -> Vec<(u32, u32)> {
	let (width, height) = mask.dimensions();
	(0..height)
		.flat_map(|y| (0..width).map(move |x| (x, y)))
		.filter(|(x, y)| mask.hides(*x, *y))
		.collect()
}

#[test]
fn a_box_covers_every_pixel_that_it_touches() {
	let mask = Mask::new(10, 8, &[region(Class::LicencePlate, [1.9, 2.0, 4.1, 4.0])]);
	let expected: Vec<_> = (2..4).flat_map(|y| (1..5).map(move |x| (x, y))).collect();
	assert_eq!(hidden(&mask), expected);
	assert_eq!(mask.area(), 8);
}

#[test]
fn a_box_beyond_the_frame_is_cut() {
	let mask = Mask::new(4, 3, &[region(Class::Person, [-7.0, -1e9, 1.5, f32::MAX])]);
	let expected: Vec<_> = (0..3).flat_map(|y| [(0, y), (1, y)]).collect();
	assert_eq!(hidden(&mask), expected);
	assert!(Mask::new(4, 3, &[region(Class::Face, [90.0, 90.0, 95.0, 95.0])]).is_empty());
}

#[test]
fn the_hidden_share_counts_pixels_in_the_frame() {
	// The upper left quarter of the frame, and nothing else, is hidden.
	let mask = Mask::new(40, 20, &[region(Class::Vehicle, [0.0, 0.0, 20.0, 10.0])]);
	let share = |[x_min, y_min, x_max, y_max]: [f32; 4]| {
		mask.hidden_share(&BoundingBox { x_min, y_min, x_max, y_max })
	};
	assert_eq!(share([2.0, 2.0, 18.0, 8.0]), Some(1.0));
	assert_eq!(share([10.0, 0.0, 30.0, 10.0]), Some(0.5));
	assert_eq!(share([0.0, 0.0, 40.0, 20.0]), Some(0.25));
	assert_eq!(share([30.0, 12.0, 40.0, 20.0]), Some(0.0));
	assert_eq!(share([-9.0, -9.0, 4.0, 4.0]), Some(1.0));
	assert_eq!(share([45.0, 9.0, 50.0, 12.0]), None);
	assert_eq!(share([f32::NAN, 0.0, f32::NAN, 4.0]), None);
}

#[test]
fn a_union_hides_what_either_hides() {
	let one = Mask::new(10, 8, &[region(Class::Vehicle, [0.0, 0.0, 4.0, 4.0])]);
	let other = Mask::new(10, 8, &[region(Class::Vehicle, [2.0, 2.0, 6.0, 6.0])]);
	let both = one.union(&other);
	assert_eq!(both.area(), 28);
	assert!(hidden(&both).into_iter().all(|(x, y)| one.hides(x, y) || other.hides(x, y)));
}

#[test]
fn a_box_that_is_not_finite_covers_the_frame() {
	for class in [Class::Face, Class::Vehicle] {
		let mask = Mask::new(5, 4, &[region(class, [f32::NAN, 0.0, 1.0, 1.0])]);
		assert_eq!(mask.area(), 20);
	}
}

#[test]
fn shadows_lie_at_the_feet() {
	let person = region(Class::Person, [40.0, 10.0, 60.0, 90.0]);
	let shadow = person.shadow().expect("persons have shadows").bounding_box;
	assert!(shadow.x_min < 40.0 && shadow.x_max > 60.0 && shadow.y_max > 90.0);
	assert!(shadow.y_min > 70.0, "the upper body casts no shadow on the ground beside it");
	assert_eq!(region(Class::Face, [0.0, 0.0, 9.0, 9.0]).shadow(), None);
	assert_eq!(region(Class::LicencePlate, [0.0, 0.0, 9.0, 9.0]).shadow(), None);
}

fn any_region() -> impl Strategy<Value = Region> {
	let class = prop::sample::select(vec![Class::Face, Class::Person]);
	(class, -10f32..60.0, -10f32..60.0, 1f32..40.0, 1f32..40.0)
		.prop_map(|(class, x, y, width, height)| region(class, [x, y, x + width, y + height]))
}

proptest! {
	#[test]
	fn a_face_is_covered_to_the_corners_of_its_box(
		x in 0f32..30.0,
		y in 0f32..30.0,
		width in 1f32..60.0,
		height in 1f32..60.0,
	) {
		let face = region(Class::Face, [x, y, x + width, y + height]);
		let mask = Mask::new(140, 140, &[face]);
		let inside = |value: f32, end: f32| (value.ceil() as u32)..(end.floor() as u32);
		for y in inside(y, y + height) {
			for x in inside(x, x + width) {
				prop_assert!(mask.hides(x, y), "{x}, {y}");
			}
		}
	}

	#[test]
	fn spans_and_pixels_agree(regions in prop::collection::vec(any_region(), 0..6)) {
		let mask = Mask::new(50, 40, &regions);
		let by_spans: Vec<_> = mask
			.spans()
			.iter()
			.flat_map(|span| (span.start..span.end).map(|x| (x, span.y)))
			.collect();
		prop_assert_eq!(&by_spans, &hidden(&mask));
		prop_assert_eq!(mask.area(), by_spans.len() as u64);
		prop_assert_eq!(mask.is_empty(), by_spans.is_empty());
		for pair in mask.spans().windows(2) {
			prop_assert!(pair[0].y < pair[1].y || pair[0].end < pair[1].start, "{:?}", pair);
		}
		for region in &regions {
			let alone = Mask::new(50, 40, &[*region]);
			prop_assert!(hidden(&alone).iter().all(|(x, y)| mask.hides(*x, *y)));
		}
	}
}
