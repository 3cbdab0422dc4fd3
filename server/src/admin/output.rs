//! What a command prints: one JSON object for programs, lines for people. Never both.

use std::io::{self, Write as _};

use serde::Serialize;

use super::failure::Failure;

/// How the caller wants to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// One JSON object instead of text.
    pub(super) json: bool,
}

impl Output {
    /// Prints `value`, or what `text` makes of it.
    pub(super) fn print<T: Serialize>(
        self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        let line = if self.json {
            serde_json::to_string(value).map_err(|error| Failure::new(error.to_string()))?
        } else {
            text(value)
        };
        write(line.trim_end().as_bytes()).and_then(|()| write(b"\n"))
    }
}

/// Writes to standard output. A reader who went away is no failure.
pub(super) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}
