#!/usr/bin/env bash
# Prepares what scripts/bench.sh anonymizer needs, and runs it.
#
# usage: scripts/bench/anonymizer.sh ROWS [OPTIONS]
#   ROWS   file for one line of JSON a measure; OPTIONS are those of scripts/bench/anonymizer/benchmark.py
set -euo pipefail
# ONNX Runtime must not report home.
export ORT_DISABLE_TELEMETRY=1
rows=$(realpath -m "$1")
shift
cd "$(dirname "$0")/../.."

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

# deface and what it needs, in the versions of the list; made anew when the list changes.
requirements=scripts/bench/anonymizer/requirements.txt
environment=${XDG_CACHE_HOME:-$HOME/.cache}/msec/bench/$(sha256sum "$requirements" | cut -c1-16)
if [ ! -e "$environment/complete" ]; then
	say 'Installing deface'
	rm -rf "$environment"
	python3 -m venv "$environment"
	"$environment/bin/pip" install --quiet --requirement "$requirements"
	touch "$environment/complete"
fi
export PATH=$environment/bin:$PATH
case " $* " in
	*' --help '* | *' -h '*) exec python scripts/bench/anonymizer/benchmark.py "$rows" --help ;;
esac

scripts/setup.sh --anonymizer
say 'Building'
# The whole workspace is selected so that dependencies keep the features they are built with already.
cargo build --release --quiet --workspace --bin msec-anonymize
PATH=$(realpath "${CARGO_TARGET_DIR:-target}/release"):$PATH
exec python scripts/bench/anonymizer/benchmark.py "$rows" "$@"
