//! [`Shares`] on SQLite.

use std::collections::BTreeSet;

use rusqlite::{Row, params};
use xunge_protocol::system::Share;
use xunge_protocol::{RecordId, ScopeId, WriterId};

use super::SqliteTx;
use super::row::{self, Bytes, Millis, scope_list, signed, unsigned};
use crate::store::{EntryId, Segments as _, Shares, Snapshots as _, StoreResult, UNSHARED, Window};

const SHARE: &str = "record, scope, guest, acts, from_at, until_at";
const IN_FORCE: &str = "county = ?1 AND until_at IS NULL
    AND (lower(hex(scope)) IN (SELECT value FROM json_each(?2))
      OR lower(hex(guest)) IN (SELECT value FROM json_each(?2)))";

fn share(r: &Row<'_>) -> rusqlite::Result<Share> {
    Ok(Share {
        record: RecordId(r.get::<_, Bytes<13>>(0)?.0),
        home: ScopeId(r.get::<_, Bytes<8>>(1)?.0),
        guest: ScopeId(r.get::<_, Bytes<8>>(2)?.0),
        acts: ScopeId(r.get::<_, Bytes<8>>(3)?.0),
        from: r.get::<_, Millis>(4)?.0,
        until: row::time(r, 5)?,
    })
}

impl Shares for SqliteTx<'_> {
    fn put_share(&self, share: &Share) -> StoreResult<()> {
        self.sql()
            .prepare_cached(
                "INSERT OR REPLACE INTO shares (county, scope, record, guest, acts, from_at, until_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                self.county(),
                Bytes(share.home.0),
                Bytes(share.record.0),
                Bytes(share.guest.0),
                Bytes(share.acts.0),
                Millis(share.from),
                share.until.map(Millis)
            ])?;
        Ok(())
    }

    fn shares_of(&self, record: RecordId) -> StoreResult<Vec<Share>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {SHARE} FROM shares WHERE county = ?1 AND record = ?2 ORDER BY guest"
        ))?;
        let rows = query.query_map(params![self.county(), Bytes(record.0)], share)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn shares_in(&self, scopes: &[ScopeId], window: Window) -> StoreResult<Vec<Share>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {SHARE} FROM shares WHERE {IN_FORCE}
             ORDER BY from_at DESC, record, guest LIMIT ?3 OFFSET ?4"
        ))?;
        let asked = params![
            self.county(),
            scope_list(scopes),
            signed(window.take),
            signed(window.skip)
        ];
        let rows = query.query_map(asked, share)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn count_shares_in(&self, scopes: &[ScopeId]) -> StoreResult<u64> {
        Ok(self
            .sql()
            .prepare_cached(&format!("SELECT count(*) FROM shares WHERE {IN_FORCE}"))?
            .query_row(params![self.county(), scope_list(scopes)], |r| {
                r.get::<_, i64>(0).map(unsigned)
            })?)
    }

    fn unplaced_entries(
        &self,
        guest: ScopeId,
        home: ScopeId,
        record: RecordId,
    ) -> StoreResult<Vec<EntryId>> {
        self.settle(false)?;
        let mut query = self.sql().prepare_cached(
            "SELECT writer, idx, ordinal FROM guest_entries
             WHERE county = ?1 AND scope = ?2 AND record = ?3 AND home = ?4",
        )?;
        let asked = params![
            self.county(),
            Bytes(guest.0),
            Bytes(record.0),
            Bytes(home.0)
        ];
        let placed: BTreeSet<EntryId> = query
            .query_map(asked, |r| {
                Ok(EntryId {
                    scope: home,
                    writer: WriterId(r.get::<_, Bytes<8>>(0)?.0),
                    index: unsigned(r.get(1)?),
                    ordinal: r.get(2)?,
                })
            })?
            .collect::<Result<_, _>>()?;
        let mut all = Vec::new();
        for (number, _, writer, index) in self.segments_of(record, Some(home))? {
            for (position, ordinal) in self.open_number(number)?.accepted(record) {
                let id = EntryId {
                    scope: home,
                    writer,
                    index: unsigned(index),
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
        self.sql()
            .prepare_cached(
                "INSERT INTO guest_entries (county, scope, position, home, writer, idx, ordinal, record)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                self.county(),
                Bytes(guest.0),
                signed(position),
                Bytes(id.scope.0),
                Bytes(id.writer.0),
                signed(id.index),
                id.ordinal,
                Bytes(record.0)
            ])?;
        Ok(())
    }

    fn delete_guest_entries(&self, guest: ScopeId, record: RecordId) -> StoreResult<()> {
        self.sql().execute(
            "DELETE FROM guest_entries WHERE county = ?1 AND scope = ?2 AND record = ?3",
            params![self.county(), Bytes(guest.0), Bytes(record.0)],
        )?;
        self.next_number(guest, UNSHARED)?;
        self.drop_snapshots_of(guest)
    }
}
