//! The organisation: county, towns, villages, grids, as dated attributes of opaque scopes.

use xunge_protocol::system::OrgNode;
use xunge_protocol::{ScopeId, Timestamp};

use super::StoreResult;

/// The organisation in a transaction.
pub trait Organisation {
    /// A node with the attributes that hold at `at`.
    fn org_node(&self, scope: ScopeId, at: Timestamp) -> StoreResult<Option<OrgNode>>;
    /// The node of an administrative code at `at`.
    fn org_node_by_code(&self, code: &str, at: Timestamp) -> StoreResult<Option<OrgNode>>;
    /// The nodes right under `scope` at `at`, by code.
    fn org_children(&self, scope: ScopeId, at: Timestamp) -> StoreResult<Vec<OrgNode>>;
    /// All nodes at `at`, by level and code.
    fn org_nodes(&self, at: Timestamp) -> StoreResult<Vec<OrgNode>>;
    /// Sets a node's attributes from `node.from` on.
    fn put_org_node(&self, node: &OrgNode) -> StoreResult<()>;

    /// The node and all above it, the nearest first.
    fn org_path(&self, scope: ScopeId, at: Timestamp) -> StoreResult<Vec<OrgNode>> {
        let mut path: Vec<OrgNode> = Vec::new();
        let mut next = Some(scope);
        while let Some(scope) = next {
            // A circle would be an error of an import; it must not hang the relay.
            if path.iter().any(|n| n.scope == scope) {
                break;
            }
            let Some(node) = self.org_node(scope, at)? else {
                break;
            };
            next = node.parent;
            path.push(node);
        }
        Ok(path)
    }

    /// The node and all below it.
    fn org_subtree(&self, scope: ScopeId, at: Timestamp) -> StoreResult<Vec<OrgNode>> {
        let mut found: Vec<OrgNode> = self.org_node(scope, at)?.into_iter().collect();
        let mut next = 0;
        while let Some(node) = found.get(next) {
            for child in self.org_children(node.scope, at)? {
                if found.iter().all(|n| n.scope != child.scope) {
                    found.push(child);
                }
            }
            next += 1;
        }
        Ok(found)
    }
}
