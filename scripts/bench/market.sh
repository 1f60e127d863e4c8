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
"$target/release/msec-market-load" "$rows" --template "$code" "$@"
# Without rows it was only asked for help.
[ -s "$rows" ] || exit 0

say 'A match among 10 demands and among 10,000'
# Where scripts/weights.sh builds it as well.
CARGO_TARGET_DIR=$target/weights cargo build --release --quiet --workspace --bin msec-node \
	--features msec-node/runtime-benchmarks
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$target/weights/release/msec-node" benchmark pallet --chain dev --extra --no-verify --pallet pallet_demands \
	--extrinsic propose_match_among --steps 2 --repeat 30 --json-file "$work/results" \
	>"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
jq -c '
	def microseconds($demands): map(select(.components == [["n", $demands]])
		| (.extrinsic_time + .storage_root_time) / 1000) | sort | .[length / 2 | floor];
	.[0].time_results | microseconds(10) as $few | microseconds(10000) as $many | {
		name: "a match among 10,000 demands", value: $many, unit: "µs",
		baseline: "among 10 demands", baseline_value: $few, ratio: ($many / $few),
		target: "≤ 1.05 × among 10", holds: ($many / $few <= 1.05),
		note: "the call and the root of its state, in memory; median of 30"
	}' "$work/results" >>"$rows"
