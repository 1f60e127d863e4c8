//! The pixels of a frame that must vanish.

use super::Region;
use crate::geometry::BoundingBox;

/// Pixels of one row, from `start` to just before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
	/// The row, from the top.
	pub y: u32,
	/// First column that belongs to it.
	pub start: u32,
	/// First column that does not.
	pub end: u32,
}

/// The pixels that must vanish. What it costs to make, keep and apply grows with what it hides, not with
/// the frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
	width: u32,
	height: u32,
	/// By row and column; those of a row neither overlap nor touch.
	spans: Vec<Span>,
}

impl Mask {
	/// Covers `regions` in a frame of this size, in pixels.
	pub fn new(width: u32, height: u32, regions: &[Region]) -> Self {
		let spans = regions.iter().flat_map(|region| region.spans(width, height));
		Self::from_spans(width, height, spans)
	}

	/// Covers `spans`, which may overlap but do not reach beyond the frame.
	pub(super) fn from_spans(
		width: u32,
		height: u32,
		spans: impl IntoIterator<Item = Span>,
	) -> Self {
		let mut rows = vec![Vec::new(); height as usize];
		for span in spans {
			rows[span.y as usize].push(span);
		}
		for row in &mut rows {
			row.sort_unstable_by_key(|span| span.start);
			row.dedup_by(|next, span| {
				let joined = next.start <= span.end;
				if joined {
					span.end = span.end.max(next.end);
				}
				joined
			});
		}
		Self { width, height, spans: rows.concat() }
	}

	/// Width and height of the frame that it was made for, in pixels.
	pub fn dimensions(&self) -> (u32, u32) {
		(self.width, self.height)
	}

	/// Whether nothing must vanish.
	pub fn is_empty(&self) -> bool {
		self.spans.is_empty()
	}

	/// How many pixels must vanish.
	pub fn area(&self) -> u64 {
		self.spans.iter().map(|span| u64::from(span.end - span.start)).sum()
	}

	/// Whether the pixel must vanish; `false` outside of the frame.
	pub fn hides(&self, x: u32, y: u32) -> bool {
		let after = self.spans.partition_point(|span| (span.y, span.start) <= (y, x));
		after > 0 && self.spans[after - 1].y == y && x < self.spans[after - 1].end
	}

	/// Part of a box that is hidden, from 0 to 1, counted in pixels of the frame that the box touches.
	/// `None` when the box lies outside of the frame.
	pub fn hidden_share(&self, bounding_box: &BoundingBox) -> Option<f64> {
		let pixel = |value: f32, limit: u32| value.clamp(0.0, limit as f32) as u32;
		let BoundingBox { x_min, y_min, x_max, y_max } = *bounding_box;
		let (left, right) = (pixel(x_min.floor(), self.width), pixel(x_max.ceil(), self.width));
		let (top, bottom) = (pixel(y_min.floor(), self.height), pixel(y_max.ceil(), self.height));
		let pixels = u64::from(right.saturating_sub(left)) * u64::from(bottom.saturating_sub(top));
		let within = |span: &Span| span.end.min(right).saturating_sub(span.start.max(left));
		let spans = if pixels > 0 { self.spans_between(top, bottom) } else { &[] };
		let hidden: u64 = spans.iter().map(|span| u64::from(within(span))).sum();
		(pixels > 0).then(|| hidden as f64 / pixels as f64)
	}

	/// What either of two masks for the same frame hides.
	pub fn union(&self, other: &Self) -> Self {
		let spans = self.spans.iter().chain(&other.spans).copied();
		Self::from_spans(self.width, self.height, spans)
	}

	/// Widened to blocks of two by two pixels: what shares a colour in a video vanishes as a whole. Both
	/// sides of the frame must be even.
	pub fn in_blocks(&self) -> Self {
		let wide = |span: &Span| {
			let (start, end) = (span.start & !1, span.end.next_multiple_of(2));
			[span.y & !1, span.y | 1].map(|y| Span { y, start, end })
		};
		Self::from_spans(self.width, self.height, self.spans.iter().flat_map(wide))
	}

	/// What must vanish, by row and column; no two spans overlap or touch within a row.
	pub fn spans(&self) -> &[Span] {
		&self.spans
	}

	/// Those from the row `top` to just before the row `bottom`.
	pub(super) fn spans_between(&self, top: u32, bottom: u32) -> &[Span] {
		let first = self.spans.partition_point(|span| span.y < top);
		let last = self.spans.partition_point(|span| span.y < bottom);
		&self.spans[first..last]
	}
}
