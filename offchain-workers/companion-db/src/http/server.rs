//! Connections: how many there are, and how long each may wait for its client.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
	rt::{TokioIo, TokioTimer},
	service::TowerToHyperService,
};
use std::{io, pin::pin, sync::Arc, time::Duration};
use tokio::{
	net::{TcpListener, TcpStream},
	sync::Semaphore,
	time::timeout,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

/// Longest that requests under way are waited for in the end.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing is accepted after the system refused a connection, as it does without free files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Most bytes that are buffered in each direction of a connection; a head of twice as many is refused.
const MAX_BUFFER: usize = 64 * 1024;

/// How long clients are waited for, and how many at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
	/// Most connections at a time; further ones wait.
	pub most: u32,
	/// Longest that a client may take for the head of a request, or between two requests.
	pub head_patience: Duration,
	/// Longest that a client may take to fetch the next bytes of an answer.
	pub answer_patience: Duration,
}

impl Default for Connections {
	fn default() -> Self {
		Self {
			most: 1024,
			head_patience: Duration::from_secs(15),
			answer_patience: Duration::from_secs(30),
		}
	}
}

/// Serves until `stop`, and then until the requests under way are answered.
pub async fn serve(
	listener: TcpListener,
	router: Router,
	limits: Connections,
	stop: CancellationToken,
) -> io::Result<()> {
	let connections = Arc::new(Semaphore::new(limits.most as usize));
	while let Some((stream, permit)) = stop
		.run_until_cancelled(async {
			let permit = connections.clone().acquire_owned().await;
			(accept(&listener).await, permit)
		})
		.await
	{
		let connection = connect(stream, router.clone(), limits, stop.clone());
		tokio::spawn(async move {
			let _permit = permit;
			metrics::gauge!("msec_http_connections").increment(1);
			connection.await;
			metrics::gauge!("msec_http_connections").decrement(1);
		});
	}
	drop(listener);
	if timeout(STOP_PATIENCE, connections.acquire_many(limits.most)).await.is_err() {
		tracing::warn!("some requests are cut off, because their clients are too slow");
	}
	Ok(())
}

async fn accept(listener: &TcpListener) -> TcpStream {
	loop {
		match listener.accept().await {
			Ok((stream, _)) => return stream,
			Err(error) => {
				tracing::warn!(%error, "a connection cannot be accepted");
				tokio::time::sleep(ACCEPT_PAUSE).await;
			},
		}
	}
}

/// Answers the requests of a connection; after `stop` only the one under way.
async fn connect(stream: TcpStream, router: Router, limits: Connections, stop: CancellationToken) {
	// Answers are written as a whole; waiting for more only delays them.
	let _ = stream.set_nodelay(true);
	let mut stream = TimeoutStream::new(stream);
	stream.set_write_timeout(Some(limits.answer_patience));
	let mut connection = pin!(http1::Builder::new()
		.timer(TokioTimer::new())
		.header_read_timeout(limits.head_patience)
		.max_buf_size(MAX_BUFFER)
		.serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(router)));
	let done = match stop.run_until_cancelled(connection.as_mut()).await {
		Some(done) => done,
		None => {
			connection.as_mut().graceful_shutdown();
			connection.await
		},
	};
	if let Err(error) = done {
		tracing::debug!(%error, "a connection broke off");
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use axum::routing::get;
	use std::net::SocketAddr;
	use tokio::{
		io::{AsyncReadExt, AsyncWriteExt},
		sync::Notify,
		task::JoinHandle,
	};

	const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: store\r\nConnection: close\r\n\r\n";
	const PATIENCE: Duration = Duration::from_secs(20);

	async fn start(
		router: Router,
		limits: Connections,
	) -> (SocketAddr, CancellationToken, JoinHandle<io::Result<()>>) {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap();
		let stop = CancellationToken::new();
		(address, stop.clone(), tokio::spawn(serve(listener, router, limits, stop)))
	}

	async fn answer(stream: &mut TcpStream) -> String {
		let mut answer = Vec::new();
		timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
		String::from_utf8(answer).unwrap()
	}

	fn ok() -> Router {
		Router::new().route("/", get(|| async { "done" }))
	}

	#[tokio::test]
	async fn who_never_finishes_a_head_is_cut_off() {
		let limits =
			Connections { head_patience: Duration::from_millis(100), ..Connections::default() };
		let (address, _stop, _server) = start(ok(), limits).await;
		let mut stream = TcpStream::connect(address).await.unwrap();
		stream.write_all(&REQUEST[..20]).await.unwrap();
		assert!(!answer(&mut stream).await.contains("done"));
		let mut idle = TcpStream::connect(address).await.unwrap();
		assert!(!answer(&mut idle).await.contains("done"));
	}

	/// Fault: a client never fetches its answer
	/// Promise: it is cut off after 30 seconds without progress
	#[tokio::test]
	async fn who_never_fetches_an_answer_is_cut_off() {
		let begun = Arc::new(Notify::new());
		let dropped = Arc::new(Notify::new());
		struct Body(Arc<Notify>);
		impl Drop for Body {
			fn drop(&mut self) {
				self.0.notify_one();
			}
		}
		let router = {
			let (begun, dropped) = (begun.clone(), dropped.clone());
			Router::new().route(
				"/",
				get(|| async move {
					begun.notify_one();
					let body = Body(dropped);
					axum::body::Body::from_stream(futures::stream::repeat_with(move || {
						let _ = &body;
						Ok::<_, io::Error>(bytes::Bytes::from_static(&[0; 64 * 1024]))
					}))
				}),
			)
		};
		let limits =
			Connections { answer_patience: Duration::from_millis(100), ..Connections::default() };
		let (address, _stop, _server) = start(router, limits).await;
		let mut stream = TcpStream::connect(address).await.unwrap();
		stream.write_all(REQUEST).await.unwrap();
		timeout(PATIENCE, begun.notified()).await.unwrap();
		timeout(PATIENCE, dropped.notified()).await.unwrap();
	}

	/// Fault: there are more connections than may be
	/// Promise: further ones wait until one ends, which silent ones do after 15 seconds
	#[tokio::test]
	async fn further_connections_wait() {
		let (address, _stop, _server) =
			start(ok(), Connections { most: 1, ..Connections::default() }).await;
		let first = TcpStream::connect(address).await.unwrap();
		let mut second = TcpStream::connect(address).await.unwrap();
		second.write_all(REQUEST).await.unwrap();
		let early = timeout(Duration::from_millis(200), second.read_u8()).await;
		assert!(early.is_err());
		drop(first);
		assert!(answer(&mut second).await.ends_with("done"));
	}

	#[tokio::test]
	async fn what_is_under_way_is_answered_before_the_end() {
		let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
		let router = {
			let (begun, may_end) = (begun.clone(), may_end.clone());
			Router::new().route(
				"/",
				get(|| async move {
					begun.notify_one();
					may_end.notified().await;
					"done"
				}),
			)
		};
		let (address, stop, server) = start(router, Connections::default()).await;
		let mut stream = TcpStream::connect(address).await.unwrap();
		stream.write_all(REQUEST).await.unwrap();
		timeout(PATIENCE, begun.notified()).await.unwrap();
		stop.cancel();
		may_end.notify_one();
		assert!(answer(&mut stream).await.ends_with("done"));
		timeout(PATIENCE, server).await.unwrap().unwrap().unwrap();
		assert!(TcpStream::connect(address).await.is_err());
	}
}
