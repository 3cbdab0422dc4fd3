//! `xunge export`: all records of a kind in one file.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};
use xunge_records::Kind;

use super::args::{Export, ExportFormat, Place};
use super::failure::{Failure, Outcome};
use super::output::{self, Output};
use crate::api::Cursor;
use crate::api::records::record_json;
use crate::audit::AuditEvent;
use crate::export::{table, to_csv, to_xlsx};
use crate::relay::Relay;
use crate::store::{StoreError, StoreResult};

/// Rows read at a time.
const BATCH: usize = 5000;

#[derive(Serialize)]
struct Report {
    records: usize,
    /// Give it as `--since` next time.
    next: String,
}

pub(super) fn run(place: &Place, out: Output, args: Export) -> Outcome {
    let kind: Kind = args.kind.parse().map_err(|_| {
        let names: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
        Failure::Usage(format!(
            "--kind {} is none: use {}",
            args.kind,
            names.join(", ")
        ))
    })?;
    let relay = place.open()?;
    let since = since(&relay, args.since.as_deref())?;
    let (records, last) = read(&relay, kind, since)?;
    let next = Cursor {
        epoch: relay.county().epoch,
        sequence: last,
    }
    .to_string();
    let bytes = match args.format {
        ExportFormat::Json => json!({"records": records, "next": next})
            .to_string()
            .into_bytes(),
        ExportFormat::Csv => to_csv(&table(kind, &records, &places(&relay)?))
            .map_err(|error| Failure::new(error.to_string()))?,
        ExportFormat::Xlsx => to_xlsx(kind.name(), &table(kind, &records, &places(&relay)?))
            .map_err(|error| Failure::new(error.to_string()))?,
    };
    note(&relay, kind, records.len())?;
    let report = Report {
        records: records.len(),
        next,
    };
    match &args.out {
        Some(path) => {
            std::fs::write(path, bytes).map_err(|error| Failure::file(path, &error))?;
            out.print(&report, |r| {
                format!("{} records. Next time: --since {}", r.records, r.next)
            })
        }
        None => output::write(&bytes),
    }
}

fn since(relay: &Relay, text: Option<&str>) -> Result<u64, Failure> {
    let Some(text) = text else {
        return Ok(0);
    };
    let cursor: Cursor = text.parse().map_err(|()| {
        Failure::Usage(format!(
            "--since {text} is no cursor: give the `next` of an earlier export"
        ))
    })?;
    cursor.sequence_in(relay.county().epoch).ok_or_else(|| {
        Failure::new("this cursor is older than the last restore: export again without --since")
    })
}

fn read(relay: &Relay, kind: Kind, mut after: u64) -> Result<(Vec<Value>, u64), Failure> {
    relay.store.read(|tx| {
        let mut records = Vec::new();
        loop {
            let rows = tx.records_after(after, Some(kind), None, BATCH)?;
            let Some(last) = rows.last() else {
                return Ok((records, after));
            };
            after = last.sequence;
            let batch: StoreResult<Vec<Value>> = rows.iter().map(record_json).collect();
            records.extend(batch?);
        }
    })
}

/// Code and name of each scope.
fn places(relay: &Relay) -> Result<HashMap<String, (String, String)>, Failure> {
    let now = relay.now();
    let nodes = relay.store.read::<_, StoreError>(|tx| tx.org_nodes(now))?;
    let places = nodes
        .into_iter()
        .map(|node| (node.scope.to_string(), (node.code, node.name)));
    Ok(places.collect())
}

fn note(relay: &Relay, kind: Kind, records: usize) -> Outcome {
    let (now, county) = (relay.now(), relay.county_scope());
    relay.store.write(move |tx| {
        let event = AuditEvent::new("admin", "export")
            .within(county)
            .with(json!({"kind": kind, "records": records}));
        tx.append_audit(&event, now)?;
        Ok::<(), Failure>(())
    })
}
