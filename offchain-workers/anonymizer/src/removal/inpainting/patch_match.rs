//! The most similar known patch for each patch with missing cells: PatchMatch (Barnes, Shechtman,
//! Finkelstein and Goldman, SIGGRAPH 2009).

use super::{
	level::{Level, RADIUS},
	random::Random,
};

/// Stands for the match of a cell that is no target.
const NONE: u32 = u32::MAX;

/// For each target of a level a source.
pub(super) struct Matches {
	/// The centre of the source for each cell; [`NONE`] for what is no target.
	pub nearest: Vec<u32>,
	/// How much the two patches differ: the sum of squared differences, weighted by confidence.
	pub distance: Vec<f32>,
}

/// What is looked at before and after a cell in a pass.
#[derive(Clone, Copy)]
enum Direction {
	Forward,
	Backward,
}

impl Matches {
	/// Any source for each target.
	pub fn random(level: &Level, random: &mut Random) -> Self {
		let mut nearest = vec![NONE; level.colours.len()];
		for target in &level.targets {
			let choice = random.below(level.sources.len() as u32) as usize;
			nearest[*target] = level.sources[choice] as u32;
		}
		let distance = vec![f32::MAX; nearest.len()];
		Self { nearest, distance }
	}

	/// The same sources for a level of twice the size; any for a target that was none there.
	pub fn finer(&self, coarse: &Level, fine: &Level, random: &mut Random) -> Self {
		let mut matches = Self::random(fine, random);
		for target in &fine.targets {
			let (x, y) = (target % fine.width - RADIUS, target / fine.width - RADIUS);
			let parent = (y / 2 + RADIUS) * coarse.width + x / 2 + RADIUS;
			let Some(source) = self.source(parent) else { continue };
			let column = (source % coarse.width - RADIUS) * 2 + x % 2 + RADIUS;
			let row = (source / coarse.width - RADIUS) * 2 + y % 2 + RADIUS;
			matches.nearest[*target] = (row * fine.width + column) as u32;
			matches.distance[*target] = self.distance[parent];
		}
		matches
	}

	/// Looks for better sources for `targets`, which are in order, in as many passes.
	pub fn improve(
		&mut self,
		level: &Level,
		targets: &[usize],
		passes: usize,
		random: &mut Random,
	) {
		for target in targets {
			let source = self.nearest[*target] as usize;
			self.distance[*target] = difference(level, *target, source, f32::MAX);
		}
		for pass in 0..passes {
			if pass % 2 == 0 {
				for target in targets {
					self.improve_one(level, *target, Direction::Forward, random);
				}
			} else {
				for target in targets.iter().rev() {
					self.improve_one(level, *target, Direction::Backward, random);
				}
			}
		}
	}

	/// Propagation and random search (section 3.2 of the paper).
	fn improve_one(
		&mut self,
		level: &Level,
		target: usize,
		direction: Direction,
		random: &mut Random,
	) {
		for step in [1, level.width] {
			let (neighbour, back) = match direction {
				Direction::Forward => (target - step, step as isize),
				Direction::Backward => (target + step, -(step as isize)),
			};
			if self.nearest[neighbour] != NONE {
				let source = self.nearest[neighbour] as usize;
				self.try_source(level, target, source.wrapping_add_signed(back));
			}
		}
		let mut reach = level.longer_side() as u32 / 2;
		while reach > 0 {
			let source = self.nearest[target] as usize;
			let mut moved = |position: usize| {
				(position + random.below(2 * reach + 1) as usize).checked_sub(reach as usize)
			};
			let (x, y) = (moved(source % level.width), moved(source / level.width));
			if let (Some(x), Some(y)) = (x.filter(|x| *x < level.width), y) {
				self.try_source(level, target, y * level.width + x);
			}
			reach /= 2;
		}
	}

	/// Takes `source` for `target` if it is one and is better.
	fn try_source(&mut self, level: &Level, target: usize, source: usize) {
		if !level.is_source.get(source).is_some_and(|is_source| *is_source) {
			return;
		}
		let difference = difference(level, target, source, self.distance[target]);
		if difference < self.distance[target] {
			self.nearest[target] = source as u32;
			self.distance[target] = difference;
		}
	}

	/// The source for a cell, if it is a target.
	pub fn source(&self, cell: usize) -> Option<usize> {
		(self.nearest[cell] != NONE).then_some(self.nearest[cell] as usize)
	}
}

/// How much two patches differ; if that is more than `limit`, any number above it.
fn difference(level: &Level, target: usize, source: usize, limit: f32) -> f32 {
	let mut sum = 0.0;
	for (target, source) in level.patch_rows(target).zip(level.patch_rows(source)) {
		let cells = level.colours[target.clone()].iter().zip(&level.colours[source]);
		let mut channels = [0.0; 4];
		for ((left, right), confidence) in cells.zip(&level.confidence[target]) {
			for channel in 0..4 {
				let difference = left[channel] - right[channel];
				channels[channel] += difference * difference * confidence;
			}
		}
		sum += channels.iter().sum::<f32>();
		if sum > limit {
			break;
		}
	}
	sum
}
