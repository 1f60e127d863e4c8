//! Tiles of a frame, for things that are too small to be found when all of it is scaled down.

use super::preprocessing::View;
use crate::settings::Tiles;

/// Tiles that cover the frame evenly: none larger than `tiles.side`, neighbours sharing at least
/// `tiles.overlap`, so that what is smaller than the overlap is whole in one of them.
pub fn tiles(width: u32, height: u32, tiles: Tiles) -> Vec<View> {
	let (columns, rows) = (starts(width, tiles), starts(height, tiles));
	let (tile_width, tile_height) = (width.min(tiles.side), height.min(tiles.side));
	rows.iter()
		.flat_map(|top| columns.iter().map(move |left| (*left, *top)))
		.map(|(left, top)| View::part(left, top, tile_width, tile_height))
		.collect()
}

/// Where the tiles of one row begin.
fn starts(length: u32, tiles: Tiles) -> Vec<u32> {
	let last = length.saturating_sub(tiles.side);
	let step = tiles.side.saturating_sub(tiles.overlap).max(1);
	let gaps = last.div_ceil(step);
	(0..=gaps)
		.map(|position| (u64::from(last) * u64::from(position) / u64::from(gaps.max(1))) as u32)
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_small_frame_is_one_tile() {
		let settings = Tiles { side: 640, overlap: 128 };
		assert_eq!(tiles(640, 300, settings), [View::part(0, 0, 640, 300)]);
	}

	#[test]
	fn tiles_are_spread_evenly() {
		let settings = Tiles { side: 640, overlap: 100 };
		let expected = [0, 640, 1280].map(|left| View::part(left, 0, 640, 640));
		let without_overlap = Tiles { overlap: 0, ..settings };
		assert_eq!(tiles(1920, 640, without_overlap), expected);
		assert_eq!(starts(1920, settings), [0, 426, 853, 1280]);
	}

	proptest! {
		#[test]
		fn whatever_is_smaller_than_the_overlap_is_whole_in_a_tile(
			length in 1u32..20_000, side in 32u32..2000, share in 0.0f64..0.9, position in 0.0f64..1.0
		) {
			let overlap = (f64::from(side) * share) as u32;
			let starts = starts(length, Tiles { side, overlap });
			let thing = overlap.min(length);
			let from = (f64::from(length - thing) * position) as u32;
			let tile = side.min(length);
			prop_assert!(starts.iter().all(|start| start + tile <= length));
			prop_assert!(starts
				.iter()
				.any(|start| *start <= from && from + thing <= start + tile));
		}

		#[test]
		fn any_settings_give_tiles_within_the_frame(
			width in 1u32..5000, height in 1u32..5000, side in 64u32..5000, overlap: u32
		) {
			let settings = Tiles { side, overlap: overlap % side / 2 };
			prop_assert!(!tiles(width, height, settings).is_empty());
		}
	}
}
