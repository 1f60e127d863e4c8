//! The council of a development chain, for the demo.

use clap::Parser;
use msec_end_to_end::devices::accredit;
use msec_worker_common::{chain::ChainClient, AccountId32};

/// Has the council of a development chain accredit a registrar.
#[derive(Parser)]
struct Options {
	/// Address of the node.
	#[arg(long, default_value = "ws://127.0.0.1:9944")]
	node: String,

	/// Account of the registrar.
	registrar: AccountId32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
	let options = Options::parse();
	let chain = ChainClient::connect(&options.node).await?;
	let folder = tempfile::tempdir()?;
	accredit(&chain, folder.path(), options.registrar).await
}
