//! Opens a closed case again (重启).

use xunge_records::EventBody;

use super::CommandError;
use crate::authority::Draft;

/// Nothing but the order's reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reopen;

impl Reopen {
    pub(super) fn draft(&self, event: EventBody) -> Result<Draft, CommandError> {
        Ok(Draft::default().event(event))
    }
}
