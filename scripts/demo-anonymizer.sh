#!/usr/bin/env bash
# Makes pictures and a clip anonymous on this machine, publishes what was done to a chain, and lets
# somebody who has one of the pictures check it; then shows what is refused.
#
# usage: scripts/demo-anonymizer.sh [PICTURE...]
#   PICTURE   pictures of your own instead of two that come with scikit-image: the astronaut Eileen
#             Collins (NASA, public domain) and a man with a camera (Lav Varshney, CC0)
#
# Pictures, clip and the comparison stay in target/demo-anonymizer.
set -euo pipefail
case "${1:-}" in
	-h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit ;;
esac
pictures=()
for picture in "$@"; do
	[ -r "$picture" ] || { echo "demo: cannot read $picture" >&2; exit 2; }
	pictures+=("$(realpath "$picture")")
done
cd "$(dirname "$0")/.."

# shellcheck source=scripts/demo/stage.sh
. scripts/demo/stage.sh

build_programs --anonymizer
results=$(realpath -m "${CARGO_TARGET_DIR:-target}/demo-anonymizer")
rm -rf "$results"
mkdir -p "$results"
set_stage

# Two pictures that anybody may use, out of a pinned package.
fetch_pictures() {
	local package=$stage/package
	python3 -m venv "$package"
	"$package/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--dest "$package" scikit-image==0.25.2
	"$package/bin/python" -m zipfile -e "$package"/scikit_image-*.whl "$package/content"
	(
		cd "$package/content/skimage/data"
		sha256sum --quiet --check - <<-SUMS
			88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5  astronaut.png
			b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a  camera.png
		SUMS
	)
	pictures=("$package/content/skimage/data/"{astronaut,camera}.png)
}

# Puts each original beside its anonymous form, one pair below the other.
compare() {
	local number=0 picture square='scale=512:512:force_original_aspect_ratio=decrease,pad=512:512:-1:-1,format=rgb24'
	mkdir "$stage/pairs"
	for picture in "$stage/originals"/*; do
		for picture in "$picture" "$results/pictures/${picture##*/}"; do
			number=$((number + 1))
			ffmpeg -v error -i "$picture" -vf "$square" "$stage/pairs/$number.png"
		done
	done
	ffmpeg -v error -y -i "$stage/pairs/%d.png" -vf "tile=2x$((number / 2))" -frames:v 1 \
		"$results/before-and-after.png"
}

chapter '1. A camera makes pictures anonymous'
admit camera
mkdir "$stage/originals"
[ ${#pictures[@]} -gt 0 ] || fetch_pictures
cp "${pictures[@]}" "$stage/originals"
# Both are portraits: with persons hidden too, little but the background would be left to see.
msec-anonymize images "$stage/originals" "$results/pictures" --hide face --quiet \
	--reports "$results/reports" --provenance "$stage/records" --device-key "$stage/camera.phrase" | indent
jq -r '.name as $name | .hidden[] | "\($name): \(.class), score \(.score * 100 | round) %"' \
	"$results"/reports/*.json | indent
compare
say "Side by side, before and after: $results/before-and-after.png"

chapter '2. A clip'
original=$(find "$stage/originals" -type f | sort | sed -n 1p)
ffmpeg -v error -i "$original" -vf "scale=1280:-2,zoompan=z=1+on/250:x=on:y=on/2:d=125:s=640x360:fps=25,format=yuv420p" \
	-frames:v 125 "$stage/clip.mp4"
began=$EPOCHREALTIME
msec-anonymize video "$stage/clip.mp4" "$results/clip.mp4" --hide face --quiet | indent
seconds=$(awk -v began="$began" -v ended="$EPOCHREALTIME" 'BEGIN { printf "%.1f", ended - began }')
say "125 frames of 640x360 in $seconds seconds, from file to file: $results/clip.mp4"

chapter '3. A chain, a store and a key agent'
open_market owner buyer

chapter '4. The owner publishes what the camera recorded'
make_dataset pictures
as owner grant pictures "$(address camera)" --actions write >/dev/null
say "The camera $(address camera) may write to the data set. One of its records:"
sed -n 1p "$stage"/records/provenance-*.jsonl | jq . | indent
as owner publish pictures "$stage"/records/provenance-*.jsonl | grep -E '^(rows|batches)' | indent
listing=$(json owner listing create pictures --kind provenance --unit 1 --place dr5x1 \
	--licence CC0-1.0 --free | jq -r .listing)
say "The records are encrypted; the chain holds a commitment to them. Anybody may have them: $listing"

chapter '5. Somebody has a picture, and wants to know where it comes from'
picture=$(find "$results/pictures" -type f | sort | sed -n 1p)
order=$(json buyer buy "$listing" --wait | jq -r .order)
as buyer verify-image "$picture" --order "$order" | indent

chapter '6. What is refused'
must_be_refused() {
	if as buyer verify-image "$1" --order "$order" >"$stage/verdict" 2>/dev/null; then
		fail "$1 was verified"
	fi
	grep '^verdict' "$stage/verdict" | indent
}
say 'One byte of the picture is different:'
{
	head -c -1 "$picture"
	tail -c 1 "$picture" | tr '\000-\377' '\001-\377\000'
} >"$stage/altered"
must_be_refused "$stage/altered"
say 'It is the original:'
must_be_refused "$original"
say 'The camera was stolen, and the owner has withdrawn its grant:'
as owner revoke pictures "$(address camera)" >/dev/null
must_be_refused "$picture"

chapter 'Done'
say "Pictures, clip and comparison are in $results. Everything else was removed again."
