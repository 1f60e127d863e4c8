//! `msec key`

use super::context::{fields, table, Context};
use anyhow::{anyhow, Context as _, Result};
use clap::Subcommand;
use msec::ids;
use msec_worker_common::{
	chain::runtime::{self, runtime_types},
	keys::{generate_envelope_secret, write_secret},
};
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum KeyCommand {
	/// Make an encryption key (X25519).
	Create {
		/// What to call it here.
		name: String,
	},
	/// Publish an encryption key on chain, in place of an older one.
	Publish {
		/// Which key.
		name: String,
	},
	/// Show all encryption keys.
	List,
	/// Write all secrets to one encrypted file: accounts, keys, data sets and orders.
	///
	/// The file can be opened with `age` as well.
	Backup {
		/// The new file.
		file: PathBuf,
	},
	/// Bring back the secrets of a backup; nothing is overwritten.
	Restore {
		/// The backup.
		file: PathBuf,
	},
}

impl KeyCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Create { name } => {
				let secret = generate_envelope_secret();
				let record = context.home().save_key(&name, &secret, context.new_password()?)?;
				let value = json!({ "name": name, "public_key": record.public_key });
				context.print(&value, || {
					format!(
						"{}\n\nPublish it: msec key publish {name}",
						fields(&[("key", name.clone()), ("public key", record.public_key.clone())])
					)
				});
				Ok(())
			},
			Self::Publish { name } => publish(context, &name).await,
			Self::List => {
				let keys = context.home().keys()?;
				let values: Vec<_> = keys
					.iter()
					.map(|(name, key)| json!({ "name": name, "public_key": key.public_key }))
					.collect();
				let rows: Vec<_> = keys
					.iter()
					.map(|(name, key)| vec![name.clone(), key.public_key.clone()])
					.collect();
				context.print(&json!(values), || table(&["NAME", "PUBLIC KEY"], &rows));
				Ok(())
			},
			Self::Backup { file } => {
				let (backup, count) = context.home().backup(context.new_password()?)?;
				write_secret(&file, &backup)?;
				let value = json!({ "file": file, "secrets": count });
				context.print(&value, || {
					format!("{count} secrets are in {}; keep it elsewhere", file.display())
				});
				Ok(())
			},
			Self::Restore { file } => {
				let backup = std::fs::read(&file).with_context(|| format!("{}", file.display()))?;
				let (restored, kept) = context.home().restore(&backup, context.password()?)?;
				let value = json!({ "restored": restored, "kept": kept });
				context.print(&value, || {
					format!("{restored} secrets were restored, {kept} were there already")
				});
				Ok(())
			},
		}
	}
}

async fn publish(context: &Context, name: &str) -> Result<()> {
	let record = context.home().key_record(name)?;
	let key = ids::parse_hash(&record.public_key).map_err(|error| anyhow!(error))?;
	let submitter = context.submitter().await?;
	let account = submitter.key().account_id();
	let block = submitter.chain().finalized().await?;
	let published = block.encryption_key(&account).await?;
	if published.is_none_or(|published| published.key != key) {
		let suite = runtime_types::pallet_records::types::Suite::X25519;
		let call = runtime::transactions().records().publish_encryption_key(suite, key);
		context.execute_once(&submitter, "key", &call).await?;
	}
	let value = json!({
		"name": name, "public_key": record.public_key, "account": account.to_string(),
	});
	context.print(&value, || format!("{} is the encryption key of {account}", record.public_key));
	Ok(())
}
