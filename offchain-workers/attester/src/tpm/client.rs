//! One job at a time, off the threads that must not block.

use super::{parse, Tpm, TpmError};
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// Longest that a job may take: a TPM in hardware may think for half a minute about an RSA key.
const DEADLINE: Duration = Duration::from_secs(90);

/// Does jobs in a TPM, one after the other. Clones share the turn.
#[derive(Clone)]
pub struct TpmClient {
	tcti: Arc<str>,
	turn: Arc<Mutex<()>>,
}

impl TpmClient {
	/// A client of the TPM behind a TCTI. It need not be there yet.
	pub fn new(tcti: &str) -> Result<Self, TpmError> {
		parse(tcti)?;
		Ok(Self { tcti: tcti.into(), turn: Arc::default() })
	}

	/// Opens a connection and does `job` with it.
	pub async fn run<T: Send + 'static>(
		&self,
		job: impl FnOnce(&mut Tpm) -> Result<T, TpmError> + Send + 'static,
	) -> Result<T, TpmError> {
		let turn = self.turn.clone().lock_owned();
		let tcti = self.tcti.clone();
		let work = async {
			let turn = turn.await;
			// The turn goes with the job: when nobody waits any more, the next one still comes after it.
			let work = move || {
				let outcome = Tpm::open(&tcti).and_then(|mut tpm| job(&mut tpm));
				drop(turn);
				outcome
			};
			tokio::task::spawn_blocking(work).await.map_err(|_| TpmError::Stopped)?
		};
		tokio::time::timeout(DEADLINE, work)
			.await
			.map_err(|_| TpmError::TimedOut(DEADLINE.as_secs()))?
	}
}
