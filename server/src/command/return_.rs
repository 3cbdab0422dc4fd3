//! Sends a record back to its author with a note, typed or recorded (退回).

use xunge_records::{EventBody, MediaRef};

use super::{CommandError, wording};
use crate::authority::Draft;

/// What the author is asked for. At least one of the two, or the order's reason, must be there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Return {
    /// The note as text.
    pub note: String,
    /// The note as speech.
    pub audio: Option<MediaRef>,
}

impl Return {
    pub(super) fn draft(&self, mut event: EventBody) -> Result<Draft, CommandError> {
        let note = self.note.trim();
        wording::check_length("note", note)?;
        if note.is_empty() && self.audio.is_none() && event.reason.is_none() {
            return Err(CommandError::bad(
                "note",
                "is required: say or write what is missing",
            ));
        }
        event.note = (!note.is_empty()).then(|| note.to_owned());
        event.audio = self.audio.as_ref().map(ToString::to_string);
        Ok(Draft::default().event(event))
    }
}
