//! `msec balance` and `msec transfer`

use super::context::{fields, Context};
use anyhow::Result;
use clap::Args;
use msec::{ids, Amount};
use msec_worker_common::{chain::runtime, H256};
use serde_json::json;

#[derive(Args)]
pub struct Balance {
	/// Whose [default: the account that signs].
	account: Option<String>,
}

#[derive(Args)]
pub struct Transfer {
	/// To whom.
	to: String,
	/// How much, in MSEC.
	amount: Amount,
	/// A reference of 32 bytes that goes with it, as 0x-hex. Everybody can see it.
	#[arg(long, value_name = "HEX", value_parser = super::arguments::parse_id)]
	reference: Option<H256>,
}

impl Balance {
	pub async fn run(self, context: &Context) -> Result<()> {
		let account = match &self.account {
			Some(account) => context.address(account)?,
			None => context.account_address()?,
		};
		let (_, block) = context.finalized().await?;
		let found = block.account(&account).await?;
		let value = json!({
			"account": account.to_string(),
			"free": found.free.to_string(),
			"held": found.held.to_string(),
		});
		context.print(&value, || {
			fields(&[
				("account", account.to_string()),
				("free", Amount(found.free).to_string()),
				("held", format!("{} (deposits and open orders)", Amount(found.held))),
			])
		});
		Ok(())
	}
}

impl Transfer {
	pub async fn run(self, context: &Context) -> Result<()> {
		let to = context.address(&self.to)?;
		let submitter = context.submitter().await?;
		context.confirm(&format!("Send {} to {to}?", self.amount))?;
		let Amount(amount) = self.amount;
		let done = match self.reference {
			Some(reference) => {
				let call =
					runtime::transactions().token().transfer_with_reference(to, amount, reference);
				context.execute_once(&submitter, "transfer", &call).await?
			},
			None => {
				let call =
					runtime::transactions().balances().transfer_keep_alive(to.into(), amount);
				context.execute_once(&submitter, "transfer", &call).await?
			},
		};
		let value = json!({
			"to": to.to_string(),
			"amount": amount.to_string(),
			"transaction": ids::hash_text(&done.transaction_hash.0),
			"block": done.block_number,
		});
		context.print(&value, || {
			format!("{} went to {to} in block {}", self.amount, done.block_number)
		});
		Ok(())
	}
}
