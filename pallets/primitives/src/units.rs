//! Units of money and time.

/// An amount of MSEC in its smallest unit, 10⁻¹² MSEC.
pub type Balance = u128;

/// A block's height.
pub type BlockNumber = u32;

/// One MSEC.
pub const MSEC: Balance = 1_000_000_000_000;
/// A thousandth of an MSEC.
pub const MILLI_MSEC: Balance = MSEC / 1_000;
/// A millionth of an MSEC.
pub const MICRO_MSEC: Balance = MILLI_MSEC / 1_000;

/// Milliseconds between two blocks.
pub const MILLISECONDS_PER_BLOCK: u64 = 3_000;
/// Blocks in a minute.
pub const MINUTES: BlockNumber = (60_000 / MILLISECONDS_PER_BLOCK) as BlockNumber;
/// Blocks in an hour.
pub const HOURS: BlockNumber = 60 * MINUTES;
/// Blocks in a day.
pub const DAYS: BlockNumber = 24 * HOURS;
