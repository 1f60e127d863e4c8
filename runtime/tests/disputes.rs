//! Disputes with the real constants and the real arbiters.

use crate::common::*;
use codec::{Encode, MaxEncodedLen};
use frame_support::{dispatch::GetDispatchInfo, traits::Get, BoundedVec};
use msec_commitments::{ChunkCommitment, ChunkProof, MAX_CHUNKS_PER_BATCH, MAX_CHUNK_CIPHERTEXT};
use msec_runtime::{
	AccountId, ArbiterMembership, Arbiters, Balance, Runtime, RuntimeCall, RuntimeOrigin,
	TransactionPayment,
};
use pallet_marketplace::{Call as Market, Config, Error};
use sp_core::H256;
use sp_runtime::{traits::Dispatchable, DispatchError, Permill};

/// Bytes of a signature and all else that a transaction has besides its call, and more.
const AROUND_THE_CALL: u32 = 256;
/// What a byte of state costs as a deposit: a ten-thousandth of an MSEC.
const DEPOSIT_PER_BYTE: Balance = 100 * msec_runtime::MICRO_MSEC;

fn longest_answer() -> RuntimeCall {
	let commitment = ChunkCommitment { plaintext: [0; 32], ciphertext: [0; 32], key: [0; 32] };
	let chunk_path = vec![[0; 32]; MAX_CHUNKS_PER_BATCH.ilog2() as usize];
	let batch_path = vec![[0; 32]; 32];
	let proof = ChunkProof { batch: 0, chunk: 0, chunks: 1, commitment, chunk_path, batch_path };
	let ciphertext = BoundedVec::truncate_from(vec![0; MAX_CHUNK_CIPHERTEXT as usize]);
	Market::answer { order: H256::zero(), proof, ciphertext }.into()
}

#[test]
fn a_challenge_costs_more_than_its_answer_would() {
	with_accounts(1, || {
		let call = longest_answer();
		let length = call.encoded_size() as u32 + AROUND_THE_CALL;
		let fee = TransactionPayment::compute_fee(length, &call.get_dispatch_info(), 0);
		let bond: Balance = <Runtime as Config>::ChallengeBond::get();
		assert!(bond > 2 * fee, "the bond of {bond} does not exceed twice the fee of {fee}");
		let record = pallet_marketplace::ChallengeOf::<Runtime>::max_encoded_len() as Balance;
		assert!(bond > record * DEPOSIT_PER_BYTE, "it also exceeds the deposit for what is stored");
	});
}

fn decide() -> RuntimeCall {
	let (payer_share, evidence) = (Permill::from_percent(50), H256::zero());
	Market::decide { order: H256::zero(), payer_share, evidence }.into()
}

/// What the decision came to when `who` proposed it, to pass with a single vote.
fn decided_by(who: &AccountId) -> Result<(), DispatchError> {
	let proposal = Box::new(decide());
	let length_bound = proposal.encoded_size() as u32;
	let propose =
		pallet_collective::Call::<Runtime, _>::propose { threshold: 1, proposal, length_bound };
	call(who, RuntimeCall::Arbiters(propose))?;
	let executed = msec_runtime::System::read_events_no_consensus().find_map(|record| match record
		.event
	{
		msec_runtime::RuntimeEvent::Arbiters(pallet_collective::Event::MemberExecuted {
			result,
			..
		})
		| msec_runtime::RuntimeEvent::Arbiters(pallet_collective::Event::Executed {
			result, ..
		}) => Some(result),
		_ => None,
	});
	executed.expect("the motion was executed")
}

#[test]
fn arbiters_are_appointed_by_the_council_and_decide() {
	with_accounts(3, || {
		let (arbiter, stranger) = (account(1), account(2));
		let who = arbiter.clone().into();
		let appoint = pallet_membership::Call::<Runtime, _>::add_member { who };
		let appoint = RuntimeCall::ArbiterMembership(appoint);
		assert_eq!(call(&stranger, appoint.clone()), Err(DispatchError::BadOrigin));
		let council = pallet_collective::RawOrigin::<AccountId, _>::Members(2, 3);
		let origin: RuntimeOrigin = msec_runtime::OriginCaller::Council(council).into();
		appoint.dispatch(origin).map_err(|error| error.error).unwrap();
		assert_eq!(ArbiterMembership::members().to_vec(), vec![arbiter.clone()]);
		assert!(Arbiters::is_member(&arbiter));

		assert_eq!(call(&arbiter, decide()), Err(DispatchError::BadOrigin));
		assert!(decided_by(&stranger).is_err());
		let not_found: DispatchError = Error::<Runtime>::NotFound.into();
		assert_eq!(decided_by(&arbiter), Err(not_found), "the arbiter was heard");
	});
}
