//! The companion database: it keeps the ciphertext of data sets and hands it out to whom the chain
//! allows. It cannot read what it keeps.
//!
//! [`store`] is what is kept, [`access`] what is asked of the chain, [`http`] the interface, [`sweep`]
//! destroys what the chain says is erased, [`scrub`] finds what is damaged, and [`replication`] fetches
//! from other stores what is missing or damaged here.

#![forbid(unsafe_code)]

pub mod access;
pub mod http;
pub mod replication;
pub mod scrub;
pub mod settings;
pub mod store;
pub mod sweep;
