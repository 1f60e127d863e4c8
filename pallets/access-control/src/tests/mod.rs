//! Tests by topic; each ends with a check of the whole state.

mod access_log;
mod consent;
mod decision;
mod delegation;
mod denial;
mod grant;
mod order;
mod protection;
mod request;
mod revocation;
mod stale;
mod try_state;

use crate::mock::*;
use frame_support::dispatch::DispatchResult;
use msec_primitives::{Action, Actions, Basis, Decision, Purpose, Refusal};

const BY_GRANT: Decision = Decision::Allow(Basis::Grant);

/// Lets `granter` give `subject` some actions on [`AIR`], from now on and for any purpose.
fn give(granter: AccountId, subject: AccountId, actions: &[Action], depth: u8) -> DispatchResult {
	give_until(granter, subject, actions, depth, None, None)
}

fn give_until(
	granter: AccountId,
	subject: AccountId,
	actions: &[Action],
	depth: u8,
	expires_at: Option<u64>,
	purpose: Option<Purpose>,
) -> DispatchResult {
	let origin = RuntimeOrigin::signed(granter);
	let actions = Actions::of(actions);
	AccessControl::grant(origin, AIR, subject, actions, None, expires_at, purpose, depth)
}

/// Whether `subject` may do `action` with [`AIR`], for no purpose in particular.
fn may(subject: AccountId, action: Action) -> Decision {
	AccessControl::can_access(subject, AIR, action, None)
}

fn no(refusal: Refusal) -> Decision {
	Decision::Deny(refusal)
}

/// What an order for data lets a subject do.
fn bought() -> Actions {
	Actions::of(&[Action::Describe, Action::Read])
}
