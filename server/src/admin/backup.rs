//! `xunge backup`: one file with everything, media included, encrypted with the database's key.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::audit::AuditEvent;
use crate::store::sqlite;

#[derive(Serialize)]
struct Report {
    file: PathBuf,
    /// Keep it apart from the file: without it the backup opens nowhere else.
    key_file: PathBuf,
    bytes: u64,
    media: usize,
}

pub(super) fn run(place: &Place, out: Output, to: &Path) -> Outcome {
    let relay = place.open()?;
    if to.exists() {
        return Err(Failure::new(format!(
            "{} exists already: name a new file",
            to.display()
        )));
    }
    let (now, county) = (relay.now(), relay.county_scope());
    relay.store.write(move |tx| {
        tx.append_audit(&AuditEvent::new("admin", "backup").within(county), now)?;
        Ok::<(), Failure>(())
    })?;
    let media = relay.store.write_backup(relay.media(), to)?;
    let report = Report {
        file: to.into(),
        key_file: sqlite::backup_key_file(to),
        bytes: std::fs::metadata(to).map_or(0, |m| m.len()),
        media,
    };
    out.print(&report, |report| {
        format!(
            "{} bytes with {} media files in {}. Its key is in {}: keep it in another place.",
            report.bytes,
            report.media,
            report.file.display(),
            report.key_file.display()
        )
    })
}
