//! [`References`] on PostgreSQL.

use xunge_protocol::{RecordId, ScopeId};
use xunge_records::Kind;

use super::row::{self, Text, clean};
use super::tx::{PgTx, kept};
use crate::store::{References, StoreResult};

impl References for PgTx<'_> {
    fn referred(&self, kind: Kind, reference: &str) -> StoreResult<Option<(ScopeId, RecordId)>> {
        self.query_opt(
            "SELECT scope, record FROM external_refs WHERE county = $1 AND kind = $2 AND ref = $3",
            &[
                &self.county(),
                &i64::from(kind.entry_kind().0),
                &Text(reference),
            ],
        )?
        .map(|r| Ok((row::scope(&r, 0)?, row::record(&r, 1)?)))
        .transpose()
    }

    fn insert_reference(
        &self,
        kind: Kind,
        reference: &str,
        scope: ScopeId,
        record: RecordId,
    ) -> StoreResult<()> {
        self.later(
            "INSERT INTO external_refs (county, kind, ref, scope, record) VALUES ($1, $2, $3, $4, $5)",
            kept![
                self.county(),
                i64::from(kind.entry_kind().0),
                clean(reference).into_owned(),
                scope.0,
                record.0
            ],
        );
        Ok(())
    }

    fn record_ids(&self, scope: ScopeId, kind: Kind) -> StoreResult<Vec<RecordId>> {
        let rows = self.query(
            "SELECT record FROM records WHERE county = $1 AND scope = $2 AND kind = $3 ORDER BY record",
            &[
                &self.county(),
                &scope.0,
                &i64::from(kind.entry_kind().0),
            ],
        )?;
        rows.iter().map(|r| row::record(r, 0)).collect()
    }
}
