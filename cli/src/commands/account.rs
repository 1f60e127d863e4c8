//! `msec account`

use super::context::{fields, table, Context};
use anyhow::{Context as _, Result};
use clap::Subcommand;
use msec_worker_common::keys::{read_secret, AccountKey, PasswordSource};
use serde_json::json;
use std::path::PathBuf;
use zeroize::Zeroizing;

#[derive(Subcommand)]
pub enum AccountCommand {
	/// Make an account and show its recovery phrase once.
	Create {
		/// What to call it here.
		name: String,
		/// Write the recovery phrase to this new file (mode 600) instead of showing it.
		#[arg(long, value_name = "FILE")]
		phrase_file: Option<PathBuf>,
	},
	/// Bring an account in: a wallet's JSON file, a recovery phrase or a secret URI.
	///
	/// Without --file, the phrase or URI is asked for. It is never taken from the command line.
	Import {
		/// What to call it here.
		name: String,
		/// A wallet's JSON file, or a file (mode 600) with a phrase, 0x-seed or secret URI.
		#[arg(long, value_name = "FILE")]
		file: Option<PathBuf>,
		/// File with the password of the JSON file, where it is not the one used here.
		#[arg(long, value_name = "FILE")]
		file_password: Option<PathBuf>,
	},
	/// Print an account's encrypted JSON file, which wallets can read.
	Export {
		/// Which account.
		name: String,
	},
	/// Show all accounts.
	List,
	/// Choose the account that signs when none is named.
	Default {
		/// Which account.
		name: String,
	},
}

impl AccountCommand {
	pub fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Create { name, phrase_file } => create(context, &name, phrase_file),
			Self::Import { name, file, file_password } => {
				import(context, &name, file, file_password)
			},
			Self::Export { name } => {
				let text = context.home().account_file(&name)?;
				let value = serde_json::from_str(&text).context("the account's file is damaged")?;
				context.print(&value, || text);
				Ok(())
			},
			Self::List => list(context),
			Self::Default { name } => {
				let address = context.home().account_address(&name)?;
				let mut settings = context.home().settings()?;
				settings.default_account = Some(name.clone());
				context.home().save_settings(&settings)?;
				let value = json!({ "name": name, "address": address.to_string() });
				context.print(&value, || format!("{name} ({address}) signs by default"));
				Ok(())
			},
		}
	}
}

fn create(context: &Context, name: &str, phrase_file: Option<PathBuf>) -> Result<()> {
	let (key, phrase) = AccountKey::generate();
	let password = context.new_password()?;
	if let Some(path) = &phrase_file {
		msec_worker_common::keys::write_secret(path, phrase.as_bytes())?;
	}
	context.home().save_account(name, &key, password)?;
	let mut value = json!({ "name": name, "address": key.address() });
	if phrase_file.is_none() {
		value["phrase"] = json!(*phrase);
	}
	context.print(&value, || {
		let mut rows = vec![("account", name.to_owned()), ("address", key.address())];
		if phrase_file.is_none() {
			rows.push(("phrase", phrase.to_string()));
		}
		let advice = match phrase_file {
			None => "\n\nWrite the phrase down on paper: it is not shown again, and whoever has it has the account.",
			Some(_) => "",
		};
		format!("{}{advice}", fields(&rows))
	});
	Ok(())
}

fn import(
	context: &Context,
	name: &str,
	file: Option<PathBuf>,
	file_password: Option<PathBuf>,
) -> Result<()> {
	let key = match file {
		Some(path) => {
			let text = std::fs::read_to_string(&path)
				.map(Zeroizing::new)
				.with_context(|| path.display().to_string())?;
			match text.trim_start().starts_with('{') {
				true => {
					let password = match file_password {
						Some(path) => PasswordSource::File(path).read("Password of the file")?,
						None => context.password()?.clone(),
					};
					AccountKey::from_keystore(&text, &password)?
				},
				// Reads again, refusing a file that others may read.
				false => AccountKey::from_uri(&String::from_utf8_lossy(&read_secret(&path)?))?,
			}
		},
		None => {
			let phrase = PasswordSource::Prompt
				.read("Recovery phrase or secret URI")
				.context("there is no terminal to ask at; name a file by --file")?;
			AccountKey::from_uri(&phrase)?
		},
	};
	context.home().save_account(name, &key, context.new_password()?)?;
	let value = json!({ "name": name, "address": key.address() });
	context.print(&value, || fields(&[("account", name.to_owned()), ("address", key.address())]));
	Ok(())
}

fn list(context: &Context) -> Result<()> {
	let default = context.home().settings()?.default_account;
	let mut rows = Vec::new();
	let mut values = Vec::new();
	for name in context.home().accounts()? {
		let address = context.home().account_address(&name)?.to_string();
		let is_default = default.as_ref() == Some(&name);
		values.push(json!({ "name": name, "address": address, "default": is_default }));
		rows.push(vec![name, address, if is_default { "default".into() } else { String::new() }]);
	}
	context.print(&json!(values), || table(&["NAME", "ADDRESS", ""], &rows));
	Ok(())
}
