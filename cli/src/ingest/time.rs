//! Points in time as people and machines write them.

use jiff::{
	civil::{Date, DateTime, Time},
	tz::{AmbiguousOffset, Offset, TimeZone},
	Timestamp, Zoned,
};

/// How `03/04/2024` is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
	/// 3 April.
	DayFirst,
	/// 4 March.
	MonthFirst,
}

/// A point in time, as far as the text itself says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
	/// It says everything.
	Instant(Timestamp),
	/// It does not say in which time zone.
	Local(DateTime),
}

/// Why a text is not a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeFault {
	/// It is none of the forms that are understood.
	#[error("is not a time")]
	Unknown,
	/// There is no such day or time of day.
	#[error("is no day or time that exists")]
	OutOfRange,
	/// It could be either of two days.
	#[error("may mean either of two days; say --day-first or --month-first")]
	AmbiguousDate,
	/// It has day and month but no year.
	#[error("has no year")]
	NoYear,
	/// It is a time of day only.
	#[error("has no date")]
	NoDate,
	/// It names a time zone by letters.
	#[error("names a time zone by letters; leave them out and say --timezone")]
	ZoneName,
	/// Clocks were put forward over it.
	#[error("was skipped when clocks were put forward")]
	Skipped,
}

/// Where `moment` lies, local times being those of `zone`. A local time that occurs twice, because
/// clocks are put back, is the first unless that is before `previous`.
pub fn resolve(
	moment: Moment,
	zone: &TimeZone,
	previous: Option<Timestamp>,
) -> Result<Timestamp, TimeFault> {
	let timestamp = match moment {
		Moment::Instant(timestamp) => Ok(timestamp),
		Moment::Local(local) => {
			let ambiguous = zone.to_ambiguous_timestamp(local);
			match ambiguous.offset() {
				AmbiguousOffset::Unambiguous { .. } => ambiguous.unambiguous(),
				AmbiguousOffset::Gap { .. } => return Err(TimeFault::Skipped),
				AmbiguousOffset::Fold { .. } => {
					let first = zone.to_ambiguous_timestamp(local).earlier();
					match (&first, previous) {
						(Ok(first), Some(previous)) if *first < previous => ambiguous.later(),
						_ => first,
					}
				},
			}
		},
	};
	let timestamp = timestamp.map_err(|_| TimeFault::OutOfRange)?;
	let year = Offset::UTC.to_datetime(timestamp).year();
	(1900..2200).contains(&year).then_some(timestamp).ok_or(TimeFault::OutOfRange)
}

/// Reads a point in time. Understood are RFC 3339 and its relatives (`T` or space, any of `-`, `/` and
/// `.` in dates, seconds and offset optional), days first or months first by `order`, names of months
/// in English, `20240131T1530`, and numbers: Unix time in seconds, milliseconds, microseconds or
/// nanoseconds by its size.
pub fn parse(text: &str, order: Option<DateOrder>) -> Result<Moment, TimeFault> {
	let text = text.trim();
	if text.ends_with(']') {
		let zoned: Zoned = text.parse().map_err(|_| TimeFault::Unknown)?;
		return Ok(Moment::Instant(zoned.timestamp()));
	}
	if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
		if let Some(moment) = parse_number(text) {
			return Ok(moment);
		}
	}
	let mut cursor = Cursor { rest: text };
	let date = match cursor.date(order) {
		Err(TimeFault::Unknown) if is_clock(text) => return Err(TimeFault::NoDate),
		other => other?,
	};
	cursor.skip_separator();
	if cursor.rest.is_empty() {
		return Ok(Moment::Local(date.to_datetime(Time::midnight())));
	}
	let (next_day, time) = cursor.clock()?;
	let date = if next_day { date.tomorrow().map_err(|_| TimeFault::OutOfRange)? } else { date };
	let local = date.to_datetime(time);
	match cursor.offset()? {
		None => Ok(Moment::Local(local)),
		Some(offset) => {
			let timestamp = offset.to_timestamp(local).map_err(|_| TimeFault::OutOfRange)?;
			Ok(Moment::Instant(timestamp))
		},
	}
}

/// Whether `text` is a time of day.
pub fn is_clock(text: &str) -> bool {
	let mut cursor = Cursor { rest: text.trim() };
	text.contains([':', '.']) && cursor.clock().is_ok() && cursor.rest.is_empty()
}

/// Whether `text` is a day without a time of day.
pub fn is_date(text: &str) -> bool {
	let mut cursor = Cursor { rest: text.trim() };
	let date = cursor.date(Some(DateOrder::DayFirst)).is_ok()
		|| cursor.reset(text.trim()).date(Some(DateOrder::MonthFirst)).is_ok();
	date && cursor.rest.is_empty()
}

/// Which order of day and month `text` proves, if any.
pub fn date_order(text: &str) -> Option<DateOrder> {
	let works = |order| parse(text, Some(order)).is_ok();
	match (works(DateOrder::DayFirst), works(DateOrder::MonthFirst)) {
		(true, false) => Some(DateOrder::DayFirst),
		(false, true) => Some(DateOrder::MonthFirst),
		_ => None,
	}
}

fn parse_number(text: &str) -> Option<Moment> {
	let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
	if integer.len() > 19 || fraction.contains('.') {
		return None;
	}
	if let Some(local) = compact(integer).filter(|_| fraction.is_empty()) {
		return Some(Moment::Local(local));
	}
	let value: i128 = integer.parse().ok()?;
	let unit = match integer.len() {
		9..=11 => 1_000_000_000,
		12..=14 => 1_000_000,
		15..=17 => 1_000,
		18..=19 => 1,
		_ => return None,
	};
	let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
	let nanoseconds: i128 = digits.parse().ok()?;
	Timestamp::from_nanosecond(value * unit + nanoseconds * unit / 1_000_000_000)
		.ok()
		.map(Moment::Instant)
}

/// `YYYYMMDD`, `YYYYMMDDhhmm` or `YYYYMMDDhhmmss` from 1970 to 2099, which no Unix time of our days is
/// mistaken for.
fn compact(digits: &str) -> Option<DateTime> {
	let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i8>().ok();
	let year: i16 = digits.get(..4)?.parse().ok().filter(|year| (1970..2100).contains(year))?;
	let (hour, minute, second) = match digits.len() {
		8 => (0, 0, 0),
		12 => (part(8, 10)?, part(10, 12)?, 0),
		14 => (part(8, 10)?, part(10, 12)?, part(12, 14)?),
		_ => return None,
	};
	DateTime::new(year, part(4, 6)?, part(6, 8)?, hour, minute, second, 0).ok()
}

struct Cursor<'a> {
	rest: &'a str,
}

impl<'a> Cursor<'a> {
	fn reset(&mut self, text: &'a str) -> &mut Self {
		self.rest = text;
		self
	}

	fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
		let end = self.rest.find(|c| !accept(c)).unwrap_or(self.rest.len());
		let (taken, rest) = self.rest.split_at(end);
		self.rest = rest;
		taken
	}

	fn digits(&mut self) -> &'a str {
		self.take_while(|c| c.is_ascii_digit())
	}

	fn number(&mut self, length: std::ops::RangeInclusive<usize>) -> Result<i16, TimeFault> {
		let digits = self.digits();
		let fits = length.contains(&digits.len());
		fits.then(|| digits.parse().ok()).flatten().ok_or(TimeFault::Unknown)
	}

	fn accept(&mut self, characters: &[char]) -> Option<char> {
		let first = self.rest.chars().next().filter(|c| characters.contains(c))?;
		self.rest = &self.rest[first.len_utf8()..];
		Some(first)
	}

	fn skip_separator(&mut self) {
		if self.rest.starts_with(['T', 't', '_']) {
			self.rest = &self.rest[1..];
		} else {
			self.take_while(|c| c == ' ' || c == ',');
		}
	}

	fn date(&mut self, order: Option<DateOrder>) -> Result<Date, TimeFault> {
		if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
			return self.date_from_name();
		}
		let first = self.digits();
		match first.len() {
			8 => compact(first).map(DateTime::date).ok_or(TimeFault::Unknown),
			4 => self.date_from_year(first.parse().map_err(|_| TimeFault::Unknown)?),
			1 | 2 => {
				let first = first.parse().map_err(|_| TimeFault::Unknown)?;
				self.date_from_day_or_month(first, order)
			},
			_ => Err(TimeFault::Unknown),
		}
	}

	/// `Jan 31, 2024`, with or without a day of the week in front.
	fn date_from_name(&mut self) -> Result<Date, TimeFault> {
		let mut name = self.take_while(|c| c.is_ascii_alphabetic());
		if is_weekday(name) {
			self.take_while(|c| c == ' ' || c == ',' || c == '.');
			if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
				return self.date(None);
			}
			name = self.take_while(|c| c.is_ascii_alphabetic());
		}
		let month = month(name).ok_or(TimeFault::Unknown)?;
		self.take_while(|c| c == ' ' || c == '.' || c == '-');
		let day = self.number(1..=2)?;
		self.take_while(|c| c == ' ' || c == ',' || c == '-');
		let year = self.year()?;
		date(year, month, day)
	}

	fn date_from_year(&mut self, year: i16) -> Result<Date, TimeFault> {
		let separator = self.accept(&['-', '/', '.']).ok_or(TimeFault::Unknown)?;
		let month = self.month()?;
		self.accept(&[separator]).ok_or(TimeFault::Unknown)?;
		let day = self.number(1..=2)?;
		date(year, month, day)
	}

	fn date_from_day_or_month(
		&mut self,
		first: i16,
		order: Option<DateOrder>,
	) -> Result<Date, TimeFault> {
		let separator = self.accept(&['-', '/', '.', ' ']).ok_or(TimeFault::Unknown)?;
		if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
			let month = self.month()?;
			self.take_while(|c| c == separator || c == ',' || c == ' ');
			let year = self.year()?;
			return date(year, month, first);
		}
		let second = self.number(1..=2)?;
		if self.accept(&[separator]).filter(|_| separator != ' ').is_none() {
			let plausible = matches!(separator, '-' | '/') && first <= 31 && second <= 31;
			return Err(if plausible { TimeFault::NoYear } else { TimeFault::Unknown });
		}
		let year = self.year()?;
		let order = match order {
			Some(order) => order,
			None if separator == '.' || first > 12 || first == second => DateOrder::DayFirst,
			None if second > 12 => DateOrder::MonthFirst,
			None => return Err(TimeFault::AmbiguousDate),
		};
		match order {
			DateOrder::DayFirst => date(year, second, first),
			DateOrder::MonthFirst => date(year, first, second),
		}
	}

	fn month(&mut self) -> Result<i16, TimeFault> {
		if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
			return self.number(1..=2);
		}
		month(self.take_while(|c| c.is_ascii_alphabetic())).ok_or(TimeFault::Unknown)
	}

	/// Four digits, or two as in POSIX: 69 to 99 are of the last century, the others of this.
	fn year(&mut self) -> Result<i16, TimeFault> {
		let digits = self.digits();
		let year: i16 = digits.parse().map_err(|_| TimeFault::NoYear)?;
		match digits.len() {
			4 => Ok(year),
			2 if year >= 69 => Ok(1900 + year),
			2 => Ok(2000 + year),
			_ => Err(TimeFault::Unknown),
		}
	}

	/// A time of day, and whether it is the midnight at the day's end.
	fn clock(&mut self) -> Result<(bool, Time), TimeFault> {
		let digits = self.digits();
		let part = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse().ok());
		let (hour, mut minute, mut second) = match digits.len() {
			1 | 2 => (digits.parse().ok(), Some(0), Some(0)),
			4 => (part(0, 2), part(2, 4), Some(0)),
			6 => (part(0, 2), part(2, 4), part(4, 6)),
			_ => return Err(TimeFault::Unknown),
		};
		let mut has_seconds = digits.len() == 6;
		if digits.len() < 3 {
			if let Some(separator) = self.accept(&[':', '.', 'h']) {
				minute = Some(self.number(2..=2)?);
				let more = match separator {
					'.' => self.accept(&['.']),
					_ => self.accept(&[':']),
				};
				if more.is_some() {
					second = Some(self.number(2..=2)?);
					has_seconds = true;
				}
			}
		}
		let nanosecond = if has_seconds { self.fraction() } else { 0 };
		let hour: i16 = hour.ok_or(TimeFault::Unknown)?;
		let (minute, second) = minute.zip(second).ok_or(TimeFault::Unknown)?;
		let hour = self.half_of_day(hour)?;
		if (hour, minute, second, nanosecond) == (24, 0, 0, 0) {
			return Ok((true, Time::midnight()));
		}
		// A leap second is counted as the second before it.
		let second = if second == 60 { 59 } else { second };
		let time = Time::new(small(hour)?, small(minute)?, small(second)?, nanosecond);
		Ok((false, time.map_err(|_| TimeFault::OutOfRange)?))
	}

	fn fraction(&mut self) -> i32 {
		let before = self.rest;
		if self.accept(&['.', ',']).is_none() {
			return 0;
		}
		let digits = self.digits();
		if digits.is_empty() {
			self.rest = before;
			return 0;
		}
		let padded: String = digits.chars().chain("000000000".chars()).take(9).collect();
		padded.parse().unwrap_or(0)
	}

	fn half_of_day(&mut self, hour: i16) -> Result<i16, TimeFault> {
		let rest = self.rest.trim_start();
		let Some(half) = rest.get(..2).map(str::to_ascii_lowercase) else { return Ok(hour) };
		let noon = match half.as_str() {
			"am" => 0,
			"pm" => 12,
			_ => return Ok(hour),
		};
		self.rest = &rest[2..];
		(1..=12).contains(&hour).then_some(hour % 12 + noon).ok_or(TimeFault::OutOfRange)
	}

	fn offset(&mut self) -> Result<Option<Offset>, TimeFault> {
		self.take_while(|c| c == ' ');
		if self.rest.is_empty() {
			return Ok(None);
		}
		if ["Z", "UTC", "GMT"].iter().any(|name| self.rest.eq_ignore_ascii_case(name)) {
			return Ok(Some(Offset::UTC));
		}
		let Some(sign) = self.accept(&['+', '-', '−']) else {
			let letters = self.rest.chars().all(|c| c.is_ascii_alphabetic());
			return Err(if letters { TimeFault::ZoneName } else { TimeFault::Unknown });
		};
		let digits = self.digits();
		let (hours, minutes) = match digits.len() {
			2 => (digits.parse(), self.offset_minutes()?),
			4 => (digits[..2].parse(), digits[2..].parse().map_err(|_| TimeFault::Unknown)?),
			_ => return Err(TimeFault::Unknown),
		};
		let hours: i32 = hours.map_err(|_| TimeFault::Unknown)?;
		if !self.rest.is_empty() || hours > 18 || minutes > 59 {
			return Err(TimeFault::Unknown);
		}
		let seconds = (hours * 60 + minutes) * 60;
		let seconds = if sign == '+' { seconds } else { -seconds };
		Offset::from_seconds(seconds).map(Some).map_err(|_| TimeFault::OutOfRange)
	}

	fn offset_minutes(&mut self) -> Result<i32, TimeFault> {
		match self.accept(&[':']) {
			Some(_) => self.number(2..=2).map(i32::from),
			None => Ok(0),
		}
	}
}

fn small(number: i16) -> Result<i8, TimeFault> {
	number.try_into().map_err(|_| TimeFault::OutOfRange)
}

fn date(year: i16, month: i16, day: i16) -> Result<Date, TimeFault> {
	Date::new(year, small(month)?, small(day)?).map_err(|_| TimeFault::OutOfRange)
}

fn month(name: &str) -> Option<i16> {
	const NAMES: [&str; 12] = [
		"january",
		"february",
		"march",
		"april",
		"may",
		"june",
		"july",
		"august",
		"september",
		"october",
		"november",
		"december",
	];
	abbreviated(name, &NAMES).map(|index| index as i16 + 1)
}

fn is_weekday(name: &str) -> bool {
	const NAMES: [&str; 7] =
		["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
	abbreviated(name, &NAMES).is_some()
}

fn abbreviated(name: &str, names: &[&str]) -> Option<usize> {
	let name = name.to_ascii_lowercase();
	names.iter().position(|full| name.len() >= 3 && full.starts_with(&name))
}

/// Joins the cells of several time columns: date and time of day, or year, month, day and so on.
pub fn join(parts: &[&str]) -> String {
	let (date, clock) = match parts {
		[] => return String::new(),
		[one] => return (*one).to_owned(),
		[date, clock] => return format!("{} {}", date.trim(), clock.trim()),
		[year, month, day, clock @ ..] => {
			(format!("{:0>4}-{:0>2}-{:0>2}", year.trim(), month.trim(), day.trim()), clock)
		},
	};
	let mut clock: Vec<String> = clock.iter().map(|part| format!("{:0>2}", part.trim())).collect();
	clock.resize(clock.len().max(2), "00".to_owned());
	format!("{date} {}", clock.join(":"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn utc(text: &str, order: Option<DateOrder>) -> Result<String, TimeFault> {
		let moment = parse(text, order)?;
		resolve(moment, &TimeZone::UTC, None).map(|timestamp| timestamp.to_string())
	}

	#[test]
	fn many_forms_are_understood() {
		for (text, expected) in [
			("2024-01-31T15:30:05Z", "2024-01-31T15:30:05Z"),
			("2024-01-31t15:30:05.250+01:00", "2024-01-31T14:30:05.25Z"),
			("2024-01-31 15:30", "2024-01-31T15:30:00Z"),
			("2024-01-31 15:30:05,5 +0530", "2024-01-31T10:00:05.5Z"),
			("2024/1/3 5:07", "2024-01-03T05:07:00Z"),
			("2024.01.31", "2024-01-31T00:00:00Z"),
			("31.01.2024 18.00.00", "2024-01-31T18:00:00Z"),
			("31/01/2024 15:30", "2024-01-31T15:30:00Z"),
			("01/31/2024 3:30 PM", "2024-01-31T15:30:00Z"),
			("01/31/2024 12:05am", "2024-01-31T00:05:00Z"),
			("31-Jan-24 15:30", "2024-01-31T15:30:00Z"),
			("31 January 2024, 15:30 UTC", "2024-01-31T15:30:00Z"),
			("Wed, 31 Jan 2024 15:30:00 GMT", "2024-01-31T15:30:00Z"),
			("Jan 31, 2024", "2024-01-31T00:00:00Z"),
			("2024-01-31 24:00", "2024-02-01T00:00:00Z"),
			("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
			("20240131T1530Z", "2024-01-31T15:30:00Z"),
			("202401311530", "2024-01-31T15:30:00Z"),
			("20240131153005", "2024-01-31T15:30:05Z"),
			("1706715005", "2024-01-31T15:30:05Z"),
			("1706715005.25", "2024-01-31T15:30:05.25Z"),
			("1706715005250", "2024-01-31T15:30:05.25Z"),
			("1706715005250000", "2024-01-31T15:30:05.25Z"),
			("1706715005250000000", "2024-01-31T15:30:05.25Z"),
			("2024-01-31T15:30:05+01:00[Europe/Rome]", "2024-01-31T14:30:05Z"),
			("2024-01-31 15h30", "2024-01-31T15:30:00Z"),
		] {
			assert_eq!(utc(text, None).as_deref(), Ok(expected), "{text}");
		}
	}

	#[test]
	fn what_is_missing_or_ambiguous_is_named() {
		for (text, fault) in [
			("03/04/2024 10:00", TimeFault::AmbiguousDate),
			("31/12 10:00", TimeFault::NoYear),
			("15:30", TimeFault::NoDate),
			("2024-02-30", TimeFault::OutOfRange),
			("2024-01-31 25:00", TimeFault::OutOfRange),
			("2024-01-31 15:30 CET", TimeFault::ZoneName),
			("0000-01-01", TimeFault::OutOfRange),
			("21.5", TimeFault::Unknown),
			("", TimeFault::Unknown),
			("never", TimeFault::Unknown),
		] {
			assert_eq!(utc(text, None), Err(fault), "{text}");
		}
		assert_eq!(
			utc("03/04/2024", Some(DateOrder::DayFirst)).as_deref(),
			Ok("2024-04-03T00:00:00Z")
		);
		assert_eq!(
			utc("03/04/2024", Some(DateOrder::MonthFirst)).as_deref(),
			Ok("2024-03-04T00:00:00Z")
		);
		assert_eq!(date_order("31/01/2024"), Some(DateOrder::DayFirst));
		assert_eq!(date_order("01/31/2024"), Some(DateOrder::MonthFirst));
	}

	#[test]
	fn hours_that_clocks_skip_or_repeat_follow_the_rules() {
		let rome = TimeZone::get("Europe/Rome").unwrap();
		let local = |text| parse(text, None).unwrap();
		assert_eq!(resolve(local("2024-03-31 02:30"), &rome, None), Err(TimeFault::Skipped));
		let first = resolve(local("2024-10-27 02:30"), &rome, None).unwrap();
		assert_eq!(first.to_string(), "2024-10-27T00:30:00Z");
		let second = resolve(local("2024-10-27 02:00"), &rome, Some(first)).unwrap();
		assert_eq!(second.to_string(), "2024-10-27T01:00:00Z");
	}

	#[test]
	fn parts_are_joined() {
		assert_eq!(join(&["2010", "1", "2", "5"]), "2010-01-02 05:00");
		assert_eq!(join(&["2010", "1", "2"]), "2010-01-02 00:00");
		assert_eq!(join(&["10/03/2004", "18.00.00"]), "10/03/2004 18.00.00");
		assert!(is_clock("18.00.00") && is_clock("7:05") && !is_clock("18"));
		assert!(is_date("10/03/2004") && !is_date("10/03/2004 18:00"));
	}

	proptest! {
		#[test]
		fn what_rfc_3339_says_is_kept(second in -2_000_000_000i64..7_000_000_000, nanosecond in 0i32..1_000_000_000) {
			let timestamp = Timestamp::new(second, nanosecond).unwrap();
			prop_assert_eq!(parse(&timestamp.to_string(), None), Ok(Moment::Instant(timestamp)));
		}

		#[test]
		fn arbitrary_texts_never_panic(text in "[-0-9:/. TZa-z+,é]{0,40}") {
			for order in [None, Some(DateOrder::DayFirst)] {
				if let Ok(moment) = parse(&text, order) {
					let _ = resolve(moment, &TimeZone::UTC, None);
				}
			}
			is_clock(&text);
			is_date(&text);
		}
	}
}
