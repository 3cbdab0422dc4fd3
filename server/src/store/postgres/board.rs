//! Lists and counts of records for [`Board`]: one builder of conditions for both.

use std::collections::BTreeMap;

use tokio_postgres::Row;
use xunge_protocol::{ScopeId, Timestamp};

use super::records::{COLUMNS, record};
use super::row::{self, clean, signed};
use super::tx::{Kept, Param, PgTx};
use crate::audit::AuditRow;
use crate::store::{
    Board, CampaignRow, GroupBy, HouseholdCounts, HouseholdFilter, HouseholdRow, Outcome,
    RecipientRow, RecordFilter, RecordRow, Show, StoreResult, Tally, Window,
};

/// Conditions with their values; a value is named by the number that [`Self::value`] gave it.
pub(super) struct Where {
    sql: String,
    values: Vec<Kept>,
}

impl Where {
    /// Rows of the county in some scopes.
    pub(super) fn new(county: i64, column: &str, scopes: &[ScopeId]) -> Self {
        Self {
            sql: format!("county = $1 AND {column} = ANY($2)"),
            values: vec![Box::new(county), Box::new(row::scopes(scopes))],
        }
    }

    /// Adds a value, and returns how the conditions name it.
    pub(super) fn value(&mut self, value: impl Into<Kept>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    pub(super) fn text(&mut self, text: &str) -> String {
        let value: Kept = Box::new(clean(text).into_owned());
        self.value(value)
    }

    pub(super) fn number(&mut self, n: i64) -> String {
        let value: Kept = Box::new(n);
        self.value(value)
    }

    pub(super) fn and(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self
    }

    /// What shows one page of the rows.
    pub(super) fn window(&mut self, window: Window) -> String {
        let take = self.number(signed(window.take));
        let skip = self.number(signed(window.skip));
        format!("LIMIT {take} OFFSET {skip}")
    }

    pub(super) fn sql(&self) -> &str {
        &self.sql
    }
}

/// A pattern for ILIKE that finds `needle` anywhere, with `\` as escape.
pub(super) fn anywhere(needle: &str) -> String {
    let mut pattern = String::from("%");
    for c in needle.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Path of a field in the JSON, which may lie in a group: `party_a/name`.
fn path(field: &str) -> String {
    let parts: Vec<String> = field
        .split('/')
        .map(|part| format!("\"{}\"", part.replace(['"', '\\', '\''], "")))
        .collect();
    format!("'{{fields,{}}}'", parts.join(","))
}

/// A field as JSON.
pub(super) fn field_json(field: &str) -> String {
    format!("(json #> {})", path(field))
}

/// A field as text.
pub(super) fn field_text(field: &str) -> String {
    format!("(json #>> {})", path(field))
}

fn conditions(county: i64, filter: &RecordFilter) -> Where {
    let mut all = Where::new(county, "scope", &filter.scopes);
    if !filter.kinds.is_empty() {
        let kinds: Vec<String> = filter
            .kinds
            .iter()
            .map(|k| k.entry_kind().0.to_string())
            .collect();
        all.and(&format!("kind IN ({})", kinds.join(",")));
    }
    match filter.show {
        Show::All => {}
        Show::Overdue => {
            let now = all.number(filter.now.0);
            all.and(&format!(
                "kind IN (4, 7) AND NOT closed AND deadline < {now}"
            ));
        }
        Show::Differing => {
            all.and("conflicts > 0");
        }
        Show::Fixed => {
            all.and("review = 'fixed'");
        }
        Show::Returned => {
            all.and("review = 'returned'");
        }
        Show::WithoutEffect => {
            all.and("without_effect > 0 AND review <> 'approved'");
        }
        Show::Proposed => {
            all.and("NOT closed AND (proposals > 0 OR state = 'S31')");
        }
        Show::Money => {
            all.and("kind = 6 AND state = 'W50' AND review <> 'approved'");
        }
        Show::New => {
            all.and("kind IN (4, 7) AND NOT closed AND review = 'open' AND state = 'S10'");
        }
        Show::Open => {
            all.and("NOT closed");
        }
        Show::Closed => {
            all.and("closed");
        }
    }
    if let Some((path, code)) = &filter.code {
        // A code contains itself, and a set each of its members.
        let code = all.text(code);
        let sql = format!("{} @> to_jsonb({code}::text)", field_json(path));
        all.and(&sql);
    }
    if !filter.states.is_empty() {
        let states: Kept = Box::new(filter.states.clone());
        let states = all.value(states);
        all.and(&format!("state = ANY({states})"));
    }
    if let Some((from, to)) = filter.received {
        let (from, to) = (all.number(from.0), all.number(to.0));
        all.and(&format!("received_at >= {from} AND received_at < {to}"));
    }
    if let Some((from, to)) = filter.resolved {
        let (from, to) = (all.number(from.0), all.number(to.0));
        all.and(&format!(
            "closed AND state NOT IN ('S61', 'S62', 'S63') AND EXISTS (
               SELECT 1 FROM jsonb_array_elements(json -> 'events') e
               WHERE e ->> 'verb' = 'resolve' AND e ->> 'effect' = 'effective'
                 AND (e ->> 'at')::bigint >= {from} AND (e ->> 'at')::bigint < {to})"
        ));
    }
    if let Some(household) = filter.household {
        let household: Kept = Box::new(household.0);
        let household = all.value(household);
        all.and(&format!("household = {household}"));
    }
    if let Some(needle) = &filter.text {
        let pattern = all.text(&anywhere(needle));
        let mut sql = format!("(number ILIKE {pattern} OR owner ILIKE {pattern}");
        for path in ["place", "narrative", "head_name", "door", "note"] {
            sql.push_str(&format!(" OR {} ILIKE {pattern}", field_text(path)));
        }
        sql.push(')');
        all.and(&sql);
    }
    all
}

impl PgTx<'_> {
    pub(super) fn rows(&self, sql: &str, all: &Where) -> StoreResult<Vec<Row>> {
        let values: Vec<Param<'_>> = all.values.iter().map(|v| v.as_ref() as Param<'_>).collect();
        self.query(sql, &values)
    }

    pub(super) fn count(&self, sql: &str, all: &Where) -> StoreResult<u64> {
        let rows = self.rows(sql, all)?;
        rows.first().map_or(Ok(0), |r| row::number(r, 0))
    }
}

impl Board for PgTx<'_> {
    fn count_records(&self, filter: &RecordFilter) -> StoreResult<u64> {
        let all = conditions(self.county(), filter);
        self.count(
            &format!("SELECT count(*) FROM records WHERE {}", all.sql()),
            &all,
        )
    }

    fn count_groups(
        &self,
        filter: &RecordFilter,
        by: GroupBy,
    ) -> StoreResult<BTreeMap<String, u64>> {
        let all = conditions(self.county(), filter);
        let sql = match by {
            GroupBy::Field(path) => format!(
                "SELECT coalesce({}, ''), count(*) FROM records WHERE {} GROUP BY 1",
                field_text(path),
                all.sql()
            ),
            GroupBy::Members(set) => format!(
                "SELECT e.member, count(*) FROM records,
                   jsonb_array_elements_text(CASE jsonb_typeof({0}) WHEN 'array' THEN {0} ELSE '[]' END) e (member)
                 WHERE {1} GROUP BY 1",
                field_json(set),
                all.sql()
            ),
            GroupBy::Scope => format!(
                "SELECT encode(scope, 'hex'), count(*) FROM records WHERE {} GROUP BY 1",
                all.sql()
            ),
        };
        let rows = self.rows(&sql, &all)?;
        rows.iter()
            .map(|r| Ok((r.try_get(0)?, row::number(r, 1)?)))
            .collect()
    }

    fn count_households_of(&self, filter: &RecordFilter) -> StoreResult<u64> {
        let all = conditions(self.county(), filter);
        let sql = format!(
            "SELECT count(DISTINCT household) FROM records WHERE {}",
            all.sql()
        );
        self.count(&sql, &all)
    }

    fn list_records(&self, filter: &RecordFilter, window: Window) -> StoreResult<Vec<RecordRow>> {
        let mut all = conditions(self.county(), filter);
        let order = match filter.show {
            Show::Overdue => "deadline, record",
            _ => "received_at DESC, record",
        };
        let page = all.window(window);
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE {} ORDER BY {order} {page}",
            all.sql()
        );
        self.rows(&sql, &all)?.iter().map(record).collect()
    }

    fn count_households(&self, filter: &HouseholdFilter) -> StoreResult<HouseholdCounts> {
        self.household_count(filter)
    }

    fn list_households(
        &self,
        filter: &HouseholdFilter,
        window: Window,
    ) -> StoreResult<Vec<HouseholdRow>> {
        self.household_list(filter, window)
    }

    fn count_campaigns(&self, scopes: &[ScopeId], days: Option<(&str, &str)>) -> StoreResult<u64> {
        self.campaign_count(scopes, days)
    }

    fn list_campaigns(&self, scopes: &[ScopeId], window: Window) -> StoreResult<Vec<CampaignRow>> {
        self.campaign_list(scopes, window)
    }

    fn tally(
        &self,
        scopes: &[ScopeId],
        campaign: Option<&str>,
        days: Option<(&str, &str)>,
        today: Option<&str>,
    ) -> StoreResult<Tally> {
        self.campaign_tally(scopes, campaign, days, today)
    }

    fn campaign_sample(
        &self,
        scopes: &[ScopeId],
        campaign: &str,
    ) -> StoreResult<Option<RecordRow>> {
        self.campaign_record(scopes, campaign)
    }

    fn recipients(
        &self,
        scopes: &[ScopeId],
        campaign: &str,
        outcome: Outcome,
        window: Window,
    ) -> StoreResult<Vec<RecipientRow>> {
        self.campaign_recipients(scopes, campaign, outcome, window)
    }

    fn count_quarantine(&self, scopes: &[ScopeId], state: &str) -> StoreResult<u64> {
        let mut all = Where::new(self.county(), "scope", scopes);
        let state = all.text(state);
        all.and(&format!("state = {state}"));
        self.count(
            &format!("SELECT count(*) FROM quarantine WHERE {}", all.sql()),
            &all,
        )
    }

    fn count_silent_phones(&self, scopes: &[ScopeId], before: Timestamp) -> StoreResult<u64> {
        self.silent_phones(scopes, before)
    }

    fn workers_by_scope(&self, scopes: &[ScopeId]) -> StoreResult<BTreeMap<ScopeId, u64>> {
        self.granted_workers(scopes)
    }

    fn count_audit(&self, scopes: &[ScopeId], needle: Option<&str>) -> StoreResult<u64> {
        self.audit_count(scopes, needle)
    }

    fn list_audit(
        &self,
        scopes: &[ScopeId],
        needle: Option<&str>,
        window: Window,
    ) -> StoreResult<Vec<AuditRow>> {
        self.audit_list(scopes, needle, window)
    }
}
