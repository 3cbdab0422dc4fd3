//! `xunge admin grant add|close`: who works where, from when to when.

use serde::Serialize;
use xunge_protocol::system;
use xunge_protocol::{ScopeId, Timestamp};

use super::args::{Grant, Place};
use super::failure::{Failure, Outcome};
use super::output::Output;
use super::{place, worker};
use crate::audit::AuditEvent;
use crate::authority;
use crate::store::GrantState;

#[derive(Serialize)]
struct Report {
    worker: String,
    scope: ScopeId,
    from: Timestamp,
    until: Option<Timestamp>,
    drain_days: u32,
}

pub(super) fn run(place: &Place, out: Output, args: Grant) -> Outcome {
    let relay = place.open()?;
    let inside = relay.clone();
    let report = authority::command(&relay, move |authority, tx| {
        let now = authority.now();
        let (name, code) = match &args {
            Grant::Add { worker, grid } | Grant::Close { worker, grid, .. } => (worker, grid),
        };
        let worker = worker::require(tx, name)?;
        let node = place::node(tx, &inside, code)?;
        let before = tx.grant(&worker.id, node.scope)?;
        let active = GrantState::of(before.as_ref(), now) == GrantState::Active;
        let (action, grant) = match (&args, before) {
            (Grant::Add { .. }, Some(grant)) if active && grant.until.is_none() => {
                ("grant_add", grant)
            }
            (Grant::Add { .. }, _) => {
                let grant = system::Grant {
                    worker: worker.id,
                    scope: node.scope,
                    from: now,
                    until: None,
                    drain_days: 0,
                };
                authority.grant(&grant)?;
                ("grant_add", grant)
            }
            (Grant::Close { drain, .. }, Some(mut grant)) if active => {
                grant.until = Some(now);
                grant.drain_days = *drain;
                authority.grant(&grant)?;
                ("grant_close", grant)
            }
            (Grant::Close { .. }, _) => {
                return Err(Failure::new(format!(
                    "{name} does not work in {code}: see `xunge admin device list` for who works where"
                )));
            }
        };
        let event = AuditEvent::new("admin", action)
            .about(&grant.worker)
            .within(grant.scope);
        tx.append_audit(&event, now)?;
        Ok(Report {
            worker: grant.worker,
            scope: grant.scope,
            from: grant.from,
            until: grant.until,
            drain_days: grant.drain_days,
        })
    })?;
    out.print(&report, |report| match report.until {
        None => format!("The worker works in {} from now on.", report.scope),
        Some(_) => format!(
            "Closed. What the phone still holds is taken for {} days.",
            report.drain_days
        ),
    })
}
