//! One transaction's work on the log: documents as they are with all that this transaction did, and what follows for the
//! projection.
//!
//! It judges and takes entries by anyone. What the relay itself writes is in [`crate::authority`], which builds on this.

pub(crate) mod guarded;
pub mod judge;
pub mod projection;
pub mod receipt;

use std::collections::BTreeMap;

use xunge_protocol::{RecordId, ScopeId, Timestamp, WriterId};
use xunge_records::{Document, Kind, Record};

use crate::store::{LogTx, StoreError};
use guarded::Seen;

/// Why the log could not do its work; the transaction must be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored does not make a document.
    #[error("record {record}: {why}")]
    Broken {
        /// Which record.
        record: RecordId,
        /// What is wrong.
        why: String,
    },
}

/// A record's document with what the projection needs beside it.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub(crate) scope: ScopeId,
    pub(crate) kind: Kind,
    pub(crate) document: Document,
    /// Author and arrival of the first accepted change; none while there is none.
    pub(crate) origin: Option<Origin>,
    /// What the document reads as; none while nobody asked since its last change.
    read: Option<Record>,
    /// Its content for its row, if somebody made it already.
    json: Option<String>,
    dirty: bool,
}

impl Loaded {
    fn new(scope: ScopeId, kind: Kind, document: Document, origin: Option<Origin>) -> Self {
        Self {
            scope,
            kind,
            document,
            origin,
            read: None,
            json: None,
            dirty: false,
        }
    }

    fn read(&mut self, id: RecordId) -> Result<&Record, LogError> {
        let record = match self.read.take() {
            Some(record) => record,
            None => self.document.read(id).map_err(|e| broken(id, e))?,
        };
        Ok(self.read.insert(record))
    }
}

/// Where a record came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) writer: WriterId,
    pub(crate) received_at: Timestamp,
    pub(crate) late: bool,
}

/// Documents that one transaction keeps in memory before it writes out what it did to them.
const MOST_LOADED: usize = 500;

/// Work on the log in one transaction. The documents that it touched stay in memory until [`Self::forget_all`] or its end, so
/// large imports take several transactions.
pub struct LogWork<'a> {
    pub(crate) tx: &'a dyn LogTx,
    pub(crate) now: Timestamp,
    loaded: BTreeMap<RecordId, Loaded>,
}

impl<'a> LogWork<'a> {
    /// Work in `tx` at `now`.
    pub fn new(tx: &'a dyn LogTx, now: Timestamp) -> Self {
        Self {
            tx,
            now,
            loaded: BTreeMap::new(),
        }
    }

    /// The document of a record in a scope, with all accepted changes.
    pub(crate) fn document(
        &mut self,
        scope: ScopeId,
        record: RecordId,
        kind: Kind,
    ) -> Result<&mut Loaded, LogError> {
        // What was refused in another scope leaves nothing behind.
        let here = self
            .loaded
            .get(&record)
            .is_some_and(|l| l.scope == scope || l.origin.is_some());
        if !here {
            let loaded = load(self.tx, scope, record, kind)?;
            self.loaded.insert(record, loaded);
        }
        self.loaded
            .get_mut(&record)
            .ok_or_else(|| broken(record, "not loaded"))
    }

    /// Begins a record that is nowhere yet.
    pub(crate) fn begin(
        &mut self,
        scope: ScopeId,
        record: RecordId,
        kind: Kind,
    ) -> Result<(), LogError> {
        let blank = Document::new(kind).map_err(|e| broken(record, e))?;
        self.loaded
            .insert(record, Loaded::new(scope, kind, blank, None));
        Ok(())
    }

    /// Replaces a document after a change of it was accepted.
    pub(crate) fn keep(&mut self, after: Seen, origin: Origin) {
        if let Some(loaded) = self.loaded.get_mut(&after.read.id) {
            loaded.document = after.document;
            loaded.origin.get_or_insert(origin);
            loaded.read = Some(after.read);
            loaded.json = after.json;
            loaded.dirty = true;
        }
    }

    /// Where a record is, in whichever scope; also one that this transaction opened.
    pub fn place(&self, record: RecordId) -> Result<Option<(ScopeId, Kind)>, LogError> {
        if let Some(loaded) = self.loaded.get(&record)
            && loaded.origin.is_some()
        {
            return Ok(Some((loaded.scope, loaded.kind)));
        }
        Ok(self.tx.find_record(record)?.map(|p| (p.scope, p.kind)))
    }

    /// A record as it is now, or none if the log does not hold it.
    pub fn record(&mut self, record: RecordId) -> Result<Option<Record>, LogError> {
        let Some((scope, kind)) = self.place(record)? else {
            return Ok(None);
        };
        let loaded = self.document(scope, record, kind)?;
        Ok(Some(loaded.read(record)?.clone()))
    }

    /// Forgets what this transaction knows of a record, and did to it.
    pub(crate) fn forget(&mut self, record: RecordId) {
        self.loaded.remove(&record);
    }

    /// Whether so many documents are in memory that they should be written out.
    pub(crate) fn is_full(&self) -> bool {
        self.loaded.len() > MOST_LOADED
    }

    /// Forgets all documents. What was done to them must be in the log, and in their rows.
    pub(crate) fn forget_all(&mut self) {
        self.loaded.clear();
    }

    /// Writes the rows of all records that changed. Must come last in the transaction, or before [`Self::forget_all`].
    pub fn project(&mut self) -> Result<(), LogError> {
        let mut rows = Vec::new();
        for (id, loaded) in &mut self.loaded {
            if let (true, Some(origin)) = (loaded.dirty, loaded.origin) {
                let scope = loaded.scope;
                let json = loaded.json.take();
                let record = loaded.read(*id)?;
                let json = json.unwrap_or_else(|| projection::content(record));
                rows.push(projection::row(record, json, scope, origin, self.now));
                loaded.dirty = false;
            }
        }
        let households: Vec<_> = rows.iter().filter_map(|row| row.household).collect();
        self.tx.expect_tombstones(&households)?;
        for mut row in rows {
            if let Some(household) = row.household
                && let Some(tombstone) = self.tx.tombstone(household)?
            {
                row.household = tombstone.successor;
            }
            self.tx.put_record(&row)?;
        }
        Ok(())
    }
}

/// Builds a record's document from its accepted changes.
fn load(tx: &dyn LogTx, scope: ScopeId, record: RecordId, kind: Kind) -> Result<Loaded, LogError> {
    let origin = tx.record(scope, record)?.map(|row| Origin {
        writer: row.writer,
        received_at: row.received_at,
        late: row.late,
    });
    // A record without a row has no accepted change.
    let changes = match origin {
        Some(_) => tx.changes(scope, record)?,
        None => Vec::new(),
    };
    let (document, left) = Document::of_kept(kind, changes).map_err(|e| broken(record, e))?;
    if left > 0 {
        return Err(broken(
            record,
            "something that a change builds on is missing",
        ));
    }
    Ok(Loaded::new(scope, kind, document, origin))
}

/// A record as the log holds it now, read in any transaction.
pub fn read_record(tx: &dyn LogTx, record: RecordId) -> Result<Option<Record>, LogError> {
    // The time is for writing only.
    LogWork::new(tx, Timestamp(0)).record(record)
}

pub(crate) fn broken(record: RecordId, why: impl ToString) -> LogError {
    LogError::Broken {
        record,
        why: why.to_string(),
    }
}
