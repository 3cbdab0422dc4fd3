//! Every way in which a call can fail, with its stable code, and how it is put to the user.

use xunge_protocol::WireError;

use crate::form::AnswerError;
use crate::locale::{Catalog, Locale};
use crate::store::StoreError;
use crate::sync::SyncError;
use crate::vault::VaultError;

/// Why a call did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// `open` was not called, or `close` was.
    #[error("the phone is not open")]
    NotOpen,
    /// Another object in this process has the folder open.
    #[error("the folder is open already: {0}")]
    InUse(String),
    /// No worker is unlocked.
    #[error("no worker is unlocked")]
    Locked,
    /// Not in practice mode, where nothing leaves the phone.
    #[error("not in practice mode")]
    Practising,
    /// A sync is under way.
    #[error("a sync is under way")]
    Busy,
    /// There is no such record for this worker.
    #[error("record: there is none with the id {0:?}")]
    UnknownRecord(String),
    /// There is no such interview: it was saved, discarded or never begun.
    #[error("interview: there is none with the id {0:?}")]
    UnknownInterview(String),
    /// There is no such kind to start or to list.
    #[error("kind: {0:?} is none of {1}")]
    UnknownKind(String, String),
    /// The five sync states are all there are.
    #[error("sync_state: {0:?} is none of draft, waiting, received, returned, refused")]
    UnknownSyncState(String),
    /// The subject is not what this kind of interview is about.
    #[error("subject: {0:?} is not a {1} on this phone")]
    WrongSubject(String, &'static str),
    /// There is no warning to acknowledge.
    #[error("subject: there is no warning to acknowledge")]
    NoWarning,
    /// The worker has no grid to write in.
    #[error("no scope takes new records of this phone")]
    NoScope,
    /// The record cannot be changed by its author any more, or is of a kind that phones do not edit.
    #[error("record: a {0} cannot be amended here")]
    NotAmendable(&'static str),
    /// The app speaks `zh-CN` and `en`.
    #[error("locale: {0:?} is none of zh-CN, en")]
    UnknownLocale(String),
    /// What was scanned or typed is no ticket.
    #[error("ticket: {0}")]
    BadTicket(WireError),
    /// What was typed is no short code.
    #[error("code: {0}")]
    BadCode(WireError),
    /// What the app has built in is no address of a relay.
    #[error("relay: {0}")]
    BadRelayAddress(WireError),
    /// The relay knows no such short code.
    #[error("the relay knows no such code")]
    CodeWrong,
    /// The short code came too late.
    #[error("the code is too old")]
    CodeLate,
    /// Another phone has used the short code.
    #[error("another phone has used the code")]
    CodeUsed,
    /// There were too many wrong tries at the short code.
    #[error("too many wrong tries at the code")]
    CodeClosed,
    /// This version does not have it.
    #[error("{0} is not available in this version")]
    NotAvailable(&'static str),
    /// A file that was given as an answer cannot be read, or is no medium that a record may hold.
    #[error("value: {path}: {why}")]
    BadFile {
        /// Which file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A path that cannot be read or written.
    #[error("path: {path}: {why}")]
    BadPath {
        /// Which path.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A courier's file that is damaged, of a newer version, or no such file.
    #[error("the file is no bundle: {0}")]
    BadBundle(WireError),
    /// A bundle for the relay of another county.
    #[error("the bundle is for another relay")]
    BundleForeign,
    /// This phone carries as many bundles of others as it may.
    #[error("this phone carries as much as it may")]
    BagFull,
    /// The vault refused.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The interview did not take the answer.
    #[error("value: {0}")]
    Answer(#[from] AnswerError),
    /// The exchange with the relay ended early.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// A fault of the program. What was saved is whole.
    #[error("internal: {0}")]
    Internal(String),
}

impl AppError {
    /// The stable code, key of the user's text in the resource files.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotOpen => "not_open",
            Self::InUse(_) => "in_use",
            Self::Locked => "locked",
            Self::Practising => "practising",
            Self::Busy => "busy",
            Self::UnknownRecord(_) => "unknown_record",
            Self::UnknownInterview(_) => "unknown_interview",
            Self::UnknownKind(..) => "unknown_kind",
            Self::UnknownSyncState(_) => "unknown_sync_state",
            Self::WrongSubject(..) => "wrong_subject",
            Self::NoWarning => "no_warning",
            Self::NoScope => "no_scope",
            Self::NotAmendable(_) => "not_amendable",
            Self::UnknownLocale(_) => "unknown_locale",
            Self::BadTicket(_) => "bad_ticket",
            Self::BadCode(_) => "bad_code",
            Self::BadRelayAddress(_) => "bad_relay_address",
            Self::CodeWrong => "code_wrong",
            Self::CodeLate => "code_late",
            Self::CodeUsed => "code_used",
            Self::CodeClosed => "code_closed",
            Self::NotAvailable(_) => "not_available",
            Self::BadFile { .. } => "bad_file",
            Self::BadPath { .. } => "bad_path",
            Self::BadBundle(_) => "bad_bundle",
            Self::BundleForeign => "bundle_foreign",
            Self::BagFull => "bag_full",
            Self::Vault(e) => e.code(),
            Self::Store(e) => e.code(),
            Self::Answer(e) => e.code(),
            Self::Sync(e) => e.code(),
            Self::Internal(_) => "internal",
        }
    }

    /// Whether the same call may succeed later without anything else being done.
    pub fn retry(&self) -> bool {
        match self {
            Self::Busy => true,
            Self::Vault(e) => e.retry(),
            Self::Sync(e) => e.retry(),
            _ => false,
        }
    }

    /// What the user's text mentions, by name.
    fn arguments(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Vault(VaultError::TooSoon { seconds }) => vec![("seconds", seconds.to_string())],
            _ => Vec::new(),
        }
    }
}

/// An error as the user and the engineer get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Stable code.
    pub code: String,
    /// For the user.
    pub text: String,
    /// The same, to be spoken.
    pub speech: String,
    /// Whether the same call may succeed later.
    pub retry: bool,
    /// For the engineer, in English.
    pub detail: String,
}

/// Puts `error` into words, in the locale named (Chinese where that is none).
pub fn explain(locale: Option<&str>, error: &AppError) -> Explained {
    let locale = locale.and_then(|l| l.parse().ok()).unwrap_or_default();
    explain_in(locale, error)
}

pub(super) fn explain_in(locale: Locale, error: &AppError) -> Explained {
    let code = error.code();
    let arguments = error.arguments();
    let arguments: Vec<(&str, &str)> = arguments.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let phrase = match error {
        AppError::Answer(error) => error.phrase(locale),
        _ => Catalog::of(locale).error(code),
    };
    let phrase = phrase.with(&arguments);
    // What to do comes with what is wrong, so that nobody is left standing.
    let with_remedy = |what: &str| [what, phrase.remedy.as_str()].join(" ").trim().to_owned();
    Explained {
        code: code.into(),
        text: with_remedy(&phrase.text),
        speech: with_remedy(&phrase.speech),
        retry: error.retry(),
        detail: error.to_string(),
    }
}
