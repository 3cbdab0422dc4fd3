//! [`Organisation`] on PostgreSQL.

use tokio_postgres::Row;
use xunge_protocol::system::OrgNode;
use xunge_protocol::{ScopeId, Timestamp};

use super::row::{self, Text};
use super::tx::PgTx;
use crate::store::{Organisation, StoreResult};

const COLUMNS: &str = "n.scope, n.parent, n.level, n.code, n.name, n.from_at, n.help_phone";
/// The row of each node that holds at `$2`.
const HOLDS: &str = "n.county = $1 AND n.from_at = (SELECT max(m.from_at) FROM org_nodes m
    WHERE m.county = n.county AND m.scope = n.scope AND m.from_at <= $2)";

fn node(r: &Row) -> StoreResult<OrgNode> {
    Ok(OrgNode {
        scope: row::scope(r, 0)?,
        parent: row::maybe_scope(r, 1)?,
        level: r.try_get(2)?,
        code: r.try_get(3)?,
        name: r.try_get(4)?,
        from: row::time(r, 5)?,
        help_phone: r.try_get(6)?,
    })
}

impl Organisation for PgTx<'_> {
    fn org_node(&self, scope: ScopeId, at: Timestamp) -> StoreResult<Option<OrgNode>> {
        if let Some(known) = self.state.borrow().nodes.get(&(scope, at)) {
            return Ok(known.clone());
        }
        let rows = self.query_steady(
            &format!("SELECT {COLUMNS} FROM org_nodes n WHERE {HOLDS} AND n.scope = $3"),
            &[&self.county(), &at.0, &scope.0],
        )?;
        let found = rows.first().map(node).transpose()?;
        let mut state = self.state.borrow_mut();
        state.nodes.insert((scope, at), found.clone());
        Ok(found)
    }

    fn org_node_by_code(&self, code: &str, at: Timestamp) -> StoreResult<Option<OrgNode>> {
        self.query_opt(
            &format!("SELECT {COLUMNS} FROM org_nodes n WHERE {HOLDS} AND n.code = $3"),
            &[&self.county(), &at.0, &Text(code)],
        )?
        .map(|r| node(&r))
        .transpose()
    }

    fn org_children(&self, scope: ScopeId, at: Timestamp) -> StoreResult<Vec<OrgNode>> {
        let rows = self.query(
            &format!(
                "SELECT {COLUMNS} FROM org_nodes n WHERE {HOLDS} AND n.parent = $3 ORDER BY n.code"
            ),
            &[&self.county(), &at.0, &scope.0],
        )?;
        rows.iter().map(node).collect()
    }

    fn org_nodes(&self, at: Timestamp) -> StoreResult<Vec<OrgNode>> {
        let rows = self.query(
            &format!("SELECT {COLUMNS} FROM org_nodes n WHERE {HOLDS} ORDER BY n.level, n.code"),
            &[&self.county(), &at.0],
        )?;
        rows.iter().map(node).collect()
    }

    fn put_org_node(&self, node: &OrgNode) -> StoreResult<()> {
        self.state.borrow_mut().nodes.clear();
        self.execute(
            "INSERT INTO org_nodes (county, scope, from_at, parent, level, code, name, help_phone)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (county, scope, from_at) DO UPDATE SET parent = excluded.parent, level = excluded.level,
               code = excluded.code, name = excluded.name, help_phone = excluded.help_phone",
            &[
                &self.county(),
                &node.scope.0,
                &node.from.0,
                &node.parent.map(|p| p.0),
                &Text(&node.level),
                &Text(&node.code),
                &Text(&node.name),
                &node.help_phone.as_deref().map(Text),
            ],
        )?;
        Ok(())
    }
}
