//! Who did what, when and why.

use askama::Template;

use crate::console::ui::Ui;
use crate::console::view::Pager;

/// One line of the log.
pub struct AuditLine {
    /// Stable name of the act.
    pub action: String,
    /// When.
    pub when: String,
    /// Who.
    pub who: String,
    /// What, in words.
    pub what: String,
    /// Of what.
    pub target: String,
    /// Its page; empty if none.
    pub href: String,
    /// Why.
    pub reason: String,
}

/// The page.
#[derive(Template)]
#[template(path = "audit.html")]
pub struct AuditPage {
    /// Surroundings.
    pub ui: Ui,
    /// What was searched for.
    pub q: String,
    /// Lines, newest first.
    pub lines: Vec<AuditLine>,
    /// Where one is.
    pub pager: Pager,
}
