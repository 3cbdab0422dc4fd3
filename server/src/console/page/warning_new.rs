//! Writing a fraud warning and choosing whom it reaches.

use askama::Template;

use crate::console::ui::Ui;
use crate::console::view::Choosable;

/// A village with its grids.
pub struct Area {
    /// Scope of the village.
    pub scope: String,
    /// Its name.
    pub name: String,
    /// Whether it is unfolded.
    pub open: bool,
    /// Its grids.
    pub grids: Vec<Choosable>,
}

/// The form.
#[derive(Template)]
#[template(path = "warning_new.html")]
pub struct WarningNewPage {
    /// Surroundings.
    pub ui: Ui,
    /// Why the last try failed.
    pub problem: Option<String>,
    /// What it says.
    pub text: String,
    /// What to do.
    pub advice: String,
    /// Kinds of fraud.
    pub types: Vec<Choosable>,
    /// Levels.
    pub levels: Vec<Choosable>,
    /// Until when it holds, ISO date.
    pub expires_on: String,
    /// Household ids typed.
    pub households: String,
    /// Households ticked on the list.
    pub chosen: Vec<Choosable>,
    /// Towns to choose from, for a user of the county.
    pub towns: Vec<Choosable>,
    /// Villages of the town.
    pub areas: Vec<Area>,
}
