//! What a job has to do, before it begins.

use super::{atomic, Failure, FileError, Job, JobError};
use crate::picture::Format;
use std::{
	collections::HashMap,
	fs, io,
	path::{Component, Path, PathBuf},
};

/// Deepest nesting of folders.
const MAX_DEPTH: usize = 64;

/// One picture of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
	/// What it is called, from the folder that was given.
	pub name: PathBuf,
	/// The original.
	pub input: PathBuf,
	/// Where the result goes.
	pub output: PathBuf,
	/// The format of the result.
	pub format: Format,
	/// Where the report goes.
	pub report: PathBuf,
}

/// All pictures of a job.
#[derive(Debug, Default)]
pub struct Plan {
	/// In the order of their names.
	pub items: Vec<Item>,
	/// Pictures that have no place in the output, and folders that cannot be read.
	pub failures: Vec<Failure>,
	/// How many files were left alone: links, and what is not called like a picture.
	pub ignored: usize,
}

/// Where a job reads and writes: one file, or a folder with everything below it.
#[derive(Clone, Debug)]
pub enum Scope {
	/// From one file to one file.
	File(Item),
	/// From one folder to another.
	Folder {
		/// Where the originals are.
		input: PathBuf,
		/// Where the results go.
		output: PathBuf,
		/// Where the reports go.
		reports: PathBuf,
		/// The format of all results, if it is not that of each original.
		format: Option<Format>,
	},
}

impl Scope {
	/// Checks that no original can end up in the output, nor a result among the originals.
	pub fn new(job: &Job) -> Result<Self, JobError> {
		let unreadable = |source| JobError::Input { path: job.input.clone(), source };
		let input = job.input.canonicalize().map_err(unreadable)?;
		let output = resolve(&job.output)
			.map_err(|source| JobError::Output { path: job.output.clone(), source })?;
		if input.is_dir() {
			if input.starts_with(&output) || output.starts_with(&input) {
				return Err(JobError::Nested { input, output });
			}
			if output.is_file() {
				return Err(JobError::NotAFolder(output));
			}
			let reports = job.reports.clone().unwrap_or_else(|| with_suffix(&output, ".reports"));
			return Ok(Self::Folder { input, output, reports, format: job.format });
		}
		Self::file(job, input, output)
	}

	fn file(job: &Job, input: PathBuf, output: PathBuf) -> Result<Self, JobError> {
		let name = PathBuf::from(input.file_name().unwrap_or_default());
		let (output, format) = match output.is_dir() {
			true => {
				let format = job.format.or_else(|| Format::from_path(&name));
				let format = format.ok_or_else(|| JobError::NoFormat(input.clone()))?;
				(output.join(in_format(&name, format)), format)
			},
			false => {
				let format = job.format.or_else(|| Format::from_path(&output));
				let format = format.ok_or_else(|| JobError::NoFormat(output.clone()))?;
				(output, format)
			},
		};
		if input == output {
			return Err(JobError::Nested { input, output });
		}
		let report_name = with_suffix(Path::new(output.file_name().unwrap_or_default()), ".json");
		let report = match &job.reports {
			Some(folder) => folder.join(report_name),
			None => output.with_file_name(report_name),
		};
		Ok(Self::File(Item { name, input, output, format, report }))
	}

	/// Looks at what there is.
	pub fn plan(&self) -> Plan {
		let mut plan = Plan::default();
		match self {
			Self::File(item) => plan.items.push(item.clone()),
			Self::Folder { input, .. } => {
				self.walk(input, Path::new(""), 0, &mut plan);
				plan.items.sort_by(|one, other| one.name.cmp(&other.name));
				refuse_collisions(&mut plan);
			},
		}
		plan
	}

	/// Removes what killed processes left.
	pub fn clean(&self) {
		match self {
			Self::File(item) => {
				atomic::clean_folder(atomic::folder_of(&item.output));
				atomic::clean_folder(atomic::folder_of(&item.report));
			},
			Self::Folder { output, reports, .. } => {
				atomic::clean_tree(output);
				atomic::clean_tree(reports);
			},
		}
	}

	/// The folder that no result may leave.
	pub fn output_root(&self) -> &Path {
		match self {
			Self::File(item) => atomic::folder_of(&item.output),
			Self::Folder { output, .. } => output,
		}
	}

	/// Links are left alone: what they show inside of the folder is found anyway, and what is outside is
	/// not asked for.
	fn walk(&self, folder: &Path, name: &Path, depth: usize, plan: &mut Plan) {
		let failed = |error| Failure { name: name.to_owned(), error };
		let entries = match fs::read_dir(folder) {
			Ok(entries) if depth <= MAX_DEPTH => entries,
			Ok(_) => return plan.failures.push(failed(FileError::TooDeep)),
			Err(error) => return plan.failures.push(failed(FileError::Unreadable(error))),
		};
		for entry in entries {
			let entry = match entry {
				Ok(entry) => entry,
				Err(error) => return plan.failures.push(failed(FileError::Unreadable(error))),
			};
			let name = name.join(entry.file_name());
			match entry.file_type() {
				Ok(kind) if kind.is_dir() => self.walk(&entry.path(), &name, depth + 1, plan),
				Ok(kind) if kind.is_file() => match self.item(entry.path(), name) {
					Some(item) => plan.items.push(item),
					None => plan.ignored += 1,
				},
				_ => plan.ignored += 1,
			}
		}
	}

	fn item(&self, input: PathBuf, name: PathBuf) -> Option<Item> {
		let Self::Folder { output, reports, format, .. } = self else { return None };
		let own = Format::from_path(&name)?;
		let format = format.unwrap_or(own);
		let output_name = in_format(&name, format);
		let report = reports.join(with_suffix(&output_name, ".json"));
		Some(Item { output: output.join(output_name), input, name, format, report })
	}
}

/// Two originals that differ in their extensions only would overwrite one another's results.
fn refuse_collisions(plan: &mut Plan) {
	let mut taken: HashMap<PathBuf, PathBuf> = HashMap::new();
	let Plan { items, failures, .. } = plan;
	items.retain(|item| match taken.get(&item.output) {
		Some(other) => {
			let error = FileError::SameOutput(other.clone());
			failures.push(Failure { name: item.name.clone(), error });
			false
		},
		None => {
			taken.insert(item.output.clone(), item.name.clone());
			true
		},
	});
}

/// The name as it is, if it promises the format, else with another extension.
fn in_format(name: &Path, format: Format) -> PathBuf {
	match Format::from_path(name) == Some(format) {
		true => name.to_owned(),
		false => name.with_extension(format.extension()),
	}
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
	let mut path = path.as_os_str().to_owned();
	path.push(suffix);
	path.into()
}

/// The path without links and `..`, also when its end does not exist yet.
fn resolve(path: &Path) -> io::Result<PathBuf> {
	match path.canonicalize() {
		Err(error) if error.kind() == io::ErrorKind::NotFound => {},
		resolved => return resolved,
	}
	match path.components().next_back() {
		Some(Component::Normal(name)) => Ok(resolve(atomic::folder_of(path))?.join(name)),
		_ => Err(io::ErrorKind::NotFound.into()),
	}
}
