//! What phones sent and the relay did not accept, with text and remedy, to admit or to reject.

use askama::Template;

use crate::console::ui::Ui;
use crate::console::view::{Choosable, Fact, Pager, Sign};

/// One quarantined entry.
pub struct QuarantineEntry {
    /// Its place in the log.
    pub id: String,
    /// The record that it would change.
    pub record: String,
    /// `waiting`, `admitted` or `rejected`.
    pub state: &'static str,
    /// In words.
    pub state_text: String,
    /// Its sign.
    pub sign: Sign,
    /// Stable code of why.
    pub code: &'static str,
    /// Kind in words.
    pub kind: String,
    /// Where it was sent to.
    pub place: String,
    /// Who sent it.
    pub who: String,
    /// When it came.
    pub when: String,
    /// What is wrong.
    pub text: String,
    /// What to do.
    pub remedy: String,
    /// More from the guard.
    pub detail: String,
    /// What it says, as far as it can be read.
    pub facts: Vec<Fact>,
    /// Who decided what and why; empty while it waits.
    pub decided: String,
}

/// The quarantine.
#[derive(Template)]
#[template(path = "quarantine.html")]
pub struct QuarantinePage {
    /// Surroundings.
    pub ui: Ui,
    /// Which are shown.
    pub states: Vec<Choosable>,
    /// Entries, oldest first.
    pub entries: Vec<QuarantineEntry>,
    /// Whether the user may decide.
    pub may_act: bool,
    /// Where one is.
    pub pager: Pager,
}
