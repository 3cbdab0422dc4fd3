//! Rows that wait, column by column, and the one statement that inserts them all.

use super::row::{Json, clean, signed};
use super::tx::Later;
use crate::store::RecordRow;

/// Rows of the projection.
#[derive(Default)]
pub(super) struct Rows(Vec<RecordRow>);

/// A column of texts.
fn texts<'a>(rows: &'a [RecordRow], of: impl Fn(&'a RecordRow) -> &'a str) -> Vec<String> {
    rows.iter().map(|r| clean(of(r)).into_owned()).collect()
}

/// A column of texts that may be missing.
fn maybe_texts<'a>(
    rows: &'a [RecordRow],
    of: impl Fn(&'a RecordRow) -> Option<&'a str>,
) -> Vec<Option<String>> {
    rows.iter()
        .map(|r| of(r).map(|t| clean(t).into_owned()))
        .collect()
}

/// A column of anything else.
fn column<T>(rows: &[RecordRow], of: impl Fn(&RecordRow) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

impl Rows {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A row in place of an earlier one of the same record.
    pub(super) fn push(&mut self, row: &RecordRow) {
        self.0
            .retain(|r| (r.scope, r.record) != (row.scope, row.record));
        self.0.push(row.clone());
    }

    pub(super) fn upsert(self, county: i64) -> Option<Later> {
        let rows = &self.0[..];
        (!rows.is_empty()).then(|| Later {
            // The county's row is locked until the commit, so that changes become visible in their order.
            sql: "WITH counted AS (UPDATE counties SET sequence = sequence + $2 WHERE county = $1
                    RETURNING sequence - $2 AS before)
                  INSERT INTO records AS r (county, scope, record, kind, writer, received_at, updated_at, late, state,
                    review, number, owner, owner_scope, level, deadline, hops, version, closed, conflicts,
                    without_effect, proposals, household, warning, day, json, sequence)
                  SELECT $1, u.scope, u.record, u.kind, u.writer, u.received_at, u.updated_at, u.late, u.state,
                    u.review, u.number, u.owner, u.owner_scope, u.level, u.deadline, u.hops, u.version, u.closed,
                    u.conflicts, u.without_effect, u.proposals, u.household, u.warning, u.day, u.json,
                    counted.before + u.n
                  FROM counted, unnest($3::bytea[], $4::bytea[], $5::bigint[], $6::bytea[], $7::bigint[],
                    $8::bigint[], $9::boolean[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[],
                    $15::text[], $16::bigint[], $17::bigint[], $18::bigint[], $19::boolean[], $20::bigint[],
                    $21::bigint[], $22::bigint[], $23::bytea[], $24::bytea[], $25::text[], $26::jsonb[])
                    WITH ORDINALITY AS u (scope, record, kind, writer, received_at, updated_at, late, state, review,
                      number, owner, owner_scope, level, deadline, hops, version, closed, conflicts, without_effect,
                      proposals, household, warning, day, json, n)
                  ON CONFLICT (county, scope, record) DO UPDATE SET kind = excluded.kind, writer = excluded.writer,
                    received_at = excluded.received_at, updated_at = excluded.updated_at, late = excluded.late,
                    state = excluded.state, review = excluded.review, number = excluded.number,
                    owner = excluded.owner, owner_scope = excluded.owner_scope, level = excluded.level,
                    deadline = excluded.deadline, hops = excluded.hops, version = excluded.version,
                    closed = excluded.closed, conflicts = excluded.conflicts,
                    without_effect = excluded.without_effect, proposals = excluded.proposals,
                    household = excluded.household, warning = excluded.warning, day = excluded.day,
                    json = excluded.json, sequence = excluded.sequence"
                .into(),
            params: vec![
                Box::new(county),
                Box::new(signed(rows.len() as u64)),
                Box::new(column(rows, |r| r.scope.0.to_vec())),
                Box::new(column(rows, |r| r.record.0.to_vec())),
                Box::new(column(rows, |r| i64::from(r.kind.entry_kind().0))),
                Box::new(column(rows, |r| r.writer.0.to_vec())),
                Box::new(column(rows, |r| r.received_at.0)),
                Box::new(column(rows, |r| r.updated_at.0)),
                Box::new(column(rows, |r| r.late)),
                Box::new(texts(rows, |r| &r.state)),
                Box::new(texts(rows, |r| &r.review)),
                Box::new(maybe_texts(rows, |r| r.number.as_deref())),
                Box::new(maybe_texts(rows, |r| r.owner.as_deref())),
                Box::new(column(rows, |r| r.owner_scope.map(|s| s.0.to_vec()))),
                Box::new(maybe_texts(rows, |r| r.level.as_deref())),
                Box::new(column(rows, |r| r.deadline.map(|t| t.0))),
                Box::new(column(rows, |r| i64::from(r.hops))),
                Box::new(column(rows, |r| i64::from(r.version))),
                Box::new(column(rows, |r| r.closed)),
                Box::new(column(rows, |r| i64::from(r.conflicts))),
                Box::new(column(rows, |r| i64::from(r.without_effect))),
                Box::new(column(rows, |r| i64::from(r.proposals))),
                Box::new(column(rows, |r| r.household.map(|h| h.0.to_vec()))),
                Box::new(column(rows, |r| r.warning.map(|w| w.0.to_vec()))),
                Box::new(maybe_texts(rows, |r| r.day.as_deref())),
                Box::new(column(rows, |r| Json::new(&r.json))),
            ],
        })
    }
}
