//! The metadata that clients are generated from is that of this runtime.

#[test]
fn the_checked_in_metadata_is_current() {
	let path =
		concat!(env!("CARGO_MANIFEST_DIR"), "/../offchain-workers/common/metadata/msec.scale");
	let stored = std::fs::read(path).expect("scripts/metadata.sh writes it");
	let current = msec_runtime::Runtime::metadata_at_version(16).unwrap();
	assert!(stored == **current, "run scripts/metadata.sh");
}
