//! [`Organisation`] on SQLite.

use rusqlite::{OptionalExtension as _, Row, params};
use xunge_protocol::system::OrgNode;
use xunge_protocol::{ScopeId, Timestamp};

use super::SqliteTx;
use super::row::{self, Bytes, Millis};
use crate::store::{Organisation, StoreResult};

const COLUMNS: &str = "n.scope, n.parent, n.level, n.code, n.name, n.from_at, n.help_phone";
/// The row of each node that holds at `?2`.
const HOLDS: &str = "n.county = ?1 AND n.from_at = (SELECT max(m.from_at) FROM org_nodes m
    WHERE m.county = n.county AND m.scope = n.scope AND m.from_at <= ?2)";

fn node(r: &Row<'_>) -> rusqlite::Result<OrgNode> {
    Ok(OrgNode {
        scope: ScopeId(r.get::<_, Bytes<8>>(0)?.0),
        parent: row::scope(r, 1)?,
        level: r.get(2)?,
        code: r.get(3)?,
        name: r.get(4)?,
        from: r.get::<_, Millis>(5)?.0,
        help_phone: r.get(6)?,
    })
}

impl Organisation for SqliteTx<'_> {
    fn org_node(&self, scope: ScopeId, at: Timestamp) -> StoreResult<Option<OrgNode>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM org_nodes n WHERE {HOLDS} AND n.scope = ?3"
        ))?;
        Ok(query
            .query_row(params![self.county(), Millis(at), Bytes(scope.0)], node)
            .optional()?)
    }

    fn org_node_by_code(&self, code: &str, at: Timestamp) -> StoreResult<Option<OrgNode>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM org_nodes n WHERE {HOLDS} AND n.code = ?3"
        ))?;
        Ok(query
            .query_row(params![self.county(), Millis(at), code], node)
            .optional()?)
    }

    fn org_children(&self, scope: ScopeId, at: Timestamp) -> StoreResult<Vec<OrgNode>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM org_nodes n WHERE {HOLDS} AND n.parent = ?3 ORDER BY n.code"
        ))?;
        let rows = query.query_map(params![self.county(), Millis(at), Bytes(scope.0)], node)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn org_nodes(&self, at: Timestamp) -> StoreResult<Vec<OrgNode>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM org_nodes n WHERE {HOLDS} ORDER BY n.level, n.code"
        ))?;
        let rows = query.query_map(params![self.county(), Millis(at)], node)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn put_org_node(&self, node: &OrgNode) -> StoreResult<()> {
        self.sql()
            .prepare_cached(
                "INSERT OR REPLACE INTO org_nodes (county, scope, from_at, parent, level, code, name, help_phone)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                self.county(),
                Bytes(node.scope.0),
                Millis(node.from),
                node.parent.map(|p| Bytes(p.0)),
                node.level,
                node.code,
                node.name,
                node.help_phone
            ])?;
        Ok(())
    }
}
