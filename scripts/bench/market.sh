#!/usr/bin/env bash
# Builds what scripts/bench.sh market needs, and runs it.
#
# usage: scripts/bench/market.sh ROWS [OPTIONS]
#   ROWS   file for one line of JSON a measure; OPTIONS are those of msec-market-load
set -euo pipefail
rows=$(realpath -m "$1")
shift
cd "$(dirname "$0")/../.."

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
scripts/setup.sh
say 'Building'
# The whole workspace is selected so that dependencies keep the features they are built with already.
cargo build --release --quiet --workspace --bin msec-node --bin msec-market-load
say "Building the template's runtime"
toolchain=$(sed -n 's/^WASM_BUILD_TOOLCHAIN = "\(.*\)"$/\1/p' .cargo/config.toml)
# With the flags of the SDK's builder for runtimes.
(cd scripts/bench/market/solochain-template &&
	export RUSTFLAGS="--cfg substrate_runtime -C link-arg=--export-table \
		-C link-arg=--export=__heap_base -C link-arg=--import-memory" &&
	CARGO_TARGET_DIR=$target cargo ${toolchain:+"+$toolchain"} build --release --quiet --locked \
		--target wasm32v1-none)
code=$target/wasm32v1-none/release/solochain_template_runtime.wasm
exec "$target/release/msec-market-load" "$rows" --template "$code" "$@"
