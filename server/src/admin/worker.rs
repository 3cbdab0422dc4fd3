//! Finds a worker by name: in a county, as on paper, the name is the worker.

use super::failure::Failure;
use crate::store::{Tx, Worker};

/// The one worker of this name, if there is any.
pub(super) fn named(tx: &Tx<'_>, name: &str) -> Result<Option<Worker>, Failure> {
    let mut found = tx.workers_named(name)?;
    match found.len() {
        0 | 1 => Ok(found.pop()),
        n => Err(Failure::new(format!(
            "there are {n} workers called {name}: give them different names"
        ))),
    }
}

/// The one worker of this name.
pub(super) fn require(tx: &Tx<'_>, name: &str) -> Result<Worker, Failure> {
    named(tx, name)?.ok_or_else(|| {
        Failure::new(format!(
            "there is no worker called {name}: check the name, or use `xunge admin enrol`"
        ))
    })
}
