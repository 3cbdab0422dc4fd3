//! Standard output, shared by replies and notifications: whole lines only, each flushed.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use xunge_ffi::{SyncObserver, SyncReport};

use crate::frame;

/// Writes lines from several threads.
#[derive(Clone)]
pub(crate) struct Out(Arc<Mutex<io::Stdout>>);

impl Out {
    /// On this process's standard output.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(io::stdout())))
    }

    /// Writes `line`, which ends with its line break.
    pub(crate) fn write(&self, line: &str) -> io::Result<()> {
        let mut stdout = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stdout.write_all(line.as_bytes())?;
        stdout.flush()
    }
}

impl SyncObserver for Out {
    fn progress(&self, report: SyncReport) {
        // Whoever closed the output hears nothing more; the sync goes on.
        let _ = self.write(&frame::notification("sync_progress", json!(report)));
    }
}
