//! Clients that are slow, send too much, or do nothing at all.

use super::Scene;
use futures::{future::join_all, stream, StreamExt};
use msec_commitments::ChunkKey;
use msec_end_to_end::{
	market::Market,
	process::built,
	repetitions::repetitions,
	requests::{Answer, Request, SignedRequest},
	services::Store,
	wait,
};
use msec_worker_common::batch_frame::Frame;
use reqwest::{Client, Method, StatusCode};
use std::{
	fs,
	net::SocketAddr,
	process::Command,
	time::{Duration, Instant},
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{tcp::OwnedReadHalf, TcpStream},
	time::timeout,
};

/// Between two bytes of a client that is slow on purpose.
const TRICKLE: Duration = Duration::from_millis(500);
/// Longest time until a client is cut off, whatever it does.
const PATIENCE: Duration = Duration::from_secs(90);
/// Longest time for an answer to a client that behaves.
const PROMPT: Duration = Duration::from_secs(10);
/// Most memory of a store, in kibibytes.
const MEMORY: u64 = 512 * 1024;
const MEBIBYTE: usize = 1024 * 1024;
/// Open files that a process may have, which is more than any of these tests needs.
const OPEN_FILES: u32 = 16_384;
/// The beginning of a frame.
const FRAME_OF_ONE_CHUNK: &str = "MSB1\0\0\0\0\x01\0\0\0";
/// Connections that are opened at a time.
const AT_ONCE: usize = 200;

/// The market's store, started again with these options.
async fn restart_with(market: &mut Market, options: &[String]) -> Store {
	market.store.service.kill();
	let options = options.to_vec();
	let program = move || {
		let mut command = built("msec-companion-db");
		command.args(&options);
		command
	};
	let (logs, url) = (market.sandbox.logs(), market.node.url());
	let (data, account) = (market.store.data(), &market.store.account);
	let mut store = Store::start_by(&logs, "busy-store", data, account, &url, program);
	store.service.wait_until_ready().await;
	store
}

async fn connect(store: &Store) -> TcpStream {
	let address: SocketAddr =
		store.endpoint().trim_start_matches("http://").parse().expect("an endpoint has an address");
	TcpStream::connect(address).await.expect("the store listens")
}

/// A connection of a client that goes on to do nothing. Without the byte, those that come while the kernel's
/// queue is full would never be connections of the store, and the client would not know.
async fn connect_idle(store: &Store) -> TcpStream {
	let mut stream = connect(store).await;
	stream.write_all(b"G").await.expect("the store listens");
	stream
}

/// The head of a request with another line, as it is sent.
fn head(signed: &SignedRequest, line: &str) -> String {
	let SignedRequest { request, content_digest, signature_input, signature } = signed;
	let Request { method, path, .. } = request;
	format!(
		"{method} {path} HTTP/1.1\r\nhost: store\r\ncontent-digest: {content_digest}\r\n\
		signature-input: {signature_input}\r\nsignature: {signature}\r\n{line}\r\n\r\n"
	)
}

/// What comes until the store ends the connection; it must do so.
async fn rest(mut stream: impl AsyncReadExt + Unpin) -> String {
	let mut answer = Vec::new();
	// A connection that is reset has ended as well.
	let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is cut off");
	String::from_utf8_lossy(&answer).into_owned()
}

/// Sends `begin`, and then a byte after the other; what the store answers until it ends the connection.
async fn trickle(store: &Store, begin: &str) -> String {
	let (reader, mut writer): (OwnedReadHalf, _) = connect(store).await.into_split();
	writer.write_all(begin.as_bytes()).await.expect("the store listens");
	let dripping = tokio::spawn(async move {
		while writer.write_all(b"x").await.is_ok() {
			tokio::time::sleep(TRICKLE).await;
		}
	});
	let answer = rest(reader).await;
	dripping.abort();
	answer
}

/// Whether the store answers others at once.
async fn is_prompt(store: &Store) {
	let url = format!("{}/openapi.json", store.endpoint());
	let answer = timeout(PROMPT, reqwest::get(url)).await.expect("the store answers in time");
	assert!(answer.is_ok_and(|answer| answer.status().is_success()));
}

fn upload(scene: &Scene, store: &Store) -> SignedRequest {
	Request::new(Method::POST, scene.batches()).sign(&scene.owner, &store.account)
}

/// Sends a whole frame that is too large, without saying how large; a status, if the answer is not lost.
async fn send_without_length(scene: &Scene, store: &Store) -> Option<StatusCode> {
	let chunk = ChunkKey::from_bytes([1; 32]).seal(&[1; 4_000]).expect("a chunk can be sealed");
	let frame = Frame::new(1, &vec![chunk; 500]).expect("a frame is made");
	assert!(frame.bytes().len() > MEBIBYTE);
	let signed = upload(scene, store);
	let parts: Vec<_> = frame.bytes().chunks(16 * 1024).map(|part| part.to_vec()).collect();
	let body = stream::iter(parts.into_iter().map(Ok::<_, std::io::Error>));
	let sent = Client::new()
		.post(format!("{}{}", store.endpoint(), scene.batches()))
		.header("content-digest", &signed.content_digest)
		.header("signature-input", &signed.signature_input)
		.header("signature", &signed.signature)
		.body(reqwest::Body::wrap_stream(body))
		.send()
		.await;
	// It is lost when the connection ends before the body was sent.
	sent.ok().map(|answer| answer.status())
}

async fn list(scene: &Scene, store: &Store) -> Answer {
	let request = Request::get(scene.batches()).sign(&scene.owner, &store.account);
	request.send(&store.endpoint()).await
}

/// Fault: clients send heads and bodies byte by byte (slow loris), heads of more than 128 KiB, and
/// bodies of more than the store takes, with and without saying so
/// Promise: they are cut off, or refused with 408, 413 or 431; others are answered meanwhile, and
/// nothing of it is stored
#[tokio::test]
async fn who_is_slow_or_sends_too_much_is_cut_off() {
	let slow = repetitions(50, 900);
	allow_open_files();
	let mut scene = Scene::open().await;
	let store = restart_with(&mut scene.market, &["--max-upload-mib=1".to_owned()]).await;
	scene.ask_until_served(&store).await;
	let before = list(&scene, &store).await;

	let oversized = head(&upload(&scene, &store), &format!("content-length: {}", 2 * MEBIBYTE));
	let slow_body = head(&upload(&scene, &store), "content-length: 500000") + FRAME_OF_ONE_CHUNK;
	let large_head = head(&upload(&scene, &store), &format!("x-large: {}", "x".repeat(200_000)));
	let answer = async |text: &str| {
		let mut stream = connect(&store).await;
		// The store need not read all of it.
		let _ = stream.write_all(text.as_bytes()).await;
		rest(stream).await
	};
	let heads = join_all((0..slow).map(|_| trickle(&store, "GET / HTTP/1.1\r\nx-slow: ")));
	let (heads, body, declared, large, undeclared, ()) = tokio::join!(
		heads,
		trickle(&store, &slow_body),
		answer(&oversized),
		answer(&large_head),
		send_without_length(&scene, &store),
		is_prompt(&store),
	);
	let is_refused = |answer: &str, status: &str| {
		assert!(answer.is_empty() || answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
	};
	heads.iter().for_each(|answer| is_refused(answer, "408"));
	is_refused(&body, "408");
	assert!(declared.starts_with("HTTP/1.1 413"), "{declared}");
	is_refused(&large, "431");
	assert!(undeclared.is_none_or(|status| status == StatusCode::PAYLOAD_TOO_LARGE));
	is_prompt(&store).await;
	assert_eq!(list(&scene, &store).await, before, "nothing was stored");
	assert!(store.service.is_ready().await, "the store stays up");
}

/// Allows this process, and those that it starts from now on, enough open files.
fn allow_open_files() {
	let process = std::process::id().to_string();
	let limit = format!("--nofile={OPEN_FILES}:");
	let allowed = Command::new("prlimit").args(["--pid", &process, &limit]).status();
	assert!(
		allowed.is_ok_and(|status| status.success()),
		"{OPEN_FILES} open files are not allowed; raise the hard limit (ulimit -Hn)"
	);
}

/// Most memory that a process had until now, in kibibytes.
fn peak_memory(process: u32) -> u64 {
	let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
	let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says it");
	line.trim().trim_end_matches(" kB").parse().expect("it is a number")
}

/// Fault: thousands of clients connect and send a single byte
/// Promise: requests are answered meanwhile, memory stays under 512 MiB, and the silent ones are
/// cut off after 15 seconds
#[tokio::test]
async fn idle_connections_disturb_nobody() {
	let count = repetitions(1_000, 10_000) as usize;
	allow_open_files();
	let mut scene = Scene::open().await;
	let option = format!("--max-connections={}", count + 100);
	let mut store = restart_with(&mut scene.market, &[option]).await;
	scene.ask_until_served(&store).await;

	let begun = Instant::now();
	let connections: Vec<_> = stream::iter(0..count)
		.map(|_| connect_idle(&store))
		.buffer_unordered(AT_ONCE)
		.collect()
		.await;
	let asked = scene.ask(&store, &scene.owner);
	let answer = timeout(PROMPT, asked).await.expect("the store answers in time");
	assert_eq!(answer.status, StatusCode::OK);
	let took = begun.elapsed();
	assert!(took < Duration::from_secs(15), "all were connected at once: {took:?}");
	let memory = peak_memory(store.service.process().id());
	assert!(memory < MEMORY, "{memory} KiB");

	let answers = join_all(connections.into_iter().map(rest)).await;
	assert_eq!(answers.len(), count);
	assert!(answers.iter().all(|answer| !answer.contains(" 200 ")));
	wait::until("the store has closed them", wait::A_FEW_BLOCKS, async || {
		let files = fs::read_dir(format!("/proc/{}/fd", store.service.process().id()));
		(files.expect("it runs").count() < count).then_some(())
	})
	.await;
	assert_eq!(scene.ask(&store, &scene.owner).await.status, StatusCode::OK);
}
