//! Both suites agree with their specifications and with implementations in another language.
//!
//! The numbers in `tests/data/hpke-vectors.json` are those of RFC 9180, appendix A.2.1, those of appendix C
//! of draft-connolly-cfrg-xwing-kem, and a wrapped secret that was made by an implementation in Python.

#![cfg(feature = "x-wing")]

use hpke::{
	aead::ChaCha20Poly1305,
	kdf::HkdfSha256,
	kem::{X25519HkdfSha256, XWing},
	setup_receiver, Deserializable, Kem, OpModeR, Serializable,
};
use msec_commitments::{
	wrapping::{unwrap, wrap},
	KeyTree, WrappingKey, WrappingSecret, XWingSecret,
};
use serde_json::Value;

fn vectors() -> Value {
	serde_json::from_str(include_str!("../../tests/data/hpke-vectors.json")).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
	hex::decode(value.as_str().unwrap()).unwrap()
}

fn array(value: &Value) -> [u8; 32] {
	bytes(value).try_into().unwrap()
}

#[test]
fn the_suite_of_envelopes_is_that_of_rfc_9180() {
	let vector = &vectors()["rfc9180_a_2_1"];
	let secret =
		<X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&bytes(&vector["recipient_secret"]));
	let secret = secret.unwrap();
	let public = X25519HkdfSha256::sk_to_pk(&secret);
	assert_eq!(public.to_bytes().to_vec(), bytes(&vector["recipient"]));
	let encapsulated = bytes(&vector["encapsulated"]);
	let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&encapsulated).unwrap();
	let mut context = setup_receiver::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
		&OpModeR::Base,
		&secret,
		&encapsulated,
		&bytes(&vector["info"]),
	)
	.unwrap();
	let opened = context.open(&bytes(&vector["ciphertext"]), &bytes(&vector["associated_data"]));
	assert_eq!(opened.unwrap(), bytes(&vector["plaintext"]));
}

#[test]
fn x_wing_is_that_of_the_draft() {
	for vector in vectors()["x_wing"].as_array().unwrap() {
		let secret = <XWing as Kem>::PrivateKey::from_bytes(&bytes(&vector["seed"])).unwrap();
		assert_eq!(XWing::sk_to_pk(&secret).to_bytes().to_vec(), bytes(&vector["pk"]));
		let ours = WrappingSecret::XWing(XWingSecret::from_bytes(array(&vector["seed"])));
		assert_eq!(ours.public_key().as_bytes(), bytes(&vector["pk"]));
		let encapsulated = <XWing as Kem>::EncappedKey::from_bytes(&bytes(&vector["ct"])).unwrap();
		let shared = XWing::decap(&secret, None, &encapsulated).unwrap();
		assert_eq!(shared.0.to_vec(), bytes(&vector["ss"]));
	}
}

#[test]
fn what_python_wrapped_opens_and_is_wrapped_alike() {
	let vector = &vectors()["wrapped"];
	let [genesis, dataset] = ["genesis", "dataset"].map(|name| array(&vector[name]));
	let secret = WrappingSecret::XWing(XWingSecret::from_bytes(array(&vector["secret"])));
	let tree = KeyTree::from_seed(array(&vector["seed"]));
	let wrapped = bytes(&vector["wrapped"]);
	assert!(unwrap(&wrapped, &secret, &genesis, &dataset) == Ok(tree.clone()));
	let recipient = WrappingKey::from_bytes(&bytes(&vector["recipient"])).unwrap();
	assert_eq!(recipient, secret.public_key());
	let ours = wrap(&tree, &recipient, &genesis, &dataset, array(&vector["draw"]));
	assert_eq!(ours.unwrap(), wrapped);
}
