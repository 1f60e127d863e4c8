//! What the chain says of money: balances, and the fees that its events tell of.

use msec_worker_common::{
	chain::{runtime, ChainClient, Config},
	AccountId32,
};
use std::{collections::BTreeMap, ops::AddAssign};
use subxt::events::{DecodeAsEvent, Events};

/// One MSEC in the smallest unit.
pub const MSEC: u128 = 1_000_000_000_000;
/// What each development account has in the first block.
pub const ENDOWMENT: u128 = 1_000_000 * MSEC;
/// What the treasury has in the first block.
pub const TREASURY_ENDOWMENT: u128 = 1_000 * MSEC;

/// What happened to money in all blocks up to one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
	/// Transaction fees by who paid them.
	pub fees: BTreeMap<[u8; 32], u128>,
	/// How many orders were opened, delivered, settled and refunded.
	pub orders: Orders,
	/// How many quotes of devices were accepted.
	pub quotes: usize,
	/// Height of the last block.
	pub height: u64,
}

/// Numbers of events of the market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
	/// Opened.
	pub opened: usize,
	/// Delivered.
	pub delivered: usize,
	/// Settled.
	pub settled: usize,
	/// Refunded.
	pub refunded: usize,
}

impl Ledger {
	/// Reads the events of all finalized blocks.
	pub async fn read(chain: &ChainClient) -> Self {
		let last = chain.finalized().await.expect("the node answers");
		let mut ledger = Self { height: last.number(), ..Self::default() };
		for number in 1..=ledger.height {
			let block = chain.at_number(number).await.expect("the node has its blocks");
			let events = block.inner().events().fetch().await.expect("blocks have events");
			ledger.add(&events);
		}
		ledger
	}

	/// All transaction fees that `account` paid.
	pub fn fees_of(&self, account: &AccountId32) -> u128 {
		self.fees.get(&account.0).copied().unwrap_or_default()
	}

	/// All transaction fees.
	pub fn all_fees(&self) -> u128 {
		self.fees.values().sum()
	}

	fn add(&mut self, events: &Events<Config>) {
		use runtime::{
			attestation::events as attestation, marketplace::events as market,
			transaction_payment::events as payment,
		};
		for paid in events.find::<payment::TransactionFeePaid>() {
			let paid = paid.expect("events decode");
			self.fees.entry(paid.who.0).or_default().add_assign(paid.actual_fee);
		}
		self.orders.opened += count::<market::OrderOpened>(events);
		self.orders.delivered += count::<market::Delivered>(events);
		self.orders.settled += count::<market::Settled>(events);
		self.orders.refunded += count::<market::Refunded>(events);
		self.quotes += count::<attestation::QuoteAppraised>(events);
	}
}

fn count<E: DecodeAsEvent>(events: &Events<Config>) -> usize {
	events.find::<E>().count()
}

/// Everything that `account` has at the last finalized block, held or free.
pub async fn total(chain: &ChainClient, account: &AccountId32) -> u128 {
	let block = chain.finalized().await.expect("the node answers");
	let account = block.account(account).await.expect("the node answers");
	account.free + account.held
}

/// Where fees go: the account of the pallet with the id `msec/trs`.
pub fn treasury() -> AccountId32 {
	let mut account = [0; 32];
	let name = b"modlmsec/trs";
	account[..name.len()].copy_from_slice(name);
	AccountId32(account)
}

/// All money there is at the last finalized block.
pub async fn issuance(chain: &ChainClient) -> u128 {
	let block = chain.finalized().await.expect("the node answers");
	let entry = runtime::storage().balances().total_issuance();
	let entry = block.inner().storage().entry(entry).expect("the chain has balances");
	entry.fetch(()).await.expect("the node answers").decode().expect("an amount decodes")
}
