//! The firmware's event log of a measured boot (TCG PC Client Platform Firmware Profile 1.05, 10), as the
//! kernel shows it in `binary_bios_measurements`.

use super::{extend, HashAlgorithm};
use std::collections::BTreeMap;

/// Longest log in bytes.
pub const MAX_LOG_LENGTH: usize = 16 * 1024 * 1024;
/// Most events; a boot has one or two hundred.
pub const MAX_EVENTS: usize = 65_536;
/// Most hash algorithms of one log.
const MAX_ALGORITHMS: usize = 8;
/// PCRs of a PC.
const PCRS: u32 = 24;
const EV_NO_ACTION: u32 = 0x0000_0003;
/// Events whose digest is that of their data (10.4.1), by number and by name.
const EVENTS_OF_DATA: [(u32, &str); 5] = [
	(0x0000_0004, "EV_SEPARATOR"),
	(0x0000_0005, "EV_ACTION"),
	(0x8000_0001, "EV_EFI_VARIABLE_DRIVER_CONFIG"),
	(0x8000_0006, "EV_EFI_GPT_EVENT"),
	(0x8000_0007, "EV_EFI_ACTION"),
];
const SPEC_ID: &[u8] = b"Spec ID Event03\0";
const STARTUP_LOCALITY: &[u8] = b"StartupLocality\0";

/// What is wrong with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
	/// It is longer than any.
	#[error("the log is longer than any")]
	TooLong,
	/// It ends in the middle.
	#[error("the log ends in the middle of it")]
	Truncated,
	/// The log does not begin as one with several hash algorithms does.
	#[error("it is not the header of a log with SHA-256 (Spec ID Event03)")]
	NotAHeader,
	/// A PCR that no PC has.
	#[error("there is no such PCR")]
	NoSuchPcr,
	/// The digests are not those that the header announces.
	#[error("its digests are not those that the header announces")]
	OtherDigests,
	/// The digest is not that of the event's data.
	#[error("its digest is not that of its data ({0})")]
	OtherData(&'static str),
	/// A second start, or one in the middle.
	#[error("the start of the platform is not at the beginning")]
	LateStart,
}

/// An event that cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {number} of the boot log: {fault}")]
pub struct BootError {
	/// Which, from 0, which is the header.
	pub number: usize,
	/// What is wrong.
	pub fault: Fault,
}

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
	/// The PCR that it extends.
	pub pcr: u8,
	/// Its kind (10.4.1).
	pub kind: u32,
	/// Its digest in the SHA-256 bank.
	pub digest: [u8; 32],
	/// Its data.
	pub data: &'a [u8],
}

/// A log that was replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay<'a> {
	/// The values, in the SHA-256 bank, of the PCRs that the log extends.
	pub values: BTreeMap<u8, [u8; 32]>,
	/// The events in order, without those that extend nothing.
	pub events: Vec<Event<'a>>,
}

/// Replays a log in the SHA-256 bank.
pub fn replay(log: &[u8]) -> Result<Replay<'_>, BootError> {
	let at = |number| move |fault| BootError { number, fault };
	if log.len() > MAX_LOG_LENGTH {
		return Err(at(0)(Fault::TooLong));
	}
	let mut reader = Reader(log);
	let algorithms = read_header(&mut reader).map_err(at(0))?;
	let mut replay = Replay { values: BTreeMap::new(), events: Vec::new() };
	let mut number = 0;
	while !reader.0.is_empty() {
		number += 1;
		replay.take(&mut reader, &algorithms, number).map_err(at(number))?;
	}
	Ok(replay)
}

impl<'a> Replay<'a> {
	fn take(
		&mut self,
		reader: &mut Reader<'a>,
		algorithms: &[(u16, usize)],
		number: usize,
	) -> Result<(), Fault> {
		if number > MAX_EVENTS {
			return Err(Fault::TooLong);
		}
		let event = read_event(reader, algorithms)?;
		if event.kind == EV_NO_ACTION {
			return self.start(&event);
		}
		ensure_data(&event)?;
		extend(self.values.entry(event.pcr).or_default(), &event.digest);
		self.events.push(event);
		Ok(())
	}

	/// PCR 0 begins with the locality from which the platform was started (10.4.5.3).
	fn start(&mut self, event: &Event<'_>) -> Result<(), Fault> {
		let Some(locality) = event.data.strip_prefix(STARTUP_LOCALITY) else {
			return Ok(());
		};
		let &[locality] = locality else {
			return Err(Fault::Truncated);
		};
		let mut value = [0; 32];
		value[31] = locality;
		match event.pcr == 0 && self.values.insert(0, value).is_none() {
			true => Ok(()),
			false => Err(Fault::LateStart),
		}
	}
}

/// The algorithms of the log: their TPM_ALG_ID and the length of their digests.
fn read_header(reader: &mut Reader<'_>) -> Result<Vec<(u16, usize)>, Fault> {
	const SHA1_DIGEST: usize = 20;
	// Platform class, versions, errata, size of an integer.
	const ABOUT_PLATFORM: usize = 8;
	let (pcr, kind) = (reader.u32()?, reader.u32()?);
	reader.bytes(SHA1_DIGEST)?;
	let mut data = Reader(reader.sized()?);
	if (pcr, kind) != (0, EV_NO_ACTION) || data.bytes(SPEC_ID.len())? != SPEC_ID {
		return Err(Fault::NotAHeader);
	}
	data.bytes(ABOUT_PLATFORM)?;
	let count = data.u32()? as usize;
	if count > MAX_ALGORITHMS {
		return Err(Fault::NotAHeader);
	}
	let mut algorithms = Vec::with_capacity(count);
	for _ in 0..count {
		algorithms.push((data.u16()?, usize::from(data.u16()?)));
	}
	let has_sha256 = algorithms.iter().any(|(id, length)| {
		HashAlgorithm::by_tpm_id(*id) == Some(HashAlgorithm::Sha256) && *length == 32
	});
	has_sha256.then_some(algorithms).ok_or(Fault::NotAHeader)
}

fn read_event<'a>(
	reader: &mut Reader<'a>,
	algorithms: &[(u16, usize)],
) -> Result<Event<'a>, Fault> {
	let pcr = reader.u32()?;
	if pcr >= PCRS {
		return Err(Fault::NoSuchPcr);
	}
	let kind = reader.u32()?;
	let digest = read_sha256(reader, algorithms)?;
	Ok(Event { pcr: pcr as u8, kind, digest, data: reader.sized()? })
}

fn read_sha256(reader: &mut Reader<'_>, algorithms: &[(u16, usize)]) -> Result<[u8; 32], Fault> {
	if reader.u32()? as usize != algorithms.len() {
		return Err(Fault::OtherDigests);
	}
	let mut found = None;
	for _ in 0..algorithms.len() {
		let id = reader.u16()?;
		let (_, length) =
			algorithms.iter().find(|(known, _)| *known == id).ok_or(Fault::OtherDigests)?;
		let digest = reader.bytes(*length)?;
		if HashAlgorithm::by_tpm_id(id) == Some(HashAlgorithm::Sha256) {
			found = digest.try_into().ok();
		}
	}
	found.ok_or(Fault::OtherDigests)
}

fn ensure_data(event: &Event<'_>) -> Result<(), Fault> {
	let known = EVENTS_OF_DATA.iter().find(|(kind, _)| *kind == event.kind);
	match known {
		Some((_, name)) if HashAlgorithm::Sha256.digest(event.data) != event.digest => {
			Err(Fault::OtherData(name))
		},
		_ => Ok(()),
	}
}

/// Reads little endian, as PCs write.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
	fn bytes(&mut self, length: usize) -> Result<&'a [u8], Fault> {
		let (taken, rest) = self.0.split_at_checked(length).ok_or(Fault::Truncated)?;
		self.0 = rest;
		Ok(taken)
	}

	fn u16(&mut self) -> Result<u16, Fault> {
		Ok(u16::from_le_bytes(self.bytes(2)?.try_into().map_err(|_| Fault::Truncated)?))
	}

	fn u32(&mut self) -> Result<u32, Fault> {
		Ok(u32::from_le_bytes(self.bytes(4)?.try_into().map_err(|_| Fault::Truncated)?))
	}

	/// Bytes after their length in four bytes.
	fn sized(&mut self) -> Result<&'a [u8], Fault> {
		let length = self.u32()? as usize;
		self.bytes(length)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use sha2::{Digest, Sha256};

	const EV_SEPARATOR: u32 = 4;
	const EV_IPL: u32 = 0x0d;

	fn header() -> Vec<u8> {
		let mut data = SPEC_ID.to_vec();
		data.extend([0, 0, 0, 0, 0, 2, 0, 2]);
		data.extend(2u32.to_le_bytes());
		data.extend([0x04, 0, 20, 0, 0x0b, 0, 32, 0, 0]);
		let mut bytes = [0u32.to_le_bytes(), EV_NO_ACTION.to_le_bytes()].concat();
		bytes.extend([0; 20]);
		bytes.extend((data.len() as u32).to_le_bytes());
		[bytes, data].concat()
	}

	fn event(pcr: u32, kind: u32, digest: [u8; 32], data: &[u8]) -> Vec<u8> {
		let mut bytes = [pcr.to_le_bytes(), kind.to_le_bytes(), 2u32.to_le_bytes()].concat();
		bytes.extend([0x04, 0]);
		bytes.extend([1; 20]);
		bytes.extend([0x0b, 0]);
		bytes.extend(digest);
		bytes.extend((data.len() as u32).to_le_bytes());
		bytes.extend(data);
		bytes
	}

	fn separator(pcr: u32) -> Vec<u8> {
		event(pcr, EV_SEPARATOR, Sha256::digest([0; 4]).into(), &[0; 4])
	}

	fn fault_of(log: &[u8]) -> (usize, Fault) {
		let error = replay(log).unwrap_err();
		(error.number, error.fault)
	}

	#[test]
	fn events_extend_their_pcr_in_order() {
		let grub = event(4, EV_IPL, [7; 32], b"grub");
		let log = [header(), grub, separator(4), separator(0)].concat();
		let replayed = replay(&log).unwrap();
		let mut four = [0; 32];
		extend(&mut four, &[7; 32]);
		extend(&mut four, &Sha256::digest([0; 4]).into());
		assert_eq!(replayed.values[&4], four);
		assert_eq!(replayed.values.len(), 2);
		assert_eq!(replayed.events[0].data, b"grub");
	}

	#[test]
	fn the_locality_of_the_start_begins_pcr_0() {
		let start = event(0, EV_NO_ACTION, [0; 32], b"StartupLocality\0\x03");
		let log = [header(), start.clone(), separator(0)].concat();
		let replayed = replay(&log).unwrap();
		let mut value = [0; 32];
		value[31] = 3;
		extend(&mut value, &Sha256::digest([0; 4]).into());
		assert_eq!(replayed.values[&0], value);
		let late = [header(), separator(0), start].concat();
		assert_eq!(fault_of(&late), (2, Fault::LateStart));
		let cut = event(0, EV_NO_ACTION, [0; 32], b"StartupLocality\0");
		assert_eq!(fault_of(&[header(), cut].concat()), (1, Fault::Truncated));
	}

	#[test]
	fn faults_name_the_event() {
		let good = [header(), separator(1)].concat();
		assert_eq!(fault_of(b"bogus\ninvalid\nevent\nlog\n"), (0, Fault::Truncated));
		assert_eq!(fault_of(&[0; 200]), (0, Fault::NotAHeader));
		let other = event(1, EV_SEPARATOR, [9; 32], &[0; 4]);
		let fault = Fault::OtherData("EV_SEPARATOR");
		assert_eq!(fault_of(&[good.clone(), other].concat()), (2, fault));
		assert_eq!(fault_of(&[good.clone(), separator(24)].concat()), (2, Fault::NoSuchPcr));
		assert_eq!(fault_of(&good[..good.len() - 1]), (1, Fault::Truncated));
		let mut digests = good.clone();
		let length = header().len();
		digests[length + 8] = 1;
		assert_eq!(fault_of(&digests), (1, Fault::OtherDigests));
	}

	proptest! {
		#[test]
		fn any_bytes_are_replayed_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
			let _ = replay(&bytes);
			let _ = replay(&[header(), bytes].concat());
		}

		#[test]
		fn any_change_of_a_digest_changes_a_value(at in 0usize..64, change in 1u8..=255) {
			let log = [header(), event(8, EV_IPL, [7; 32], b""), event(9, EV_IPL, [8; 32], b"")];
			let honest = log.concat();
			let mut changed = honest.clone();
			let second = honest.len() - 4 - 32;
			let first = second - log[1].len();
			changed[if at < 32 { first + at } else { second + at - 32 }] ^= change;
			let (honest, changed) = (replay(&honest).unwrap(), replay(&changed).unwrap());
			prop_assert_ne!(honest.values, changed.values);
		}
	}
}
