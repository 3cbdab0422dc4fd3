//! Sign-in.

use askama::Template;

use crate::console::ui::Ui;

/// The sign-in page.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// Surroundings.
    pub ui: Ui,
    /// Why the last try failed.
    pub problem: Option<String>,
    /// User name typed before.
    pub user: String,
    /// Where to go afterwards.
    pub next: String,
}
