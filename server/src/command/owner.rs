//! Whom a case goes to: a place of the organisation, or somebody outside it, and until when.

use jiff::civil::Date;
use xunge_protocol::{ScopeId, Timestamp};
use xunge_records::EventBody;
use xunge_records::lists::calendar::{calendar_deadline, end_of};

use super::{CommandError, Situation, wording};

/// Days that a new owner has, if nobody says otherwise.
const DAYS: u32 = 7;

/// The owner that a command names. At least one of `scope` and `name` must be there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewOwner {
    /// A place of the organisation.
    pub scope: Option<ScopeId>,
    /// A unit or a person as shown; the place's name if not given.
    pub name: Option<String>,
    /// Last day to act, ISO date in China; seven days from now if not given.
    pub deadline: Option<String>,
}

impl NewOwner {
    /// Writes the owner into `event`.
    pub(super) fn fill(
        &self,
        at: &Situation<'_, '_>,
        event: &mut EventBody,
    ) -> Result<(), CommandError> {
        let now = at.authority.now();
        let node =
            match self.scope {
                Some(scope) => Some(at.authority.tx().org_node(scope, now)?.ok_or_else(|| {
                    CommandError::bad("owner", "is no place of the organisation")
                })?),
                None => None,
            };
        let name = self
            .name
            .as_deref()
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let Some(name) = name.or(node.as_ref().map(|node| node.name.as_str())) else {
            return Err(CommandError::bad("owner", "is required"));
        };
        wording::check_length("owner", name)?;
        event.owner = Some(name.into());
        event.owner_scope = self.scope;
        event.level = node.map(|node| node.level);
        event.deadline = Some(match &self.deadline {
            Some(day) => last_moment(day, now)?,
            None => calendar_deadline(now, DAYS),
        });
        Ok(())
    }
}

/// The end of a day in China, which must not be over.
fn last_moment(day: &str, now: Timestamp) -> Result<Timestamp, CommandError> {
    let date: Date = day
        .trim()
        .parse()
        .map_err(|_| CommandError::bad("deadline", "is no date: write 2026-12-31"))?;
    let end = end_of(date);
    if end <= now {
        return Err(CommandError::bad("deadline", "is over already"));
    }
    Ok(end)
}
