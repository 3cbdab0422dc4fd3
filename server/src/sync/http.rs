//! The HTTP face of sync: bytes in, bytes out.

use std::sync::Arc;

use axum::Router;

use crate::relay::Relay;

/// Routes of phones.
pub fn router(_relay: &Relay) -> Router<Arc<Relay>> {
    Router::new()
}
