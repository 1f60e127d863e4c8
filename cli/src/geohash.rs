//! Places: coordinates, the geohashes in which they lie, and how far they are from one another.

use geohash::{decode_bbox, encode, Coord};
use std::{collections::BTreeSet, f64::consts::PI, str::FromStr};

/// Most characters of a place by which the chain finds listings.
pub const CELL_LENGTH: usize = 4;

/// Degrees by which places stay away from the ends of the ranges, which the library takes for their
/// beginnings: a tenth of a millimetre.
const BEFORE_END: f64 = 1e-9;
/// The mean radius of the earth, in kilometres.
const EARTH_RADIUS: f64 = 6_371.008_8;

/// A point on the earth, in degrees (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
	/// From -90 (south) to 90 (north).
	pub latitude: f64,
	/// From -180 (west) to 180 (east).
	pub longitude: f64,
}

impl FromStr for Coordinates {
	type Err = String;

	/// Reads `LATITUDE,LONGITUDE` in degrees, such as `43.46,-3.81`.
	fn from_str(text: &str) -> Result<Self, String> {
		let parse = || {
			let (latitude, longitude) = text.split_once(',')?;
			let degrees = |text: &str, most: f64| {
				text.trim().parse().ok().filter(|degrees: &f64| degrees.abs() <= most)
			};
			Some(Self { latitude: degrees(latitude, 90.0)?, longitude: degrees(longitude, 180.0)? })
		};
		parse().ok_or_else(|| {
			format!(
				"{text:?} is no place; write latitude and longitude in degrees, like 43.46,-3.81"
			)
		})
	}
}

impl Coordinates {
	/// The centre of a geohash; `None` when it is not one.
	pub fn centre_of(geohash: &str) -> Option<Self> {
		// The library takes one to twelve characters, and does not come back from none.
		let area = decode_bbox((!geohash.is_empty()).then_some(geohash)?).ok()?;
		let Coord { x: longitude, y: latitude } = area.center();
		Some(Self { latitude, longitude })
	}

	/// The geohash of `length` characters, 1 to 12, in which the point lies.
	///
	/// # Panics
	///
	/// When the coordinates or the length are out of their ranges.
	pub fn geohash(&self, length: usize) -> String {
		let point = Coord {
			x: self.longitude.min(180.0 - BEFORE_END),
			y: self.latitude.min(90.0 - BEFORE_END),
		};
		encode(point, length).expect("coordinates are within their ranges")
	}

	/// The cell in which the point lies, with its neighbours and every coarser geohash that contains one
	/// of these: wherever a listing near the point may be found.
	pub fn cells_around(&self) -> Vec<String> {
		let mut cells = BTreeSet::new();
		for cell in neighbourhood(&self.geohash(CELL_LENGTH)) {
			cells.extend((1..=CELL_LENGTH).map(|length| cell[..length].to_owned()));
		}
		cells.into_iter().collect()
	}

	/// The distance to `other` along a great circle, in kilometres.
	pub fn distance_to(&self, other: &Self) -> f64 {
		let radians = |degrees: f64| degrees * PI / 180.0;
		let haversine = |from: f64, to: f64| (radians(to - from) / 2.0).sin().powi(2);
		let (here, there) = (radians(self.latitude).cos(), radians(other.latitude).cos());
		let chord = haversine(self.latitude, other.latitude)
			+ here * there * haversine(self.longitude, other.longitude);
		// Rounding may lead beyond the antipode.
		2.0 * EARTH_RADIUS * chord.min(1.0).sqrt().asin()
	}
}

/// A geohash and those that touch it: up to eight, fewer at the poles.
fn neighbourhood(geohash: &str) -> BTreeSet<String> {
	let Ok(area) = decode_bbox(geohash) else { return BTreeSet::new() };
	let centre = area.center();
	let mut found = BTreeSet::new();
	for north in [-1.0, 0.0, 1.0] {
		for east in [-1.0, 0.0, 1.0] {
			let latitude = centre.y + north * area.height();
			// Where the date changes, the world goes on.
			let longitude = (centre.x + east * area.width() + 180.0).rem_euclid(360.0) - 180.0;
			if latitude.abs() < 90.0 {
				found.insert(Coordinates { latitude, longitude }.geohash(geohash.len()));
			}
		}
	}
	found
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn at(text: &str) -> Coordinates {
		text.parse().unwrap()
	}

	#[test]
	fn coordinates_are_read() {
		assert_eq!(at("43.46, -3.81"), Coordinates { latitude: 43.46, longitude: -3.81 });
		for text in ["", "43.46", "91,0", "0,181", "NaN,0", "a,b", "1,2,3"] {
			assert!(text.parse::<Coordinates>().is_err(), "{text}");
		}
	}

	#[test]
	fn geohashes_are_those_of_the_literature() {
		// The examples of Niemeyer's geohash.org and of Wikipedia.
		assert_eq!(at("57.64911,10.40744").geohash(9), "u4pruydqq");
		assert_eq!(at("42.605,-5.603").geohash(5), "ezs42");
		assert_eq!(at("90,180").geohash(4), "zzzz");
		assert_eq!(at("-90,-180").geohash(4), "0000");
		let centre = Coordinates::centre_of("ezs42").unwrap();
		assert_eq!((centre.latitude, centre.longitude), (42.60498046875, -5.60302734375));
		assert_eq!(Coordinates::centre_of("ezs4a"), None);
		assert_eq!(Coordinates::centre_of(""), None);
	}

	#[test]
	fn neighbours_touch_the_cell() {
		let set = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
		let expected: BTreeSet<String> =
			set(&["dr5r", "dr5x", "dr5w", "dr5q", "dr5n", "dr5p", "dr70", "dr72", "dr78"]);
		assert_eq!(neighbourhood("dr5r"), expected);
		// Beyond the date line, and at the pole, where there is nothing further north.
		assert_eq!(neighbourhood("8"), set(&["8", "9", "b", "c", "2", "3", "x", "z", "r"]));
		assert_eq!(neighbourhood("b"), set(&["b", "c", "8", "9", "x", "z"]));
	}

	#[test]
	fn coarser_cells_are_around_too() {
		let cells = at("40.64,-73.76").cells_around();
		assert!(cells.contains(&"dr5x".to_owned()));
		for coarser in ["d", "dr", "dr5"] {
			assert!(cells.contains(&coarser.to_owned()), "{coarser}");
		}
	}

	#[test]
	fn distances_are_along_great_circles() {
		let quarter = at("0,0").distance_to(&at("0,90"));
		assert!((quarter - EARTH_RADIUS * PI / 2.0).abs() < 1e-9);
		let antipode = at("12,34").distance_to(&at("-12,-146"));
		assert!((antipode - EARTH_RADIUS * PI).abs() < 1e-3);
		// Across the date line it is not far.
		let across = at("0,179.5").distance_to(&at("0,-179.5"));
		assert!((across - EARTH_RADIUS * PI / 180.0).abs() < 1e-9);
	}

	proptest! {
		#[test]
		fn a_point_is_near_the_centre_of_its_geohash(
			latitude in -90.0..=90.0f64,
			longitude in -180.0..=180.0f64,
			length in 1..=9usize,
		) {
			let point = Coordinates { latitude, longitude };
			let geohash = point.geohash(length);
			let area = decode_bbox(&geohash).unwrap();
			let centre = Coordinates::centre_of(&geohash).unwrap();
			prop_assert!((centre.latitude - latitude).abs() <= area.height() / 2.0);
			prop_assert!((centre.longitude - longitude).abs() <= area.width() / 2.0);
			prop_assert!(point.cells_around().len() <= 21);
		}
	}
}
