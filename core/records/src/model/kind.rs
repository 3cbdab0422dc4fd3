//! The kinds of record, their stable names and numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use xunge_protocol::EntryKind;

use super::field::Field;
use super::{dispute, household, person, request, visit, warning, warning_ack};

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A household (户).
    Household,
    /// A person (人), belonging to a household.
    Person,
    /// A visit to a household (入户走访).
    Visit,
    /// A dispute (矛盾纠纷), a case.
    Dispute,
    /// A fraud warning (涉诈预警) for the households of one grid.
    Warning,
    /// What came of a warning in one household (预警签收).
    WarningAck,
    /// A request, errand, hazard or referral (诉求), a case.
    Request,
}

/// A name that is none of the kinds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of record: {0}")]
pub struct UnknownKind(pub String);

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Household,
        Self::Person,
        Self::Visit,
        Self::Dispute,
        Self::Warning,
        Self::WarningAck,
        Self::Request,
    ];

    /// Name in documents, forms, the API and JSON-RPC.
    pub fn name(self) -> &'static str {
        match self {
            Self::Household => "household",
            Self::Person => "person",
            Self::Visit => "visit",
            Self::Dispute => "dispute",
            Self::Warning => "warning",
            Self::WarningAck => "warning_ack",
            Self::Request => "request",
        }
    }

    /// Number on the wire.
    pub fn entry_kind(self) -> EntryKind {
        EntryKind(match self {
            Self::Household => 1,
            Self::Person => 2,
            Self::Visit => 3,
            Self::Dispute => 4,
            Self::Warning => 5,
            Self::WarningAck => 6,
            Self::Request => 7,
        })
    }

    /// The kind of a number on the wire.
    pub fn from_entry_kind(kind: EntryKind) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.entry_kind() == kind)
    }

    /// Its fields, in the order in which a person reads them.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Household => household::FIELDS,
            Self::Person => person::FIELDS,
            Self::Visit => visit::FIELDS,
            Self::Dispute => dispute::FIELDS,
            Self::Warning => warning::FIELDS,
            Self::WarningAck => warning_ack::FIELDS,
            Self::Request => request::FIELDS,
        }
    }

    /// Whether the relay gives it a case number, an owner and a deadline.
    pub fn is_case(self) -> bool {
        matches!(self, Self::Dispute | Self::Request)
    }

    /// Code list that its state's code belongs to.
    pub fn state_list(self) -> &'static str {
        match self {
            Self::Dispute | Self::Request => "dispute_state",
            Self::Warning | Self::WarningAck => "fraud_warning_state",
            Self::Household | Self::Person | Self::Visit => "record_state",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|k| k.name() == text)
            .ok_or_else(|| UnknownKind(text.into()))
    }
}
