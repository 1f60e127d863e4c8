//! Cuts from one scene to the next.

/// Cells per side of the grid whose brightness is compared.
const GRID: usize = 16;

/// Mean change of the cells' brightness, of 255, that only a cut makes. A cut that stays unnoticed makes
/// tracks live longer and hide more; so this is high.
const CUT: u32 = 40;

/// Pixels per side of a cell that are looked at.
const SAMPLES: usize = 8;

/// Notices cuts by the brightness of a coarse grid.
#[derive(Debug, Default)]
pub struct SceneDetector {
	previous: Option<[u8; GRID * GRID]>,
}

impl SceneDetector {
	/// Whether a scene begins with this frame, the next in order; always with the first.
	///
	/// `luma` has one byte a pixel, row by row.
	///
	/// # Panics
	///
	/// When `luma` has not `width` × `height` bytes, or none.
	pub fn begins(&mut self, luma: &[u8], width: usize, height: usize) -> bool {
		assert!(luma.len() == width * height && !luma.is_empty());
		let cells = std::array::from_fn(|cell| {
			let (column, row) = (cell % GRID, cell / GRID);
			mean(luma, (width, height), (column, row))
		});
		let change = |previous: &[u8; GRID * GRID]| -> u32 {
			let differences = previous.iter().zip(&cells).map(|(old, new)| old.abs_diff(*new));
			differences.map(u32::from).sum::<u32>() / (GRID * GRID) as u32
		};
		let begins = self.previous.as_ref().is_none_or(|previous| change(previous) > CUT);
		self.previous = Some(cells);
		begins
	}
}

/// Mean brightness of samples from one cell of the grid.
fn mean(luma: &[u8], (width, height): (usize, usize), (column, row): (usize, usize)) -> u8 {
	let position = |cell: usize, sample: usize, size: usize| {
		(cell * SAMPLES + sample) * size / (GRID * SAMPLES)
	};
	let mut sum = 0;
	for y in 0..SAMPLES {
		let line = position(row, y, height) * width;
		for x in 0..SAMPLES {
			sum += usize::from(luma[line + position(column, x, width)]);
		}
	}
	(sum / (SAMPLES * SAMPLES)) as u8
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_cut_is_noticed_and_movement_is_not() {
		let picture = |offset: usize| -> Vec<u8> {
			(0..320 * 180)
				.map(|pixel| if (pixel % 320 + offset) % 80 < 40 { 60 } else { 110 })
				.collect()
		};
		let mut scenes = SceneDetector::default();
		assert!(scenes.begins(&picture(0), 320, 180));
		assert!(!scenes.begins(&picture(7), 320, 180));
		assert!(scenes.begins(&vec![230; 320 * 180], 320, 180));
		assert!(!scenes.begins(&vec![215; 320 * 180], 320, 180));
	}

	#[test]
	fn frames_smaller_than_the_grid_are_fine() {
		let mut scenes = SceneDetector::default();
		assert!(scenes.begins(&[0; 6], 3, 2));
		assert!(scenes.begins(&[255; 6], 3, 2));
	}
}
