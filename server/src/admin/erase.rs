//! `xunge admin erase`

use serde::Serialize;
use xunge_protocol::RecordId;

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::account::Actor;
use crate::command::{self, CommandError};

#[derive(Serialize)]
struct Report {
    record: RecordId,
    /// All records that were erased: this one, and those that named the person.
    erased: Vec<RecordId>,
    /// Records that say what may still be said.
    successors: Vec<RecordId>,
    media: usize,
}

pub(super) fn run(place: &Place, out: Output, record: &str, reason: &str) -> Outcome {
    let id: RecordId = record
        .parse()
        .map_err(|_| Failure::Usage(format!("{record} is no record's id")))?;
    let relay = place.open()?;
    let engineer = Actor::engineer(relay.county_scope());
    let erased = command::erase(&relay, &engineer, id, reason).map_err(|error| match error {
        CommandError::NotFound => Failure::new(format!("{record} is not on this relay")),
        error => Failure::new(error.to_string()),
    })?;
    let report = Report {
        record: id,
        media: erased.media.len(),
        erased: erased.records,
        successors: erased.successors,
    };
    out.print(&report, |report| match report.erased.len() {
        0 => format!("{} was erased before.", report.record),
        n => format!(
            "{n} records and {} files are erased here; phones follow at their next sync. {} redacted records stand in their place.",
            report.media,
            report.successors.len()
        ),
    })
}
