//! What the console shows: lists and counts over the projection, always by the same filter, so that every number has
//! exactly the rows that it counts.

use std::collections::BTreeMap;

use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::Kind;

use super::{RecordRow, StoreResult};
use crate::audit::AuditRow;

/// Which records a list shows for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// All.
    #[default]
    All,
    /// Cases past their deadline.
    Overdue,
    /// Records with a field on which people differ.
    Differing,
    /// Mended after a return.
    Fixed,
    /// Sent back, not yet mended.
    Returned,
    /// With an event that came too late, not yet looked at.
    WithoutEffect,
    /// With a proposal or a dissent that nobody answered.
    Proposed,
    /// Acknowledgements that say that money was sent, not yet looked at.
    Money,
    /// Cases that nobody decided about.
    New,
    /// Not closed.
    Open,
    /// Closed.
    Closed,
}

impl Show {
    /// All reasons.
    pub const ALL: [Self; 11] = [
        Self::All,
        Self::Overdue,
        Self::Differing,
        Self::Fixed,
        Self::Returned,
        Self::WithoutEffect,
        Self::Proposed,
        Self::Money,
        Self::New,
        Self::Open,
        Self::Closed,
    ];

    /// Name in addresses and resource files.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Overdue => "overdue",
            Self::Differing => "differing",
            Self::Fixed => "fixed",
            Self::Returned => "returned",
            Self::WithoutEffect => "without_effect",
            Self::Proposed => "proposed",
            Self::Money => "money",
            Self::New => "new",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// The reason of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|show| show.name() == name)
    }
}

/// From the first moment to before the second.
pub type Span = (Timestamp, Timestamp);

/// Which records are meant. Every part that is set must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecordFilter {
    /// In these scopes.
    pub scopes: Vec<ScopeId>,
    /// Of these kinds; all if empty.
    pub kinds: Vec<Kind>,
    /// For this reason.
    pub show: Show,
    /// With this value of a field: path and code.
    pub code: Option<(String, String)>,
    /// In one of these states; any if empty.
    pub states: Vec<String>,
    /// First stored within.
    pub received: Option<Span>,
    /// Resolved within, and still so.
    pub resolved: Option<Span>,
    /// About this household.
    pub household: Option<RecordId>,
    /// Whose number, door, place or head holds this text.
    pub text: Option<String>,
    /// The moment at which deadlines are judged.
    pub now: Timestamp,
}

/// What counts are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// The value of a field.
    Field(&'static str),
    /// The members of a set; a record counts once for each.
    Members(&'static str),
    /// The scope.
    Scope,
}

/// Which households of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HouseholdShow {
    /// All.
    #[default]
    All,
    /// Due for a visit.
    Due,
    /// Never visited.
    Never,
}

/// Households by how they are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HouseholdCounts {
    /// All.
    pub all: u64,
    /// Due for a visit.
    pub due: u64,
    /// Never visited.
    pub never: u64,
}

impl HouseholdCounts {
    /// How many a list shows.
    pub fn of(self, show: HouseholdShow) -> u64 {
        match show {
            HouseholdShow::All => self.all,
            HouseholdShow::Due => self.due,
            HouseholdShow::Never => self.never,
        }
    }
}

/// A household with its visits.
#[derive(Debug, Clone)]
pub struct HouseholdRow {
    /// Its record.
    pub record: RecordRow,
    /// Day of the last visit, ISO date.
    pub last_visit: Option<String>,
    /// Days between visits.
    pub interval_days: u32,
    /// Whether it is due.
    pub due: bool,
}

/// Which households are meant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HouseholdFilter {
    /// In these scopes.
    pub scopes: Vec<ScopeId>,
    /// All, due or never visited.
    pub show: HouseholdShow,
    /// Whose door or head holds this text.
    pub text: Option<String>,
    /// Days between visits by tier, for households without an interval of their own.
    pub intervals: BTreeMap<String, u32>,
    /// Today, ISO date.
    pub today: String,
}

/// A warning over all grids that it went to.
#[derive(Debug, Clone)]
pub struct CampaignRow {
    /// Its id.
    pub campaign: String,
    /// One of its records.
    pub sample: RecordRow,
    /// How it stands.
    pub tally: Tally,
}

/// Households of a warning by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// All.
    pub total: u64,
    /// That heard it.
    pub heard: u64,
    /// That did not yet.
    pub unheard: u64,
    /// Where money was already sent.
    pub money: u64,
}

/// Which households of a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// All, money first, then those that did not hear it.
    #[default]
    All,
    /// Not heard.
    Unheard,
    /// Heard.
    Heard,
    /// Money sent.
    Money,
}

/// A household of a warning.
#[derive(Debug, Clone)]
pub struct RecipientRow {
    /// The household's id.
    pub household: RecordId,
    /// Its scope.
    pub scope: ScopeId,
    /// Its record, if the relay has it.
    pub record: Option<RecordRow>,
    /// The acknowledgement, if there is one.
    pub ack: Option<RecordRow>,
}

/// Rows of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Rows before it.
    pub skip: u64,
    /// Most rows in it.
    pub take: u64,
}

/// The console's queries in a transaction.
pub trait Board {
    /// How many records there are.
    fn count_records(&self, filter: &RecordFilter) -> StoreResult<u64>;
    /// How many records there are by group.
    fn count_groups(
        &self,
        filter: &RecordFilter,
        by: GroupBy,
    ) -> StoreResult<BTreeMap<String, u64>>;
    /// How many households visits are about.
    fn count_households_of(&self, filter: &RecordFilter) -> StoreResult<u64>;
    /// The records: for [`Show::Overdue`] by deadline, else the newest first.
    fn list_records(&self, filter: &RecordFilter, window: Window) -> StoreResult<Vec<RecordRow>>;

    /// How many households there are, whatever the filter shows.
    fn count_households(&self, filter: &HouseholdFilter) -> StoreResult<HouseholdCounts>;
    /// The households, those due first.
    fn list_households(
        &self,
        filter: &HouseholdFilter,
        window: Window,
    ) -> StoreResult<Vec<HouseholdRow>>;

    /// How many warnings there are, of those issued within `days` (ISO dates, the last not included), if given.
    fn count_campaigns(&self, scopes: &[ScopeId], days: Option<(&str, &str)>) -> StoreResult<u64>;
    /// The warnings, newest first.
    fn list_campaigns(&self, scopes: &[ScopeId], window: Window) -> StoreResult<Vec<CampaignRow>>;
    /// How a warning stands in `scopes`, or all warnings that were issued within `days` or still hold on `today`.
    fn tally(
        &self,
        scopes: &[ScopeId],
        campaign: Option<&str>,
        days: Option<(&str, &str)>,
        today: Option<&str>,
    ) -> StoreResult<Tally>;
    /// One of the records of a warning in `scopes`.
    fn campaign_sample(&self, scopes: &[ScopeId], campaign: &str)
    -> StoreResult<Option<RecordRow>>;
    /// Households of a warning.
    fn recipients(
        &self,
        scopes: &[ScopeId],
        campaign: &str,
        outcome: Outcome,
        window: Window,
    ) -> StoreResult<Vec<RecipientRow>>;

    /// How many entries are in quarantine in one state.
    fn count_quarantine(&self, scopes: &[ScopeId], state: &str) -> StoreResult<u64>;
    /// How many active phones have not been seen since `before`, of workers with a grant in `scopes`.
    fn count_silent_phones(&self, scopes: &[ScopeId], before: Timestamp) -> StoreResult<u64>;
    /// Workers that ever had a grant in `scopes`, by scope.
    fn workers_by_scope(&self, scopes: &[ScopeId]) -> StoreResult<BTreeMap<ScopeId, u64>>;

    /// How many lines of the audit log hold a text.
    fn count_audit(&self, scopes: &[ScopeId], text: Option<&str>) -> StoreResult<u64>;
    /// Lines of the audit log, newest first.
    fn list_audit(
        &self,
        scopes: &[ScopeId],
        text: Option<&str>,
        window: Window,
    ) -> StoreResult<Vec<AuditRow>>;
}
