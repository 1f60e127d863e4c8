//! Sealing the secret of a data set that a store keeps for another key, without touching the data.

use crate::{
	store_client::{StoreClient, StoreError},
	AccountId32,
};
use msec_commitments::{
	wrapping::{unwrap, wrap},
	EnvelopeError, Hash, WrappingSecret,
};

/// What had to be done at a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewrapped {
	/// Nothing: the secret was sealed for the new key already.
	Already,
	/// It is sealed for the new key now.
	Now,
}

/// Why a secret was not sealed anew.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
	/// The store does not do what it is asked.
	#[error(transparent)]
	Store(#[from] StoreError),
	/// What the store has opens with none of the former keys.
	#[error("what the store has opens with none of the keys; is it sealed for another one?")]
	OtherKey,
	/// The new key is not one.
	#[error("nothing can be sealed for the new key: {0:?}")]
	Unsealable(EnvelopeError),
}

/// Sees to it that `store` keeps the secret of `dataset` for `recipient` sealed for `key`. It is opened
/// with one of the `former` keys. Can be repeated, and interrupted at any time: the store has the one or
/// the other.
pub async fn rewrap(
	store: &StoreClient,
	genesis: &Hash,
	dataset: &Hash,
	recipient: &AccountId32,
	former: &[WrappingSecret],
	key: &WrappingSecret,
) -> Result<Rewrapped, RotationError> {
	let wrapped = store.key(dataset, recipient).await?;
	if unwrap(&wrapped, key, genesis, dataset).is_ok() {
		return Ok(Rewrapped::Already);
	}
	let tree = former
		.iter()
		.find_map(|former| unwrap(&wrapped, former, genesis, dataset).ok())
		.ok_or(RotationError::OtherKey)?;
	let sealed = wrap(&tree, &key.public_key(), genesis, dataset, rand::random())
		.map_err(RotationError::Unsealable)?;
	store.put_key(dataset, recipient, &sealed).await?;
	Ok(Rewrapped::Now)
}
