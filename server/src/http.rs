//! All doors of the relay on one listener: sync, media, API, console, health.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, Request, StatusCode};
use axum::routing::get;
use tower::ServiceBuilder;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutError};
use tower_http::trace::TraceLayer;

use crate::relay::Relay;
use crate::{api, console, media, sync};

/// Requests under way get this long to end after the signal to stop.
const GRACE: Duration = Duration::from_secs(6);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Every route of the relay.
pub fn router(relay: Arc<Relay>) -> Router {
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(RequestBodyTimeoutLayer::new(relay.config.body_silence));
    Router::new()
        .merge(sync::http::router())
        .merge(media::http::router())
        .merge(api::router())
        .merge(console::router(&relay))
        .layer(layers)
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(relay)
}

/// Whether `error`, of reading a body, says that nothing came for too long.
pub(crate) fn has_stalled(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<TimeoutError>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// A span without the query, which may hold what somebody searched for.
fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
}

async fn ready(State(relay): State<Arc<Relay>>) -> (StatusCode, &'static str) {
    let scope = relay.county_scope();
    let answer = relay
        .store
        .read_async(move |tx| crate::store::Segments::last_position(tx, scope))
        .await;
    match answer {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}

/// Serves until `stop` ends, then lets the requests under way end for a few seconds.
pub async fn serve<L>(
    relay: Arc<Relay>,
    listener: L,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()>
where
    L: axum::serve::Listener,
    L::Addr: std::fmt::Debug,
{
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let server = axum::serve(listener, router(relay)).with_graceful_shutdown(async move {
        stop.await;
        stopping.send_replace(true);
    });
    tokio::select! {
        ended = server => ended,
        () = async {
            // Ends without a change only when the server has ended.
            let _ = stopped.wait_for(|stop| *stop).await;
            tokio::time::sleep(GRACE).await;
        } => {
            tracing::warn!("requests did not end in time and were cut");
            Ok(())
        }
    }
}
