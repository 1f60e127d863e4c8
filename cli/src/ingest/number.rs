//! Numbers as people and machines write them, to one form: `-1234.50e3`.

use std::borrow::Cow;

/// What stands before the fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalMark {
	/// `1,234.5`
	Point,
	/// `1.234,5`
	Comma,
}

/// What a number says of the decimal mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
	/// Nothing: it has neither point nor comma.
	None,
	/// It is a number with this mark only.
	Certain(DecimalMark),
	/// It is a number either way, and has this character.
	Either(char),
}

/// What a text that is a number looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
	/// What it says of the decimal mark.
	pub evidence: Evidence,
	/// Whether it is digits with a zero in front, as codes have.
	pub leading_zero: bool,
}

/// Longest number, in bytes.
const MAX_LENGTH: usize = 64;
const GROUP_MARKS: [char; 5] = [' ', '\u{a0}', '\u{202f}', '\'', '’'];

/// What `text` looks like, if it is a number.
pub fn shape(text: &str) -> Option<Shape> {
	let point = canonical(text, DecimalMark::Point);
	let comma = canonical(text, DecimalMark::Comma);
	let evidence = match (&point, &comma) {
		(None, None) => return None,
		(Some(_), None) => Evidence::Certain(DecimalMark::Point),
		(None, Some(_)) => Evidence::Certain(DecimalMark::Comma),
		(Some(point), Some(comma)) if point == comma => Evidence::None,
		_ => Evidence::Either(if text.contains(',') { ',' } else { '.' }),
	};
	let digits = text.trim_start_matches(['+', '-']);
	let leading_zero =
		digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
	Some(Shape { evidence, leading_zero })
}

/// `text` with a point, without thousands marks, plus signs and leading zeros; `None` when it is not a
/// number. Digits after the point are kept as they are, so that the precision shows.
pub fn canonical(text: &str, mark: DecimalMark) -> Option<String> {
	if text.len() > MAX_LENGTH {
		return None;
	}
	if is_canonical(text, mark) {
		return Some(text.to_owned());
	}
	let (decimal, group) = match mark {
		DecimalMark::Point => ('.', ','),
		DecimalMark::Comma => (',', '.'),
	};
	let (negative, rest) = match text.strip_prefix(['-', '−']) {
		Some(rest) => (true, rest),
		None => (false, text.strip_prefix('+').unwrap_or(text)),
	};
	let (mantissa, exponent) = match rest.find(['e', 'E']) {
		Some(position) => (&rest[..position], Some(&rest[position + 1..])),
		None => (rest, None),
	};
	let (integer, fraction) = mantissa.split_once(decimal).unwrap_or((mantissa, ""));
	let integer = ungrouped(integer, group)?;
	let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
	if !is_digits(fraction) || integer.is_empty() && fraction.is_empty() {
		return None;
	}
	let integer = match integer.trim_start_matches('0') {
		"" => "0",
		trimmed => trimmed,
	};
	let exponent = match exponent {
		Some(exponent) => Some(canonical_exponent(exponent)?),
		None => None,
	};
	let is_zero = integer == "0" && fraction.bytes().all(|byte| byte == b'0');
	let mut number = String::with_capacity(text.len() + 2);
	if negative && !is_zero {
		number.push('-');
	}
	number.push_str(integer);
	if !fraction.is_empty() {
		number.push('.');
		number.push_str(fraction);
	}
	if let Some(exponent) = exponent {
		number.push('e');
		number.push_str(&exponent);
	}
	Some(number)
}

/// Whether `text` is digits, perhaps with a point among them, as most numbers of machines are.
fn is_canonical(text: &str, mark: DecimalMark) -> bool {
	let count = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
	let (integer, rest) = text.as_bytes().split_at(count(text.as_bytes()));
	let is_integer = !integer.is_empty() && (integer == b"0" || integer[0] != b'0');
	is_integer
		&& match rest {
			[] => true,
			[b'.', fraction @ ..] => {
				mark == DecimalMark::Point
					&& !fraction.is_empty()
					&& count(fraction) == fraction.len()
			},
			_ => false,
		}
}

fn canonical_exponent(text: &str) -> Option<String> {
	let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
	let valid = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
	let value: i16 = valid.then(|| text.strip_prefix('+').unwrap_or(text).parse().ok())??;
	Some(value.to_string())
}

/// The digits of `integer` without thousands marks; these must all be the same and three digits apart.
fn ungrouped(integer: &str, group: char) -> Option<Cow<'_, str>> {
	let is_mark = |c: char| c == group || GROUP_MARKS.contains(&c);
	let Some(mark) = integer.chars().find(|c| !c.is_ascii_digit()) else {
		return Some(Cow::Borrowed(integer));
	};
	if !is_mark(mark) || integer.starts_with('0') {
		return None;
	}
	let mut groups = integer.split(mark);
	let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
	let mut digits = first.to_owned();
	for group in groups {
		if group.len() != 3 {
			return None;
		}
		digits.push_str(group);
	}
	digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(Cow::Owned(digits))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use DecimalMark::{Comma, Point};

	#[test]
	fn both_marks_lead_to_one_form() {
		for (text, mark, expected) in [
			("21.50", Point, "21.50"),
			("21,50", Comma, "21.50"),
			("1,234,567.8", Point, "1234567.8"),
			("1.234.567,8", Comma, "1234567.8"),
			("1 234,5", Comma, "1234.5"),
			("1\u{202f}234", Point, "1234"),
			("1'234.5", Point, "1234.5"),
			("+007", Point, "7"),
			(".5", Point, "0.5"),
			("5.", Point, "5"),
			("−3", Point, "-3"),
			("-0.0", Point, "0.0"),
			("1.5E+03", Point, "1.5e3"),
			("1e-05", Point, "1e-5"),
		] {
			assert_eq!(canonical(text, mark).as_deref(), Some(expected), "{text}");
		}
	}

	#[test]
	fn other_texts_are_no_numbers() {
		for text in
			["", "-", ".", "1,23,4", "1.2.3", "12a", "0x10", "1e", "e5", "1 23", "NaN", "1,234 567"]
		{
			assert_eq!(shape(text), None, "{text}");
		}
	}

	#[test]
	fn evidence_is_weighed() {
		let evidence = |text| shape(text).unwrap().evidence;
		assert_eq!(evidence("12"), Evidence::None);
		assert_eq!(evidence("12,5"), Evidence::Certain(Comma));
		assert_eq!(evidence("0,125"), Evidence::Certain(Comma));
		assert_eq!(evidence("12.5"), Evidence::Certain(Point));
		assert_eq!(evidence("1,234"), Evidence::Either(','));
		assert_eq!(evidence("1.234"), Evidence::Either('.'));
		assert!(shape("007").unwrap().leading_zero);
		assert!(!shape("0.7").unwrap().leading_zero);
	}

	proptest! {
		#[test]
		fn the_value_does_not_change(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
			let text = format!("{value:e}");
			let number: f64 = canonical(&text, Point).unwrap().parse().unwrap();
			prop_assert_eq!(number, value);
		}

		#[test]
		fn arbitrary_texts_never_panic(text in ".{0,80}") {
			if let Some(number) = canonical(&text, Comma) {
				prop_assert!(number.parse::<f64>().is_ok());
				prop_assert_eq!(canonical(&number, Point), Some(number.clone()));
			}
			shape(&text);
		}
	}
}
