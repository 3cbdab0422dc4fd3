//! What somebody did about a record: an event, set once, with its author, reason and basis.
//!
//! The author is the writer in the event's id; nothing else says who wrote it. Unknown keys and verbs of a later
//! version survive as bytes, because an event is one opaque scalar in the document.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize, Serializer};
use xunge_protocol::{Confidence, ScopeId, Timestamp, WriterId};

/// Writer and counter. As text, and as key in the document: `WRITER.N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct EventId {
    /// The author.
    #[n(0)]
    pub writer: WriterId,
    /// Counts up over the life of the writer.
    #[n(1)]
    pub n: u32,
}

/// A text that is no event id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an event id: expected WRITER.N")]
pub struct NotEventId;

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.writer, self.n)
    }
}

impl FromStr for EventId {
    type Err = NotEventId;
    fn from_str(text: &str) -> Result<Self, NotEventId> {
        let (writer, n) = text.split_once('.').ok_or(NotEventId)?;
        let id = Self {
            writer: writer.parse().map_err(|_| NotEventId)?,
            n: n.parse().map_err(|_| NotEventId)?,
        };
        // One spelling only, so that one event has one key.
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(NotEventId)
        }
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $n:literal $text:literal $by:ident,)*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verb {
            $($(#[$doc])* $name,)*
            /// A verb of a later version: kept, shown, without effect.
            Unknown(u8),
        }

        impl Verb {
            /// All that this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Number in the document.
            pub fn number(self) -> u8 {
                match self { $(Self::$name => $n,)* Self::Unknown(n) => n }
            }

            /// The verb of a number.
            pub fn from_number(n: u8) -> Self {
                match n { $($n => Self::$name,)* other => Self::Unknown(other) }
            }

            /// Name in the API, in `data-action` and in resource files.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* Self::Unknown(_) => "unknown" }
            }

            /// Whether only the relay may write it.
            pub fn is_relay_only(self) -> bool {
                match self { $(Self::$name => Author::$by == Author::Relay,)* Self::Unknown(_) => false }
            }
        }
    };
}

/// Who may write a verb.
#[derive(PartialEq)]
enum Author {
    Relay,
    Anyone,
}

verbs! {
    /// The relay took the case on: number, first owner, deadline (受理登记).
    Register = 1 "register" Relay,
    /// An owner is named (交办).
    Assign = 2 "assign" Relay,
    /// Sent back to its author with a note (退回).
    Return = 3 "return" Relay,
    /// The author mended what was asked (补正).
    Fix = 4 "fix" Anyone,
    /// Read and found in order (审核通过).
    Approve = 5 "approve" Relay,
    /// Passed to the level above (上报).
    Escalate = 6 "escalate" Relay,
    /// Passed to another owner of the same level, or to a court, petition office or arbitration (转交).
    Transfer = 7 "transfer" Relay,
    /// An attempt at mediation (调解).
    Mediate = 8 "mediate" Anyone,
    /// The parties agreed (达成协议).
    Agree = 9 "agree" Anyone,
    /// The agreement was performed (协议履行).
    Perform = 10 "perform" Anyone,
    /// Closed as resolved (化解).
    Resolve = 11 "resolve" Relay,
    /// A follow-up visit; says whether the parties are content (回访).
    FollowUp = 12 "follow_up" Anyone,
    /// A party will not be mediated, or an owner dissents with a reason (拒绝/异议).
    Decline = 13 "decline" Anyone,
    /// Opened again (重启).
    Reopen = 14 "reopen" Relay,
    /// Taken back by its author (撤回).
    Withdraw = 15 "withdraw" Anyone,
    /// A phone asks for a decision that only the relay may write (建议).
    Propose = 16 "propose" Anyone,
    /// A warning was issued (下发).
    Issue = 17 "issue" Relay,
    /// A warning reached a phone (到机).
    Deliver = 18 "deliver" Anyone,
    /// A household heard a warning, or did not (听到).
    Hear = 19 "hear" Anyone,
    /// A supervisor chose between two values of a field (认定).
    Settle = 20 "settle" Relay,
}

impl FromStr for Verb {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .iter()
            .copied()
            .find(|v| v.name() == text)
            .ok_or(())
    }
}

fn as_verb<S: Serializer>(number: &u8, serializer: S) -> Result<S::Ok, S::Error> {
    Verb::from_number(*number).serialize(serializer)
}

impl Serialize for Verb {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What stands in the document under an [`EventId`]. Which optional keys a verb needs, `fold` says.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize, Deserialize)]
#[cbor(map)]
pub struct EventBody {
    /// Number of the [`Verb`].
    #[n(0)]
    #[serde(serialize_with = "as_verb", skip_deserializing)]
    pub verb: u8,
    /// When, by the author's clock.
    #[n(1)]
    pub at: Timestamp,
    /// How sure that is.
    #[n(2)]
    pub confidence: Confidence,
    /// The events without a successor that the author had seen.
    #[n(3)]
    #[serde(skip)]
    pub basis: Vec<EventId>,
    /// Relay events only: id of the user who commanded it.
    #[n(4)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Name of the acting person as shown to others.
    #[n(5)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why.
    #[n(6)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is said to the other side.
    #[n(7)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The note as speech: a media reference.
    #[n(8)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    /// Who owns the case from now on: a unit or person as shown.
    #[n(9)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Scope of the new owner.
    #[n(10)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_scope: Option<ScopeId>,
    /// Level of the owner, code of `org_level`.
    #[n(11)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Until when the owner must act.
    #[n(12)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// Case number (一案一码).
    #[n(13)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// A code: of `fraud_warning_state` for hear; of `ack_method` for agree; of `resolution_method` for resolve, or `S61`
    /// if mediation failed and other remedies were told; `S31` for decline if the owner dissents, none if a party refuses.
    #[n(14)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Settle: path of the field. Fix: path that was mended, if one.
    #[n(15)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Settle: the chosen value, as JSON text.
    #[n(16)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Propose: number of the verb asked for.
    #[n(17)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<u8>,
    /// Follow-up: whether the parties are content.
    #[n(18)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<bool>,
    /// A picture: a media reference.
    #[n(19)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<String>,
    /// The id under which its author said it first, where it had to be said again under another.
    #[n(20)]
    #[serde(skip)]
    pub first: Option<EventId>,
}

impl EventBody {
    /// A body with nothing but its verb and time.
    pub fn new(verb: Verb, at: Timestamp, confidence: Confidence) -> Self {
        Self {
            verb: verb.number(),
            at,
            confidence,
            basis: Vec::new(),
            user: None,
            name: None,
            reason: None,
            note: None,
            audio: None,
            owner: None,
            owner_scope: None,
            level: None,
            deadline: None,
            number: None,
            code: None,
            field: None,
            value: None,
            proposed: None,
            content: None,
            photo: None,
            first: None,
        }
    }

    /// Whether both say the same, whoever says it and whatever they had seen.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let words = |body: &Self| Self {
            basis: Vec::new(),
            first: None,
            ..body.clone()
        };
        words(self) == words(other)
    }

    /// This event, said again: whoever says it under `id`, and however often, it is one.
    pub fn again(mut self, id: EventId) -> Self {
        self.first.get_or_insert(id);
        self
    }

    /// What was done.
    pub fn verb(&self) -> Verb {
        Verb::from_number(self.verb)
    }
}
