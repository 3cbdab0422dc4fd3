//! Revocation: every incarnation of a phone at once, journaled, and told in the county's log.

use std::collections::BTreeSet;

use xunge_protocol::system::{Revocation, item_id};
use xunge_protocol::{EntryKind, WriterId, wire};

use super::{Authority, AuthorityError};
use crate::journal::Fact;
use crate::store::WriterRow;

impl Authority<'_> {
    /// Takes nothing more from the lineage of `writer`, but into quarantine. Returns the writers revoked by it; none if
    /// all were revoked before.
    pub fn revoke(&mut self, writer: &WriterRow) -> Result<Vec<WriterId>, AuthorityError> {
        let rows = self.tx().writers(Some(writer.worker()))?;
        let lineage = lineage(writer.id(), &rows);
        let at = self.now();
        let mut revoked = Vec::new();
        for row in rows {
            if lineage.contains(&row.id()) && row.revoked_at.is_none() {
                self.tx().revoke_writer(row.id(), at)?;
                self.note(Fact::Revoked {
                    writer: row.id(),
                    at,
                });
                revoked.push(row.id());
            }
        }
        if !revoked.is_empty() {
            let all = Revocation {
                writers: lineage.iter().copied().collect(),
                at,
            };
            let first = lineage.first().copied().unwrap_or(writer.id());
            self.write_system_item(
                self.relay().county_scope(),
                item_id("revocation", &first.0),
                EntryKind::REVOCATION,
                wire::encode(&all),
            )?;
        }
        Ok(revoked)
    }
}

/// All incarnations that are linked to `writer`, by who went on from whom, itself included.
fn lineage(writer: WriterId, rows: &[WriterRow]) -> BTreeSet<WriterId> {
    let mut found = BTreeSet::from([writer]);
    loop {
        let before = found.len();
        for row in rows {
            let (id, from) = (row.id(), row.certificate.certificate.predecessor);
            if let Some(from) = from
                && (found.contains(&id) || found.contains(&from))
            {
                found.extend([id, from]);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}
