//! Whether the runtime is the one that this program was made for.

use super::{BlockClient, ChainError};
use subxt::Metadata;

/// What this program was made for.
const METADATA: &[u8] = include_bytes!("../../metadata/msec.scale");
/// The pallets whose calls and storage are used.
const PALLETS: [&str; 7] =
	["System", "Timestamp", "Balances", "Token", "Records", "AccessControl", "Marketplace"];

/// Refuses a runtime in which something differs that this program may use.
pub(super) fn check(block: &BlockClient) -> Result<(), ChainError> {
	let expected = Metadata::decode_from(METADATA).map_err(subxt::Error::from)?;
	let differences = differences(&expected, block.inner().metadata_ref());
	if differences.is_empty() {
		return Ok(());
	}
	Err(ChainError::Incompatible {
		spec_version: block.inner().spec_version(),
		differences: differences.join(", "),
	})
}

fn differences(expected: &Metadata, found: &Metadata) -> Vec<String> {
	PALLETS.iter().flat_map(|name| pallet_differences(expected, found, name)).collect()
}

fn pallet_differences(expected: &Metadata, found: &Metadata, name: &str) -> Vec<String> {
	let Some(expected) = expected.pallet_by_name(name) else {
		return Vec::new();
	};
	let Some(found) = found.pallet_by_name(name) else {
		return vec![format!("{name} is missing")];
	};
	let calls = expected
		.call_variants()
		.unwrap_or_default()
		.iter()
		.filter(|call| expected.call_hash(&call.name) != found.call_hash(&call.name))
		.map(|call| format!("{name}.{}", call.name));
	let storage = expected
		.storage()
		.map(|storage| storage.entries())
		.unwrap_or_default()
		.iter()
		.filter(|entry| expected.storage_hash(entry.name()) != found.storage_hash(entry.name()))
		.map(|entry| format!("{name}.{}", entry.name()));
	calls.chain(storage).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_embedded_metadata_fits_itself_and_names_every_pallet_used() {
		let metadata = Metadata::decode_from(METADATA).unwrap();
		assert_eq!(differences(&metadata, &metadata), Vec::<String>::new());
		for name in PALLETS {
			assert!(metadata.pallet_by_name(name).is_some(), "{name}");
		}
	}
}
