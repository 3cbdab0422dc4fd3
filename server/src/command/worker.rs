//! Workers and their phones, within the actor's scope: who works where, tickets, lost phones, unlock codes.

use std::sync::Arc;

use xunge_protocol::enrolment::Ticket;
use xunge_protocol::system::Grant;
use xunge_protocol::{ScopeId, Timestamp, WriterId};

use super::policy::{self, Act};
use super::{CommandError, require_seen, wording};
use crate::account::Actor;
use crate::audit::AuditEvent;
use crate::authority::{self, Authority, NewTicket, OpenCode};
use crate::relay::Relay;
use crate::store::{GrantState, Tx, Worker};

/// How long a ticket from the console is taken.
const TICKET_MS: i64 = 24 * 3_600_000;
/// How long pushes are still taken after the end of a worker's time in a grid.
const DRAIN_DAYS: u32 = 30;
/// Code of `org_level` for a grid.
const GRID: &str = "4";
/// Longest name, in characters.
const MAX_NAME: usize = 40;

fn run<T: Send + 'static>(
    relay: &Arc<Relay>,
    actor: &Actor,
    work: impl FnOnce(&mut Authority<'_>, &Tx<'_>, &Actor) -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    let actor = actor.clone();
    authority::command(relay, move |authority, tx| {
        if !policy::allows(actor.role, Act::Equip) {
            return Err(CommandError::Forbidden);
        }
        work(authority, tx, &actor)
    })
}

/// The worker, if any grid that the worker has or had lies within the actor's scope; and that grid.
fn require_worker(
    tx: &Tx<'_>,
    actor: &Actor,
    id: &str,
    at: Timestamp,
) -> Result<(Worker, ScopeId), CommandError> {
    let worker = tx.worker(id)?.ok_or(CommandError::NotFound)?;
    for grant in tx.grants_of(id)? {
        if require_seen(tx, actor, grant.scope, at).is_ok() {
            return Ok((worker, grant.scope));
        }
    }
    Err(CommandError::NotFound)
}

fn note(tx: &Tx<'_>, event: AuditEvent, at: Timestamp) -> Result<(), CommandError> {
    tx.append_audit(&event, at)?;
    Ok(())
}

/// Adds a worker, who works in a grid from now on. Blocks.
pub fn add(
    relay: &Arc<Relay>,
    actor: &Actor,
    grid: ScopeId,
    name: &str,
) -> Result<Worker, CommandError> {
    let name = name.trim().to_owned();
    run(relay, actor, move |authority, tx, actor| {
        let now = authority.now();
        require_seen(tx, actor, grid, now)?;
        if name.is_empty() || name.chars().count() > MAX_NAME {
            return Err(CommandError::bad(
                "name",
                "is required, with at most 40 characters",
            ));
        }
        let node = tx.org_node(grid, now)?.ok_or(CommandError::NotFound)?;
        if node.level.as_str() < GRID {
            return Err(CommandError::bad("scope", "is no grid"));
        }
        let worker = authority.add_worker(&name)?;
        authority.grant(&Grant {
            worker: worker.id.clone(),
            scope: grid,
            from: now,
            until: None,
            drain_days: 0,
        })?;
        note(
            tx,
            AuditEvent::new(&actor.user, "grant_add")
                .about(&worker.id)
                .within(grid),
            now,
        )?;
        Ok(worker)
    })
}

/// Ends a worker's time in a grid; what the phone still holds is taken for 30 days. Blocks.
pub fn close(
    relay: &Arc<Relay>,
    actor: &Actor,
    worker: &str,
    grid: ScopeId,
    reason: &str,
) -> Result<(), CommandError> {
    let (worker, reason) = (worker.to_owned(), reason.trim().to_owned());
    run(relay, actor, move |authority, tx, actor| {
        let now = authority.now();
        require_seen(tx, actor, grid, now)?;
        wording::check_length("reason", &reason)?;
        let grant = tx.grant(&worker, grid)?;
        let Some(mut grant) = grant.filter(|g| GrantState::of(Some(g), now) == GrantState::Active)
        else {
            return Err(CommandError::NotPossible(
                "the worker does not work there".into(),
            ));
        };
        grant.until = Some(now);
        grant.drain_days = DRAIN_DAYS;
        authority.grant(&grant)?;
        let event = AuditEvent::new(&actor.user, "grant_close")
            .about(&worker)
            .within(grid);
        note(tx, event.because(&reason), now)
    })
}

/// A ticket for a phone of a worker, to be shown once, and a code that stands for it and is read out over the telephone.
/// `url` is where phones reach the relay. Blocks.
pub fn enrol(
    relay: &Arc<Relay>,
    actor: &Actor,
    worker: &str,
    url: &str,
) -> Result<(Worker, Ticket, OpenCode), CommandError> {
    let (worker, url) = (worker.to_owned(), url.trim_end_matches('/').to_owned());
    run(relay, actor, move |authority, tx, actor| {
        let now = authority.now();
        let (worker, grid) = require_worker(tx, actor, &worker, now)?;
        let (ticket, code) = authority.ticket_with_code(&NewTicket {
            worker: worker.id.clone(),
            url,
            lifetime_ms: TICKET_MS,
            pins: authority.relay().config.pins.clone(),
        })?;
        note(
            tx,
            AuditEvent::new(&actor.user, "enrol")
                .about(&worker.id)
                .within(grid),
            now,
        )?;
        Ok((worker, ticket, code))
    })
}

/// Takes nothing more from a phone and its copies, but into quarantine. Blocks.
pub fn revoke(
    relay: &Arc<Relay>,
    actor: &Actor,
    device: WriterId,
    reason: &str,
) -> Result<(), CommandError> {
    let reason = reason.trim().to_owned();
    run(relay, actor, move |authority, tx, actor| {
        let now = authority.now();
        let row = tx.writer(device)?.ok_or(CommandError::NotFound)?;
        let (_, grid) = require_worker(tx, actor, row.worker(), now)?;
        if reason.is_empty() {
            return Err(CommandError::bad("reason", "is required"));
        }
        wording::check_length("reason", &reason)?;
        authority.revoke(&row)?;
        let event = AuditEvent::new(&actor.user, "device_revoke")
            .about(device)
            .within(grid);
        note(tx, event.because(&reason), now)
    })
}

/// The next one-time code that opens the worker's newest phone; told once. Blocks.
pub fn unlock_code(
    relay: &Arc<Relay>,
    actor: &Actor,
    worker: &str,
) -> Result<(Worker, String), CommandError> {
    let worker = worker.to_owned();
    run(relay, actor, move |authority, tx, actor| {
        let now = authority.now();
        let (worker, grid) = require_worker(tx, actor, &worker, now)?;
        let newest = tx
            .writers(Some(&worker.id))?
            .into_iter()
            .filter(|row| row.revoked_at.is_none())
            .max_by_key(|row| row.certificate.certificate.issued_at);
        let none = || CommandError::NotPossible("no code is left".into());
        let device = newest.ok_or_else(none)?.id();
        let code = tx.tell_unlock_code(device, now)?.ok_or_else(none)?;
        note(
            tx,
            AuditEvent::new(&actor.user, "unlock_code")
                .about(device)
                .within(grid),
            now,
        )?;
        Ok((worker, code))
    })
}
