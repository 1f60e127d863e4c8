//! `video` and `camera`: moving pictures.

use super::{
	arguments::{Global, OutputFormat},
	evidence::EvidenceArguments,
	pictures::{anonymizers, until_stopped},
};
use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use msec_anonymizer::{
	job::atomic,
	tracking::DetectEvery,
	video::{
		self,
		camera::{self, CameraReport, Destination, Source},
		Codec, VideoReport,
	},
	Anonymizer, Settings,
};
use msec_worker_common::{keys::read_secret, shutdown};
use std::path::{Path, PathBuf};

/// Options of everything that is encoded.
#[derive(Args, Clone, Debug)]
struct Encoding {
	/// How frames are compressed [default: h264].
	#[arg(long, value_enum)]
	codec: Option<Codec>,
	/// Constant rate factor, 0 to 51 (63 for AV1): the lower, the better and larger [default: 23].
	#[arg(long, value_name = "NUMBER")]
	quality: Option<u8>,
	/// The encoder's own word for its speed [default: veryfast].
	#[arg(long, value_name = "WORD")]
	preset: Option<String>,
	/// The camera stands still: `--method remove` shows what was seen behind things at other times.
	#[arg(long)]
	fixed_camera: bool,
}

impl Encoding {
	fn apply(&self, settings: &mut Settings) {
		let video = &mut settings.video;
		video.codec = self.codec.unwrap_or(video.codec);
		video.quality = self.quality.unwrap_or(video.quality);
		video.preset = self.preset.clone().or(video.preset.take());
		video.fixed_camera |= self.fixed_camera;
	}
}

/// Anonymize a video file: any that ffmpeg reads. Sound, subtitles, chapters and metadata are left out.
///
/// Interrupted work is kept beside the output and goes on when the same command is given again. A report
/// is written to OUT.json.
#[derive(Args, Clone, Debug)]
pub struct VideoArguments {
	/// The video.
	#[arg(value_name = "IN")]
	input: PathBuf,
	/// Where it goes: .mp4, .m4v, .mov or .mkv. Appears when it is complete.
	#[arg(value_name = "OUT")]
	result: PathBuf,
	#[command(flatten)]
	encoding: Encoding,
	/// Models see every n-th frame, tracks fill the rest [default: 2, and 1 for plates of visible vehicles].
	#[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
	detect_every: Option<u32>,
	/// Length of the parts in which interrupted work is kept [default: 20].
	#[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
	segment_seconds: Option<u32>,
	#[command(flatten)]
	evidence: EvidenceArguments,
}

impl VideoArguments {
	/// Anonymizes the video and says what was done.
	pub fn run(&self, global: &Global) -> Result<()> {
		let mut settings = global.settings()?;
		self.encoding.apply(&mut settings);
		settings.tracking.detect_every =
			self.detect_every.map_or(settings.tracking.detect_every, DetectEvery::same);
		settings.video.segment_seconds =
			self.segment_seconds.unwrap_or(settings.video.segment_seconds);

		let evidence = self.evidence.open()?;
		let bar = progress_bar(global.quiet);
		let report = video::anonymize(
			&self.input,
			&self.result,
			&settings,
			evidence.evidence(),
			&anonymizers(&settings),
			&mut |progress| {
				if let Some(expected) = progress.expected {
					bar.set_length(expected.max(progress.frames));
				}
				bar.set_position(progress.frames);
			},
		);
		bar.finish_and_clear();
		let report = report.with_context(|| self.input.display().to_string())?;
		if let Some(recorder) = &evidence.recorder {
			recorder.finish()?;
		}
		let json = serde_json::to_string_pretty(&report)?;
		let path = report_path(&self.result);
		atomic::write_bytes(&path, json.as_bytes()).with_context(|| path.display().to_string())?;
		match global.output {
			OutputFormat::Json => println!("{json}"),
			OutputFormat::Text => print_video(&report),
		}
		Ok(())
	}
}

fn report_path(output: &Path) -> PathBuf {
	let mut name = output.as_os_str().to_owned();
	name.push(".json");
	name.into()
}

fn progress_bar(quiet: bool) -> ProgressBar {
	if quiet {
		return ProgressBar::hidden();
	}
	let template = "{wide_bar} {pos}/{len} frames, {per_sec}, {eta} left";
	let style = ProgressStyle::with_template(template).expect("the template is a constant; qed");
	ProgressBar::no_length().with_style(style)
}

fn print_video(report: &VideoReport) {
	let VideoReport { frames, width, height, frames_per_second, .. } = report;
	println!("{frames} frames of {width}x{height}, {frames_per_second:.1} a second");
	for (class, counts) in &report.classes {
		println!("hidden: {} × {}, {} boxes", counts.tracks, class.name(), counts.boxes);
	}
	let complaints = &report.decoder_complaints;
	if let Some(first) = complaints.first.first() {
		println!("the input is damaged: {} complaints, the first: {first}", complaints.count);
	}
}

/// Anonymize what a camera shows, until SIGINT or SIGTERM. Frames that cannot be anonymized in time are
/// left out and counted.
#[derive(Args, Clone)]
pub struct CameraArguments {
	/// The camera: rtsp://HOST/PATH or /dev/video0.
	source: Source,
	/// Where it goes: a file, or an RTSP server.
	#[arg(value_name = "OUT")]
	destination: Destination,
	#[command(flatten)]
	encoding: Encoding,
	/// Milliseconds after its arrival in which a frame must be anonymized [default: 500].
	#[arg(long, value_name = "MILLISECONDS")]
	deadline: Option<u64>,
	/// File with `user:password` for the camera, which only its owner may read.
	#[arg(long, value_name = "FILE")]
	credentials: Option<PathBuf>,
}

impl CameraArguments {
	/// Passes frames on until the process is told to stop, and says what became of them.
	pub fn run(&self, global: &Global) -> Result<()> {
		let mut settings = global.settings()?;
		self.encoding.apply(&mut settings);
		settings.camera.deadline = self.deadline.unwrap_or(settings.camera.deadline);
		let source = match &self.credentials {
			Some(path) => self.source.clone().with_credentials(&read_secret(path)?)?,
			None => self.source.clone(),
		};
		let anonymizer = Anonymizer::open(&settings)?;
		let bar = progress_bar(global.quiet);
		let report = until_stopped(|stop| {
			shutdown::notify_ready();
			let mut progress = |report: &CameraReport| bar.set_position(report.written);
			let destination = &self.destination;
			Ok(camera::run(&source, destination, &settings, anonymizer, &stop, &mut progress)?)
		});
		bar.finish_and_clear();
		let report = report?;
		match global.output {
			OutputFormat::Json => println!("{}", serde_json::to_string_pretty(&report)?),
			OutputFormat::Text => print_camera(&report),
		}
		Ok(())
	}
}

fn print_camera(report: &CameraReport) {
	let CameraReport { received, written, skipped, late, reconnections, .. } = report;
	println!("{written} of {received} frames passed on; {skipped} skipped, {late} late");
	println!("{reconnections} times connected again");
}
