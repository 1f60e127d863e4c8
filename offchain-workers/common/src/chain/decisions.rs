//! Whether accounts may do what they ask for. The node is asked once for each block and question.

use super::{
	block::{age, ensure_fresh},
	client::DEADLINE,
	Action, BlockClient, ChainClient, ChainError, Dataset, Decision, Purpose,
};
use crate::{AccountId32, H256};
use msec_commitments::Hash;
use std::{
	collections::{HashMap, VecDeque},
	future::Future,
	hash,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::{Duration, Instant, SystemTime},
};

/// Longest that blocks are taken for the newest ones without asking the node again.
const HEADS_LIFETIME: Duration = Duration::from_millis(100);
/// Blocks whose answers are remembered: a best block is asked about again when it is final.
const REMEMBERED_STATES: usize = 8;
/// Most answers of one kind that are remembered of one block.
const MAX_ANSWERS: usize = 4_096;

/// Decides by the best and the finalized state, and remembers what they said. Clones share it.
#[derive(Clone)]
pub struct AccessDecisions {
	chain: ChainClient,
	max_head_age: Duration,
	heads: Arc<tokio::sync::Mutex<Heads>>,
}

impl AccessDecisions {
	/// Asks through `chain`, as long as its best block is not older than `max_head_age`.
	pub fn new(chain: ChainClient, max_head_age: Duration) -> Self {
		Self { chain, max_head_age, heads: Arc::default() }
	}

	/// Whether `subject` may do `action` with `dataset` for `purpose`, and the height of the block by whose
	/// state it was decided: allowed only if both the best and the finalized state allow it, and if the best
	/// block is fresh. What is refused was asked of the newest blocks there are.
	pub async fn decide(
		&self,
		subject: &AccountId32,
		dataset: &Hash,
		action: Action,
		purpose: Option<Purpose>,
	) -> Result<(Decision, u64), ChainError> {
		let question = (subject.0, *dataset, action, purpose);
		let now = Instant::now();
		match self.decide_since(a_moment_before(now), question).await? {
			allowed @ (Decision::Allow(_), _) => Ok(allowed),
			_ => self.decide_since(now, question).await,
		}
	}

	async fn decide_since(
		&self,
		asked_since: Instant,
		question: Question,
	) -> Result<(Decision, u64), ChainError> {
		let (best, finalized) = self.states(asked_since).await?;
		ensure_fresh(age(best.time), self.max_head_age)?;
		let decision = best.decide(question).await?;
		if !matches!(decision, Decision::Allow(_)) {
			return Ok((decision, best.block.number()));
		}
		match finalized.decide(question).await? {
			Decision::Allow(basis) => Ok((Decision::Allow(basis), best.block.number())),
			denied => Ok((denied, finalized.block.number())),
		}
	}

	/// The data set in the best state.
	pub async fn dataset(&self, dataset: &Hash) -> Result<Option<Dataset>, ChainError> {
		let (best, _) = self.states(a_moment_before(Instant::now())).await?;
		best.dataset(dataset).await
	}

	/// The best and the finalized state, for which the node was asked since then. Who comes while it is
	/// asked waits for that answer.
	async fn states(&self, asked_since: Instant) -> Result<(Arc<State>, Arc<State>), ChainError> {
		let heads = async { self.heads.lock().await.newest(&self.chain, asked_since).await };
		tokio::time::timeout(DEADLINE, heads).await.map_err(|_| ChainError::TimedOut)?
	}
}

fn a_moment_before(now: Instant) -> Instant {
	now.checked_sub(HEADS_LIFETIME).unwrap_or(now)
}

/// The newest blocks, and some before them.
#[derive(Default)]
struct Heads {
	newest: Option<(Instant, Arc<State>, Arc<State>)>,
	remembered: VecDeque<Arc<State>>,
}

impl Heads {
	async fn newest(
		&mut self,
		chain: &ChainClient,
		asked_since: Instant,
	) -> Result<(Arc<State>, Arc<State>), ChainError> {
		if let Some((asked_at, best, finalized)) = &self.newest {
			if *asked_at >= asked_since {
				return Ok((best.clone(), finalized.clone()));
			}
		}
		let asked_at = Instant::now();
		let best = self.state(chain.best().await?).await?;
		let finalized = self.state(chain.finalized().await?).await?;
		self.newest = Some((asked_at, best.clone(), finalized.clone()));
		Ok((best, finalized))
	}

	async fn state(&mut self, block: BlockClient) -> Result<Arc<State>, ChainError> {
		let hash: H256 = block.hash();
		if let Some(known) = self.remembered.iter().find(|state| state.block.hash() == hash) {
			return Ok(known.clone());
		}
		let state = Arc::new(State::of(block).await?);
		self.remembered.truncate(REMEMBERED_STATES.saturating_sub(1));
		self.remembered.push_front(state.clone());
		Ok(state)
	}
}

/// Account, data set, action and purpose.
type Question = ([u8; 32], Hash, Action, Option<Purpose>);

/// What the state of a block said. It will never say anything else.
struct State {
	block: BlockClient,
	time: SystemTime,
	decisions: Answers<Question, Decision>,
	datasets: Answers<Hash, Option<Dataset>>,
}

impl State {
	async fn of(block: BlockClient) -> Result<Self, ChainError> {
		let time = block.time().await?;
		Ok(Self { block, time, decisions: Answers::default(), datasets: Answers::default() })
	}

	async fn decide(&self, question: Question) -> Result<Decision, ChainError> {
		let (subject, dataset, action, purpose) = question;
		let subject = AccountId32(subject);
		let ask = self.block.can_access(&subject, &dataset, action, purpose);
		self.decisions.get_or_ask(question, ask).await
	}

	async fn dataset(&self, dataset: &Hash) -> Result<Option<Dataset>, ChainError> {
		self.datasets.get_or_ask(*dataset, self.block.dataset(dataset)).await
	}
}

/// Answers to questions, as many as fit.
struct Answers<Question, Answer>(Mutex<HashMap<Question, Answer>>);

impl<Question, Answer> Default for Answers<Question, Answer> {
	fn default() -> Self {
		Self(Mutex::default())
	}
}

impl<Question: Eq + hash::Hash, Answer: Clone> Answers<Question, Answer> {
	/// The answer, for which `ask` is only awaited when it is not known. Failures are not remembered.
	async fn get_or_ask(
		&self,
		question: Question,
		ask: impl Future<Output = Result<Answer, ChainError>>,
	) -> Result<Answer, ChainError> {
		let known = self.known().get(&question).cloned();
		if let Some(answer) = known {
			return Ok(answer);
		}
		let answer = ask.await?;
		let mut known = self.known();
		if known.len() < MAX_ANSWERS {
			known.insert(question, answer.clone());
		}
		Ok(answer)
	}

	fn known(&self) -> MutexGuard<'_, HashMap<Question, Answer>> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::future::ready;

	/// What is answered when the node would answer `answer`.
	async fn ask(answers: &Answers<u32, u32>, question: u32, answer: u32) -> u32 {
		answers.get_or_ask(question, ready(Ok(answer))).await.unwrap()
	}

	#[tokio::test]
	async fn a_question_is_asked_once() {
		let answers = Answers::default();
		assert_eq!(ask(&answers, 1, 10).await, 10);
		assert_eq!(ask(&answers, 1, 11).await, 10);
		assert_eq!(ask(&answers, 2, 20).await, 20);
	}

	#[tokio::test]
	async fn failures_are_not_remembered() {
		let answers = Answers::default();
		let failed = answers.get_or_ask(1, ready(Err(ChainError::TimedOut))).await;
		assert!(matches!(failed, Err(ChainError::TimedOut)));
		assert_eq!(ask(&answers, 1, 10).await, 10);
	}

	#[tokio::test]
	async fn what_does_not_fit_is_asked_again() {
		let answers = Answers::default();
		let most = u32::try_from(MAX_ANSWERS).unwrap();
		for question in 0..=most {
			ask(&answers, question, 0).await;
		}
		assert_eq!(answers.known().len(), MAX_ANSWERS);
		assert_eq!(ask(&answers, most, 1).await, 1);
		assert_eq!(ask(&answers, 0, 1).await, 0);
	}
}
