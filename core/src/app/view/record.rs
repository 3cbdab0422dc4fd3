//! Records as a worker sees them.

use serde::{Deserialize, Serialize};

/// Which records `records` lists. All are met together. Without a kind, only the worker's own and drafts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordFilter {
    /// Name of a kind.
    pub kind: Option<String>,
    /// One of the five sync states.
    pub sync_state: Option<String>,
    /// At most so many; all if not given.
    pub limit: Option<u32>,
    /// Only those after this record of the list.
    pub after: Option<String>,
}

/// One row of `records`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordSummary {
    /// Id; of a draft, the interview.
    pub record: String,
    /// Kind.
    pub kind: String,
    /// `draft`, `waiting`, `received`, `returned` or `refused`.
    pub sync_state: String,
    /// What it is about, in one line.
    pub title: String,
    /// When it was begun, ISO 8601.
    pub when: String,
    /// Scope that it belongs to; none for a draft that does not know yet.
    pub scope: Option<String>,
}

/// A field with its label and its value in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldView {
    /// Path of the field.
    pub path: String,
    /// Its name for the user.
    pub label: String,
    /// Its values as they are stored: one, or the members of a set.
    pub values: Vec<String>,
    /// The same in words.
    pub text: String,
    /// Said aloud.
    pub speech: String,
    /// Values of others who did not see this one, in words.
    pub others: Vec<String>,
}

/// Something that was done about a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineEvent {
    /// Name of the event.
    pub event: String,
    /// When, ISO 8601.
    pub at: String,
    /// Who, if known by name.
    pub by: Option<String>,
    /// Whether it changed the state.
    pub effective: bool,
    /// In words.
    pub text: String,
    /// Said aloud.
    pub speech: String,
}

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StateView {
    /// Code of the kind's state list.
    pub code: String,
    /// Its label.
    pub text: String,
}

/// What the town said to the author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoteView {
    /// Name of the event that it came with.
    pub event: String,
    /// When, ISO 8601.
    pub at: String,
    /// Written, or a line that says it was spoken.
    pub text: String,
    /// Said aloud where there is no recording.
    pub speech: String,
    /// Path of the decrypted recording, if there is one and it has arrived. Removed at `lock`.
    pub audio: Option<String>,
}

/// Answer of `record`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordView {
    /// Id.
    pub record: String,
    /// Kind.
    pub kind: String,
    /// One of the five sync states.
    pub sync_state: String,
    /// The sync state in words.
    pub sync_text: String,
    /// What it is about, in one line.
    pub title: String,
    /// When it was begun, ISO 8601.
    pub when: String,
    /// Scope that it belongs to.
    pub scope: Option<String>,
    /// Case number; none until the town gives one.
    pub number: Option<String>,
    /// Case number in words: the number, or that it is still to come.
    pub number_text: Option<String>,
    /// Form that made it, `ID@VERSION`.
    pub form: Option<String>,
    /// Fields in reading order.
    pub fields: Vec<FieldView>,
    /// Events in causal order.
    pub timeline: Vec<TimelineEvent>,
    /// Where it stands.
    pub state: StateView,
    /// Notes of the town, the latest first.
    pub notes: Vec<NoteView>,
    /// Why it was refused, in words.
    pub reason: Option<String>,
    /// What to do, when refused or returned.
    pub remedy: Option<String>,
    /// The remedy said aloud.
    pub remedy_speech: Option<String>,
}

/// A signed receipt, to show and to keep. It covers one segment: a batch of changes that were sent together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptView {
    /// Its place in the sequence of receipts.
    pub sequence: u64,
    /// Scope of the segment.
    pub scope: String,
    /// Index of the segment in its chain.
    pub index: u64,
    /// 0 for the first receipt of a segment, higher after a supervisor decided about what was refused.
    pub revision: u32,
    /// When the town received it, ISO 8601.
    pub received_at: String,
    /// How many changes the town took.
    pub accepted: u64,
    /// How many there were.
    pub entries: u64,
    /// In words.
    pub text: String,
    /// Said aloud.
    pub speech: String,
    /// The signed receipt itself, CBOR as hex: what `xunge receipt verify` reads.
    pub receipt: String,
    /// The key of the relay that signed it, the present one or an earlier, in hex.
    pub relay_key: String,
}

/// A household that `search` found, or a person whom another grid shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchHit {
    /// Id of the household, or of the person.
    pub id: String,
    /// `household` or `person`.
    pub kind: String,
    /// Name of its head, or of the person.
    pub title: String,
    /// Door number.
    pub door: String,
    /// The member whose name was found, if it was not the head's.
    pub member: Option<String>,
    /// Code of its tier.
    pub tier: Option<String>,
    /// ISO day of the last visit.
    pub last_visit: Option<String>,
    /// In words.
    pub text: String,
    /// Said aloud.
    pub speech: String,
}
