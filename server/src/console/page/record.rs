//! The file of one record: facts, differing values, timeline, and what may be done now.

use askama::Template;

use crate::console::ui::Ui;
use crate::console::view::{Action, Choosable, Difference, Fact, Media, Row, Sign, Step};

/// Records that belong to this one.
pub struct Related {
    /// Stable name.
    pub key: &'static str,
    /// Heading.
    pub title: String,
    /// How many there are.
    pub count: u64,
    /// The newest of them.
    pub rows: Vec<Row>,
}

/// A record's page.
#[derive(Template)]
#[template(path = "record.html")]
pub struct RecordPage {
    /// Surroundings.
    pub ui: Ui,
    /// Id of the record.
    pub id: String,
    /// Name of its kind.
    pub kind: &'static str,
    /// Code of its state.
    pub state: String,
    /// Between author and town.
    pub review: String,
    /// Version for compare-and-set.
    pub version: u32,
    /// Page of its list.
    pub list_href: &'static str,
    /// Name of its list.
    pub list_name: String,
    /// Heading.
    pub title: String,
    /// Sign of its state.
    pub sign: Sign,
    /// Its state in words.
    pub state_text: String,
    /// Number, type, place, writer.
    pub meta: Vec<String>,
    /// Whose turn it is until when; may be empty.
    pub turn: String,
    /// Whether that is past.
    pub late: bool,
    /// Fields on which people differ.
    pub differences: Vec<Difference>,
    /// Recordings and pictures.
    pub media: Vec<Media>,
    /// Fields.
    pub facts: Vec<Fact>,
    /// Whether something is masked.
    pub masked: bool,
    /// Whether something is revealed now.
    pub revealed: bool,
    /// Records that belong to it.
    pub related: Vec<Related>,
    /// What happened.
    pub steps: Vec<Step>,
    /// Whether the user may act at all.
    pub may_act: bool,
    /// What may be done now.
    pub actions: Vec<Action>,
    /// Said where nothing may be done.
    pub nothing_to_do: String,
    /// Units that it can be given to.
    pub owners: Vec<Choosable>,
    /// Authorities outside.
    pub elsewhere: Vec<Choosable>,
    /// Whether a deadline may be set.
    pub deadline: bool,
    /// Ways of resolving.
    pub methods: Vec<Choosable>,
}
