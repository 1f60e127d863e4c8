#!/usr/bin/env bash
# Measures M-Sec beside a named baseline, in the same run, and prints what was measured and what should
# have been. A target that is missed stays in the table.
#
# usage: scripts/bench.sh NAME [--json FILE] [OPTIONS]
#   anonymizer    images and video beside deface 1.5.0; see scripts/bench.sh anonymizer --help
#   --json FILE   also writes the table as JSON: name, value, unit, baseline, baseline_value, ratio,
#                 target, holds, note
set -euo pipefail
usage() { sed -n '2,8s/^# \{0,1\}//p' "$0"; }
fail() { echo "bench: $*" >&2; exit 2; }

name=${1:-}
case $name in
	-h | --help) usage; exit ;;
	anonymizer) shift ;;
	*) usage >&2; exit 2 ;;
esac
json=
options=()
while [ $# -gt 0 ]; do
	case $1 in
		--json)
			[ $# -gt 1 ] || fail '--json needs a file'
			json=$(realpath -m "$2")
			shift 2
			;;
		*) options+=("$1"); shift ;;
	esac
done
[ -z "$json" ] || [ -d "$(dirname "$json")" ] || fail "there is no folder $(dirname "$json")"
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts/bench/"$name".sh "$work/rows" ${options[@]+"${options[@]}"}
# Without rows it was only asked for help.
[ -s "$work/rows" ] || exit 0
jq -s . "$work/rows" >"$work/table"
[ -z "$json" ] || cp "$work/table" "$json"

printf '\n'
jq -r '
	def text: if . == null then "" elif type != "number" then tostring
		elif fabs >= 100 then round | tostring else . * 1000 | round / 1000 | tostring end;
	["", "value", "unit", "baseline", "ratio", "target", "holds"],
	(.[] | [.name, (.value | text), .unit, (.baseline_value | text), (.ratio | text), (.target // ""),
		if .holds == null then "" elif .holds then "yes" else "no" end])
	| @tsv' "$work/table" | column -t -s "$(printf '\t')"
jq -r '.[] | select(.note) | "\(.name): \(.note)"' "$work/table"
