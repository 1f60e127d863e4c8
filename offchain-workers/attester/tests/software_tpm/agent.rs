//! The agent, with a chain that exists in memory only and verifies as the real one does.

use crate::swtpm::Swtpm;
use futures::{future::BoxFuture, FutureExt};
use msec_attester::agent::{
	Agent, AgentChain, BatchSigner, BoundEvidence, Identity, Submission, View,
};
use msec_evidence::{
	batches_digest, certification_data, pcr_digest, qualifying_data, AttestationKey, BatchKey,
	Certification, PcrSelection, Quote,
};
use msec_worker_common::{
	batch_signer::{SigningAnswer, SigningRequest},
	chain::{
		attestation::{
			AttestationResult, Contraindication, Device, DeviceChallenge, Distrust, Endorsement,
			LastQuote, QuoteContext, Trust, TrustTier,
		},
		ChainError, RangeCommitment,
	},
	health::Readiness,
	AccountId32, H256,
};
use std::{
	sync::{Arc, Mutex},
	time::Duration,
};
use tokio_util::sync::CancellationToken;

const GENESIS: [u8; 32] = [3; 32];
const BLOCK: [u8; 32] = [4; 32];
const VALIDITY: u32 = 1_000;

struct TestChain {
	view: Mutex<View>,
	/// What PCR 16 must hold.
	allowed: [u8; 32],
	taken: Mutex<usize>,
}

impl TestChain {
	fn new(device: Option<Device>) -> Arc<Self> {
		let view = View {
			genesis: GENESIS,
			block_number: 100,
			block_hash: BLOCK,
			device,
			trust: Trust::NotTrusted(Distrust::NotAppraised),
			context: QuoteContext {
				genesis_hash: H256(GENESIS),
				max_quote_age: 50,
				min_quote_interval: 2,
				quote_fee: 5,
			},
		};
		Arc::new(Self { view: Mutex::new(view), allowed: [0; 32], taken: Mutex::new(0) })
	}

	fn change(&self, change: impl FnOnce(&mut View)) {
		change(&mut self.view.lock().unwrap());
	}

	fn taken(&self) -> usize {
		*self.taken.lock().unwrap()
	}

	fn take(&self, bound: &BoundEvidence) {
		let mut view = self.view.lock().unwrap();
		let now = view.block_number as u32;
		let device = view.device.as_mut().unwrap();
		let key = AttestationKey::parse(&device.attestation_key).unwrap();
		let evidence = &bound.evidence;
		key.verify(&evidence.attest, &evidence.signature).unwrap();
		let quote = Quote::parse(&evidence.attest).unwrap();
		assert_eq!(quote.extra_data, qualifying_data(&GENESIS, &BLOCK, &bound.device));
		assert_eq!(quote.selection, PcrSelection(device.selection));
		assert_eq!(quote.pcr_digest, pcr_digest(evidence.pcr_values.iter()));
		assert_eq!(bound.block_number, now);
		let (tier, trust) = match evidence.pcr_values == [self.allowed] {
			true => (
				TrustTier::Affirming,
				Trust::Trusted { appraised_at: now, valid_until: now + VALIDITY },
			),
			false => {
				let reason = Contraindication::PcrNotAllowed { index: 16 };
				let distrust = Distrust::Contraindicated(reason);
				(TrustTier::Contraindicated(reason), Trust::NotTrusted(distrust))
			},
		};
		device.last_quote = Some(LastQuote { block_number: now, accepted_at: now });
		device.result =
			Some(AttestationResult { tier, appraised_at: now, valid_until: now + VALIDITY });
		view.trust = trust;
		*self.taken.lock().unwrap() += 1;
	}
}

impl AgentChain for TestChain {
	fn view(&self, _: [u8; 32]) -> BoxFuture<'_, Result<View, ChainError>> {
		async { Ok(self.view.lock().unwrap().clone()) }.boxed()
	}

	fn submit(&self, bound: BoundEvidence) -> BoxFuture<'_, Result<Submission, ChainError>> {
		async move {
			self.take(&bound);
			Ok(Submission::Sent)
		}
		.boxed()
	}
}

fn device(identity: &Identity) -> Device {
	Device {
		owner: AccountId32([1; 32]),
		attestation_key: identity.attestation_key.clone(),
		profile: H256([2; 32]),
		selection: 1 << 16,
		endorsement: Some(Endorsement { registrar: AccountId32([5; 32]), logs: None }),
		is_quarantined: false,
		quote_budget: 100,
		last_quote: None,
		result: None,
		challenge: None,
	}
}

struct Fixture {
	swtpm: Swtpm,
	identity: Identity,
	chain: Arc<TestChain>,
	readiness: Readiness,
}

impl Fixture {
	async fn new() -> Self {
		let swtpm = Swtpm::start();
		let identity = swtpm.identity().await;
		let chain = TestChain::new(Some(device(&identity)));
		Self { swtpm, identity, chain, readiness: Readiness::default() }
	}

	fn agent(&self) -> Agent {
		Agent::new(
			self.swtpm.client(),
			self.identity.clone(),
			self.chain.clone(),
			None,
			Duration::from_secs(900),
			self.readiness.clone(),
		)
	}

	fn reason(&self) -> String {
		self.readiness.get().unwrap_err()
	}
}

#[tokio::test]
async fn it_quotes_at_once_on_schedule_and_when_challenged() {
	let fixture = Fixture::new().await;
	let mut agent = fixture.agent();
	agent.step().await;
	assert_eq!(fixture.chain.taken(), 1);
	agent.step().await;
	assert_eq!((fixture.chain.taken(), fixture.readiness.get()), (1, Ok(())));

	fixture.chain.change(|view| {
		view.block_number = 110;
		view.device.as_mut().unwrap().challenge = Some(DeviceChallenge {
			challenger: AccountId32([9; 32]),
			challenged_at: 109,
			answer_by: 129,
			is_answered: false,
		});
	});
	agent.step().await;
	assert_eq!(fixture.chain.taken(), 2);
	agent.step().await;
	assert_eq!(fixture.chain.taken(), 2);

	fixture.chain.change(|view| view.block_number = 410);
	agent.step().await;
	assert_eq!(fixture.chain.taken(), 3);
}

#[tokio::test]
async fn it_says_what_is_wrong_and_recovers_with_the_device() {
	let mut fixture = Fixture::new().await;
	fixture.swtpm.open().pcr_extend(16, [1; 32]).unwrap();
	let mut agent = fixture.agent();
	agent.step().await;
	agent.step().await;
	assert!(fixture.reason().contains("PCR 16"), "{}", fixture.reason());

	fixture.swtpm.reset();
	fixture.chain.change(|view| view.block_number = 120);
	let mut restarted = fixture.agent();
	restarted.step().await;
	restarted.step().await;
	assert_eq!((fixture.chain.taken(), fixture.readiness.get()), (2, Ok(())));
}

#[tokio::test]
async fn it_says_what_it_waits_for() {
	let fixture = Fixture::new().await;
	let mut agent = fixture.agent();
	let mut step = async |change: fn(&mut View)| {
		fixture.chain.change(change);
		agent.step().await;
		fixture.reason()
	};
	let poor = step(|view| view.device.as_mut().unwrap().quote_budget = 4).await;
	assert!(poor.contains("budget"), "{poor}");
	let strange = step(|view| view.device.as_mut().unwrap().endorsement = None).await;
	assert!(strange.contains("no registrar has endorsed"), "{strange}");
	let cleared = step(|view| view.device.as_mut().unwrap().attestation_key = vec![1]).await;
	assert!(cleared.contains("another attestation key"), "{cleared}");
	let unregistered = step(|view| view.device = None).await;
	assert!(unregistered.contains("no owner has registered"), "{unregistered}");
	let retired = step(|view| view.trust = Trust::NotTrusted(Distrust::Retired)).await;
	assert_eq!(retired, "the device is retired");
	assert_eq!(fixture.chain.taken(), 0);
}

#[tokio::test]
async fn it_signs_batches_for_whoever_may_use_its_socket() {
	let fixture = Fixture::new().await;
	let socket = fixture.swtpm.file("batches");
	let device = fixture.identity.device;
	let bind = || BatchSigner::bind(&socket, fixture.swtpm.client(), device, fixture.chain.clone());
	// A process that was killed left a socket.
	drop(bind().unwrap());
	let stop = CancellationToken::new();
	let serving = tokio::spawn(bind().unwrap().run(stop.clone()));

	let range = RangeCommitment { batches: 9, root: H256([8; 32]) };
	let request = SigningRequest::sign(H256([7; 32]), 4, &range);
	let SigningAnswer::Signed { device: signer, public_area, signature } =
		request.ask(&socket).await.unwrap()
	else {
		panic!("it does not sign");
	};
	assert_eq!(signer, H256(device));
	let key = BatchKey::parse(&public_area).unwrap();
	let digest = batches_digest(&GENESIS, &[7; 32], 4, 9, &[8; 32]);
	assert_eq!(key.verify(&digest, &signature), Ok(()));

	let answer = SigningRequest::Certify.ask(&socket).await.unwrap();
	let SigningAnswer::Certified { public_area: certified, attest, signature, .. } = answer else {
		panic!("it does not certify");
	};
	assert_eq!(certified, public_area);
	let attestation_key = AttestationKey::parse(&fixture.identity.attestation_key).unwrap();
	attestation_key.verify(&attest, &signature).unwrap();
	let certification = Certification::parse(&attest).unwrap();
	assert_eq!(certification.extra_data, certification_data(&GENESIS, &device));
	assert_eq!(certification.name, key.name());

	fixture.chain.change(|view| view.device = None);
	let refused = SigningRequest::Certify.ask(&socket).await.unwrap();
	assert!(matches!(refused, SigningAnswer::Refused { .. }), "{refused:?}");
	stop.cancel();
	serving.await.unwrap();
	assert!(request.ask(&socket).await.is_err());
}
