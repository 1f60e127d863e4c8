//! The picture at one size.

use crate::removal::{area::Area, window::Window};

/// How many cells a patch reaches from its centre.
pub(super) const RADIUS: usize = 3;
/// Cells across a patch.
pub(super) const SIDE: usize = 2 * RADIUS + 1;
/// By which factor confidence falls with each step into what is missing (Wexler et al., section 3.1).
const CONFIDENCE_FALL: f32 = 1.3;
const MIN_CONFIDENCE: f32 = 0.05;

/// Red, green and blue from 0 to 255, and nothing, so that it fits the processor's registers.
pub(super) type Colour = [f32; 4];

/// What is known of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
	/// Its colour.
	Known,
	/// Nothing, and its colour is sought.
	Missing,
	/// Nothing: beyond the picture, or hidden as a part of another area.
	Outside,
}

/// A plane of cells, row by row, with a padding of [`RADIUS`] cells outside on each side.
pub(super) struct Level {
	/// Cells in a row, with the padding.
	pub width: usize,
	cells: Vec<Cell>,
	/// Steps to the nearest known cell; 0 for those that are not missing.
	depth: Vec<u16>,
	/// What is known and what was found so far.
	pub colours: Vec<Colour>,
	/// How much a cell's colour counts when patches are compared, from 0 to 1.
	pub confidence: Vec<f32>,
	/// Whether a cell is the centre of a patch of known cells.
	pub is_source: Vec<bool>,
	/// Those that are.
	pub sources: Vec<usize>,
	/// The centres of all patches that contain a missing cell.
	pub targets: Vec<usize>,
}

impl Level {
	/// The window in its own size; the cells that `area` touches are missing.
	pub fn new(window: &Window, area: &Area) -> Self {
		let (width, height) = (window.width + 2 * RADIUS, window.height + 2 * RADIUS);
		let mut cells = vec![Cell::Outside; width * height];
		let mut colours = vec![[0.0; 4]; width * height];
		for (index, [red, green, blue]) in window.colours.iter().enumerate() {
			let cell = padded(index, window.width);
			if window.hidden[index] == 0 {
				cells[cell] = Cell::Known;
				colours[cell] = [*red, *green, *blue, 0.0];
			}
		}
		for span in &area.spans {
			for x in span.start..span.end {
				cells[padded(window.cell(x, span.y), window.width)] = Cell::Missing;
			}
		}
		Self::assemble(cells, colours, width)
	}

	/// At half the size. What is not fully known is not known there.
	pub fn coarser(&self) -> Self {
		let (inner_width, inner_height) = (self.width - 2 * RADIUS, self.height() - 2 * RADIUS);
		let (columns, rows) = (inner_width.div_ceil(2), inner_height.div_ceil(2));
		let width = columns + 2 * RADIUS;
		let mut cells = vec![Cell::Outside; width * (rows + 2 * RADIUS)];
		let mut colours = vec![[0.0; 4]; cells.len()];
		for index in 0..columns * rows {
			let (column, row) = (index % columns * 2, index / columns * 2);
			let parts = (row..(row + 2).min(inner_height)).flat_map(|row| {
				(column..(column + 2).min(inner_width))
					.map(move |column| padded(row * inner_width + column, inner_width))
			});
			let (mut sum, mut count) = ([0.0; 4], 0.0f32);
			let mut cell = Cell::Known;
			for part in parts {
				count += 1.0;
				cell = join(cell, self.cells[part]);
				for (sum, value) in sum.iter_mut().zip(self.colours[part]) {
					*sum += value;
				}
			}
			cells[padded(index, columns)] = cell;
			colours[padded(index, columns)] = sum.map(|value| value / count);
		}
		Self::assemble(cells, colours, width)
	}

	fn assemble(cells: Vec<Cell>, colours: Vec<Colour>, width: usize) -> Self {
		let is = |kind: Cell| cells.iter().map(|cell| *cell == kind).collect::<Vec<_>>();
		let is_source = eroded(&is(Cell::Known), width);
		let apart =
			eroded(&cells.iter().map(|cell| *cell != Cell::Missing).collect::<Vec<_>>(), width);
		let indices = |chosen: &dyn Fn(usize) -> bool| {
			(0..cells.len()).filter(|index| chosen(*index)).collect::<Vec<_>>()
		};
		let mut level = Self {
			width,
			depth: depths(&cells, width),
			sources: indices(&|index| is_source[index]),
			targets: indices(&|index| cells[index] != Cell::Outside && !apart[index]),
			confidence: vec![0.0; cells.len()],
			cells,
			colours,
			is_source,
		};
		level.trust_less_deep_than(u16::MAX);
		level
	}

	/// The longer side, in cells.
	pub fn longer_side(&self) -> usize {
		self.width.max(self.height())
	}

	/// Rows, with the padding.
	fn height(&self) -> usize {
		self.cells.len() / self.width
	}

	/// The largest number of steps from a missing cell to a known one.
	pub fn deepest(&self) -> u16 {
		self.depth.iter().copied().max().unwrap_or(0)
	}

	/// The missing cells that are `depth` steps from a known one.
	pub fn at_depth(&self, depth: u16) -> Vec<usize> {
		(0..self.depth.len()).filter(|cell| self.depth[*cell] == depth).collect()
	}

	/// Whether a colour is sought for the cell.
	pub fn is_missing(&self, cell: usize) -> bool {
		self.cells[cell] == Cell::Missing
	}

	/// Lets known cells count, and missing ones the less the deeper they lie, from `depth` on not at all.
	pub fn trust_less_deep_than(&mut self, depth: u16) {
		for (index, confidence) in self.confidence.iter_mut().enumerate() {
			*confidence = match self.cells[index] {
				Cell::Known => 1.0,
				Cell::Missing if self.depth[index] < depth => {
					CONFIDENCE_FALL.powi(-i32::from(self.depth[index])).max(MIN_CONFIDENCE)
				},
				Cell::Missing | Cell::Outside => 0.0,
			};
		}
	}

	/// The cell here for the cell `index` of a plane without padding, with rows of `width`.
	pub fn cell(&self, index: usize, width: usize) -> usize {
		padded(index, width)
	}

	/// Rows and columns from one cell to another.
	pub fn offset(&self, from: usize, to: usize) -> (i64, i64) {
		let row = |cell: usize| (cell / self.width) as i64;
		let column = |cell: usize| (cell % self.width) as i64;
		(row(to) - row(from), column(to) - column(from))
	}

	/// The cells of a patch's rows, from the top.
	pub fn patch_rows(&self, centre: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
		let width = self.width;
		let first = centre - RADIUS * width - RADIUS;
		(0..SIDE).map(move |row| first + row * width..first + row * width + SIDE)
	}
}

/// Index in a plane with padding of the cell `index` of one without, with rows of `width`.
fn padded(index: usize, width: usize) -> usize {
	(index / width + RADIUS) * (width + 2 * RADIUS) + index % width + RADIUS
}

/// What is known of a cell that consists of two.
fn join(left: Cell, right: Cell) -> Cell {
	match (left, right) {
		(Cell::Missing, _) | (_, Cell::Missing) => Cell::Missing,
		(Cell::Outside, _) | (_, Cell::Outside) => Cell::Outside,
		(Cell::Known, Cell::Known) => Cell::Known,
	}
}

/// Whether all cells of the patch about each cell are set; `false` within [`RADIUS`] of the border.
fn eroded(plane: &[bool], width: usize) -> Vec<bool> {
	let height = plane.len() / width;
	let mut runs = vec![0; width];
	let mut result = vec![false; plane.len()];
	for y in 0..height {
		let mut run = 0;
		for x in 0..width {
			run = if plane[y * width + x] { run + 1 } else { 0 };
			if x + 1 < SIDE {
				continue;
			}
			let centre = x - RADIUS;
			runs[centre] = if run >= SIDE { runs[centre] + 1 } else { 0 };
			if runs[centre] >= SIDE {
				result[(y - RADIUS) * width + centre] = true;
			}
		}
	}
	result
}

/// For each missing cell the steps, also diagonal ones, to the nearest known cell; 0 for others.
fn depths(cells: &[Cell], width: usize) -> Vec<u16> {
	let mut depths: Vec<_> =
		cells.iter().map(|cell| if *cell == Cell::Known { 0 } else { u16::MAX }).collect();
	// Above and to the left first, then below and to the right; the padding keeps all within the plane.
	let reached = [width + 1, width, width - 1, 1];
	let inner = RADIUS * width..cells.len() - RADIUS * width;
	for cell in inner.clone() {
		let nearest = reached.iter().map(|step| depths[cell - step]).min().unwrap_or(u16::MAX);
		depths[cell] = depths[cell].min(nearest.saturating_add(1));
	}
	for cell in inner.rev() {
		let nearest = reached.iter().map(|step| depths[cell + step]).min().unwrap_or(u16::MAX);
		depths[cell] = depths[cell].min(nearest.saturating_add(1));
	}
	for (depth, cell) in depths.iter_mut().zip(cells) {
		if *cell != Cell::Missing {
			*depth = 0;
		}
	}
	depths
}
