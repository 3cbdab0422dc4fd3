//! Names an owner (交办).

use xunge_records::EventBody;

use super::{CommandError, NewOwner, Situation, require_seen};
use crate::authority::Draft;

/// To whom: somebody within the actor's own scope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assign {
    /// The new owner.
    pub owner: NewOwner,
}

impl Assign {
    pub(super) fn draft(
        &self,
        at: &Situation<'_, '_>,
        mut event: EventBody,
    ) -> Result<Draft, CommandError> {
        if let Some(scope) = self.owner.scope {
            require_seen(at.authority.tx(), at.actor, scope, at.authority.now())
                .map_err(|_| CommandError::bad("owner", "is not within your area"))?;
        }
        self.owner.fill(at, &mut event)?;
        Ok(Draft::default().event(event))
    }
}
