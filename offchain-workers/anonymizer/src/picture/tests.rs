use super::*;
use image::{
	codecs::png::PngEncoder, DynamicImage, ExtendedColorType, ImageEncoder, Rgb, RgbImage, Rgba,
	RgbaImage,
};
use proptest::prelude::*;
use std::{
	path::{Path, PathBuf},
	sync::LazyLock,
};

const WHITE: Rgb<u8> = Rgb([255, 255, 255]);
const RED: Rgb<u8> = Rgb([255, 0, 0]);
const BLUE: Rgb<u8> = Rgb([0, 0, 255]);
const FORMATS: [Format; 4] = [Format::Jpeg, Format::Png, Format::WebP, Format::Avif];
/// What stands in the metadata of the samples; none of it may reach an output.
const SECRETS: [&[u8]; 6] =
	[b"Exif", b"SecretCamera", b"SecretComment", b"SecretXmp", b"SecretText", b"ICC_PROFILE"];

fn sample(name: &str) -> Vec<u8> {
	let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pictures").join(name);
	std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn decoded(name: &str) -> RgbImage {
	decode(&sample(name), &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn is_near(found: Rgb<u8>, expected: Rgb<u8>) -> bool {
	found.0.iter().zip(expected.0).all(|(found, expected)| found.abs_diff(expected) <= 24)
}

/// The samples are white, 48 × 32, with a red corner at the upper left and a blue one at the lower
/// right, 16 × 8 each.
fn assert_is_sample(name: &str, frame: &RgbImage) {
	assert_eq!(frame.dimensions(), (48, 32), "{name}");
	for (x, y, colour) in [(4, 3, RED), (40, 28, BLUE), (40, 3, WHITE), (4, 28, WHITE)] {
		let found = *frame.get_pixel(x, y);
		assert!(is_near(found, colour), "{name}: {found:?} at {x}, {y} instead of {colour:?}");
	}
}

fn drawn() -> RgbImage {
	RgbImage::from_fn(48, 32, |x, y| match (x, y) {
		(..16, ..8) => RED,
		(32.., 24..) => BLUE,
		_ => WHITE,
	})
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
	bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn all_formats_are_written_and_read() {
	for format in FORMATS {
		let bytes = encode(&drawn(), Encoding { format, quality: 90 }).unwrap();
		assert_eq!(Format::from_content(&bytes), Some(format));
		assert_is_sample(&format.to_string(), &decode(&bytes, &Limits::default()).unwrap());
	}
}

#[test]
fn formats_without_losses_keep_every_pixel() {
	for format in [Format::Png, Format::WebP] {
		let bytes = encode(&drawn(), Encoding { format, quality: 1 }).unwrap();
		assert_eq!(decode(&bytes, &Limits::default()).unwrap(), drawn());
	}
}

#[test]
fn all_eight_orientations_are_applied() {
	for orientation in 1..=8 {
		let name = format!("orientation-{orientation}.jpg");
		assert_is_sample(&name, &decoded(&name));
	}
	for name in ["orientation-6.png", "orientation-6.webp"] {
		assert_is_sample(name, &decoded(name));
	}
	for turned in 0..4 {
		for mirrored in ["", "-mirror-0", "-mirror-1"] {
			let name = format!("turned-{turned}{mirrored}.avif");
			assert_is_sample(&name, &decoded(&name));
		}
	}
}

#[test]
fn every_kind_of_pixel_is_understood() {
	for name in [
		"cmyk.jpg",
		"progressive.jpg",
		"palette.png",
		"sixteen-bits.png",
		"interlaced.png",
		"lossy.webp",
		"ten-bits.avif",
	] {
		assert_is_sample(name, &decoded(name));
	}
	for name in ["grey.jpg", "grey.png", "grey-sixteen-bits.png", "grey.avif"] {
		let frame = decoded(name);
		let (red, white) = (*frame.get_pixel(4, 3), *frame.get_pixel(40, 3));
		assert!(red.0[0] < 140 && red.0[0].abs_diff(red.0[2]) < 3, "{name}: {red:?}");
		assert!(is_near(white, WHITE), "{name}: {white:?}");
	}
}

#[test]
fn what_is_transparent_stays_unseen() {
	let frame = RgbaImage::from_pixel(4, 4, Rgba([255, 0, 0, 0]));
	let mut png = Vec::new();
	PngEncoder::new(&mut png).write_image(&frame, 4, 4, ExtendedColorType::Rgba8).unwrap();
	assert!(decode(&png, &Limits::default()).unwrap().pixels().all(|pixel| *pixel == WHITE));
	let sixteen_bits = DynamicImage::ImageRgba8(frame).into_rgba16();
	let mut png = std::io::Cursor::new(Vec::new());
	DynamicImage::ImageRgba16(sixteen_bits).write_to(&mut png, image::ImageFormat::Png).unwrap();
	let decoded = decode(png.get_ref(), &Limits::default()).unwrap();
	assert!(decoded.pixels().all(|pixel| *pixel == WHITE));
}

#[test]
fn metadata_does_not_survive() {
	let mut seen = vec![false; SECRETS.len()];
	for name in ["secrets.jpg", "secrets.png", "secrets.webp", "secrets.avif"] {
		let bytes = sample(name);
		for (secret, seen) in SECRETS.iter().zip(&mut seen) {
			*seen |= contains(&bytes, secret);
		}
		let frame = decode(&bytes, &Limits::default()).unwrap();
		assert_is_sample(name, &frame);
		for format in FORMATS {
			let output = encode(&frame, Encoding { format, quality: 90 }).unwrap();
			for secret in SECRETS {
				let secret_name = String::from_utf8_lossy(secret);
				assert!(!contains(&output, secret), "{secret_name} of {name} in {format}");
			}
		}
	}
	assert!(seen.iter().all(|seen| *seen), "the samples contain what is looked for: {seen:?}");
}

#[test]
fn what_follows_a_picture_does_not_survive() {
	for format in FORMATS {
		let mut bytes = encode(&drawn(), Encoding { format, quality: 90 }).unwrap();
		if format == Format::Avif {
			// In AVIF everything is in boxes.
			bytes.extend([0, 0, 0, 22]);
			bytes.extend(b"free");
		}
		bytes.extend(b"SecretTrailing");
		let frame = decode(&bytes, &Limits::default()).unwrap();
		let output = encode(&frame, Encoding { format, quality: 90 }).unwrap();
		assert!(!contains(&output, b"SecretTrailing"), "{format}");
	}
}

#[test]
fn animated_pictures_are_refused() {
	for name in ["animated.png", "animated.webp", "animated.avif"] {
		let refused = decode(&sample(name), &Limits::default());
		assert!(matches!(refused, Err(PictureError::Animated)), "{name}: {refused:?}");
	}
}

#[test]
fn avif_that_would_look_otherwise_is_refused() {
	for name in ["transparent.avif", "cropped.avif"] {
		let refused = decode(&sample(name), &Limits::default());
		assert!(matches!(refused, Err(PictureError::Unsupported { .. })), "{name}: {refused:?}");
	}
	assert!(decode(&sample("grid.avif"), &Limits::default()).is_err());
}

#[test]
fn enormous_pictures_are_refused_before_they_are_decoded() {
	for name in ["enormous.png", "enormous.jpg", "enormous.webp", "enormous.avif"] {
		let refused = decode(&sample(name), &Limits::default());
		assert!(matches!(refused, Err(PictureError::TooLarge { .. })), "{name}: {refused:?}");
	}
	let limits = Limits { max_side: 47, ..Limits::default() };
	let few = Limits { max_pixels: 48 * 32 - 1, ..Limits::default() };
	for format in FORMATS {
		let bytes = encode(&drawn(), Encoding { format, quality: 90 }).unwrap();
		for limits in [limits, few] {
			let refused = decode(&bytes, &limits);
			assert!(matches!(refused, Err(PictureError::TooLarge { .. })), "{format}: {refused:?}");
		}
	}
	// The pixels are within the limit, but with 16 bits and transparency they take twice the memory.
	let bytes = sample("sixteen-bits-transparent.png");
	let limits = Limits { max_pixels: 48 * 32, ..Limits::default() };
	assert!(matches!(decode(&bytes, &limits), Err(PictureError::TooLarge { .. })));
}

#[test]
fn decompression_bombs_in_metadata_are_bounded() {
	// 8 MB of zeros as colour profile, packed.
	let limits = Limits { max_pixels: 48 * 32, ..Limits::default() };
	match decode(&sample("profile-bomb.png"), &limits) {
		Ok(frame) => assert_is_sample("profile-bomb.png", &frame),
		Err(error) => assert!(matches!(error, PictureError::Damaged { .. }), "{error}"),
	}
}

#[test]
fn nothing_and_something_else_are_refused() {
	assert!(matches!(decode(b"", &Limits::default()), Err(PictureError::Empty)));
	for bytes in [&b"GIF89a"[..], b"BM", b"II*\0", b"<svg/>", b"RIFF\0\0\0\0WAVE", &[0xff]] {
		assert!(matches!(decode(bytes, &Limits::default()), Err(PictureError::Unknown)));
	}
}

#[test]
fn every_truncation_is_noticed() {
	for name in ["secrets.jpg", "secrets.png", "lossy.webp"] {
		let bytes = sample(name);
		// What is left out are not only bytes behind the picture.
		for length in 0..bytes.len() - 16 {
			assert!(decode(&bytes[..length], &Limits::default()).is_err(), "{name} at {length}");
		}
	}
	let bytes = sample("turned-1.avif");
	for length in [8, 30, 100, 200, bytes.len() - 40, bytes.len() - 1] {
		assert!(decode(&bytes[..length], &Limits::default()).is_err(), "AVIF at {length}");
	}
}

static SAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
	let names = ["secrets.jpg", "cmyk.jpg", "progressive.jpg", "secrets.png", "palette.png"];
	names.into_iter().chain(["lossy.webp", "secrets.webp"]).map(sample).collect()
});

static AVIF: LazyLock<Vec<u8>> = LazyLock::new(|| sample("turned-1.avif"));

fn flipped(bytes: &[u8], flips: &[(usize, u8)]) -> Vec<u8> {
	let mut bytes = bytes.to_vec();
	for (position, bit) in flips {
		let position = position % bytes.len();
		bytes[position] ^= 1 << (bit % 8);
	}
	bytes
}

proptest! {
	#[test]
	fn damaged_files_never_panic(
		sample in 0usize..7, flips in prop::collection::vec(any::<(usize, u8)>(), 1..20),
	) {
		let _ = decode(&flipped(&SAMPLES[sample], &flips), &Limits::default());
	}

	#[test]
	fn arbitrary_bytes_never_panic(format in 0usize..3, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
		let begin = [&[0xff, 0xd8, 0xff][..], b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"][format];
		let _ = decode(&[begin, &bytes].concat(), &Limits::default());
	}

	#[test]
	fn names_of_files_never_panic(name in ".*") {
		let _ = Format::from_path(&PathBuf::from(name));
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(12))]

	#[test]
	fn damaged_avif_never_panics(flips in prop::collection::vec(any::<(usize, u8)>(), 1..6)) {
		let _ = decode(&flipped(&AVIF, &flips), &Limits::default());
	}
}
