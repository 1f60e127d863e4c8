//! Measures the verification of quotes and signatures, the making of credentials, a TPM's quotes and the
//! appraisal of IMA lists, for `scripts/bench.sh attestation`.

use anyhow::{ensure, Context, Result};
use clap::Parser;
use msec_attester::{
	credential::{make_credential, Credential, SECRET_LENGTH},
	endorsement::EndorsementKey,
	log::{appraisal::Appraisal, policy::RuntimePolicy},
	tpm::TpmClient,
};
use msec_evidence::{pcr_digest, software_tpm::SoftwareTpm, AttestationKey, PcrSelection, Quote};
use rsa::{
	pkcs1v15::{Signature, SigningKey, VerifyingKey},
	rand_core::OsRng,
	sha2::Sha256 as RsaSha256,
	signature::{SignatureEncoding, Signer, Verifier},
	traits::PublicKeyParts,
	RsaPrivateKey,
};
use serde::Deserialize;
use serde_json::{json, Value};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::{
	fs::File,
	hint::black_box,
	io::{BufWriter, Write},
	path::{Path, PathBuf},
	time::{Duration, Instant},
};
use wasmtime::{Config, Engine, Instance, Module, OptLevel, Store};

/// Entries of the list.
const ENTRIES: usize = 200_000;
/// The appraisal of such a list must take less than this.
const LIST_TARGET: Duration = Duration::from_secs(1);
/// How often a list is appraised; the median counts.
const LIST_RUNS: usize = 5;
/// How long something short is repeated.
const LONG_ENOUGH: Duration = Duration::from_secs(3);
/// How many credentials a TPM activates.
const ACTIVATIONS: u32 = 100;
/// How often a TPM quotes.
const QUOTES: usize = 300;
/// Bits of an RSA key.
const RSA_BITS: usize = 2048;
/// Bytes of a quote.
const QUOTE_LENGTH: usize = 145;
/// Registers that are quoted.
const REGISTERS: [u8; 4] = [0, 2, 4, 7];
/// An endorsement key's public area.
const ENDORSEMENT_KEY: &[u8] =
	include_bytes!("../tests/corpus/examples/endorsement-key.tpmt-public");

/// Measures the attester.
#[derive(Parser)]
enum Options {
	/// Makes an IMA list, and a policy that allows everything in it.
	List { list: PathBuf, policy: PathBuf },
	/// Measures, and writes one line of JSON for each measure.
	Measure(Measure),
}

#[derive(clap::Args)]
struct Measure {
	/// File to which the measures are written.
	rows: PathBuf,

	/// The IMA list.
	#[arg(long)]
	list: PathBuf,

	/// Its policy.
	#[arg(long)]
	policy: PathBuf,

	/// What Keylime's verifier took for the same: JSON with `seconds` and `value`.
	#[arg(long)]
	keylime: PathBuf,

	/// The WebAssembly that verifies signatures, see `scripts/bench/attestation/signatures`.
	#[arg(long)]
	signatures: PathBuf,

	/// The TPM that quotes.
	#[arg(long)]
	tpm: String,
}

#[derive(Deserialize)]
struct Keylime {
	seconds: f64,
	value: String,
}

#[tokio::main]
async fn main() -> Result<()> {
	match Options::parse() {
		Options::List { list, policy } => make_list(&list, &policy),
		Options::Measure(measure) => {
			let mut rows = File::create(&measure.rows)?;
			for row in [
				quote_verification()?,
				signature_verification(&measure.signatures)?,
				credentials()?,
				activations(&measure.tpm).await?,
				quotes_of(&measure.tpm).await?,
				ima_entries(&measure)?,
			] {
				writeln!(rows, "{row}")?;
			}
			Ok(())
		},
	}
}

/// A list as kernels keep it: template hashes of SHA-1, digests of SHA-256.
fn make_list(list: &Path, policy: &Path) -> Result<()> {
	let mut file = BufWriter::new(File::create(list)?);
	let mut digests = serde_json::Map::new();
	for number in 0..ENTRIES {
		let path = format!("/usr/lib/firmware/module-{number:06}.ko");
		let digest = Sha256::digest(&path);
		let fields = [
			field(&[b"sha256:\0".as_slice(), &digest[..]].concat()),
			field(&[path.as_bytes(), b"\0"].concat()),
		];
		let template_hash = hex::encode(Sha1::digest(fields.concat()));
		let digest = hex::encode(digest);
		writeln!(file, "10 {template_hash} ima-ng sha256:{digest} {path}")?;
		digests.insert(path, json!([digest]));
	}
	file.flush()?;
	let document = json!({
		"meta": { "version": 1, "generator": 0 },
		"release": 0,
		"digests": digests,
		"excludes": ["/tmp/.*", "/var/log/.*"],
		"keyrings": {},
		"ima": { "ignored_keyrings": [], "log_hash_alg": "sha1", "dm_policy": null },
		"ima-buf": {},
		"verification-keys": "",
	});
	Ok(std::fs::write(policy, document.to_string())?)
}

fn field(content: &[u8]) -> Vec<u8> {
	[&(content.len() as u32).to_le_bytes()[..], content].concat()
}

/// Everything that the chain verifies of a quote, beside the bare signature of an RSA-2048 key.
fn quote_verification() -> Result<Value> {
	let tpm = SoftwareTpm::new(7);
	let public_area = tpm.attestation_key();
	let parsed = AttestationKey::parse(&public_area).ok().context("a key was made")?;
	let values = [[1; 32]; REGISTERS.len()];
	let quote = Quote {
		qualified_signer: &parsed.qualified_name_in_endorsement_hierarchy(),
		extra_data: &[2; 32],
		clock: 1,
		reset_count: 1,
		restart_count: 0,
		safe: true,
		firmware_version: 1,
		selection: PcrSelection::of(REGISTERS).context("there are such registers")?,
		pcr_digest: pcr_digest(values.iter()),
	};
	let attest = quote.marshal();
	let signature = tpm.sign(&attest);
	let verify = || {
		let key = AttestationKey::parse(black_box(public_area.as_slice())).ok()?;
		let quote = Quote::parse(black_box(attest.as_slice())).ok()?;
		let is_signer = quote.qualified_signer == key.qualified_name_in_endorsement_hierarchy();
		let is_sound = is_signer && quote.pcr_digest == pcr_digest(values.iter());
		key.verify(&attest, &signature).ok().filter(|()| is_sound)
	};
	ensure!(verify().is_some(), "the quote is not accepted");
	let ours = repeated(verify);

	let secret = RsaPrivateKey::new(&mut OsRng, RSA_BITS)?;
	let key = VerifyingKey::<RsaSha256>::new(secret.to_public_key());
	let signature = SigningKey::<RsaSha256>::new(secret).sign(&attest);
	ensure!(key.verify(&attest, &signature).is_ok(), "the RSA signature is not accepted");
	let rsa = repeated(|| key.verify(black_box(attest.as_slice()), &signature));
	Ok(json!({
		"name": "verification of a P-256 quote, native", "value": microseconds(ours), "unit": "µs",
		"baseline": "RSA-2048 signature alone", "baseline_value": microseconds(rsa),
		"ratio": ours.as_secs_f64() / rsa.as_secs_f64(), "target": null, "holds": null,
		"note": "key, quote, signer, digest of four registers, signature; one thread, pure Rust both",
	}))
}

/// The signatures alone, of both types, as the runtime would verify them.
fn signature_verification(module: &Path) -> Result<Value> {
	let mut module = VerifyingModule::load(module)?;
	let message = [2u8; QUOTE_LENGTH];
	let tpm = SoftwareTpm::new(7);
	let ours = module.time("verify_p256", &tpm.attestation_key(), &message, &tpm.sign(&message))?;

	let secret = RsaPrivateKey::new(&mut OsRng, RSA_BITS)?;
	let modulus = secret.n().to_bytes_be();
	let signature: Signature = SigningKey::<RsaSha256>::new(secret).sign(&message);
	let rsa = module.time("verify_rsa", &modulus, &message, &signature.to_vec())?;
	Ok(json!({
		"name": "verification of a P-256 signature, in wasm", "value": microseconds(ours), "unit": "µs",
		"baseline": "RSA-2048 signature", "baseline_value": microseconds(rsa),
		"ratio": ours.as_secs_f64() / rsa.as_secs_f64(), "target": null, "holds": null,
		"note": "key and signature parsed; pure Rust both, and compiled as the node compiles runtimes",
	}))
}

/// Verification in WebAssembly.
struct VerifyingModule {
	store: Store<()>,
	instance: Instance,
}

impl VerifyingModule {
	/// Compiles the module in this file.
	fn load(file: &Path) -> Result<Self> {
		let mut config = Config::new();
		config.cranelift_opt_level(OptLevel::SpeedAndSize);
		let engine = Engine::new(&config)?;
		let module = Module::from_file(&engine, file)?;
		let mut store = Store::new(&engine, ());
		let instance = Instance::new(&mut store, &module, &[])?;
		Ok(Self { store, instance })
	}

	/// The mean time of a function that must accept the signature.
	fn time(
		&mut self,
		function: &str,
		key: &[u8],
		message: &[u8],
		signature: &[u8],
	) -> Result<Duration> {
		let (key, key_length) = self.put(key)?;
		let (message, message_length) = self.put(message)?;
		let (signature, signature_length) = self.put(signature)?;
		let arguments = (key, key_length, message, message_length, signature, signature_length);
		let verify = self
			.instance
			.get_typed_func::<(u32, u32, u32, u32, u32, u32), u32>(&mut self.store, function)?;
		let accepts = verify.call(&mut self.store, arguments)?;
		ensure!(accepts == 1, "{function} does not accept a signature");
		Ok(repeated(|| verify.call(&mut self.store, arguments)))
	}

	/// Copies bytes into the module's memory: where they are, and how many.
	fn put(&mut self, bytes: &[u8]) -> Result<(u32, u32)> {
		let length = u32::try_from(bytes.len())?;
		let allocate = self.instance.get_typed_func::<u32, u32>(&mut self.store, "allocate")?;
		let start = allocate.call(&mut self.store, length)?;
		let memory = self.instance.get_memory(&mut self.store, "memory");
		memory.context("the module has no memory")?.write(
			&mut self.store,
			start as usize,
			bytes,
		)?;
		Ok((start, length))
	}
}

/// What a registrar computes for each enrolment.
fn credentials() -> Result<Value> {
	let make = || {
		let key = EndorsementKey::parse(black_box(ENDORSEMENT_KEY)).ok()?;
		make_credential(&key, &[1; 34], &[2; 32]).ok()
	};
	ensure!(make().is_some(), "no credential is made");
	let each = repeated(make);
	Ok(json!({
		"name": "credentials made by a registrar", "value": 1.0 / each.as_secs_f64(), "unit": "1/s",
		"baseline": null, "baseline_value": null, "ratio": null, "target": null, "holds": null,
		"note": "TPM2_MakeCredential for an RSA-2048 endorsement key; one thread",
	}))
}

/// Whole activations, as at an enrolment: a credential is made, and the TPM finds the secret in it.
async fn activations(tcti: &str) -> Result<Value> {
	const SECRET: [u8; SECRET_LENGTH] = [2; SECRET_LENGTH];
	let tpm = TpmClient::new(tcti)?;
	let endorsement = tpm.run(|tpm| tpm.endorsement()).await?;
	let endorsement_key = EndorsementKey::parse(&endorsement.public_area)?;
	let attestation_key = tpm.run(|tpm| tpm.attestation_key()).await?;
	let attestation_key = AttestationKey::parse(&attestation_key).ok();
	let name = attestation_key.context("the attestation key is none")?.name();
	let begun = Instant::now();
	for _ in 0..ACTIVATIONS {
		let Credential { blob, encrypted_secret } =
			make_credential(&endorsement_key, &name, &SECRET)?;
		let found = tpm.run(move |tpm| tpm.activate_credential(blob, encrypted_secret)).await?;
		ensure!(found.as_slice() == SECRET.as_slice(), "the TPM finds another secret");
	}
	let each = begun.elapsed() / ACTIVATIONS;
	Ok(json!({
		"name": "credentials activated, on swtpm", "value": 1.0 / each.as_secs_f64(), "unit": "1/s",
		"baseline": null, "baseline_value": null, "ratio": null, "target": null, "holds": null,
		"note": "made by the registrar, activated by one TPM; the attestation key is made anew each time",
	}))
}

/// What an agent waits for its TPM: a connection, the attestation key, the registers, the quote.
async fn quotes_of(tcti: &str) -> Result<Value> {
	let tpm = TpmClient::new(tcti)?;
	let selection = PcrSelection::of(REGISTERS).context("there are such registers")?;
	let mut times = Vec::with_capacity(QUOTES);
	for _ in 0..QUOTES {
		let begun = Instant::now();
		tpm.run(move |tpm| tpm.quote([3; 32], selection)).await?;
		times.push(begun.elapsed());
	}
	times.sort();
	let milliseconds = |duration: Duration| duration.as_secs_f64() * 1e3;
	let percentile = |percent| milliseconds(times[times.len() * percent / 100]);
	Ok(json!({
		"name": "quote of an agent on swtpm, p50", "value": percentile(50), "unit": "ms",
		"baseline": null, "baseline_value": null, "ratio": null, "target": null, "holds": null,
		"note": format!("p95 {:.1} ms; the attestation key is made anew each time", percentile(95)),
	}))
}

/// A whole list: read, replayed, and held against a policy.
fn ima_entries(options: &Measure) -> Result<Value> {
	let list = std::fs::read(&options.list)?;
	let policy = RuntimePolicy::parse(&std::fs::read(&options.policy)?)?;
	let keylime: Keylime = serde_json::from_slice(&std::fs::read(&options.keylime)?)?;
	let mut times = Vec::with_capacity(LIST_RUNS);
	for _ in 0..LIST_RUNS {
		let begun = Instant::now();
		let mut appraisal = Appraisal::new(Some(&policy));
		appraisal.read(&mut black_box(list.as_slice()), |_| false)?;
		times.push(begun.elapsed());
		let replayed = appraisal.replayed();
		ensure!(appraisal.finding().is_none(), "the policy does not allow the list");
		ensure!(replayed.entries() == ENTRIES, "the list has {} entries", replayed.entries());
		ensure!(hex::encode(replayed.value()) == keylime.value, "Keylime replays to another value");
	}
	times.sort();
	let ours = times[LIST_RUNS / 2];
	let seconds = ours.as_secs_f64();
	Ok(json!({
		"name": "200,000 IMA entries", "value": seconds, "unit": "s",
		"baseline": "Keylime 7.14.3", "baseline_value": keylime.seconds,
		"ratio": seconds / keylime.seconds, "target": "< 1 s", "holds": ours < LIST_TARGET,
		"note": format!(
			"{:.0} entries a second; the same list and policy, replayed to the same value",
			ENTRIES as f64 / seconds,
		),
	}))
}

fn microseconds(duration: Duration) -> f64 {
	duration.as_secs_f64() * 1e6
}

/// The mean time of something short.
fn repeated<T>(mut work: impl FnMut() -> T) -> Duration {
	let begun = Instant::now();
	let mut times = 0;
	while begun.elapsed() < LONG_ENOUGH {
		black_box(work());
		times += 1;
	}
	begun.elapsed() / times
}
