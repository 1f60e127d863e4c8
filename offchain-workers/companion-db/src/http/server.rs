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

/// Longest that a client may take for the head of a request, or between two requests.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// Longest that a client may take to fetch the next bytes of an answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(30);
/// Longest that requests under way are waited for in the end.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing is accepted after the system refused a connection, as it does without free files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Most bytes that are buffered in each direction of a connection, and most in a request's head.
const MAX_BUFFER: usize = 64 * 1024;

/// Serves at most `max_connections` at a time until `stop`, and then until the requests under way are
/// answered.
pub async fn serve(
	listener: TcpListener,
	router: Router,
	max_connections: u32,
	stop: CancellationToken,
) -> io::Result<()> {
	let connections = Arc::new(Semaphore::new(max_connections as usize));
	while let Some((stream, permit)) = stop
		.run_until_cancelled(async {
			let permit = connections.clone().acquire_owned().await;
			(accept(&listener).await, permit)
		})
		.await
	{
		let connection = connect(stream, router.clone(), stop.clone());
		tokio::spawn(async move {
			let _permit = permit;
			metrics::gauge!("msec_store_connections").increment(1);
			connection.await;
			metrics::gauge!("msec_store_connections").decrement(1);
		});
	}
	drop(listener);
	if timeout(STOP_PATIENCE, connections.acquire_many(max_connections)).await.is_err() {
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
async fn connect(stream: TcpStream, router: Router, stop: CancellationToken) {
	// Answers are written as a whole; waiting for more only delays them.
	let _ = stream.set_nodelay(true);
	let mut stream = TimeoutStream::new(stream);
	stream.set_write_timeout(Some(ANSWER_PATIENCE));
	let mut connection = pin!(http1::Builder::new()
		.timer(TokioTimer::new())
		.header_read_timeout(HEAD_PATIENCE)
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
