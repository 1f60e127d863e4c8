//! One program for all tests of the runtime, because linking each takes longer than running it. A file
//! that is not named here is not run.

mod accounting;
mod attestation;
mod common;
mod demand_markets;
mod demands;
mod disputes;
mod licences;
mod market;
mod metadata;
