//! Enrolment over HTTP, with a chain that exists in memory only.

use crate::swtpm::Swtpm;
use futures::{future::BoxFuture, FutureExt};
use msec_attester::{
	agent::{EnrolmentError, Identity, RegistrarClient},
	protocol::{Activation, Bytes, CredentialChallenge, EnrolmentRequest, ENROLMENTS},
	registrar::{routes, RateLimit, RegistrarChain, Registration, Service},
};
use msec_worker_common::{
	chain::{attestation::LogVerdict, ChainError},
	store_client::Problem,
	transactions::TransactionError,
	H256,
};
use reqwest::{Client, StatusCode};
use std::{
	collections::HashMap,
	sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, task::JoinHandle};

const PROFILE: H256 = H256([5; 32]);

#[derive(Default)]
struct TestChain {
	registered: Mutex<HashMap<[u8; 32], Registration>>,
	endorsed: Mutex<Vec<([u8; 32], H256)>>,
	stated: Mutex<Vec<([u8; 32], LogVerdict)>>,
	is_accredited: Mutex<bool>,
}

impl RegistrarChain for TestChain {
	fn registration(
		&self,
		device: [u8; 32],
	) -> BoxFuture<'_, Result<Option<Registration>, ChainError>> {
		async move { Ok(self.registered.lock().unwrap().get(&device).cloned()) }.boxed()
	}

	fn endorse<'a>(
		&'a self,
		device: [u8; 32],
		profile: H256,
		_: &'a str,
	) -> BoxFuture<'a, Result<u64, TransactionError>> {
		async move {
			if !*self.is_accredited.lock().unwrap() {
				let (name, docs) = ("Attestation::NotAccredited".into(), String::new());
				return Err(TransactionError::Failed { name, docs });
			}
			self.endorsed.lock().unwrap().push((device, profile));
			Ok(7)
		}
		.boxed()
	}

	fn state_log_verdict<'a>(
		&'a self,
		device: [u8; 32],
		verdict: LogVerdict,
		_: u32,
		_: &'a str,
	) -> BoxFuture<'a, Result<u64, TransactionError>> {
		async move {
			self.stated.lock().unwrap().push((device, verdict));
			Ok(8)
		}
		.boxed()
	}
}

struct Fixture {
	swtpm: Swtpm,
	identity: Identity,
	chain: Arc<TestChain>,
	url: String,
	server: JoinHandle<()>,
}

impl Drop for Fixture {
	fn drop(&mut self) {
		self.server.abort();
	}
}

impl Fixture {
	async fn new() -> Self {
		Self::with_rate(RateLimit::new(100, 100)).await
	}

	async fn with_rate(rate: RateLimit) -> Self {
		let swtpm = Swtpm::start();
		let identity = swtpm.identity().await;
		let chain = Arc::new(TestChain { is_accredited: Mutex::new(true), ..TestChain::default() });
		let attestation_key = identity.attestation_key.clone();
		let registration = Registration {
			attestation_key,
			profile: PROFILE,
			is_endorsed: false,
			is_endorsed_here: false,
			block: 1,
		};
		let registered = HashMap::from([(identity.device, registration)]);
		*chain.registered.lock().unwrap() = registered;
		let service = Service::new(swtpm.manufacturers(), [PROFILE], chain.clone(), rate);
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("http://{}", listener.local_addr().unwrap());
		let server = tokio::spawn(async move {
			axum::serve(listener, routes(Arc::new(service))).await.unwrap();
		});
		Self { swtpm, identity, chain, url, server }
	}

	/// Changes how the device is registered.
	fn change(&self, change: impl FnOnce(&mut Registration)) {
		change(self.chain.registered.lock().unwrap().get_mut(&self.identity.device).unwrap());
	}

	fn client(&self) -> RegistrarClient {
		RegistrarClient::new(&self.url, vec![self.swtpm.intermediate()]).unwrap()
	}

	fn request(&self) -> EnrolmentRequest {
		EnrolmentRequest {
			endorsement_key: Bytes(self.identity.endorsement_key.clone()),
			certificate: Bytes(self.identity.certificate.clone().unwrap()),
			intermediates: vec![Bytes(self.swtpm.intermediate())],
			attestation_key: Bytes(self.identity.attestation_key.clone()),
		}
	}

	async fn begin(&self) -> CredentialChallenge {
		let url = format!("{}{ENROLMENTS}", self.url);
		let response = Client::new().post(url).json(&self.request()).send().await.unwrap();
		assert_eq!(response.status(), StatusCode::CREATED);
		response.json().await.unwrap()
	}

	async fn answer(&self, challenge: &CredentialChallenge, secret: Vec<u8>) -> Problem {
		let enrolment = hex::encode(&challenge.enrolment.0);
		let url = format!("{}{ENROLMENTS}/0x{enrolment}/activation", self.url);
		let activation = Activation { secret: Bytes(secret) };
		let response = Client::new().post(url).json(&activation).send().await.unwrap();
		assert!(!response.status().is_success());
		response.json().await.unwrap()
	}

	/// The code with which a request is refused.
	async fn refusal(&self, change: impl FnOnce(&mut EnrolmentRequest)) -> String {
		let mut request = self.request();
		change(&mut request);
		let url = format!("{}{ENROLMENTS}", self.url);
		let response = Client::new().post(url).json(&request).send().await.unwrap();
		assert!(!response.status().is_success());
		assert_eq!(response.headers()["content-type"], "application/problem+json");
		response.json::<Problem>().await.unwrap().code
	}
}

#[tokio::test]
async fn a_device_with_both_keys_is_endorsed() {
	let fixture = Fixture::new().await;
	let block = fixture.client().enrol(&fixture.swtpm.client(), &fixture.identity).await.unwrap();
	assert_eq!(block, 7);
	assert_eq!(*fixture.chain.endorsed.lock().unwrap(), [(fixture.identity.device, PROFILE)]);
}

#[tokio::test]
async fn a_secret_is_answered_once_and_only_by_what_was_sealed() {
	let fixture = Fixture::new().await;
	let challenge = fixture.begin().await;
	let mut unknown = challenge.clone();
	unknown.enrolment.0[0] ^= 1;
	assert_eq!(fixture.answer(&unknown, vec![0; 32]).await.code, "enrolment-unknown");
	assert_eq!(fixture.answer(&challenge, vec![0; 32]).await.code, "wrong-secret");
	let (blob, sealed) =
		(challenge.credential_blob.0.clone(), challenge.encrypted_secret.0.clone());
	let secret = fixture.swtpm.open().activate_credential(blob, sealed).unwrap();
	assert_eq!(fixture.answer(&challenge, secret.to_vec()).await.code, "enrolment-unknown");
	let again = fixture.begin().await;
	assert_eq!(fixture.answer(&again, Vec::new()).await.code, "wrong-secret");
	assert!(fixture.chain.endorsed.lock().unwrap().is_empty());
}

#[tokio::test]
async fn whatever_is_not_as_it_should_be_is_refused_by_its_name() {
	let fixture = Fixture::new().await;
	let other = Swtpm::start();
	let foreign = other.identity().await;
	type Change<'a> = Box<dyn FnOnce(&mut EnrolmentRequest) + 'a>;
	let cases: [(&str, Change); 7] = [
		("endorsement-key-invalid", Box::new(|request| request.endorsement_key.0.truncate(80))),
		("attestation-key-invalid", Box::new(|request| request.attestation_key.0.truncate(80))),
		("certificate-malformed", Box::new(|request| request.certificate.0.truncate(80))),
		("certificate-untrusted", Box::new(|request| request.intermediates.clear())),
		("certificate-too-large", Box::new(|request| request.certificate.0.resize(9_000, 0))),
		(
			"certificate-other-key",
			Box::new(|request| request.certificate = Bytes(foreign.certificate.clone().unwrap())),
		),
		(
			"other-attestation-key",
			Box::new(|request| request.attestation_key = Bytes(foreign.attestation_key.clone())),
		),
	];
	for (code, change) in cases {
		assert_eq!(fixture.refusal(change).await, code);
	}
	let too_large = fixture.refusal(|request| request.certificate.0.resize(50_000, 0)).await;
	assert_eq!(too_large, "too-large");
	fixture.change(|registration| registration.profile = H256([6; 32]));
	assert_eq!(fixture.refusal(|_| ()).await, "profile-not-accepted");
	fixture.change(|registration| registration.is_endorsed = true);
	assert_eq!(fixture.refusal(|_| ()).await, "already-endorsed");
	fixture.chain.registered.lock().unwrap().clear();
	assert_eq!(fixture.refusal(|_| ()).await, "device-unknown");
	let lost = Client::new().get(format!("{}/nowhere", fixture.url)).send().await.unwrap();
	assert_eq!(lost.json::<Problem>().await.unwrap().code, "not-found");
}

#[tokio::test]
async fn what_changes_during_enrolment_ends_it() {
	let fixture = Fixture::new().await;
	let challenge = fixture.begin().await;
	let (blob, sealed) =
		(challenge.credential_blob.0.clone(), challenge.encrypted_secret.0.clone());
	let secret = fixture.swtpm.open().activate_credential(blob, sealed).unwrap();
	fixture.change(|registration| registration.attestation_key = vec![1]);
	assert_eq!(fixture.answer(&challenge, secret.to_vec()).await.code, "other-attestation-key");
}

#[tokio::test]
async fn a_registrar_without_accreditation_says_so() {
	let fixture = Fixture::new().await;
	*fixture.chain.is_accredited.lock().unwrap() = false;
	let enrolled = fixture.client().enrol(&fixture.swtpm.client(), &fixture.identity).await;
	let Err(EnrolmentError::Refused { code, detail }) = enrolled else {
		panic!("{enrolled:?}");
	};
	assert_eq!(code, "chain-refused");
	assert!(detail.contains("NotAccredited"), "{detail}");
}

#[tokio::test]
async fn many_enrolments_have_to_wait() {
	let fixture = Fixture::with_rate(RateLimit::new(1, 2)).await;
	fixture.begin().await;
	fixture.begin().await;
	let url = format!("{}{ENROLMENTS}", fixture.url);
	let response = Client::new().post(url).json(&fixture.request()).send().await.unwrap();
	assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
	assert_eq!(response.headers()["retry-after"], "1");
}
