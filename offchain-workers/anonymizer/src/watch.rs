//! A folder that is watched: pictures are made anonymous as they arrive.
//!
//! The folder is looked at again and again, which also works on network file systems. A picture is taken
//! when its size and time stay the same from one look to the next; one that was taken too early is not
//! whole, fails, and is tried again when it changes. What was made before a restart is not made again.

use crate::{
	detection::DetectionError,
	job::{
		Crew, Event, Evidence, Factory, Failure, FileError, Item, Job, JobError, Observer, Rules,
		Scope,
	},
	Settings,
};
use std::{
	collections::{HashMap, HashSet},
	fs, io,
	os::unix::fs::MetadataExt,
	path::{Path, PathBuf},
};
use tokio_util::sync::CancellationToken;

/// What becomes of an original when its result is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum After {
	/// It stays where it is.
	#[default]
	Keep,
	/// It is deleted, unless it changed in the meantime.
	Delete,
}

/// By which a change of a file is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
	inode: u64,
	length: u64,
	modified: (i64, i64),
}

/// What is known about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
	/// It may still be growing.
	Arriving(Stamp),
	/// It was tried and is not tried again before it changes.
	Tried(Stamp),
}

/// Watches one folder.
pub struct Watch<'a> {
	scope: Scope,
	rules: Rules<'a>,
	crew: Crew<'a>,
	after: After,
	states: HashMap<PathBuf, State>,
	/// Names that can have no result, of which the observer was told.
	refused: HashSet<PathBuf>,
}

impl<'a> Watch<'a> {
	/// Opens the models and removes what a killed process left.
	pub fn open(
		job: &'a Job,
		after: After,
		settings: &Settings,
		evidence: Evidence<'a>,
		factory: Factory<'a>,
	) -> Result<Self, JobError> {
		let scope = Scope::new(job)?;
		scope.clean();
		let rules = Rules::new(job, settings, evidence, scope.output_root());
		let crew = Crew::open(job.threads.get(), factory)?;
		let (states, refused) = Default::default();
		Ok(Self { scope, rules, crew, after, states, refused })
	}

	/// Looks at the folder once and makes what has arrived. To be called again and again, with a second
	/// or so between, in which a file that is being written grows.
	///
	/// # Errors
	///
	/// When an anonymizer had to be opened again and that failed.
	pub fn look(
		&mut self,
		observer: Observer<'_>,
		stop: &CancellationToken,
	) -> Result<(), DetectionError> {
		let plan = self.scope.plan();
		for failure in plan.failures {
			if self.refused.insert(failure.name.clone()) {
				observer(Event::Failed(&failure));
			}
		}
		let arrived = self.arrived(plan.items);
		let (after, states) = (self.after, &self.states);
		let clear_up = |event: Event<'_>| match event {
			Event::Done(item, done) => {
				observer(Event::Done(item, done));
				if after == After::Delete {
					delete(item, states, observer);
				}
			},
			event => observer(event),
		};
		self.crew.make(&self.rules, &arrived, &clear_up, stop)?;
		Ok(())
	}

	/// Those that are as they were at the last look and were not tried since. What is gone is forgotten.
	fn arrived(&mut self, items: Vec<Item>) -> Vec<Item> {
		let before = std::mem::take(&mut self.states);
		let mut arrived = Vec::new();
		for item in items {
			let Ok(stamp) = Stamp::of(&item.input) else { continue };
			let state = match before.get(&item.name) {
				Some(State::Tried(tried)) if *tried == stamp => State::Tried(stamp),
				Some(State::Arriving(seen)) if *seen == stamp => State::Tried(stamp),
				_ => State::Arriving(stamp),
			};
			self.states.insert(item.name.clone(), state);
			if matches!(state, State::Tried(_)) && before.get(&item.name) != Some(&state) {
				arrived.push(item);
			}
		}
		arrived
	}
}

impl Stamp {
	fn of(path: &Path) -> io::Result<Self> {
		let metadata = fs::symlink_metadata(path)?;
		Ok(Self {
			inode: metadata.ino(),
			length: metadata.len(),
			modified: (metadata.mtime(), metadata.mtime_nsec()),
		})
	}
}

/// Deletes an original that has its result, unless another has taken its place.
fn delete(item: &Item, states: &HashMap<PathBuf, State>, observer: Observer<'_>) {
	let stamp = Stamp::of(&item.input).ok();
	if stamp.map(State::Tried).as_ref() != states.get(&item.name) {
		return;
	}
	if let Err(error) = fs::remove_file(&item.input) {
		let error = FileError::Undeletable(error);
		observer(Event::Failed(&Failure { name: item.name.clone(), error }));
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::job::tests::{factory, picture_with_red, unrecorded, Folders};
	use std::sync::Mutex;

	/// Looks once; gives the names of results and failures.
	fn look(watch: &mut Watch<'_>) -> (Vec<PathBuf>, Vec<PathBuf>) {
		let (done, failed) = (Mutex::default(), Mutex::default());
		let push =
			|list: &Mutex<Vec<PathBuf>>, name: &PathBuf| list.lock().unwrap().push(name.clone());
		let observer = |event: Event<'_>| match event {
			Event::Done(item, _) => push(&done, &item.name),
			Event::Failed(failure) => push(&failed, &failure.name),
			Event::Planned(_) => {},
		};
		watch.look(&observer, &CancellationToken::new()).unwrap();
		(done.into_inner().unwrap(), failed.into_inner().unwrap())
	}

	const NOTHING: (Vec<PathBuf>, Vec<PathBuf>) = (Vec::new(), Vec::new());

	#[test]
	fn a_picture_is_taken_when_it_is_whole_and_only_once() {
		let folders = Folders::new();
		let (job, key) = (folders.job(), folders.key());
		let mut watch =
			Watch::open(&job, After::Keep, &Settings::default(), unrecorded(&key), &factory)
				.unwrap();
		let whole = picture_with_red();
		fs::write(folders.input("a.png"), &whole[..40]).unwrap();
		assert_eq!(look(&mut watch), NOTHING);
		fs::write(folders.input("a.png"), &whole[..80]).unwrap();
		assert_eq!(look(&mut watch), NOTHING);
		// Its writer has paused for too long, then goes on.
		assert_eq!(look(&mut watch), (vec![], vec!["a.png".into()]));
		assert_eq!(look(&mut watch), NOTHING);
		fs::write(folders.input("a.png"), &whole).unwrap();
		assert_eq!(look(&mut watch), NOTHING);
		assert_eq!(look(&mut watch), (vec!["a.png".into()], vec![]));
		assert_eq!(look(&mut watch), NOTHING);
		assert!(folders.input("a.png").exists() && folders.output("a.png").exists());
	}

	#[test]
	fn originals_are_deleted_when_their_results_are_there() {
		let folders = Folders::new();
		let (job, key) = (folders.job(), folders.key());
		fs::write(folders.input("good.png"), picture_with_red()).unwrap();
		fs::write(folders.input("bad.png"), b"not a picture").unwrap();
		{
			let mut watch =
				Watch::open(&job, After::Delete, &Settings::default(), unrecorded(&key), &factory)
					.unwrap();
			assert_eq!(look(&mut watch), NOTHING);
			assert_eq!(look(&mut watch), (vec!["good.png".into()], vec!["bad.png".into()]));
		}
		assert!(!folders.input("good.png").exists() && folders.input("bad.png").exists());
		assert!(folders.output("good.png").exists() && !folders.output("bad.png").exists());

		// After a restart, what was tried in vain is tried once more.
		let mut watch =
			Watch::open(&job, After::Delete, &Settings::default(), unrecorded(&key), &factory)
				.unwrap();
		assert_eq!(look(&mut watch), NOTHING);
		assert_eq!(look(&mut watch), (vec![], vec!["bad.png".into()]));
		assert_eq!(look(&mut watch), NOTHING);
	}

	#[test]
	fn an_original_that_changed_is_not_deleted() {
		let folders = Folders::new();
		let path = folders.input("a.png");
		fs::write(&path, picture_with_red()).unwrap();
		let stamp = Stamp::of(&path).unwrap();
		let states = HashMap::from([(PathBuf::from("a.png"), State::Tried(stamp))]);
		let item = Scope::new(&folders.job()).unwrap().plan().items.remove(0);
		fs::write(&path, b"another").unwrap();
		delete(&item, &states, &|_| panic!("nothing happens"));
		assert!(path.exists());
	}
}
