//! Identifiers, units and the traits by which the M-Sec pallets meet.
//!
//! Pallets never depend on one another's crates. Each asks in its `Config` for a trait from here,
//! and the runtime wires another pallet to it. Nothing in this crate is stored by itself.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod access;
pub mod dataset;
pub mod market;
pub mod protection;
pub mod runtime_api;
pub mod units;
pub mod weights;

pub use access::{AccessPolicy, Action, Actions, Basis, Decision, OrderAccess, Purpose, Refusal};
pub use dataset::{
	BundleId, DatasetId, DatasetInfo, DatasetStatus, ListingId, OrderId, RangeCommitment, StoreInfo,
};
pub use market::{
	Cell, DeviceStatus, Kind, LicenceId, LicenceList, Market, Offer, OnOffer, Place, TrustScore,
};
pub use protection::{LegalBasis, Purposes, Region};
