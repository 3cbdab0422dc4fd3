//! Opens the relay that a command is about.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xunge_protocol::ScopeId;
use xunge_protocol::system::OrgNode;

use super::args::Place;
use super::failure::Failure;
use crate::env::SystemEnv;
use crate::journal::Journal;
use crate::relay::{Config, Relay};
use crate::store::{Options, Tx};

impl Place {
    /// The data folder.
    pub fn dir(&self) -> Result<&Path, Failure> {
        if let Some(database) = &self.database {
            let scheme = database.split("://").next().unwrap_or_default();
            return Err(Failure::new(format!(
                "--database {scheme}://… is not there yet: this version keeps everything in a data folder, use --data DIR"
            )));
        }
        self.data.as_deref().ok_or_else(|| {
            Failure::Usage("--data DIR is missing: name the relay's data folder".into())
        })
    }

    /// Where the journal is: as said, else beside the data folder.
    pub fn journal(&self) -> PathBuf {
        match (&self.journal, &self.data) {
            (Some(journal), _) => journal.clone(),
            (None, Some(data)) => Journal::beside(data),
            (None, None) => "xunge.journal".into(),
        }
    }

    /// The relay in it, for one command.
    pub fn open(&self) -> Result<Arc<Relay>, Failure> {
        self.open_with(Config::default(), Options::default())
    }

    /// The relay in it.
    pub fn open_with(&self, config: Config, options: Options) -> Result<Arc<Relay>, Failure> {
        let dir: PathBuf = self.dir()?.into();
        let config = Config {
            journal: Some(self.journal()),
            ..config
        };
        Ok(Arc::new(Relay::open(
            &dir,
            Arc::new(SystemEnv),
            config,
            options,
        )?))
    }
}

/// The node that a person names by its code, or by its scope id as records show it.
pub(super) fn node(tx: &Tx<'_>, relay: &Relay, code: &str) -> Result<OrgNode, Failure> {
    let now = relay.now();
    if let Some(node) = tx.org_node_by_code(code, now)? {
        return Ok(node);
    }
    if let Ok(scope) = code.parse::<ScopeId>()
        && let Some(node) = tx.org_node(scope, now)?
    {
        return Ok(node);
    }
    Err(Failure::new(format!(
        "{code} is no place of this county: use a code of the organisation, or a record's scope"
    )))
}

/// [`node`] in a transaction of its own.
pub(super) fn find_node(relay: &Relay, code: &str) -> Result<OrgNode, Failure> {
    relay.store.read(|tx| node(tx, relay, code))
}
