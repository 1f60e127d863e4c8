#!/usr/bin/env bash
# Makes the sample pictures of this folder. Needs imagemagick, libavif-bin, libimage-exiftool-perl, ffmpeg,
# webp and python3. The samples are committed, so that tests need none of these.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

base=$work/base.png
convert -size 48x32 xc:white -fill red -draw 'rectangle 0,0 15,7' \
	-fill blue -draw 'rectangle 32,24 47,31' -strip "$base"

# How the pixels must lie in the file so that the orientation (EXIF tag 0x0112) turns them right.
turned() {
	case $1 in
	1) convert "$base" "$2" ;;
	2) convert "$base" -flop "$2" ;;
	3) convert "$base" -rotate 180 "$2" ;;
	4) convert "$base" -flip "$2" ;;
	5) convert "$base" -transpose "$2" ;;
	6) convert "$base" -rotate 270 "$2" ;;
	7) convert "$base" -transverse "$2" ;;
	8) convert "$base" -rotate 90 "$2" ;;
	esac
}
for orientation in 1 2 3 4 5 6 7 8; do
	turned $orientation "orientation-$orientation.jpg"
	exiftool -q -overwrite_original -n -Orientation=$orientation "orientation-$orientation.jpg"
done
for extension in png webp; do
	turned 6 "orientation-6.$extension"
	exiftool -q -overwrite_original -n -Orientation=6 "orientation-6.$extension"
done

# AVIF is turned anti-clockwise first, then mirrored: 0 exchanges top and bottom, 1 left and right.
for turn in 0 1 2 3; do
	options=()
	[[ $turn == 0 ]] || options=(--irot "$turn")
	convert "$base" -rotate $((turn * 90)) "$work/turned.png"
	avifenc -s 8 "${options[@]}" "$work/turned.png" "turned-$turn.avif" >/dev/null
	convert "$base" -flip -rotate $((turn * 90)) "$work/turned.png"
	avifenc -s 8 "${options[@]}" --imir 0 "$work/turned.png" "turned-$turn-mirror-0.avif" >/dev/null
	convert "$base" -flop -rotate $((turn * 90)) "$work/turned.png"
	avifenc -s 8 "${options[@]}" --imir 1 "$work/turned.png" "turned-$turn-mirror-1.avif" >/dev/null
done

convert "$base" -colorspace CMYK -quality 95 cmyk.jpg
convert "$base" -interlace JPEG -quality 95 progressive.jpg
convert "$base" -colorspace Gray grey.jpg
convert "$base" -colorspace Gray -depth 8 grey.png
convert "$base" -colorspace Gray -depth 16 -define png:bit-depth=16 PNG:grey-sixteen-bits.png
convert "$base" PNG8:palette.png
convert "$base" -depth 16 PNG48:sixteen-bits.png
convert "$base" -depth 16 PNG64:sixteen-bits-transparent.png
convert "$base" -interlace PNG -define png:color-type=2 interlaced.png
convert "$base" -quality 90 -define webp:lossless=false lossy.webp
avifenc -s 8 -d 10 "$base" ten-bits.avif >/dev/null
avifenc -s 8 -y 400 grey.png grey.avif >/dev/null

# Metadata that must not survive.
convert -size 16x16 xc:green "$work/thumbnail.jpg"
python3 - "$work/profile" <<'PYTHON'
import struct, sys
tag = b'text\0\0\0\0SecretProfile\0'
table = struct.pack('>I4sII', 1, b'cprt', 144, len(tag))
profile = struct.pack('>I4sI4s4s4s', 144 + len(tag), b'none', 0x02400000, b'mntr', b'RGB ', b'XYZ ')
profile = profile.ljust(36, b'\0') + b'acsp'
open(sys.argv[1], 'wb').write(profile.ljust(128, b'\0') + table + tag)
PYTHON
for extension in jpg png webp; do
	convert "$base" -quality 95 "secrets.$extension"
	exiftool -q -overwrite_original "-ICC_Profile<=$work/profile" -Make=SecretCamera -GPSLatitude=48.2 -GPSLatitudeRef=N \
		-GPSLongitude=16.4 -GPSLongitudeRef=E -XMP-dc:Description=SecretXmp "secrets.$extension"
done
exiftool -q -overwrite_original -Comment=SecretComment "-ThumbnailImage<=$work/thumbnail.jpg" secrets.jpg
exiftool -q -overwrite_original -PNG:Author=SecretText secrets.png
printf '<x:xmpmeta>SecretXmp</x:xmpmeta>' >"$work/xmp"
avifenc -s 8 --xmp "$work/xmp" "$base" secrets.avif >/dev/null

# More than one frame.
convert "$base" -negate "$work/second.png"
ffmpeg -v error -y -loop 1 -t 2 -framerate 1 -i "$base" -pix_fmt rgb24 -f apng animated.png
convert -delay 100 "$base" "$work/second.png" -loop 0 animated.webp
avifenc -s 8 "$base" "$work/second.png" animated.avif >/dev/null

# AVIF whose pixels alone are not what viewers show.
convert "$base" -alpha set -channel A -evaluate set 30% "$work/transparent.png"
avifenc -s 8 "$work/transparent.png" transparent.avif >/dev/null
avifenc -s 8 -y 444 --crop 8,8,32,16 "$base" cropped.avif >/dev/null
convert -size 256x256 xc:white "$work/large.png"
avifenc -s 8 -g 2x2 -d 8 -y 444 "$work/large.png" grid.avif >/dev/null

# Headers that promise 100,000 pixels on a side, or the most that the format can.
python3 - <<'PYTHON'
import struct, zlib
def chunk(kind, content):
    return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))
def header(width, height):
    return chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
signature, end = b'\x89PNG\r\n\x1a\n', chunk(b'IEND', b'')
open('enormous.png', 'wb').write(signature + header(100000, 100000) + chunk(b'IDAT', zlib.compress(bytes(1000))) + end)

jpeg = bytearray(open('orientation-1.jpg', 'rb').read())
frame = jpeg.index(b'\xff\xc0')
jpeg[frame + 5:frame + 9] = struct.pack('>HH', 65500, 65500)
open('enormous.jpg', 'wb').write(jpeg)

# A canvas of 60,000 pixels on a side, 24 bits each less 1, then a picture of its own size.
def riff(kind, content):
    return kind + struct.pack('<I', len(content)) + content + bytes(len(content) % 2)
side = (60000 - 1).to_bytes(3, 'little')
body = b'WEBP' + riff(b'VP8X', bytes(4) + side + side) + open('lossy.webp', 'rb').read()[12:]
open('enormous.webp', 'wb').write(riff(b'RIFF', body))

avif = bytearray(open('turned-0.avif', 'rb').read())
extent = avif.index(b'ispe') + 8
avif[extent:extent + 8] = struct.pack('>II', 100000, 100000)
open('enormous.avif', 'wb').write(avif)

# A good picture with 8 MB of zeros as colour profile.
rows = open('sixteen-bits.png', 'rb').read()
first = 8 + 25
profile = b'bomb\0\0' + zlib.compress(bytes(8_000_000), 9)
open('profile-bomb.png', 'wb').write(rows[:first] + chunk(b'iCCP', profile) + rows[first:])
PYTHON
