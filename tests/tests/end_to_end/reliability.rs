//! The table of faults in docs/reliability.md is made of what stands before the tests.
//!
//! `MSEC_WRITE_TABLES=1 cargo test --release -p msec-end-to-end --test end_to_end reliability` writes
//! it anew.

use msec_end_to_end::binaries;
use std::{
	fmt::Write,
	fs,
	path::{Path, PathBuf},
};

const PAGE: &str = "docs/reliability.md";
/// Where tests with faults are looked for.
const FOLDERS: [&str; 3] =
	["offchain-workers/common/src", "offchain-workers/companion-db", "tests/tests"];
/// The line of the page after which the table is.
const MARK: &str = "<!-- The tests write this table: see tests/tests/end_to_end/reliability.rs -->";
const FAULT: &str = "/// Fault: ";
const PROMISE: &str = "/// Promise: ";
const TEXT: &str = "/// ";

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
	fault: String,
	promise: String,
	/// How often, how many or how long: in the short and in the long version of the tests.
	repetitions: Option<(String, String)>,
	test: String,
	file: String,
}

/// The tests of a file that name a fault.
fn rows(file: &str, source: &str) -> Vec<Row> {
	let lines: Vec<_> = source.lines().collect();
	let begins = lines.iter().enumerate().filter(|(_, line)| line.trim().starts_with(FAULT));
	begins.map(|(begin, _)| row(file, &lines[begin..])).collect()
}

/// The row of the test at which `lines` begin.
fn row(file: &str, lines: &[&str]) -> Row {
	let [mut fault, mut promise] = [String::new(), String::new()];
	let mut is_promise = false;
	for line in lines.iter().map(|line| line.trim()).take_while(|line| line.starts_with(TEXT)) {
		is_promise |= line.starts_with(PROMISE);
		let text = [FAULT, PROMISE, TEXT].iter().find_map(|prefix| line.strip_prefix(prefix));
		let part = if is_promise { &mut promise } else { &mut fault };
		if !part.is_empty() {
			part.push(' ');
		}
		part.push_str(text.unwrap_or_default());
	}
	let (at, test) = lines
		.iter()
		.enumerate()
		.find_map(|(at, line)| {
			let (_, rest) = line.split_once("fn ")?;
			Some((at, rest.split_once('(')?.0.to_owned()))
		})
		.unwrap_or_else(|| panic!("{file}: no test follows {fault:?}"));
	assert!(!promise.is_empty(), "{file}: {test} promises nothing");
	let indentation = lines[at].len() - lines[at].trim_start().len();
	let end = format!("{}}}", &lines[at][..indentation]);
	let repetitions =
		lines[at..].iter().take_while(|line| **line != end).find_map(|line| repetitions(line));
	Row { fault, promise, repetitions, test, file: file.to_owned() }
}

/// What `repetitions(short, long)` is called with.
fn repetitions(line: &str) -> Option<(String, String)> {
	let (_, rest) = line.split_once("repetitions(")?;
	let (arguments, _) = rest.split_once(')')?;
	let (short, long) = arguments.split_once(", ")?;
	Some((short.replace('_', ""), long.replace('_', "")))
}

/// The Rust sources below a folder of the repository, in order.
fn sources(folder: &Path) -> Vec<PathBuf> {
	let entries = fs::read_dir(folder).expect("the repository can be read");
	let mut paths: Vec<_> =
		entries.map(|entry| entry.expect("the repository can be read").path()).collect();
	paths.sort();
	let sources = paths.into_iter().flat_map(|path| match path.is_dir() {
		true => sources(&path),
		false => vec![path],
	});
	sources.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn table() -> String {
	let repository = binaries::repository();
	let mut table = String::from(
		"| What breaks | What holds | Short and long version | Test |\n|---|---|---|---|\n",
	);
	for path in FOLDERS.iter().flat_map(|folder| sources(&repository.join(folder))) {
		let source = fs::read_to_string(&path).expect("the repository can be read");
		let file = path.strip_prefix(repository).expect("the file is in the repository; qed");
		for row in rows(&file.to_string_lossy(), &source) {
			let Row { fault, promise, repetitions, test, file } = row;
			let repetitions = repetitions.map(|(short, long)| format!("{short}, {long}"));
			let repetitions = repetitions.unwrap_or_default();
			let test = format!("[{}](../{file})", test.replace('_', " "));
			writeln!(table, "| {fault} | {promise} | {repetitions} | {test} |")
				.expect("a string takes everything; qed");
		}
	}
	table
}

/// The page with another table.
fn page_with(page: &str, table: &str) -> String {
	let (before, after) = page.split_once(MARK).expect("the page has a mark");
	let rest = after.lines().skip_while(|line| line.is_empty() || line.starts_with('|'));
	let rest: String = rest.map(|line| format!("\n{line}")).collect();
	format!("{before}{MARK}\n\n{table}{rest}")
}

#[test]
fn the_table_of_faults_is_what_is_tested() {
	let path = binaries::repository().join(PAGE);
	let page = fs::read_to_string(&path).expect("the page is in the repository");
	let expected = page_with(&page, &table());
	if std::env::var_os("MSEC_WRITE_TABLES").is_some() {
		fs::write(&path, &expected).expect("the repository can be written to");
	}
	let page = fs::read_to_string(&path).expect("the page is in the repository");
	assert!(
		page == expected,
		"{PAGE} is old; MSEC_WRITE_TABLES=1 cargo test -p msec-end-to-end --test end_to_end reliability"
	);
}

#[test]
fn rows_are_read_from_sources() {
	let source = "\t/// Fault: a disk\n\t/// is full\n\t/// Promise: it is said\n\t#[test]\n\
		\tfn full_disk() {\n\t\tfill(repetitions(1_0, 200));\n\t}\n\n/// repetitions(1, 2)\nfn other() {}\n";
	let expected = Row {
		fault: "a disk is full".to_owned(),
		promise: "it is said".to_owned(),
		repetitions: Some(("10".to_owned(), "200".to_owned())),
		test: "full_disk".to_owned(),
		file: "a.rs".to_owned(),
	};
	assert_eq!(rows("a.rs", source), [expected]);
	assert_eq!(
		page_with(&format!("x\n{MARK}\n\n| a |\n"), "| b |\n"),
		format!("x\n{MARK}\n\n| b |\n")
	);
}
