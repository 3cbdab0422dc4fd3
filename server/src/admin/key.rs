//! `xunge admin key`

use serde::Serialize;

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::audit::AuditEvent;
use crate::store::sqlite::database_key;

#[derive(Serialize)]
struct Report {
    key: String,
}

pub(super) fn run(place: &Place, out: Output) -> Outcome {
    if place.database.is_some() {
        return Err(Failure::new(
            "a PostgreSQL database has no key of xunge's: look at it with psql, and have its disk encrypted",
        ));
    }
    let relay = place.open()?;
    let (now, county) = (relay.now(), relay.county_scope());
    relay.store.write(move |tx| {
        tx.append_audit(&AuditEvent::new("admin", "key").within(county), now)?;
        Ok::<(), Failure>(())
    })?;
    let report = Report {
        key: database_key(place.dir()?)?.to_string(),
    };
    out.print(&report, |report| report.key.clone())
}
