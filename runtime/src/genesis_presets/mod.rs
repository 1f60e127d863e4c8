//! First states of a chain.
//!
//! `dev` has one validator and `sudo`; `local` has four cities and no `sudo`. Both use the well-known
//! development keys, so neither may carry anything of value.

mod licences;

use crate::{
	configs::TreasuryAccount, AccessControlConfig, AccountId, ArbiterMembershipConfig, Balance,
	BalancesConfig, CouncilMembershipConfig, LicencesConfig, RuntimeGenesisConfig, SessionConfig,
	SessionKeys, SudoConfig, MSEC,
};
use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use licences::LICENCES;
use msec_primitives::LicenceId;
use pallet_licences::Licence;
use serde_json::Value;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// What each development account starts with.
const ENDOWMENT: Balance = 1_000_000 * MSEC;
/// What the treasury starts with, so that fees of any size can reach it.
const TREASURY_ENDOWMENT: Balance = 1_000 * MSEC;

/// Between the European Economic Area and Japan personal data moves both ways: decision (EU) 2019/419 of
/// the European Commission, and the designation by Japan's Personal Information Protection Commission under
/// article 24 (now 28) of its law, both of 23 January 2019.
const ADEQUATE_TRANSFERS: [([u8; 2], [u8; 2]); 2] = [(*b"EU", *b"JP"), (*b"JP", *b"EU")];

/// A city that validates and has a seat in the council, played by a development key.
struct City {
	account: Sr25519Keyring,
	finality: Ed25519Keyring,
}

const SANTANDER: City = City { account: Sr25519Keyring::Alice, finality: Ed25519Keyring::Alice };
const FUJISAWA: City = City { account: Sr25519Keyring::Bob, finality: Ed25519Keyring::Bob };
const AARHUS: City = City { account: Sr25519Keyring::Charlie, finality: Ed25519Keyring::Charlie };
const YOKOHAMA: City = City { account: Sr25519Keyring::Dave, finality: Ed25519Keyring::Dave };

impl City {
	fn session_keys(&self) -> SessionKeys {
		SessionKeys { aura: self.account.public().into(), grandpa: self.finality.public().into() }
	}
}

fn genesis(cities: &[City], sudo: Option<AccountId>) -> Value {
	let accounts: Vec<_> = cities.iter().map(|city| city.account.to_account_id()).collect();
	let mut balances: Vec<_> =
		Sr25519Keyring::well_known().map(|key| (key.to_account_id(), ENDOWMENT)).collect();
	balances.push((TreasuryAccount::get(), TREASURY_ENDOWMENT));
	build_struct_json_patch!(RuntimeGenesisConfig {
		access_control: AccessControlConfig {
			adequate_transfers: ADEQUATE_TRANSFERS.to_vec(),
			..Default::default()
		},
		balances: BalancesConfig { balances },
		session: SessionConfig {
			keys: cities
				.iter()
				.zip(&accounts)
				.map(|(city, account)| (account.clone(), account.clone(), city.session_keys()))
				.collect(),
		},
		// Until the council appoints others, its members are the arbiters.
		arbiter_membership: ArbiterMembershipConfig {
			members: accounts.clone().try_into().expect("four cities are fewer than the most; qed"),
		},
		council_membership: CouncilMembershipConfig {
			members: accounts.try_into().expect("four cities are fewer than the most; qed"),
		},
		licences: LicencesConfig { licences: licences(), ..Default::default() },
		sudo: SudoConfig { key: sudo },
	})
}

/// The licences that a chain begins with.
pub fn licences() -> Vec<(LicenceId, Licence)> {
	let licence = |(identifier, text_hash, allows_resale): (&str, [u8; 32], bool)| {
		let identifier = LicenceId::truncate_from(identifier.as_bytes().to_vec());
		(identifier, Licence { text_hash: text_hash.into(), allows_resale, is_retired: false })
	};
	LICENCES.into_iter().map(licence).collect()
}

/// The preset called `id`, as a JSON patch of the default genesis; `None` when there is none.
pub fn get(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEV_RUNTIME_PRESET => genesis(&[SANTANDER], Some(SANTANDER.account.to_account_id())),
		LOCAL_TESTNET_RUNTIME_PRESET => genesis(&[SANTANDER, FUJISAWA, AARHUS, YOKOHAMA], None),
		_ => return None,
	};
	Some(serde_json::to_vec(&patch).expect("a JSON value has an encoding; qed"))
}

/// The names of all presets.
pub fn names() -> Vec<PresetId> {
	vec![PresetId::from(DEV_RUNTIME_PRESET), PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET)]
}
