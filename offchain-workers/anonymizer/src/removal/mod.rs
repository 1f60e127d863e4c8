//! Painting over what must vanish. Pixels under a mask never influence the result: each method reads
//! nothing but what stays visible, so nothing can be undone.
//!
//! A [`Region`] is a shape about a detection, a [`Mask`] the pixels of all of them. [`remove`] paints over
//! one picture; a [`Background`] knows what a fixed camera saw there at other times.

pub mod background;
pub mod mask;
pub mod region;

mod area;
mod blur;
mod inpainting;
mod membrane;
mod mosaic;
mod solid;
mod window;

#[cfg(test)]
mod tests;

pub use background::Background;
pub use mask::{Mask, Span};
pub use region::Region;

use image::RgbImage;
use serde::{Deserialize, Serialize};

/// How something vanishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
	/// One colour.
	Solid,
	/// Blocks in the colours of the surroundings, in turn lighter and darker.
	#[default]
	Mosaic,
	/// A smooth transition between the colours of the surroundings.
	Blur,
	/// In-painting, as if nothing had been there.
	Remove,
}

/// Paints over everything that `mask` hides. The same frame, mask and method always give the same
/// pixels, and what the mask does not hide stays as it is.
///
/// # Panics
///
/// When the mask was made for a frame of another size.
pub fn remove(frame: &mut RgbImage, mask: &Mask, method: Method) {
	assert_eq!(frame.dimensions(), mask.dimensions(), "the mask is for a frame of another size");
	match method {
		Method::Solid => solid::paint(frame, mask),
		Method::Mosaic => mosaic::paint(frame, mask),
		Method::Blur => blur::paint(frame, mask),
		Method::Remove => inpainting::paint(frame, mask),
	}
}
