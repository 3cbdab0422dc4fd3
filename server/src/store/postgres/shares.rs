//! [`Shares`] on PostgreSQL.

use std::collections::BTreeSet;
use tokio_postgres::Row;

use xunge_protocol::system::Share;
use xunge_protocol::{RecordId, ScopeId};

use super::row::{self, signed};
use super::tx::{PgTx, kept};
use crate::store::{EntryId, Segments as _, Shares, Snapshots as _, StoreResult, UNSHARED, Window};

const SHARE: &str = "record, scope, guest, acts, from_at, until_at";
const IN_FORCE: &str = "county = $1 AND until_at IS NULL
    AND (scope = ANY($2::bytea[]) OR guest = ANY($2::bytea[]))";

fn share(r: &Row) -> StoreResult<Share> {
    Ok(Share {
        record: row::record(r, 0)?,
        home: row::scope(r, 1)?,
        guest: row::scope(r, 2)?,
        acts: row::scope(r, 3)?,
        from: row::time(r, 4)?,
        until: row::maybe_time(r, 5)?,
    })
}

impl Shares for PgTx<'_> {
    fn put_share(&self, share: &Share) -> StoreResult<()> {
        self.execute(
            "INSERT INTO shares (county, scope, record, guest, acts, from_at, until_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (county, scope, record, guest) DO UPDATE
               SET acts = excluded.acts, from_at = excluded.from_at, until_at = excluded.until_at",
            &[
                &self.county(),
                &share.home.0,
                &share.record.0,
                &share.guest.0,
                &share.acts.0,
                &share.from.0,
                &share.until.map(|t| t.0),
            ],
        )?;
        Ok(())
    }

    fn shares_of(&self, record: RecordId) -> StoreResult<Vec<Share>> {
        let rows = self.query(
            &format!("SELECT {SHARE} FROM shares WHERE county = $1 AND record = $2 ORDER BY guest"),
            &[&self.county(), &record.0],
        )?;
        rows.iter().map(share).collect()
    }

    fn shares_in(&self, scopes: &[ScopeId], window: Window) -> StoreResult<Vec<Share>> {
        let rows = self.query(
            &format!(
                "SELECT {SHARE} FROM shares WHERE {IN_FORCE}
                 ORDER BY from_at DESC, record, guest LIMIT $3 OFFSET $4"
            ),
            &[
                &self.county(),
                &row::scopes(scopes),
                &signed(window.take),
                &signed(window.skip),
            ],
        )?;
        rows.iter().map(share).collect()
    }

    fn count_shares_in(&self, scopes: &[ScopeId]) -> StoreResult<u64> {
        self.query_opt(
            &format!("SELECT count(*) FROM shares WHERE {IN_FORCE}"),
            &[&self.county(), &row::scopes(scopes)],
        )?
        .map_or(Ok(0), |r| row::number(&r, 0))
    }

    fn unplaced_entries(
        &self,
        guest: ScopeId,
        home: ScopeId,
        record: RecordId,
    ) -> StoreResult<Vec<EntryId>> {
        let rows = self.query(
            "SELECT writer, idx, ordinal FROM guest_entries
             WHERE county = $1 AND scope = $2 AND record = $3 AND home = $4",
            &[&self.county(), &guest.0, &record.0, &home.0],
        )?;
        let placed = rows
            .iter()
            .map(|r| {
                Ok(EntryId {
                    scope: home,
                    writer: row::writer(r, 0)?,
                    index: row::number(r, 1)?,
                    ordinal: row::number(r, 2)?,
                })
            })
            .collect::<StoreResult<BTreeSet<_>>>()?;
        let mut all = Vec::new();
        for ((_, writer, index), opened) in self.segments_of(home, &[record])? {
            for (position, ordinal) in opened.accepted(record) {
                let id = EntryId {
                    scope: home,
                    writer,
                    index,
                    ordinal,
                };
                all.push((position, id));
            }
        }
        all.sort_unstable();
        all.retain(|(_, id)| !placed.contains(id));
        Ok(all.into_iter().map(|(_, id)| id).collect())
    }

    fn insert_guest_entry(
        &self,
        guest: ScopeId,
        position: u64,
        id: EntryId,
        record: RecordId,
    ) -> StoreResult<()> {
        self.later(
            "INSERT INTO guest_entries (county, scope, position, home, writer, idx, ordinal, record)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            kept![
                self.county(),
                guest.0,
                signed(position),
                id.scope.0,
                id.writer.0,
                signed(id.index),
                i64::from(id.ordinal),
                record.0
            ],
        );
        Ok(())
    }

    fn delete_guest_entries(&self, guest: ScopeId, record: RecordId) -> StoreResult<()> {
        // Whoever reads this log sees all of it before, or all after: its counter is locked first.
        self.hold(guest)?;
        self.execute(
            "DELETE FROM guest_entries WHERE county = $1 AND scope = $2 AND record = $3",
            &[&self.county(), &guest.0, &record.0],
        )?;
        self.next_number(guest, UNSHARED)?;
        self.drop_snapshots_of(guest)
    }
}
