mod background;
mod inpainting;
mod mask;
mod privacy;

use super::{Mask, Method, Region};
use crate::{detection::Class, geometry::BoundingBox};
use image::{Rgb, RgbImage};

const METHODS: [Method; 4] = [Method::Solid, Method::Mosaic, Method::Blur, Method::Remove];

fn region(class: Class, [x_min, y_min, x_max, y_max]: [f32; 4]) -> Region {
	Region { class, bounding_box: BoundingBox { x_min, y_min, x_max, y_max } }
}

/// A mask over one box.
fn box_mask(frame: &RgbImage, edges: [f32; 4]) -> Mask {
	Mask::new(frame.width(), frame.height(), &[region(Class::Vehicle, edges)])
}

/// Values that look random, the same for the same place and seed.
fn noise(x: u32, y: u32, seed: u64) -> [u8; 3] {
	let place = (u64::from(x) << 32) | u64::from(y);
	let mixed = (place ^ seed.rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
	let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
	let [.., red, green, blue] = (mixed ^ (mixed >> 32)).to_be_bytes();
	[red, green, blue]
}

/// A picture with structures of several sizes.
fn picture(width: u32, height: u32, seed: u64) -> RgbImage {
	RgbImage::from_fn(width, height, |x, y| {
		let [red, green, blue] = noise(x / 5, y / 3, seed);
		Rgb([red, green / 2 + (x % 128) as u8, blue / 2 + (y % 128) as u8])
	})
}

/// The same picture with noise wherever the mask hides something.
fn with_noise(frame: &RgbImage, mask: &Mask, seed: u64) -> RgbImage {
	RgbImage::from_fn(frame.width(), frame.height(), |x, y| {
		if mask.hides(x, y) {
			Rgb(noise(x, y, seed))
		} else {
			*frame.get_pixel(x, y)
		}
	})
}
