//! The types that cross the border. They are those of `xunge-core`, where their documentation stands; the definitions
//! here mirror them for UniFFI, and the compiler refuses a mirror that differs.

pub use xunge_core::app::{
    BundleExport, BundleImport, Enrolled, FieldView, FoundTicket, Home, NextVisit, NoteView,
    Notice, NoticeKind, Opened, Practice, Progress, ReceiptView, RecordFilter, RecordSummary,
    RecordView, Saved, ScopeCursor, SearchHit, SpeechPart, Started, StateView, Status, Step, Tile,
    TimelineEvent, WorkerCard,
};
pub use xunge_core::form::{Answer, Choice, Line, Question};
pub use xunge_core::sync::SyncReport;

#[uniffi::remote(Record)]
pub struct WorkerCard {
    pub id: String,
    pub name: String,
    pub photo: Option<String>,
}

#[uniffi::remote(Record)]
pub struct Opened {
    pub workers: Vec<WorkerCard>,
    pub enrolled: bool,
}

#[uniffi::remote(Record)]
pub struct Enrolled {
    pub worker: String,
    pub name: String,
    pub scopes: Vec<String>,
    pub help_phone: Option<String>,
}

#[uniffi::remote(Record)]
pub struct FoundTicket {
    pub ticket: String,
}

#[uniffi::remote(Record)]
pub struct SpeechPart {
    pub text: String,
    pub keys: Vec<String>,
    pub recordings: Vec<String>,
}

#[uniffi::remote(Record)]
pub struct Practice {
    pub on: bool,
}

#[uniffi::remote(Record)]
pub struct BundleExport {
    pub bundles: u64,
    pub carried: u64,
    pub bytes: u64,
    pub left: bool,
}

#[uniffi::remote(Record)]
pub struct BundleImport {
    pub answers: u64,
    pub acknowledged: u64,
    pub carried: u64,
    pub known: u64,
}

#[uniffi::remote(Record)]
pub struct ScopeCursor {
    pub scope: String,
    pub name: Option<String>,
    pub cursor: u64,
    pub write: bool,
}

#[uniffi::remote(Record)]
pub struct Status {
    pub version: String,
    pub worker: Option<String>,
    pub writer: Option<String>,
    pub epoch: Option<String>,
    pub cursors: Vec<ScopeCursor>,
    pub bytes_on_disk: u64,
    pub relay_time: Option<String>,
    pub clock: String,
    pub practice: bool,
}

#[uniffi::remote(Record)]
pub struct Tile {
    pub kind: String,
    pub text: String,
    pub speech: String,
    pub picture: String,
    pub count: u64,
}

#[uniffi::remote(Record)]
pub struct Progress {
    pub saved: u64,
    pub acknowledged: u64,
    pub waiting: u64,
    pub drafts: u64,
    pub returned: u64,
    pub refused: u64,
}

#[uniffi::remote(Record)]
pub struct NextVisit {
    pub household: String,
    pub title: String,
    pub door: String,
    pub tier: Option<String>,
    pub last_visit: Option<String>,
    pub due: Option<String>,
    pub text: String,
    pub speech: String,
}

#[uniffi::remote(Enum)]
pub enum NoticeKind {
    Returned,
    Warning,
    Settled,
    Refused,
}

#[uniffi::remote(Record)]
pub struct Notice {
    pub kind: NoticeKind,
    pub record: String,
    pub text: String,
    pub speech: String,
}

#[uniffi::remote(Record)]
pub struct Home {
    pub tiles: Vec<Tile>,
    pub progress: Progress,
    pub next_visits: Vec<NextVisit>,
    pub notices: Vec<Notice>,
}

#[uniffi::remote(Record)]
pub struct RecordFilter {
    pub kind: Option<String>,
    pub sync_state: Option<String>,
    pub limit: Option<u32>,
    pub after: Option<String>,
}

#[uniffi::remote(Record)]
pub struct RecordSummary {
    pub record: String,
    pub kind: String,
    pub sync_state: String,
    pub title: String,
    pub when: String,
    pub scope: Option<String>,
}

#[uniffi::remote(Record)]
pub struct FieldView {
    pub path: String,
    pub label: String,
    pub values: Vec<String>,
    pub text: String,
    pub speech: String,
    pub others: Vec<String>,
}

#[uniffi::remote(Record)]
pub struct TimelineEvent {
    pub event: String,
    pub at: String,
    pub by: Option<String>,
    pub effective: bool,
    pub text: String,
    pub speech: String,
}

#[uniffi::remote(Record)]
pub struct StateView {
    pub code: String,
    pub text: String,
}

#[uniffi::remote(Record)]
pub struct NoteView {
    pub event: String,
    pub at: String,
    pub text: String,
    pub speech: String,
    pub audio: Option<String>,
}

#[uniffi::remote(Record)]
pub struct RecordView {
    pub record: String,
    pub kind: String,
    pub sync_state: String,
    pub sync_text: String,
    pub title: String,
    pub when: String,
    pub scope: Option<String>,
    pub number: Option<String>,
    pub number_text: Option<String>,
    pub form: Option<String>,
    pub fields: Vec<FieldView>,
    pub timeline: Vec<TimelineEvent>,
    pub state: StateView,
    pub notes: Vec<NoteView>,
    pub reason: Option<String>,
    pub remedy: Option<String>,
    pub remedy_speech: Option<String>,
}

#[uniffi::remote(Record)]
pub struct ReceiptView {
    pub sequence: u64,
    pub scope: String,
    pub index: u64,
    pub revision: u32,
    pub received_at: String,
    pub accepted: u64,
    pub entries: u64,
    pub text: String,
    pub speech: String,
    pub receipt: String,
    pub relay_key: String,
}

#[uniffi::remote(Record)]
pub struct SearchHit {
    pub id: String,
    pub kind: String,
    pub title: String,
    pub door: String,
    pub member: Option<String>,
    pub tier: Option<String>,
    pub last_visit: Option<String>,
    pub text: String,
    pub speech: String,
}

#[uniffi::remote(Record)]
pub struct Started {
    pub interview: String,
    pub step: Step,
}

#[uniffi::remote(Record)]
pub struct Step {
    pub question: Option<Question>,
    pub review: Option<Vec<Line>>,
}

#[uniffi::remote(Record)]
pub struct Saved {
    pub record: Option<String>,
    pub sync_state: Option<String>,
}

#[uniffi::remote(Record)]
pub struct Choice {
    pub code: String,
    pub text: String,
    pub speech: String,
    pub picture: String,
}

#[uniffi::remote(Record)]
pub struct Line {
    pub text: String,
    pub speech: String,
}

#[uniffi::remote(Record)]
pub struct Question {
    pub id: String,
    pub kind: String,
    pub text: String,
    pub speech: String,
    pub picture: String,
    pub optional: bool,
    pub choices: Option<Vec<Choice>>,
    pub value: Option<Answer>,
    pub quote: Option<Line>,
    pub dial: Option<String>,
    pub step: u64,
    pub steps: u64,
}

#[uniffi::remote(Enum)]
pub enum Answer {
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<String>),
}

#[uniffi::remote(Record)]
pub struct SyncReport {
    pub sent: u64,
    pub acknowledged: u64,
    pub received: u64,
    pub refused: u64,
    pub requests: u64,
    pub repeated: u64,
    pub bytes_up: u64,
    pub bytes_down: u64,
    pub media_sent: u64,
    pub carried: u64,
    pub usable_bytes: u64,
    pub ms: u64,
}
