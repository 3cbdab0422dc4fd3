//! What somebody wants to change in a record, before it is a change.

use super::change::Open;
use super::replica::DocumentError;
use crate::caps;
use crate::model::event::{EventBody, EventId};
use crate::model::value::Value;
use crate::path::is_path;

/// Changes to one record that are written together. What is so already is left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Edit {
    /// Begins the record; repeating it is no error.
    pub open: Option<Open>,
    /// Fields by path. Setting a field on which people differ settles it for those who see the edit.
    pub set: Vec<(String, Value)>,
    /// Fields to remove, by path.
    pub remove: Vec<String>,
    /// New events, whose ids are the editing writer's.
    pub events: Vec<(EventId, EventBody)>,
}

impl Edit {
    /// Sets one field more.
    pub fn set(mut self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set.push((path.into(), value.into()));
        self
    }

    /// Adds one event more.
    pub fn event(mut self, id: EventId, body: EventBody) -> Self {
        self.events.push((id, body));
        self
    }

    /// Checks the edit against the caps, so that the guard elsewhere lets it through.
    pub(super) fn check(&self) -> Result<(), DocumentError> {
        let refuse = |path: &str, why| {
            Err(DocumentError::BadEdit {
                path: path.into(),
                why,
            })
        };
        for path in self.set.iter().map(|(p, _)| p).chain(&self.remove) {
            if !is_path(path) {
                return refuse(path, "not a field path");
            }
        }
        for (path, value) in &self.set {
            match value {
                Value::Text(text) if text.len() > caps::MAX_TEXT_BYTES => {
                    return refuse(path, "text too long");
                }
                Value::Float(x) if !x.is_finite() => return refuse(path, "not a finite number"),
                _ => {}
            }
        }
        for (id, body) in &self.events {
            if body.basis.len() > caps::MAX_BASIS {
                return refuse(&id.to_string(), "too many events as basis");
            }
        }
        Ok(())
    }
}
