//! The threads that anonymize, and the places for requests that wait for them.

use super::{
	problem::Problem,
	processing::{anonymize_bytes, Anonymized, ProcessingError},
	records::Records,
};
use crate::{
	detection::DetectionError,
	picture::{Format, Limits},
	Anonymizer,
};
use axum::body::Body;
use bytes::Bytes;
use msec_worker_common::health::Readiness;
use std::{
	panic::{catch_unwind, AssertUnwindSafe},
	sync::{mpsc, Arc, Mutex, PoisonError},
	thread,
	time::{Duration, Instant},
};
use tokio::sync::{oneshot, OwnedSemaphorePermit, Semaphore};

/// How long a thread that cannot make its anonymizer waits until it tries again.
const RETRY_PERIOD: Duration = Duration::from_secs(1);

/// Makes the anonymizer of one thread.
pub type Factory = dyn Fn() -> Result<Anonymizer, DetectionError> + Send + Sync;

/// One of the places for requests: whoever holds it may keep one image in memory.
pub(super) struct Place {
	_permit: OwnedSemaphorePermit,
}

impl Place {
	/// Bytes of an answer. The place is free once they are sent.
	pub fn hold(self, bytes: Vec<u8>) -> Body {
		Body::from(Bytes::from_owner(Held { bytes, _place: self }))
	}
}

struct Held {
	bytes: Vec<u8>,
	_place: Place,
}

impl AsRef<[u8]> for Held {
	fn as_ref(&self) -> &[u8] {
		&self.bytes
	}
}

/// An image to anonymize.
struct Job {
	image: Vec<u8>,
	format: Format,
	place: Place,
	answer: oneshot::Sender<(Result<Anonymized, ProcessingError>, Place)>,
}

/// Threads with one anonymizer each. They end when this is dropped.
pub struct Workers {
	jobs: mpsc::Sender<Job>,
	places: Arc<Semaphore>,
}

impl Workers {
	/// Starts `threads` threads, which decode images within `limits`; at most `queue` more requests are
	/// taken while all are busy. What they make is recorded in `records`, if there are any. Fails when an
	/// anonymizer cannot be made; `readiness` says from then on whether the threads have theirs.
	pub fn start(
		threads: usize,
		queue: usize,
		limits: Limits,
		factory: Arc<Factory>,
		records: Option<Arc<Records>>,
		readiness: Readiness,
	) -> Result<Self, DetectionError> {
		let (jobs, receiver) = mpsc::channel();
		let receiver = Arc::new(Mutex::new(receiver));
		let anonymizers = (0..threads).map(|_| factory()).collect::<Result<Vec<_>, _>>()?;
		for anonymizer in anonymizers {
			let worker = Worker {
				anonymizer: Some(anonymizer),
				limits,
				factory: factory.clone(),
				records: records.clone(),
				readiness: readiness.clone(),
			};
			let receiver = receiver.clone();
			thread::spawn(move || worker.run(&receiver));
		}
		readiness.set(Ok(()));
		Ok(Self { jobs, places: Arc::new(Semaphore::new(threads + queue)) })
	}

	/// A place, unless all are taken.
	pub(super) fn enter(&self) -> Result<Place, Problem> {
		let permit = self.places.clone().try_acquire_owned().map_err(|_| Problem::busy())?;
		Ok(Place { _permit: permit })
	}

	/// Anonymizes an image. The place comes back with the result; when nobody waits for that any more,
	/// it is free as soon as the thread is done with the image.
	pub(super) async fn anonymize(
		&self,
		image: Vec<u8>,
		format: Format,
		place: Place,
	) -> Result<(Anonymized, Place), Problem> {
		let (answer, answered) = oneshot::channel();
		self.jobs.send(Job { image, format, place, answer }).map_err(|_| Problem::internal())?;
		let (result, place) = answered.await.map_err(|_| Problem::internal())?;
		Ok((result?, place))
	}
}

struct Worker {
	/// There is none after a panic, until one is made anew.
	anonymizer: Option<Anonymizer>,
	limits: Limits,
	factory: Arc<Factory>,
	records: Option<Arc<Records>>,
	readiness: Readiness,
}

impl Worker {
	fn run(mut self, jobs: &Mutex<mpsc::Receiver<Job>>) {
		loop {
			let anonymizer = self.anonymizer.take().unwrap_or_else(|| self.make());
			let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
			match job {
				Ok(job) => self.work(anonymizer, job),
				Err(mpsc::RecvError) => return,
			}
		}
	}

	/// Makes an anonymizer, however long that takes.
	fn make(&self) -> Anonymizer {
		loop {
			match (self.factory)() {
				Ok(anonymizer) => {
					self.readiness.set(Ok(()));
					return anonymizer;
				},
				Err(error) => {
					tracing::error!(%error, "no anonymizer can be made; trying again");
					self.readiness.set(Err(error.to_string()));
					thread::sleep(RETRY_PERIOD);
				},
			}
		}
	}

	/// Does a job, unless whoever sent it has given up meanwhile.
	fn work(&mut self, mut anonymizer: Anonymizer, job: Job) {
		let Job { image, format, place, answer } = job;
		if answer.is_closed() {
			self.anonymizer = Some(anonymizer);
			return;
		}
		let started = Instant::now();
		let attempt = AssertUnwindSafe(|| {
			let records = self.records.as_deref();
			let result = anonymize_bytes(&mut anonymizer, &image, &self.limits, format, records);
			// Not after a panic: it may be half changed.
			self.anonymizer = Some(anonymizer);
			result
		});
		let result = catch_unwind(attempt).unwrap_or(Err(ProcessingError::Panicked));
		metrics::histogram!("msec_anonymizer_processing_seconds").record(started.elapsed());
		// When nobody waits for it any more, the result is dropped, and the place is free.
		let _ = answer.send((result, place));
	}
}
