//! Grants and denials, as the chain has them.

use super::{
	runtime, runtime::runtime_types::pallet_access_control::types as access, within, BlockClient,
	ChainError, Purpose, DEADLINE,
};
use crate::{AccountId32, H256};
use msec_commitments::Hash;
use subxt::storage::{Address, PrefixOf};

/// Where a grant comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantSource {
	/// The owner or a delegate.
	Authority(AccountId32),
	/// An order.
	Order(H256),
}

/// What somebody may do with a data set, when and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
	/// The data set.
	pub dataset: H256,
	/// Who may.
	pub subject: AccountId32,
	/// Where it comes from.
	pub source: GrantSource,
	/// One bit each, in the order in which [`super::Action`] is declared, from the lowest.
	pub actions: u8,
	/// The first block in which it holds.
	pub not_before: u32,
	/// The last block in which it holds; `None` for no end.
	pub expires_at: Option<u32>,
	/// What it may be used for; `None` for anything.
	pub purpose: Option<Purpose>,
	/// How often it may be passed on.
	pub delegation_depth: u8,
}

impl BlockClient {
	/// Everything that was granted for a data set, also what does not hold now.
	pub async fn grants_for(&self, dataset: &Hash) -> Result<Vec<Grant>, ChainError> {
		let map = runtime::storage().access_control().grants();
		let found = self.entries(map, (H256(*dataset),), |_| true).await?;
		Ok(found.into_iter().flat_map(|(key, grants)| grants_of(key, grants.0)).collect())
	}

	/// Everything that an account was granted. The chain has no index of it: this reads all grants.
	pub async fn grants_to(&self, account: &AccountId32) -> Result<Vec<Grant>, ChainError> {
		let map = runtime::storage().access_control().grants();
		let found = self.entries(map, (), |(_, subject)| subject == account).await?;
		Ok(found.into_iter().flat_map(|(key, grants)| grants_of(key, grants.0)).collect())
	}

	/// Who is excluded from a data set, whatever was granted.
	pub async fn denials_for(&self, dataset: &Hash) -> Result<Vec<AccountId32>, ChainError> {
		let map = runtime::storage().access_control().denials();
		let found = self.entries(map, (H256(*dataset),), |_| true).await?;
		Ok(found.into_iter().map(|((_, subject), _)| subject).collect())
	}

	/// The entries of a map under `prefix` whose keys are wanted.
	async fn entries<Map: Address>(
		&self,
		map: Map,
		prefix: impl PrefixOf<Map::KeyParts>,
		is_wanted: impl Fn(&Map::KeyParts) -> bool,
	) -> Result<Vec<(Map::KeyParts, Map::Value)>, ChainError> {
		let entry = self.inner().storage().entry(map)?;
		let mut entries = within(entry.iter(prefix)).await?;
		let mut found = Vec::new();
		while let Some(next) = tokio::time::timeout(DEADLINE, entries.next())
			.await
			.map_err(|_| ChainError::TimedOut)?
		{
			let next = next?;
			let key = next.key()?.decode()?;
			if is_wanted(&key) {
				found.push((key, next.value().decode()?));
			}
		}
		Ok(found)
	}
}

fn grants_of<Ticket>(
	(dataset, subject): (H256, AccountId32),
	grants: Vec<access::Grant<AccountId32, u32, Ticket>>,
) -> impl Iterator<Item = Grant> {
	grants.into_iter().map(move |grant| Grant {
		dataset,
		subject,
		source: match grant.source {
			access::GrantSource::Authority(granter) => GrantSource::Authority(granter),
			access::GrantSource::Order(order) => GrantSource::Order(order),
		},
		actions: grant.actions.0,
		not_before: grant.not_before,
		expires_at: grant.expires_at,
		purpose: grant.purpose,
		delegation_depth: grant.delegation_depth,
	})
}
