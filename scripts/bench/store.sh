#!/usr/bin/env bash
# Builds what scripts/bench.sh store needs, and runs it.
#
# usage: scripts/bench/store.sh ROWS [OPTIONS]
#   ROWS   file for one line of JSON a measure; OPTIONS are those of msec-store-load
set -euo pipefail
rows=$(realpath -m "$1")
shift
cd "$(dirname "$0")/../.."

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

scripts/setup.sh --store
say 'Building'
# The whole workspace is selected so that dependencies keep the features they are built with already.
cargo build --release --quiet --workspace --bin msec --bin msec-node --bin msec-companion-db \
	--bin msec-store-load
exec "$(realpath "${CARGO_TARGET_DIR:-target}")/release/msec-store-load" "$rows" "$@"
