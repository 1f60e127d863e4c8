//! Numbers that look random and are always the same.

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
#[derive(Default)]
pub(super) struct Random {
	state: u64,
}

impl Random {
	/// A number from 0 to just below `limit`, which is not 0.
	pub fn below(&mut self, limit: u32) -> u32 {
		(((self.next() >> 32) * u64::from(limit)) >> 32) as u32
	}

	fn next(&mut self) -> u64 {
		self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		mixed ^ (mixed >> 31)
	}
}
