#!/usr/bin/env bash
# Measures M-Sec beside a named baseline, in the same run, and prints what was measured and what should
# have been. A target that is missed stays in the table.
#
# usage: scripts/bench.sh NAME [--json FILE] [--check] [OPTIONS]
#   anonymizer    images and video beside deface 1.5.0; see scripts/bench.sh anonymizer --help
#   attestation   quotes, credentials and IMA lists, beside Keylime 7.14.3; about ten minutes on an idle
#                 machine
#   market        transfers, purchases and finality beside the SDK's solochain template; about six
#                 minutes on an idle machine; see scripts/bench.sh market --help
#   store         the store beside age and PostgreSQL; about ten minutes on an idle machine; see
#                 scripts/bench.sh store --help
#   --json FILE   also writes the table as JSON: name, value, unit, baseline, baseline_value, ratio,
#                 target, holds, note
#   --check       fails when a target is missed
set -euo pipefail
usage() { sed -n '2,15s/^# \{0,1\}//p' "$0"; }
fail() { echo "bench: $*" >&2; exit 2; }

name=${1:-}
case $name in
	-h | --help) usage; exit ;;
	anonymizer | attestation | market | store) shift ;;
	*) usage >&2; exit 2 ;;
esac
json=
check=no
options=()
while [ $# -gt 0 ]; do
	case $1 in
		--json)
			[ $# -gt 1 ] || fail '--json needs a file'
			json=$(realpath -m "$2")
			shift 2
			;;
		--check)
			check=yes
			shift
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
	def padded($width): . + " " * ($width - length);
	[["", "value", "unit", "baseline", "ratio", "target", "holds"]] + map([
		.name, (.value | text), .unit, (.baseline_value | text), (.ratio | text), (.target // ""),
		if .holds == null then "" elif .holds then "yes" else "no" end])
	| (transpose | map(map(length) | max)) as $widths
	| .[] | [., $widths] | transpose | map(.[1] as $width | .[0] | padded($width)) | join("  ") | sub(" +$"; "")
	' "$work/table"
jq -r '.[] | select(.note) | "\(.name): \(.note)"' "$work/table"
[ "$check" = no ] || jq -e 'all(.holds != false)' "$work/table" >/dev/null
