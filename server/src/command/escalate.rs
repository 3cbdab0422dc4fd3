//! Passes a case to the level above its present owner (上报).

use xunge_records::EventBody;

use super::{CommandError, NewOwner, Situation};
use crate::authority::Draft;

/// To the place above; the deadline may be set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Escalate {
    /// Last day to act, ISO date; seven days from now if not given.
    pub deadline: Option<String>,
}

impl Escalate {
    pub(super) fn draft(
        &self,
        at: &Situation<'_, '_>,
        mut event: EventBody,
    ) -> Result<Draft, CommandError> {
        let from = at.record.state.owner_scope.or(at.record.scope);
        let path = match from {
            Some(scope) => at.authority.tx().org_path(scope, at.authority.now())?,
            None => Vec::new(),
        };
        let above = path
            .get(1)
            .ok_or_else(|| CommandError::NotPossible("nobody is above the county".into()))?;
        let owner = NewOwner {
            scope: Some(above.scope),
            name: None,
            deadline: self.deadline.clone(),
        };
        owner.fill(at, &mut event)?;
        Ok(Draft::default().event(event))
    }
}
