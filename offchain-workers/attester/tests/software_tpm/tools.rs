//! The same TPM through tpm2-tools.

use crate::swtpm::Swtpm;
use msec_evidence::{AttestationKey, PcrSelection, Quote};

const NONCE: [u8; 32] = [0xcd; 32];
const ATTRIBUTES: &str =
	"fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign";

/// The attestation key, made by tpm2-tools: `key.ctx`, `key.tss` and `key.pem`.
fn make_key(swtpm: &Swtpm) -> Vec<u8> {
	let kind = ["-C", "e", "-g", "sha256", "-G", "ecc256:ecdsa-sha256:null", "-a", ATTRIBUTES];
	swtpm.tool("tpm2_createprimary", &[&kind[..], &["-c", "key.ctx"]].concat());
	for (form, file) in [("tss", "key.tss"), ("pem", "key.pem")] {
		swtpm.tool("tpm2_readpublic", &["-c", "key.ctx", "-f", form, "-o", file]);
	}
	let sized = std::fs::read(swtpm.file("key.tss")).unwrap();
	sized[2..].to_vec()
}

#[test]
fn its_quotes_are_evidence() {
	let swtpm = Swtpm::start();
	let public_area = make_key(&swtpm);
	assert_eq!(swtpm.open().attestation_key().unwrap(), public_area);
	let nonce = hex::encode(NONCE);
	let arguments = ["-c", "key.ctx", "-l", "sha256:0,1,2,7", "-g", "sha256", "-q", &nonce];
	let files = ["-m", "quote", "-s", "signature"];
	swtpm.tool("tpm2_quote", &[&arguments[..], &files].concat());
	let attest = std::fs::read(swtpm.file("quote")).unwrap();
	let signature = std::fs::read(swtpm.file("signature")).unwrap();

	let key = AttestationKey::parse(&public_area).unwrap();
	key.verify(&attest, &signature).unwrap();
	let quote = Quote::parse(&attest).unwrap();
	assert_eq!(quote.extra_data, NONCE);
	assert_eq!(Some(quote.selection), PcrSelection::of([0, 1, 2, 7]));
	assert_eq!(quote.qualified_signer, key.qualified_name_in_endorsement_hierarchy());
}

#[test]
fn it_accepts_our_quotes() {
	let swtpm = Swtpm::start();
	make_key(&swtpm);
	let evidence = swtpm.open().quote(NONCE, PcrSelection::of([0, 7]).unwrap()).unwrap();
	std::fs::write(swtpm.file("quote"), &evidence.attest).unwrap();
	std::fs::write(swtpm.file("signature"), &evidence.signature).unwrap();
	let nonce = hex::encode(NONCE);
	let arguments = ["-u", "key.pem", "-m", "quote", "-s", "signature", "-g", "sha256"];
	swtpm.tool("tpm2_checkquote", &[&arguments[..], &["-q", &nonce]].concat());
}
