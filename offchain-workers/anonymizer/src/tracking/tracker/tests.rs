use super::*;
use crate::{geometry::BoundingBox, tracking::DetectEvery};
use proptest::prelude::*;

fn face(x: f32, y: f32, size: f32) -> Detection {
	let bounding_box = BoundingBox { x_min: x, y_min: y, x_max: x + size, y_max: y + size };
	Detection { class: Class::Face, score: 0.9, bounding_box }
}

fn seen(hidden: Vec<Detection>) -> Observation {
	Observation { outcome: Some(Outcome { hidden, nearly: Vec::new() }), scene_begins: false }
}

fn nearly(nearly: Vec<Detection>) -> Observation {
	Observation { outcome: Some(Outcome { hidden: Vec::new(), nearly }), scene_begins: false }
}

/// What is hidden in each frame.
fn track(
	settings: TrackingSettings,
	window: usize,
	observations: Vec<Observation>,
) -> Vec<Vec<Detection>> {
	let mut tracker = Tracker::new(&settings, window);
	let mut frames: Vec<_> =
		observations.into_iter().filter_map(|observation| tracker.push(observation)).collect();
	while let Some(hidden) = tracker.leave() {
		frames.push(hidden);
	}
	frames
}

fn covers(hidden: &[Detection], wanted: &BoundingBox) -> bool {
	const ROUNDING: f32 = 0.01;
	hidden.iter().map(|detection| &detection.bounding_box).any(|area| {
		area.x_min <= wanted.x_min + ROUNDING
			&& area.y_min <= wanted.y_min + ROUNDING
			&& area.x_max >= wanted.x_max - ROUNDING
			&& area.y_max >= wanted.y_max - ROUNDING
	})
}

fn hidden_frames(frames: &[Vec<Detection>]) -> Vec<usize> {
	(0..frames.len()).filter(|frame| !frames[*frame].is_empty()).collect()
}

const EVERY_FRAME: DetectEvery = DetectEvery { faces: 1, licence_plates: Some(1), objects: 1 };
const SETTINGS: TrackingSettings =
	TrackingSettings { detect_every: EVERY_FRAME, max_gap: 6, extend: 2 };

#[test]
fn a_gap_is_filled_along_the_way() {
	let mut observations = vec![Observation::default(); 8];
	observations[0] = seen(vec![face(0.0, 0.0, 20.0)]);
	observations[7] = seen(vec![face(14.0, 0.0, 20.0)]);
	let frames = track(SETTINGS, SETTINGS.look_ahead(), observations);
	for (frame, hidden) in frames.iter().enumerate() {
		assert_eq!(hidden.len(), 1);
		assert!(covers(hidden, &face(2.0 * frame as f32, 0.0, 20.0).bounding_box), "frame {frame}");
	}
}

#[test]
fn a_longer_gap_is_not() {
	let mut observations = vec![Observation::default(); 9];
	observations[0] = seen(vec![face(0.0, 0.0, 20.0)]);
	observations[8] = seen(vec![face(0.0, 0.0, 20.0)]);
	let frames = track(SETTINGS, SETTINGS.look_ahead(), observations);
	assert_eq!(hidden_frames(&frames), [0, 1, 2, 6, 7, 8]);
}

#[test]
fn heads_and_tails_move_on() {
	let mut observations = vec![Observation::default(); 10];
	observations[4] = seen(vec![face(40.0, 0.0, 20.0)]);
	observations[5] = seen(vec![face(50.0, 0.0, 20.0)]);
	let frames = track(SETTINGS, SETTINGS.look_ahead(), observations);
	assert_eq!(hidden_frames(&frames), [2, 3, 4, 5, 6, 7]);
	assert!(covers(&frames[2], &face(20.0, 0.0, 20.0).bounding_box));
	assert!(covers(&frames[7], &face(70.0, 0.0, 20.0).bounding_box));
}

#[test]
fn a_cut_breaks_tracks() {
	let mut observations = vec![Observation::default(); 8];
	observations[2] = seen(vec![face(0.0, 0.0, 20.0)]);
	observations[4].scene_begins = true;
	observations[6] = seen(vec![face(0.0, 0.0, 20.0)]);
	let mut tracker = Tracker::new(&SETTINGS, SETTINGS.look_ahead());
	let mut frames: Vec<_> =
		observations.into_iter().filter_map(|observation| tracker.push(observation)).collect();
	frames.extend(std::iter::from_fn(|| tracker.leave()));
	assert_eq!(hidden_frames(&frames), [0, 1, 2, 3, 4, 5, 6, 7]);
	assert_eq!(tracker.begun()[&Class::Face], 2);

	let mut observations = vec![Observation::default(); 4];
	observations[1] = seen(vec![face(0.0, 0.0, 20.0)]);
	observations[2].scene_begins = true;
	let frames = track(SETTINGS, SETTINGS.look_ahead(), observations);
	assert_eq!(hidden_frames(&frames), [0, 1], "nothing reaches over a cut");
}

#[test]
fn what_is_nearly_sure_continues_tracks_and_begins_none() {
	let unsure = Detection { score: 0.1, ..face(0.0, 0.0, 20.0) };
	let mut observations: Vec<_> = (0..20).map(|_| nearly(vec![unsure])).collect();
	assert!(track(SETTINGS, 6, observations.clone()).iter().all(Vec::is_empty));
	observations[0] = seen(vec![face(0.0, 0.0, 20.0)]);
	assert!(track(SETTINGS, 6, observations).iter().all(|hidden| hidden.len() == 1));
}

#[test]
fn classes_do_not_mix() {
	let plate = Detection { class: Class::LicencePlate, ..face(0.0, 0.0, 20.0) };
	let frames = track(SETTINGS, 6, vec![seen(vec![face(0.0, 0.0, 20.0)]), seen(vec![plate])]);
	let classes =
		|frame: usize| -> Vec<_> { frames[frame].iter().map(|found| found.class).collect() };
	assert_eq!(classes(0), [Class::Face, Class::LicencePlate]);
	assert_eq!(classes(1), [Class::Face, Class::LicencePlate]);
}

#[test]
fn frames_between_those_that_models_see_are_covered() {
	let detect_every = DetectEvery { faces: 3, ..EVERY_FRAME };
	let settings = TrackingSettings { detect_every, ..SETTINGS };
	let observations = (0..12)
		.map(|frame| match frame {
			3 | 6 => seen(vec![face(5.0 * frame as f32, 0.0, 20.0)]),
			0 | 9 => seen(Vec::new()),
			_ => Observation::default(),
		})
		.collect();
	let frames = track(settings, settings.look_ahead(), observations);
	// Present after frame 0 and before frame 9 at the latest.
	for (frame, hidden) in frames.iter().enumerate().take(9).skip(1) {
		assert!(covers(hidden, &face(5.0 * frame as f32, 0.0, 20.0).bounding_box), "frame {frame}");
	}
}

#[test]
fn models_look_at_frames_of_their_own() {
	use crate::detection::DetectorKind::{Faces, LicencePlates, Objects};
	let detect_every = DetectEvery { faces: 1, licence_plates: Some(3), objects: 2 };
	assert_eq!(detect_every.due(0, true), [Faces, LicencePlates, Objects]);
	assert_eq!(detect_every.due(1, true), [Faces, LicencePlates, Objects]);
	assert_eq!(detect_every.due(2, true), [Faces, Objects]);
	assert_eq!(detect_every.due(3, true), [Faces, LicencePlates]);

	let plates = |vehicles_are_hidden| DetectEvery::default().due(3, vehicles_are_hidden);
	assert_eq!((plates(true), plates(false)), (vec![], vec![LicencePlates]));

	let settings = TrackingSettings { detect_every, ..SETTINGS };
	assert_eq!([Faces, LicencePlates, Objects].map(|kind| settings.reach(kind)), [2, 4, 3]);
	let plate = Detection { class: Class::LicencePlate, ..face(0.0, 0.0, 20.0) };
	let mut observations = vec![seen(Vec::new()); 12];
	observations[6] = seen(vec![plate]);
	let frames = track(settings, settings.look_ahead(), observations);
	assert_eq!(hidden_frames(&frames), (2..=10).collect::<Vec<_>>());
}

#[test]
fn what_is_seen_once_moves_with_the_picture() {
	let moved = |x: f32, frame: usize| face(x + 15.0 * frame as f32, 0.0, 20.0);
	let mut observations = vec![Observation::default(); 6];
	observations[0] = seen(vec![moved(0.0, 0), moved(100.0, 0)]);
	observations[1] = seen(vec![moved(0.0, 1), moved(100.0, 1)]);
	// Further from each other than any two of one track would be expected without the drift.
	observations[2] = seen(vec![moved(200.0, 2)]);
	observations[5] = seen(vec![moved(200.0, 5)]);
	let mut tracker = Tracker::new(&SETTINGS, SETTINGS.look_ahead());
	let frames: Vec<_> = observations.into_iter().filter_map(|seen| tracker.push(seen)).collect();
	let frames: Vec<_> = frames.into_iter().chain(std::iter::from_fn(|| tracker.leave())).collect();
	assert_eq!(tracker.begun()[&Class::Face], 3);
	for (frame, hidden) in frames.iter().enumerate() {
		assert!(covers(hidden, &moved(200.0, frame).bounding_box), "frame {frame}");
	}
}

fn observation() -> impl Strategy<Value = Observation> {
	let detection =
		(0.0f32..300.0, 0.0f32..300.0, 2.0f32..80.0).prop_map(|(x, y, size)| face(x, y, size));
	let detections = || proptest::collection::vec(detection.clone(), 0..4);
	let outcome =
		(detections(), detections()).prop_map(|(hidden, nearly)| Outcome { hidden, nearly });
	(proptest::option::of(outcome), proptest::bool::weighted(0.1))
		.prop_map(|(outcome, scene_begins)| Observation { outcome, scene_begins })
}

fn observations() -> impl Strategy<Value = Vec<Observation>> {
	proptest::collection::vec(observation(), 0..60)
}

proptest! {
	#[test]
	fn no_detection_is_lost(observations in observations(), window in 0usize..20) {
		let frames = track(SETTINGS, window, observations.clone());
		prop_assert_eq!(frames.len(), observations.len());
		for (observation, hidden) in observations.iter().zip(&frames) {
			for detection in observation.outcome.iter().flat_map(|outcome| &outcome.hidden) {
				prop_assert!(hidden.contains(detection));
			}
		}
	}

	#[test]
	fn nothing_depends_on_frames_beyond_the_window(
		observations in observations(),
		other_future in observations(),
		at in 0usize..60,
		window in 0usize..12,
	) {
		let known = (at + window + 1).min(observations.len());
		let mut changed = observations[..known].to_vec();
		changed.extend(other_future);
		let frames = track(SETTINGS, window, observations.clone());
		let other = track(SETTINGS, window, changed);
		if known == at + window + 1 {
			prop_assert_eq!(&frames[..=at], &other[..=at]);
		}
	}

	#[test]
	fn every_frame_between_two_hits_covers_the_straight_line(
		from in (0.0f32..500.0, 0.0f32..500.0, 10.0f32..80.0),
		shift in (-0.3f32..0.3, -0.3f32..0.3),
		gap in 0u64..=6,
		before in 0usize..20,
	) {
		let (x, y, size) = from;
		let (first, last) = (face(x, y, size), face(x + shift.0 * size, y + shift.1 * size, size));
		let mut observations = vec![Observation::default(); before];
		observations.push(seen(vec![first]));
		observations.extend(vec![Observation::default(); gap as usize]);
		observations.push(seen(vec![last]));
		let frames = track(SETTINGS, SETTINGS.look_ahead(), observations);
		for step in 0..=gap + 1 {
			let part = step as f32 / (gap + 1) as f32;
			let wanted = face(x + shift.0 * size * part, y + shift.1 * size * part, size);
			prop_assert!(covers(&frames[before + step as usize], &wanted.bounding_box));
		}
	}

	#[test]
	fn memory_is_bounded(observations in observations(), window in 0usize..12) {
		let mut tracker = Tracker::new(&SETTINGS, window);
		let kept = window as u64 + u64::from(SETTINGS.max_gap) + 2;
		for observation in observations {
			tracker.push(observation);
			// Four detections a frame at most.
			prop_assert!(tracker.tracks.len() as u64 <= 4 * kept);
			let oldest = tracker.seen.saturating_sub(kept);
			prop_assert!(tracker.tracks.iter().all(|track| track.last().frame >= oldest));
		}
	}
}
