//! Saving and reading records. A save is one transaction: change, projection, outbox and search together.

use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension as _, Row, Transaction};
use xunge_planted::Bug;
use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::model::record::{FORMER_ID, FORMER_OPENING};
use xunge_records::{Author, Document, Edit, EventBody, EventId, Kind, Open, Record, Value};

use super::changes::{self, Loaded, NewRow};
use super::remembered::{self, Remembered};
use super::sync_state::SyncState;
use super::{
    Store, StoreError, clock, counters, cursors, drafts, identity, projection, shares, succession,
};

/// What is to be saved of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Save {
    /// Which record; `None` for a new one of this writer.
    pub record: Option<RecordId>,
    /// Its kind.
    pub kind: Kind,
    /// Begins the record. Needed for a new one; repeating it is no error.
    pub open: Option<Open>,
    /// Fields by path.
    pub set: Vec<(String, Value)>,
    /// Fields to remove, by path.
    pub remove: Vec<String>,
    /// Events to add, oldest first. The store gives them their id, time, basis and the worker's name.
    pub events: Vec<EventBody>,
    /// The draft that this save ends: gone in the same transaction.
    pub draft: Option<String>,
    /// Answers to be proposed the next time, kept in the same transaction.
    pub remember: Vec<Remembered>,
}

impl Save {
    /// A new record of `kind`, opened by `open`.
    pub fn new(kind: Kind, open: Open) -> Self {
        Self {
            record: None,
            kind,
            open: Some(open),
            set: Vec::new(),
            remove: Vec::new(),
            events: Vec::new(),
            draft: None,
            remember: Vec::new(),
        }
    }

    /// A change of a record that is here.
    pub fn edit(record: RecordId, kind: Kind) -> Self {
        Self {
            record: Some(record),
            kind,
            open: None,
            set: Vec::new(),
            remove: Vec::new(),
            events: Vec::new(),
            draft: None,
            remember: Vec::new(),
        }
    }

    /// Sets one field more.
    pub fn set(mut self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set.push((path.into(), value.into()));
        self
    }
}

/// What became of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// The record.
    pub record: RecordId,
    /// How far it is.
    pub sync_state: SyncState,
}

/// A record as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// Its id.
    pub record: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// The scope that it belongs to.
    pub scope: ScopeId,
    /// Names and places, in no language; the household's name where the record has no title of its own.
    pub title: String,
    /// The household that it is about, if any.
    pub subject: Option<RecordId>,
    /// Door of that household, if it is here.
    pub door: Option<String>,
    /// The ISO day that it tells of; of a warning, its last.
    pub day: Option<String>,
    /// When it was begun, by its author's clock.
    pub opened_at: Timestamp,
    /// When it was last changed, by that author's clock.
    pub changed_at: Timestamp,
    /// Whether this worker wrote something of it, and it counts in the progress.
    pub own: bool,
    /// How far it is.
    pub sync_state: SyncState,
    /// Code of the kind's state list.
    pub state: String,
    /// Whether it is over.
    pub closed: bool,
}

/// Which records to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecordQuery {
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Only this state.
    pub sync_state: Option<SyncState>,
    /// Only what this worker wrote.
    pub own: bool,
    /// Only what is about this household.
    pub subject: Option<RecordId>,
    /// At most so many; 0 for all.
    pub limit: u32,
    /// Only what comes after this record in the list.
    pub after: Option<RecordId>,
}

impl Store {
    /// Saves a record. It is on disk when this returns, or nothing of it is.
    pub fn save(&self, save: &Save) -> Result<Saved, StoreError> {
        if xunge_planted::is_on(Bug::AcknowledgeBeforeCommit) && self.env.random::<1>()[0] < 16 {
            return self.read(|tx| self.save_in(tx, save));
        }
        self.write(|tx| self.save_in(tx, save))
    }

    fn save_in(&self, tx: &Transaction<'_>, save: &Save) -> Result<Saved, StoreError> {
        let me = identity::me(tx)?;
        let now = clock::now(tx, self.env.as_ref())?;
        let mut held = match &save.record {
            Some(record) => changes::load(tx, record)?,
            None => None,
        };
        let mended = match &save.record {
            // Only the incarnation in its id could begin it again under that.
            Some(record)
                if held.as_ref().is_some_and(|held| held.only_rejected)
                    && record.opener() != Some(me.writer) =>
            {
                succession::mended(tx, record)?
            }
            _ => None,
        };
        if let (Some(former), Some((record, _))) = (&save.record, &mended) {
            succession::take_over_refused(tx, former, record)?;
            held = changes::load(tx, record)?;
        }
        if let Some(record) = &save.record
            && shares::is_read_only(tx, record)?
        {
            return Err(StoreError::SharedRecord(*record));
        }
        let mut loaded = match (held, &save.open) {
            (Some(loaded), _) if !loaded.only_rejected => loaded,
            (_, Some(open)) => {
                if !cursors::is_writable(tx, open.scope)? {
                    return Err(StoreError::ScopeNotWritable(open.scope));
                }
                Loaded {
                    document: Document::new(save.kind)?,
                    scope: open.scope,
                    opened_at: now.at,
                    only_rejected: false,
                }
            }
            (Some(_), None) => return Err(StoreError::NotOpened),
            (None, None) => {
                return Err(save
                    .record
                    .map_or(StoreError::NotOpened, StoreError::UnknownRecord));
            }
        };
        let record = match (mended, save.record) {
            (Some((record, _)), _) | (None, Some(record)) => record,
            (None, None) => RecordId::written(me.writer, counters::next(tx, counters::RECORD)?),
        };
        let mut edit = Edit {
            open: save.open.clone().filter(|open| open.scope == loaded.scope),
            set: save.set.clone(),
            remove: save.remove.clone(),
            events: Vec::new(),
        };
        if let (Some(former), Some((_, opening))) = (&save.record, &mended) {
            edit = edit
                .set(FORMER_ID, former.to_string())
                .set(FORMER_OPENING, opening.to_string());
        }
        let mut basis = frontier(&loaded.document)?;
        for event in &save.events {
            let id = EventId {
                writer: me.writer,
                n: counters::next(tx, counters::EVENT)?,
            };
            let mut body = event.clone();
            body.at = now.at;
            body.confidence = now.confidence;
            body.basis = std::mem::replace(&mut basis, vec![id]);
            body.name.get_or_insert_with(|| me.name.clone());
            edit.events.push((id, body));
        }
        let author = Author {
            writer: me.writer,
            rebuild: changes::rebuilds(tx, &record)?,
        };
        if let Some(change) = loaded.document.edit(author, now.at, &edit)? {
            changes::insert(
                tx,
                &NewRow {
                    record,
                    kind: loaded.document.kind(),
                    scope: loaded.scope,
                    hash: change.hash,
                    writer: me.writer,
                    mine: true,
                    at: now.at,
                    body: &change.bytes,
                    position: None,
                },
            )?;
        }
        let sync_state = projection::project_loaded(tx, &record, &loaded)?;
        if let Some(draft) = &save.draft {
            drafts::delete(tx, draft)?;
        }
        for answer in &save.remember {
            remembered::keep(tx, answer)?;
        }
        Ok(Saved { record, sync_state })
    }

    /// A record with all its fields, events and state, from its changes.
    pub fn load_record(&self, record: &RecordId) -> Result<Option<Record>, StoreError> {
        self.read(|tx| {
            Ok(match changes::load(tx, record)? {
                Some(loaded) => Some(loaded.document.read(*record)?),
                None => None,
            })
        })
    }

    /// The document of a record.
    pub fn load_document(&self, record: &RecordId) -> Result<Option<Document>, StoreError> {
        self.read(|tx| Ok(changes::load(tx, record)?.map(|loaded| loaded.document)))
    }

    /// A record as lists show it.
    pub fn record(&self, record: &RecordId) -> Result<Option<RecordRow>, StoreError> {
        self.read(|tx| one(tx, record))
    }

    /// Records, the latest begun first.
    pub fn records(&self, query: &RecordQuery) -> Result<Vec<RecordRow>, StoreError> {
        self.read(|tx| records(tx, query))
    }
}

pub(super) fn one(
    tx: &Transaction<'_>,
    record: &RecordId,
) -> Result<Option<RecordRow>, StoreError> {
    let sql = format!("{SELECT} WHERE r.record = ?1");
    tx.prepare_cached(&sql)?
        .query_row([record.0], row)
        .optional()?
        .transpose()
}

/// The events that no other builds on: what an author who sees the document has seen.
pub(super) fn frontier(document: &Document) -> Result<Vec<EventId>, StoreError> {
    let events = document.events()?;
    let built_on: std::collections::BTreeSet<EventId> = events
        .iter()
        .flat_map(|(_, body)| body.basis.clone())
        .collect();
    let mut frontier: Vec<EventId> = events
        .iter()
        .map(|(id, _)| *id)
        .filter(|id| !built_on.contains(id))
        .collect();
    frontier.truncate(xunge_records::caps::MAX_BASIS);
    Ok(frontier)
}

const SELECT: &str =
    "SELECT r.record, r.kind, r.scope, r.title, r.subject, r.day, r.opened_at, r.changed_at, r.own,
    r.sync_state, r.state, r.closed, h.head_name, h.door
    FROM record r LEFT JOIN household h ON h.record = coalesce(r.subject, r.record)";

pub(super) fn records(
    tx: &Transaction<'_>,
    query: &RecordQuery,
) -> Result<Vec<RecordRow>, StoreError> {
    let mut sql = SELECT.to_owned();
    let mut glue = " WHERE";
    // Only what is asked for stands in the statement, so that each finds its index.
    let mut clause = |asked: bool, text: &str| {
        if asked {
            sql.push_str(glue);
            sql.push_str(text);
            glue = " AND";
        }
    };
    clause(query.kind.is_some(), " r.kind = ?1");
    clause(query.sync_state.is_some(), " r.sync_state = ?2");
    clause(query.own, " r.own = 1");
    clause(query.subject.is_some(), " r.subject = ?3");
    clause(
        query.after.is_some(),
        " (r.opened_at, r.record) < (SELECT opened_at, record FROM record WHERE record = ?4)",
    );
    sql.push_str(" ORDER BY r.opened_at DESC, r.record DESC LIMIT ?5");
    let limit = match query.limit {
        0 => -1,
        n => i64::from(n),
    };
    let mut select = tx.prepare_cached(&sql)?;
    for (n, value) in [
        query.kind.map(|k| Sql::from(k.entry_kind().0)),
        query.sync_state.map(|s| Sql::from(s.number())),
        query.subject.map(|s| Sql::from(s.0.to_vec())),
        query.after.map(|r| Sql::from(r.0.to_vec())),
        Some(Sql::from(limit)),
    ]
    .into_iter()
    .enumerate()
    {
        if let Some(value) = value {
            select.raw_bind_parameter(n + 1, value)?;
        }
    }
    let mut rows = select.raw_query();
    let mut found = Vec::new();
    while let Some(next) = rows.next()? {
        found.push(row(next)??);
    }
    Ok(found)
}

fn row(row: &Row<'_>) -> rusqlite::Result<Result<RecordRow, StoreError>> {
    let (kind, sync_state): (u8, u8) = (row.get(1)?, row.get(9)?);
    let own_title: String = row.get(3)?;
    let head_name: Option<String> = row.get(12)?;
    let fixed = |kind, sync_state| -> rusqlite::Result<RecordRow> {
        Ok(RecordRow {
            record: RecordId(row.get(0)?),
            kind,
            scope: ScopeId(row.get(2)?),
            title: if own_title.is_empty() {
                head_name.clone().unwrap_or_default()
            } else {
                own_title.clone()
            },
            subject: row.get::<_, Option<[u8; 13]>>(4)?.map(RecordId),
            day: row.get(5)?,
            opened_at: Timestamp(row.get(6)?),
            changed_at: Timestamp(row.get(7)?),
            own: row.get(8)?,
            sync_state,
            state: row.get(10)?,
            closed: row.get(11)?,
            door: row.get(13)?,
        })
    };
    match (changes::kind_of(kind), SyncState::from_number(sync_state)) {
        (Ok(kind), Ok(sync_state)) => Ok(Ok(fixed(kind, sync_state)?)),
        (Err(error), _) | (_, Err(error)) => Ok(Err(error)),
    }
}
