//! Tests by topic; each ends with a check of the whole state.

mod approval;
mod burn;
mod mint;
mod minter;
mod property;
mod transfer;
mod transfer_from;
mod try_state;

use sp_core::H256;

/// What the transfers of the tests are for.
const REFERENCE: H256 = H256::repeat_byte(7);
