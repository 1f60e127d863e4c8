//! Several threads that share the pictures of a job.

use super::{Done, Event, Factory, Failure, FileError, Item, Observer, Rules};
use crate::{detection::DetectionError, Anonymizer};
use std::{
	panic::resume_unwind,
	sync::atomic::{AtomicUsize, Ordering},
	thread,
};
use tokio_util::sync::CancellationToken;

/// Anonymizers, one for each thread. They stay open from one call to the next.
pub struct Crew<'a> {
	anonymizers: Vec<Anonymizer>,
	factory: Factory<'a>,
}

impl<'a> Crew<'a> {
	/// Opens so many anonymizers.
	pub fn open(threads: usize, factory: Factory<'a>) -> Result<Self, DetectionError> {
		let anonymizers = (0..threads).map(|_| factory()).collect::<Result<_, _>>()?;
		Ok(Self { anonymizers, factory })
	}

	/// Makes all items, or when `stop` is cancelled those that were begun. The results are in no order.
	///
	/// # Errors
	///
	/// When an anonymizer had to be opened again and that failed.
	pub fn make(
		&mut self,
		rules: &Rules<'_>,
		items: &[Item],
		observer: Observer<'_>,
		stop: &CancellationToken,
	) -> Result<Vec<Result<Done, Failure>>, DetectionError> {
		let next = AtomicUsize::new(0);
		let factory = self.factory;
		thread::scope(|scope| {
			let threads: Vec<_> = self
				.anonymizers
				.iter_mut()
				.map(|anonymizer| {
					scope.spawn(|| {
						let mut results = Vec::new();
						while let Some(item) = take(items, &next, stop) {
							let made = make_one(rules, item, anonymizer, factory)?;
							results.push(observed(item, made, observer));
						}
						Ok(results)
					})
				})
				.collect();
			let results: Result<Vec<_>, _> = threads
				.into_iter()
				.map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
				.collect();
			results.map(|results| results.into_iter().flatten().collect())
		})
	}
}

fn take<'a>(items: &'a [Item], next: &AtomicUsize, stop: &CancellationToken) -> Option<&'a Item> {
	match stop.is_cancelled() {
		true => None,
		false => items.get(next.fetch_add(1, Ordering::Relaxed)),
	}
}

/// After a fault, the anonymizer may be in any state and is opened again.
fn make_one(
	rules: &Rules<'_>,
	item: &Item,
	anonymizer: &mut Anonymizer,
	factory: Factory<'_>,
) -> Result<Result<Done, FileError>, DetectionError> {
	let made = rules.make(item, anonymizer);
	if matches!(made, Err(FileError::Fault)) {
		*anonymizer = factory()?;
	}
	Ok(made)
}

fn observed(
	item: &Item,
	made: Result<Done, FileError>,
	observer: Observer<'_>,
) -> Result<Done, Failure> {
	match made {
		Ok(done) => {
			observer(Event::Done(item, &done));
			Ok(done)
		},
		Err(error) => {
			let failure = Failure { name: item.name.clone(), error };
			observer(Event::Failed(&failure));
			Err(failure)
		},
	}
}
