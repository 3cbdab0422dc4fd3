//! `xunge restore`: begins again from a backup, in a new epoch.

use std::path::Path;

use serde::Serialize;
use xunge_protocol::{EpochId, WriterId};

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use super::serve::lock;
use crate::audit::AuditEvent;
use crate::authority::Authority;
use crate::env::{Env, SystemEnv};
use crate::journal::{self, Fact, Journal};
use crate::media::{self, storage};
use crate::relay::Config;
use crate::store::{Options, Store};

#[derive(Serialize)]
struct Report {
    county: String,
    epoch: EpochId,
    relay: WriterId,
    media: usize,
    /// Facts of the journals that were told to the restored log.
    journal: usize,
}

pub(super) fn run(place: &Place, out: Output, from: &Path) -> Outcome {
    if let Some(journal) = place.journal.iter().find(|path| !path.exists()) {
        return Err(Failure::new(format!(
            "{} is not there: name the journal that the relay wrote, or leave --journal out if there is none",
            journal.display()
        )));
    }
    // Read before anything is touched: a journal that cannot be read stops the restore.
    let journals: Vec<Vec<Fact>> = place
        .journals()
        .into_iter()
        .map(|path| Journal::at(path).read())
        .collect::<Result<_, _>>()?;
    let at = place.location()?;
    if !from.exists() {
        return Err(Failure::new(format!(
            "{} is not there: name a file that `xunge backup` wrote",
            from.display()
        )));
    }
    let held = match &at.database {
        Some(_) => None,
        None => {
            std::fs::create_dir_all(&at.data).map_err(|error| Failure::file(&at.data, &error))?;
            Some(lock(&at.data)?)
        }
    };
    let media = match place.media()? {
        Some(place) => place.open()?,
        None => storage::in_folder(&at.data.join("media")),
    };
    let env: &dyn Env = &SystemEnv;
    let (epoch, writer) = (EpochId(env.random()), WriterId(env.random()));
    let files = Store::restore(at, &*media, from, epoch, writer)?;
    drop(held);
    // It writes no journal: what it tells the log is in one already.
    let relay = place.open_plainly(Config::default(), Options::default())?;
    let (now, county) = (relay.now(), relay.county_scope());
    let known = journals.iter().map(Vec::len).sum();
    let erased = journals
        .iter()
        .flatten()
        .any(|fact| matches!(fact, Fact::Erased { .. }));
    let inside = relay.clone();
    let gone = relay.store.write(move |tx| {
        let gone = Authority::run(&inside, tx, |authority| {
            journal::apply(authority, &journals)
        })?;
        let event = AuditEvent::new("admin", "restore")
            .within(county)
            .with(serde_json::json!({"epoch": epoch, "journal": known}));
        tx.append_audit(&event, now)?;
        Ok::<_, Failure>(gone)
    })?;
    for row in &gone {
        media::remove_file(&relay, row);
    }
    if erased {
        // The backup brought back what was erased since: no page may keep it.
        relay.store.scrub()?;
    }

    let report = Report {
        county: relay.county().code.clone(),
        epoch,
        relay: writer,
        media: files,
        journal: known,
    };
    out.print(&report, |report| {
        format!(
            "County {} is restored in the new epoch {}, with {} facts of the journals.",
            report.county, report.epoch, report.journal
        )
    })
}
