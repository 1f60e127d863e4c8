//! Everything is killed at every step, and disks fill up: nothing is lost, and nothing happens twice.

use crate::readings;
use msec_end_to_end::{
	changes::Changes,
	files::copy_folder,
	ledger::{self, Ledger, Orders, ENDOWMENT, MSEC},
	market::{address, key, listing_arguments, member, Market},
	msec::Msec,
	process::{built, guarded, Process},
	requests::Request,
	services::Store,
	wait,
};
use serde_json::{json, Value};
use std::{
	path::{Path, PathBuf},
	process::Command,
};

/// Twenty batches of eight chunks: two rounds of uploads.
const ROWS: u32 = 14_000;
const CHUNKS_PER_BATCH: &str = "8";
const PRICE: u128 = 3 * MSEC;
const FEE: u128 = PRICE / 50;

/// How often a command changes its folder before it is killed: what it intends, what it signs and what
/// became of it are written down one after the other.
const KILLS: [u32; 4] = [1, 2, 3, 5];

/// Runs a command again and again, killing it with SIGKILL each time, and then lets it end.
async fn in_spite_of_kills(person: &Msec, arguments: &[&str]) -> Value {
	person.json_in_spite_of_kills(&KILLS, arguments).await
}

/// Fault: command, store, node and key agent are killed with SIGKILL at every step of a sale
/// Promise: the sale is done once, paid once and delivered with the same bytes, and what was
/// fetched is what was published
#[tokio::test]
async fn nothing_is_lost_and_nothing_happens_twice_when_processes_are_killed() {
	let mut market = Market::open().await;
	let owner = market.owner.clone();
	owner.text(&["key", "create", "main"]).await;
	in_spite_of_kills(&owner, &["key", "publish", "main"]).await;

	let arguments: Vec<String> =
		market.dataset_arguments("sensor").into_iter().map(String::from).collect();
	let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
	let dataset = member(&in_spite_of_kills(&owner, &arguments).await, "dataset");
	let datasets = owner.json(&["dataset", "list"]).await;
	assert_eq!(datasets.as_array().map(Vec::len), Some(1), "{datasets}");

	let text = readings::many(ROWS);
	publish_in_spite_of_everything(&mut market, &text).await;
	let terms = ["--price", "3", "--confirmation-period", "1h"];
	let list = [&listing_arguments(&dataset)[..], &terms].concat();
	let listing = member(&in_spite_of_kills(&owner, &list).await, "listing");
	let listings = owner.json(&["listing", "list"]).await;
	assert_eq!(listings.as_array().map(Vec::len), Some(1), "{listings}");

	market.agent.service.kill();
	let order = buy_once(&market, &listing).await;
	deliver_the_same_bytes_twice(&mut market, &order).await;
	fetch_in_spite_of_everything(&mut market, &order, &text).await;

	let buyer = market.buyer.clone();
	let confirmed = in_spite_of_kills(&buyer, &["confirm", &order]).await;
	assert_eq!(confirmed["state"], json!("settled"));
	check_money(&market).await;
}

/// The command is killed, then the store and the node while the command runs.
async fn publish_in_spite_of_everything(market: &mut Market, text: &str) {
	let file = market.sandbox.file("sensor.csv", text);
	let file = file.to_string_lossy().into_owned();
	let arguments = ["publish", "sensor", &file, "--chunks-per-batch", CHUNKS_PER_BATCH];
	let owner = market.owner.clone();
	for count in [2, 4, 7] {
		let published = owner.killed_at(count, owner.home(), &arguments).await;
		assert_eq!(published, None, "{count} changes are not enough to publish all");
	}
	let mut changes = Changes::of(owner.home());
	let (published, ()) = tokio::join!(owner.json(&arguments), async {
		// Without a node it would not even begin.
		wait::until("publishing goes on", wait::A_FEW_BLOCKS, async || {
			(changes.count() >= 2).then_some(())
		})
		.await;
		for _ in 0..2 {
			market.store.service.kill();
			market.store.service.restart().await;
		}
		market.node.kill();
		market.node.restart().await;
		market.node.wait_for_blocks(1).await;
	});
	let report = &published["files"][0];
	assert_eq!((&report["rows"], &report["rejected"]), (&json!(ROWS), &json!(0)));
	let again = owner.json(&arguments).await;
	assert_eq!(again["files"][0]["already_published"], json!(true));
	let shown = owner.json(&["dataset", "show", "sensor"]).await;
	assert_eq!(shown["batches"], report["batches"], "no batch is there twice");
	market.store.service.wait_until_ready().await;
}

async fn buy_once(market: &Market, listing: &str) -> String {
	let bought = in_spite_of_kills(&market.buyer, &["buy", listing]).await;
	assert_eq!(bought["state"], json!("awaiting-delivery"));
	let orders = market.buyer.json(&["orders"]).await;
	assert_eq!(orders.as_array().map(Vec::len), Some(1), "bought once: {orders}");
	member(&bought, "order")
}

/// The agent is killed while it delivers. Then the chain forgets the delivery and the agent its outbox:
/// the envelope is made again, and it is the same.
async fn deliver_the_same_bytes_twice(market: &mut Market, order: &str) {
	market.node.kill();
	let database = market.node.base_path().clone();
	let snapshot = market.sandbox.path().join("snapshot");
	copy_folder(&database, &snapshot);
	market.node.restart().await;

	for count in [1, 2] {
		let mut changes = Changes::of(market.agent.state());
		market.agent.service.restart().await;
		wait::until("the agent writes to its outbox", wait::A_FEW_BLOCKS, async || {
			(changes.count() >= count).then_some(())
		})
		.await;
		market.agent.service.kill();
	}
	market.agent.service.restart().await;
	let first = market.wait_for_delivery(order).await;

	market.agent.service.kill();
	market.node.kill();
	std::fs::remove_dir_all(&database).expect("the temporary folder can be written to");
	std::fs::rename(&snapshot, &database).expect("the temporary folder can be written to");
	std::fs::remove_dir_all(market.agent.state()).expect("the temporary folder can be written to");
	market.node.restart().await;
	let restored = market.order(order).await;
	assert!(market.envelope(order).await.is_none(), "the delivery is undone: {restored:?}");
	// It refuses a node that forgot what it called final, until somebody starts it again.
	market.store.service.restart().await;
	market.agent.service.restart().await;
	let second = market.wait_for_delivery(order).await;
	assert_eq!(hex::encode(first), hex::encode(second));
}

async fn fetch_in_spite_of_everything(market: &mut Market, order: &str, text: &str) {
	let folder = market.sandbox.folder("fetched");
	let output = folder.join("sensor.csv");
	let output_argument = output.to_string_lossy().into_owned();
	let arguments = ["fetch", order, "-o", &output_argument];
	let buyer = market.buyer.clone();
	for count in [1, 2, 4] {
		let fetched = buyer.killed_at(count, &folder, &arguments).await;
		assert_eq!(fetched, None, "{count} changes are not enough to fetch all");
	}
	let (_, ()) = tokio::join!(buyer.text(&arguments), async {
		market.store.service.kill();
		market.store.service.restart().await;
	});
	let fetched = std::fs::read_to_string(&output).expect("the file was fetched");
	assert!(fetched == text, "the file is the one that was published");
	let left = std::fs::read_dir(&folder).expect("a folder can be listed").count();
	assert_eq!(left, 1, "nothing is left beside the file");
}

/// One sale happened, and only one was paid for.
async fn check_money(market: &Market) {
	let ledger = Ledger::read(&market.chain).await;
	assert_eq!(ledger.orders, Orders { opened: 1, delivered: 1, settled: 1, refunded: 0 });
	let (seller, buyer) = (address("//Charlie"), address("//Bob"));
	let total = async |account| ledger::total(&market.chain, account).await;
	assert_eq!(total(&seller).await, ENDOWMENT + PRICE - FEE - ledger.fees_of(&seller));
	assert_eq!(total(&buyer).await, ENDOWMENT - PRICE - ledger.fees_of(&buyer));
}

/// A disk of a few mebibytes that only processes of this test see.
struct SmallDisk {
	holder: Process,
	folder: PathBuf,
}

impl SmallDisk {
	const MEBIBYTES: u64 = 16;

	/// Mounts it at `folder` in a mount namespace of its own, which ends with the test.
	async fn mount(logs: &Path, folder: &Path) -> Self {
		let script = "mount -t tmpfs -o size=$1m tmpfs \"$2\" && touch \"$2/mounted\" && exec sleep infinity";
		let mut command = guarded("unshare");
		if !is_root() {
			command.args(["--user", "--map-root-user"]);
		}
		command.args(["--mount", "sh", "-c", script, "sh"]);
		command.arg(Self::MEBIBYTES.to_string()).arg(folder);
		let holder = Process::start("disk", logs, &mut command);
		let mut disk = Self { holder, folder: folder.to_owned() };
		let mounted = disk.outside().join("mounted");
		wait::until("the disk is mounted", wait::A_FEW_BLOCKS, async || {
			disk.holder.assert_running();
			mounted.exists().then_some(())
		})
		.await;
		disk
	}

	/// Its folder, seen from outside of the namespace.
	fn outside(&self) -> PathBuf {
		let folder = self.folder.strip_prefix("/").expect("temporary folders are absolute; qed");
		Path::new("/proc").join(self.holder.id().to_string()).join("root").join(folder)
	}

	/// Starts programs where the disk is mounted.
	fn entering(&self, program: &'static str) -> impl Fn() -> Command + Send + 'static {
		let id = self.holder.id().to_string();
		move || {
			let mut command = guarded("nsenter");
			if !is_root() {
				command.args(["--user", "--preserve-credentials"]);
			}
			command.args(["--target", &id, "--mount", "--"]);
			command.arg(built(program).get_args().last().expect("a program is guarded; qed"));
			command
		}
	}

	/// Fills it but for `rest` bytes.
	fn fill(&self, rest: u64) {
		let ballast = vec![0; (Self::MEBIBYTES * 1_024 * 1_024) as usize];
		let path = self.outside().join("ballast");
		assert!(std::fs::write(&path, ballast).is_err(), "the disk is small");
		let size = path.metadata().expect("the file is there").len();
		let file = std::fs::OpenOptions::new().write(true).open(&path).expect("the file is there");
		file.set_len(size - rest).expect("a file can be cut");
	}

	/// Makes room again.
	fn clear(&self) {
		std::fs::remove_file(self.outside().join("ballast")).expect("the ballast is there");
	}
}

fn is_root() -> bool {
	use std::os::unix::fs::MetadataExt;
	std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Fault: the disk of the store is full (a file system of 16 MiB in a mount namespace of its own)
/// Promise: uploads are refused with 507 `disk-full`, nothing of them is there, the store stays up,
/// and publishing goes on when there is room
#[tokio::test]
async fn a_full_disk_is_named_and_publishing_goes_on_when_there_is_room() {
	let mut market = Market::open().await;
	let logs = market.sandbox.logs();
	let disk = SmallDisk::mount(&logs, &market.sandbox.folder("small")).await;
	let account = address("//Ferdie").to_string();
	let entering = disk.entering("msec-companion-db");
	let data = disk.folder.join("store");
	let mut small =
		Store::start_by(&logs, "small-store", &data, &account, &market.node.url(), entering);
	small.service.wait_until_ready().await;
	let endpoint = small.endpoint();
	let register = ["store", "register", &endpoint];
	let operator = market.person("small-operator", "//Ferdie");
	let owner = market.owner.clone();
	let keys = async {
		owner.text(&["key", "create", "main"]).await;
		owner.text(&["key", "publish", "main"]).await;
	};
	tokio::join!(operator.text(&register), keys);
	market.store = small;
	owner.text(&market.dataset_arguments("sensor")).await;

	let text = readings::many(60_000);
	let file = market.sandbox.file("sensor.csv", &text);
	let publish = ["publish", "sensor", &file.to_string_lossy()];
	disk.fill(512 * 1_024);
	let complaint = owner.refused(&publish).await;
	assert!(complaint.contains("507") && complaint.contains("disk is full"), "{complaint}");
	let complaint = owner.refused(&publish).await;
	assert!(complaint.contains("disk is full"), "{complaint}");
	assert!(market.store.service.is_ready().await, "the store stays up");
	let shown = owner.json(&["dataset", "show", "sensor"]).await;
	assert_eq!(shown["batches"], json!(0), "nothing is committed to that is not stored");
	let dataset = member(&shown, "dataset");
	let list = Request::get(format!("/v1/datasets/{dataset}/batches"));
	let list = list.sign(&key("//Charlie"), &market.store.account);
	let answer = list.send(&endpoint).await;
	assert_eq!(answer.body, b"[]", "nothing is half stored");

	disk.clear();
	let published = owner.json(&publish).await;
	assert_eq!(published["files"][0]["rows"], json!(60_000));
	let listing = market.list(&dataset, &["--free"]).await;
	let bought = market.buyer.json(&["buy", &listing, "--wait"]).await;
	let output = market.sandbox.path().join("fetched.csv");
	let order = member(&bought, "order");
	market.buyer.text(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
	assert!(std::fs::read_to_string(output).expect("the file was fetched") == text);
}
