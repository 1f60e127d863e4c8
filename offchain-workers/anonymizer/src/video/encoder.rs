//! From frames with timestamps to a compressed video, through a pipe to ffmpeg.

use super::{
	error::VideoError,
	frame::Frame,
	probe::VideoStream,
	process::{ffmpeg, Killer, Process},
	settings::VideoSettings,
};
use std::{
	ffi::OsString,
	io::{BufWriter, Write},
	process::{ChildStdin, Stdio},
};

/// A running encoder. What it writes is complete after [`Encoder::finish`] only.
pub struct Encoder {
	process: Process,
	frames: BufWriter<ChildStdin>,
}

impl Encoder {
	/// Writes what `output` says: options and an address. Nothing but the pictures gets into it.
	pub fn start(
		stream: &VideoStream,
		settings: &VideoSettings,
		output: &[OsString],
	) -> Result<Self, VideoError> {
		let (encoder, parameters) = settings.codec.encoder();
		let mut command = ffmpeg();
		command
			.args(["-probesize", "32", "-analyzeduration", "0", "-f", "ivf", "-i", "pipe:0"])
			.args(["-map", "0:0", "-fps_mode", "passthrough", "-enc_time_base", "-1"])
			.args(["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"])
			.args(["-c:v", encoder, "-preset", settings.preset()])
			.args(["-crf", &settings.quality.to_string()])
			.args([parameters, &settings.codec.parameters(stream.rate)])
			.args(["-pix_fmt", "yuv420p", "-color_range", "tv"]);
		for (option, value) in &stream.colours {
			command.args([option, value.as_str()]);
		}
		if let Some((x, y)) = stream.pixel_aspect {
			command.args(["-vf", &format!("setsar={x}/{y}")]);
		}
		command.args(output).stdin(Stdio::piped());
		let mut process = Process::start(command, |_| false)?;
		let pipe = process.take_stdin().expect("stdin is piped; qed");
		let mut encoder = Self { process, frames: BufWriter::new(pipe) };
		match encoder.frames.write_all(&file_header(stream)) {
			Ok(()) => Ok(encoder),
			Err(_) => Err(encoder.failure()),
		}
	}

	/// Stops it from another thread; the output stays incomplete.
	pub fn killer(&self) -> Killer {
		self.process.killer()
	}

	/// The next frame, at a time in ticks that is later than that of the one before.
	pub fn write(&mut self, frame: &Frame, timestamp: i64) -> Result<(), VideoError> {
		let header = frame_header(frame.data.len(), timestamp);
		let written =
			self.frames.write_all(&header).and_then(|()| self.frames.write_all(&frame.data));
		// The pipe broke because ffmpeg ended; it says why.
		written.map_err(|_| VideoError::Encoding("ffmpeg stopped reading".into()))
	}

	/// Completes the output.
	pub fn finish(mut self) -> Result<(), VideoError> {
		let flushed = self.frames.flush();
		drop(self.frames);
		let (status, complaints) = self.process.wait().map_err(failed)?;
		match flushed {
			Ok(()) if status.success() => Ok(()),
			_ => Err(VideoError::Encoding(complaints.to_string())),
		}
	}

	/// Why it stopped reading.
	pub fn failure(self) -> VideoError {
		drop(self.frames.into_parts());
		match self.process.wait() {
			Ok((_, complaints)) => VideoError::Encoding(complaints.to_string()),
			Err(error) => failed(error),
		}
	}
}

fn failed(error: std::io::Error) -> VideoError {
	VideoError::Encoding(error.to_string())
}

/// The start of an IVF file, the simplest container with timestamps, with uncompressed frames in it.
fn file_header(stream: &VideoStream) -> Vec<u8> {
	const VERSION: u16 = 0;
	const LENGTH: u16 = 32;
	let mut header = b"DKIF".to_vec();
	header.extend(VERSION.to_le_bytes());
	header.extend(LENGTH.to_le_bytes());
	header.extend(b"I420");
	// Frames have fewer pixels than two bytes can count for a side; `probe` sees to it.
	header.extend((stream.width as u16).to_le_bytes());
	header.extend((stream.height as u16).to_le_bytes());
	header.extend(stream.ticks_per_second.to_le_bytes());
	header.extend(1u32.to_le_bytes());
	header.extend([0; 8]);
	header
}

fn frame_header(length: usize, timestamp: i64) -> [u8; 12] {
	let mut header = [0; 12];
	header[..4].copy_from_slice(&(length as u32).to_le_bytes());
	header[4..].copy_from_slice(&timestamp.to_le_bytes());
	header
}
