//! Devices that are registered and endorsed, and some that sell.

use crate::device::{reference_values, Device, ALLOWED, VALIDITY};
use anyhow::Context;
use msec_end_to_end::{
	devices::accredit,
	ledger::MSEC,
	sandbox::Sandbox,
	throughput::{
		accounts::address,
		blocks::ensure_success,
		chains::Chain,
		listings,
		load::{execute, Load, Pace},
		watch::Run,
	},
};
use msec_worker_common::{
	chain::attestation::{assign_dataset, endorse, fund_quotes, publish_profile},
	H256,
};
use sp_crypto_hashing::blake2_256;
use subxt::ext::codec::Encode;
use subxt_signer::sr25519::{dev, Keypair};

/// The pallet of devices.
pub const PALLET: &str = "Attestation";
/// What each owner sets aside for quotes: for two hundred of them.
const BUDGET: u128 = MSEC;

/// A device whose data are on offer.
pub struct Seller<'a> {
	/// The device.
	pub device: &'a Device,
	/// Its listing, of attested data.
	pub listing: H256,
}

/// Registers, funds and endorses a device for each owner.
pub async fn register(chain: &Chain, owners: &[Keypair]) -> anyhow::Result<Vec<Device>> {
	let devices: Vec<_> = (0..owners.len()).map(Device::new).collect();
	let profile = publish(chain).await?;
	execute(chain, owners, 0, (PALLET, "DeviceRegistered"), |owner| {
		devices[owner].register(profile)
	})
	.await?;
	execute(chain, owners, 1, (PALLET, "QuotesFunded"), |owner| {
		fund_quotes(devices[owner].id, BUDGET)
	})
	.await?;
	let nonces = 1..1 + devices.len() as u32;
	let load = Load::sign_from(chain, &[registrar()], nonces, |_, nonce| {
		endorse(devices[nonce as usize - 1].id, profile)
	})
	.await?;
	let run = load.run(chain, Pace::Everything).await?;
	ensure_success(chain, &run, PALLET, "DeviceEndorsed").await?;
	Ok(devices)
}

/// Who publishes the profile and endorses.
fn registrar() -> Keypair {
	dev::ferdie()
}

/// Has the council accredit the registrar, and the registrar publish the profile of all devices.
async fn publish(chain: &Chain) -> anyhow::Result<H256> {
	let sandbox = Sandbox::default();
	let publisher = address(&registrar());
	accredit(&chain.client, sandbox.path(), publisher).await?;
	execute(chain, &[registrar()], 0, (PALLET, "ProfilePublished"), |_| {
		publish_profile(reference_values())
	})
	.await?;
	Ok(H256(blake2_256(&(publisher, reference_values()).encode())))
}

/// Has each device show a quote as it should be; all at once.
pub async fn quote(chain: &Chain, devices: &[Device]) -> anyhow::Result<Run> {
	let (genesis, block) = (chain.client.genesis(), chain.client.finalized().await?);
	let quotes = devices.iter().map(|device| device.quote(&genesis, &block, ALLOWED));
	Load::bare(chain, quotes).await?.run(chain, Pace::Everything).await
}

/// Has each owner offer what the device signed. The owners are those of the devices, and have made two
/// transactions.
pub async fn sell<'a>(
	chain: &Chain,
	owners: &[Keypair],
	devices: &'a [Device],
) -> anyhow::Result<Vec<Seller<'a>>> {
	let store = dev::dave();
	listings::register_store(chain, &store).await?;
	let datasets = listings::create_datasets(chain, owners, 2, &store).await?;
	execute(chain, owners, 4, (PALLET, "DatasetAssigned"), |owner| {
		assign_dataset(devices[owner].id, datasets[owner])
	})
	.await?;
	let run = quote(chain, devices).await?;
	ensure_success(chain, &run, PALLET, "QuoteAppraised").await?;
	attest(chain, owners, devices, &datasets).await?;
	let listings = listings::list(chain, owners, 7, &datasets, Some(VALIDITY)).await?;
	let sellers = devices.iter().zip(listings);
	Ok(sellers.map(|(device, (listing, _))| Seller { device, listing }).collect())
}

/// Has each device sign all batches of its data set.
async fn attest(
	chain: &Chain,
	owners: &[Keypair],
	devices: &[Device],
	datasets: &[H256],
) -> anyhow::Result<()> {
	let genesis = chain.client.genesis();
	execute(chain, owners, 5, (PALLET, "BatchKeyCertified"), |owner| {
		devices[owner].certify(&genesis)
	})
	.await?;
	let block = chain.client.finalized().await?;
	let mut ranges = Vec::new();
	for dataset in datasets {
		let found = block.dataset(&dataset.0).await?.and_then(|found| found.range());
		ranges.push(found.context("a data set has no batches")?);
	}
	execute(chain, owners, 6, (PALLET, "BatchesAttested"), |owner| {
		devices[owner].attest(&genesis, datasets[owner], ranges[owner])
	})
	.await
}
