#!/usr/bin/env bash
# Writes the specifications of the chains that msec-node knows by name to this folder.
# They hold the whole runtime, so they are made when wanted and not kept in git.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
cargo build --release --workspace --bins
node=${CARGO_TARGET_DIR:-target}/release/msec-node
for chain in dev local; do
	"$node" export-chain-spec --chain "$chain" --output "chain-specs/$chain.json"
	"$node" export-chain-spec --chain "$chain" --raw --output "chain-specs/$chain-raw.json"
done
