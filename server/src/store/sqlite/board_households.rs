//! Households for the console: last visit, interval, and who is due.

use rusqlite::Row;
use rusqlite::types::Value;

use super::SqliteTx;
use super::board::{Where, anywhere, field, text};
use super::records::{COLUMNS, record};
use super::row::{signed, unsigned};
use crate::store::{
    HouseholdCounts, HouseholdFilter, HouseholdRow, HouseholdShow, StoreResult, Window,
};

/// Columns that a household row has beside its record; the values are intervals by tier and today. What is no number of days
/// counts as none; what is one is kept within a hundred years, so that dates can be worked out.
const VISITS: &str =
    "*, (SELECT max(v.day) FROM records v WHERE v.scope = h.scope
       AND v.household = h.record AND v.kind = 3 AND v.day IS NOT NULL) AS last_visit,
     CAST(min(max(CASE WHEN json_type(json, '$.fields.interval_days') IN ('integer', 'real')
         THEN json_extract(json, '$.fields.interval_days')
         ELSE coalesce((SELECT value FROM json_each(?) WHERE key = json_extract(h.json, '$.fields.tier')), 182) END,
       0), 36500) AS INTEGER) AS interval_days";

fn household(r: &Row<'_>) -> rusqlite::Result<HouseholdRow> {
    Ok(HouseholdRow {
        record: record(r)?,
        last_visit: r.get("last_visit")?,
        interval_days: r.get("interval_days")?,
        due: r.get("due")?,
    })
}

impl SqliteTx<'_> {
    /// `WITH` clause that makes the table `seen` of all households meant, and its values.
    fn seen(&self, filter: &HouseholdFilter) -> (String, Vec<Value>) {
        let intervals = serde_json::json!(filter.intervals).to_string();
        let mut all = Where::records(&filter.scopes);
        all.and(
            "kind = 1 AND json_extract(json, '$.fields.merged_into') IS NULL",
            [],
        );
        if let Some(needle) = &filter.text {
            all.and(
                "(json_extract(json, ?) LIKE ? ESCAPE '\\' OR json_extract(json, ?) LIKE ? ESCAPE '\\')",
                [
                    text(&field("head_name")),
                    anywhere(needle),
                    text(&field("door")),
                    anywhere(needle),
                ],
            );
        }
        let sql = format!(
            "WITH visited AS (SELECT {VISITS} FROM records h WHERE {}),
               seen AS (SELECT *, coalesce(date(last_visit, '+' || interval_days || ' days') <= ?, 1) AS due
                 FROM visited)",
            all.sql()
        );
        let mut values = vec![Value::Text(intervals)];
        values.extend(all.values(None));
        values.push(text(&filter.today));
        (sql, values)
    }

    pub(super) fn household_count(&self, filter: &HouseholdFilter) -> StoreResult<HouseholdCounts> {
        let (with, values) = self.seen(filter);
        let sql = format!(
            "{with} SELECT count(*), count(*) FILTER (WHERE due), count(*) FILTER (WHERE last_visit IS NULL) FROM seen"
        );
        let mut found = self.rows(&sql, values, |r| {
            Ok(HouseholdCounts {
                all: unsigned(r.get(0)?),
                due: unsigned(r.get(1)?),
                never: unsigned(r.get(2)?),
            })
        })?;
        Ok(found.pop().unwrap_or_default())
    }

    pub(super) fn household_list(
        &self,
        filter: &HouseholdFilter,
        window: Window,
    ) -> StoreResult<Vec<HouseholdRow>> {
        let (with, mut values) = self.seen(filter);
        values.push(Value::Integer(signed(window.take)));
        values.push(Value::Integer(signed(window.skip)));
        let show = match filter.show {
            HouseholdShow::All => "1",
            HouseholdShow::Due => "due",
            HouseholdShow::Never => "last_visit IS NULL",
        };
        let sql = format!(
            "{with} SELECT {COLUMNS}, last_visit, interval_days, due FROM seen WHERE {show}
             ORDER BY due DESC, last_visit, scope, record LIMIT ? OFFSET ?"
        );
        self.rows(&sql, values, household)
    }
}
