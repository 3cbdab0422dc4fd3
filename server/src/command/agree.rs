//! Records that the parties agreed (达成协议).

use xunge_records::{EventBody, MediaRef};

use super::{CommandError, wording};
use crate::authority::Draft;

/// What was agreed, and how it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agree {
    /// Code of `ack_method`, if it was signed.
    pub method: Option<String>,
    /// What was agreed.
    pub note: String,
    /// Picture of the agreement.
    pub photo: Option<MediaRef>,
}

impl Agree {
    pub(super) fn draft(&self, mut event: EventBody) -> Result<Draft, CommandError> {
        let note = self.note.trim();
        wording::check_length("note", note)?;
        if note.is_empty() && self.photo.is_none() && event.reason.is_none() {
            return Err(CommandError::bad(
                "note",
                "is required: say what was agreed",
            ));
        }
        event.code.clone_from(&self.method);
        event.note = (!note.is_empty()).then(|| note.to_owned());
        event.photo = self.photo.as_ref().map(ToString::to_string);
        Ok(Draft::default().event(event))
    }
}
