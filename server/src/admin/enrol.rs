//! `xunge admin enrol`: a ticket for a worker's phone, as text and as QR code.

use serde::Serialize;
use xunge_protocol::ScopeId;
use xunge_protocol::system::Grant;

use super::args::{Enrol, Place};
use super::failure::{Failure, Outcome};
use super::output::Output;
use super::{place, qr, tls, worker};
use crate::audit::AuditEvent;
use crate::authority::{self, NewTicket};
use crate::store::GrantState;

const HOUR_MS: i64 = 3_600_000;

#[derive(Serialize)]
struct Report {
    ticket: String,
    worker: String,
    name: String,
    scope: ScopeId,
    grid: String,
}

pub(super) fn run(place: &Place, out: Output, args: Enrol) -> Outcome {
    let url = args.url.trim_end_matches('/').to_owned();
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(Failure::Usage(
            "--url is no web address: write https://relay.example".into(),
        ));
    }
    let name = args.worker.trim().to_owned();
    if name.is_empty() || name.chars().count() > 64 {
        return Err(Failure::Usage(
            "--worker takes a name of 1 to 64 characters".into(),
        ));
    }
    let pins = tls::pins(&args.pin)?;
    let relay = place.open()?;
    let (inside, grid, hours) = (relay.clone(), args.grid, args.hours);
    let report = authority::command(&relay, move |authority, tx| {
        let node = place::node(tx, &inside, &grid)?;
        let worker = match worker::named(tx, &name)? {
            Some(worker) => worker,
            None => authority.add_worker(&name)?,
        };
        let now = authority.now();
        let grant = tx.grant(&worker.id, node.scope)?;
        if GrantState::of(grant.as_ref(), now) != GrantState::Active {
            authority.grant(&Grant {
                worker: worker.id.clone(),
                scope: node.scope,
                from: now,
                until: None,
                drain_days: 0,
            })?;
        }
        let ticket = authority.ticket(&NewTicket {
            worker: worker.id.clone(),
            url,
            lifetime_ms: i64::from(hours) * HOUR_MS,
            pins,
        })?;
        let event = AuditEvent::new("admin", "enrol")
            .about(&worker.id)
            .within(node.scope);
        tx.append_audit(&event, now)?;
        Ok::<_, Failure>(Report {
            ticket: ticket.to_text(),
            worker: worker.id,
            name: worker.name,
            scope: node.scope,
            grid: node.code,
        })
    })?;
    if let Some(path) = &args.svg {
        std::fs::write(path, qr::as_svg(&report.ticket)?).map_err(|e| Failure::file(path, &e))?;
    }
    let code = qr::for_terminal(&report.ticket)?;
    out.print(&report, |report| {
        format!(
            "{code}\nScan this with the phone of {} (grid {}), or type:\n{}",
            report.name, report.grid, report.ticket
        )
    })
}
