//! The threads that anonymize, and the places for requests that wait for them.

use super::{
	problem::Problem,
	processing::{anonymize_bytes, Anonymized, ProcessingError},
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
	time::Instant,
};
use tokio::sync::{oneshot, OwnedSemaphorePermit, Semaphore};

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
	/// Starts `threads` threads; at most `queue` more requests are taken while all are busy. Fails when
	/// an anonymizer cannot be made. Images are decoded within `limits`. `readiness` says from then on whether every thread has one.
	pub fn start(
		threads: usize,
		queue: usize,
		limits: Limits,
		factory: Arc<Factory>,
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
	/// `None` after a failure from which it could not recover.
	anonymizer: Option<Anonymizer>,
	limits: Limits,
	factory: Arc<Factory>,
	readiness: Readiness,
}

impl Worker {
	fn run(mut self, jobs: &Mutex<mpsc::Receiver<Job>>) {
		loop {
			let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
			match job {
				// Whoever sent it may have given up meanwhile.
				Ok(job) if job.answer.is_closed() => {},
				Ok(job) => self.work(job),
				Err(mpsc::RecvError) => return,
			}
		}
	}

	fn work(&mut self, job: Job) {
		let Job { image, format, place, answer } = job;
		let started = Instant::now();
		let result = self.anonymize(&image, format);
		drop(image);
		metrics::histogram!("msec_anonymizer_processing_seconds").record(started.elapsed());
		// Nobody waits for it any more: the result is dropped.
		let _ = answer.send((result, place));
	}

	fn anonymize(&mut self, image: &[u8], format: Format) -> Result<Anonymized, ProcessingError> {
		let limits = self.limits;
		let anonymizer = self.anonymizer()?;
		let attempt = AssertUnwindSafe(|| anonymize_bytes(anonymizer, image, &limits, format));
		catch_unwind(attempt).unwrap_or_else(|_| {
			// What it holds may be half changed.
			self.anonymizer = None;
			Err(ProcessingError::Panicked)
		})
	}

	/// The anonymizer, made anew where there is none.
	fn anonymizer(&mut self) -> Result<&mut Anonymizer, ProcessingError> {
		let anonymizer = match self.anonymizer.take() {
			Some(anonymizer) => anonymizer,
			None => self.make()?,
		};
		Ok(self.anonymizer.insert(anonymizer))
	}

	fn make(&self) -> Result<Anonymizer, ProcessingError> {
		let made = (self.factory)();
		self.readiness.set(made.as_ref().map(drop).map_err(ToString::to_string));
		Ok(made?)
	}
}
