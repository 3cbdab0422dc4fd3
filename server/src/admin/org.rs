//! `xunge admin org import`

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use xunge_protocol::ScopeId;
use xunge_protocol::system::OrgNode;

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::audit::AuditEvent;
use crate::authority;
use crate::import::organisation::{self, NodeInput};
use crate::import::table;
use crate::relay::Relay;
use crate::store::StoreError;

#[derive(Debug, Default, Serialize)]
struct Report {
    added: usize,
    changed: usize,
    unchanged: usize,
}

pub(super) fn import(place: &Place, out: Output, file: &Path) -> Outcome {
    let relay = place.open()?;
    let bytes = std::fs::read(file).map_err(|error| Failure::file(file, &error))?;
    let now = relay.now();
    let known: HashMap<String, OrgNode> = relay
        .store
        .read::<_, StoreError>(|tx| tx.org_nodes(now))?
        .into_iter()
        .map(|node| (node.code.clone(), node))
        .collect();
    let inputs = organisation::read(&bytes, |code| {
        known.get(code).map(|node| node.level.clone())
    })
    .map_err(|faults| refuse(file, &faults))?;
    let report = write(&relay, inputs, known)?;
    out.print(&report, |report| {
        format!(
            "{} places added, {} changed, {} as before.",
            report.added, report.changed, report.unchanged
        )
    })
}

/// All faults of a table in one line.
pub(super) fn refuse(file: &Path, faults: &[table::Fault]) -> Failure {
    Failure::new(format!(
        "{}: nothing was imported; mend and import again: {}",
        file.display(),
        table::describe(faults)
    ))
}

fn write(
    relay: &Arc<Relay>,
    inputs: Vec<NodeInput>,
    mut known: HashMap<String, OrgNode>,
) -> Result<Report, Failure> {
    authority::command(relay, move |authority, tx| {
        let mut report = Report::default();
        let now = authority.now();
        for input in inputs {
            let before = known.get(&input.code).cloned();
            let parent = match &input.parent {
                Some(code) => known.get(code).map(|node| node.scope),
                None => None,
            };
            if input.level == "1" && before.as_ref().is_none_or(|node| node.parent.is_some()) {
                return Err(Failure::new(format!(
                    "{} is a second county: a relay holds one, {}",
                    input.code,
                    authority.relay().county().code
                )));
            }
            let mut node = OrgNode {
                scope: before.as_ref().map_or_else(
                    || ScopeId(authority.relay().env.random()),
                    |node| node.scope,
                ),
                parent,
                level: input.level,
                code: input.code.clone(),
                name: input.name,
                from: before.as_ref().map_or(now, |node| node.from),
                help_phone: input.help_phone,
            };
            if before.as_ref() == Some(&node) {
                report.unchanged += 1;
                continue;
            }
            node.from = now;
            match before {
                Some(_) => report.changed += 1,
                None => report.added += 1,
            }
            authority.org_node(&node)?;
            known.insert(input.code, node);
        }
        let event = AuditEvent::new("admin", "org_import")
            .within(authority.relay().county_scope())
            .with(serde_json::json!(report));
        tx.append_audit(&event, now)?;
        Ok(report)
    })
}
