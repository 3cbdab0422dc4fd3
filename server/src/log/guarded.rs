//! What can be said of an entry without the store: whether its bytes pass the guard, and what the record would be that it
//! opens. Said before the transaction, so that phones wait for each other only where they must.

use xunge_protocol::{Entry, RecordId, RefusalCode};
use xunge_records::{CheckedChange, Document, Kind, Record, check_change};

use super::judge::Refusal;
use super::projection::content;
use super::{LogError, broken};

/// An entry whose bytes passed the guard.
pub(crate) struct Passed {
    pub(crate) kind: Kind,
    pub(crate) change: CheckedChange,
    /// What it opens, made already; of use where nothing of the record was there before.
    pub(crate) opened: Option<Box<Seen>>,
}

/// A document after a change.
pub(crate) struct Seen {
    pub(crate) document: Document,
    /// What it reads as.
    pub(crate) read: Record,
    /// Its content for its row, if it was made already.
    pub(crate) json: Option<String>,
}

impl Seen {
    /// What the document of `record` reads as.
    pub(crate) fn of(record: RecordId, document: Document) -> Result<Self, LogError> {
        let read = document.read(record).map_err(|e| broken(record, e))?;
        Ok(Self {
            document,
            read,
            json: None,
        })
    }
}

/// What the guard says of an entry's bytes.
pub(crate) type Guarded = Result<Passed, Refusal>;

/// Asks the guard about an entry, whoever brings it and wherever to.
pub(crate) fn guard(entry: &Entry) -> Guarded {
    let kind = Kind::from_entry_kind(entry.kind).ok_or(RefusalCode::KindNotAllowed)?;
    Ok(Passed {
        kind,
        change: check_change(&entry.body)?,
        opened: None,
    })
}

/// [`guard`], with the record that the change opens.
pub(crate) fn guard_opening(entry: &Entry) -> Guarded {
    let mut passed = guard(entry)?;
    if passed.change.operations.open.is_some() {
        passed.opened = open(entry, passed.kind, &passed.change);
    }
    Ok(passed)
}

/// None where the change does not fit on an empty document: why is for the judge to say.
fn open(entry: &Entry, kind: Kind, change: &CheckedChange) -> Option<Box<Seen>> {
    let document = Document::new(kind).ok()?.with(change).ok()?;
    let mut opened = Seen::of(entry.record, document).ok()?;
    opened.json = Some(content(&opened.read));
    Some(Box::new(opened))
}
