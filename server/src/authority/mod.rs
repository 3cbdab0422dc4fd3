//! Writes as the relay: events that only it may write, records it opens, certificates, grants, shared data, and the
//! decisions about what is in quarantine.
//!
//! What the relay writes in one transaction is gathered, and sealed as ordinary segments of its own writer at the end,
//! so that every command is part of the log like any phone's work.

mod decide;
mod draft;
pub mod enrol;
pub mod erase;
mod error;
mod items;
mod redact;
mod register;
mod revoke;
mod rotate;
mod seal;
pub(crate) mod share;
pub mod short_code;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xunge_protocol::{Entry, Hash32, RecordId, ScopeId, Timestamp};

pub use draft::Draft;
pub use enrol::NewTicket;
pub use erase::Erased;
pub use error::AuthorityError;
pub use short_code::OpenCode;

use crate::journal::Fact;
use crate::log::LogWork;
use crate::relay::Relay;
use crate::store::{County, LogTx, Tx};

/// The relay's hand in one transaction.
pub struct Authority<'a> {
    relay: &'a Relay,
    county: Arc<County>,
    pub(crate) log: LogWork<'a>,
    outgoing: BTreeMap<ScopeId, Vec<(Entry, Hash32)>>,
    facts: Vec<Fact>,
    /// Records of which the log holds more than the logs of those who read them elsewhere.
    changed: BTreeSet<RecordId>,
}

impl<'a> Authority<'a> {
    /// Runs `work` with the relay's hand in `tx`, then seals and projects what it wrote. If this fails, the transaction
    /// must be rolled back.
    pub fn run<T, E: From<AuthorityError>>(
        relay: &'a Relay,
        tx: &'a dyn LogTx,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut authority = Self {
            relay,
            county: relay.refresh(tx).map_err(AuthorityError::from)?,
            log: LogWork::new(tx, relay.now()),
            outgoing: BTreeMap::new(),
            facts: Vec::new(),
            changed: BTreeSet::new(),
        };
        let result = work(&mut authority)?;
        authority.finish()?;
        Ok(result)
    }

    /// The transaction.
    pub fn tx(&self) -> &'a dyn LogTx {
        self.log.tx
    }

    /// The moment of everything in this transaction.
    pub fn now(&self) -> Timestamp {
        self.log.now
    }

    /// The relay.
    pub fn relay(&self) -> &'a Relay {
        self.relay
    }

    /// The county, with the relay's epoch, writer and key, as they are in this transaction.
    pub fn county(&self) -> &County {
        &self.county
    }

    /// Tells the journal of something that no restore may undo.
    pub fn note(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    /// Writes out what was done so far if that is much, and forgets the documents: whoever brings many records at once
    /// shall not fill the memory with them.
    pub(crate) fn ease(&mut self) -> Result<(), AuthorityError> {
        if self.log.is_full() {
            self.write_out()?;
            self.log.forget_all();
        }
        Ok(())
    }

    /// Seals what the relay itself wrote, and projects what changed.
    fn write_out(&mut self) -> Result<(), AuthorityError> {
        for scope in self.outgoing.keys().copied().collect::<Vec<_>>() {
            self.seal(scope)?;
        }
        self.place_in_guests()?;
        Ok(self.log.project()?)
    }

    fn finish(&mut self) -> Result<(), AuthorityError> {
        self.write_out()?;
        // Before the transaction commits: what the journal does not hold did not happen.
        if let (Some(journal), false) = (self.relay.journal(), self.facts.is_empty()) {
            journal.append(&self.facts)?;
        }
        Ok(())
    }
}

/// One command of its own: a writing transaction with the relay's hand, durable when this returns. Blocks.
///
/// `work` also gets the transaction, for what else belongs to the command (the audit log, for instance).
pub fn command<T, E>(
    relay: &Arc<Relay>,
    work: impl FnOnce(&mut Authority<'_>, &Tx<'_>) -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<AuthorityError> + From<crate::store::StoreError> + Send + 'static,
{
    let inside = relay.clone();
    let result = relay
        .store
        .write(move |tx| Authority::run(&inside, tx, |authority| work(authority, tx)));
    if result.is_ok() {
        relay.notify();
    }
    result
}

/// [`command`] for async callers.
pub async fn command_async<T, E>(
    relay: &Arc<Relay>,
    work: impl FnOnce(&mut Authority<'_>, &Tx<'_>) -> Result<T, E> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<AuthorityError> + From<crate::store::StoreError> + Send + 'static,
{
    let relay = relay.clone();
    tokio::task::spawn_blocking(move || command(&relay, work))
        .await
        .unwrap_or_else(|_| Err(crate::store::StoreError::Closed.into()))
}
