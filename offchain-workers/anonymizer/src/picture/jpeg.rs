//! Whether a JPEG is whole. The decoder would fill what is missing with grey.

const END_OF_IMAGE: u8 = 0xd9;

/// Whether the end-of-image marker is reached (ISO/IEC 10918-1, B.1.1). What follows it does not count.
pub fn is_whole(bytes: &[u8]) -> bool {
	// The first marker, start of image, has no segment.
	let mut position = 2;
	while let Some(marker) = next_marker(bytes, &mut position) {
		if marker == END_OF_IMAGE {
			return true;
		}
		if let Some(&[high, low]) = bytes.get(position..).and_then(|rest| rest.first_chunk()) {
			position += usize::from(u16::from_be_bytes([high, low]));
		}
	}
	false
}

/// Moves behind the next marker that is no restart marker and returns it. In compressed data, the byte
/// 0xff that is no marker is followed by 0.
fn next_marker(bytes: &[u8], position: &mut usize) -> Option<u8> {
	loop {
		let begin = *position + bytes.get(*position..)?.iter().position(|byte| *byte == 0xff)?;
		let marker = *bytes.get(begin + 1)?;
		match marker {
			0xff => *position = begin + 1,
			0x00 | 0x01 | 0xd0..=0xd7 => *position = begin + 2,
			_ => {
				*position = begin + 2;
				return Some(marker);
			},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn only_the_end_marker_of_the_picture_itself_counts() {
		let thumbnail = [0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9];
		let scan = [0xff, 0xda, 0, 3, 1, 0x12, 0xff, 0x00, 0xd9, 0xff, 0xd0, 0x34];
		let begin = [&[0xff, 0xd8], &thumbnail[..], &scan].concat();
		assert!(!is_whole(&begin));
		assert!(is_whole(&[&begin[..], &[0xff, 0xd9]].concat()));
		assert!(is_whole(&[&begin[..], &[0xff, 0xff, 0xd9], b"trailing"].concat()));
	}
}
