//! `msec buy`, `msec orders` and everything about one order.

use super::{
	access::PurposeArgument,
	arguments::{parse_id, Period},
	complaint,
	context::{fields, table, Context},
	dataset, listing,
	subscription::{self, Purchase},
	withheld,
};
use anyhow::{anyhow, bail, Context as _, Result};
use clap::{Args, Subcommand};
use codec::Encode;
use msec::{
	attested::Origin,
	dispute::{self, Ground},
	fetch::{self, FetchError},
	home::OrderRecord,
	ids, market,
	posted::Posted,
	stores::Stores,
	Amount,
};
use msec_commitments::{EnvelopeSecret, Hash, KeyCover};
use msec_worker_common::{
	chain::{
		runtime, BlockClient, ChainClient, Listing, Order, OrderState, RangeCommitment,
		RefundReason, Right,
	},
	keys::{generate_envelope_secret, AccountKey},
	transactions::{Submitter, TransactionError},
	AccountId32, H256,
};
use serde_json::{json, Value};
use std::{path::PathBuf, sync::Arc, time::Duration};
use subxt::utils::Static;

/// How often a waiting command looks at the chain.
const POLL: Duration = Duration::from_secs(1);

#[derive(Args)]
pub struct Buy {
	/// The listing's identifier; see `msec search`.
	#[arg(value_parser = parse_id)]
	listing: H256,
	/// Who may read, confirm and dispute [default: who pays].
	#[arg(long, value_name = "ACCOUNT")]
	beneficiary: Option<String>,
	/// Highest price in MSEC [default: the listing's price].
	#[arg(long, value_name = "MSEC")]
	max_price: Option<Amount>,
	#[command(flatten)]
	way: subscription::Way,
	/// Wait until the key is delivered.
	#[arg(long)]
	wait: bool,
	/// Only show what would be bought and for how much.
	#[arg(long)]
	dry_run: bool,
	/// Only make and keep the order's key; a wallet buys with it, and this command fetches.
	#[arg(long, conflicts_with_all = ["dry_run", "wait"])]
	prepare: bool,
}

#[derive(Args)]
pub struct OrderArgument {
	/// The order's identifier; see `msec orders`.
	#[arg(value_parser = parse_id)]
	pub order: H256,
}

#[derive(Args)]
pub struct Wait {
	/// The order's identifier; see `msec orders`.
	#[arg(value_parser = parse_id)]
	order: H256,
	/// Wait until a subscription has the keys of so many batches.
	#[arg(long, value_name = "NUMBER", default_value_t = 0)]
	batches: u32,
}

#[derive(Args)]
pub struct Orders {
	/// Whose orders [default: those of the account that signs].
	#[arg(long, value_name = "ACCOUNT")]
	of: Option<String>,
}

#[derive(Subcommand)]
pub enum OrderCommand {
	/// Show an order.
	Show(OrderArgument),
	/// Wait until an order's key is delivered.
	Wait(Wait),
	/// Deliver the key of an order as the seller; a key agent does this by itself.
	Deliver(OrderArgument),
	/// Demand that a chunk which the stores withhold be posted on the chain.
	Challenge(withheld::ChallengeOrder),
	/// Post the chunks of an order that were challenged; a key agent does this by itself.
	Answer(OrderArgument),
	/// Put to the arbiters what cannot be proved, such as that the readings are false.
	Complain(complaint::Evidence),
	/// Contradict a complaint as the seller.
	Respond(complaint::Evidence),
	/// End a complaint that nobody responded to, or the arbiters did not decide, in time.
	Conclude(OrderArgument),
	/// Give an order back whose key is not there yet, such as one that a demand opened.
	Reject(OrderArgument),
	/// Add periods to a subscription.
	Extend(subscription::Extend),
	/// End a subscription at once: what was used is paid, the rest comes back.
	End(OrderArgument),
	/// Have paid what a subscription has earned, or charge readings that were delivered, as the seller.
	Claim(subscription::Claim),
}

#[derive(Args)]
pub struct Fetch {
	/// The order's identifier; see `msec orders`.
	#[arg(value_parser = parse_id)]
	order: H256,
	/// The new CSV file. Where columns change within the data, more files are made: FILE-2 and so on.
	#[arg(short, long, value_name = "FILE")]
	out: PathBuf,
	/// What it is for, where the person whom the data is about consents to some purposes only.
	#[arg(long, value_enum)]
	purpose: Option<PurposeArgument>,
}

impl Buy {
	pub async fn run(self, context: &Context) -> Result<()> {
		let submitter = context.submitter().await?;
		let block = submitter.chain().finalized().await?;
		let offer = block.listing(&self.listing.0).await?;
		let offer = offer.ok_or_else(|| anyhow!("there is no such listing"))?;
		if !offer.active {
			bail!("the listing is paused; its owner does not sell for the time being");
		}
		if offer.terms.hash() != offer.terms_hash {
			bail!("the node shows other terms than the chain would hold you to; use another node");
		}
		listing::ensure_device_trusted(&block, &offer.terms).await?;
		let payer = submitter.key().account_id();
		let beneficiary = match &self.beneficiary {
			Some(account) => context.address(account)?,
			None => payer,
		};
		let purchase = self.way.of(&offer.terms.pricing)?;
		let price = purchase.price(&offer.terms.pricing);
		let max_price = self.max_price.map_or(price, |amount| amount.0);
		if price > max_price {
			bail!("the price is {}, more than {}", Amount(price), Amount(max_price));
		}
		let details = block.dataset(&offer.terms.dataset.0).await?;
		let Some(details) = details.filter(|details| !details.erased) else {
			bail!("the data set is erased; there is nothing to buy")
		};
		let batches = match offer.terms.right {
			Right::Read if details.batches == 0 => {
				bail!("the data set is empty; there is nothing to buy")
			},
			Right::Read => details.batches,
			Right::Use | Right::Act => 0,
		};
		let words = (self.listing, beneficiary, self.way.words()).encode();
		let fingerprint = ids::fingerprint("buy", &payer, &words);
		let (record, secret) = match self.begun(context, &fingerprint)? {
			Some(record) => (record, None),
			None => {
				let secret = generate_envelope_secret();
				(self.record(&beneficiary, &secret), Some(secret))
			},
		};
		let buyer_key = ids::parse_hash(&record.buyer_key).map_err(|error| anyhow!(error))?;
		let other = self.beneficiary.as_ref().map(|_| beneficiary);
		let (listing, terms_hash) = (self.listing, offer.terms_hash);
		let plan = Plan { offer, batches, price, record, secret, fingerprint };
		let market = runtime::transactions().marketplace();
		match purchase {
			Purchase::Once => {
				let call = market.buy(listing, terms_hash, max_price, other, buyer_key);
				self.conclude(context, &submitter, plan, &call).await
			},
			Purchase::Periods { periods, .. } => {
				let call =
					market.subscribe(listing, terms_hash, periods, max_price, other, buyer_key);
				self.conclude(context, &submitter, plan, &call).await
			},
			Purchase::Readings { amount, blocks } => {
				let call =
					market.open_allowance(listing, terms_hash, amount, blocks, other, buyer_key);
				self.conclude(context, &submitter, plan, &call).await
			},
		}
	}

	/// Shows what would be bought, and buys it when that is wanted.
	async fn conclude<Call: subxt::transactions::Payload>(
		self,
		context: &Context,
		submitter: &Submitter,
		plan: Plan,
		call: &Call,
	) -> Result<()> {
		let Plan { offer, batches, price, record, secret, fingerprint } = plan;
		let chain = submitter.chain().clone();
		let id = ids::parse_hash(&record.order).map(H256).map_err(|error| anyhow!(error))?;
		let fee = submitter.estimate_fee(call).await?;
		context.note(listing::describe(&self.listing, &offer, None));
		context.note(format!("batches              {batches}"));
		context.note(format!("transaction fee      {}, and a deposit that returns", Amount(fee)));
		if self.dry_run {
			let value = json!({
				"listing": ids::hash_text(&self.listing.0), "price": price.to_string(),
				"transaction_fee": fee.to_string(), "batches": batches,
			});
			context.print(&value, || format!("it would cost {}", Amount(price)));
			return Ok(());
		}
		if !self.prepare {
			context.confirm(&format!("Buy for {}?", Amount(price)))?;
		}
		// Without this secret the order would be worthless; it is on disk before anything is paid.
		if let Some(secret) = &secret {
			context.home().save_order(&record, secret, context.new_password()?)?;
		}
		if self.prepare {
			let value = json!({
				"order": record.order, "listing": record.listing, "buyer_key": record.buyer_key,
				"terms_hash": ids::hash_text(&offer.terms_hash.0), "price": price.to_string(),
			});
			context.print(&value, || dataset::text_of(&value));
			return Ok(());
		}
		context.home().begin(&fingerprint, &id)?;
		let done = context.execute(submitter, &format!("buy/{}", record.order), call).await;
		context.end_unless_unknown(&fingerprint, &done)?;
		if let Err(TransactionError::Failed { .. } | TransactionError::Rejected(_)) = &done {
			context.home().forget_order(&id)?;
		}
		done?;
		if self.wait {
			let order = wait_for_delivery(context, &chain, &id, 0).await?;
			context.print(&value_of(&id, &order), || describe(&id, &order));
			return Ok(());
		}
		let order = order_at(&chain.finalized().await?, &id).await?;
		context.print(&value_of(&id, &order), || {
			let next = match order.right {
				Right::Read => format!(
					"Fetch it when its key is delivered: msec fetch {} -o FILE.csv",
					record.order
				),
				Right::Use | Right::Act => {
					format!("Sign your requests with the account {}", order.beneficiary)
				},
			};
			format!("{}\n\n{next}", describe(&id, &order))
		});
		Ok(())
	}
}

/// What a purchase needs besides its call.
struct Plan {
	offer: Listing,
	batches: u32,
	price: u128,
	record: OrderRecord,
	/// Where it is new.
	secret: Option<EnvelopeSecret>,
	fingerprint: H256,
}

impl Buy {
	/// The order of a purchase that was interrupted.
	fn begun(&self, context: &Context, fingerprint: &H256) -> Result<Option<OrderRecord>> {
		if self.dry_run || self.prepare {
			return Ok(None);
		}
		let Some(order) = context.begun(fingerprint)? else { return Ok(None) };
		let order = ids::hash_text(&order.0);
		let known = context.home().orders()?;
		Ok(known.into_iter().map(|(_, record)| record).find(|record| record.order == order))
	}

	fn record(&self, beneficiary: &AccountId32, secret: &EnvelopeSecret) -> OrderRecord {
		let buyer_key = secret.public_key();
		OrderRecord {
			order: ids::hash_text(&ids::order(&self.listing, beneficiary, &buyer_key).0),
			listing: ids::hash_text(&self.listing.0),
			buyer_key: ids::hash_text(&buyer_key),
			beneficiary: beneficiary.to_string(),
		}
	}
}

impl Orders {
	pub async fn run(self, context: &Context) -> Result<()> {
		let account = match &self.of {
			Some(account) => context.address(account)?,
			None => context.account_address()?,
		};
		let (_, block) = context.finalized().await?;
		let orders = market::orders_of(&block, &account).await?;
		let values: Vec<_> = orders.iter().map(|(id, order)| value_of(id, order)).collect();
		context.print(&json!(values), || {
			let rows: Vec<_> = orders
				.iter()
				.map(|(id, order)| {
					vec![
						ids::hash_text(&id.0),
						role(order, &account).to_owned(),
						Amount(order.price).to_string(),
						state_text(&order.state),
					]
				})
				.collect();
			table(&["ORDER", "AS", "PRICE", "STATE"], &rows)
		});
		Ok(())
	}
}

impl OrderCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Show(OrderArgument { order: id }) => {
				let (_, block) = context.finalized().await?;
				show(context, &block, &id).await
			},
			Self::Wait(Wait { order: id, batches }) => {
				let chain = context.chain().await?;
				let order = wait_for_delivery(context, &chain, &id, batches).await?;
				context.print(&value_of(&id, &order), || describe(&id, &order));
				Ok(())
			},
			Self::Deliver(OrderArgument { order: id }) => {
				let submitter = context.submitter().await?;
				let order = order_at(&submitter.chain().finalized().await?, &id).await?;
				dataset::deliver(context, &submitter, &id, &order).await?;
				show(context, &submitter.chain().finalized().await?, &id).await
			},
			Self::Challenge(challenge) => challenge.run(context).await,
			Self::Answer(OrderArgument { order: id }) => withheld::answer(context, &id).await,
			Self::Complain(evidence) => evidence.complain(context).await,
			Self::Respond(evidence) => evidence.respond(context).await,
			Self::Conclude(order) => {
				let call = runtime::transactions().marketplace().conclude(order.order);
				order.end(context, "conclude", &call).await
			},
			Self::Reject(argument) => {
				let call = runtime::transactions().marketplace().reject(argument.order);
				argument.end(context, "reject", &call).await
			},
			Self::Extend(extend) => extend.run(context).await,
			Self::End(OrderArgument { order: id }) => subscription::end(context, id).await,
			Self::Claim(claim) => claim.run(context).await,
		}
	}
}

/// What a buyer needs to look into a delivery.
pub struct Delivery {
	chain: ChainClient,
	block: BlockClient,
	id: H256,
	/// What was bought.
	pub order: Order,
	envelope: Vec<u8>,
	secret: EnvelopeSecret,
}

impl Delivery {
	/// Looks up the order `id` and loads its secret.
	pub async fn new(context: &Context, chain: &ChainClient, id: &H256) -> Result<Self> {
		let block = chain.finalized().await?;
		let order = order_at(&block, id).await?;
		let envelope = block.envelope(&id.0).await?;
		let envelope = envelope.ok_or_else(|| undelivered(id, &order, block.number()))?;
		let secret = context.home().order_secret(id, &order.buyer_key, context.password()?)?;
		Ok(Self { chain: chain.clone(), block, id: *id, order, envelope, secret })
	}

	/// Opens the envelope, for which no store is needed.
	fn open(&self, id: &H256, genesis: &Hash) -> Result<KeyCover, fetch::EnvelopeFault> {
		fetch::open_envelope(id, &self.order, genesis, &self.envelope, &self.secret)
	}

	/// Where the data set lies; `key` signs the requests.
	pub async fn stores(&self, key: &Arc<AccountKey>) -> Result<Stores> {
		stores_of(&self.chain, &self.block, &self.id, &self.order, key).await
	}

	/// Opens the envelope, or says what to do about it.
	pub fn cover(&self, id: &H256, genesis: &Hash) -> Result<KeyCover> {
		self.open(id, genesis).map_err(|fault| advise(id, &FetchError::WrongEnvelope(fault)))
	}
}

/// Where the data set of an order lies, with what was posted of it; `key` signs the requests.
pub async fn stores_of(
	chain: &ChainClient,
	block: &BlockClient,
	id: &H256,
	order: &Order,
	key: &Arc<AccountKey>,
) -> Result<Stores> {
	let dataset = &order.dataset.0;
	let details = block.dataset(dataset).await?.filter(|details| !details.erased);
	let details = details.ok_or_else(|| anyhow!("the data set was erased"))?;
	let posted = Posted::read(chain, block, id, &order.range).await?;
	Ok(Stores::connect(block, dataset, &details, key).await?.with_posted(posted))
}

/// An error with the command that helps, for this order.
pub fn advise(id: &H256, error: &FetchError) -> anyhow::Error {
	anyhow!(error.to_string().replace("ORDER", &ids::hash_text(&id.0)))
}

fn undelivered(id: &H256, order: &Order, now: u64) -> anyhow::Error {
	if order.right != Right::Read {
		return anyhow!(
			"the order has no data; it is {}: sign your requests with the account {}",
			listing::right_text(order.right),
			order.beneficiary
		);
	}
	let id = ids::hash_text(&id.0);
	match order.state {
		OrderState::AwaitingDelivery if now > u64::from(order.deliver_by) => {
			anyhow!("the key was not delivered in time; get the money back: msec refund {id}")
		},
		OrderState::AwaitingDelivery => anyhow!(
			"the key is not delivered yet; it must be by block {}, now is {now}; wait for it: msec order wait {id}",
			order.deliver_by
		),
		_ => anyhow!("the order has ended ({}) and has no key", state_text(&order.state)),
	}
}

impl Fetch {
	pub async fn run(self, context: &Context) -> Result<()> {
		let key = context.account_key()?;
		let chain = context.chain().await?;
		let delivery = Delivery::new(context, &chain, &self.order).await?;
		let order = &delivery.order;
		let id = ids::hash_text(&self.order.0);
		let cover = delivery.cover(&self.order, &chain.genesis())?;
		let purpose = self.purpose.map(PurposeArgument::name);
		let stores = delivery.stores(&key).await?.for_purpose(purpose);
		let origin = Origin::of(&chain.finalized().await?, &order.dataset.0).await?;
		let bar = context.bar(order.range.batches.into(), false);
		bar.set_message("batches");
		let mut progress = |batches: u32| bar.set_position(batches.into());
		let (range, out) = (&order.range, &self.out);
		let files = fetch::fetch(&stores, &self.order, range, &cover, out, &mut progress).await;
		let files = files.map_err(|error| advise(&self.order, &error));
		bar.finish_and_clear();
		let files: Vec<_> = files?.iter().map(|path| path.display().to_string()).collect();
		let batches = order.range.batches;
		let value = json!({
			"order": id,
			"files": files,
			"batches": batches,
			"device": origin.device,
			"attested_batches": origin.attested,
		});
		context.print(&value, || {
			let next = match order.state {
				OrderState::Delivered { settle_after } => {
					format!("\nConfirm it (or dispute it until block {settle_after}): msec confirm {id}")
				},
				_ => String::new(),
			};
			let origin = match origin.device {
				Some(_) => format!("\n{}", origin.words(batches)),
				None => String::new(),
			};
			let files = files.join(", ");
			format!("{batches} batches, every chunk as committed to: {files}{origin}{next}")
		});
		Ok(())
	}
}

impl OrderArgument {
	pub async fn confirm(self, context: &Context) -> Result<()> {
		let call = runtime::transactions().marketplace().confirm(self.order);
		self.end(context, "confirm", &call).await
	}

	pub async fn settle(self, context: &Context) -> Result<()> {
		let call = runtime::transactions().marketplace().settle(self.order);
		self.end(context, "settle", &call).await
	}

	pub async fn refund(self, context: &Context) -> Result<()> {
		let call = runtime::transactions().marketplace().refund(self.order);
		self.end(context, "refund", &call).await
	}

	pub async fn prune(self, context: &Context) -> Result<()> {
		let submitter = context.submitter().await?;
		let call = runtime::transactions().marketplace().prune_order(self.order);
		context.execute_once(&submitter, "prune", &call).await?;
		let order = ids::hash_text(&self.order.0);
		context.print(&json!({ "order": order }), || format!("{order} is no longer on chain"));
		Ok(())
	}

	pub async fn dispute(self, context: &Context) -> Result<()> {
		let submitter = context.submitter().await?;
		let chain = submitter.chain().clone();
		let delivery = Delivery::new(context, &chain, &self.order).await?;
		let Delivery { order, envelope, secret, .. } = &delivery;
		let OrderState::Delivered { settle_after } = order.state else {
			bail!("there is nothing to dispute: {}", state_text(&order.state));
		};
		let now = chain.best().await?.number();
		if now > u64::from(settle_after) {
			bail!("the time to dispute ended with block {settle_after}, now is {now}");
		}
		let genesis = chain.genesis();
		let id = &self.order;
		let ground = match delivery.open(id, &genesis) {
			Ok(cover) => {
				let stores = delivery.stores(submitter.key()).await?;
				examine(context, &stores, &order.range, &cover).await?
			},
			Err(_) => Ground::Key(None),
		};
		ground.check(id, order, &genesis, envelope, secret)?;
		let reason = ground.describe();
		context.confirm(&format!(
			"Found: {reason}. Show the chain the proof, with the key it needs?"
		))?;
		match &ground {
			Ground::Key(proof) => {
				let call = runtime::transactions().marketplace().dispute_key(
					*id,
					*secret.to_bytes(),
					proof.clone().map(Static),
				);
				context.execute_once(&submitter, "dispute", &call).await?;
			},
			Ground::Data { proof, chunk_key, ciphertext } => {
				let call = runtime::transactions().marketplace().dispute_data(
					*id,
					Static(proof.clone()),
					*chunk_key.as_bytes(),
					dispute::encode_ciphertext(ciphertext),
				);
				context.execute_once(&submitter, "dispute", &call).await?;
			},
		}
		let order = order_at(&chain.finalized().await?, id).await?;
		let mut value = value_of(id, &order);
		value["ground"] = json!(reason);
		context.print(&value, || format!("{reason}\n\n{}", describe(id, &order)));
		Ok(())
	}

	async fn end<Call: subxt::transactions::Payload>(
		&self,
		context: &Context,
		verb: &str,
		call: &Call,
	) -> Result<()> {
		let submitter = context.submitter().await?;
		context.execute_once(&submitter, verb, call).await?;
		let order = order_at(&submitter.chain().finalized().await?, &self.order).await?;
		context.print(&value_of(&self.order, &order), || describe(&self.order, &order));
		Ok(())
	}
}

/// Looks for a ground for a dispute in what the stores have.
async fn examine(
	context: &Context,
	stores: &Stores,
	range: &RangeCommitment,
	cover: &KeyCover,
) -> Result<Ground> {
	let bar = context.bar(range.batches.into(), false);
	bar.set_message("batches examined");
	let mut progress = |batches: u32| bar.set_position(batches.into());
	let ground = dispute::find_ground(stores, range, cover, &mut progress).await;
	bar.finish_and_clear();
	ground?.ok_or_else(|| {
		anyhow!("everything that was delivered is what was committed to; there is no ground")
	})
}

pub async fn order_at(block: &BlockClient, id: &H256) -> Result<Order> {
	let order = block.order(&id.0).await.context("the order cannot be read")?;
	order.ok_or_else(|| anyhow!("there is no such order; see `msec orders`"))
}

/// Waits until the key of an order is there, and of a subscription the keys of so many batches.
pub async fn wait_for_delivery(
	context: &Context,
	chain: &ChainClient,
	id: &H256,
	batches: u32,
) -> Result<Order> {
	let spinner = context.spinner("waiting for the key");
	loop {
		let block = chain.finalized().await?;
		let order = order_at(&block, id).await?;
		match order.state {
			OrderState::AwaitingDelivery if block.number() > u64::from(order.deliver_by) => {
				return Err(undelivered(id, &order, block.number()));
			},
			OrderState::AwaitingDelivery => tokio::time::sleep(POLL).await,
			OrderState::Delivered { .. } if order.range.batches < batches => {
				tokio::time::sleep(POLL).await
			},
			OrderState::Refunded { .. } => bail!("the order ended: {}", state_text(&order.state)),
			OrderState::Settled { .. } | OrderState::Divided { .. }
				if order.range.batches < batches =>
			{
				bail!("the order ended with {} batches", order.range.batches)
			},
			OrderState::Delivered { .. }
			| OrderState::Settled { .. }
			| OrderState::Divided { .. } => {
				spinner.finish_and_clear();
				return Ok(order);
			},
		}
	}
}

fn role(order: &Order, account: &AccountId32) -> &'static str {
	match () {
		() if order.seller == *account => "seller",
		() if order.beneficiary == *account => "buyer",
		() => "payer",
	}
}

pub fn state_name(state: &OrderState) -> &'static str {
	match state {
		OrderState::AwaitingDelivery => "awaiting-delivery",
		OrderState::Delivered { .. } => "delivered",
		OrderState::Settled { .. } => "settled",
		OrderState::Refunded { .. } => "refunded",
		OrderState::Divided { .. } => "divided",
	}
}

pub fn state_text(state: &OrderState) -> String {
	match state {
		OrderState::AwaitingDelivery => "waits for its key".to_owned(),
		OrderState::Delivered { settle_after } => {
			format!("delivered, may be disputed until block {settle_after}")
		},
		OrderState::Settled { at } => format!("settled in block {at}"),
		OrderState::Refunded { at, reason } => {
			let reason = match reason {
				RefundReason::NotDelivered => "no key was delivered",
				RefundReason::Erased => "the data set was erased",
				RefundReason::Denied => "the owner excluded the buyer",
				RefundReason::WrongKey => "the key was wrong",
				RefundReason::WrongData => "the data was wrong",
				RefundReason::Withheld => "a chunk was withheld",
				RefundReason::NoResponse => "the seller did not respond to a complaint",
				RefundReason::Awarded => "a complaint was decided for the payer",
				RefundReason::Rejected => "the buyer gave it back",
			};
			format!("refunded in block {at}: {reason}")
		},
		OrderState::Divided { at } => format!("divided after a complaint, in block {at}"),
	}
}

/// Shows an order with its challenges and its complaint, and how far its subscription has come.
pub async fn show(context: &Context, block: &BlockClient, id: &H256) -> Result<()> {
	let order = order_at(block, id).await?;
	let challenges = block.challenges(&id.0).await?;
	let complaint = block.complaint(&id.0).await?;
	let running = block.subscription(&id.0).await?;
	let mut value = value_of(id, &order);
	value["challenges"] = challenges.iter().map(withheld::value_of).collect();
	value["complaint"] = complaint.as_ref().map(complaint::value_of).into();
	if let Some(running) = &running {
		value["subscription"] = subscription::value_of(running);
	}
	context.print(&value, || {
		let challenges = challenges.iter().map(withheld::describe);
		let complaint = complaint.iter().map(complaint::describe);
		let running = running.iter().map(subscription::describe);
		let lines = std::iter::once(describe(id, &order)).chain(running);
		let lines = lines.chain(challenges).chain(complaint);
		lines.collect::<Vec<_>>().join("\n")
	});
	Ok(())
}

fn value_of(id: &H256, order: &Order) -> Value {
	let mut value = json!({
		"order": ids::hash_text(&id.0),
		"listing": ids::hash_text(&order.listing.0),
		"dataset": ids::hash_text(&order.dataset.0),
		"seller": order.seller.to_string(),
		"payer": order.payer.to_string(),
		"beneficiary": order.beneficiary.to_string(),
		"buyer_key": ids::hash_text(&order.buyer_key),
		"terms_hash": ids::hash_text(&order.terms_hash.0),
		"price": order.price.to_string(),
		"fee": order.fee.to_string(),
		"right": order.right,
		"batches": order.range.batches,
		"root": ids::hash_text(&order.range.root.0),
		"opened_at": order.opened_at,
		"deliver_by": order.deliver_by,
		"confirmation_period": order.confirmation_period,
		"access_until": order.access_until,
		"state": state_name(&order.state),
	});
	match &order.state {
		OrderState::AwaitingDelivery => (),
		OrderState::Delivered { settle_after } => value["settle_after"] = json!(settle_after),
		OrderState::Settled { at } | OrderState::Divided { at } => value["ended_at"] = json!(at),
		OrderState::Refunded { at, reason } => {
			value["ended_at"] = json!(at);
			value["reason"] = json!(reason);
		},
	}
	value
}

fn describe(id: &H256, order: &Order) -> String {
	fields(&[
		("order", ids::hash_text(&id.0)),
		("state", state_text(&order.state)),
		("price", format!("{} (of it {} as a fee)", Amount(order.price), Amount(order.fee))),
		("listing", ids::hash_text(&order.listing.0)),
		("data set", ids::hash_text(&order.dataset.0)),
		("batches", order.range.batches.to_string()),
		("seller", order.seller.to_string()),
		("buyer", order.beneficiary.to_string()),
		("payer", order.payer.to_string()),
		("opened", format!("in block {}", order.opened_at)),
		("key due", format!("by block {}", order.deliver_by)),
		("time to dispute", Period(order.confirmation_period).to_string()),
		("access", format!("until block {}", order.access_until)),
	])
}
