//! Making the agent's keys.

use crate::settings::{KeygenArguments, Output};
use anyhow::Context;
use msec_worker_common::keys::{
	generate_wrapping_secret, save_wrapping_secret, write_secret, AccountKey,
};
use serde::Serialize;

/// What owners need to know of an agent.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct PublicKeys {
	account: String,
	encryption_key: String,
	encryption_key_file: String,
	account_key_file: String,
	envelope_key_file: String,
}

/// Writes both keys and prints their public halves.
pub fn run(arguments: &KeygenArguments) -> anyhow::Result<()> {
	let keys = generate(arguments)?;
	match arguments.output {
		Output::Json => println!("{}", serde_json::to_string_pretty(&keys)?),
		Output::Text => {
			println!("account         {}", keys.account);
			println!("encryption key  {}", keys.encryption_key);
			println!("written to {} and {}", keys.account_key_file, keys.envelope_key_file);
			println!("owners can be given {} as well", keys.encryption_key_file);
		},
	}
	Ok(())
}

fn generate(arguments: &KeygenArguments) -> anyhow::Result<PublicKeys> {
	let directory = &arguments.directory;
	std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
	let (account, phrase) = AccountKey::generate();
	let secret = generate_wrapping_secret(arguments.suite);
	let account_path = directory.join("account.key");
	let envelope_path = directory.join("envelope.key");
	write_secret(&account_path, phrase.as_bytes())?;
	save_wrapping_secret(&envelope_path, &secret)?;
	let encryption_key = format!("0x{}", hex::encode(secret.public_key().as_bytes()));
	let public_path = directory.join("encryption-key.pub");
	std::fs::write(&public_path, format!("{encryption_key}\n"))
		.with_context(|| public_path.display().to_string())?;
	Ok(PublicKeys {
		account: account.address(),
		encryption_key,
		encryption_key_file: public_path.display().to_string(),
		account_key_file: account_path.display().to_string(),
		envelope_key_file: envelope_path.display().to_string(),
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_worker_common::keys::{
		load_wrapping_secret, read_wrapping_key, PasswordSource, Suite,
	};

	#[test]
	fn the_files_hold_the_keys_that_were_printed_and_are_not_overwritten() {
		for suite in [Suite::X25519, Suite::XWing] {
			let directory = tempfile::tempdir().unwrap();
			let directory = directory.path().join("agent");
			let arguments = KeygenArguments { directory, suite, output: Output::Json };
			let keys = generate(&arguments).unwrap();
			let account =
				AccountKey::load(keys.account_key_file.as_ref(), &PasswordSource::Prompt).unwrap();
			assert_eq!(account.address(), keys.account);
			let secret = load_wrapping_secret(keys.envelope_key_file.as_ref()).unwrap();
			let public = secret.public_key();
			assert_eq!(format!("0x{}", hex::encode(public.as_bytes())), keys.encryption_key);
			assert_eq!(read_wrapping_key(&keys.encryption_key_file), Ok(public));
			assert!(generate(&arguments).is_err());
		}
	}
}
