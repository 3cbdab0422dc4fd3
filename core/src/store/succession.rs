//! A vault whose writer went on elsewhere, as a copied phone's or an old copy's, becomes a new incarnation.
//!
//! What the relay holds of the old writer counts as received. The rest is written anew by the new one: records begun
//! there get new ids, since the old ids may stand for other records by now; acknowledgements keep theirs, and every
//! reference follows. One transaction: nothing is lost, nothing doubled, whenever the power fails.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_planted::Bug;
use xunge_protocol::succession::{HeldSegment, Succession, SuccessionRequest};
use xunge_protocol::{
    Hash32, RecordId, ScopeId, SecretKey, Timestamp, Verdict, WireError, WriterId, wire,
};
use xunge_records::model::record::{FORMER_ID, FORMER_OPENING};
use xunge_records::{Author, CheckedChange, Document, Edit, EventId, Kind, Value, check_change};

use super::changes::{self, Loaded, NewRow};
use super::identity::{self, Enrolled, Identity};
use super::{Store, StoreError, clock, counters, cursors, projection, receipts, refused, system};

/// What is needed to ask for a new incarnation.
#[derive(Debug)]
pub struct Predecessor {
    /// The vault's identity, with the old writer's key.
    pub identity: Identity,
    /// The old writer.
    pub writer: WriterId,
    /// Key of the new one, on disk already.
    pub key: SecretKey,
    /// Sequence of the last receipt of the old writer that is here.
    pub receipt_cursor: u64,
}

/// What became of the work that the relay did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Succeeded {
    /// Changes that the relay held already.
    pub held: u64,
    /// Changes that were written anew.
    pub rewritten: u64,
    /// Records that got a new id.
    pub renamed: u64,
}

impl Predecessor {
    /// The request for the entries after `cursor`.
    pub fn request(&self, cursor: u64) -> SuccessionRequest {
        SuccessionRequest::new(self.writer, &self.key, cursor)
    }
}

impl Store {
    /// Makes the key of a new incarnation and keeps it before anything is sent. Repeating it gives the same key.
    pub fn begin_succession(&self) -> Result<Predecessor, StoreError> {
        let seed: [u8; 32] = self.env.random();
        self.write(|tx| {
            let (identity, me) = identity::enrolled(tx)?;
            tx.execute(
                "UPDATE identity SET next_seed = coalesce(next_seed, ?1)",
                [seed],
            )?;
            Ok(Predecessor {
                identity,
                writer: me.writer,
                key: next_key(tx)?,
                receipt_cursor: cursors::receipt_cursor(tx)?,
            })
        })
    }

    /// Becomes the incarnation that the relay certified. `answer` holds the entries of all answers together.
    ///
    /// Errors: `not_authentic` if anything in it is not the relay's, or not for this vault; nothing is changed then.
    pub fn complete_succession(&self, answer: &Succession) -> Result<Succeeded, StoreError> {
        self.write(|tx| {
            let (identity, old) = identity::enrolled(tx)?;
            let key = next_key(tx)?;
            answer.certificate.verify_by(&identity.keys)?;
            let certificate = &answer.certificate.certificate;
            if certificate.key != key.public()
                || certificate.predecessor != Some(old.writer)
                || certificate.worker != old.worker
            {
                return Err(not_authentic("certificate"));
            }
            let (held, touched) = take_held(tx, &identity, old.writer, &answer.held)?;
            forget_unanswered(tx, old.writer)?;
            tx.execute(
                "UPDATE identity SET writer = ?1, seed = next_seed, next_seed = NULL",
                [certificate.writer.0],
            )?;
            system::keep_certificate(tx, &answer.certificate)?;
            cursors::restart_receipts(tx)?;
            clock::hear(tx, self.env.as_ref(), answer.time)?;
            let new = Enrolled {
                writer: certificate.writer,
                ..old.clone()
            };
            let (rewritten, renamed) = rewrite(tx, &new)?;
            for record in &touched {
                refused::rewrite_later_edits(tx, &new, record)?;
                projection::project(tx, record)?;
            }
            Ok(Succeeded {
                held,
                rewritten,
                renamed,
            })
        })
    }
}

fn not_authentic(what: &'static str) -> StoreError {
    WireError::NotAuthentic { what }.into()
}

fn next_key(tx: &Transaction<'_>) -> Result<SecretKey, StoreError> {
    let seed: Option<[u8; 32]> =
        tx.query_row("SELECT next_seed FROM identity", (), |row| row.get(0))?;
    seed.map(|seed| SecretKey::from_seed(&seed))
        .ok_or(StoreError::NotEnrolled)
}

/// Takes the relay's word for what it holds: those of the changes that are here are answered, and what is not here will
/// be pulled. Returns how many changes are answered now that waited before, and the records that it is about.
fn take_held(
    tx: &Transaction<'_>,
    identity: &Identity,
    old: WriterId,
    held: &[HeldSegment],
) -> Result<(u64, BTreeSet<RecordId>), StoreError> {
    let mut answered = 0;
    let mut missing: BTreeMap<ScopeId, u64> = BTreeMap::new();
    let mut touched = BTreeSet::new();
    for segment in held {
        let (header, receipt) = (&segment.header, &segment.receipt.receipt);
        header.verify(&identity.key.public(), &segment.signature)?;
        segment.receipt.verify_by(&identity.keys)?;
        if header.writer != old
            || receipt.header != header.hash()
            || receipt.verdicts.len() != segment.entries.len()
        {
            return Err(not_authentic("held segment"));
        }
        let place = (old.0, header.scope.0, header.index.cast_signed());
        let here: Option<[u8; 32]> = tx
            .prepare_cached(
                "SELECT header_hash FROM segment WHERE writer = ?1 AND scope = ?2 AND idx = ?3",
            )?
            .query_row(place, |row| row.get(0))
            .optional()?;
        if here.is_some_and(|hash| hash != header.hash().0) {
            // This vault's own segment of that index never counted.
            tx.execute(
                "UPDATE change SET segment = NULL, ordinal = NULL
                 WHERE writer = ?1 AND scope = ?2 AND segment = ?3",
                place,
            )?;
        }
        tx.prepare_cached("INSERT OR REPLACE INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute((
                place.0,
                place.1,
                place.2,
                wire::encode(header),
                header.hash().0,
                segment.signature.0,
                receipt.revision,
            ))?;
        receipts::keep(tx, &segment.receipt)?;
        for (ordinal, (entry, verdict)) in segment.entries.iter().zip(&receipt.verdicts).enumerate()
        {
            let row: Option<(i64, u8)> = tx
                .prepare_cached(
                    "UPDATE change SET segment = ?3, ordinal = ?4 WHERE record = ?1 AND hash = ?2
                     RETURNING id, verdict",
                )?
                .query_row(
                    (entry.record.0, entry.change.0, place.2, ordinal as i64),
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            match (row, verdict) {
                (Some((id, before)), verdict) => {
                    receipts::apply(tx, id, verdict)?;
                    touched.insert(entry.record);
                    answered += u64::from(before == 0);
                }
                (None, Verdict::Accepted { position, .. }) => {
                    let lowest = missing.entry(header.scope).or_insert(*position);
                    *lowest = (*lowest).min(*position);
                }
                (None, _) => {}
            }
        }
    }
    for (scope, position) in missing {
        cursors::go_back(tx, scope, position.saturating_sub(1))?;
    }
    Ok((answered, touched))
}

/// Takes apart the segments of `old` that have no receipt: their changes wait, in no segment.
fn forget_unanswered(tx: &Transaction<'_>, old: WriterId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE change SET segment = NULL, ordinal = NULL
         WHERE writer = ?1 AND mine = 1 AND verdict = 0",
        [old.0],
    )?;
    tx.execute(
        "DELETE FROM segment WHERE writer = ?1 AND revision IS NULL",
        [old.0],
    )?;
    Ok(())
}

/// A change that waits, as it stands in the log.
struct Waiting {
    id: i64,
    record: RecordId,
    kind: Kind,
    scope: ScopeId,
    at: Timestamp,
    change: CheckedChange,
}

/// What waits and was written by an earlier incarnation than `new`.
fn waiting(tx: &Transaction<'_>, new: WriterId) -> Result<Vec<Waiting>, StoreError> {
    let mut select = tx.prepare(
        "SELECT id, record, kind, scope, at, body FROM change
         WHERE mine = 1 AND verdict = 0 AND writer <> ?1 ORDER BY id",
    )?;
    let mut rows = select.query([new.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let record = RecordId(row.get(1)?);
        let body = row.get_ref(5)?.as_blob().unwrap_or_default();
        found.push(Waiting {
            id: row.get(0)?,
            record,
            kind: changes::kind_of(row.get(2)?)?,
            scope: ScopeId(row.get(3)?),
            at: Timestamp(row.get(4)?),
            change: check_change(body)
                .map_err(|e| StoreError::Damaged(format!("change of {record}: {e}")))?,
        });
    }
    Ok(found)
}

/// Writes all that waits anew, as `new`. Returns how many changes, and how many records got a new id.
pub(super) fn rewrite(tx: &Transaction<'_>, new: &Enrolled) -> Result<(u64, u64), StoreError> {
    let waiting = waiting(tx, new.writer)?;
    let names = Names::give(tx, &waiting, new.writer)?;
    for change in &waiting {
        tx.prepare_cached("DELETE FROM change WHERE id = ?1")?
            .execute([change.id])?;
    }
    for (former, record) in &names.records {
        rename(tx, former, record)?;
    }
    let mut documents: BTreeMap<RecordId, Loaded> = BTreeMap::new();
    for old_change in &waiting {
        let record = names.of(&old_change.record);
        let mut loaded = match documents.remove(&record) {
            Some(loaded) => loaded,
            None => match changes::load(tx, &record)? {
                Some(loaded) if !loaded.only_rejected => loaded,
                _ => Loaded {
                    document: Document::new(old_change.kind)?,
                    scope: old_change.scope,
                    opened_at: old_change.at,
                    only_rejected: false,
                },
            },
        };
        let author = Author {
            writer: new.writer,
            rebuild: changes::rebuilds(tx, &record)?,
        };
        let edit = names.edit(&old_change.record, &old_change.change);
        if let Some(change) = loaded.document.edit(author, old_change.change.at, &edit)? {
            changes::insert(
                tx,
                &NewRow {
                    record,
                    kind: old_change.kind,
                    scope: loaded.scope,
                    hash: change.hash,
                    writer: new.writer,
                    mine: true,
                    at: old_change.at,
                    body: &change.bytes,
                    position: None,
                },
            )?;
        }
        documents.insert(record, loaded);
    }
    for record in documents.keys() {
        projection::project(tx, record)?;
    }
    Ok((waiting.len() as u64, names.records.len() as u64))
}

/// What `record`, which was rejected as a whole, is called where another incarnation than the one in its id begins it again,
/// and the opening from which that follows. None where every incarnation may.
pub(super) fn mended(
    tx: &Transaction<'_>,
    record: &RecordId,
) -> Result<Option<(RecordId, Hash32)>, StoreError> {
    if record.opener().is_none() {
        return Ok(None);
    }
    let mut select = tx.prepare_cached(
        "SELECT body FROM change WHERE record = ?1 AND mine = 1 AND verdict = 3 ORDER BY id",
    )?;
    let mut rows = select.query([record.0])?;
    while let Some(row) = rows.next()? {
        let body = row.get_ref(0)?.as_blob().unwrap_or_default();
        let change = check_change(body)
            .map_err(|e| StoreError::Damaged(format!("change of {record}: {e}")))?;
        if change.operations.open.is_some() {
            return Ok(Some((record.said_again(&change.hash), change.hash)));
        }
    }
    Ok(None)
}

/// What was rejected of `former`, as a whole, belongs to `record` now, which says it again, mended.
pub(super) fn take_over_refused(
    tx: &Transaction<'_>,
    former: &RecordId,
    record: &RecordId,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE change SET record = ?2 WHERE record = ?1")?
        .execute((former.0, record.0))?;
    rename(tx, former, record)
}

/// Lists and drafts know a record by another id now.
fn rename(tx: &Transaction<'_>, former: &RecordId, record: &RecordId) -> Result<(), StoreError> {
    forget_projections(tx, former)?;
    tx.execute(
        "UPDATE draft SET record = CASE WHEN record = ?1 THEN ?2 ELSE record END,
             state = replace(state, ?3, ?4) WHERE record = ?1 OR instr(state, ?3)",
        (former.0, record.0, former.to_string(), record.to_string()),
    )?;
    Ok(())
}

/// Removes what lists and search show of a record that has another id now.
fn forget_projections(tx: &Transaction<'_>, record: &RecordId) -> Result<(), StoreError> {
    for (table, column) in [
        ("record", "record"),
        ("household", "record"),
        ("search_term", "source"),
        ("search_term", "household"),
        ("warning_household", "warning"),
        ("media_reference", "record"),
    ] {
        tx.execute(
            &format!("DELETE FROM {table} WHERE {column} = ?1"),
            [record.0],
        )?;
    }
    Ok(())
}

/// What is called otherwise under the new writer.
#[derive(Default)]
struct Names {
    records: BTreeMap<RecordId, RecordId>,
    openings: BTreeMap<RecordId, Hash32>,
    events: BTreeMap<EventId, EventId>,
}

impl Names {
    /// New ids for the records that waiting changes begin, and for all their events. Records get the same ones on every
    /// copy of this phone that says them again.
    fn give(tx: &Transaction<'_>, waiting: &[Waiting], new: WriterId) -> Result<Self, StoreError> {
        let mut names = Self::default();
        for Waiting { record, change, .. } in waiting {
            let begun = change.operations.open.is_some();
            if begun && record.opener().is_some_and(|opener| opener != new) {
                // What mends a record that was rejected as a whole follows from the opening that every copy knows.
                let first = mended(tx, record)?;
                let (again, opening) =
                    first.unwrap_or_else(|| (record.said_again(&change.hash), change.hash));
                let again = match xunge_planted::is_on(Bug::NewIdForEachCopy) {
                    true => RecordId::written(new, counters::next(tx, counters::RECORD)?),
                    false => again,
                };
                names.records.insert(*record, again);
                names.openings.insert(*record, opening);
            }
            for (id, _) in &change.operations.events {
                let n = counters::next(tx, counters::EVENT)?;
                names.events.insert(*id, EventId { writer: new, n });
            }
        }
        // An acknowledgement's id follows from what it is about, so it changes only with that.
        for Waiting { record, change, .. } in waiting {
            let about = |path: &str| {
                let set = change.operations.set.iter().find(|(p, _)| p == path)?;
                set.1.as_text()?.parse::<RecordId>().ok()
            };
            if let (None, Some(warning), Some(household)) =
                (record.opener(), about("warning"), about("household"))
            {
                let follows = RecordId::acknowledgement(&names.of(&warning), &names.of(&household));
                if follows != *record {
                    names.records.insert(*record, follows);
                }
            }
        }
        Ok(names)
    }

    fn of(&self, record: &RecordId) -> RecordId {
        self.records.get(record).copied().unwrap_or(*record)
    }

    /// What `change` of `record` did, said by the new writer.
    fn edit(&self, record: &RecordId, change: &CheckedChange) -> Edit {
        let does = &change.operations;
        let mut edit = Edit {
            open: does.open.clone(),
            set: Vec::with_capacity(does.set.len() + 1),
            remove: does.remove.iter().map(|path| self.path(path)).collect(),
            events: Vec::with_capacity(does.events.len()),
        };
        for (path, value) in &does.set {
            let value = match value {
                Value::Text(text) => Value::Text(self.text(text)),
                other => other.clone(),
            };
            edit.set.push((self.path(path), value));
        }
        if let (Some(_), Some(opening)) = (&does.open, self.openings.get(record)) {
            edit = edit
                .set(FORMER_ID, record.to_string())
                .set(FORMER_OPENING, opening.to_string());
        }
        for (id, body) in &does.events {
            let mut body = body.clone().again(*id);
            for seen in &mut body.basis {
                *seen = self.events.get(seen).copied().unwrap_or(*seen);
            }
            edit.events
                .push((self.events.get(id).copied().unwrap_or(*id), body));
        }
        edit
    }

    /// `text`, or the new id where it is the id of a record that has one.
    fn text(&self, text: &str) -> String {
        match text.parse::<RecordId>() {
            Ok(record) => self.of(&record).to_string(),
            Err(_) => text.to_owned(),
        }
    }

    /// Members of a set of records are keys.
    fn path(&self, path: &str) -> String {
        path.split('/')
            .map(|part| self.text(part))
            .collect::<Vec<_>>()
            .join("/")
    }
}
