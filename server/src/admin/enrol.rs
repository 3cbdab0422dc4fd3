//! `xunge admin enrol`: a ticket for a worker's phone, as text and as QR code, and as ten digits if asked.

use serde::Serialize;
use xunge_protocol::system::Grant;
use xunge_protocol::{ScopeId, ShortCode, Timestamp};

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
    /// Ten digits, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Until when the code is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    code_expires_at: Option<Timestamp>,
}

/// `url` without a slash at the end.
pub(super) fn checked_url(url: &str) -> Result<String, Failure> {
    let url = url.trim_end_matches('/').to_owned();
    match url.starts_with("http://") || url.starts_with("https://") {
        true => Ok(url),
        false => Err(Failure::Usage(
            "--url is no web address: write https://relay.example".into(),
        )),
    }
}

pub(super) fn run(place: &Place, out: Output, args: Enrol) -> Outcome {
    let url = checked_url(&args.url)?;
    let name = args.worker.trim().to_owned();
    if name.is_empty() || name.chars().count() > 64 {
        return Err(Failure::Usage(
            "--worker takes a name of 1 to 64 characters".into(),
        ));
    }
    let pins = tls::pins(&args.pin)?;
    let relay = place.open()?;
    let (inside, grid, hours, with_code) = (relay.clone(), args.grid, args.hours, args.code);
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
        let new = NewTicket {
            worker: worker.id.clone(),
            url,
            lifetime_ms: i64::from(hours) * HOUR_MS,
            pins,
        };
        let (ticket, code) = match with_code {
            true => authority
                .ticket_with_code(&new)
                .map(|(ticket, code)| (ticket, Some(code)))?,
            false => (authority.ticket(&new)?, None),
        };
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
            code: code.as_ref().map(|open| open.code.digits()),
            code_expires_at: code.map(|open| open.expires_at),
        })
    })?;
    if let Some(path) = &args.svg {
        std::fs::write(path, qr::as_svg(&report.ticket)?).map_err(|e| Failure::file(path, &e))?;
    }
    let code = qr::for_terminal(&report.ticket)?;
    out.print(&report, |report| {
        let scan = format!(
            "{code}\nScan this with the phone of {} (grid {}), or type:\n{}",
            report.name, report.grid, report.ticket
        );
        let read_out = report.code.as_deref().map(ShortCode::parse);
        match read_out {
            Some(Ok(code)) => format!(
                "{scan}\nOr read out over the telephone, within 15 minutes: {}",
                code.grouped()
            ),
            _ => scan,
        }
    })
}
