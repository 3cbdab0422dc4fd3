//! [`Document`]: one record's Automerge document, from genesis on.

use std::collections::HashSet;
use std::sync::OnceLock;

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{
    Automerge, AutomergeError, Change, ChangeHash, ChangeMetadata, ObjId, ROOT, ReadDoc,
    ScalarValue,
};
use xunge_protocol::{Hash32, ScopeId, Timestamp};

use super::change::{Author, CheckedChange, NewChange};
use super::edit::Edit;
use super::genesis;
use super::read::{scalar, value};
use crate::caps;
use crate::model::event::EventId;
use crate::model::kind::Kind;
use crate::unwind::caught;

/// Why a document cannot take a change or an edit. The document is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Changes that this one builds on are not here.
    #[error("{} change(s) that it builds on are missing", .0.len())]
    MissingDependencies(Vec<Hash32>),
    /// Sequence or operation numbers do not follow from what the change builds on.
    #[error("the change does not fit where it says it belongs: {0}")]
    Misplaced(&'static str),
    /// The change belongs to a document of another kind.
    #[error("the change is for a {0}")]
    WrongKind(Kind),
    /// The event's id stands for another event already; events are set once.
    #[error("event {0} exists already")]
    EventExists(EventId),
    /// The record was opened before, in another scope or by another form.
    #[error("the record is already open in scope {0}")]
    AlreadyOpen(ScopeId),
    /// The edit holds something that no record may hold.
    #[error("{path}: {why}")]
    BadEdit {
        /// The field or event.
        path: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The document or the change grew beyond the caps.
    #[error("too large: {0}")]
    TooLarge(&'static str),
    /// The saved bytes are no document of a known kind.
    #[error("not a document of a known kind")]
    NotADocument,
    /// Automerge refused.
    #[error("automerge: {0}")]
    Automerge(#[from] AutomergeError),
    /// Automerge panicked; the panic was contained.
    #[error("automerge panicked")]
    Panicked,
}

/// The document of one record.
#[derive(Debug, Clone)]
pub struct Document {
    pub(super) inner: Automerge,
    pub(super) kind: Kind,
}

impl Document {
    /// A document that holds the genesis of `kind` and nothing else.
    pub fn new(kind: Kind) -> Result<Self, DocumentError> {
        // Reading the genesis costs more than copying what it makes.
        static BLANK: [OnceLock<Automerge>; Kind::ALL.len()] =
            [const { OnceLock::new() }; Kind::ALL.len()];
        let place = Kind::ALL.iter().position(|k| *k == kind);
        let blank = place
            .and_then(|n| BLANK.get(n))
            .ok_or(DocumentError::NotADocument)?;
        if let Some(inner) = blank.get() {
            let inner = inner.clone();
            return Ok(Self { inner, kind });
        }
        let change = Change::from_bytes(genesis::bytes(kind).to_vec())
            .map_err(|_| DocumentError::NotADocument)?;
        let mut inner = Automerge::new();
        inner.apply_changes([change])?;
        let inner = blank.get_or_init(|| inner).clone();
        Ok(Self { inner, kind })
    }

    /// The document that `bodies` make: changes that passed the guard when they came and were kept on this device, each
    /// after those that it builds on. How many have no place, since something that they build on is not among them, stands
    /// beside it. Never for bytes from outside.
    pub fn of_kept(kind: Kind, bodies: Vec<Vec<u8>>) -> Result<(Self, usize), DocumentError> {
        let Self { mut inner, .. } = Self::new(kind)?;
        let mut known: HashSet<ChangeHash> = inner.get_heads().into_iter().collect();
        let made = caught(move || {
            let mut placed = Vec::with_capacity(bodies.len());
            let mut left = 0;
            for body in bodies {
                let change = Change::from_bytes(body).map_err(|_| DocumentError::NotADocument)?;
                if change.deps().iter().all(|hash| known.contains(hash)) {
                    known.insert(change.hash());
                    placed.push(change);
                } else {
                    left += 1;
                }
            }
            // One after the other would copy and index the document anew for each.
            inner.apply_changes(placed)?;
            Ok::<_, DocumentError>((inner, left))
        });
        let (inner, left) = made.ok_or(DocumentError::Panicked)??;
        Ok((Self { inner, kind }, left))
    }

    /// What it is about.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Takes a change. A change that is here already changes nothing.
    pub fn apply(&mut self, change: &CheckedChange) -> Result<(), DocumentError> {
        if !self.knows(&change.hash) {
            *self = self.with(change)?;
        }
        Ok(())
    }

    /// The document as it is after `change`, which must be new to it.
    pub fn with(&self, change: &CheckedChange) -> Result<Self, DocumentError> {
        self.check_place(change)?;
        let mut scratch = self.inner.clone();
        let raw = change.change.clone();
        let hash = ChangeHash(change.hash.0);
        let applied = caught(move || {
            scratch.apply_changes([raw])?;
            let here = scratch.get_change_meta_by_hash(&hash).is_some();
            Ok::<_, AutomergeError>((scratch, here))
        });
        match applied.ok_or(DocumentError::Panicked)?? {
            (inner, true) => Ok(Self {
                inner,
                kind: self.kind,
            }),
            (_, false) => Err(DocumentError::Misplaced("automerge did not take it")),
        }
    }

    /// Whether `change` is of this kind, all that it builds on is here, and its numbers follow from that.
    ///
    /// An inflated operation number would be accepted by Automerge, and make honest devices panic later.
    pub fn check_place(&self, change: &CheckedChange) -> Result<(), DocumentError> {
        if let Some(kind) = change.operations.kind
            && kind != self.kind
        {
            return Err(DocumentError::WrongKind(kind));
        }
        let metas: Vec<_> = change.dependencies.iter().map(|d| self.meta(d)).collect();
        let missing: Vec<_> = std::iter::zip(&change.dependencies, &metas)
            .filter_map(|(hash, meta)| meta.is_none().then_some(*hash))
            .collect();
        if !missing.is_empty() {
            return Err(DocumentError::MissingDependencies(missing));
        }
        let highest = metas.iter().flatten().map(|m| m.max_op).max();
        if highest.map(|op| op + 1) != Some(change.start_op) {
            return Err(DocumentError::Misplaced("its first operation"));
        }
        let all = self.inner.get_changes_meta(&[]);
        if all.len() > caps::MAX_CHANGES {
            return Err(DocumentError::TooLarge("changes of the document"));
        }
        let actor = change.author.actor();
        let last = all
            .iter()
            .filter(|m| *m.actor == actor)
            .max_by_key(|m| m.seq);
        if last.map_or(0, |m| m.seq) + 1 != change.seq {
            return Err(DocumentError::Misplaced("its sequence number"));
        }
        match last {
            Some(last) if !self.builds_on(&change.dependencies, last.hash) => Err(
                DocumentError::Misplaced("it does not build on its author's last change"),
            ),
            _ => Ok(()),
        }
    }

    /// Whether `target` is among `from` or what they build on.
    fn builds_on(&self, from: &[Hash32], target: ChangeHash) -> bool {
        let mut seen = HashSet::new();
        let mut todo: Vec<_> = from.iter().map(|h| ChangeHash(h.0)).collect();
        while let Some(hash) = todo.pop() {
            if hash == target {
                return true;
            }
            if seen.insert(hash)
                && let Some(meta) = self.inner.get_change_meta_by_hash(&hash)
            {
                todo.extend(meta.deps);
            }
        }
        false
    }

    fn meta(&self, hash: &Hash32) -> Option<ChangeMetadata<'_>> {
        self.inner.get_change_meta_by_hash(&ChangeHash(hash.0))
    }

    /// Whether the change is here.
    pub fn knows(&self, hash: &Hash32) -> bool {
        self.meta(hash).is_some()
    }

    /// The changes that none here builds on; sorted.
    pub fn heads(&self) -> Vec<Hash32> {
        let mut heads: Vec<_> = self
            .inner
            .get_heads()
            .into_iter()
            .map(|h| Hash32(h.0))
            .collect();
        heads.sort();
        heads
    }

    /// Hash and bytes of all changes but the genesis, each after those that it builds on.
    pub fn changes(&self) -> Vec<NewChange> {
        let genesis = genesis::actor(self.kind);
        self.inner
            .get_changes(&[])
            .iter()
            .filter(|c| *c.actor_id() != genesis)
            .map(new_change)
            .collect()
    }

    /// Writes `edit` as one change. Nothing is written, and nothing returned, if all of it is so already.
    pub fn edit(
        &mut self,
        author: Author,
        at: Timestamp,
        edit: &Edit,
    ) -> Result<Option<NewChange>, DocumentError> {
        edit.check()?;
        let writes = self.writes(edit)?;
        if writes.is_empty() {
            return Ok(None);
        }
        let heads = self.inner.get_heads().len();
        if writes.len() > caps::MAX_OPERATIONS || heads >= caps::MAX_DEPENDENCIES {
            return Err(DocumentError::TooLarge("operations of one change"));
        }
        let mut scratch = self.inner.clone();
        let seconds = at.0.div_euclid(1000).clamp(0, caps::MAX_SECONDS);
        let written = caught(move || {
            scratch.set_actor(author.actor());
            let mut tx = scratch.transaction();
            for write in writes {
                write.perform(&mut tx)?;
            }
            tx.commit_with(CommitOptions::default().with_time(seconds));
            let change = scratch.get_last_local_change();
            Ok::<_, AutomergeError>((scratch, change))
        });
        let (scratch, change) = written.ok_or(DocumentError::Panicked)??;
        let change = new_change(&change.ok_or(DocumentError::Panicked)?);
        if change.bytes.len() > caps::MAX_CHANGE_BYTES {
            return Err(DocumentError::TooLarge("the change"));
        }
        self.inner = scratch;
        Ok(Some(change))
    }

    /// What of `edit` is not so yet.
    fn writes(&self, edit: &Edit) -> Result<Vec<Write>, DocumentError> {
        let mut writes = Vec::new();
        if let Some(open) = &edit.open {
            match self.scope()? {
                None => {
                    let form = open.form.to_string();
                    writes.push(Write::put(ROOT, genesis::SCOPE, open.scope.to_string()));
                    writes.push(Write::put(ROOT, genesis::FORM, form));
                }
                Some(scope) if scope == open.scope => {}
                Some(scope) => return Err(DocumentError::AlreadyOpen(scope)),
            }
        }
        let fields = genesis::map(self.kind, genesis::FIELDS_OP);
        for (path, wanted) in &edit.set {
            let here = self.inner.get_all(&fields, path.as_str())?;
            let same = here.iter().all(|(v, _)| value(v).as_ref() == Some(wanted));
            if here.is_empty() || !same {
                writes.push(Write::put(fields.clone(), path, scalar(wanted)));
            }
        }
        for path in &edit.remove {
            if self.inner.get(&fields, path.as_str())?.is_some() {
                writes.push(Write {
                    map: fields.clone(),
                    key: path.clone(),
                    value: None,
                });
            }
        }
        let events = genesis::map(self.kind, genesis::EVENTS_OP);
        for (id, body) in &edit.events {
            let key = id.to_string();
            let bytes = xunge_protocol::wire::encode(body);
            if bytes.len() > caps::MAX_EVENT_BYTES {
                return Err(DocumentError::TooLarge("an event"));
            }
            match self.inner.get(&events, key.as_str())? {
                None => writes.push(Write::put(events.clone(), &key, bytes)),
                Some((here, _)) if here.as_bytes() == Some(&bytes) => {}
                Some(_) => return Err(DocumentError::EventExists(*id)),
            }
        }
        Ok(writes)
    }

    /// All of it in Automerge's own format, to be read back with [`Self::load`] on this device.
    pub fn save(&self) -> Vec<u8> {
        self.inner.save_nocompress()
    }

    /// A document that [`Self::save`] wrote on this device. Never for bytes from outside.
    pub fn load(bytes: &[u8]) -> Result<Self, DocumentError> {
        let inner = caught(|| Automerge::load(bytes)).ok_or(DocumentError::Panicked)??;
        let kind = match inner.get(ROOT, genesis::KIND)? {
            Some((kind, _)) => kind.as_str().and_then(|k| k.parse().ok()),
            None => None,
        };
        Ok(Self {
            inner,
            kind: kind.ok_or(DocumentError::NotADocument)?,
        })
    }
}

/// One operation to be written: a scalar, or a removal.
struct Write {
    map: ObjId,
    key: String,
    value: Option<ScalarValue>,
}

impl Write {
    fn put(map: ObjId, key: &str, value: impl Into<ScalarValue>) -> Self {
        Self {
            map,
            key: key.into(),
            value: Some(value.into()),
        }
    }

    fn perform(self, tx: &mut Transaction<'_>) -> Result<(), AutomergeError> {
        match self.value {
            Some(value) => tx.put(&self.map, self.key, value),
            None => tx.delete(&self.map, self.key),
        }
    }
}

fn new_change(change: &Change) -> NewChange {
    NewChange {
        hash: Hash32(change.hash().0),
        bytes: change.raw_bytes().to_vec(),
    }
}
