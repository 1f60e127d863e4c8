//! The runtime API by which stores and agents ask for decisions.

use crate::access::{Action, Decision, Purpose};
use crate::dataset::DatasetId;
use codec::Codec;

sp_api::decl_runtime_apis! {
	/// Access decisions at the state of a block.
	pub trait AccessControlApi<AccountId>
	where
		AccountId: Codec,
	{
		/// Whether `subject` may do `action` with `resource` for `purpose`.
		fn can_access(
			subject: AccountId,
			resource: DatasetId,
			action: Action,
			purpose: Option<Purpose>,
		) -> Decision;
	}
}
