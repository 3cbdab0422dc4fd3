//! Opens the relay that a command is about.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xunge_protocol::ScopeId;
use xunge_protocol::system::OrgNode;

use super::args::Place;
use super::failure::Failure;
use crate::env::SystemEnv;
use crate::journal::Journal;
use crate::media::storage::MediaPlace;
use crate::relay::{Config, Relay};
use crate::store::{Location, Options, Tx};

impl Place {
    /// The data folder, which a store without a database of its own needs.
    pub fn dir(&self) -> Result<&Path, Failure> {
        self.data.as_deref().ok_or_else(|| {
            Failure::Usage("--data DIR is missing: name the relay's data folder".into())
        })
    }

    /// Where the journals are: as said, else one beside the data folder.
    pub fn journals(&self) -> Vec<PathBuf> {
        match (self.journal.as_slice(), &self.data) {
            ([], Some(data)) => vec![Journal::beside(data)],
            ([], None) => vec!["xunge.journal".into()],
            (journals, _) => journals.to_vec(),
        }
    }

    /// The journal that this process writes.
    fn journal(&self) -> Result<PathBuf, Failure> {
        let mut journals = self.journals();
        match journals.pop() {
            Some(journal) if journals.is_empty() => Ok(journal),
            _ => Err(Failure::Usage(
                "--journal is given several times: a node writes one journal, and only `restore` reads several"
                    .into(),
            )),
        }
    }

    /// Where the store is.
    pub fn location(&self) -> Result<Location, Failure> {
        let Some(database) = &self.database else {
            return Ok(self.dir()?.into());
        };
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| database.starts_with(scheme))
        {
            return Err(Failure::Usage(
                "--database is no address of PostgreSQL: expected postgres://USER:PASSWORD@HOST/DATABASE"
                    .into(),
            ));
        }
        Ok(Location {
            data: self.data.clone().unwrap_or_else(|| ".".into()),
            database: Some(database.clone()),
        })
    }

    /// Where the media are, if they are not in the data folder.
    pub fn media(&self) -> Result<Option<MediaPlace>, Failure> {
        let parsed = self.media.as_deref().map(str::parse).transpose();
        parsed.map_err(|why| Failure::Usage(format!("--media: {why}")))
    }

    /// The relay in it, for one command.
    pub fn open(&self) -> Result<Arc<Relay>, Failure> {
        self.open_with(Config::default(), Options::default())
    }

    /// The relay in it.
    pub fn open_with(&self, config: Config, options: Options) -> Result<Arc<Relay>, Failure> {
        let config = Config {
            journal: Some(self.journal()?),
            ..config
        };
        self.open_plainly(config, options)
    }

    /// The relay in it, with a journal only if `config` says so.
    pub fn open_plainly(&self, config: Config, options: Options) -> Result<Arc<Relay>, Failure> {
        let config = Config {
            media: self.media()?,
            ..config
        };
        Ok(Arc::new(Relay::open(
            self.location()?,
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
