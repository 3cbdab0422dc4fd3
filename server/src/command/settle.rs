//! Chooses between the values that people gave one field apart from each other (认定). Both authors see the choice.

use xunge_records::{EventBody, Value};

use super::{CommandError, Situation};
use crate::authority::Draft;

/// Which value holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Settle {
    /// Path of the field.
    pub field: String,
    /// One of the values that the field has now.
    pub value: Value,
}

impl Settle {
    pub(super) fn draft(
        &self,
        at: &Situation<'_, '_>,
        mut event: EventBody,
    ) -> Result<Draft, CommandError> {
        let field = at
            .record
            .fields
            .0
            .get(&self.field)
            .filter(|field| !field.others.is_empty())
            .ok_or_else(|| {
                CommandError::NotPossible(format!("nobody differs about {}", self.field))
            })?;
        let offered =
            field.value == self.value || field.others.iter().any(|o| o.value == self.value);
        if !offered {
            return Err(CommandError::bad(
                "value",
                "is none of the values that differ",
            ));
        }
        event.field = Some(self.field.clone());
        event.value = serde_json::to_string(&self.value).ok();
        Ok(Draft::default()
            .set(self.field.clone(), self.value.clone())
            .event(event))
    }
}
