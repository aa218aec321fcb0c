//! What the service tells those who operate it, over HTTP: `/metrics` for Prometheus, `/live` and `/ready` for an
//! orchestrator. It has a thread of its own and shares nothing with those that count.

use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use streams_core::runtime::{Check, Monitor};
use streams_core::{Error, ErrorKind, Result};
use tokio::sync::oneshot;

/// A running server. It ends when this is dropped.
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves what `monitor` shows. Errs if the address cannot be listened at.
    pub fn start(address: SocketAddr, monitor: Monitor) -> Result<Self> {
        let failed = |error: std::io::Error| {
            let what = format!("metrics cannot be served at {address}; choose another with --metrics");
            Error::new(ErrorKind::Io, what).caused_by(error)
        };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
        let (stop, stopped) = oneshot::channel();
        let serve = async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            // Requests under way are not waited for: a scrape that never ends must not hold up a stop.
            tokio::select! {
                served = axum::serve(listener, router(monitor)).into_future() => served,
                _ = stopped => Ok(()),
            }
        };
        let body = move || {
            if let Err(error) = runtime.block_on(serve) {
                tracing::error!(%address, %error, "metrics are not served any more");
            }
        };
        let thread = thread::Builder::new().name("ctr-server".to_owned()).spawn(body).map_err(failed)?;
        Ok(Server { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Dropping the sender is the signal.
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic of it was printed; there is nothing to undo.
            let _ = thread.join();
        }
    }
}

/// The routes, to be served alone or under others.
pub fn router(monitor: Monitor) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/live", get(async |State(monitor): State<Monitor>| answer(&monitor.health().live)))
        .route("/ready", get(async |State(monitor): State<Monitor>| answer(&monitor.health().ready)))
        .with_state(monitor)
}

async fn metrics(State(monitor): State<Monitor>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, monitor.metrics().to_prometheus()).into_response()
}

fn answer(check: &Check) -> Response {
    let status = if check.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CONTENT_TYPE, "application/json")], check.to_json()).into_response()
}
