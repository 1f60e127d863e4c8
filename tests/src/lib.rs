//! What the end-to-end tests are made of: the built programs as real processes, a market made of them,
//! and ways to look at what they leave behind.

#![forbid(unsafe_code)]

pub mod binaries;
pub mod canary;
pub mod changes;
pub mod devices;
pub mod files;
pub mod ledger;
pub mod liar;
pub mod market;
pub mod msec;
pub mod node;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod repetitions;
pub mod requests;
pub mod sandbox;
pub mod services;
pub mod throughput;
pub mod wait;
pub mod wasm;
