//! How large the state is, and how much of it deposits pay for.

use msec_end_to_end::throughput::chains::Chain;
use msec_worker_common::{
	chain::runtime::{
		self,
		runtime_types::{
			msec_runtime::RuntimeHoldReason, pallet_demands::pallet::HoldReason as DemandReason,
			pallet_marketplace::pallet::HoldReason as MarketReason,
		},
	},
	AccountId32,
};
use serde_json::{json, Value};
use sp_crypto_hashing::twox_128;

/// The pallets whose state grows with the market.
const PALLETS: [&str; 4] = ["Marketplace", "Demands", "AccessControl", "Balances"];

/// What an item takes as a deposit besides its bytes, and what each byte takes, in the smallest unit.
const DEPOSIT_PER_ITEM: u128 = 10_000_000_000;
const DEPOSIT_PER_BYTE: u128 = 100_000_000;

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

/// What `account` has deposited for items of the market in the last finalized block.
pub async fn deposited(chain: &Chain, account: &AccountId32) -> anyhow::Result<u128> {
	let block = chain.client.finalized().await?;
	let holds = block.inner().storage().entry(runtime::storage().balances().holds())?;
	let holds = holds.fetch((*account,)).await?.decode()?;
	let is_deposit = |reason: &RuntimeHoldReason| {
		matches!(
			reason,
			RuntimeHoldReason::Marketplace(MarketReason::StorageDeposit)
				| RuntimeHoldReason::Demands(DemandReason::StorageDeposit)
		)
	};
	Ok(holds.0.iter().filter(|hold| is_deposit(&hold.id)).map(|hold| hold.amount).sum())
}

/// For how many bytes a deposit for one item pays.
pub fn bytes_paid_by(deposit: u128) -> f64 {
	deposit.saturating_sub(DEPOSIT_PER_ITEM) as f64 / DEPOSIT_PER_BYTE as f64
}

/// Bytes behind hexadecimal digits after `0x`.
fn length(text: &Value) -> usize {
	text.as_str().map_or(0, |digits| (digits.len() - 2) / 2)
}
