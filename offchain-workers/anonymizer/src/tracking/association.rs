//! Which detection continues which track.

use super::track::Track;
use crate::{detection::Detection, geometry::BoundingBox};

/// Least affinity of a detection to where a track is expected: boxes of one size that are apart by half
/// their width still fit, so that small fast things are not lost. A wrong pair only hides more.
const LEAST_AFFINITY: f32 = -0.2;

/// Pairs tracks with detections of the same class in `frame`, best first: (track, detection) by index.
/// Each stands in one pair at most. Tracks for which `may_continue` is `false` stand in none.
///
/// Greedy, on generalized intersection over union (Rezatofighi et al., CVPR 2019) with the position that
/// constant speed predicts (as SORT: Bewley et al., ICIP 2016) or the last one, whichever fits better.
pub fn pairs(
	tracks: &[Track],
	may_continue: impl Fn(usize) -> bool,
	detections: &[Detection],
	frame: u64,
) -> Vec<(usize, usize)> {
	let mut candidates = Vec::new();
	for (track_index, track) in tracks.iter().enumerate().filter(|(index, _)| may_continue(*index))
	{
		let last = &track.last().detection;
		let predicted = track.predicted(frame);
		for (index, detection) in detections.iter().enumerate() {
			if detection.class != last.class {
				continue;
			}
			let moving = affinity(&predicted, &detection.bounding_box);
			let resting = affinity(&last.bounding_box, &detection.bounding_box);
			let affinity = moving.max(resting);
			if affinity >= LEAST_AFFINITY {
				candidates.push((affinity, track_index, index));
			}
		}
	}
	candidates.sort_by(|left, right| right.0.total_cmp(&left.0));
	let mut taken = (vec![false; tracks.len()], vec![false; detections.len()]);
	candidates.retain(|&(_, track, detection)| {
		let free = !taken.0[track] && !taken.1[detection];
		if free {
			(taken.0[track], taken.1[detection]) = (true, true);
		}
		free
	});
	candidates.into_iter().map(|(_, track, detection)| (track, detection)).collect()
}

/// Generalized intersection over union, from -1 to 1; below 0 for boxes that are apart.
fn affinity(left: &BoundingBox, right: &BoundingBox) -> f32 {
	let hull = left.hull(right).area();
	if hull <= 0.0 {
		return -1.0;
	}
	let union = left.area() + right.area() - left.intersection(right);
	left.overlap(right) - (hull - union) / hull
}

#[cfg(test)]
mod tests {
	use super::*;

	fn square(x: f32) -> BoundingBox {
		BoundingBox { x_min: x, y_min: 0.0, x_max: x + 10.0, y_max: 10.0 }
	}

	#[test]
	fn affinity_falls_with_distance() {
		let at = |x| affinity(&square(0.0), &square(x));
		assert_eq!(at(0.0), 1.0);
		assert_eq!(at(10.0), 0.0);
		assert!(at(14.0) > LEAST_AFFINITY && at(16.0) < LEAST_AFFINITY);
	}
}
