//! The accounts that send.

use msec_worker_common::AccountId32;
use std::ops::Range;
use subxt_signer::sr25519::Keypair;

/// All accounts of a benchmark. They are in the genesis of its chains. Each load has some of its own, so
/// that all begin with nonce 0.
pub struct Accounts {
	keys: Vec<Keypair>,
	per_scene: usize,
}

impl Accounts {
	/// `per_scene` accounts for each of so many loads.
	pub fn new(scenes: usize, per_scene: usize) -> Self {
		let keys = (0..scenes * per_scene).map(key).collect();
		Self { keys, per_scene }
	}

	/// The accounts of one load.
	pub fn of_scene(&self, scene: usize) -> &[Keypair] {
		let start = scene * self.per_scene;
		let range: Range<usize> = start..start + self.per_scene;
		&self.keys[range]
	}

	/// The addresses of all.
	pub fn addresses(&self) -> impl Iterator<Item = AccountId32> + '_ {
		self.keys.iter().map(address)
	}
}

/// The account that a key signs for.
pub fn address(key: &Keypair) -> AccountId32 {
	AccountId32(key.public_key().0)
}

fn key(index: usize) -> Keypair {
	let mut seed = [0; 32];
	seed[..12].copy_from_slice(b"market bench");
	seed[24..].copy_from_slice(&(index as u64).to_le_bytes());
	Keypair::from_secret_key(seed).expect("any 32 bytes are a seed of sr25519; qed")
}
