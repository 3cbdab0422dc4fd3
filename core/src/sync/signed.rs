//! The header by which the relay knows which phone asks for a file, or sends one.

use xunge_protocol::Hash32;
use xunge_protocol::media::authorize;

use super::error::SyncError;
use super::transport::Method;
use crate::store::Store;

/// Name and value of the header for `method` on `path`, about the file `hash`.
pub(super) fn authorization(
    store: &Store,
    method: Method,
    path: &str,
    counter: u64,
    hash: &Hash32,
) -> Result<(&'static str, String), SyncError> {
    let (identity, me) = store.enrolled()?;
    let (key, method) = (&identity.key, method.name());
    let value = authorize(key, me.writer, method, path, counter, hash);
    Ok(("authorization", value))
}
