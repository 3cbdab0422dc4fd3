//! `xunge admin unlock-code`: the next one-time code of a worker who forgot the PIN. Counted and audited.

use serde::Serialize;
use xunge_protocol::WriterId;

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use super::worker;
use crate::audit::AuditEvent;
use crate::store::{Tx, WriterRow};

#[derive(Serialize)]
struct Report {
    code: String,
    worker: String,
    device: WriterId,
}

pub(super) fn run(place: &Place, out: Output, name: &str, device: Option<&str>) -> Outcome {
    let relay = place.open()?;
    let (name, device) = (name.trim().to_owned(), device.map(str::to_owned));
    let (now, county) = (relay.now(), relay.county_scope());
    let report = relay.store.write(move |tx| {
        let writer = phone(tx, &name, device.as_deref())?.id();
        let code = tx.tell_unlock_code(writer, now)?.ok_or_else(|| {
            Failure::new(format!("{name} has used all codes: enrol the phone again"))
        })?;
        let event = AuditEvent::new("admin", "unlock_code")
            .about(writer)
            .within(county);
        tx.append_audit(&event, now)?;
        Ok::<_, Failure>(Report {
            code,
            worker: name,
            device: writer,
        })
    })?;
    out.print(&report, |report| {
        let groups: Vec<&str> = [0..4, 4..8, 8..12]
            .into_iter()
            .filter_map(|part| report.code.get(part))
            .collect();
        format!(
            "{}\nIt opens the phone of {} once.",
            groups.join(" "),
            report.worker
        )
    })
}

/// The phone that is meant: the named one, or the one that was enrolled last.
fn phone(tx: &Tx<'_>, name: &str, device: Option<&str>) -> Result<WriterRow, Failure> {
    let worker = worker::require(tx, name)?;
    tx.writers(Some(&worker.id))?
        .into_iter()
        .filter(|row| row.revoked_at.is_none())
        .filter(|row| device.is_none_or(|id| row.id().to_string() == id))
        .max_by_key(|row| row.certificate.certificate.issued_at)
        .ok_or_else(|| {
            Failure::new(format!(
                "{name} has no such phone: see `xunge admin device list`"
            ))
        })
}
