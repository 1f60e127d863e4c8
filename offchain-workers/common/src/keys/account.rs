//! Account keys.

use super::{keystore, read_secret, KeyError, PasswordSource};
use hmac::{Hmac, KeyInit, Mac};
use rand::RngCore;
use schnorrkel::{
	derive::{ChainCode, Derivation},
	ExpansionMode, Keypair, MiniSecretKey, SecretKey,
};
use sha2::Sha512;
use std::{path::Path, str::FromStr};
use subxt::{
	transactions::Signer,
	utils::{AccountId32, MultiSignature},
	PolkadotConfig,
};
use subxt_signer::{bip39::Mnemonic, DeriveJunction, ExposeSecret, SecretUri};
use zeroize::Zeroizing;

/// The context that the chain's signatures are made in.
const SIGNING_CONTEXT: &[u8] = b"substrate";

/// An sr25519 key pair that signs transactions and requests.
#[derive(Clone)]
pub struct AccountKey(Keypair);

impl AccountKey {
	/// A new key and the twelve words from which it can be made again.
	pub fn generate() -> (Self, Zeroizing<String>) {
		let mut entropy = Zeroizing::new([0u8; 16]);
		rand::rng().fill_bytes(&mut *entropy);
		let mnemonic =
			Mnemonic::from_entropy(&*entropy).expect("sixteen bytes are twelve words; qed");
		let key = Self::from_mnemonic(&mnemonic, "").expect("the seed has 32 bytes; qed");
		(key, Zeroizing::new(mnemonic.to_string()))
	}

	/// The key of a secret URI: a mnemonic phrase or 0x-hex seed, then derivation junctions
	/// (`//hard/soft`) and `///password`. Junctions alone derive from the development phrase.
	pub fn from_uri(uri: &str) -> Result<Self, KeyError> {
		let invalid = |reason: String| KeyError::InvalidUri(reason);
		let uri = SecretUri::from_str(uri.trim()).map_err(|error| invalid(error.to_string()))?;
		let phrase = uri.phrase.expose_secret();
		let root = match phrase.strip_prefix("0x") {
			Some(digits) => {
				let mut seed = Zeroizing::new([0u8; 32]);
				hex::decode_to_slice(digits, &mut *seed)
					.map_err(|error| invalid(error.to_string()))?;
				Self::from_seed(&seed)
			},
			None => {
				let mnemonic =
					Mnemonic::from_str(phrase).map_err(|error| invalid(error.to_string()))?;
				let password =
					uri.password.as_ref().map_or("", |password| password.expose_secret());
				Self::from_mnemonic(&mnemonic, password).ok_or_else(|| invalid("no seed".into()))?
			},
		};
		Ok(root.derive(uri.junctions))
	}

	/// The key that grows from a 32-byte seed.
	pub fn from_seed(seed: &[u8; 32]) -> Self {
		let seed = MiniSecretKey::from_bytes(seed).expect("a seed is any 32 bytes; qed");
		Self(seed.expand_to_keypair(ExpansionMode::Ed25519))
	}

	/// Opens a key as wallets of the polkadot.js family export it.
	pub fn from_keystore(json: &str, password: &str) -> Result<Self, KeyError> {
		keystore::decrypt(json, password).map(Self)
	}

	/// The key as an encrypted file for wallets of the polkadot.js family.
	pub fn to_keystore(&self, name: &str, password: &str) -> String {
		keystore::encrypt(&self.0, &self.address(), name, password)
	}

	/// Loads a key from a keystore file, asking `password` for what opens it, or from a file with a
	/// secret URI that only its owner may read. A file of that name among the systemd credentials
	/// comes first.
	pub fn load(path: &Path, password: &PasswordSource) -> Result<Self, KeyError> {
		let path = super::resolve(path);
		let unchecked = std::fs::read_to_string(&path)
			.map(Zeroizing::new)
			.map_err(|source| KeyError::Io { path: path.clone(), source })?;
		if unchecked.trim_start().starts_with('{') {
			let prompt = format!("Password for {}", path.display());
			return Self::from_keystore(&unchecked, &password.read(&prompt)?);
		}
		let secret = read_secret(&path)?;
		let text = std::str::from_utf8(&secret)
			.map_err(|_| KeyError::Malformed { path, reason: "not text".into() })?;
		Self::from_uri(text)
	}

	/// The public key, which is the account's identifier.
	pub fn public(&self) -> [u8; 32] {
		self.0.public.to_bytes()
	}

	/// The account.
	pub fn account_id(&self) -> AccountId32 {
		AccountId32(self.public())
	}

	/// The account in SS58.
	pub fn address(&self) -> String {
		self.account_id().to_string()
	}

	/// Signs a message.
	pub fn sign(&self, message: &[u8]) -> [u8; 64] {
		let context = schnorrkel::signing_context(SIGNING_CONTEXT);
		self.0.sign(context.bytes(message)).to_bytes()
	}

	fn from_mnemonic(mnemonic: &Mnemonic, password: &str) -> Option<Self> {
		let (entropy, length) = mnemonic.to_entropy_array();
		let entropy = Zeroizing::new(entropy);
		let seed = seed_of_entropy(&entropy[..length], password)?;
		Some(Self::from_seed(seed[..32].try_into().ok()?))
	}

	fn derive(self, junctions: Vec<DeriveJunction>) -> Self {
		let secret = junctions.into_iter().fold(self.0.secret.clone(), derive_junction);
		Self(secret.to_keypair())
	}
}

impl Signer<PolkadotConfig> for AccountKey {
	fn account_id(&self) -> AccountId32 {
		self.account_id()
	}

	fn sign(&self, payload: &[u8]) -> MultiSignature {
		MultiSignature::Sr25519(self.sign(payload))
	}
}

fn derive_junction(secret: SecretKey, junction: DeriveJunction) -> SecretKey {
	match junction {
		DeriveJunction::Soft(code) => secret.derived_key_simple(ChainCode(code), []).0,
		DeriveJunction::Hard(code) => secret
			.hard_derive_mini_secret_key(Some(ChainCode(code)), b"")
			.0
			.expand(ExpansionMode::Ed25519),
	}
}

/// PBKDF2-HMAC-SHA512 (RFC 8018) with 2048 rounds and one block of output, keyed by the entropy and
/// not by the words as BIP-39 has it: that is what the chain's wallets do.
fn seed_of_entropy(entropy: &[u8], password: &str) -> Option<Zeroizing<[u8; 64]>> {
	let mac = Hmac::<Sha512>::new_from_slice(entropy).ok()?;
	let digest = |parts: &[&[u8]]| -> [u8; 64] {
		let mut mac = mac.clone();
		parts.iter().for_each(|part| mac.update(part));
		mac.finalize().into_bytes().into()
	};
	let mut round = Zeroizing::new(digest(&[b"mnemonic", password.as_bytes(), &[0, 0, 0, 1]]));
	let mut seed = round.clone();
	for _ in 1..2048 {
		*round = digest(&[&*round]);
		seed.iter_mut().zip(round.iter()).for_each(|(seed, round)| *seed ^= round);
	}
	Some(seed)
}

#[cfg(test)]
mod tests {
	use super::*;
	use subxt_signer::sr25519;

	#[test]
	fn derives_what_wallets_derive() {
		let phrase = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
		for path in ["", "//Alice", "//Alice/soft", "//a//b/3///password", "///password"] {
			let uri = format!("{phrase}{path}");
			let expected = sr25519::Keypair::from_uri(&SecretUri::from_str(&uri).unwrap()).unwrap();
			assert_eq!(AccountKey::from_uri(&uri).unwrap().public(), expected.public_key().0);
		}
		let alice = AccountKey::from_uri("//Alice").unwrap();
		assert_eq!(alice.address(), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
	}

	#[test]
	fn a_generated_key_is_found_again_by_its_words() {
		let (key, phrase) = AccountKey::generate();
		assert_eq!(AccountKey::from_uri(&phrase).unwrap().public(), key.public());
	}

	#[test]
	fn signatures_verify() {
		let key = AccountKey::from_seed(&[7; 32]);
		let signature = sr25519::Signature(key.sign(b"message"));
		assert!(sr25519::verify(&signature, b"message", &sr25519::PublicKey(key.public())));
		assert!(!sr25519::verify(&signature, b"massage", &sr25519::PublicKey(key.public())));
	}

	#[test]
	fn nonsense_is_refused() {
		for uri in ["0x12", "one two three", "0xzz"] {
			assert!(AccountKey::from_uri(uri).is_err());
		}
	}
}
