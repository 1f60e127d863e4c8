//! A quote that a TPM made, and everything that is nearly the same.

use msec_evidence::{pcr_digest, AttestationKey, PcrSelection, Quote};
use serde_json::Value;

struct Vector {
	qualifying_data: Vec<u8>,
	selection: PcrSelection,
	pcr_values: Vec<[u8; 32]>,
	attest: Vec<u8>,
	signature: Vec<u8>,
	public_area: Vec<u8>,
}

fn vector() -> Vector {
	let json: Value = serde_json::from_str(include_str!("data/swtpm-0.7.1.json")).unwrap();
	let bytes = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
	let pcr_values = json["pcr_values"].as_array().unwrap().iter();
	Vector {
		qualifying_data: bytes(&json["qualifying_data"]),
		selection: PcrSelection(json["selection"].as_u64().unwrap() as u32),
		pcr_values: pcr_values.map(|value| bytes(value).try_into().unwrap()).collect(),
		attest: bytes(&json["tpms_attest"]),
		signature: bytes(&json["tpmt_signature"]),
		public_area: bytes(&json["tpmt_public"]),
	}
}

impl Vector {
	/// Whether everything fits, as a verifier who knows the signer's qualified name sees it.
	fn is_valid(&self, qualified_signer: &[u8]) -> bool {
		let Ok(quote) = Quote::parse(&self.attest) else { return false };
		let Ok(key) = AttestationKey::parse(&self.public_area) else { return false };
		quote.qualified_signer == qualified_signer
			&& quote.extra_data == self.qualifying_data
			&& quote.selection == self.selection
			&& quote.pcr_digest == pcr_digest(self.pcr_values.iter())
			&& key.verify(&self.attest, &self.signature).is_ok()
	}
}

fn qualified_signer() -> Vec<u8> {
	Quote::parse(&vector().attest).unwrap().qualified_signer.to_vec()
}

#[test]
fn what_the_tpm_made_is_read_and_verified() {
	let vector = vector();
	let quote = Quote::parse(&vector.attest).unwrap();
	assert_eq!(quote.qualified_signer.len(), 34);
	assert_eq!(quote.clock, 0x3_bbab);
	assert_eq!((quote.reset_count, quote.restart_count, quote.safe), (2, 0, true));
	assert_eq!(quote.firmware_version, 0x2019_1023_0016_3636);
	assert!(quote.selection.indices().eq([0, 1, 2, 10]));
	assert!(vector.is_valid(&qualified_signer()));
}

#[test]
fn no_bit_of_quote_and_signature_can_change() {
	let signer = qualified_signer();
	for bit in 0..vector().attest.len() * 8 {
		let mut vector = vector();
		vector.attest[bit / 8] ^= 1 << (bit % 8);
		assert!(!vector.is_valid(&signer), "bit {bit} of the quote");
	}
	for bit in 0..vector().signature.len() * 8 {
		let mut vector = vector();
		vector.signature[bit / 8] ^= 1 << (bit % 8);
		assert!(!vector.is_valid(&signer), "bit {bit} of the signature");
	}
}

#[test]
fn no_bit_of_the_key_can_change_and_its_name_remain() {
	let name = AttestationKey::parse(&vector().public_area).unwrap().name();
	for bit in 0..vector().public_area.len() * 8 {
		let mut public_area = vector().public_area;
		public_area[bit / 8] ^= 1 << (bit % 8);
		if let Ok(key) = AttestationKey::parse(&public_area) {
			assert_ne!(key.name(), name, "bit {bit} of the key");
		}
	}
}

#[test]
fn nothing_can_be_cut_off_or_appended() {
	let key = AttestationKey::parse(&vector().public_area).unwrap();
	let (quote, signature, public_area) =
		(vector().attest, vector().signature, vector().public_area);
	for length in 0..quote.len() {
		assert!(Quote::parse(&quote[..length]).is_err(), "{length} bytes of the quote");
	}
	for length in 0..signature.len() {
		assert!(key.verify(&quote, &signature[..length]).is_err(), "{length} of the signature");
	}
	for length in 0..public_area.len() {
		assert!(AttestationKey::parse(&public_area[..length]).is_err(), "{length} of the key");
	}
	let longer = |bytes: &[u8]| [bytes, &[0]].concat();
	assert!(Quote::parse(&longer(&quote)).is_err());
	assert!(key.verify(&quote, &longer(&signature)).is_err());
	assert!(AttestationKey::parse(&longer(&public_area)).is_err());
}
