#!/usr/bin/env bash
# Prepares what scripts/bench.sh attestation needs, and runs it.
#
# usage: scripts/bench/attestation.sh ROWS
#   ROWS   file for one line of JSON a measure
set -euo pipefail
rows=$(realpath -m "$1")
shift
[ $# -eq 0 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit; }
cd "$(dirname "$0")/../.."

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

# Keylime and what its verifier needs, in the versions of the list; made anew when the list changes.
requirements=scripts/bench/attestation/requirements.txt
environment=${XDG_CACHE_HOME:-$HOME/.cache}/msec/bench/$(sha256sum "$requirements" | cut -c1-16)
if [ ! -e "$environment/complete" ]; then
	say 'Installing Keylime'
	rm -rf "$environment"
	python3 -m venv "$environment"
	"$environment/bin/pip" install --quiet --no-deps --requirement "$requirements"
	# Keylime imports it for lists signed by PGP, of which there are none here.
	mkdir "$environment/stubs"
	touch "$environment/stubs/gpg.py" "$environment/complete"
fi

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
scripts/setup.sh --devices
say 'Building'
# The whole workspace is selected so that dependencies keep the features they are built with already.
cargo build --release --quiet --workspace --bin msec-node --example measure_attestation --example quote_load
toolchain=$(sed -n 's/^WASM_BUILD_TOOLCHAIN = "\(.*\)"$/\1/p' .cargo/config.toml)
(cd scripts/bench/attestation/signatures && CARGO_TARGET_DIR=$target cargo ${toolchain:+"+$toolchain"} \
	build --release --quiet --locked --target wasm32v1-none)
# Where scripts/weights.sh builds it as well.
CARGO_TARGET_DIR=$target/weights cargo build --release --quiet --workspace --bin msec-node \
	--features msec-node/runtime-benchmarks
measure=$target/release/examples/measure_attestation

work=$(mktemp -d)
tpm=
trap '[ -z "$tpm" ] || kill "$tpm" || true; rm -rf "$work"' EXIT

say 'An IMA list, by Keylime'
"$measure" list "$work/list" "$work/policy"
PYTHONPATH=$environment/stubs "$environment/bin/python" scripts/bench/attestation/keylime_verifier.py \
	"$work/list" "$work/policy" >"$work/keylime" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }

say 'Quotes, credentials and the same list, by M-Sec'
mkdir "$work/tpm"
swtpm_setup --tpm2 --tpmstate "$work/tpm" --createek --pcr-banks sha256 >"$work/log" 2>&1 ||
	{ cat "$work/log" >&2; exit 1; }
# The port of the control channel is the one after that of the data.
port=$(python3 -c '
import socket
for port in range(23210, 24210, 2):
    try:
        for each in (port, port + 1):
            socket.create_server(("127.0.0.1", each)).close()
    except OSError:
        continue
    print(port)
    break')
swtpm socket --tpm2 --tpmstate dir="$work/tpm" --flags not-need-init,startup-clear \
	--server type=tcp,port="$port",bindaddr=127.0.0.1 \
	--ctrl type=tcp,port=$((port + 1)),bindaddr=127.0.0.1 >"$work/swtpm" 2>&1 &
tpm=$!
# It listens for control first, for data last.
for _ in $(seq 100); do
	(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>"$work/log" && break
	sleep 0.1
done
"$measure" measure "$rows" --list "$work/list" --policy "$work/policy" --keylime "$work/keylime" \
	--signatures "$target/wasm32v1-none/release/tpm_signatures.wasm" --tpm "swtpm:host=127.0.0.1,port=$port"

say 'Quotes of many devices, and devices that change or are silent'
"$target/release/examples/quote_load" "$work/load"
cat "$work/load" >>"$rows"

say 'The weight of a quote'
"$target/weights/release/msec-node" benchmark pallet --chain dev --extra --no-verify \
	--pallet pallet_attestation --extrinsic submit_quote --steps 2 --repeat 100 \
	--json-file "$work/results" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
# What the database takes in nanoseconds, as the runtime has it.
of_database() { sed -n "s/^[[:space:]]*$1: \([0-9_]*\) \* constants.*/\1/p" runtime/src/weights/paritydb_weights.rs | tr -d _; }
jq -c --argjson read "$(of_database read)" --argjson write "$(of_database write)" '
	# The database is not looked at while time is measured, but in a run of its own.
	.[0] | (.time_results | map(.extrinsic_time) | sort | .[length / 2 | floor]) as $time
	| (.db_results | map(.reads) | max) as $reads | (.db_results | map(.writes) | max) as $writes
	| (($time + $reads * $read + $writes * $write) / 1e6) as $weight | {
		name: "weight of submit_quote", value: $weight, unit: "ms",
		baseline: null, baseline_value: null, ratio: null, target: "≤ 3 ms", holds: ($weight <= 3),
		note: "in wasm with its checks before the block, median of 100; \($reads) reads, \($writes) writes"
	}' "$work/results" >>"$rows"
