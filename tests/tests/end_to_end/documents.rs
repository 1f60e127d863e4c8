//! The pages for operator, owner and buyer do what they say: their commands are run in one shell.

use msec_end_to_end::{
	binaries,
	process::{guarded, tail, Process},
	sandbox::Sandbox,
	wait,
};
use std::{fmt::Write, os::unix::fs::PermissionsExt, path::Path, time::Duration};

/// The pages in the order in which they say to be read.
const PAGES: [&str; 3] = ["operator.md", "owner.md", "buyer.md"];
const PROGRAMS: [&str; 4] = ["msec", "msec-node", "msec-companion-db", "msec-key-agent"];
const DEADLINE: Duration = Duration::from_secs(900);

/// The blocks of a page that are marked `sh`, with the lines on which they begin.
fn commands(page: &str) -> Vec<(usize, String)> {
	let path = binaries::repository().join("docs").join(page);
	let text = std::fs::read_to_string(&path)
		.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
	let mut blocks = Vec::new();
	let mut lines = text.lines().zip(1..);
	while let Some((line, number)) = lines.next() {
		if line.trim_end() == "```sh" {
			let block = lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```");
			blocks.push((number, block.collect::<Vec<_>>().join("\n")));
		}
	}
	assert!(!blocks.is_empty(), "{page} has commands");
	blocks
}

/// All commands of all pages as one script that stops where the first of them fails.
fn script() -> String {
	let mut script = String::from("set -eu -o pipefail\n");
	for page in PAGES {
		for (line, block) in commands(page) {
			writeln!(script, "echo \"==> docs/{page}, line {line}\"\n{block}")
				.expect("a string takes everything; qed");
		}
	}
	script.push_str("echo '==> everything was done'\n");
	script
}

/// Programs in a folder of `PATH` that end with the shell that starts them.
fn install_programs(folder: &Path) {
	for name in PROGRAMS {
		let wrapper = format!(
			"#!/bin/sh\nexec setpriv --pdeathsig KILL -- '{}' \"$@\"\n",
			binaries::program(name).display(),
		);
		let path = folder.join(name);
		std::fs::write(&path, wrapper).expect("the temporary folder can be written to");
		std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
			.expect("the temporary folder can be written to");
	}
}

#[tokio::test]
async fn the_commands_of_the_pages_work() {
	let sandbox = Sandbox::default();
	let programs = sandbox.folder("programs");
	install_programs(&programs);
	let script = sandbox.file("script.sh", script());
	let path = std::env::var("PATH").unwrap_or_default();
	let mut command = guarded("bash");
	command
		.arg(script)
		.current_dir(binaries::repository())
		.env("HOME", sandbox.folder("home"))
		.env("PATH", format!("{}:{path}", programs.display()));
	let mut shell = Process::start("documents", &sandbox.logs(), &mut command);
	let status = wait::until("all commands are run", DEADLINE, async || shell.ended()).await;
	let log = shell.log();
	assert!(status.success(), "{status}\n{}", tail(&log));
	assert!(log.ends_with("==> everything was done\n"), "{}", tail(&log));
}
