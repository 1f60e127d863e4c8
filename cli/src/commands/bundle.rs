//! `msec bundle`

use super::{
	arguments::parse_id,
	context::{fields, table, Context},
	demand::purchase_keys,
	order::{order_at, state_name, state_text, wait_for_delivery},
};
use anyhow::{anyhow, bail, Result};
use clap::{Args, Subcommand};
use codec::Encode;
use msec::{ids, market, Amount};
use msec_worker_common::{
	chain::{
		runtime, runtime::runtime_types::pallet_marketplace::types as market_types, BlockClient,
		BoundedVec, Bundle, BundleMember, BundleOffer,
	},
	transactions::TransactionError,
	AccountId32, H256,
};
use serde_json::{json, Value};

/// Most listings of one bundle.
const MAX_MEMBERS: usize = 8;

pub const LONG_ABOUT: &str = "\
Listings that are sold together at one price.

An owner says what each of two to eight listings costs as a part of the bundle:
    msec bundle create LISTING:2 LISTING:1.5

A buyer pays the sum and has one order for each, all or none of them; from then on each is fetched, \
confirmed or disputed by itself:
    msec bundle list
    msec bundle buy BUNDLE --wait
    msec fetch ORDER -o readings.csv";

#[derive(Subcommand)]
pub enum BundleCommand {
	/// Sell listings of one's own together.
	Create(Create),
	/// Show bundles: all, or somebody's.
	List(List),
	/// Show a bundle, and what it costs now.
	Show(BundleArgument),
	/// Buy all listings of a bundle.
	Buy(Buy),
	/// Remove a bundle; its deposit returns, its listings stay, its orders go on.
	Retire(BundleArgument),
}

#[derive(Args)]
pub struct BundleArgument {
	/// The bundle's identifier; see `msec bundle list`.
	#[arg(value_parser = parse_id)]
	bundle: H256,
}

#[derive(Args)]
pub struct Create {
	/// A listing, and what it costs in MSEC as a part of the bundle; at least two.
	#[arg(value_name = "LISTING:MSEC", value_parser = parse_member, num_args = 2..=MAX_MEMBERS)]
	#[arg(required = true)]
	members: Vec<BundleMember>,
}

#[derive(Args)]
pub struct List {
	/// Whose bundles [default: everybody's].
	#[arg(long, value_name = "ACCOUNT")]
	of: Option<String>,
}

#[derive(Args)]
pub struct Buy {
	/// The bundle's identifier; see `msec bundle list`.
	#[arg(value_parser = parse_id)]
	bundle: H256,
	/// Who may read, confirm and dispute [default: who pays].
	#[arg(long, value_name = "ACCOUNT")]
	beneficiary: Option<String>,
	/// Highest price in MSEC [default: the bundle's price].
	#[arg(long, value_name = "MSEC")]
	max_price: Option<Amount>,
	/// Wait until all keys are delivered.
	#[arg(long)]
	wait: bool,
}

fn parse_member(text: &str) -> Result<BundleMember, String> {
	let (listing, share) =
		text.split_once(':').ok_or("write a listing and its price like LISTING:2.5")?;
	let Amount(share) = share.parse().map_err(|error| format!("{error}"))?;
	Ok(BundleMember { listing: parse_id(listing)?, share })
}

impl BundleCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Create(create) => create.run(context).await,
			Self::List(list) => list.run(context).await,
			Self::Show(BundleArgument { bundle }) => show(context, &bundle).await,
			Self::Buy(buy) => buy.run(context).await,
			Self::Retire(BundleArgument { bundle }) => {
				let submitter = context.submitter().await?;
				let call = runtime::transactions().marketplace().retire_bundle(bundle);
				context.execute_once(&submitter, "retire-bundle", &call).await?;
				let bundle = ids::hash_text(&bundle.0);
				let value = json!({ "bundle": bundle, "status": "retired" });
				context.print(&value, || format!("{bundle} is retired"));
				Ok(())
			},
		}
	}
}

impl Create {
	async fn run(self, context: &Context) -> Result<()> {
		let submitter = context.submitter().await?;
		let owner = submitter.key().account_id();
		let words: Vec<_> =
			self.members.iter().map(|member| (member.listing, member.share)).collect();
		let fingerprint = ids::fingerprint("bundle", &owner, &words.encode());
		let salt = context.choose(&fingerprint)?;
		let id = ids::bundle(&owner, &salt);
		let members = self
			.members
			.iter()
			.map(|BundleMember { listing, share }| market_types::BundleMember {
				listing: *listing,
				share: *share,
			})
			.collect();
		let call = runtime::transactions().marketplace().create_bundle(salt, BoundedVec(members));
		let key = format!("bundle/{}", ids::hash_text(&id.0));
		let done = context.execute(&submitter, &key, &call).await;
		context.end_unless_unknown(&fingerprint, &done)?;
		done?;
		show(context, &id).await
	}
}

impl List {
	async fn run(self, context: &Context) -> Result<()> {
		let owner = self.of.as_deref().map(|account| context.address(account)).transpose()?;
		let (_, block) = context.finalized().await?;
		let found = market::bundles(&block, owner.as_ref()).await?;
		let values: Vec<_> = found.iter().map(|(id, bundle)| value_of(id, bundle)).collect();
		context.print(&json!(values), || {
			let rows: Vec<_> = found
				.iter()
				.map(|(id, bundle)| {
					vec![
						ids::hash_text(&id.0),
						bundle.members.len().to_string(),
						Amount(bundle.price()).to_string(),
						bundle.owner.to_string(),
					]
				})
				.collect();
			table(&["BUNDLE", "LISTINGS", "PRICE", "OWNER"], &rows)
		});
		Ok(())
	}
}

impl Buy {
	async fn run(self, context: &Context) -> Result<()> {
		let submitter = context.submitter().await?;
		let block = submitter.chain().finalized().await?;
		let bundle = bundle_at(&block, &self.bundle).await?;
		let offer = offer_at(&block, &self.bundle, &bundle).await?;
		let max_price = self.max_price.unwrap_or(Amount(offer.price));
		if offer.price > max_price.0 {
			bail!("the price is {}, more than {max_price}", Amount(offer.price));
		}
		let payer = submitter.key().account_id();
		let other = self.beneficiary.as_deref().map(|name| context.address(name)).transpose()?;
		let beneficiary = other.unwrap_or(payer);
		context.note(describe(&self.bundle, &bundle, true));
		context.confirm(&format!("Buy for {}?", Amount(offer.price)))?;

		let words = (self.bundle, beneficiary).encode();
		let fingerprint = ids::fingerprint("buy-bundle", &payer, &words);
		let purchase = context.choose(&fingerprint)?;
		// Without these secrets the orders would be worthless; they are on disk before anything is paid.
		let count = u32::try_from(bundle.members.len())?;
		let buyer_keys = purchase_keys(context, &purchase, count)?;
		let orders = order_ids(&bundle, &beneficiary, &buyer_keys);
		let call = runtime::transactions().marketplace().buy_bundle(
			self.bundle,
			offer.terms_hash,
			max_price.0,
			other,
			BoundedVec(buyer_keys),
		);
		let key = format!("buy-bundle/{}", ids::hash_text(&purchase.0));
		let done = context.execute(&submitter, &key, &call).await;
		context.end_unless_unknown(&fingerprint, &done)?;
		if let Err(TransactionError::Failed { .. } | TransactionError::Rejected(_)) = &done {
			context.home().forget_demand(&purchase)?;
		}
		done?;
		if self.wait {
			for order in &orders {
				wait_for_delivery(context, submitter.chain(), order, 0).await?;
			}
		}
		let block = submitter.chain().finalized().await?;
		print_bought(context, &block, &self.bundle, &orders).await
	}
}

/// Which orders a purchase opens.
fn order_ids(bundle: &Bundle, beneficiary: &AccountId32, buyer_keys: &[[u8; 32]]) -> Vec<H256> {
	let members = bundle.members.iter().zip(buyer_keys);
	members.map(|(member, key)| ids::order(&member.listing, beneficiary, key)).collect()
}

async fn print_bought(
	context: &Context,
	block: &BlockClient,
	bundle: &H256,
	orders: &[H256],
) -> Result<()> {
	let (mut values, mut rows) = (Vec::new(), Vec::new());
	for id in orders {
		let order = order_at(block, id).await?;
		let (id, listing) = (ids::hash_text(&id.0), ids::hash_text(&order.listing.0));
		values.push(json!({
			"order": id,
			"listing": listing,
			"price": order.price.to_string(),
			"state": state_name(&order.state),
		}));
		rows.push(vec![id, Amount(order.price).to_string(), state_text(&order.state)]);
	}
	let value = json!({ "bundle": ids::hash_text(&bundle.0), "orders": values });
	context.print(&value, || table(&["ORDER", "PRICE", "STATE"], &rows));
	Ok(())
}

async fn bundle_at(block: &BlockClient, id: &H256) -> Result<Bundle> {
	let bundle = block.bundle(&id.0).await?;
	bundle.ok_or_else(|| anyhow!("there is no such bundle; one that was retired is gone"))
}

/// What the bundle's buyer signs for, when it is for the terms that the listings have.
async fn offer_at(block: &BlockClient, id: &H256, bundle: &Bundle) -> Result<BundleOffer> {
	let offer = block.bundle_offer(&id.0).await?;
	let offer = offer.ok_or_else(|| {
		anyhow!("a listing is paused or retired, or its device is not trusted; the bundle is not for sale")
	})?;
	let mut hashes = Vec::new();
	for member in &bundle.members {
		let listing = block.listing(&member.listing.0).await?;
		let listing = listing.ok_or_else(|| anyhow!("a listing of the bundle is retired"))?;
		hashes.push(listing.terms.hash());
	}
	if bundle.terms_hash(&hashes) != offer.terms_hash || bundle.price() != offer.price {
		bail!("the node shows another offer than the chain would hold you to; use another node");
	}
	Ok(offer)
}

async fn show(context: &Context, id: &H256) -> Result<()> {
	let (_, block) = context.finalized().await?;
	let bundle = bundle_at(&block, id).await?;
	let is_for_sale = block.bundle_offer(&id.0).await?.is_some();
	let mut value = value_of(id, &bundle);
	value["for_sale"] = json!(is_for_sale);
	context.print(&value, || describe(id, &bundle, is_for_sale));
	Ok(())
}

fn value_of(id: &H256, bundle: &Bundle) -> Value {
	let member = |member: &BundleMember| json!({ "listing": ids::hash_text(&member.listing.0), "share": member.share.to_string() });
	let members: Vec<_> = bundle.members.iter().map(member).collect();
	json!({
		"bundle": ids::hash_text(&id.0),
		"owner": bundle.owner.to_string(),
		"price": bundle.price().to_string(),
		"members": members,
	})
}

fn describe(id: &H256, bundle: &Bundle, is_for_sale: bool) -> String {
	let for_sale = match is_for_sale {
		true => "yes",
		false => "no, a listing is paused or retired, or its device is not trusted",
	};
	let text = fields(&[
		("bundle", ids::hash_text(&id.0)),
		("price", Amount(bundle.price()).to_string()),
		("for sale", for_sale.to_owned()),
		("seller", bundle.owner.to_string()),
	]);
	let member = |member: &BundleMember| {
		vec![ids::hash_text(&member.listing.0), Amount(member.share).to_string()]
	};
	let rows: Vec<_> = bundle.members.iter().map(member).collect();
	format!("{text}\n\n{}", table(&["LISTING", "OF IT"], &rows))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn members_are_read() {
		let listing = format!("0x{}", "ab".repeat(32));
		let member = BundleMember { listing: H256([0xab; 32]), share: 1_500_000_000_000 };
		assert_eq!(parse_member(&format!("{listing}:1.5")), Ok(member));
		for text in [&listing[..], &format!("{listing}:"), &format!("{listing}:x"), "0x12:1"] {
			assert!(parse_member(text).is_err(), "{text}");
		}
	}
}
