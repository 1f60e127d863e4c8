//! `msec-attester agent`

use anyhow::{Context, Result};
use msec_attester::{
	agent::{
		settings::Settings, Agent, AgentChain, BatchSigner, Identity, LogDelivery, NodeChain,
		RegistrarClient,
	},
	tpm::TpmClient,
};
use msec_worker_common::{
	chain::ChainClient,
	health::{self, Readiness},
	shutdown,
};
use rustls_pki_types::{pem::PemObject, CertificateDer};
use std::{
	path::{Path, PathBuf},
	sync::Arc,
};

#[tokio::main]
pub async fn run(settings: Settings) -> Result<()> {
	let stop = shutdown::on_signal()?;
	let tpm = TpmClient::new(&settings.tpm)?;
	let identity = Identity::of(&tpm).await?;
	let registrar = registrar(&settings)?;
	let chain = ChainClient::connect(&settings.node).await?;

	let readiness = Readiness::default();
	let metrics = health::install_metrics()?;
	let health = health::serve(settings.health_listen, readiness.clone(), metrics, stop.clone());
	tracing::info!(
		device = hex::encode(identity.device),
		attestation_key = hex::encode(&identity.attestation_key),
		has_certificate = identity.certificate.is_some(),
		"attesting"
	);
	let chain: Arc<dyn AgentChain> = Arc::new(NodeChain::new(chain));
	let bind = |path: &PathBuf| {
		BatchSigner::bind(path, tpm.clone(), identity.device, chain.clone())
			.with_context(|| path.display().to_string())
	};
	let signer = settings.batch_socket.as_ref().map(bind).transpose()?;
	let logs = registrar.clone().filter(|_| !settings.logs.is_empty()).map(|registrar| {
		LogDelivery::new(tpm.clone(), identity.device, registrar, settings.logs.clone())
	});
	let agent = Agent::new(tpm, identity, chain, registrar, settings.quote_interval, readiness);
	shutdown::notify_ready();
	tokio::try_join!(async { health.await.context("health and metrics") }, async {
		let delivering = async {
			if let Some(logs) = logs {
				logs.run(stop.clone()).await;
			}
		};
		let signing = async {
			if let Some(signer) = signer {
				signer.run(stop.clone()).await;
			}
		};
		tokio::join!(agent.run(stop.clone()), delivering, signing);
		Ok(())
	})?;
	Ok(())
}

fn registrar(settings: &Settings) -> Result<Option<RegistrarClient>> {
	let intermediates = settings.intermediates.as_deref().map(certificates).transpose()?;
	let client = |url: &String| RegistrarClient::new(url, intermediates.unwrap_or_default());
	Ok(settings.registrar.as_ref().map(client).transpose()?)
}

fn certificates(path: &Path) -> Result<Vec<Vec<u8>>> {
	let named = || path.display().to_string();
	let content = std::fs::read(path).with_context(named)?;
	let certificates = CertificateDer::pem_slice_iter(&content);
	certificates.map(|certificate| Ok(certificate.with_context(named)?.to_vec())).collect()
}
