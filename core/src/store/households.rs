//! Households as the worker walks them: who lives there, who is due, which one it probably is.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::{OptionalExtension as _, Row, Transaction};
use serde::Serialize;
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::Kind;

use super::records::{self, RecordQuery, RecordRow};
use super::{Store, StoreError, clock, resources};

/// Visit interval where neither the household nor its tier says one, in days: half a year.
const DEFAULT_INTERVAL_DAYS: i64 = 182;
/// How many neighbours of the last door come before those that are due.
const NEIGHBOURS: usize = 3;

/// A household as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HouseholdRow {
    /// Its id.
    #[serde(rename = "id")]
    pub record: RecordId,
    /// Its scope.
    pub scope: ScopeId,
    /// Name of its head.
    #[serde(rename = "title")]
    pub head_name: String,
    /// Its door.
    pub door: String,
    /// Code of `household_tier`, if it has one.
    pub tier: Option<String>,
    /// ISO day of the last visit, if there was one.
    pub last_visit: Option<String>,
    /// ISO day of the follow-up that the last visit promised.
    pub follow_up_on: Option<String>,
    #[serde(skip)]
    pub(super) door_order: String,
    #[serde(skip)]
    pub(super) interval_days: Option<i64>,
}

/// A household on the list of next visits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextVisit {
    /// Which.
    #[serde(flatten)]
    pub household: HouseholdRow,
    /// When it is due; `None` if it was never visited.
    pub due_on: Option<Date>,
    /// Whether that is today or past, or it was never visited.
    pub due: bool,
}

impl Store {
    /// A household as lists show it.
    pub fn household(&self, household: &RecordId) -> Result<Option<HouseholdRow>, StoreError> {
        self.read(|tx| self::household(tx, household))
    }

    /// The persons of a household, in the order in which they were recorded.
    pub fn members(&self, household: &RecordId) -> Result<Vec<RecordRow>, StoreError> {
        let query = RecordQuery {
            kind: Some(Kind::Person),
            subject: Some(*household),
            ..RecordQuery::default()
        };
        let mut members = self.read(|tx| records::records(tx, &query))?;
        members.reverse();
        Ok(members)
    }

    /// Households by urgency: promised follow-ups that are due, then those never visited (shortest interval first),
    /// then by the day on which they are due.
    pub fn next_visits(&self, limit: usize) -> Result<Vec<NextVisit>, StoreError> {
        self.read(|tx| {
            let mut visits = next_visits(tx, clock::now(tx, self.env.as_ref())?.day())?;
            visits.truncate(limit);
            Ok(visits)
        })
    }

    /// The households that a worker most probably means: the next doors after the one visited last, then those due.
    /// Not those visited today, as long as there are others.
    pub fn likeliest_households(&self, limit: usize) -> Result<Vec<HouseholdRow>, StoreError> {
        self.read(|tx| {
            let today = clock::now(tx, self.env.as_ref())?.day();
            let mut likely = after_last_visit(tx)?;
            likely.truncate(NEIGHBOURS);
            for visit in next_visits(tx, today)? {
                if !likely.iter().any(|h| h.record == visit.household.record) {
                    likely.push(visit.household);
                }
            }
            let today = today.to_string();
            likely.sort_by_key(|h| h.last_visit.as_deref() == Some(&today));
            likely.truncate(limit);
            Ok(likely)
        })
    }
}

fn next_visits(tx: &Transaction<'_>, today: Date) -> Result<Vec<NextVisit>, StoreError> {
    let presets = interval_presets(tx)?;
    let mut select = tx.prepare_cached(&format!("{SELECT} WHERE merged = 0"))?;
    let mut visits = Vec::new();
    for household in select.query_map((), row)? {
        let household = household?;
        let interval = household
            .interval_days
            .or_else(|| presets.get(household.tier.as_deref()?).copied())
            .unwrap_or(DEFAULT_INTERVAL_DAYS);
        let last = day(household.last_visit.as_deref());
        let by_interval = last.and_then(|last| {
            last.checked_add(jiff::Span::new().try_days(interval).ok()?)
                .ok()
        });
        let follow_up = day(household.follow_up_on.as_deref()).filter(|day| last <= Some(*day));
        let due_on = by_interval.into_iter().chain(follow_up).min();
        let due = due_on.is_none_or(|on| on <= today);
        let promised = follow_up.is_some_and(|on| on <= today);
        let key = (
            !promised,
            last.is_some(),
            due_on,
            if last.is_none() { interval } else { 0 },
        );
        visits.push((
            key,
            NextVisit {
                household,
                due_on,
                due,
            },
        ));
    }
    visits.sort_by(|(a, x), (b, y)| {
        (a, &x.household.door_order, x.household.record).cmp(&(
            b,
            &y.household.door_order,
            y.household.record,
        ))
    });
    Ok(visits.into_iter().map(|(_, visit)| visit).collect())
}

/// The doors after the one that this worker visited last.
fn after_last_visit(tx: &Transaction<'_>) -> Result<Vec<HouseholdRow>, StoreError> {
    let last: Option<(String, [u8; 13])> = tx
        .prepare_cached(
            "SELECT h.door_order, h.record FROM record r JOIN household h ON h.record = r.subject
             WHERE r.own = 1 AND r.kind = ?1 ORDER BY r.opened_at DESC, r.record DESC LIMIT 1",
        )?
        .query_row([Kind::Visit.entry_kind().0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((door, record)) = last else {
        return Ok(Vec::new());
    };
    let sql = format!(
        "{SELECT} WHERE merged = 0 AND (door_order, record) > (?1, ?2)
         ORDER BY door_order, record LIMIT ?3"
    );
    let rows = tx
        .prepare_cached(&sql)?
        .query_map((door, record, NEIGHBOURS as i64), row)?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Days between visits by tier, from the county's presets.
fn interval_presets(tx: &Transaction<'_>) -> Result<BTreeMap<String, i64>, StoreError> {
    let Some(list) = resources::resource(tx, "codelists/visit_interval_preset.csv")? else {
        return Ok(BTreeMap::new());
    };
    let mut reader = csv::Reader::from_reader(list.content.as_slice());
    let headers = reader.headers().cloned().unwrap_or_default();
    let column = |name: &str| headers.iter().position(|h| h == name);
    let (Some(tier), Some(days)) = (column("tier"), column("days")) else {
        return Ok(BTreeMap::new());
    };
    // A row that is not understood leaves its tier at the default.
    Ok(reader
        .records()
        .filter_map(|row| {
            let row = row.ok()?;
            let tier = row.get(tier).filter(|tier| !tier.is_empty())?;
            Some((tier.to_owned(), row.get(days)?.parse().ok()?))
        })
        .collect())
}

fn day(text: Option<&str>) -> Option<Date> {
    text?.parse().ok()
}

pub(super) const SELECT: &str =
    "SELECT record, scope, head_name, door, tier, last_visit, follow_up_on, door_order,
    interval_days FROM household";

pub(super) fn row(row: &Row<'_>) -> rusqlite::Result<HouseholdRow> {
    Ok(HouseholdRow {
        record: RecordId(row.get(0)?),
        scope: ScopeId(row.get(1)?),
        head_name: row.get(2)?,
        door: row.get(3)?,
        tier: row.get(4)?,
        last_visit: row.get(5)?,
        follow_up_on: row.get(6)?,
        door_order: row.get(7)?,
        interval_days: row.get(8)?,
    })
}

pub(super) fn household(
    tx: &Transaction<'_>,
    household: &RecordId,
) -> Result<Option<HouseholdRow>, StoreError> {
    Ok(tx
        .prepare_cached(&format!("{SELECT} WHERE record = ?1"))?
        .query_row([household.0], row)
        .optional()?)
}
