//! Closes a case as resolved, or as failed with the other remedies told (化解).

use xunge_records::EventBody;

use super::{CommandError, wording};
use crate::authority::Draft;

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolve {
    /// Code of `resolution_method`, or `S61`: mediation failed, other remedies were told.
    pub code: Option<String>,
    /// What the author reads.
    pub note: String,
}

impl Resolve {
    pub(super) fn draft(&self, mut event: EventBody) -> Result<Draft, CommandError> {
        let note = self.note.trim();
        wording::check_length("note", note)?;
        if self.code.is_none() && note.is_empty() && event.reason.is_none() {
            return Err(CommandError::bad("reason", "is required: say how it ended"));
        }
        event.code.clone_from(&self.code);
        event.note = (!note.is_empty()).then(|| note.to_owned());
        Ok(Draft::default().event(event))
    }
}
