//! `xunge admin snapshot`

use serde::Serialize;
use xunge_protocol::ScopeId;

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::snapshot;

#[derive(Serialize)]
struct Report {
    /// Scopes of which a snapshot was cut.
    cut: Vec<ScopeId>,
}

pub(super) fn run(place: &Place, out: Output, least: u64) -> Outcome {
    let relay = place.open()?;
    let cut = snapshot::cut_due(&relay, least).map_err(|e| Failure::new(e.to_string()))?;
    out.print(&Report { cut }, |report| {
        format!("{} snapshots cut.", report.cut.len())
    })
}
