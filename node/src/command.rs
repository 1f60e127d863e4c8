//! What each command does.

use crate::{
	chain_spec,
	cli::{Cli, Subcommand},
	service,
};
use clap::Parser;
use msec_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sc_network::config::NetworkBackendType;

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"M-Sec Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		concat!(env!("CARGO_PKG_REPOSITORY"), "/issues").into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		Ok(match id {
			"dev" => Box::new(chain_spec::development()?),
			"" | "local" => Box::new(chain_spec::local()?),
			path => Box::new(chain_spec::ChainSpec::from_json_file(path.into())?),
		})
	}
}

/// Parses the command line and does what it says.
pub fn run() -> sc_cli::Result<()> {
	let cli = Cli::parse();
	match &cli.subcommand {
		Some(Subcommand::Key(command)) => command.run(&cli),
		Some(Subcommand::ExportChainSpec(command)) => {
			let spec = cli.load_spec(&command.chain)?;
			command.run(spec)
		},
		Some(Subcommand::CheckBlock(command)) => {
			let runner = cli.create_runner(command)?;
			runner.async_run(|config| {
				let parts = service::new_partial(&config)?;
				Ok((command.run(parts.client, parts.import_queue), parts.task_manager))
			})
		},
		Some(Subcommand::ExportBlocks(command)) => {
			let runner = cli.create_runner(command)?;
			runner.async_run(|config| {
				let parts = service::new_partial(&config)?;
				Ok((command.run(parts.client, config.database), parts.task_manager))
			})
		},
		Some(Subcommand::ExportState(command)) => {
			let runner = cli.create_runner(command)?;
			runner.async_run(|config| {
				let parts = service::new_partial(&config)?;
				Ok((command.run(parts.client, config.chain_spec), parts.task_manager))
			})
		},
		Some(Subcommand::ImportBlocks(command)) => {
			let runner = cli.create_runner(command)?;
			runner.async_run(|config| {
				let parts = service::new_partial(&config)?;
				Ok((command.run(parts.client, parts.import_queue), parts.task_manager))
			})
		},
		Some(Subcommand::PurgeChain(command)) => {
			let runner = cli.create_runner(command)?;
			runner.sync_run(|config| command.run(config.database))
		},
		Some(Subcommand::Revert(command)) => {
			let runner = cli.create_runner(command)?;
			runner.async_run(|config| {
				let parts = service::new_partial(&config)?;
				let revert_finality = Box::new(|client, _, blocks| {
					sc_consensus_grandpa::revert(client, blocks)?;
					Ok(())
				});
				let run = command.run(parts.client, parts.backend, Some(revert_finality));
				Ok((run, parts.task_manager))
			})
		},
		Some(Subcommand::ChainInfo(command)) => {
			let runner = cli.create_runner(command)?;
			runner.sync_run(|config| command.run::<Block>(&config))
		},
		#[cfg(feature = "runtime-benchmarks")]
		Some(Subcommand::Benchmark(command)) => {
			let runner = cli.create_runner(command)?;
			runner.sync_run(|config| benchmark(command, config))
		},
		None => {
			let runner = cli.create_runner(&cli.run)?;
			runner.run_node_until_exit(|config| async move {
				match config.network.network_backend {
					NetworkBackendType::Libp2p => {
						service::new_full::<sc_network::NetworkWorker<_, _>>(config)
					},
					NetworkBackendType::Litep2p => {
						service::new_full::<sc_network::Litep2pNetworkBackend>(config)
					},
				}
				.map_err(sc_cli::Error::Service)
			})
		},
	}
}

/// Measures calls, blocks and transactions without a call, or the database.
#[cfg(feature = "runtime-benchmarks")]
fn benchmark(
	command: &frame_benchmarking_cli::BenchmarkCmd,
	config: sc_service::Configuration,
) -> sc_cli::Result<()> {
	use frame_benchmarking_cli::BenchmarkCmd;
	match command {
		BenchmarkCmd::Pallet(command) => command
			.run_with_spec::<sp_runtime::traits::HashingFor<Block>, ()>(Some(config.chain_spec)),
		BenchmarkCmd::Overhead(command) => {
			command.run_with_default_builder_and_spec::<Block, ()>(Some(config.chain_spec))
		},
		BenchmarkCmd::Storage(command) => {
			let parts = service::new_partial(&config)?;
			let (db, storage) = (parts.backend.expose_db(), parts.backend.expose_storage());
			let cache = parts.backend.expose_shared_trie_cache();
			command.run(config, parts.client, db, storage, cache)
		},
		_ => Err("only the benchmarks of pallets, overhead and storage are offered".into()),
	}
}
