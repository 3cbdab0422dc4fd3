//! How the phone stands, for a person who helps from afar and for tests.

use std::fs;
use std::path::Path;

use super::error::AppError;
use super::phone::Phone;
use super::view::{ScopeCursor, Status};
use super::words::iso_time;
use xunge_protocol::Confidence;

impl Phone {
    /// Version, writer, cursors, bytes on disk, time. While locked, what needs no key.
    pub fn status(&self) -> Result<Status, AppError> {
        let mut status = Status {
            version: env!("CARGO_PKG_VERSION").into(),
            worker: None,
            writer: None,
            epoch: None,
            cursors: Vec::new(),
            bytes_on_disk: bytes_below(&self.folder),
            relay_time: None,
            clock: confidence_name(Confidence::Unsure).into(),
            practice: self.state().practising.is_some(),
        };
        let Ok(session) = self.session() else {
            return Ok(status);
        };
        status.worker = Some(session.worker.clone());
        let identity = session.store.identity()?.and_then(|i| i.enrolled);
        status.writer = identity.map(|i| i.writer.to_string());
        let position = session.store.sync_position()?;
        if position.epoch.0 != [0; 8] {
            status.epoch = Some(position.epoch.to_string());
        }
        let now = session.store.now()?;
        status.clock = confidence_name(now.confidence).into();
        if now.confidence != Confidence::Unsure {
            status.relay_time = Some(iso_time(now.at));
        }
        for scope in session.store.scopes()? {
            let cursor = position.cursors.iter().find(|c| c.scope == scope.scope);
            status.cursors.push(ScopeCursor {
                scope: scope.scope.to_string(),
                name: scope.node.map(|node| node.name),
                cursor: cursor.map_or(0, |c| c.position),
                write: scope.writable && !scope.closed,
            });
        }
        Ok(status)
    }
}

fn confidence_name(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Relay => "relay",
        Confidence::Derived => "derived",
        Confidence::Checked => "checked",
        Confidence::Unsure => "unsure",
    }
}

/// Bytes of all files below `folder`. What vanishes meanwhile does not count.
fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_below(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}
