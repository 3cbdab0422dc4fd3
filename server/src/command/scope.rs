//! What an actor can see: the own scope and all that lies below it.

use xunge_protocol::system::OrgNode;
use xunge_protocol::{ScopeId, Timestamp};

use super::CommandError;
use crate::account::Actor;
use crate::store::{Organisation, StoreResult};

/// Whether `actor` sees `scope`.
pub fn sees(
    tx: &dyn Organisation,
    actor: &Actor,
    scope: ScopeId,
    at: Timestamp,
) -> StoreResult<bool> {
    let path = tx.org_path(scope, at)?;
    Ok(path.iter().any(|node| node.scope == actor.scope))
}

/// [`CommandError::NotFound`] unless `actor` sees `scope`.
pub fn require_seen(
    tx: &dyn Organisation,
    actor: &Actor,
    scope: ScopeId,
    at: Timestamp,
) -> Result<(), CommandError> {
    if sees(tx, actor, scope, at)? {
        Ok(())
    } else {
        Err(CommandError::NotFound)
    }
}

/// All that lies in `scope`, itself included, if `actor` sees it.
pub fn subtree(
    tx: &dyn Organisation,
    actor: &Actor,
    scope: ScopeId,
    at: Timestamp,
) -> Result<Vec<OrgNode>, CommandError> {
    require_seen(tx, actor, scope, at)?;
    Ok(tx.org_subtree(scope, at)?)
}
