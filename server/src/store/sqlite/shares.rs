//! [`Shares`] on SQLite.

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
        let mut query = self.sql().prepare_cached(
            "SELECT writer, idx, ordinal FROM entries e
             WHERE county = ?1 AND scope = ?2 AND record = ?3 AND kind < 128 AND position IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM guest_entries g
                 WHERE g.county = ?1 AND g.scope = ?4 AND g.home = ?2 AND g.writer = e.writer
                   AND g.idx = e.idx AND g.ordinal = e.ordinal)
             ORDER BY position",
        )?;
        let asked = params![
            self.county(),
            Bytes(home.0),
            Bytes(record.0),
            Bytes(guest.0)
        ];
        let rows = query.query_map(asked, |r| {
            Ok(EntryId {
                scope: home,
                writer: WriterId(r.get::<_, Bytes<8>>(0)?.0),
                index: unsigned(r.get(1)?),
                ordinal: r.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
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
