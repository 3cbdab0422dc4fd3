//! A change of a document in our own terms: who, after what, and what it does.
//!
//! [`CheckedChange`] can only be made by the guard, so whoever holds one knows that its bytes passed.

use automerge::{ActorId, Change};
use xunge_protocol::{Hash32, ScopeId, Timestamp, WriterId};

use crate::model::event::{EventBody, EventId};
use crate::model::kind::Kind;
use crate::model::record::FormRef;
use crate::model::value::Value;

/// Who writes a change: the Automerge actor is `writer ‖ rebuild`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Author {
    /// The writer.
    pub writer: WriterId,
    /// How often the writer rebuilt this document without a rejected change.
    pub rebuild: u8,
}

impl Author {
    /// The Automerge actor.
    pub(crate) fn actor(self) -> ActorId {
        let mut bytes = [0u8; 9];
        bytes[..8].copy_from_slice(&self.writer.0);
        bytes[8] = self.rebuild;
        ActorId::from(bytes)
    }

    /// The author of an actor of nine bytes.
    pub(crate) fn of(actor: &ActorId) -> Option<Self> {
        let (&rebuild, writer) = actor.to_bytes().split_last()?;
        Some(Self {
            writer: WriterId(writer.try_into().ok()?),
            rebuild,
        })
    }
}

/// A change that this device just wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    /// Its hash as Automerge defines it.
    pub hash: Hash32,
    /// An uncompressed change chunk: body of a log entry.
    pub bytes: Vec<u8>,
}

/// Begins a record: the first thing that is written into its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The scope that the record belongs to for ever.
    pub scope: ScopeId,
    /// The form that makes it.
    pub form: FormRef,
}

/// What a change does. Nothing else passes the guard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Operations {
    /// The kind whose maps it writes into; none if it writes only the opening.
    pub kind: Option<Kind>,
    /// Opens the document.
    pub open: Option<Open>,
    /// Fields set, by path, in order of writing.
    pub set: Vec<(String, Value)>,
    /// Fields removed, by path.
    pub remove: Vec<String>,
    /// New events.
    pub events: Vec<(EventId, EventBody)>,
}

/// A change whose bytes passed the guard.
#[derive(Debug, Clone)]
pub struct CheckedChange {
    /// Hash of the change as Automerge defines it, recomputed from the bytes.
    pub hash: Hash32,
    /// Who wrote it.
    pub author: Author,
    /// Counts up for the actor in this document, from 1.
    pub seq: u64,
    /// Number of its first operation.
    pub start_op: u64,
    /// Number of its last operation.
    pub max_op: u64,
    /// Hashes of the changes that it builds on.
    pub dependencies: Vec<Hash32>,
    /// When it was written, by the author's clock, in whole seconds.
    pub at: Timestamp,
    /// What it does.
    pub operations: Operations,
    pub(crate) change: Change,
}

impl CheckedChange {
    /// How many fields it sets and removes and events it adds, each as often as it says so.
    pub fn operation_count(&self) -> usize {
        let does = &self.operations;
        does.set.len() + does.remove.len() + does.events.len()
    }

    /// Whether this and `other` are by two writers who say again what was said once: at the same time, the same words.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let (here, there) = (&self.operations, &other.operations);
        let first = |(id, body): &(EventId, EventBody)| body.first.unwrap_or(*id);
        let mut events = here.events.iter().zip(&there.events);
        self.author.writer != other.author.writer
            && self.at == other.at
            && here.open == there.open
            && here.set == there.set
            && here.remove == there.remove
            && here.events.len() == there.events.len()
            && events.all(|(a, b)| first(a) == first(b) && a.1.says_the_same(&b.1))
    }

    /// The bytes, exactly as they came.
    pub fn bytes(&self) -> &[u8] {
        self.change.raw_bytes()
    }
}
