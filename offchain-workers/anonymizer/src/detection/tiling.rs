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
