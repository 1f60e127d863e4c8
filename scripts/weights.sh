#!/usr/bin/env bash
# Measures what calls, blocks, transactions and accesses to the database cost on this machine, and writes
# it to runtime/src/weights. Run it when a call changes, on a machine that does nothing else; it takes
# about half an hour the first time.
#
# usage: scripts/weights.sh [PALLET…]
#   PALLET   measures only these, such as pallet_marketplace; otherwise all, and the overhead and storage
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

steps=50
repeat=20
# Seconds for which each call is measured at least.
duration=2
# Accounts in the database on which reads and writes are measured.
accounts=100000
# So many items are written at a time, as a full block does.
batch=5000
weights=runtime/src/weights

scripts/setup.sh
# In a target folder of its own, because the feature would make everything be built anew.
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/weights
say 'Building'
CARGO_TARGET_DIR=$target cargo build --release --quiet --workspace --bin msec-node \
	--features msec-node/runtime-benchmarks
# So that the command in the files' headers says nothing about this machine's folders.
PATH=$target/release:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quietly() { "$@" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }; }

pallets=("$@")
if [ $# -eq 0 ]; then
	mapfile -t pallets < <(msec-node benchmark pallet --chain dev --list=pallets --no-csv-header)
fi
for pallet in "${pallets[@]}"; do
	say "$pallet"
	quietly msec-node benchmark pallet --chain dev --pallet "$pallet" --extrinsic '*' \
		--steps "$steps" --repeat "$repeat" --min-duration "$duration" \
		--hostname-override benchmark --output "$weights/"
done
[ $# -eq 0 ] || exit 0

say 'Blocks and transactions'
quietly msec-node benchmark overhead --chain dev --hostname-override benchmark \
	--weight-path "$weights/"

say 'Database'
weights=$(realpath "$weights")
cd "$work"
quietly msec-node export-chain-spec --chain dev --raw >dev.json
# Accounts under random addresses: the database does not ask whether the hash in a key is right.
python3 -c '
import json, random, sys
chain = json.load(sys.stdin)
prefix = "0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9"
numbers = random.Random(1)
for _ in range(int(sys.argv[1])):
    key, value = numbers.randbytes(48).hex(), numbers.randbytes(80).hex()
    chain["genesis"]["raw"]["top"][prefix + key] = "0x" + value
json.dump(chain, sys.stdout)
' "$accounts" <dev.json >accounts.json
quietly msec-node benchmark storage --chain accounts.json --base-path database --database paritydb \
	--state-version 1 --disable-pov-recorder --batch-size "$batch" --hostname-override benchmark \
	--weight-path .
mv paritydb_weights.rs "$weights/"
# The runtime has these names from frame-support.
sed -i 's/\bsp_weights::/frame_support::weights::/; s/\bsp_core::/frame_support::/' "$weights"/*_weights.rs
