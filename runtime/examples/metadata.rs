//! Writes the runtime's metadata, version 16, to the standard output: `scripts/metadata.sh` keeps it
//! for the clients.

use std::io::Write;

fn main() -> std::io::Result<()> {
	let metadata = msec_runtime::Runtime::metadata_at_version(16).expect("version 16 is supported");
	std::io::stdout().write_all(&metadata)
}
