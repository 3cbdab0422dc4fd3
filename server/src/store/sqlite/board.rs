//! Lists and counts of records for [`Board`]: one builder of conditions for both.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};
use xunge_protocol::{ScopeId, Timestamp};

use super::SqliteTx;
use super::records::{COLUMNS, record};
use super::row::{self, signed, unsigned};
use crate::audit::AuditRow;
use crate::store::{
    Board, CampaignRow, GroupBy, HouseholdCounts, HouseholdFilter, HouseholdRow, Outcome,
    RecipientRow, RecordFilter, RecordRow, Show, StoreResult, Tally, Window,
};

/// Conditions with their values, in the order of the question marks.
pub(super) struct Where {
    sql: String,
    values: Vec<Value>,
}

impl Where {
    /// Rows of the county in some scopes.
    pub(super) fn new(county: i64, column: &str, scopes: &[ScopeId]) -> Self {
        Self {
            sql: format!("county = ? AND {column} IN (SELECT unhex(value) FROM json_each(?))"),
            values: vec![Value::Integer(county), Value::Text(row::scope_list(scopes))],
        }
    }

    /// Records in some scopes. Whose county they are goes without saying, since a file holds one.
    pub(super) fn records(scopes: &[ScopeId]) -> Self {
        Self {
            sql: "scope IN (SELECT unhex(value) FROM json_each(?))".into(),
            values: vec![Value::Text(row::scope_list(scopes))],
        }
    }

    pub(super) fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.extend(values);
        self
    }

    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// All values, then the window's.
    pub(super) fn values(&self, window: Option<Window>) -> Vec<Value> {
        let mut values = self.values.clone();
        if let Some(window) = window {
            values.push(Value::Integer(signed(window.take)));
            values.push(Value::Integer(signed(window.skip)));
        }
        values
    }
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn time(at: Timestamp) -> Value {
    Value::Integer(at.0)
}

/// A pattern for LIKE that finds `needle` anywhere, with `\` as escape.
pub(super) fn anywhere(needle: &str) -> Value {
    let mut pattern = String::from("%");
    for c in needle.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    Value::Text(pattern)
}

/// JSON path of a field, which may lie in a group: `party_a/name`.
pub(super) fn field(path: &str) -> String {
    let mut json = String::from("$.fields");
    for part in path.split('/') {
        json.push_str(&format!(".\"{part}\""));
    }
    json
}

fn conditions(filter: &RecordFilter) -> Where {
    let mut all = Where::records(&filter.scopes);
    if !filter.kinds.is_empty() {
        let kinds: Vec<String> = filter
            .kinds
            .iter()
            .map(|k| k.entry_kind().0.to_string())
            .collect();
        all.and(&format!("kind IN ({})", kinds.join(",")), []);
    }
    match filter.show {
        Show::All => {}
        Show::Overdue => {
            all.and(
                "kind IN (4, 7) AND closed = 0 AND deadline < ?",
                [time(filter.now)],
            );
        }
        Show::Differing => {
            all.and("conflicts > 0", []);
        }
        Show::Fixed => {
            all.and("review = 'fixed'", []);
        }
        Show::Returned => {
            all.and("review = 'returned'", []);
        }
        Show::WithoutEffect => {
            all.and("without_effect > 0 AND review <> 'approved'", []);
        }
        Show::Proposed => {
            all.and("closed = 0 AND (proposals > 0 OR state = 'S31')", []);
        }
        Show::Money => {
            all.and("kind = 6 AND state = 'W50' AND review <> 'approved'", []);
        }
        Show::New => {
            all.and(
                "kind IN (4, 7) AND closed = 0 AND review = 'open' AND state = 'S10'",
                [],
            );
        }
        Show::Open => {
            all.and("closed = 0", []);
        }
        Show::Closed => {
            all.and("closed = 1", []);
        }
    }
    if let Some((path, code)) = &filter.code {
        // One row for a code, and one for each member of a set.
        all.and(
            "EXISTS (SELECT 1 FROM json_each(plain_json(records.json), ?) e WHERE e.value = ?)",
            [text(&field(path)), text(code)],
        );
    }
    if !filter.states.is_empty() {
        let states = serde_json::Value::from(filter.states.clone()).to_string();
        all.and(
            "state IN (SELECT value FROM json_each(?))",
            [Value::Text(states)],
        );
    }
    if let Some((from, to)) = filter.received {
        all.and(
            "received_at >= ? AND received_at < ?",
            [time(from), time(to)],
        );
    }
    if let Some((from, to)) = filter.resolved {
        all.and(
            "closed = 1 AND state NOT IN ('S61', 'S62', 'S63') AND EXISTS (
               SELECT 1 FROM json_each(plain_json(records.json), '$.events') e
               WHERE e.value ->> 'verb' = 'resolve' AND e.value ->> 'effect' = 'effective'
                 AND e.value ->> 'at' >= ? AND e.value ->> 'at' < ?)",
            [time(from), time(to)],
        );
    }
    if let Some(household) = filter.household {
        all.and("household = ?", [Value::Blob(household.0.to_vec())]);
    }
    if let Some(needle) = &filter.text {
        let pattern = anywhere(needle);
        let mut sql = String::from("(number LIKE ? ESCAPE '\\' OR owner LIKE ? ESCAPE '\\'");
        let mut values = vec![pattern.clone(), pattern.clone()];
        for path in ["place", "narrative", "head_name", "door", "note"] {
            sql.push_str(" OR json_extract(plain_json(records.json), ?) LIKE ? ESCAPE '\\'");
            values.push(text(&field(path)));
            values.push(pattern.clone());
        }
        sql.push(')');
        all.and(&sql, values);
    }
    all
}

impl SqliteTx<'_> {
    pub(super) fn count(&self, sql: &str, values: Vec<Value>) -> StoreResult<u64> {
        Ok(self
            .sql()
            .prepare_cached(sql)?
            .query_row(params_from_iter(values), |r| Ok(unsigned(r.get(0)?)))?)
    }

    pub(super) fn rows<T>(
        &self,
        sql: &str,
        values: Vec<Value>,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> StoreResult<Vec<T>> {
        let mut query = self.sql().prepare_cached(sql)?;
        let rows = query.query_map(params_from_iter(values), read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Board for SqliteTx<'_> {
    fn count_records(&self, filter: &RecordFilter) -> StoreResult<u64> {
        let all = conditions(filter);
        self.count(
            &format!("SELECT count(*) FROM records WHERE {}", all.sql()),
            all.values(None),
        )
    }

    fn count_groups(
        &self,
        filter: &RecordFilter,
        by: GroupBy,
    ) -> StoreResult<BTreeMap<String, u64>> {
        let all = conditions(filter);
        let sql = match by {
            GroupBy::Field(path) => format!(
                // As text: a field may hold whatever a supervisor let in.
                "SELECT CAST(coalesce(json_extract(plain_json(records.json), '{}'), '') AS TEXT), count(*) FROM records WHERE {} GROUP BY 1",
                field(path),
                all.sql()
            ),
            GroupBy::Members(set) => format!(
                "SELECT CAST(coalesce(e.value, '') AS TEXT), count(*) FROM records,
                   json_each(CASE json_type(plain_json(records.json), '{0}') WHEN 'array' THEN plain_json(records.json) ELSE '{{}}' END, '{0}') e
                 WHERE {1} GROUP BY 1",
                field(set),
                all.sql()
            ),
            GroupBy::Scope => format!(
                "SELECT lower(hex(scope)), count(*) FROM records WHERE {} GROUP BY 1",
                all.sql()
            ),
        };
        let rows = self.rows(&sql, all.values(None), |r| {
            Ok((r.get(0)?, unsigned(r.get(1)?)))
        })?;
        Ok(rows.into_iter().collect())
    }

    fn count_households_of(&self, filter: &RecordFilter) -> StoreResult<u64> {
        let all = conditions(filter);
        self.count(
            &format!(
                "SELECT count(DISTINCT household) FROM records WHERE {}",
                all.sql()
            ),
            all.values(None),
        )
    }

    fn list_records(&self, filter: &RecordFilter, window: Window) -> StoreResult<Vec<RecordRow>> {
        let all = conditions(filter);
        let order = match filter.show {
            Show::Overdue => "deadline, record",
            _ => "received_at DESC, record",
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE {} ORDER BY {order} LIMIT ? OFFSET ?",
            all.sql()
        );
        self.rows(&sql, all.values(Some(window)), record)
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
        all.and("state = ?", [text(state)]);
        self.count(
            &format!("SELECT count(*) FROM quarantine WHERE {}", all.sql()),
            all.values(None),
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
