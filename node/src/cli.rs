//! The command line.

use sc_cli::RunCmd;

/// The M-Sec node: validates, archives and serves the chain.
///
/// Try `msec-node --dev` for a chain of one validator in a temporary folder, or
/// `msec-node --chain local --alice` for the first of four cities.
#[derive(Debug, clap::Parser)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Cli {
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	#[clap(flatten)]
	pub run: RunCmd,
}

#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant)]
pub enum Subcommand {
	/// Generate, inspect and insert keys.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Write a chain's specification to a file.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Validate blocks again.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Export blocks to a file.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Export the state of a block as a chain specification.
	ExportState(sc_cli::ExportStateCmd),

	/// Import blocks from a file.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Remove the whole chain from the disk.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Take the chain back to an earlier block.
	Revert(sc_cli::RevertCmd),

	/// Show what the database holds of the chain.
	ChainInfo(sc_cli::ChainInfoCmd),

	/// Measure the weights of calls, of blocks and of the database.
	#[cfg(feature = "runtime-benchmarks")]
	#[command(subcommand)]
	Benchmark(frame_benchmarking_cli::BenchmarkCmd),
}
