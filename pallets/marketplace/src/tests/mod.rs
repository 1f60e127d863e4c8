//! Tests by topic, each followed by `do_try_state`.

mod allowance;
mod arbitration;
mod attestation;
mod bundle;
mod challenge;
mod delivery;
mod demand_side;
mod discovery;
mod dispute;
mod escrow;
mod frozen;
mod listing;
mod prune;
mod purchase;
mod quota;
mod right;
mod sequences;
mod subscription;
mod views;
