//! Appraisal of logs over HTTP, with a TPM in software and a chain that exists in memory only.

use futures::{future::BoxFuture, FutureExt};
use msec_attester::{
	certificate::ManufacturerStore,
	log::{boot, boot_policy::BootPolicy, ima, policy::RuntimePolicy},
	protocol::{
		log_qualifying_data, AppraisalRequest, Bytes, LogChallenge, LogEvidence, LogOutcome,
		StatedVerdict, APPRAISALS, LOG_PCRS,
	},
	registrar::{routes, LogPolicies, RateLimit, RegistrarChain, Registration, Service},
};
use msec_evidence::{pcr_digest, software_tpm::SoftwareTpm, AttestationKey, PcrSelection, Quote};
use msec_worker_common::{
	chain::{
		attestation::{LogTier, LogVerdict},
		ChainError,
	},
	store_client::Problem,
	transactions::TransactionError,
	H256,
};
use reqwest::{Client, StatusCode};
use std::{
	sync::{Arc, Mutex},
	time::Duration,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	time::timeout,
};

const DEVICE: [u8; 32] = [9; 32];
/// A device that another registrar endorses.
const OF_OTHERS: [u8; 32] = [7; 32];
const LIST: &str = include_str!("keylime/ng-sha256.list");
const BOOT_LOG: &[u8] = include_bytes!("keylime/whole.boot");
const POLICY: &[u8] = include_bytes!("keylime/all.policy");
/// Allows the separator, by which PCR 7 alone is extended.
const BOOT_POLICY: &str = r#"{"version": 1, "pcrs": {"7": ["df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119"]}}"#;

/// Height of the chain.
const HEIGHT: u64 = 100;
/// Blocks for which verdicts are stated.
const VALID_FOR: u32 = 14_400;

#[derive(Default)]
struct TestChain(Mutex<Vec<(LogVerdict, u32)>>);

impl RegistrarChain for TestChain {
	fn registration(
		&self,
		device: [u8; 32],
	) -> BoxFuture<'_, Result<Option<Registration>, ChainError>> {
		let attestation_key = SoftwareTpm::new(1).attestation_key();
		let registration = Registration {
			attestation_key,
			profile: H256([5; 32]),
			is_endorsed: true,
			is_endorsed_here: device == DEVICE,
			block: HEIGHT,
		};
		async move { Ok([DEVICE, OF_OTHERS].contains(&device).then_some(registration)) }.boxed()
	}

	fn endorse<'a>(
		&'a self,
		_: [u8; 32],
		_: H256,
		_: &'a str,
	) -> BoxFuture<'a, Result<u64, TransactionError>> {
		unreachable!("nothing is endorsed here")
	}

	fn state_log_verdict<'a>(
		&'a self,
		_: [u8; 32],
		verdict: LogVerdict,
		valid_until: u32,
		_: &'a str,
	) -> BoxFuture<'a, Result<u64, TransactionError>> {
		async move {
			self.0.lock().unwrap().push((verdict, valid_until));
			Ok(8)
		}
		.boxed()
	}
}

/// What is sent.
struct Sent {
	signer: SoftwareTpm,
	device: [u8; 32],
	pcrs: Vec<u8>,
	values: Vec<[u8; 32]>,
	claimed_values: Option<Vec<[u8; 32]>>,
	signed: Option<Vec<u8>>,
	attest_length: usize,
	boot_log: Vec<u8>,
	list: String,
}

impl Sent {
	/// What an honest device sends.
	fn honest() -> Self {
		let replayed = boot::replay(BOOT_LOG).unwrap();
		let mut values: Vec<[u8; 32]> =
			(0..10u8).map(|pcr| replayed.values.get(&pcr).copied().unwrap_or_default()).collect();
		values.push(ima::replay(LIST).unwrap().value);
		Self {
			signer: SoftwareTpm::new(1),
			device: DEVICE,
			pcrs: LOG_PCRS.collect(),
			values,
			claimed_values: None,
			signed: None,
			attest_length: usize::MAX,
			boot_log: BOOT_LOG.to_vec(),
			list: LIST.to_owned(),
		}
	}

	fn body(self, nonce: &[u8; 32]) -> Vec<u8> {
		let key = AttestationKey::parse(&self.signer.attestation_key()).unwrap();
		let quote = Quote {
			qualified_signer: &key.qualified_name_in_endorsement_hierarchy(),
			extra_data: &log_qualifying_data(nonce, &self.device),
			clock: 1,
			reset_count: 1,
			restart_count: 0,
			safe: true,
			firmware_version: 1,
			selection: PcrSelection::of(self.pcrs.iter().copied()).unwrap(),
			pcr_digest: pcr_digest(self.values.iter()),
		};
		let mut attest = quote.marshal();
		let signature = self.signer.sign(self.signed.as_deref().unwrap_or(&attest));
		attest.truncate(self.attest_length);
		let claimed = self.claimed_values.unwrap_or(self.values);
		let header = LogEvidence {
			attest: Bytes(attest),
			signature: Bytes(signature),
			pcr_values: claimed.iter().map(|value| Bytes(value.to_vec())).collect(),
			boot_log_length: self.boot_log.len() as u64,
		};
		let header = serde_json::to_vec(&header).unwrap();
		[&header[..], b"\n", &self.boot_log, self.list.as_bytes()].concat()
	}
}

struct Fixture {
	chain: Arc<TestChain>,
	url: String,
}

impl Fixture {
	async fn new() -> Self {
		let runtime = RuntimePolicy::parse(POLICY).unwrap();
		let boot = BootPolicy::parse(BOOT_POLICY.as_bytes()).unwrap();
		Self::with(LogPolicies { runtime: Some(runtime), boot: Some(boot) }).await
	}

	async fn with(policies: LogPolicies) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let certificate = include_bytes!("corpus/examples/manufacturer.pem");
		std::fs::write(folder.path().join("manufacturer.pem"), certificate).unwrap();
		let manufacturers = ManufacturerStore::open(folder.path()).unwrap();
		let chain = Arc::new(TestChain::default());
		let rate = RateLimit::new(10_000, 10_000);
		let service = Service::new(manufacturers, [], chain.clone(), rate);
		let service = Arc::new(service.with_log_policies(policies));
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("http://{}{APPRAISALS}", listener.local_addr().unwrap());
		tokio::spawn(async move { axum::serve(listener, routes(service)).await.unwrap() });
		Self { chain, url }
	}

	async fn begin(&self) -> LogChallenge {
		let request = AppraisalRequest { device: Bytes(DEVICE.to_vec()) };
		let response = Client::new().post(&self.url).json(&request).send().await.unwrap();
		assert_eq!(response.status(), StatusCode::CREATED);
		response.json().await.unwrap()
	}

	async fn send(&self, challenge: &LogChallenge, body: Vec<u8>) -> reqwest::Response {
		let url = format!("{}/0x{}/evidence", self.url, hex::encode(&challenge.appraisal.0));
		Client::new().post(url).body(body).send().await.unwrap()
	}

	/// A request for whose body the registrar waits.
	async fn send_slowly(&self, challenge: &LogChallenge) -> TcpStream {
		let address = self.url.strip_prefix("http://").unwrap().split('/').next().unwrap();
		let mut stream = TcpStream::connect(address).await.unwrap();
		let head = format!(
			"POST {APPRAISALS}/0x{}/evidence HTTP/1.1\r\nHost: {address}\r\n\
			Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n",
			hex::encode(&challenge.appraisal.0)
		);
		stream.write_all(head.as_bytes()).await.unwrap();
		// It says so when it begins to read the body.
		let mut answer = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
		stream.read_exact(&mut answer).await.unwrap();
		assert!(answer.starts_with(b"HTTP/1.1 100 "));
		stream
	}

	/// Shows an honest device's logs until this comes of it.
	async fn show_until(&self, is_expected: fn(&Result<StatedVerdict, String>) -> bool) {
		let shown = async { while !is_expected(&self.show(|_| ()).await) {} };
		timeout(Duration::from_secs(60), shown).await.unwrap();
	}

	/// What becomes of evidence that differs from an honest device's.
	async fn show(&self, change: impl FnOnce(&mut Sent)) -> Result<StatedVerdict, String> {
		let challenge = self.begin().await;
		let mut sent = Sent::honest();
		change(&mut sent);
		let nonce = challenge.nonce.0.as_slice().try_into().unwrap();
		let response = self.send(&challenge, sent.body(&nonce)).await;
		match response.status().is_success() {
			true => Ok(response.json().await.unwrap()),
			false => Err(response.json::<Problem>().await.unwrap().code),
		}
	}

	/// The faults of logs that were shown.
	async fn faults(&self, change: impl FnOnce(&mut Sent)) -> Vec<String> {
		let stated = self.show(change).await.unwrap();
		stated.faults.into_iter().map(|fault| fault.code).collect()
	}
}

#[tokio::test]
async fn logs_of_an_honest_device_are_affirmed_on_chain() {
	let fixture = Fixture::new().await;
	let (boot, ima) = (LogOutcome::Affirming, LogOutcome::Affirming);
	let stated = fixture.show(|_| ()).await.unwrap();
	assert_eq!(stated, StatedVerdict { boot, ima, faults: Vec::new(), block: 8 });
	let verdict = LogVerdict { boot: LogTier::Affirming, ima: LogTier::Affirming };
	// It counts from when the nonce was made, however long it takes until it is on chain.
	let valid_until = HEIGHT as u32 + VALID_FOR;
	assert_eq!(*fixture.chain.0.lock().unwrap(), [(verdict, valid_until)]);
	// The list has grown since the quote.
	let longer = fixture.show(|sent| sent.list += "nonsense\n").await.unwrap();
	assert_eq!(longer.ima, LogOutcome::Affirming);
}

#[tokio::test]
async fn what_is_not_shown_or_has_no_policy_is_not_appraised() {
	let fixture = Fixture::new().await;
	let stated = fixture.show(|sent| sent.boot_log.clear()).await.unwrap();
	assert_eq!((stated.boot, stated.ima), (LogOutcome::NotAppraised, LogOutcome::Affirming));
	let stated = fixture.show(|sent| sent.list.clear()).await.unwrap();
	assert_eq!((stated.boot, stated.ima), (LogOutcome::Affirming, LogOutcome::NotAppraised));
	let boot = BootPolicy::parse(BOOT_POLICY.as_bytes()).unwrap();
	let without = Fixture::with(LogPolicies { runtime: None, boot: Some(boot) }).await;
	let stated = without.show(|_| ()).await.unwrap();
	assert_eq!((stated.boot, stated.ima), (LogOutcome::Affirming, LogOutcome::NotAppraised));
}

#[tokio::test]
async fn when_nothing_is_appraised_nothing_is_stated() {
	let nothing = Err("nothing-appraised".to_owned());
	let fixture = Fixture::new().await;
	let empty = |sent: &mut Sent| {
		sent.boot_log.clear();
		sent.list.clear();
	};
	assert_eq!(fixture.show(empty).await, nothing);
	let without = Fixture::with(LogPolicies::default()).await;
	assert_eq!(without.show(|_| ()).await, nothing);
	for chain in [fixture.chain, without.chain] {
		assert!(chain.0.lock().unwrap().is_empty());
	}
}

#[tokio::test]
async fn bodies_that_do_not_come_take_no_places() {
	let fixture = Fixture::new().await;
	let mut slow = Vec::new();
	for _ in 0..20 {
		slow.push(fixture.send_slowly(&fixture.begin().await).await);
	}
	assert!(fixture.show(|_| ()).await.is_ok());
}

#[tokio::test]
async fn a_device_has_one_place_until_its_body_ends() {
	let fixture = Fixture::new().await;
	let challenge = fixture.begin().await;
	let mut slow = fixture.send_slowly(&challenge).await;
	let nonce = challenge.nonce.0.as_slice().try_into().unwrap();
	let body = Sent::honest().body(&nonce);
	let header = body.split_inclusive(|byte| *byte == b'\n').next().unwrap();
	slow.write_all(header).await.unwrap();
	fixture.show_until(|shown| *shown == Err("busy".to_owned())).await;
	drop(slow);
	fixture.show_until(Result::is_ok).await;
}

#[tokio::test]
async fn logs_that_speak_against_the_device_say_why() {
	let fixture = Fixture::new().await;
	let cut = fixture.faults(|sent| sent.boot_log.truncate(BOOT_LOG.len() - 1)).await;
	assert_eq!(cut, ["boot-log-unreadable"]);
	let other = fixture.faults(|sent| sent.values[7] = [1; 32]).await;
	assert_eq!(other, ["boot-log-not-replayed"]);
	let unreadable = fixture.faults(|sent| sent.list.insert_str(0, "nonsense\n")).await;
	assert_eq!(unreadable, ["ima-list-unreadable"]);
	let shorter = fixture
		.faults(|sent| sent.list.truncate(sent.list.trim_end().rfind('\n').unwrap() + 1))
		.await;
	assert_eq!(shorter, ["ima-list-not-replayed"]);
	let not_allowed = fixture
		.faults(|sent| {
			sent.list = include_str!("keylime/excluded.list").to_owned();
			sent.values[10] = ima::replay(&sent.list).unwrap().value;
		})
		.await;
	assert_eq!(not_allowed, ["ima-entry-not-allowed"]);
	let (verdict, _) = *fixture.chain.0.lock().unwrap().last().unwrap();
	assert_eq!(verdict, LogVerdict { boot: LogTier::Affirming, ima: LogTier::Contraindicated });

	let boot = BootPolicy::parse(br#"{"version": 1, "pcrs": {"4": []}}"#).unwrap();
	let strict = Fixture::with(LogPolicies { runtime: None, boot: Some(boot) }).await;
	assert_eq!(strict.faults(|_| ()).await, ["boot-event-not-allowed"]);

	// Events that the policy asks for were left out.
	let boot = BootPolicy::parse(br#"{"version": 1, "pcrs": {"8": []}}"#).unwrap();
	let strict = Fixture::with(LogPolicies { runtime: None, boot: Some(boot) }).await;
	let silent = strict.faults(|sent| sent.values[8] = [1; 32]).await;
	assert_eq!(silent, ["boot-log-not-replayed"]);
}

#[tokio::test]
async fn quotes_that_were_not_asked_for_are_refused_by_their_name() {
	let fixture = Fixture::new().await;
	type Change = fn(&mut Sent);
	let cases: [(&str, Change); 6] = [
		("quote-malformed", |sent| sent.attest_length = 20),
		("quote-other-signer", |sent| sent.signer = SoftwareTpm::new(2)),
		("quote-other-nonce", |sent| sent.device = [8; 32]),
		("quote-other-selection", |sent| sent.pcrs = (0..10).collect()),
		("quote-other-values", |sent| sent.claimed_values = Some(vec![[0; 32]; 11])),
		("quote-signature-invalid", |sent| sent.signed = Some(b"other".to_vec())),
	];
	for (code, change) in cases {
		assert_eq!(fixture.show(change).await, Err(code.to_owned()));
	}
	let challenge = fixture.begin().await;
	let code =
		|response: reqwest::Response| async { response.json::<Problem>().await.unwrap().code };
	assert_eq!(code(fixture.send(&challenge, b"{}\n".to_vec()).await).await, "malformed");
	let again = code(fixture.send(&challenge, b"{}\n".to_vec()).await).await;
	assert_eq!(again, "appraisal-unknown");
	let devices = [
		(vec![1; 32], "device-unknown"),
		(vec![1], "device-malformed"),
		(OF_OTHERS.to_vec(), "not-endorsed-here"),
	];
	for (device, expected) in devices {
		let request = AppraisalRequest { device: Bytes(device) };
		let response = Client::new().post(&fixture.url).json(&request).send().await.unwrap();
		assert_eq!(code(response).await, expected);
	}
	assert!(fixture.chain.0.lock().unwrap().is_empty());
}
