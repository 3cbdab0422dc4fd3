//! `xunge admin device list|revoke`

use std::sync::Arc;

use serde::Serialize;
use xunge_protocol::{Timestamp, WriterId};

use super::args::{Device, Place};
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::audit::AuditEvent;
use crate::authority;
use crate::relay::Relay;
use crate::store::{GrantState, Tx, WriterRow};

#[derive(Serialize)]
struct Report {
    devices: Vec<DeviceReport>,
}

#[derive(Serialize)]
struct DeviceReport {
    id: WriterId,
    worker: String,
    name: String,
    grids: Vec<String>,
    enrolled_at: Timestamp,
    last_seen_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    /// The incarnation that it went on from, as a copy or an old state of the same phone.
    predecessor: Option<WriterId>,
}

pub(super) fn run(place: &Place, out: Output, args: Device) -> Outcome {
    let relay = place.open()?;
    match args {
        Device::List => {
            let devices = relay.store.read(|tx| list(&relay, tx))?;
            out.print(&Report { devices }, text)
        }
        Device::Revoke { id, reason } => revoke(&relay, out, &id, reason),
    }
}

fn list(relay: &Relay, tx: &Tx<'_>) -> Result<Vec<DeviceReport>, Failure> {
    let rows = tx.writers(None)?;
    let phones = rows.into_iter().filter(|row| !row.worker().is_empty());
    phones.map(|row| describe(relay, tx, row)).collect()
}

fn describe(relay: &Relay, tx: &Tx<'_>, row: WriterRow) -> Result<DeviceReport, Failure> {
    let mut grids = Vec::new();
    for grant in tx.grants_of(row.worker())? {
        if GrantState::of(Some(&grant), relay.now()) == GrantState::Active {
            let node = tx.org_node(grant.scope, relay.now())?;
            grids.push(node.map_or_else(|| grant.scope.to_string(), |node| node.code));
        }
    }
    let certificate = &row.certificate.certificate;
    Ok(DeviceReport {
        id: row.id(),
        worker: certificate.worker.clone(),
        name: certificate.name.clone(),
        grids,
        enrolled_at: certificate.issued_at,
        last_seen_at: row.last_seen_at,
        revoked_at: row.revoked_at,
        predecessor: certificate.predecessor,
    })
}

fn revoke(relay: &Arc<Relay>, out: Output, id: &str, reason: String) -> Outcome {
    let unknown = format!("there is no phone {id}: see `xunge admin device list`");
    let writer: WriterId = id.parse().map_err(|_| Failure::new(unknown.clone()))?;
    let inside = relay.clone();
    let report = authority::command(relay, move |authority, tx| {
        let row = tx
            .writer(writer)?
            .filter(|row| !row.worker().is_empty())
            .ok_or(Failure::Failed(unknown))?;
        let revoked = authority.revoke(&row)?;
        if !revoked.is_empty() {
            let event = AuditEvent::new("admin", "device_revoke")
                .about(writer)
                .within(inside.county_scope())
                .because(&reason)
                .with(serde_json::json!({"revoked": revoked}));
            tx.append_audit(&event, authority.now())?;
        }
        let row = tx.writer(writer)?.unwrap_or(row);
        describe(&inside, tx, row)
    })?;
    out.print(&report, |report| {
        format!("Phone {} of {} is revoked.", report.id, report.name)
    })
}

fn text(report: &Report) -> String {
    if report.devices.is_empty() {
        return "No phone is enrolled yet: use `xunge admin enrol`.".into();
    }
    let lines = report.devices.iter().map(|device| {
        let time = |at: Option<Timestamp>| {
            at.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok())
                .map_or_else(|| "never".to_owned(), |at| format!("{at:.0}"))
        };
        let state = if device.revoked_at.is_some() {
            "revoked"
        } else {
            ""
        };
        let origin = device
            .predecessor
            .map_or_else(String::new, |old| format!("  a copy of {old}"));
        let seen = time(device.last_seen_at);
        let grids = device.grids.join(",");
        format!(
            "{}  {}  grids {grids}  last seen {seen}  {state}{origin}",
            device.id, device.name
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
