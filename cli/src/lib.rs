//! The M-Sec SDK: everything the `msec` command does, as functions.
//!
//! * [`ingest`] reads messy tables into canonical rows and chunks.
//! * [`publish`] encrypts chunks, uploads them to stores and commits to them on chain, resumably.
//! * [`attested`] has the device behind a data set sign what was published, and tells what it signed.
//! * [`market`] finds offers, [`ranking`] sorts them, [`price_history`] tells what was paid before.
//! * [`fetch`] gets what was bought and checks every chunk; [`dispute`] proves to the chain what does not
//!   match and finds what is withheld; [`posted`] reads what was posted on the chain instead.
//! * [`audit`] tells who was allowed to do what with a data set, and [`erasure`] whether its stores have
//!   certified that it is destroyed; [`export`] fetches all that is held.
//! * [`provenance`] tells whether a picture is one that a device made anonymous.
//! * [`home`] is the folder in which a user's keys and records are kept, [`vault`] how secrets are
//!   encrypted there, [`backup`] how all of them are carried elsewhere.

#![forbid(unsafe_code)]

pub mod amount;
pub mod attested;
pub mod audit;
pub mod backup;
pub mod dispute;
pub mod erasure;
pub mod export;
pub mod fetch;
pub mod freshness;
pub mod geohash;
pub mod home;
pub mod ids;
pub mod ingest;
pub mod journal;
pub mod market;
pub mod posted;
pub mod price_history;
pub mod provenance;
pub mod publish;
pub mod ranking;
pub mod score;
pub mod stores;
pub mod vault;

pub use amount::Amount;
pub use home::Home;
