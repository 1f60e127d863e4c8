//! The chains that the node knows by name. Every other is read from a file.

use msec_runtime::{genesis_presets, WASM_BINARY};
use sc_service::{ChainType, Properties};
use sp_core::crypto::{Ss58AddressFormat, Ss58AddressFormatRegistry};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};

/// A chain's name, network settings and genesis.
pub type ChainSpec = sc_service::GenericChainSpec;

/// One validator with `sudo`, for development.
pub fn development() -> Result<ChainSpec, String> {
	build("M-Sec Development", "msec_dev", ChainType::Development, DEV_RUNTIME_PRESET)
}

/// Four cities on one machine, for tests of a network.
pub fn local() -> Result<ChainSpec, String> {
	build("M-Sec Local", "msec_local", ChainType::Local, LOCAL_TESTNET_RUNTIME_PRESET)
}

fn build(name: &str, id: &str, chain: ChainType, preset: &str) -> Result<ChainSpec, String> {
	let code = WASM_BINARY.ok_or("this node was built without a runtime: unset SKIP_WASM_BUILD")?;
	// By its name the preset would be asked of the code, which takes seconds to compile.
	let preset = genesis_presets::get(&preset.into()).ok_or("the runtime has no such preset")?;
	let patch = serde_json::from_slice(&preset).map_err(|error| error.to_string())?;
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), "MSEC".into());
	properties.insert("tokenDecimals".into(), 12.into());
	let format = Ss58AddressFormat::from(Ss58AddressFormatRegistry::SubstrateAccount);
	properties.insert("ss58Format".into(), u16::from(format).into());
	Ok(ChainSpec::builder(code, None)
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain)
		.with_protocol_id("msec")
		.with_properties(properties)
		.with_genesis_config_patch(patch)
		.build())
}
