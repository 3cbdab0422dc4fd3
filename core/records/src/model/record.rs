//! A record as read from its document: fields with their differing values, events in order, state.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use xunge_protocol::{RecordId, ScopeId, Timestamp, WriterId};

use super::event::{EventBody, EventId};
use super::kind::Kind;
use super::state::{Effect, State};
use super::value::Value;

/// Path of the field that names the id which a record had before its phone became a new writer. Any kind may have it.
pub const FORMER_ID: &str = "former_id";

/// Path of the field that holds, beside [`FORMER_ID`], the hash of the change that opened the record under that id.
pub const FORMER_OPENING: &str = "former_opening";

/// Which version of which form made a record. As text: `ID@VERSION`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormRef {
    /// Form id, for instance `visit`.
    pub id: String,
    /// Its version.
    pub version: u32,
}

impl fmt::Display for FormRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.version)
    }
}

impl FromStr for FormRef {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (id, version) = text.split_once('@').ok_or(())?;
        Ok(Self {
            id: id.into(),
            version: version.parse().map_err(|_| ())?,
        })
    }
}

/// One of several values that a field was given by people who did not see each other's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// The value.
    pub value: Value,
    /// Who wrote it.
    pub writer: WriterId,
    /// When, by the writer's clock.
    pub at: Timestamp,
}

/// A field with all the values it has now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldValue {
    /// The value that every device shows first.
    pub value: Value,
    /// Who wrote it.
    pub writer: WriterId,
    /// When, by the writer's clock.
    pub at: Timestamp,
    /// The other values, if people differ. Equal values of two writers are no difference.
    pub others: Vec<Alternative>,
}

/// Fields by path. `false` members of sets are kept, and read as absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct Fields(pub BTreeMap<String, FieldValue>);

impl Fields {
    /// The first value at `path`.
    pub fn get(&self, path: &str) -> Option<&Value> {
        self.0.get(path).map(|f| &f.value)
    }

    /// The text at `path`.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_text)
    }

    /// The members of the set `name`, in order.
    pub fn members<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0.iter().filter_map(move |(path, field)| {
            let member = path.strip_prefix(name)?.strip_prefix('/')?;
            (field.value == Value::Bool(true)).then_some(member)
        })
    }

    /// Paths on which people differ.
    pub fn conflicts(&self) -> impl Iterator<Item = (&str, &FieldValue)> {
        self.0
            .iter()
            .filter(|(_, f)| !f.others.is_empty())
            .map(|(p, f)| (p.as_str(), f))
    }
}

/// An event in its causal place, with what it did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoldedEvent {
    /// Its id; the writer in it is the author.
    pub id: EventId,
    /// What stands in the document.
    #[serde(flatten)]
    pub body: EventBody,
    /// Whether it changed the state.
    pub effect: Effect,
}

/// A record as it is now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Its kind.
    pub kind: Kind,
    /// The scope that it belongs to for ever; none while it is not opened.
    pub scope: Option<ScopeId>,
    /// The form that opened it.
    pub form: Option<FormRef>,
    /// Fields by path.
    pub fields: Fields,
    /// Events in causal order.
    pub events: Vec<FoldedEvent>,
    /// What follows from them.
    pub state: State,
}
