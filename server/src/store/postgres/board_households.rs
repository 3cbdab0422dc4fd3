//! Households for the console: last visit, interval, and who is due.

use tokio_postgres::Row;

use super::board::{Where, anywhere, field_json, field_text};
use super::records::{COLUMNS, record};
use super::row;
use super::tx::{Kept, PgTx};
use crate::store::{
    HouseholdCounts, HouseholdFilter, HouseholdRow, HouseholdShow, StoreResult, Window,
};

/// Where the columns of a household begin after those of its record.
const AFTER_RECORD: usize = 25;

fn household(r: &Row) -> StoreResult<HouseholdRow> {
    Ok(HouseholdRow {
        record: record(r)?,
        last_visit: r.try_get(AFTER_RECORD)?,
        interval_days: row::number(r, AFTER_RECORD + 1)?,
        due: r.try_get(AFTER_RECORD + 2)?,
    })
}

impl PgTx<'_> {
    /// `WITH` clause that makes the table `seen` of all households meant, and its values.
    fn seen(&self, filter: &HouseholdFilter) -> (String, Where) {
        let mut all = Where::new(self.county(), "scope", &filter.scopes);
        let merged = field_text("merged_into");
        all.and(&format!("kind = 1 AND {merged} IS NULL"));
        if let Some(needle) = &filter.text {
            let pattern = all.text(&anywhere(needle));
            let (head, door) = (field_text("head_name"), field_text("door"));
            all.and(&format!(
                "({head} ILIKE {pattern} OR {door} ILIKE {pattern})"
            ));
        }
        let intervals: Kept = Box::new(serde_json::json!(filter.intervals));
        let intervals = all.value(intervals);
        let today = all.text(&filter.today);
        let (own, tier) = (field_json("interval_days"), field_text("tier"));
        // Days are compared as ISO texts: a day that is none must not end the query. The interval is kept within a
        // hundred years for the same reason.
        let sql = format!(
            "WITH visited AS (SELECT h.*, (SELECT max(v.day) FROM records v WHERE v.county = h.county
                 AND v.scope = h.scope AND v.household = h.record AND v.kind = 3) AS last_visit,
                 least(greatest(CASE WHEN jsonb_typeof({own}) = 'number' THEN {own}::numeric
                   ELSE coalesce(({intervals}::jsonb ->> {tier})::numeric, 182) END, 0), 36500)::bigint AS interval_days
               FROM records h WHERE {}),
             seen AS (SELECT *, coalesce(last_visit <=
                 to_char({today}::text::date - interval_days::integer, 'YYYY-MM-DD'), TRUE) AS due FROM visited)",
            all.sql()
        );
        (sql, all)
    }

    pub(super) fn household_count(&self, filter: &HouseholdFilter) -> StoreResult<HouseholdCounts> {
        let (with, all) = self.seen(filter);
        let sql = format!(
            "{with} SELECT count(*), count(*) FILTER (WHERE due), count(*) FILTER (WHERE last_visit IS NULL) FROM seen"
        );
        let rows = self.rows(&sql, &all)?;
        let Some(r) = rows.first() else {
            return Ok(HouseholdCounts::default());
        };
        Ok(HouseholdCounts {
            all: row::number(r, 0)?,
            due: row::number(r, 1)?,
            never: row::number(r, 2)?,
        })
    }

    pub(super) fn household_list(
        &self,
        filter: &HouseholdFilter,
        window: Window,
    ) -> StoreResult<Vec<HouseholdRow>> {
        let (with, mut all) = self.seen(filter);
        let page = all.window(window);
        let show = match filter.show {
            HouseholdShow::All => "TRUE",
            HouseholdShow::Due => "due",
            HouseholdShow::Never => "last_visit IS NULL",
        };
        let sql = format!(
            "{with} SELECT {COLUMNS}, last_visit, interval_days, due FROM seen WHERE {show}
             ORDER BY due DESC, last_visit NULLS FIRST, scope, record {page}"
        );
        self.rows(&sql, &all)?.iter().map(household).collect()
    }
}
