# shellcheck shell=bash
# What the demonstrations share: how they speak, a stage that is cleared away whatever happens, and a
# market on it. To be sourced from the root of the repository.

chapter() { printf '\n\033[1m%s\033[0m\n' "$*"; }
say() { printf '  %s\n' "$*"; }
indent() { sed 's/^/    /'; }
fail() { printf '\ndemo: %s\n' "$*" >&2; exit 1; }

# Installs what is missing, builds all programs and puts them on the PATH. Arguments go to setup.sh.
build_programs() {
	chapter 'Setting up and building (the first time takes about half an hour)'
	scripts/setup.sh "$@"
	cargo build --release --workspace --bins
	PATH=$(realpath "${CARGO_TARGET_DIR:-target}/release"):$PATH
}

# Makes a folder for everything, removed at the end with every process that was started.
set_stage() {
	stage=$(mktemp -d)
	processes=()
	trap clean_up EXIT
	trap 'exit 130' INT TERM
	read -r rpc p2p http store_health agent_health readers <<<"$(free_ports)"
	export MSEC_NODE=ws://127.0.0.1:$rpc
	endpoint=http://127.0.0.1:$http
	umask 077
	echo 'a password for the demo only' >"$stage/password"
}
clean_up() {
	[ ${#processes[@]} -eq 0 ] || kill "${processes[@]}" 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$stage"
}
# Ports above the ephemeral ones, that nothing listens on.
free_ports() {
	local found=0 port
	while [ $found -lt 6 ]; do
		port=$((61000 + RANDOM % 4500))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
		printf '%s ' "$port"
		found=$((found + 1))
	done
}

start() {
	local name=$1
	shift
	"$@" >"$stage/$name.log" 2>&1 &
	processes+=($!)
}
# Fails after a minute and a half, or after $patience seconds.
until_true() {
	local what=$1 seconds=${patience:-90}
	local deadline=$((SECONDS + seconds))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || { tail -n 20 "$stage"/*.log >&2; fail "no $what after $seconds seconds"; }
		sleep 0.2
	done
}

# Everybody has a folder of their own, as on machines of their own.
as() {
	local who=$1
	shift
	MSEC_HOME=$stage/$who msec --password-file "$stage/password" --quiet --yes "$@"
}
json() { as "$@" --output json; }
admit() { as "$1" account create "$1" --phrase-file "$stage/$1.phrase" >/dev/null; }
address() { json "$1" account list | jq -r '.[0].address'; }
fund() { as bank --dev --account //Alice transfer "$1" "$2" >/dev/null; }
balance() { as "$1" balance | sed -n 's/^free *//p'; }

# Starts a chain, a store and a key agent. The operator and everybody named have 1000 MSEC.
open_market() {
	start node msec-node --dev --base-path "$stage/chain" --rpc-port "$rpc" --port "$p2p" --no-prometheus
	until_true 'block' as nobody info
	local who
	for who in operator "$@"; do
		admit "$who"
		fund "$(address "$who")" 1000
	done
	store=$(address operator)
	as operator store register "$endpoint" >/dev/null
	start store msec-companion-db --node "$MSEC_NODE" --listen "127.0.0.1:$http" \
		--health-listen "127.0.0.1:$store_health" --data-directory "$stage/store" \
		--account "$store" --account-key "$stage/operator.phrase"
	msec-key-agent keygen --directory "$stage/agent-keys" --output json >"$stage/agent.json"
	agent=$(jq -r .account "$stage/agent.json")
	agent_key=$(jq -r '."encryption-key"' "$stage/agent.json")
	fund "$agent" 10
	start agent msec-key-agent --node "$MSEC_NODE" --account-key "$stage/agent-keys/account.key" \
		--envelope-key "$stage/agent-keys/envelope.key" --state-directory "$stage/agent" \
		--health-listen "127.0.0.1:$agent_health" --readers-listen "127.0.0.1:$readers"
	until_true 'store' curl -sf "http://127.0.0.1:$store_health/health/ready"
	until_true 'key agent' curl -sf "http://127.0.0.1:$agent_health/health/ready"
	say "The chain seals a block every three seconds. The store answers at $endpoint and holds no key."
}

# Makes a data set of the owner's, with the store and the agent of the market.
make_dataset() {
	as owner key create main >/dev/null
	as owner key publish main >/dev/null
	as owner dataset create "$1" --store "$store" --key-agent "$agent" \
		--key-agent-key "$agent_key" >/dev/null
}
