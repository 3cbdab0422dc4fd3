//! The one place that says how far a record is, and the numbers that add it up.

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use xunge_records::Review;

use super::changes::Standing;
use super::{Store, StoreError, retention};

/// How far a record is on its way to the town.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// An interview that is not saved yet (草稿).
    Draft,
    /// Saved here; not all of it has a receipt (待发送).
    Waiting,
    /// The town has all of it (镇里已收到).
    Received,
    /// Received, but the town asks for more (被退回).
    Returned,
    /// The town did not take it, and said why (未被接收).
    Refused,
}

impl SyncState {
    /// Its name in the contract and in resource files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Waiting => "waiting",
            Self::Received => "received",
            Self::Returned => "returned",
            Self::Refused => "refused",
        }
    }

    /// Number in the database.
    pub(super) fn number(self) -> u8 {
        self as u8
    }

    /// The state of a number in the database.
    pub(super) fn from_number(number: u8) -> Result<Self, StoreError> {
        [
            Self::Draft,
            Self::Waiting,
            Self::Received,
            Self::Returned,
            Self::Refused,
        ]
        .into_iter()
        .find(|s| s.number() == number)
        .ok_or_else(|| StoreError::Damaged(format!("sync state {number}")))
    }
}

impl std::str::FromStr for SyncState {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        [
            Self::Draft,
            Self::Waiting,
            Self::Received,
            Self::Returned,
            Self::Refused,
        ]
        .into_iter()
        .find(|s| s.name() == text)
        .ok_or(())
    }
}

/// The state of a saved record from its worker's own changes, oldest first, and its review.
///
/// What is not sent comes first: the worker mended something, and the town does not know yet. A quarantined change
/// counts until the relay revises its receipt; a rejected one until the worker changed the record after it.
pub(super) fn of(own: &[Standing], review: &Review) -> SyncState {
    let refused = own.last() == Some(&Standing::Rejected) || own.contains(&Standing::Quarantined);
    if own.contains(&Standing::Waiting) {
        SyncState::Waiting
    } else if refused {
        SyncState::Refused
    } else if matches!(review, Review::Returned { .. }) {
        SyncState::Returned
    } else {
        SyncState::Received
    }
}

/// A worker's own records in numbers: `saved = acknowledged + waiting + refused`; returned ones are acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Progress {
    /// All that were ever saved.
    pub saved: u64,
    /// Those that the town has.
    pub acknowledged: u64,
    /// Those that are not sent, or not answered.
    pub waiting: u64,
    /// Interviews that are not saved.
    pub drafts: u64,
    /// Those that the town asks more about.
    pub returned: u64,
    /// Those that the town did not take.
    pub refused: u64,
}

impl Store {
    /// The worker's progress.
    pub fn progress(&self) -> Result<Progress, StoreError> {
        self.read(progress)
    }
}

pub(super) fn progress(tx: &Transaction<'_>) -> Result<Progress, StoreError> {
    let mut progress = Progress {
        drafts: tx
            .prepare_cached("SELECT count(*) FROM draft")?
            .query_row((), |row| row.get::<_, i64>(0))?
            .unsigned_abs(),
        ..Progress::default()
    };
    let mut select = tx.prepare_cached(
        "SELECT sync_state, count(*) FROM record WHERE own = 1 GROUP BY sync_state",
    )?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        let count = row.get::<_, i64>(1)?.unsigned_abs();
        progress.saved += count;
        match SyncState::from_number(row.get(0)?)? {
            SyncState::Waiting => progress.waiting += count,
            SyncState::Refused => progress.refused += count,
            SyncState::Returned => {
                progress.returned += count;
                progress.acknowledged += count;
            }
            SyncState::Received | SyncState::Draft => progress.acknowledged += count,
        }
    }
    // What this phone let go of is with the town.
    let past = retention::own_past(tx)?;
    progress.saved += past;
    progress.acknowledged += past;
    Ok(progress)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xunge_protocol::WriterId;
    use xunge_records::EventId;

    #[test]
    fn a_state_is_found_by_its_number_and_by_its_name() {
        let names = ["draft", "waiting", "received", "returned", "refused"];
        for (number, name) in (0..).zip(names) {
            let state = SyncState::from_number(number).unwrap();
            assert_eq!((state.number(), state.name()), (number, name));
            assert_eq!(name.parse(), Ok(state));
        }
        assert!(SyncState::from_number(5).is_err());
        assert_eq!("sent".parse::<SyncState>(), Err(()));
    }

    #[test]
    fn unsent_work_comes_before_a_refusal_and_a_refusal_before_a_return() {
        use Standing::{Accepted, Quarantined, Rejected, Waiting};
        let returned = Review::Returned {
            event: EventId {
                writer: WriterId([1; 8]),
                n: 1,
            },
        };
        let state = |own: &[Standing]| of(own, &returned);
        assert_eq!(state(&[Accepted]), SyncState::Returned);
        assert_eq!(state(&[Accepted, Waiting]), SyncState::Waiting);
        assert_eq!(state(&[Quarantined, Waiting]), SyncState::Waiting);
        assert_eq!(state(&[Quarantined, Accepted]), SyncState::Refused);
        assert_eq!(state(&[Accepted, Rejected]), SyncState::Refused);
        assert_eq!(state(&[Rejected, Accepted]), SyncState::Returned);
        assert_eq!(of(&[Accepted], &Review::Open), SyncState::Received);
        assert_eq!(of(&[], &Review::Open), SyncState::Received);
    }
}
