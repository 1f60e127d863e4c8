//! A store that lies, as others see it.

use crate::ports;
use axum::{
	body::to_bytes,
	extract::{Request, State},
	http::{
		header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING},
		StatusCode,
	},
	Router,
};
use reqwest::{Client, Method};
use std::{
	net::Ipv4Addr,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// Hands on to a store whatever it is asked, and while it lies, flips a bit in each batch that it brings
/// back.
pub struct Liar {
	endpoint: String,
	lies: Arc<AtomicBool>,
	server: JoinHandle<()>,
}

/// What requests need.
#[derive(Clone)]
struct Store {
	endpoint: String,
	lies: Arc<AtomicBool>,
	http: Client,
}

impl Liar {
	/// Stands in front of the store at `endpoint`. It begins honestly.
	pub async fn start(endpoint: String) -> Self {
		let port = ports::free();
		let listener =
			TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("the port is free");
		let lies = Arc::new(AtomicBool::new(false));
		let store = Store { endpoint, lies: lies.clone(), http: Client::new() };
		let router = Router::new().fallback(hand_on).with_state(store);
		let server = tokio::spawn(async move {
			axum::serve(listener, router).await.expect("it serves until it is dropped");
		});
		Self { endpoint: format!("http://127.0.0.1:{port}"), lies, server }
	}

	/// Where it answers.
	pub fn endpoint(&self) -> &str {
		&self.endpoint
	}

	/// Whether it lies from now on.
	pub fn set_lying(&self, lies: bool) {
		self.lies.store(lies, Ordering::SeqCst);
	}
}

impl Drop for Liar {
	fn drop(&mut self) {
		self.server.abort();
	}
}

async fn hand_on(State(store): State<Store>, request: Request) -> (StatusCode, Vec<u8>) {
	let (head, body) = request.into_parts();
	let Ok(body) = to_bytes(body, usize::MAX).await else {
		return (StatusCode::BAD_REQUEST, Vec::new());
	};
	let mut headers = head.headers;
	// These are of the connection, and are not signed.
	for name in [CONTENT_LENGTH, HOST, TRANSFER_ENCODING] {
		headers.remove(name);
	}
	let is_batch = head.method == Method::GET && is_batch(head.uri.path());
	let asked = store.http.request(head.method, format!("{}{}", store.endpoint, head.uri));
	let Ok(answer) = asked.headers(headers).body(body).send().await else {
		return (StatusCode::BAD_GATEWAY, Vec::new());
	};
	let status = answer.status();
	let Ok(answer) = answer.bytes().await else {
		return (StatusCode::BAD_GATEWAY, Vec::new());
	};
	let mut answer = answer.to_vec();
	let lies = store.lies.load(Ordering::SeqCst) && is_batch && status.is_success();
	// It is of the ciphertext of the last chunk.
	if let Some(byte) = answer.last_mut().filter(|_| lies) {
		*byte ^= 1;
	}
	(status, answer)
}

/// Whether that is the path of one batch.
fn is_batch(path: &str) -> bool {
	path.rsplit('/').nth(1) == Some("batches")
}
