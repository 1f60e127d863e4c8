//! `msec licence`

use super::context::{fields, table, Context};
use anyhow::{anyhow, bail, Context as _, Result};
use clap::{Args, Subcommand};
use msec::ids;
use msec_worker_common::chain::Licence;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum LicenceCommand {
	/// Show the licences that listings can name.
	List,
	/// Check that a file holds the text for which an identifier stands.
	Verify(Verify),
}

#[derive(Args)]
pub struct Verify {
	/// The licence's identifier, such as CC-BY-4.0.
	licence: String,
	/// The text in UTF-8. Those of the SPDX License List are `licenseText` of its JSON form.
	file: PathBuf,
}

impl LicenceCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::List => list(context).await,
			Self::Verify(verify) => verify.run(context).await,
		}
	}
}

async fn list(context: &Context) -> Result<()> {
	let (_, block) = context.finalized().await?;
	let licences = block.licences().await?;
	let values: Vec<_> = licences.iter().map(|(id, licence)| value_of(id, licence)).collect();
	context.print(&json!(values), || {
		let rows: Vec<_> = licences
			.iter()
			.map(|(id, licence)| {
				let resale = if licence.allows_resale { "yes" } else { "no" };
				let status = if licence.is_retired { "retired" } else { "in use" };
				vec![id.clone(), resale.into(), status.into(), ids::hash_text(&licence.text_hash.0)]
			})
			.collect();
		table(&["LICENCE", "RESALE", "STATUS", "SHA-256 OF THE TEXT"], &rows)
	});
	Ok(())
}

impl Verify {
	async fn run(self, context: &Context) -> Result<()> {
		let text = std::fs::read(&self.file)
			.with_context(|| format!("{} cannot be read", self.file.display()))?;
		let (_, block) = context.finalized().await?;
		let licences = block.licences().await?;
		let licence = licences
			.get(&self.licence)
			.ok_or_else(|| anyhow!("the chain knows no such licence; see `msec licence list`"))?;
		if Sha256::digest(&text)[..] != licence.text_hash.0 {
			bail!("{} is not the text of {}", self.file.display(), self.licence);
		}
		context.print(&value_of(&self.licence, licence), || {
			fields(&[("licence", self.licence.clone()), ("text", "as on the chain".into())])
		});
		Ok(())
	}
}

fn value_of(identifier: &str, licence: &Licence) -> Value {
	json!({
		"licence": identifier,
		"text_hash": ids::hash_text(&licence.text_hash.0),
		"allows_resale": licence.allows_resale,
		"is_retired": licence.is_retired,
	})
}
