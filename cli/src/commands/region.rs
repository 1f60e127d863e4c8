//! `msec region`

use super::context::Context;
use anyhow::Result;
use clap::Subcommand;
use msec_worker_common::chain::{
	protection::{parse_region, Region},
	runtime,
};
use serde_json::json;

#[derive(Subcommand)]
pub enum RegionCommand {
	/// Say where the account that signs is: data that is protected goes only where that is allowed.
	Declare {
		/// A country's two capital letters (ISO 3166-1), or EU for the European Economic Area.
		#[arg(value_parser = parse_region)]
		region: Region,
	},
	/// Say so no longer; the deposit returns.
	Clear,
	/// Show where an account says it is.
	Show {
		/// Which [default: the one that signs].
		account: Option<String>,
	},
}

impl RegionCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		let region = match self {
			Self::Declare { region } => Some(region),
			Self::Clear => None,
			Self::Show { account } => return show(context, account.as_deref()).await,
		};
		let submitter = context.submitter().await?;
		let call = runtime::transactions().access_control().declare_region(region);
		context.execute_once(&submitter, "region", &call).await?;
		show(context, None).await
	}
}

async fn show(context: &Context, account: Option<&str>) -> Result<()> {
	let account = match account {
		Some(account) => context.address(account)?,
		None => context.account_address()?,
	};
	let (_, block) = context.finalized().await?;
	let region = block.region(&account).await?;
	let value = json!({ "account": account.to_string(), "region": region });
	context.print(&value, || match &region {
		Some(region) => format!("{account} says it is in {region}"),
		None => format!("{account} does not say where it is"),
	});
	Ok(())
}
