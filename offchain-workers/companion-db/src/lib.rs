//! The companion database: it keeps the ciphertext of data sets and hands it out to whom the chain
//! allows. It cannot read what it keeps.
//!
//! [`store`] is what is kept, [`access`] what is asked of the chain, and [`http`] the interface.
//! [`access_log`] is where every decision is written down. [`following`] tells what the chain says is
//! erased or kept no longer, and [`erasures`] destroys it; [`duties`] is what the store does by itself,
//! and [`registry`] how it tells the chain. [`scrub`] finds what is damaged, [`backups`] keeps what there
//! was, and [`replication`] fetches from other stores what is missing or damaged here.

#![forbid(unsafe_code)]

pub mod access;
pub mod access_log;
pub mod backups;
pub mod duties;
pub mod erasures;
pub mod following;
pub mod http;
pub mod registry;
pub mod replication;
pub mod scrub;
pub mod settings;
pub mod store;
