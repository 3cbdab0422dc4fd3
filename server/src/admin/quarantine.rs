//! `xunge admin quarantine list|admit|reject`

use serde::Serialize;

use super::args::{Place, Quarantine};
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::account::Actor;
use crate::api::quarantine::Item;
use crate::command::{self, CommandError};
use crate::store::{EntryId, QuarantineState};

/// Most rows of a list.
const LIMIT: usize = 10_000;

#[derive(Serialize)]
struct Listed {
    quarantine: Vec<Item>,
}

#[derive(Serialize)]
struct Decided {
    id: String,
    state: &'static str,
    /// All entries that the decision let in.
    admitted: Vec<String>,
    /// All entries that the decision refused.
    rejected: Vec<String>,
}

pub(super) fn run(place: &Place, out: Output, args: Quarantine) -> Outcome {
    let relay = place.open()?;
    let engineer = Actor::engineer(relay.county_scope());
    match args {
        Quarantine::List => {
            let rows = relay
                .store
                .read(|tx| tx.quarantine(Some(QuarantineState::Waiting), None, None, LIMIT))?;
            let quarantine = rows.iter().map(Item::from).collect();
            out.print(&Listed { quarantine }, text)
        }
        Quarantine::Admit { id, reason } => {
            let entry = entry(&id)?;
            let admitted =
                command::admit(&relay, &engineer, entry, &reason).map_err(|e| failure(&id, e))?;
            let decided = Decided {
                id,
                state: QuarantineState::Admitted.name(),
                admitted: admitted.iter().map(ToString::to_string).collect(),
                rejected: Vec::new(),
            };
            out.print(&decided, |d| {
                format!("{} changes were let in.", d.admitted.len())
            })
        }
        Quarantine::Reject { id, reason } => {
            let entry = entry(&id)?;
            let rejected =
                command::reject(&relay, &engineer, entry, &reason).map_err(|e| failure(&id, e))?;
            let decided = Decided {
                id,
                state: QuarantineState::Rejected.name(),
                admitted: Vec::new(),
                rejected: rejected.iter().map(ToString::to_string).collect(),
            };
            out.print(&decided, |d| {
                format!("{} changes are rejected.", d.rejected.len())
            })
        }
    }
}

fn entry(id: &str) -> Result<EntryId, Failure> {
    id.parse().map_err(|_| {
        Failure::Usage(format!(
            "{id} is no entry: see `xunge admin quarantine list`"
        ))
    })
}

fn failure(id: &str, error: CommandError) -> Failure {
    match error {
        CommandError::NotFound => Failure::new(format!(
            "{id} is not in quarantine: see `xunge admin quarantine list`"
        )),
        CommandError::Conflict => Failure::new(format!("{id} was decided before")),
        error => Failure::new(error.to_string()),
    }
}

fn text(listed: &Listed) -> String {
    if listed.quarantine.is_empty() {
        return "Nothing is in quarantine.".into();
    }
    let lines = listed.quarantine.iter().map(|item| {
        let detail = item.detail.as_deref().unwrap_or_default();
        format!(
            "{}  {}  {} {}  {detail}",
            item.id, item.code, item.kind, item.record
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
