//! The verbs of the command, one file each.

mod arguments;
mod evaluate;
mod evidence;
mod images;
mod pictures;
mod service;
mod video;
mod watch;

use anyhow::Result;
use arguments::Global;
use clap::{CommandFactory, Parser, Subcommand};
use evaluate::Evaluate;

const LONG_ABOUT: &str = "\
Hide faces, licence plates, persons and vehicles in images and video.

Everything happens on this machine. What cannot be decoded, or in which nothing can be looked for, is \
never passed on. Metadata (EXIF, GPS, thumbnails, colour profiles) never reaches an output.

Every option of all commands can also stand in the file given by --config (as `method = \"solid\"`) or \
in the environment (as MSEC_ANONYMIZE_METHOD); options win over the environment, the environment over \
the file.";

/// Hide faces, licence plates, persons and vehicles in images and video.
#[derive(Parser)]
#[command(name = "msec-anonymize", version, about, long_about = LONG_ABOUT, propagate_version = true)]
pub struct Cli {
	#[command(flatten)]
	global: Global,
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	#[command(name = "eval")]
	Evaluate(Evaluate),
	/// Make pictures anonymous: a file, or a folder with all folders below it.
	Images(images::Images),
	Serve(service::Serve),
	/// Watch a folder and make pictures anonymous as they arrive, until stopped.
	Watch(watch::Watch),
	Video(video::VideoArguments),
	Camera(video::CameraArguments),
	/// Print a completion script for a shell.
	Completion {
		/// Which shell.
		shell: clap_complete::Shell,
	},
}

impl Cli {
	/// Does what was asked.
	pub fn run(self) -> Result<()> {
		match self.command {
			Command::Evaluate(evaluate) => evaluate.run(&self.global),
			Command::Images(images) => images.run(&self.global),
			Command::Serve(serve) => serve.run(&self.global),
			Command::Watch(watch) => watch.run(&self.global),
			Command::Video(arguments) => arguments.run(&self.global),
			Command::Camera(arguments) => arguments.run(&self.global),
			Command::Completion { shell } => {
				let mut command = Self::command();
				clap_complete::generate(
					shell,
					&mut command,
					"msec-anonymize",
					&mut std::io::stdout(),
				);
				Ok(())
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_command_line_is_consistent() {
		Cli::command().debug_assert();
	}

	/// An argument with the name of a global option would end the program when it is parsed.
	#[test]
	fn every_command_is_parsed() {
		let commands = [
			"completion bash",
			"eval images boxes.csv",
			"images in out",
			"watch in out",
			"video in.mp4 out.mp4",
			"camera /dev/video0 out.mp4",
			"serve",
		];
		for command in commands {
			let words = ["msec-anonymize"].into_iter().chain(command.split(' '));
			let parsed = Cli::try_parse_from(words);
			assert!(parsed.is_ok(), "{command}: {}", parsed.err().unwrap());
		}
	}
}
