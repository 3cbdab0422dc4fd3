//! What a user sees when something does not work: what happened, that nothing is lost, what to do.

use askama::Template;

use crate::console::ui::Ui;

/// A problem.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct ProblemPage {
    /// Surroundings.
    pub ui: Ui,
    /// Stable code.
    pub code: &'static str,
    /// Heading.
    pub title: String,
    /// What happened and what to do.
    pub text: String,
    /// The way on.
    pub back: String,
}
