//! Who may decide what, in one place.
//!
//! | decision | who |
//! |---|---|
//! | appoint and dismiss minters | two thirds of the council, or root |
//! | spend from the treasury | half of the council, or root |
//! | reject treasury spends | more than half of the council, or root |
//! | change the council's members | two thirds of the council, or root |
//! | appoint and dismiss arbiters | two thirds of the council, or root |
//! | decide complaints about orders | more than half of the arbiters, or root |
//! | award a reward for data when the requester does not and named nobody | half of the council, or root |
//! | accept and reject contributions to any campaign | half of the council, or root |
//! | accredit and revoke registrars of devices | two thirds of the council, or root |
//! | put devices in quarantine and release them | half of the council, or root |
//! | publish and retire licences | two thirds of the council, or root |
//! | decide from which region to which data may go | two thirds of the council, or root |
//! | root | `sudo`, which has a key in the `dev` preset only |

use crate::{AccountId, Balance, MSEC};
use frame_support::traits::{ConstU128, EitherOfDiverse};
use frame_system::{EnsureRoot, EnsureRootWithSuccess, EnsureWithSuccess};
use pallet_collective::{EnsureProportionAtLeast, EnsureProportionMoreThan};

/// The council of cities.
pub type CouncilCollective = pallet_collective::Instance1;

/// The panel of arbiters.
pub type ArbiterCollective = pallet_collective::Instance2;

/// At least half of the council.
type HalfOfCouncil = EnsureProportionAtLeast<AccountId, CouncilCollective, 1, 2>;
/// At least two thirds of the council.
type TwoThirdsOfCouncil = EnsureProportionAtLeast<AccountId, CouncilCollective, 2, 3>;
/// The most that one decision of the council may spend.
type MaximumSpend = ConstU128<{ 100_000 * MSEC }>;

/// Appoints and dismisses minters.
pub type MinterOrigin = EitherOfDiverse<EnsureRoot<AccountId>, TwoThirdsOfCouncil>;
/// Changes the council's members.
pub type MembershipOrigin = EitherOfDiverse<EnsureRoot<AccountId>, TwoThirdsOfCouncil>;
/// Appoints and dismisses arbiters.
pub type ArbiterMembershipOrigin = MembershipOrigin;
/// Decides complaints about orders.
pub type ArbiterOrigin = EitherOfDiverse<
	EnsureRoot<AccountId>,
	EnsureProportionMoreThan<AccountId, ArbiterCollective, 1, 2>,
>;
/// Rejects treasury spends and motions.
pub type RejectOrigin = EitherOfDiverse<
	EnsureRoot<AccountId>,
	EnsureProportionMoreThan<AccountId, CouncilCollective, 1, 2>,
>;
/// Spends from the treasury, up to the amount it succeeds with.
pub type SpendOrigin = frame_support::traits::EitherOf<
	EnsureRootWithSuccess<AccountId, ConstU128<{ Balance::MAX }>>,
	EnsureWithSuccess<HalfOfCouncil, AccountId, MaximumSpend>,
>;
/// Awards the rewards of requests that name no arbiter.
pub type AwardOrigin = EitherOfDiverse<EnsureRoot<AccountId>, HalfOfCouncil>;
/// Accredits and revokes registrars of devices.
pub type RegistrarOrigin = EitherOfDiverse<EnsureRoot<AccountId>, TwoThirdsOfCouncil>;
/// Puts devices in quarantine, and releases them.
pub type QuarantineOrigin = EitherOfDiverse<EnsureRoot<AccountId>, HalfOfCouncil>;
/// Publishes and retires licences.
pub type LicenceOrigin = MembershipOrigin;
/// Accepts and rejects contributions to campaigns besides their owners.
pub type AcceptOrigin = EitherOfDiverse<EnsureRoot<AccountId>, HalfOfCouncil>;
/// Decides from which region to which data may go because it is protected adequately there.
pub type AdequacyOrigin = MembershipOrigin;
