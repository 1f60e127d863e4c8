//! Colours for what is unknown, stretched like a membrane between what is known.

use super::window::{interpolate, Colour};

/// Colour where nothing is known at all.
const NEUTRAL: Colour = [128.0; 3];
/// How often each level is relaxed; the coarser levels have done most of the work.
const SWEEPS: usize = 12;
/// Over-relaxation factor; between 1 and 2, higher for larger planes.
const OVER_RELAXATION: f32 = 1.6;

/// Fills the cells of `colours`, a plane with rows of `width`, that are not `known`: with the solution of
/// Laplace's equation whose values at the border are the known cells and which is level at the border of
/// the plane. Solved by pull-push (Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4) with
/// successive over-relaxation on each level.
pub(super) fn stretch(colours: &mut [Colour], known: &[bool], width: usize) {
	if !known.contains(&true) {
		colours.fill(NEUTRAL);
		return;
	}
	if !known.contains(&false) {
		return;
	}
	let (mut coarse, coarse_known, coarse_width) = pull(colours, known, width);
	stretch(&mut coarse, &coarse_known, coarse_width);
	for (index, colour) in colours.iter_mut().enumerate().filter(|(index, _)| !known[*index]) {
		let centre = |position: usize| (position as f32 - 0.5) / 2.0;
		*colour = interpolate(&coarse, coarse_width, centre(index % width), centre(index / width));
	}
	for _ in 0..SWEEPS {
		relax(colours, known, width);
	}
}

/// The plane at half its size: the means of the known cells.
fn pull(colours: &[Colour], known: &[bool], width: usize) -> (Vec<Colour>, Vec<bool>, usize) {
	let coarse_width = width.div_ceil(2);
	let coarse_height = (colours.len() / width).div_ceil(2);
	let mut sums = vec![[0.0; 3]; coarse_width * coarse_height];
	let mut counts = vec![0.0f32; sums.len()];
	for (index, colour) in colours.iter().enumerate().filter(|(index, _)| known[*index]) {
		let coarse = index / width / 2 * coarse_width + index % width / 2;
		counts[coarse] += 1.0;
		for (sum, value) in sums[coarse].iter_mut().zip(colour) {
			*sum += value;
		}
	}
	for (sum, count) in sums.iter_mut().zip(&counts) {
		*sum = sum.map(|value| value / count.max(1.0));
	}
	let coarse_known = counts.iter().map(|count| *count > 0.0).collect();
	(sums, coarse_known, coarse_width)
}

/// Moves every unknown cell towards, and a little beyond, the mean of its neighbours.
fn relax(colours: &mut [Colour], known: &[bool], width: usize) {
	let height = colours.len() / width;
	for index in (0..colours.len()).filter(|index| !known[*index]) {
		let (x, y) = (index % width, index / width);
		let neighbours = [
			(x > 0).then(|| index - 1),
			(x + 1 < width).then(|| index + 1),
			(y > 0).then(|| index - width),
			(y + 1 < height).then(|| index + width),
		];
		let (mut sum, mut count) = ([0.0; 3], 0.0f32);
		for neighbour in neighbours.into_iter().flatten() {
			count += 1.0;
			for (sum, value) in sum.iter_mut().zip(colours[neighbour]) {
				*sum += value;
			}
		}
		for (value, sum) in colours[index].iter_mut().zip(sum) {
			*value += OVER_RELAXATION * (sum / count.max(1.0) - *value);
		}
	}
}
