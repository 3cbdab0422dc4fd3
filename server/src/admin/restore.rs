//! `xunge restore`: begins again from a backup, in a new epoch.

use std::path::Path;

use serde::Serialize;
use xunge_protocol::{EpochId, WriterId};

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use super::serve::lock;
use crate::audit::AuditEvent;
use crate::env::{Env, SystemEnv};
use crate::store::sqlite;

#[derive(Serialize)]
struct Report {
    county: String,
    epoch: EpochId,
    relay: WriterId,
    media: usize,
}

pub(super) fn run(place: &Place, out: Output, from: &Path, journal: Option<&Path>) -> Outcome {
    if journal.is_some() {
        return Err(Failure::new(
            "--journal is not there yet: restore without it, then revoke again what was revoked after the backup",
        ));
    }
    let dir = place.dir()?;
    if !from.exists() {
        return Err(Failure::new(format!(
            "{} is not there: name a file that `xunge backup` wrote",
            from.display()
        )));
    }
    std::fs::create_dir_all(dir).map_err(|error| Failure::file(dir, &error))?;
    let held = lock(dir)?;
    let env: &dyn Env = &SystemEnv;
    let (epoch, writer) = (EpochId(env.random()), WriterId(env.random()));
    let media = sqlite::restore_backup(dir, from, epoch, writer)?;
    drop(held);
    let relay = place.open()?;
    let (now, county) = (relay.now(), relay.county_scope());
    relay.store.write(move |tx| {
        let event = AuditEvent::new("admin", "restore")
            .within(county)
            .with(serde_json::json!({"epoch": epoch}));
        tx.append_audit(&event, now)?;
        Ok::<(), Failure>(())
    })?;
    let report = Report {
        county: relay.county().code.clone(),
        epoch,
        relay: writer,
        media,
    };
    out.print(&report, |report| {
        format!(
            "County {} is restored in the new epoch {}.",
            report.county, report.epoch
        )
    })
}
