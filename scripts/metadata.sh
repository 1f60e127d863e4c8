#!/usr/bin/env bash
# Writes the runtime's metadata to where the clients are generated from. Run it whenever a pallet's
# interface changes; a test fails while it is out of date.
set -euo pipefail
cd "$(dirname "$0")/.."

target=offchain-workers/common/metadata/msec.scale
mkdir -p "$(dirname "$target")"
# The whole workspace is selected so that dependencies keep the features they are built with already.
cargo build --quiet --release --workspace --example metadata
"${CARGO_TARGET_DIR:-target}/release/examples/metadata" >"$target.new"
mv "$target.new" "$target"
