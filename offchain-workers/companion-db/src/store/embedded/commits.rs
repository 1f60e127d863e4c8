//! Publications that arrive while another one reaches the disk are written together after it, so that
//! many small ones share one synchronization.

use super::batches::Outcome;
use crate::store::{publication::Publication, StoreFault};
use std::{
	mem,
	sync::{
		mpsc::{sync_channel, SyncSender},
		Mutex, MutexGuard, PoisonError,
	},
};

#[derive(Default)]
pub(super) struct Commits {
	waiting: Mutex<Vec<(Publication, SyncSender<Outcome>)>>,
	/// Held by who writes for all that wait.
	writing: Mutex<()>,
}

impl Commits {
	/// Has `write` carry out a publication, perhaps with others, or learns that somebody else did.
	pub fn commit(
		&self,
		publication: Publication,
		write: impl FnOnce(&[Publication]) -> Result<Vec<Outcome>, StoreFault>,
	) -> Outcome {
		let (answer, outcome) = sync_channel(1);
		lock(&self.waiting).push((publication, answer));
		let writing = lock(&self.writing);
		if let Ok(outcome) = outcome.try_recv() {
			return outcome;
		}
		let (publications, answers): (Vec<_>, Vec<_>) =
			mem::take(&mut *lock(&self.waiting)).into_iter().unzip();
		metrics::histogram!("msec_store_publications_per_commit").record(publications.len() as f64);
		let outcomes =
			write(&publications).unwrap_or_else(|fault| vec![Err(fault); publications.len()]);
		for (answer, outcome) in answers.into_iter().zip(outcomes) {
			// Nobody waits who gave up.
			let _ = answer.send(outcome);
		}
		drop(writing);
		outcome.recv().unwrap_or(Err(StoreFault::StagedLost))
	}
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::store::publication::SameBatch;
	use std::{
		sync::{Arc, Barrier},
		thread,
	};

	fn publication(on_chain: u32) -> Publication {
		Publication {
			dataset: [7; 32],
			staged: Vec::new(),
			on_chain,
			quota: u64::MAX,
			same_batch: SameBatch::Stays,
		}
	}

	/// Refuses every second one, so that it shows who gets which answer.
	fn answer(publications: &[Publication]) -> Vec<Outcome> {
		let outcome = |publication: &Publication| match publication.on_chain % 2 {
			0 => Ok(Vec::new()),
			_ => Err(StoreFault::Conflict(publication.on_chain)),
		};
		publications.iter().map(outcome).collect()
	}

	#[test]
	fn who_arrives_while_another_writes_shares_the_next_write() {
		let commits = Arc::new(Commits::default());
		let (begun, may_end) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
		let first = {
			let (commits, begun, may_end) = (commits.clone(), begun.clone(), may_end.clone());
			thread::spawn(move || {
				commits.commit(publication(0), |publications| {
					begun.wait();
					may_end.wait();
					Ok(answer(publications))
				})
			})
		};
		begun.wait();
		let writes = Arc::new(Mutex::new(Vec::new()));
		let others: Vec<_> = (1..=8)
			.map(|number| {
				let (commits, writes) = (commits.clone(), writes.clone());
				thread::spawn(move || {
					let outcome = commits.commit(publication(number), |publications| {
						lock(&writes).push(publications.len());
						Ok(answer(publications))
					});
					(number, outcome)
				})
			})
			.collect();
		while lock(&commits.waiting).len() < 8 {
			thread::yield_now();
		}
		may_end.wait();
		assert_eq!(first.join().unwrap(), Ok(Vec::new()));
		for other in others {
			let (number, outcome) = other.join().unwrap();
			assert_eq!(outcome, answer(&[publication(number)])[0]);
		}
		assert_eq!(*lock(&writes), [8]);
	}

	#[test]
	fn a_write_that_fails_fails_for_everybody_and_the_next_one_may_succeed() {
		let commits = Commits::default();
		let failed = commits.commit(publication(0), |_| Err(StoreFault::Full));
		assert_eq!(failed, Err(StoreFault::Full));
		let succeeded = commits.commit(publication(0), |publications| Ok(answer(publications)));
		assert_eq!(succeeded, Ok(Vec::new()));
	}
}
