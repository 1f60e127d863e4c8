#!/usr/bin/env bash
# Feeds the parsers of what comes from outside with what a fuzzer makes of good examples. Ends with an error
# at the first input that breaks one.
#
# usage: scripts/fuzz.sh [TARGET] [SECONDS]
#   TARGET    one of the targets in fuzz/README.md; all of them, one after the other, when it is "all" or
#             missing
#   SECONDS   how long each is fuzzed, 60 when it is missing
set -euo pipefail
usage() { sed -n '5,8s/^# \{0,1\}//p' "$0"; }
fail() { echo "fuzz: $*" >&2; exit 2; }

target=${1:-all}
seconds=${2:-60}
case $target in -h | --help) usage; exit ;; esac
[ $# -le 2 ] || { usage >&2; exit 2; }
[[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "$seconds is no number of seconds"
cd "$(dirname "$0")/.."

mapfile -t targets < <(find fuzz/fuzz_targets -name '*.rs' -exec basename {} .rs \; | sort)
if [ "$target" != all ]; then
	[ -e "fuzz/fuzz_targets/$target.rs" ] || fail "there is no target $target; there are ${targets[*]}"
	targets=("$target")
fi

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

attester=offchain-workers/attester/tests

# What a TPM made, in hexadecimal digits.
of_vector() { jq -r ".$1" evidence/tests/data/swtpm-0.7.1.json; }
bytes() { tr a-f A-F | basenc --base16 --decode; }

# Begins as the quote does until its type, and has the name of its signer twice for the names of the key.
certification() {
	local quote signer
	quote=$(of_vector tpms_attest)
	signer=${quote:12:72}
	echo "${quote:0:8}8017${quote:12:190}$signer$signer"
}

# The attestation key with other attributes, and with a policy.
batch_key() {
	local key
	key=$(of_vector tpmt_public)
	echo "${key:0:8}000404320020$(of_vector qualifying_data)${key:20}"
}

# Writes good examples for a target to a folder.
examples() {
	case $1 in
		quote) of_vector tpms_attest | bytes >"$2/example" ;;
		attestation_key) of_vector tpmt_public | bytes >"$2/example" ;;
		signature) of_vector tpmt_signature | bytes >"$2/example" ;;
		certification) certification | bytes >"$2/example" ;;
		batch_key) batch_key | bytes >"$2/example" ;;
		endorsement_key) cp "$attester/corpus/examples/endorsement-key.tpmt-public" "$2" ;;
		certificate) cp "$attester/corpus/examples/certificate.der" "$2" ;;
		boot_log) cp "$attester"/keylime/*.boot "$2" ;;
		ima_list) cp "$attester"/keylime/*.list "$2" ;;
		runtime_policy) cp "$attester"/keylime/*.policy "$2" ;;
		envelope) cp "$attester"/keylime/*.envelope "$2" ;;
		*) fail "there are no examples for $1; add them to scripts/fuzz.sh" ;;
	esac
}

scripts/setup.sh --devices
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
# Without a nightly compiler there is no sanitizer; panics and failed checks are found all the same.
if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
	fuzz=(cargo +nightly fuzz run)
else
	export RUSTC_BOOTSTRAP=1
	fuzz=(cargo fuzz run --sanitizer none)
fi
# The versions that the workspace is built with.
[ fuzz/Cargo.lock -nt Cargo.lock ] || cp Cargo.lock fuzz/Cargo.lock

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for target in "${targets[@]}"; do
	say "$target"
	mkdir -p "fuzz/corpus/$target" "$work/$target"
	examples "$target" "$work/$target"
	"${fuzz[@]}" "$target" "fuzz/corpus/$target" "$work/$target" -- -max_total_time="$seconds"
done
