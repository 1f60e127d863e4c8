//! AVIF through ffmpeg, as a process with bounded memory and time. It gets and gives pixels; how they are
//! turned and how many there are is read here from the boxes (ISO/IEC 14496-12, 23008-12).

use super::{Format, Limits, PictureError};
use image::{imageops, RgbImage};
use std::{
	io::{Read, Write},
	os::unix::process::CommandExt,
	process::{Command, Stdio},
	thread,
};

/// Most seconds of computing for one picture.
const MAX_SECONDS: u32 = 120;
/// Most memory for one picture, in bytes.
const MAX_MEMORY: u64 = 3 << 30;
/// Most boxes that are looked at in one file.
const MAX_BOXES: usize = 10_000;
/// Worst quantizer of AV1.
const MAX_QUANTIZER: u32 = 63;
/// Longest complaint that is passed on, in characters.
const MAX_COMPLAINT: usize = 200;

/// What the boxes say about the picture.
#[derive(Debug, Default, PartialEq, Eq)]
struct Properties {
	/// Quarter turns, anti-clockwise, done first.
	turns: Option<u8>,
	/// 0 exchanges top and bottom, 1 left and right.
	mirror: Option<u8>,
}

pub fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, PictureError> {
	let properties = properties(bytes, limits)?;
	let max_pixels = limits.max_pixels.to_string();
	let arguments = [
		["-max_pixels", &max_pixels],
		["-threads", "1"],
		["-f", "mov"],
		["-i", "pipe:0"],
		["-frames:v", "1"],
		["-c:v", "png"],
		["-pix_fmt", "rgb24"],
		["-compression_level", "1"],
		["-f", "image2pipe"],
	];
	let picture = run(&arguments, "pipe:1", bytes)?
		.map_err(|reason| PictureError::Damaged { format: Format::Avif, reason })?;
	let mut picture = super::decode(&picture, limits)?;
	picture = match properties.turns {
		Some(1) => imageops::rotate270(&picture),
		Some(2) => imageops::rotate180(&picture),
		Some(3) => imageops::rotate90(&picture),
		_ => picture,
	};
	match properties.mirror {
		Some(0) => imageops::flip_vertical_in_place(&mut picture),
		Some(_) => imageops::flip_horizontal_in_place(&mut picture),
		None => {},
	}
	Ok(picture)
}

pub fn encode(frame: &RgbImage, quality: u8) -> Result<Vec<u8>, PictureError> {
	let failed = |reason: String| PictureError::Encoding { format: Format::Avif, reason };
	// Ffmpeg writes AVIF to files only. There is nothing in it that must not be seen.
	let file = tempfile::NamedTempFile::new().map_err(|error| failed(error.to_string()))?;
	let size = format!("{}x{}", frame.width(), frame.height());
	let quantizer = (100 - u32::from(quality.clamp(1, 100))) * MAX_QUANTIZER / 100;
	let quantizer = quantizer.to_string();
	let arguments = [
		["-f", "rawvideo"],
		["-pix_fmt", "rgb24"],
		["-s", &size],
		["-i", "pipe:0"],
		["-frames:v", "1"],
		["-threads", "1"],
		["-vf", "scale=out_color_matrix=bt709:out_range=pc,format=yuv444p"],
		["-colorspace", "bt709"],
		["-color_primaries", "bt709"],
		["-color_trc", "iec61966-2-1"],
		["-color_range", "pc"],
		["-c:v", "libaom-av1"],
		["-still-picture", "1"],
		["-cpu-used", "8"],
		["-crf", &quantizer],
		["-b:v", "0"],
		["-f", "avif"],
	];
	let path = file.path().to_string_lossy();
	run(&arguments, &path, frame.as_raw())?.map_err(failed)?;
	let mut bytes = Vec::new();
	let read = file.reopen().and_then(|mut file| file.read_to_end(&mut bytes));
	read.map_err(|error| failed(error.to_string()))?;
	Ok(bytes)
}

/// What ffmpeg makes of `input`, or its complaint.
fn run(
	arguments: &[[&str; 2]],
	output: &str,
	input: &[u8],
) -> Result<Result<Vec<u8>, String>, PictureError> {
	let mut process = Command::new("prlimit")
		.args([format!("--cpu={MAX_SECONDS}"), format!("--as={MAX_MEMORY}")])
		.args(["ffmpeg", "-nostdin", "-y", "-v", "error"])
		.args(arguments.as_flattened())
		.arg(output)
		.stdin(Stdio::piped())
		.stdout(Stdio::piped())
		.stderr(Stdio::piped())
		// An interrupt from the keyboard is for this program, which then finishes its pictures.
		.process_group(0)
		.spawn()
		.map_err(PictureError::NoFfmpeg)?;
	let mut stdin = process.stdin.take().expect("the pipe was asked for; qed");
	let output = thread::scope(|scope| {
		// It stops reading when it has enough or gives up; its exit tells which.
		scope.spawn(move || stdin.write_all(input));
		process.wait_with_output()
	});
	let output = output.map_err(PictureError::NoFfmpeg)?;
	if output.status.success() {
		return Ok(Ok(output.stdout));
	}
	let complaint = String::from_utf8_lossy(&output.stderr);
	let printable = |character: &char| !character.is_control();
	let line = complaint.lines().last().unwrap_or("ffmpeg ended without a word");
	Ok(Err(line.chars().filter(printable).take(MAX_COMPLAINT).collect()))
}

/// Refuses what would not be shown as viewers show it, and what is too large.
fn properties(bytes: &[u8], limits: &Limits) -> Result<Properties, PictureError> {
	let mut properties = Properties::default();
	let mut boxes = Boxes { count: 0 };
	for (kind, content) in boxes.read(bytes)? {
		match &kind {
			b"ftyp" if content.chunks(4).any(|brand| brand == b"avis") => {
				return Err(PictureError::Animated)
			},
			b"moov" => return Err(PictureError::Animated),
			// A full box: version and flags come first.
			b"meta" => {
				let content = content.get(4..).ok_or(PictureError::Truncated)?;
				boxes.item_properties(content, limits, &mut properties)?;
			},
			_ => {},
		}
	}
	Ok(properties)
}

type Box<'a> = ([u8; 4], &'a [u8]);

/// Reads boxes, not too many.
struct Boxes {
	count: usize,
}

impl Boxes {
	fn item_properties(
		&mut self,
		meta: &[u8],
		limits: &Limits,
		properties: &mut Properties,
	) -> Result<(), PictureError> {
		for (_, content) in self.read(meta)?.into_iter().filter(|(kind, _)| kind == b"iprp") {
			let containers = self.read(content)?;
			for (_, content) in containers.into_iter().filter(|(kind, _)| kind == b"ipco") {
				for property in self.read(content)? {
					properties.note(property, limits)?;
				}
			}
		}
		Ok(())
	}

	/// The boxes that follow one another in `bytes`.
	fn read<'a>(&mut self, mut bytes: &'a [u8]) -> Result<Vec<Box<'a>>, PictureError> {
		let mut boxes = Vec::new();
		while !bytes.is_empty() {
			self.count += 1;
			if self.count > MAX_BOXES {
				return Err(damaged("it has too many boxes"));
			}
			let (size, kind) = header(bytes).ok_or(PictureError::Truncated)?;
			let (begin, end) = match size {
				0 => (8, bytes.len()),
				1 => (16, large_size(bytes).ok_or(PictureError::Truncated)?),
				size => (8, size as usize),
			};
			if end < begin {
				return Err(damaged("a box is shorter than its header"));
			}
			boxes.push((kind, bytes.get(begin..end).ok_or(PictureError::Truncated)?));
			bytes = &bytes[end..];
		}
		Ok(boxes)
	}
}

impl Properties {
	fn note(&mut self, (kind, content): Box<'_>, limits: &Limits) -> Result<(), PictureError> {
		match &kind {
			// A full box: version and flags, width, height.
			b"ispe" => {
				let number = |position: usize| -> Option<u32> {
					content.get(position..)?.first_chunk().copied().map(u32::from_be_bytes)
				};
				let size = number(4).zip(number(8));
				let (width, height) = size.ok_or(PictureError::Truncated)?;
				limits.check(width, height)
			},
			b"irot" => once(&mut self.turns, content, 3),
			b"imir" => once(&mut self.mirror, content, 1),
			b"auxC" => Err(PictureError::Unsupported { feature: "transparency" }),
			b"clap" => Err(PictureError::Unsupported { feature: "a cropped picture" }),
			_ => Ok(()),
		}
	}
}

/// Notes the property of the only picture. With more of them it is not clear which one counts.
fn once(property: &mut Option<u8>, content: &[u8], mask: u8) -> Result<(), PictureError> {
	let value = content.first().ok_or(PictureError::Truncated)? & mask;
	match property.replace(value) {
		Some(_) => {
			Err(PictureError::Unsupported { feature: "a picture with parts turned differently" })
		},
		None => Ok(()),
	}
}

fn header(bytes: &[u8]) -> Option<(u32, [u8; 4])> {
	let size = bytes.first_chunk().copied().map(u32::from_be_bytes)?;
	Some((size, bytes.get(4..)?.first_chunk().copied()?))
}

fn large_size(bytes: &[u8]) -> Option<usize> {
	let size = bytes.get(8..)?.first_chunk().copied().map(u64::from_be_bytes)?;
	usize::try_from(size).ok()
}

fn damaged(reason: &str) -> PictureError {
	PictureError::Damaged { format: Format::Avif, reason: reason.to_owned() }
}
