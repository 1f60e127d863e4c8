//! The same runtime under a later version, without a compiler.

/// The runtime `code` with `spec_version` `to` in place of `from`, wherever it says its version: in the
/// section by which the node knows it, in the constant that the runtime answers with, and in what the
/// signatures of transactions cover.
///
/// # Panics
///
/// When one of these places is not found.
pub fn with_spec_version(code: &[u8], from: u32, to: u32) -> Vec<u8> {
	let mut code = code.to_vec();
	let version = |spec_version: u32| {
		// authoring_version, spec_version, impl_version
		[1, spec_version, 1].map(u32::to_le_bytes).concat()
	};
	// The two versions that transaction extensions sign lie side by side: spec and transaction version.
	let signed = |spec_version: u32| instruction(u64::from(spec_version) | 1 << 32);
	for section in sections(&code) {
		let (old, new) = match section.id {
			CODE => (signed(from), signed(to)),
			DATA => (version(from), version(to)),
			CUSTOM if section.name == b"runtime_version" => (version(from), version(to)),
			_ => continue,
		};
		assert_eq!(old.len(), new.len(), "versions must be of equal length");
		let place = &mut code[section.start..section.end];
		let found = replace(place, &old, &new);
		assert!(found > 0, "section {} of the runtime does not have its version", section.id);
	}
	code
}

const CUSTOM: u8 = 0;
const CODE: u8 = 10;
const DATA: u8 = 11;
const HEADER_LENGTH: usize = 8;

struct Section {
	id: u8,
	name: Vec<u8>,
	start: usize,
	end: usize,
}

fn sections(code: &[u8]) -> Vec<Section> {
	let mut sections = Vec::new();
	let mut position = HEADER_LENGTH;
	while let Some(id) = code.get(position).copied() {
		let (length, start) = unsigned(code, position + 1);
		let end = start + length;
		let name = match id {
			CUSTOM => {
				let (length, start) = unsigned(code, start);
				code[start..start + length].to_vec()
			},
			_ => Vec::new(),
		};
		sections.push(Section { id, name, start, end });
		position = end;
	}
	sections
}

/// A number in unsigned LEB128 and where it ends.
fn unsigned(code: &[u8], mut position: usize) -> (usize, usize) {
	let (mut number, mut shift) = (0, 0);
	loop {
		let byte = code[position];
		position += 1;
		number |= usize::from(byte & 0x7f) << shift;
		shift += 7;
		if byte & 0x80 == 0 {
			return (number, position);
		}
	}
}

/// `i64.const number`, for numbers below 2⁶².
fn instruction(mut number: u64) -> Vec<u8> {
	let mut bytes = vec![0x42];
	loop {
		let byte = (number & 0x7f) as u8;
		number >>= 7;
		if number == 0 && byte & 0x40 == 0 {
			bytes.push(byte);
			return bytes;
		}
		bytes.push(byte | 0x80);
	}
}

fn replace(place: &mut [u8], old: &[u8], new: &[u8]) -> usize {
	let found: Vec<_> = memchr::memmem::find_iter(place, old).collect();
	for position in &found {
		place[*position..position + new.len()].copy_from_slice(new);
	}
	found.len()
}
