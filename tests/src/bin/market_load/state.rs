//! How large the state is.

use crate::chains::Chain;
use serde_json::{json, Value};
use sp_crypto_hashing::twox_128;

/// The pallets whose state grows with the market.
const PALLETS: [&str; 3] = ["Marketplace", "AccessControl", "Balances"];

/// Bytes of all items of the market in the best block, keys included.
pub async fn bytes(chain: &Chain) -> usize {
	let mut sum = 0;
	for pallet in PALLETS {
		let prefix = format!("0x{}", hex::encode(twox_128(pallet.as_bytes())));
		let pairs = chain.ask("state_getPairs", json!([prefix])).await;
		let pairs = pairs.as_array().expect("pairs are a list");
		sum += pairs.iter().map(|pair| length(&pair[0]) + length(&pair[1])).sum::<usize>();
	}
	sum
}

/// Bytes behind hexadecimal digits after `0x`.
fn length(text: &Value) -> usize {
	text.as_str().map_or(0, |digits| (digits.len() - 2) / 2)
}
