//! Who works on this phone, and how the phone stands.

use serde::Serialize;

/// A worker who has enrolled on this phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkerCard {
    /// To be passed to `unlock`.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Path of a picture, if there is one.
    pub photo: Option<String>,
}

/// Answer of `open`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// All workers of this phone, the last one to unlock first.
    pub workers: Vec<WorkerCard>,
    /// Whether there is at least one.
    pub enrolled: bool,
}

/// Answer of `enrol`, `unlock` and `unlock_with_code`: who is at work now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enrolled {
    /// Id of the worker.
    pub worker: String,
    /// Name to show.
    pub name: String,
    /// Scopes that the worker writes in.
    pub scopes: Vec<String>,
    /// Telephone of the supervisor to call for help, where the town gave one.
    pub help_phone: Option<String>,
}

/// Answer of `redeem`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundTicket {
    /// To be passed to `enrol`.
    pub ticket: String,
}

/// A part of a spoken text. All parts together are the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SpeechPart {
    /// The part, with the signs after it.
    pub text: String,
    /// Keys of the recordings that say it, one after the other; none for a name or a text of the user's own.
    pub keys: Vec<String>,
    /// Paths of the county's recordings of these keys; none unless all are here.
    pub recordings: Vec<String>,
}

/// Answer of `practice`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Practice {
    /// Whether what is seen now is made up.
    pub on: bool,
}

/// Answer of `bundle_export`: what the sealed file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct BundleExport {
    /// Sealed bundles of what waits on this phone.
    pub bundles: u64,
    /// Sealed bundles of others that this phone carries.
    pub carried: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Whether more waits than one file holds.
    pub left: bool,
}

/// Answer of `bundle_import`: what became of the bundles in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct BundleImport {
    /// Answers of the relay to this worker.
    pub answers: u64,
    /// Own records that the town has received, as these answers prove.
    pub acknowledged: u64,
    /// Bundles that this phone carries from now on.
    pub carried: u64,
    /// Bundles that it carried already.
    pub known: u64,
}

/// How far the phone has read one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScopeCursor {
    /// Scope.
    pub scope: String,
    /// Its name, once known.
    pub name: Option<String>,
    /// Last position seen.
    pub cursor: u64,
    /// Whether new records may be written into it.
    pub write: bool,
}

/// Answer of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Version of the app core.
    pub version: String,
    /// The unlocked worker, if any.
    pub worker: Option<String>,
    /// Incarnation of the worker on this phone.
    pub writer: Option<String>,
    /// Epoch of the relay as last seen.
    pub epoch: Option<String>,
    /// Scopes and how far each was read.
    pub cursors: Vec<ScopeCursor>,
    /// Bytes that this phone's folder takes on disk.
    pub bytes_on_disk: u64,
    /// The relay's time as far as this phone can tell, ISO 8601.
    pub relay_time: Option<String>,
    /// How sure the phone's clock is: `relay`, `derived`, `checked` or `unsure`.
    pub clock: String,
    /// Whether practice mode is on.
    pub practice: bool,
}
