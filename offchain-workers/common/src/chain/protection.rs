//! Consent, regions and requests for access, as the chain has them.

use super::{runtime, BlockClient, ChainError, Purpose};
use crate::{AccountId32, H256};
use msec_commitments::Hash;

/// What a set of purposes, a region and a legal basis are in calls.
pub use runtime::runtime_types::msec_primitives::protection::{LegalBasis, Purposes, Region};

/// Whom a data set is about, and what that person consents to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataSubject {
	/// Who decides about the consent.
	pub account: AccountId32,
	/// What the data subject consents to; `None` when to nothing.
	pub consent: Option<Consent>,
}

/// What a data subject consents to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
	/// One bit each, in the order in which [`Purpose`] is declared, from the lowest.
	pub purposes: u8,
	/// The last block in which it holds; `None` until it is withdrawn.
	pub expires_at: Option<u32>,
}

/// What an owner states of a data set under data protection law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
	/// Why the data may be processed.
	pub legal_basis: LegalBasis,
	/// Where its stores are, each as two capital letters.
	pub regions: Vec<String>,
	/// Hash of the document with the safeguards for transfers, if there is one.
	pub safeguards: Option<H256>,
}

/// A wish for a grant that is not answered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRequest {
	/// One bit each, in the order in which [`super::Action`] is declared, from the lowest.
	pub actions: u8,
	/// What for; `None` for anything.
	pub purpose: Option<Purpose>,
	/// The last block in which the grant is to hold; `None` for no end.
	pub expires_at: Option<u32>,
	/// The last block in which it can be approved.
	pub lapses_at: u32,
}

impl BlockClient {
	/// Whom a data set is about, if that is one person.
	pub async fn data_subject(&self, dataset: &Hash) -> Result<Option<DataSubject>, ChainError> {
		let view = runtime::view_functions().access_control();
		let found = self.ask(view.data_subject(H256(*dataset))).await?;
		Ok(found.map(|subject| {
			let consent = subject.consent.map(|consent| Consent {
				purposes: consent.purposes.0,
				expires_at: consent.expires_at,
			});
			DataSubject { account: subject.account, consent }
		}))
	}

	/// What the owner of a data set states of it under data protection law.
	pub async fn protection(&self, dataset: &Hash) -> Result<Option<Protection>, ChainError> {
		let view = runtime::view_functions().access_control();
		let found = self.ask(view.protection(H256(*dataset))).await?;
		Ok(found.map(|protection| Protection {
			legal_basis: protection.legal_basis,
			regions: protection.regions.0.iter().map(region_text).collect(),
			safeguards: protection.safeguards,
		}))
	}

	/// Where an account says it is, as two capital letters.
	pub async fn region(&self, account: &AccountId32) -> Result<Option<String>, ChainError> {
		let view = runtime::view_functions().access_control();
		let found = self.ask(view.region(*account)).await?;
		Ok(found.as_ref().map(region_text))
	}

	/// The requests for a data set that are not answered, with their requesters; lapsed ones too.
	pub async fn access_requests(
		&self,
		dataset: &Hash,
	) -> Result<Vec<(AccountId32, AccessRequest)>, ChainError> {
		let view = runtime::view_functions().access_control();
		let found = self.ask(view.requests(H256(*dataset))).await?;
		let convert = found.into_iter().map(|(requester, request)| {
			let request = AccessRequest {
				actions: request.actions.0,
				purpose: request.purpose,
				expires_at: request.expires_at,
				lapses_at: request.lapses_at,
			};
			(requester, request)
		});
		Ok(convert.collect())
	}
}

/// A region from two capital letters.
pub fn parse_region(text: &str) -> Result<Region, String> {
	match <[u8; 2]>::try_from(text.as_bytes()) {
		Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Region(letters)),
		_ => Err(format!("{text:?} is no region; write a country's two capital letters, or EU")),
	}
}

fn region_text(region: &Region) -> String {
	String::from_utf8_lossy(&region.0).into_owned()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn regions_are_two_capital_letters() {
		assert!(parse_region("EU").is_ok_and(|region| region_text(&region) == "EU"));
		for text in ["", "E", "eu", "EUR", "Ü", "E1"] {
			assert!(parse_region(text).is_err(), "{text}");
		}
	}
}
