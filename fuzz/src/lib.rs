//! What the fuzz targets check; `cargo test -p msec-attester --test corpus` runs the same on mutations of
//! good examples.

#[path = "../../offchain-workers/attester/tests/corpus/checks.rs"]
pub mod checks;
