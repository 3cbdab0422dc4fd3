//! Passes a case to another unit of the organisation, or to a court, petition office or arbitration (转交).

use xunge_records::EventBody;

use super::{CommandError, NewOwner, Situation};
use crate::authority::Draft;

/// To whom: anywhere in the county, or outside the organisation by name alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transfer {
    /// The new owner.
    pub owner: NewOwner,
}

impl Transfer {
    pub(super) fn draft(
        &self,
        at: &Situation<'_, '_>,
        mut event: EventBody,
    ) -> Result<Draft, CommandError> {
        self.owner.fill(at, &mut event)?;
        Ok(Draft::default().event(event))
    }
}
