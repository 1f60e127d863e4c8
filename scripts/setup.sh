#!/usr/bin/env bash
# Prepares a Debian machine to build M-Sec: system packages and the wasm32v1-none target.
# Safe to run again and again; prints nothing when there is nothing to do.
#
# usage: scripts/setup.sh [--tests] [--devices] [--anonymizer] [--store]
#   --tests        also installs what only the tests need: Node.js and Chromium for the JavaScript
#                  clients, Python for its SDK, PostgreSQL, moto (which speaks the S3 protocol) and
#                  libfaketime (for clocks that jump) for the store, and what --devices installs
#   --devices      also installs a software TPM and TPM tools for the attester
#   --anonymizer   also installs ffmpeg and prepares the models that the anonymizer needs
#   --store        also installs PostgreSQL and age, beside which the store is measured
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "setup: '$*' needs root, and sudo is not installed; run it as root, then start again." >&2
		exit 1
	fi
}

install_packages() {
	local missing=()
	for package in "$@"; do
		dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
			missing+=("$package")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	say "Installing ${missing[*]}"
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		"${missing[@]}" >/dev/null
}

# The runtime is WebAssembly. Where rustup can fetch the target it is one command.
add_target_with_rustup() {
	[ -d "$(rustc --print sysroot)/lib/rustlib/wasm32v1-none/lib" ] && return 0
	command -v rustup >/dev/null || return 1
	timeout 300 rustup target add wasm32v1-none >/dev/null 2>&1
}

# Elsewhere Debian's rustc-web brings the sources of `core` and `alloc`, and they are built once.
build_target_from_debian_sources() {
	install_packages rustc-web cargo-web rust-web-src lld-19
	local compiler=/usr/bin/rustc
	local version library
	version=$($compiler --version)
	library=$($compiler --print sysroot)/lib/rustlib/wasm32v1-none/lib
	if [ "$(cat "$library/.built-by" 2>/dev/null)" != "$version" ]; then
		say "Building core and alloc for wasm32v1-none ($version)"
		local work
		work=$(mktemp -d)
		mkdir -p "$work/src"
		printf '[package]\nname = "sysroot"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' \
			>"$work/Cargo.toml"
		printf '#![no_std]\n' >"$work/src/lib.rs"
		(
			cd "$work"
			export RUSTC_BOOTSTRAP=1 RUSTC=$compiler RUSTFLAGS=-Cembed-bitcode=yes
			unset CARGO_TARGET_DIR RUSTUP_TOOLCHAIN
			/usr/bin/cargo build --quiet --release --target wasm32v1-none \
				-Zbuild-std=core,alloc,compiler_builtins --target-dir "$work/target"
		)
		as_root mkdir -p "$library"
		as_root find "$library" -name '*.rlib' -delete
		local crate
		for crate in core alloc compiler_builtins; do
			as_root cp "$work"/target/wasm32v1-none/release/deps/lib"$crate"-*.rlib "$library/"
		done
		echo "$version" | as_root tee "$library/.built-by" >/dev/null
		rm -rf "$work"
		# What was compiled against the former library can no longer be linked.
		rm -rf "${CARGO_TARGET_DIR:-target}"/*/wbuild
	fi
	command -v rust-lld >/dev/null || as_root ln -s "$(command -v lld-19)" /usr/local/bin/rust-lld
	rustup toolchain list | grep -q '^msec-wasm\b' || rustup toolchain link msec-wasm /usr
}

# Debian keeps the programs of PostgreSQL apart from the PATH.
install_postgresql() {
	command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
		install_packages postgresql
}

# A server for the S3 protocol: moto, the usual fake of Amazon's services, in an environment of its own.
install_moto() {
	local folder=/usr/local/lib/msec-moto
	local version=5.2.5
	"$folder/bin/python" -c "import importlib.metadata as m; assert m.version('moto') == '$version'" \
		2>/dev/null && command -v moto_server >/dev/null && return 0
	say "Installing moto $version"
	as_root python3 -m venv --clear "$folder"
	as_root "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
		"moto[s3,server]==$version"
	as_root ln -sf "$folder/bin/moto_server" /usr/local/bin/moto_server
}

# Tells cargo's build scripts where the workspace is, which compiler makes WebAssembly, and that nobody
# needs the runtime by which the SDK measures proofs; and the tests that ONNX Runtime must not report home.
write_cargo_configuration() {
	local content
	content=$(
		cat <<-TOML
			# Written by scripts/setup.sh for this machine.
			[env]
			WASM_BUILD_WORKSPACE_HINT = { value = ".", relative = true, force = true }
			SKIP_FRAME_STORAGE_ACCESS_TEST_RUNTIME_WASM_BUILD = "1"
			ORT_DISABLE_TELEMETRY = "1"
		TOML
		[ "$1" = rustup ] || echo 'WASM_BUILD_TOOLCHAIN = "msec-wasm"'
	)
	[ "$(cat .cargo/config.toml 2>/dev/null)" = "$content" ] && return 0
	mkdir -p .cargo
	printf '%s\n' "$content" >.cargo/config.toml
}

tests=no
devices=no
anonymizer=no
store=no
for option in "$@"; do
	case "$option" in
		--tests) tests=yes devices=yes ;;
		--devices) devices=yes ;;
		--anonymizer) anonymizer=yes ;;
		--store) store=yes ;;
		*) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
	esac
done

# The attester speaks to TPMs by the TCG's library.
install_packages build-essential ca-certificates curl git jq libtss2-dev pkg-config protobuf-compiler
if [ "$tests$anonymizer" != nono ] && ! command -v npm >/dev/null; then
	install_packages nodejs npm
fi
if [ "$tests" = yes ]; then
	install_packages chromium libfaketime python3-venv
	install_postgresql
	install_moto
fi
if [ "$store" = yes ]; then
	install_postgresql
	install_packages age postgresql-client
fi
if [ "$devices" = yes ]; then
	install_packages gnutls-bin swtpm swtpm-tools tpm2-tools
fi
# Debian 12 has Node.js 18; the JavaScript clients want a newer one, which npm brings.
if [ "$tests" = yes ] && [ "$(node --version | sed 's/^v\([0-9]*\).*/\1/')" -lt 20 ]; then
	say 'Installing Node.js 20'
	as_root npm install --global --silent node@20
	hash -r
fi
if [ "$anonymizer" = yes ]; then
	install_packages ffmpeg python3-venv unzip
	offchain-workers/anonymizer/models/prepare.sh
fi
if ! command -v cargo >/dev/null; then
	echo "setup: Rust is missing. Install it from https://rustup.rs, then start again." >&2
	exit 1
fi
if add_target_with_rustup; then
	write_cargo_configuration rustup
else
	build_target_from_debian_sources
	write_cargo_configuration debian
fi
