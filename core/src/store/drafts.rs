//! Interviews under way: saved whole at each answer, resumed after any kill. What the state means, only `form` knows.

use rusqlite::{OptionalExtension as _, Row, Transaction};
use xunge_protocol::{RecordId, Timestamp};

use super::{Store, StoreError, clock, counters};

/// An interview under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Id of the interview.
    pub id: String,
    /// What it asks about: a kind of record or of interview.
    pub kind: String,
    /// What lists show, may be empty.
    pub title: String,
    /// The record that it continues, if it amends one.
    pub record: Option<RecordId>,
    /// When it was last answered.
    pub changed_at: Timestamp,
    /// Its state, as `form` wrote it (JSON).
    pub state: String,
}

impl Store {
    /// An id for a new interview: `i` and a number that was never used in this database.
    pub fn new_draft_id(&self) -> Result<String, StoreError> {
        self.write(|tx| Ok(format!("i{}", counters::next(tx, counters::DRAFT)?)))
    }

    /// Keeps a draft, replacing the one with this id. `changed_at` is set to now.
    pub fn save_draft(&self, draft: &Draft) -> Result<(), StoreError> {
        self.write(|tx| {
            let now = clock::now(tx, self.env.as_ref())?;
            tx.prepare_cached("INSERT OR REPLACE INTO draft VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute((
                    &draft.id,
                    &draft.kind,
                    &draft.title,
                    draft.record.map(|r| r.0),
                    now.at.0,
                    &draft.state,
                ))?;
            Ok(())
        })
    }

    /// The draft with this id.
    pub fn draft(&self, id: &str) -> Result<Option<Draft>, StoreError> {
        self.read(|tx| {
            Ok(tx
                .prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
                .query_row([id], row)
                .optional()?)
        })
    }

    /// All drafts, the latest answered first.
    pub fn drafts(&self) -> Result<Vec<Draft>, StoreError> {
        self.read(|tx| {
            let rows = tx
                .prepare_cached(&format!("{SELECT} ORDER BY changed_at DESC, id"))?
                .query_map((), row)?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
    }

    /// Throws a draft away, because its worker said so. Whether there was one.
    pub fn discard_draft(&self, id: &str) -> Result<bool, StoreError> {
        self.write(|tx| delete(tx, id))
    }
}

pub(super) fn delete(tx: &Transaction<'_>, id: &str) -> Result<bool, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM draft WHERE id = ?1")?
        .execute([id])?
        > 0)
}

const SELECT: &str = "SELECT id, kind, title, record, changed_at, state FROM draft";

fn row(row: &Row<'_>) -> rusqlite::Result<Draft> {
    Ok(Draft {
        id: row.get(0)?,
        kind: row.get(1)?,
        title: row.get(2)?,
        record: row.get::<_, Option<[u8; 13]>>(3)?.map(RecordId),
        changed_at: Timestamp(row.get(4)?),
        state: row.get(5)?,
    })
}
