//! Grids and people: areas, workers, their phones and grants.

use askama::Template;

use crate::console::ui::Ui;
use crate::console::view::Choosable;

/// An area below the shown one.
pub struct Child {
    /// Its scope.
    pub scope: String,
    /// Name.
    pub name: String,
    /// Administrative code.
    pub code: String,
    /// Households in it.
    pub households: u64,
    /// Workers in it.
    pub workers: u64,
}

/// A phone of a worker.
pub struct Device {
    /// Writer id.
    pub id: String,
    /// `active` or `revoked`.
    pub state: &'static str,
    /// Class of its colour.
    pub tone: &'static str,
    /// In words, with its last sync.
    pub text: String,
}

/// A grid worker.
pub struct WorkerCard {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Grants in words.
    pub grants: Vec<String>,
    /// Phones.
    pub devices: Vec<Device>,
}

/// An enrolment ticket, shown once.
pub struct TicketView {
    /// Whose it is.
    pub worker: String,
    /// SVG of the QR code.
    pub qr: String,
    /// What the QR code holds.
    pub text: String,
    /// Until when it can be used.
    pub expires: String,
}

/// The page.
#[derive(Template)]
#[template(path = "organisation.html")]
pub struct OrganisationPage {
    /// Surroundings.
    pub ui: Ui,
    /// The areas above, from the user's own.
    pub crumbs: Vec<Choosable>,
    /// Scope of the shown area.
    pub scope: String,
    /// Its name.
    pub name: String,
    /// Level, code, households.
    pub lead: String,
    /// Whether it is a grid, where workers are added.
    pub grid: bool,
    /// What the areas below are.
    pub children_title: String,
    /// Areas below.
    pub children: Vec<Child>,
    /// Workers in it.
    pub workers: Vec<WorkerCard>,
    /// Whether the user may change anything.
    pub may_act: bool,
    /// A ticket made just now.
    pub ticket: Option<TicketView>,
    /// An unlock code told just now: worker and code.
    pub code: Option<(String, String)>,
}
