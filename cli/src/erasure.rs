//! Whether the stores of an erased data set have certified that it is destroyed.

use msec_commitments::Hash;
use msec_worker_common::{
	chain::{AnchoredCertificate, BlockClient, ChainError},
	erasure_certificate::SignedCertificate,
	keys::AccountKey,
	store_client::StoreClient,
	AccountId32,
};
use std::sync::Arc;

/// What a store owes an erased data set, and whether it has done it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Duty {
	/// Its certificate is genuine and anchored.
	Certified(Box<SignedCertificate>, AnchoredCertificate),
	/// It has anchored no certificate yet.
	Pending,
	/// It has anchored one, but does not hand it out.
	Withheld(String),
	/// What it hands out is not what it has anchored.
	Forged(CertificateError),
}

/// Why a certificate is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
	/// It is another store's.
	#[error("it is the certificate of another store")]
	OtherStore,
	/// It is of another data set, or of another chain.
	#[error("it is the certificate of another data set or chain")]
	OtherDataset,
	/// The signature does not fit.
	#[error("its signature is not the store's")]
	Signature,
	/// The chain has another hash.
	#[error("it is not the one that the store anchored")]
	NotAnchored,
}

/// Checks a certificate of `store` against what the chain has.
pub fn verify(
	certificate: &SignedCertificate,
	store: &AccountId32,
	genesis: &Hash,
	dataset: &Hash,
	anchored: &AnchoredCertificate,
) -> Result<(), CertificateError> {
	let destruction = &certificate.destruction;
	if certificate.store != *store {
		return Err(CertificateError::OtherStore);
	}
	if destruction.genesis.0 != *genesis || destruction.dataset.0 != *dataset {
		return Err(CertificateError::OtherDataset);
	}
	if !certificate.is_genuine() {
		return Err(CertificateError::Signature);
	}
	match certificate.hash() == anchored.hash.0 {
		true => Ok(()),
		false => Err(CertificateError::NotAnchored),
	}
}

/// Fetches and checks the certificates of all stores that the data set named when it was erased; `None` when
/// the chain knows of no erasure.
pub async fn duties(
	block: &BlockClient,
	genesis: &Hash,
	dataset: &Hash,
	key: &Arc<AccountKey>,
) -> Result<Option<Vec<(AccountId32, Duty)>>, ChainError> {
	let Some(erasure) = block.erasure(dataset).await? else { return Ok(None) };
	let mut duties = Vec::new();
	for (store, anchored) in erasure.stores {
		let duty = match anchored {
			None => Duty::Pending,
			Some(anchored) => match fetch(block, &store, dataset, key).await? {
				Err(reason) => Duty::Withheld(reason),
				Ok(certificate) => {
					match verify(&certificate, &store, genesis, dataset, &anchored) {
						Ok(()) => Duty::Certified(Box::new(certificate), anchored),
						Err(error) => Duty::Forged(error),
					}
				},
			},
		};
		duties.push((store, duty));
	}
	Ok(Some(duties))
}

/// The certificate as the store hands it out, or why it does not.
async fn fetch(
	block: &BlockClient,
	store: &AccountId32,
	dataset: &Hash,
	key: &Arc<AccountKey>,
) -> Result<Result<SignedCertificate, String>, ChainError> {
	let Some(registered) = block.store(store).await? else {
		return Ok(Err("it is no longer registered".to_owned()));
	};
	let client = match StoreClient::new(&registered.endpoint, store, key.clone()) {
		Ok(client) => client,
		Err(error) => return Ok(Err(error.to_string())),
	};
	Ok(client.erasure_certificate(dataset).await.map_err(|error| error.to_string()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_worker_common::{erasure_certificate::Destruction, H256};

	const GENESIS: Hash = [1; 32];
	const DATASET: Hash = [2; 32];

	fn signed(seed: u8) -> SignedCertificate {
		let destruction = Destruction {
			genesis: H256(GENESIS),
			dataset: H256(DATASET),
			keys: 1,
			batches: 2,
			bytes: 3,
			time: 4,
			block: 5,
		};
		destruction.sign(&AccountKey::from_seed(&[seed; 32]))
	}

	#[test]
	fn each_forgery_is_told_apart() {
		let certificate = signed(7);
		let store = certificate.store;
		let anchored = AnchoredCertificate { hash: H256(certificate.hash()), at: 9 };
		let check = |certificate: &SignedCertificate| {
			verify(certificate, &store, &GENESIS, &DATASET, &anchored)
		};
		assert_eq!(check(&certificate), Ok(()));
		assert_eq!(check(&signed(8)), Err(CertificateError::OtherStore));
		let mut other = certificate;
		other.destruction.dataset = H256([9; 32]);
		assert_eq!(check(&other), Err(CertificateError::OtherDataset));
		let mut fewer = certificate;
		fewer.destruction.keys = 0;
		assert_eq!(check(&fewer), Err(CertificateError::Signature));
		let later = AnchoredCertificate { hash: H256([0; 32]), at: 9 };
		assert_eq!(
			verify(&certificate, &store, &GENESIS, &DATASET, &later),
			Err(CertificateError::NotAnchored)
		);
	}
}
