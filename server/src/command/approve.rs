//! Says that a record is in order (审核通过).

use xunge_records::EventBody;

use super::{CommandError, wording};
use crate::authority::Draft;

/// A word for the author, if any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Approve {
    /// What the author reads.
    pub note: String,
}

impl Approve {
    pub(super) fn draft(&self, mut event: EventBody) -> Result<Draft, CommandError> {
        let note = self.note.trim();
        wording::check_length("note", note)?;
        event.note = (!note.is_empty()).then(|| note.to_owned());
        Ok(Draft::default().event(event))
    }
}
