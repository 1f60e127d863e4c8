//! Connections. Each carries one request and lasts a bounded time, so that nobody can hold one by
//! sending or receiving slowly.

use super::Limits;
use axum::Router;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
	rt::{TokioIo, TokioTimer},
	service::TowerToHyperService,
};
use std::{future::poll_fn, io, pin::Pin, sync::Arc, time::Duration};
use tokio::{
	io::AsyncWriteExt,
	net::{TcpListener, TcpStream},
	sync::Semaphore,
	time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Longest that a client may take to fetch its answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(60);
/// Longest that is waited for a client to stop sending what was refused, so that it sees why.
const LINGER: Duration = Duration::from_secs(2);
/// How long nothing is accepted after the system refused a connection, as it does without free files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Most bytes that are buffered in each direction of a connection, and most in a request's head.
const MAX_BUFFER: usize = 64 * 1024;

/// Serves until `stop`, and then until the requests under way are answered.
pub async fn serve(
	listener: TcpListener,
	router: Router,
	limits: Limits,
	stop: CancellationToken,
) -> io::Result<()> {
	let connections = Arc::new(Semaphore::new(limits.max_connections));
	let lifetime = limits.patience + limits.deadline + ANSWER_PATIENCE;
	while let Some((stream, permit)) = stop
		.run_until_cancelled(async {
			let permit = connections.clone().acquire_owned().await;
			(accept(&listener).await, permit)
		})
		.await
	{
		let connection = connect(stream, router.clone(), limits.patience, stop.clone());
		tokio::spawn(async move {
			let _permit = permit;
			if timeout(lifetime, connection).await.is_err() {
				metrics::counter!("msec_anonymizer_connections_cut_total").increment(1);
			}
		});
	}
	drop(listener);
	let all = u32::try_from(limits.max_connections).map_err(io::Error::other)?;
	connections.acquire_many(all).await.map(drop).map_err(io::Error::other)
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

/// Answers the one request of a connection; none when `stop` comes before it.
async fn connect(stream: TcpStream, router: Router, patience: Duration, stop: CancellationToken) {
	let router = TowerToHyperService::new(router);
	let answer =
		service_fn(move |request| Box::pin(hyper::service::Service::call(&router, request)));
	let mut connection = http1::Builder::new()
		.timer(TokioTimer::new())
		.header_read_timeout(patience)
		.keep_alive(false)
		.max_buf_size(MAX_BUFFER)
		.serve_connection(TokioIo::new(stream), answer);
	let answered = poll_fn(|context| connection.poll_without_shutdown(context));
	let done = match stop.run_until_cancelled(answered).await {
		Some(done) => done,
		None => {
			Pin::new(&mut connection).graceful_shutdown();
			poll_fn(|context| connection.poll_without_shutdown(context)).await
		},
	};
	match done {
		Ok(()) => linger(connection.into_parts().io.into_inner()).await,
		Err(error) => tracing::debug!(%error, "a connection broke off"),
	}
}

/// Closes a connection in such a way that a client which is still sending receives its answer first:
/// closing with unread bytes would take it away.
async fn linger(mut stream: TcpStream) {
	let drained = async {
		stream.shutdown().await?;
		tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
	};
	// Neither an error nor an impatient end matters: the connection is closed anyway.
	let _ = timeout(LINGER, drained).await;
}
