//! Weights of M-Sec's own calls.

use crate::Runtime;

#[path = "pallet_access_control.rs"]
mod pallet_access_control;
#[path = "pallet_attestation.rs"]
mod pallet_attestation;
#[path = "pallet_campaigns.rs"]
mod pallet_campaigns;
#[path = "pallet_demands.rs"]
mod pallet_demands;
#[path = "pallet_licences.rs"]
mod pallet_licences;
#[path = "pallet_marketplace.rs"]
mod pallet_marketplace;
#[path = "pallet_records.rs"]
mod pallet_records;
#[path = "pallet_token.rs"]
mod pallet_token;

pub type AccessControl = pallet_access_control::WeightInfo<Runtime>;
pub type Attestation = pallet_attestation::WeightInfo<Runtime>;
pub type Campaigns = pallet_campaigns::WeightInfo<Runtime>;
pub type Demands = pallet_demands::WeightInfo<Runtime>;
pub type Licences = pallet_licences::WeightInfo<Runtime>;
pub type Marketplace = pallet_marketplace::WeightInfo<Runtime>;
pub type Records = pallet_records::WeightInfo<Runtime>;
pub type Token = pallet_token::WeightInfo<Runtime>;
