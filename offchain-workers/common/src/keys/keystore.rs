//! The encrypted key file of polkadot.js: scrypt, XSalsa20-Poly1305, PKCS #8.

use super::KeyError;
use base64::{engine::general_purpose::STANDARD, Engine};
use crypto_secretbox::{
	aead::{Aead, KeyInit},
	Key, Nonce, XSalsa20Poly1305,
};
use rand::RngCore;
use schnorrkel::{Keypair, SecretKey};
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

const HEADER: [u8; 16] = [48, 83, 2, 1, 1, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
const DIVIDER: [u8; 5] = [161, 35, 3, 33, 0];
const PLAINTEXT_LENGTH: usize = HEADER.len() + 64 + DIVIDER.len() + 32;
const SALT_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;
/// Salt, three scrypt parameters of four bytes, nonce.
const PREFIX_LENGTH: usize = SALT_LENGTH + 12 + NONCE_LENGTH;
/// Logarithm of the cost of what is written: the dearest that polkadot.js accepts.
const LOG_N: u8 = 17;
const R: u32 = 8;
const P: u32 = 1;
/// Most memory that opening a file may take, in units of 128 bytes.
const MAX_COST: u64 = 1 << 21;

#[derive(Serialize, Deserialize)]
struct Encoding {
	content: Vec<String>,
	r#type: Vec<String>,
	version: String,
}

#[derive(Serialize, Deserialize)]
struct Meta {
	name: String,
	#[serde(rename = "whenCreated")]
	when_created: u64,
}

#[derive(Serialize, Deserialize)]
struct Document {
	encoded: String,
	encoding: Encoding,
	address: String,
	#[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
	meta: Option<Meta>,
}

/// Encrypts `pair` under `password`.
pub(super) fn encrypt(pair: &Keypair, address: &str, name: &str, password: &str) -> String {
	let mut prefix = [0u8; PREFIX_LENGTH];
	rand::rng().fill_bytes(&mut prefix);
	prefix[32..36].copy_from_slice(&(1u32 << LOG_N).to_le_bytes());
	prefix[36..40].copy_from_slice(&P.to_le_bytes());
	prefix[40..44].copy_from_slice(&R.to_le_bytes());

	let secret = Zeroizing::new(pair.secret.to_ed25519_bytes());
	let plaintext =
		Zeroizing::new([&HEADER[..], &*secret, &DIVIDER[..], &pair.public.to_bytes()[..]].concat());
	let cipher = cipher(password, &prefix[..SALT_LENGTH], LOG_N, R, P)
		.expect("the parameters are those of scrypt; qed");
	let ciphertext = cipher
		.encrypt(Nonce::from_slice(&prefix[44..]), plaintext.as_slice())
		.expect("the plaintext is short; qed");

	let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	let document = Document {
		encoded: STANDARD.encode([&prefix[..], &ciphertext].concat()),
		encoding: Encoding {
			content: vec!["pkcs8".into(), "sr25519".into()],
			r#type: vec!["scrypt".into(), "xsalsa20-poly1305".into()],
			version: "3".into(),
		},
		address: address.into(),
		meta: Some(Meta {
			name: name.into(),
			when_created: now.as_millis().try_into().unwrap_or(u64::MAX),
		}),
	};
	serde_json::to_string_pretty(&document).expect("the document has text keys only; qed")
}

/// Decrypts what [`encrypt`], or a wallet, made.
pub(super) fn decrypt(json: &str, password: &str) -> Result<Keypair, KeyError> {
	let fault = |reason: &str| KeyError::Keystore(reason.into());
	let document: Document =
		serde_json::from_str(json).map_err(|error| KeyError::Keystore(error.to_string()))?;
	let names = |list: &[String], name: &str| list.iter().any(|entry| entry == name);
	let supported = document.encoding.version == "3"
		&& names(&document.encoding.content, "pkcs8")
		&& names(&document.encoding.content, "sr25519")
		&& names(&document.encoding.r#type, "scrypt")
		&& names(&document.encoding.r#type, "xsalsa20-poly1305");
	if !supported {
		return Err(fault("only sr25519 keys in encrypted files of version 3 can be read"));
	}
	let bytes = STANDARD.decode(&document.encoded).map_err(|_| fault("not base64"))?;
	let (prefix, ciphertext) =
		bytes.split_at_checked(PREFIX_LENGTH).ok_or_else(|| fault("too short"))?;
	let number = |at: usize| {
		u32::from_le_bytes(prefix[at..at + 4].try_into().expect("four bytes were taken; qed"))
	};
	let (n, p, r) = (number(32), number(36), number(40));
	let cost = u64::from(n).saturating_mul(u64::from(r)).saturating_mul(u64::from(p));
	if !n.is_power_of_two() || cost > MAX_COST {
		return Err(fault("unusual scrypt parameters"));
	}
	let cipher = cipher(password, &prefix[..SALT_LENGTH], n.trailing_zeros() as u8, r, p)
		.ok_or_else(|| fault("unusual scrypt parameters"))?;
	let plaintext = cipher
		.decrypt(Nonce::from_slice(&prefix[44..]), ciphertext)
		.map(Zeroizing::new)
		.map_err(|_| fault("wrong password"))?;
	let pair = parse(&plaintext).ok_or_else(|| fault("it does not hold an sr25519 key"))?;
	let address: subxt::utils::AccountId32 =
		document.address.parse().map_err(|_| fault("its address is not an account"))?;
	if address.0 != pair.public.to_bytes() {
		return Err(fault("its address is not that of its key"));
	}
	Ok(pair)
}

fn parse(plaintext: &[u8]) -> Option<Keypair> {
	if plaintext.len() != PLAINTEXT_LENGTH {
		return None;
	}
	let secret = plaintext.strip_prefix(&HEADER)?.get(..64)?;
	let public = plaintext[HEADER.len() + 64..].strip_prefix(&DIVIDER)?;
	let pair = SecretKey::from_ed25519_bytes(secret).ok()?.to_keypair();
	(pair.public.to_bytes() == *public).then_some(pair)
}

fn cipher(password: &str, salt: &[u8], log_n: u8, r: u32, p: u32) -> Option<XSalsa20Poly1305> {
	let parameters = scrypt::Params::new(log_n, r, p, 32).ok()?;
	let mut key = Zeroizing::new([0u8; 32]);
	scrypt::scrypt(password.as_bytes(), salt, &parameters, &mut *key).ok()?;
	Some(XSalsa20Poly1305::new(Key::from_slice(&*key)))
}

#[cfg(test)]
mod tests {
	use crate::keys::AccountKey;

	#[test]
	fn a_keystore_opens_with_its_password_only_and_wallets_read_it() {
		let key = AccountKey::from_seed(&[3; 32]);
		let json = key.to_keystore("owner", "correct horse");
		let opened = AccountKey::from_keystore(&json, "correct horse").unwrap();
		assert_eq!(opened.public(), key.public());
		assert_eq!(opened.sign(b"x").len(), 64);
		assert!(AccountKey::from_keystore(&json, "wrong").is_err());
		let wallet = subxt_signer::polkadot_js_compat::decrypt_json(&json, "correct horse");
		assert_eq!(wallet.unwrap().public_key().0, key.public());
	}

	#[test]
	fn a_keystore_of_a_wallet_opens() {
		let json = r#"{"encoded":"DumgApKCTqoCty1OZW/8WS+sgo6RdpHhCwAkA2IoDBMAgAAAAQAAAAgAAAB6IG/q24EeVf0JqWqcBd5m2tKq5BlyY84IQ8oamLn9DZe9Ouhgunr7i36J1XxUnTI801axqL/ym1gil0U8440Qvj0lFVKwGuxq38zuifgoj0B3Yru0CI6QKEvQPU5xxj4MpyxdSxP+2PnTzYao0HDH0fulaGvlAYXfqtU89xrx2/z9z7IjSwS3oDFPXRQ9kAdDebtyCVreZ9Otw9v3","encoding":{"content":["pkcs8","sr25519"],"type":["scrypt","xsalsa20-poly1305"],"version":"3"},"address":"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY","meta":{"genesisHash":"","name":"Alice","whenCreated":1718265838755}}"#;
		let alice = AccountKey::from_uri("//Alice").unwrap();
		assert_eq!(AccountKey::from_keystore(json, "whoisalice").unwrap().public(), alice.public());
	}

	#[test]
	fn what_is_not_a_keystore_is_refused() {
		let key = AccountKey::from_seed(&[3; 32]);
		let mut json: serde_json::Value =
			serde_json::from_str(&key.to_keystore("owner", "p")).unwrap();
		json["address"] = AccountKey::from_seed(&[4; 32]).address().into();
		assert!(AccountKey::from_keystore(&json.to_string(), "p").is_err());
		json["encoded"] = "AAAA".into();
		assert!(AccountKey::from_keystore(&json.to_string(), "p").is_err());
		assert!(AccountKey::from_keystore("{}", "p").is_err());
	}
}
