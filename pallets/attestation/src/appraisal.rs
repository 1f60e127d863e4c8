//! Appraisal of Evidence (RFC 9334, section 8.1): a genuine quote against its reference values.

use crate::{ClockInfo, Contraindication, ReferenceValues, TrustTier};
use msec_evidence::Quote;
use sp_core::H256;

/// What a quote says of its device.
///
/// `pcr_values` are those of the quoted registers, which are the profile's, in ascending order;
/// `highest_clock` the highest counters so far. Of several reasons the first counts: firmware, registers,
/// clock.
pub(crate) fn appraise<BlockNumber>(
	values: &ReferenceValues<BlockNumber>,
	quote: &Quote,
	pcr_values: &[H256],
	highest_clock: Option<ClockInfo>,
) -> TrustTier {
	let reason = firmware(values, quote)
		.or_else(|| registers(values, pcr_values))
		.or_else(|| clock(quote, highest_clock));
	reason.map_or(TrustTier::Affirming, TrustTier::Contraindicated)
}

fn firmware<BlockNumber>(
	values: &ReferenceValues<BlockNumber>,
	quote: &Quote,
) -> Option<Contraindication> {
	let allowed = values.lowest_firmware..=values.highest_firmware;
	(!allowed.contains(&quote.firmware_version)).then_some(Contraindication::FirmwareNotAllowed)
}

fn registers<BlockNumber>(
	values: &ReferenceValues<BlockNumber>,
	pcr_values: &[H256],
) -> Option<Contraindication> {
	let mut registers = values.pcrs.iter().zip(pcr_values);
	let (wrong, _) = registers.find(|(pcr, value)| !pcr.allowed.contains(value))?;
	Some(Contraindication::PcrNotAllowed { index: wrong.index })
}

fn clock(quote: &Quote, highest: Option<ClockInfo>) -> Option<Contraindication> {
	if !quote.safe {
		return Some(Contraindication::ClockUnsafe);
	}
	let went_back = Some(ClockInfo::from(quote)) < highest;
	went_back.then_some(Contraindication::ClockWentBack)
}
