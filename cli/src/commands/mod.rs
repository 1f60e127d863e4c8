//! The verbs of the command, one file a group.

mod access;
mod account;
mod arguments;
mod audit;
mod bundle;
mod campaign;
mod complaint;
mod consent;
mod context;
mod dataset;
mod demand;
mod device;
mod device_logs;
mod export;
mod info;
mod key;
mod licence;
mod listing;
mod money;
mod order;
mod plot;
mod price;
mod price_history;
mod publish;
mod read;
mod region;
mod request;
mod rotation;
mod search;
mod store;
mod subscription;
mod verify_image;
mod withheld;

use anyhow::Result;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use context::Context;
use std::path::PathBuf;

const LONG_ABOUT: &str = "\
Sell and buy city data on M-Sec.

An owner creates an account and an encryption key, makes a data set, publishes files into it and puts \
it on offer:
    msec account create owner
    msec key create main && msec key publish main
    msec dataset create garden --store STORE --key-agent AGENT --key-agent-key HEX
    msec publish garden readings.csv
    msec listing create garden --kind air-temperature --unit Cel --place ezjm --licence CC-BY-4.0 --price 2.5

A buyer searches, buys, fetches, and confirms or disputes:
    msec search --kind air-temperature
    msec buy LISTING --wait
    msec fetch ORDER -o readings.csv
    msec confirm ORDER        (or: msec dispute ORDER)

Everything can be interrupted and run again. One password, asked for once, from a file (--password-file) \
or from MSEC_PASSWORD, protects account, keys and the secrets of orders. Keep a backup: msec key backup FILE.";

/// How results are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
	/// For people.
	#[default]
	Text,
	/// For programs: one JSON value.
	Json,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub struct Global {
	/// Address of a node's JSON-RPC.
	#[arg(long, global = true, env = "MSEC_NODE", default_value = "ws://127.0.0.1:9944")]
	node: String,
	/// Folder with accounts, keys and journals [default: the user's data folder].
	#[arg(long, global = true, env = "MSEC_HOME", value_name = "DIRECTORY")]
	home: Option<PathBuf>,
	/// How results are shown.
	#[arg(long, global = true, value_enum, default_value_t)]
	output: OutputFormat,
	/// Account that signs: a name from `msec account list` [default: the default account].
	#[arg(long, global = true, env = "MSEC_ACCOUNT", value_name = "NAME")]
	account: Option<String>,
	/// File (mode 600) whose first line is the password [default: MSEC_PASSWORD, else a prompt].
	#[arg(long, global = true, env = "MSEC_PASSWORD_FILE", value_name = "FILE")]
	password_file: Option<PathBuf>,
	/// Allow the development accounts, such as --account //Alice. Everybody has their keys.
	#[arg(long, global = true, env = "MSEC_DEV")]
	dev: bool,
	/// Do not ask before something is spent or destroyed.
	#[arg(long, short = 'y', global = true)]
	yes: bool,
	/// Show results only, no progress.
	#[arg(long, short, global = true)]
	quiet: bool,
}

/// Sell and buy city data on M-Sec.
#[derive(Parser)]
#[command(name = "msec", version, about, long_about = LONG_ABOUT, propagate_version = true)]
pub struct Cli {
	#[command(flatten)]
	global: Global,
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// Accounts: who signs and pays.
	#[command(subcommand)]
	Account(account::AccountCommand),
	/// Encryption keys, and backups of all secrets.
	#[command(subcommand)]
	Key(key::KeyCommand),
	/// Data sets of one's own.
	#[command(subcommand)]
	Dataset(dataset::DatasetCommand),
	/// Stores, which keep ciphertext.
	#[command(subcommand)]
	Store(store::StoreCommand),
	/// Publish files into a data set.
	#[command(long_about = publish::LONG_ABOUT)]
	Publish(publish::Publish),
	/// Offers of one's own.
	#[command(subcommand)]
	Listing(listing::ListingCommand),
	/// Find offers, and sort them.
	#[command(long_about = search::LONG_ABOUT)]
	Search(search::Search),
	/// What was paid for a kind of data, day by day.
	#[command(long_about = price_history::LONG_ABOUT)]
	Prices(price_history::Prices),
	/// Buy from a listing.
	Buy(order::Buy),
	/// Orders as buyer or seller.
	Orders(order::Orders),
	/// One order.
	#[command(subcommand)]
	Order(order::OrderCommand),
	/// Fetch and decrypt what was bought, checking every chunk.
	Fetch(order::Fetch),
	/// Fetch and decrypt what a grant allows to read, without an order, checking every chunk.
	Read(read::Read),
	/// Confirm that everything is right; the seller is paid.
	Confirm(order::OrderArgument),
	/// Prove to the chain that the delivery is wrong; the payer is refunded.
	Dispute(order::OrderArgument),
	/// Pay the seller of an order whose time to dispute is over.
	Settle(order::OrderArgument),
	/// Refund an order whose key was not delivered in time.
	Refund(order::OrderArgument),
	/// Remove an ended order from the chain; its deposit returns.
	Prune(order::OrderArgument),
	/// Standing demands, which buy as soon as somebody offers what is wanted.
	#[command(subcommand)]
	Demand(demand::DemandCommand),
	/// Rewards for data that does not exist yet.
	#[command(subcommand)]
	Request(request::RequestCommand),
	/// Listings that are sold together at one price.
	#[command(subcommand, long_about = bundle::LONG_ABOUT)]
	Bundle(bundle::BundleCommand),
	/// Rewards for everybody's contributions, out of a budget.
	#[command(subcommand, long_about = campaign::LONG_ABOUT)]
	Campaign(campaign::CampaignCommand),
	/// Devices that prove by their TPM what they are.
	#[command(subcommand, long_about = device::LONG_ABOUT)]
	Device(device::DeviceCommand),
	/// What buyers may do with data: the licences that listings can name.
	#[command(subcommand)]
	Licence(licence::LicenceCommand),
	/// What an account has.
	Balance(money::Balance),
	/// Send money.
	Transfer(money::Transfer),
	/// Let somebody use a data set.
	Grant(access::GrantAccess),
	/// Withdraw grants.
	Revoke(access::Revoke),
	/// Exclude somebody from a data set, whatever was granted.
	Deny(access::Deny),
	/// Ask whether somebody may do something, and why; ask for a grant, and answer who does.
	Access(access::Access),
	/// Show who was allowed to do what with a data set, with proof.
	#[command(long_about = audit::LONG_ABOUT)]
	Audit(audit::Audit),
	/// Fetch everything that is held on a data set or an account.
	#[command(subcommand, long_about = export::LONG_ABOUT)]
	Export(export::ExportCommand),
	/// The consent of the person whom a data set is about.
	#[command(subcommand, long_about = consent::LONG_ABOUT)]
	Consent(consent::ConsentCommand),
	/// Where an account is, for data that may not go everywhere.
	#[command(subcommand)]
	Region(region::RegionCommand),
	/// The chain, its runtime, and whether this program fits.
	Info,
	/// Print a completion script for a shell.
	Completion {
		/// Which shell.
		shell: clap_complete::Shell,
	},
	/// Draw a column of a CSV file.
	Plot(plot::Plot),
	/// Check that an image is one that a device made anonymous.
	#[command(long_about = verify_image::LONG_ABOUT)]
	VerifyImage(verify_image::VerifyImage),
}

impl Cli {
	/// Does what was asked.
	pub async fn run(self) -> Result<()> {
		if let Command::Completion { shell } = self.command {
			clap_complete::generate(shell, &mut Self::command(), "msec", &mut std::io::stdout());
			return Ok(());
		}
		let context = Context::new(self.global)?;
		match self.command {
			Command::Account(command) => command.run(&context),
			Command::Key(command) => command.run(&context).await,
			Command::Dataset(command) => command.run(&context).await,
			Command::Store(command) => command.run(&context).await,
			Command::Publish(command) => command.run(&context).await,
			Command::Listing(command) => command.run(&context).await,
			Command::Search(command) => command.run(&context).await,
			Command::Prices(command) => command.run(&context).await,
			Command::Buy(command) => command.run(&context).await,
			Command::Orders(command) => command.run(&context).await,
			Command::Order(command) => command.run(&context).await,
			Command::Fetch(command) => command.run(&context).await,
			Command::Read(command) => command.run(&context).await,
			Command::Confirm(order) => order.confirm(&context).await,
			Command::Dispute(order) => order.dispute(&context).await,
			Command::Settle(order) => order.settle(&context).await,
			Command::Refund(order) => order.refund(&context).await,
			Command::Prune(order) => order.prune(&context).await,
			Command::Demand(command) => command.run(&context).await,
			Command::Device(command) => command.run(&context).await,
			Command::Licence(command) => command.run(&context).await,
			Command::Request(command) => command.run(&context).await,
			Command::Bundle(command) => command.run(&context).await,
			Command::Campaign(command) => command.run(&context).await,
			Command::Balance(command) => command.run(&context).await,
			Command::Transfer(command) => command.run(&context).await,
			Command::Grant(command) => command.run(&context).await,
			Command::Revoke(command) => command.run(&context).await,
			Command::Deny(command) => command.run(&context).await,
			Command::Access(command) => command.run(&context).await,
			Command::Audit(command) => command.run(&context).await,
			Command::Export(command) => command.run(&context).await,
			Command::Consent(command) => command.run(&context).await,
			Command::Region(command) => command.run(&context).await,
			Command::Info => info::run(&context).await,
			Command::Completion { .. } => Ok(()),
			Command::Plot(command) => command.run(&context),
			Command::VerifyImage(command) => command.run(&context).await,
		}?;
		context.forget_finished()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_command_line_is_consistent() {
		Cli::command().debug_assert();
	}

	#[test]
	fn help_teaches_what_takes_more_than_a_line() {
		let command = Cli::command();
		for name in [
			"publish",
			"search",
			"prices",
			"bundle",
			"campaign",
			"consent",
			"device",
			"audit",
			"export",
			"verify-image",
		] {
			let found = command.find_subcommand(name).expect("the command is there");
			let (line, text) = (found.get_about(), found.get_long_about());
			let length = |text: Option<&clap::builder::StyledStr>| {
				text.map_or(0, |text| text.to_string().len())
			};
			assert!(length(text) > 3 * length(line), "{name}");
		}
	}
}
