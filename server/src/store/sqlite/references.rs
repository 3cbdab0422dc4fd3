//! [`References`] on SQLite.

use rusqlite::{OptionalExtension as _, params};
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::Kind;

use super::SqliteTx;
use super::row::Bytes;
use crate::store::{References, StoreResult};

impl References for SqliteTx<'_> {
    fn referred(&self, kind: Kind, reference: &str) -> StoreResult<Option<(ScopeId, RecordId)>> {
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT scope, record FROM external_refs WHERE county = ?1 AND kind = ?2 AND ref = ?3",
            )?
            .query_row(
                params![self.county(), kind.entry_kind().0, reference],
                |r| {
                    let scope: Bytes<8> = r.get(0)?;
                    let record: Bytes<13> = r.get(1)?;
                    Ok((ScopeId(scope.0), RecordId(record.0)))
                },
            )
            .optional()?)
    }

    fn insert_reference(
        &self,
        kind: Kind,
        reference: &str,
        scope: ScopeId,
        record: RecordId,
    ) -> StoreResult<()> {
        self.sql()
            .prepare_cached(
                "INSERT INTO external_refs (county, kind, ref, scope, record) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                self.county(),
                kind.entry_kind().0,
                reference,
                Bytes(scope.0),
                Bytes(record.0)
            ])?;
        Ok(())
    }

    fn record_ids(&self, scope: ScopeId, kind: Kind) -> StoreResult<Vec<RecordId>> {
        let mut query = self
            .sql()
            .prepare_cached("SELECT record FROM records WHERE scope = ?1 AND kind = ?2")?;
        let rows = query.query_map(params![Bytes(scope.0), kind.entry_kind().0], |r| {
            Ok(RecordId(r.get::<_, Bytes<13>>(0)?.0))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
