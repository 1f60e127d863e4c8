//! Signs batches for whoever may write to a socket on the device.
//!
//! The TPM decides in which state of the device the key works. Who may ask in that state is up to the
//! permissions of the socket, and up to the software that the device runs.

use super::AgentChain;
use crate::tpm::TpmClient;
use msec_evidence::{batches_digest, certification_data, PcrSelection};
use msec_worker_common::{
	batch_signer::{read_line, write_line, SigningAnswer, SigningRequest},
	H256,
};
use std::{
	fs::{remove_file, set_permissions, symlink_metadata, Permissions},
	future::Future,
	io,
	os::unix::fs::{FileTypeExt, PermissionsExt},
	path::Path,
	sync::Arc,
	time::Duration,
};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

/// Owner and group of the socket may ask.
const MODE: u32 = 0o660;
/// Longest that somebody may take to ask, or to hear the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait when no connection can be accepted.
const PAUSE: Duration = Duration::from_secs(1);

/// Answers one question after the other.
pub struct BatchSigner {
	listener: UnixListener,
	tpm: TpmClient,
	device: [u8; 32],
	chain: Arc<dyn AgentChain>,
}

impl BatchSigner {
	/// Listens at `path`, in place of a socket that a killed process left there.
	pub fn bind(
		path: &Path,
		tpm: TpmClient,
		device: [u8; 32],
		chain: Arc<dyn AgentChain>,
	) -> io::Result<Self> {
		if symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
			remove_file(path)?;
		}
		let listener = UnixListener::bind(path)?;
		set_permissions(path, Permissions::from_mode(MODE))?;
		Ok(Self { listener, tpm, device, chain })
	}

	/// Answers until `stop`.
	pub async fn run(self, stop: CancellationToken) {
		while let Some(accepted) = stop.run_until_cancelled(self.listener.accept()).await {
			let served = match accepted {
				Ok((stream, _)) => self.serve(stream).await,
				Err(error) => {
					tokio::time::sleep(PAUSE).await;
					Err(error)
				},
			};
			if let Err(error) = served {
				tracing::warn!("a request to sign batches failed: {error}");
			}
		}
	}

	async fn serve(&self, mut stream: UnixStream) -> io::Result<()> {
		let request = within(read_line(&mut stream)).await?;
		let answer = self.answer(request).await.unwrap_or_else(|reason| {
			tracing::warn!("batches are not signed: {reason}");
			SigningAnswer::Refused { reason }
		});
		within(write_line(&mut stream, &answer)).await
	}

	async fn answer(&self, request: SigningRequest) -> Result<SigningAnswer, String> {
		let view = self.chain.view(self.device).await.map_err(|error| error.to_string())?;
		let device = view.device.ok_or("no owner has registered the device on chain")?;
		let selection = PcrSelection(device.selection);
		match request {
			SigningRequest::Certify => {
				self.certify(certification_data(&view.genesis, &self.device), selection).await
			},
			SigningRequest::Sign { dataset, first_batch, batches, root } => {
				let digest =
					batches_digest(&view.genesis, &dataset.0, first_batch, batches, &root.0);
				tracing::info!(dataset = hex::encode(dataset.0), first_batch, batches, "signing");
				self.sign(digest, selection).await
			},
		}
	}

	async fn certify(
		&self,
		data: [u8; 32],
		selection: PcrSelection,
	) -> Result<SigningAnswer, String> {
		let certified = self.tpm.run(move |tpm| tpm.certify_batch_key(data, selection)).await;
		let certified = certified.map_err(|error| error.to_string())?;
		Ok(SigningAnswer::Certified {
			device: H256(self.device),
			public_area: certified.public_area,
			attest: certified.attest,
			signature: certified.signature,
		})
	}

	async fn sign(
		&self,
		digest: [u8; 32],
		selection: PcrSelection,
	) -> Result<SigningAnswer, String> {
		let signed = self.tpm.run(move |tpm| tpm.sign_batches(digest, selection)).await;
		let signed = signed.map_err(|error| error.to_string())?;
		Ok(SigningAnswer::Signed {
			device: H256(self.device),
			public_area: signed.public_area,
			signature: signed.signature,
		})
	}
}

async fn within<T>(exchange: impl Future<Output = io::Result<T>>) -> io::Result<T> {
	tokio::time::timeout(PATIENCE, exchange).await.map_err(|_| io::ErrorKind::TimedOut)?
}
