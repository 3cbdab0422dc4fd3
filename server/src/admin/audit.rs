//! `xunge audit verify`

use serde::Serialize;
use xunge_protocol::Hash32;

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::audit::Walk;

/// Rows read at a time.
const BATCH: usize = 1000;

#[derive(Serialize)]
struct Report {
    rows: u64,
    /// Of the last row: note it outside, and give it as `--contains` next time.
    head: Hash32,
}

pub(super) fn verify(place: &Place, out: Output, contains: Option<&str>) -> Outcome {
    let wanted: Option<Hash32> = contains
        .map(str::parse)
        .transpose()
        .map_err(|_| Failure::Usage("--contains takes a hash of 64 hex digits".into()))?;
    let relay = place.open()?;
    let mut found = wanted.is_none();
    let walk = relay.store.read::<_, Failure>(|tx| {
        let mut walk = Walk::default();
        loop {
            let rows = tx.audit_after(walk.rows, BATCH)?;
            if rows.is_empty() {
                return Ok(walk);
            }
            for row in &rows {
                walk.step(row).map_err(|error| {
                    Failure::new(format!(
                        "{error}: compare with a backup to see what was done"
                    ))
                })?;
                found |= wanted == Some(row.hash);
            }
        }
    })?;
    if !found {
        return Err(Failure::new(
            "the row with the given hash is not in the log any more: its end was cut off or rewritten",
        ));
    }
    let report = Report {
        rows: walk.rows,
        head: walk.head,
    };
    out.print(&report, |report| {
        format!(
            "{} rows, none changed or missing. Last hash: {}",
            report.rows, report.head
        )
    })
}
