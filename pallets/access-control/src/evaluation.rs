//! May this subject do this, now?

use crate::{
	protection::hands_out_data, Config, Denials, Grant, GrantKey, GrantOf, GrantSource, Grants,
	Pallet, RevocationEpochs,
};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{
	AccessPolicy, Action, Basis, DatasetId, DatasetInfo, DatasetStatus, Decision, Purpose, Refusal,
};

impl<T: Config> AccessPolicy<T::AccountId> for Pallet<T> {
	fn can_access(
		subject: &T::AccountId,
		resource: &DatasetId,
		action: Action,
		purpose: Option<Purpose>,
	) -> Decision {
		Self::decide(subject, resource, action, purpose)
	}
}

/// What a chain of grants is measured against.
pub(crate) struct Circumstances<'a, T: Config> {
	pub resource: &'a DatasetId,
	pub owner: &'a T::AccountId,
	pub epoch: u32,
	pub now: BlockNumberFor<T>,
}

impl<'a, T: Config> Circumstances<'a, T> {
	pub(crate) fn of(resource: &'a DatasetId, owner: &'a T::AccountId) -> Self {
		Self {
			resource,
			owner,
			epoch: RevocationEpochs::<T>::get(resource),
			now: frame_system::Pallet::<T>::block_number(),
		}
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn decide(
		subject: &T::AccountId,
		resource: &DatasetId,
		action: Action,
		purpose: Option<Purpose>,
	) -> Decision {
		let Some(owner) = T::Datasets::owner(resource) else {
			return Decision::Deny(Refusal::UnknownResource);
		};
		if T::Datasets::status(resource) != Some(DatasetStatus::Active) {
			return Decision::Deny(Refusal::Erased);
		}
		if *subject == owner {
			return Decision::Allow(Basis::Owner);
		}
		if Denials::<T>::contains_key(resource, subject) {
			return Decision::Deny(Refusal::Denied);
		}
		if matches!(action, Action::Describe | Action::Read)
			&& T::Datasets::key_agent(resource).as_ref() == Some(subject)
		{
			return Decision::Allow(Basis::KeyAgent);
		}
		let circumstances = Circumstances::of(resource, &owner);
		match Self::decide_by_grants(&circumstances, subject, action, purpose) {
			Decision::Allow(basis) => Self::protection_refusal(resource, subject, action, purpose)
				.map_or(Decision::Allow(basis), Decision::Deny),
			refused => refused,
		}
	}

	/// Why data protection forbids what a grant or an order allows, if so.
	fn protection_refusal(
		resource: &DatasetId,
		subject: &T::AccountId,
		action: Action,
		purpose: Option<Purpose>,
	) -> Option<Refusal> {
		if !hands_out_data(action) {
			return None;
		}
		if !Self::has_consent(resource, purpose) {
			return Some(Refusal::NoConsent);
		}
		(!Self::may_transfer(resource, subject)).then_some(Refusal::NoTransferBasis)
	}

	/// The best answer that a grant for `action` gives.
	fn decide_by_grants(
		circumstances: &Circumstances<T>,
		subject: &T::AccountId,
		action: Action,
		purpose: Option<Purpose>,
	) -> Decision {
		Grants::<T>::get(circumstances.resource, subject)
			.iter()
			.filter(|grant| grant.actions.contains(action))
			.map(|grant| match Self::refusal(circumstances, grant, purpose) {
				None => Decision::Allow(basis(grant)),
				Some(refusal) => Decision::Deny(refusal),
			})
			.min_by_key(rank)
			.unwrap_or(Decision::Deny(Refusal::NoGrant))
	}

	/// Why `grant` does not hold for `purpose`, if so.
	fn refusal(
		circumstances: &Circumstances<T>,
		grant: &GrantOf<T>,
		purpose: Option<Purpose>,
	) -> Option<Refusal> {
		if grant.is_void(circumstances.epoch) {
			return Some(Refusal::Revoked);
		}
		if grant.has_ended(circumstances.now) {
			return Some(Refusal::Expired);
		}
		if circumstances.now < grant.not_before {
			return Some(Refusal::NotYetValid);
		}
		if grant.purpose.is_some() && grant.purpose != purpose {
			return Some(Refusal::OtherPurpose);
		}
		(!Self::is_backed(circumstances, grant)).then_some(Refusal::Revoked)
	}

	/// Whether `grant` is in force, whatever the purpose it is bound to.
	pub(crate) fn is_in_force(circumstances: &Circumstances<T>, grant: &GrantOf<T>) -> bool {
		Self::refusal(circumstances, grant, grant.purpose).is_none()
	}

	/// Whether everyone through whom `grant` came may still pass it on.
	fn is_backed(circumstances: &Circumstances<T>, grant: &GrantOf<T>) -> bool {
		let GrantSource::Authority(granter) = &grant.source else { return true };
		let Some(key) = &grant.passed_on else { return granter == circumstances.owner };
		// Whatever covers a grant has a greater depth: the recursion ends.
		!Denials::<T>::contains_key(circumstances.resource, granter)
			&& Grants::<T>::get(circumstances.resource, granter).iter().any(|own| {
				own.has_key(key) && own.covers(grant) && Self::is_in_force(circumstances, own)
			})
	}
}

impl<AccountId: PartialEq, BlockNumber: PartialOrd, Ticket> Grant<AccountId, BlockNumber, Ticket> {
	/// Whether all authority grants were withdrawn since this one was made.
	pub(crate) fn is_void(&self, epoch: u32) -> bool {
		matches!(self.source, GrantSource::Authority(_)) && self.epoch != epoch
	}

	/// Whether its last block has passed.
	pub(crate) fn has_ended(&self, now: BlockNumber) -> bool {
		self.expires_at.as_ref().is_some_and(|expires_at| now > *expires_at)
	}

	/// Whether `key` names it.
	pub(crate) fn has_key(&self, key: &GrantKey<AccountId>) -> bool {
		matches!(&self.source, GrantSource::Authority(granter) if *granter == key.granter)
			&& self.purpose == key.purpose
	}

	/// Whether it comes from `order`.
	pub(crate) fn is_of_order(&self, order: &msec_primitives::OrderId) -> bool {
		matches!(&self.source, GrantSource::Order(id) if id == order)
	}

	/// Whether `other` is a part of it that its holder may pass on.
	pub(crate) fn covers(&self, other: &Self) -> bool {
		self.actions.contains(Action::Grant)
			&& other.actions.is_subset_of(&self.actions)
			&& other.delegation_depth < self.delegation_depth
			&& (self.purpose.is_none() || self.purpose == other.purpose)
	}

	/// Whether it ends no earlier than `other`.
	pub(crate) fn outlasts(&self, other: &Self) -> bool {
		match (&self.expires_at, &other.expires_at) {
			(None, _) => true,
			(Some(_), None) => false,
			(Some(own), Some(other)) => own >= other,
		}
	}
}

fn basis<AccountId, BlockNumber, Ticket>(grant: &Grant<AccountId, BlockNumber, Ticket>) -> Basis {
	match grant.source {
		GrantSource::Authority(_) => Basis::Grant,
		GrantSource::Order(order) => Basis::Order(order),
	}
}

/// Orders answers: permission first, and of these one that is not bound to what was bought; then the
/// refusal that is easiest to do something about.
fn rank(decision: &Decision) -> u8 {
	match decision {
		Decision::Allow(Basis::Order(_)) => 1,
		Decision::Allow(_) => 0,
		Decision::Deny(Refusal::OtherPurpose) => 2,
		Decision::Deny(Refusal::NotYetValid) => 3,
		Decision::Deny(Refusal::Expired) => 4,
		Decision::Deny(_) => 5,
	}
}
