//! Tests by topic, each followed by `do_try_state`.

mod arbitration;
mod challenge;
mod delivery;
mod demand_side;
mod dispute;
mod escrow;
mod listing;
mod prune;
mod purchase;
mod sequences;
mod views;
