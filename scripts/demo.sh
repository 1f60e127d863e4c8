#!/usr/bin/env bash
# Plays a sale from beginning to end on this machine: a chain, a store, a key agent, an owner, a buyer,
# and then everything that somebody dishonest might try.
#
# usage: scripts/demo.sh [FILE.csv]
#   FILE.csv   readings of your own instead of a month of weather measured in New York
set -euo pipefail
case "${1:-}" in
	-h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit ;;
esac
readings=$(realpath "${1:-$(dirname "$0")/../tests/data/jfk-2013-07.csv}")
[ -r "$readings" ] || { echo "demo: cannot read $readings" >&2; exit 2; }
cd "$(dirname "$0")/.."

chapter() { printf '\n\033[1m%s\033[0m\n' "$*"; }
say() { printf '  %s\n' "$*"; }
indent() { sed 's/^/    /'; }
fail() { printf '\ndemo: %s\n' "$*" >&2; exit 1; }
chapter 'Setting up and building (the first time takes about half an hour)'
scripts/setup.sh
cargo build --release --workspace --bins
PATH=$(realpath "${CARGO_TARGET_DIR:-target}/release"):$PATH

stage=$(mktemp -d)
processes=()
clean_up() {
	[ ${#processes[@]} -eq 0 ] || kill "${processes[@]}" 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$stage"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

start() {
	local name=$1
	shift
	"$@" >"$stage/$name.log" 2>&1 &
	processes+=($!)
}
until_true() {
	local what=$1 deadline=$((SECONDS + 90))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || { tail -n 20 "$stage"/*.log >&2; fail "no $what after 90 seconds"; }
		sleep 0.2
	done
}
# Ports above the ephemeral ones, that nothing listens on.
free_ports() {
	local found=0 port
	while [ $found -lt 5 ]; do
		port=$((61000 + RANDOM % 4500))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
		printf '%s ' "$port"
		found=$((found + 1))
	done
}
read -r rpc p2p http store_health agent_health <<<"$(free_ports)"
export MSEC_NODE=ws://127.0.0.1:$rpc
endpoint=http://127.0.0.1:$http

umask 077
echo 'a password for the demo only' >"$stage/password"
# Everybody has a folder of their own, as on machines of their own.
as() {
	local who=$1
	shift
	MSEC_HOME=$stage/$who msec --password-file "$stage/password" --quiet --yes "$@"
}
json() { as "$@" --output json; }
address() { json "$1" account list | jq -r '.[0].address'; }
fund() { as bank --dev --account //Alice transfer "$1" "$2" >/dev/null; }
balance() { as "$1" balance | sed -n 's/^free *//p'; }

chapter '1. A chain, a store and a key agent'
start node msec-node --dev --base-path "$stage/chain" --rpc-port "$rpc" --port "$p2p" --no-prometheus
until_true 'block' as nobody info
for who in operator owner buyer stranger cheat; do
	as "$who" account create "$who" --phrase-file "$stage/$who.phrase" >/dev/null
	[ "$who" = stranger ] || fund "$(address "$who")" 1000
done
store=$(address operator)
as operator store register "$endpoint" >/dev/null
start store msec-companion-db --node "$MSEC_NODE" --listen "127.0.0.1:$http" \
	--health-listen "127.0.0.1:$store_health" --data-directory "$stage/store" \
	--account "$store"
msec-key-agent keygen --directory "$stage/agent-keys" --output json >"$stage/agent.json"
agent=$(jq -r .account "$stage/agent.json")
agent_key=$(jq -r '."encryption-key"' "$stage/agent.json")
fund "$agent" 10
start agent msec-key-agent --node "$MSEC_NODE" --account-key "$stage/agent-keys/account.key" \
	--envelope-key "$stage/agent-keys/envelope.key" --state-directory "$stage/agent" \
	--health-listen "127.0.0.1:$agent_health"
until_true 'store' curl -sf "http://127.0.0.1:$store_health/health/ready"
until_true 'key agent' curl -sf "http://127.0.0.1:$agent_health/health/ready"
say "The chain seals a block every three seconds. The store answers at $endpoint and holds no key."
say 'The operator, an owner, a buyer and a cheat have 1000 MSEC each; a stranger has nothing.'

chapter '2. The owner publishes'
as owner key create main >/dev/null
as owner key publish main >/dev/null
as owner dataset create station --store "$store" --key-agent "$agent" \
	--key-agent-key "$agent_key" >/dev/null
as owner publish station "$readings" | indent
dataset=$(json owner dataset show station | jq -r .dataset)
head -n 4 "$readings" | cut -c 1-120 >"$stage/sample.csv"
listing=$(json owner listing create station --kind weather --unit 1 --interval 1h --place dr5x1 \
	--licence CC0-1.0 --sample "$stage/sample.csv" --price 25 | jq -r .listing)
say "Listed for 25 MSEC as $listing"

chapter '3. What the store and the chain hold'
say "$(du -sh "$stage/store" | cut -f 1) of ciphertext, $(stat -c %s "$readings") bytes of readings went in. On chain, for all batches together:"
as owner dataset show station | grep -E 'batches|root' | indent
# The last row, unless the file is so short that it is in the public sample.
probe=$(grep -a . "$readings" | tail -n 1 | tr -d '\r')
if ! grep -qaF -- "$probe" "$stage/sample.csv" &&
	grep -rqaF -- "$probe" "$stage/store" "$stage/chain"; then
	fail 'a reading is there in clear!'
fi
say "A row of the readings, searched for in every file of store and chain: not found."

chapter '4. A buyer searches, buys, decrypts and verifies'
as buyer search --kind weather | indent
paid_before=$(balance owner)
order=$(json buyer buy "$listing" --wait | jq -r .order)
say "Order $order"
as buyer fetch "$order" -o "$stage/bought.csv" | indent
say "$(($(wc -l <"$stage/bought.csv") - 1)) rows were decrypted, every chunk checked against the chain. The first:"
head -n 3 "$stage/bought.csv" | cut -c 1-100 | indent
as buyer plot "$stage/bought.csv" | indent
as buyer confirm "$order" >/dev/null
say "The buyer confirmed. The owner had $paid_before and has $(balance owner); the treasury took 2 parts in 100."

chapter '5. What is refused'
say 'A stranger asks the store for the ciphertext:'
msec-dishonest-owner --node "$MSEC_NODE" --key "$stage/stranger.phrase" replay \
	--endpoint "$endpoint" --store "$store" "$dataset" | indent
say 'The buyer may have it, but whoever copied the request on its way may not send it again:'
msec-dishonest-owner --node "$MSEC_NODE" --key "$stage/buyer.phrase" replay \
	--endpoint "$endpoint" --store "$store" "$dataset" | indent

say 'An owner commits to one thing and encrypts another. The buyer proves it, and is refunded:'
tampered=$(msec-dishonest-owner --node "$MSEC_NODE" --key "$stage/cheat.phrase" publish-tampered \
	--store "$store" --key-agent "$agent" --key-agent-key "$agent_key" "$readings" |
	jq -r .listing)
[ -n "$tampered" ] || fail 'the tampered listing was not made'
before=$(balance buyer)
order=$(json buyer buy "$tampered" --wait | jq -r .order)
if as buyer fetch "$order" -o "$stage/tampered.csv" 2>"$stage/tampered.error"; then
	fail 'the tampering went unnoticed'
fi
indent <"$stage/tampered.error"
as buyer dispute "$order" | grep -iE 'state|reason|ground|wrong|refund' | indent
say "The buyer had $before and has $(balance buyer) (fees and the order's deposit aside)."

say 'An owner without a key agent delivers a wrong key. The buyer proves it, and is refunded:'
as cheat key create main >/dev/null
as cheat key publish main >/dev/null
as cheat dataset create promises --store "$store" >/dev/null
as cheat publish promises "$readings" >/dev/null
promise=$(json cheat listing create promises --kind weather --unit 1 --interval 1h --place dr5x1 \
	--licence CC0-1.0 --price 5 --delivery-period 30s | jq -r .listing)
order=$(json buyer buy "$promise" | jq -r .order)
msec-dishonest-owner --node "$MSEC_NODE" --key "$stage/cheat.phrase" deliver-wrong-key "$order" >/dev/null
as buyer dispute "$order" | grep -iE 'state|reason|ground|wrong|refund' | indent

say 'An owner takes the order and does not deliver. After the deadline anybody may trigger the refund:'
order=$(json buyer buy "$promise" | jq -r .order)
until_true 'refund' as buyer refund "$order"
as buyer order show "$order" | grep -iE 'state|reason' | indent

chapter 'Done'
say 'Nobody in between could read, forge or steal. Everything above was removed again.'
