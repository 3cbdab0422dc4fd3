//! Fraud warnings on this phone, and which of their households have not heard them.

use rusqlite::Transaction;
use xunge_protocol::RecordId;
use xunge_records::Kind;

use super::households::{self, HouseholdRow};
use super::records::{self, RecordQuery, RecordRow};
use super::{Store, StoreError, clock};

/// States of an acknowledgement after which the household still has to hear the warning: issued, on the phone, nobody
/// met.
const UNHEARD: [&str; 3] = ["W10", "W20", "W41"];

/// A warning that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWarning {
    /// The warning.
    pub warning: RecordRow,
    /// Its households on this phone.
    pub households: u64,
    /// Those that have not heard it.
    pub unheard: u64,
}

impl Store {
    /// Warnings that are neither closed nor expired, the latest first.
    pub fn open_warnings(&self) -> Result<Vec<OpenWarning>, StoreError> {
        self.read(|tx| {
            let today = clock::now(tx, self.env.as_ref())?.day().to_string();
            let query = RecordQuery {
                kind: Some(Kind::Warning),
                ..RecordQuery::default()
            };
            let mut open = Vec::new();
            for warning in records::records(tx, &query)? {
                if warning.closed || warning.day.as_ref().is_some_and(|last| *last < today) {
                    continue;
                }
                let all = of_warning(tx, &warning.record)?;
                let mut unheard = 0;
                for household in &all {
                    unheard += u64::from(!has_heard(tx, &warning.record, &household.record)?);
                }
                open.push(OpenWarning {
                    households: all.len() as u64,
                    unheard,
                    warning,
                });
            }
            Ok(open)
        })
    }

    /// The households of a warning that have not heard it, by door.
    pub fn unheard(&self, warning: &RecordId) -> Result<Vec<HouseholdRow>, StoreError> {
        self.read(|tx| {
            let mut unheard = Vec::new();
            for household in of_warning(tx, warning)? {
                if !has_heard(tx, warning, &household.record)? {
                    unheard.push(household);
                }
            }
            Ok(unheard)
        })
    }
}

fn of_warning(tx: &Transaction<'_>, warning: &RecordId) -> Result<Vec<HouseholdRow>, StoreError> {
    let sql = format!(
        "{} WHERE record IN (SELECT household FROM warning_household WHERE warning = ?1)
         ORDER BY door_order, record",
        households::SELECT
    );
    let rows = tx
        .prepare_cached(&sql)?
        .query_map([warning.0], households::row)?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

fn has_heard(
    tx: &Transaction<'_>,
    warning: &RecordId,
    household: &RecordId,
) -> Result<bool, StoreError> {
    let acknowledgement = RecordId::acknowledgement(warning, household);
    Ok(tx
        .prepare_cached("SELECT 1 FROM record WHERE record = ?1 AND state NOT IN (?2, ?3, ?4)")?
        .exists((acknowledgement.0, UNHEARD[0], UNHEARD[1], UNHEARD[2]))?)
}
