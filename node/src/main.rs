//! The M-Sec node: validates, archives and serves the chain.

// The SDK's own errors are large, and made once in a node's life.
#![allow(clippy::result_large_err)]

mod chain_spec;
mod cli;
mod command;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
	command::run()
}
