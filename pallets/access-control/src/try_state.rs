//! What holds between any two blocks.

use crate::{
	AccessLogAnchors, Config, Denials, GrantOf, GrantSource, Grants, Pallet, RevocationEpochs,
};
use frame_support::{ensure, traits::Get};
use msec_primitives::{Action, DatasetInfo};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks every grant by itself and against the others of its subject, every denial, and the order
	/// of the days that were anchored.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		for (resource, _, grants) in Grants::<T>::iter() {
			ensure!(!grants.is_empty(), "an empty list of grants was kept");
			let epoch = RevocationEpochs::<T>::get(resource);
			for (index, grant) in grants.iter().enumerate() {
				Self::check_grant(grant, epoch)?;
				let is_unique = grants
					.iter()
					.skip(index + 1)
					.all(|other| other.source != grant.source || other.purpose != grant.purpose);
				ensure!(is_unique, "two grants of the same source and purpose");
			}
		}
		for (resource, subject, denial) in Denials::<T>::iter() {
			let owner = T::Datasets::owner(&resource);
			ensure!(owner.as_ref() != Some(&subject), "the owner is denied");
			ensure!(owner.as_ref() == Some(&denial.by), "somebody else than the owner denied");
		}
		for anchors in AccessLogAnchors::<T>::iter_values() {
			ensure!(!anchors.is_empty(), "an empty list of anchors was kept");
			ensure!(anchors.iter().all(|anchor| anchor.entries > 0), "an empty day was anchored");
			ensure!(
				anchors.windows(2).all(|pair| pair[0].day < pair[1].day),
				"anchored days do not ascend"
			);
		}
		Ok(())
	}

	fn check_grant(grant: &GrantOf<T>, epoch: u32) -> Result<(), TryRuntimeError> {
		let may_grant = grant.actions.contains(Action::Grant);
		ensure!(grant.actions.is_valid(), "a grant of nothing, or of something unknown");
		ensure!(may_grant == (grant.delegation_depth > 0), "depth and actions contradict");
		ensure!(
			grant.delegation_depth <= T::MaxDelegationDepth::get(),
			"a grant may be passed on too often"
		);
		ensure!(grant.epoch <= epoch, "a grant of an epoch to come");
		ensure!(
			grant.expires_at.is_none_or(|end| end >= grant.not_before),
			"a grant that never holds"
		);
		match grant.source {
			GrantSource::Authority(_) => {
				ensure!(grant.ticket.is_some(), "an authority grant without a deposit");
			},
			GrantSource::Order(_) => {
				ensure!(grant.ticket.is_none(), "an order grant with a deposit");
				ensure!(!may_grant && grant.passed_on.is_none(), "an order grant passed on");
			},
		}
		Ok(())
	}
}
