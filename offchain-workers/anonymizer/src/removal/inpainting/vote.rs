//! What the patches found agree upon.

use super::{level::Level, patch_match::Matches};

/// Which of the differences between patches, in order, counts as large (Wexler et al., section 3.1).
const QUANTILE: f32 = 0.5;
/// Least similarity, so that there is always something to vote.
const MIN_SIMILARITY: f32 = 1e-20;

/// Gives each missing cell the mean of the colours that the patches about it have found for it. Patches
/// that are similar to what they found, and those that reach far into what is known, count most.
pub(super) fn vote(level: &mut Level, matches: &Matches) {
	let weights = weights(level, matches);
	let missing: Vec<_> =
		level.targets.iter().copied().filter(|cell| level.is_missing(*cell)).collect();
	for cell in missing {
		let (mut sum, mut total) = ([0.0; 4], 0.0);
		for centre in level.patch_rows(cell).flatten() {
			let Some(source) = matches.source(centre) else { continue };
			let weight = weights[centre];
			let colour = level.colours[source + cell - centre];
			total += weight;
			for (sum, value) in sum.iter_mut().zip(colour) {
				*sum += weight * value;
			}
		}
		level.colours[cell] = sum.map(|value| value / total);
	}
}

/// How much each patch counts.
fn weights(level: &Level, matches: &Matches) -> Vec<f32> {
	let mut weights = vec![0.0; level.colours.len()];
	for target in &level.targets {
		let confidence: f32 =
			level.patch_rows(*target).map(|row| level.confidence[row].iter().sum::<f32>()).sum();
		weights[*target] = matches.distance[*target] / confidence;
	}
	let mut differences: Vec<_> = level.targets.iter().map(|target| weights[*target]).collect();
	let large = (differences.len() as f32 * QUANTILE) as usize;
	let (_, variance, _) = differences.select_nth_unstable_by(large, f32::total_cmp);
	let variance = variance.max(1.0);
	for target in &level.targets {
		let similarity = (-weights[*target] / (2.0 * variance)).exp().max(MIN_SIMILARITY);
		weights[*target] = similarity * level.confidence[*target];
	}
	weights
}
