//! What must not be undone by going back to a backup: a file of JSON lines outside the data folder and outside every
//! backup, written and synced before the transaction that it tells of commits.
//!
//! A line whose transaction failed does no harm: a number belongs to the record that got it last, a revocation is repeated
//! by whoever commanded it. Several processes may append at once.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xunge_protocol::system::{Grant, Share, SignedCertificate};
use xunge_protocol::{Hash32, RecordId, ScopeId, Timestamp, WriterId, wire};

use crate::store::{StoreError, StoreResult, Worker};

mod apply;
mod relay_key;

pub use apply::apply;
pub use relay_key::NewRelayKey;

/// Something that happened and stays so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Fact {
    /// A case got its number: the `n`-th of `counter` in `scope`.
    Number {
        /// The case.
        record: RecordId,
        /// Whose counter.
        scope: ScopeId,
        /// Name of the counter.
        counter: String,
        /// Its value.
        n: u64,
        /// The number as people read it.
        number: String,
    },
    /// A phone got its certificate, for a ticket or as the successor of another.
    Certified {
        /// Id of the worker.
        worker: String,
        /// The worker's name.
        name: String,
        /// CBOR of the signed certificate, hex.
        certificate: String,
        /// Hash of the ticket's secret, if a ticket was used.
        ticket: Option<Hash32>,
    },
    /// A worker got a scope, or lost it.
    Granted {
        /// Id of the worker.
        worker: String,
        /// The scope.
        scope: ScopeId,
        /// First moment.
        from: Timestamp,
        /// Closed at, if it is.
        until: Option<Timestamp>,
        /// How long pushes are still taken after that.
        drain_days: u32,
    },
    /// A record was erased.
    Erased {
        /// Which.
        record: RecordId,
        /// Its scope.
        scope: ScopeId,
        /// When.
        at: Timestamp,
        /// The record that says what may still be said.
        successor: Option<RecordId>,
        /// Media that went with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        media: Vec<Hash32>,
    },
    /// A record was shared with another scope, or is no more.
    Shared {
        /// The record.
        record: RecordId,
        /// Its scope.
        home: ScopeId,
        /// The scope that reads it.
        guest: ScopeId,
        /// The one of the two that acts.
        acts: ScopeId,
        /// First moment.
        from: Timestamp,
        /// Ended at, if it is.
        until: Option<Timestamp>,
    },
    /// The relay got another key.
    RelayKey {
        /// The key.
        key: NewRelayKey,
        /// Until when bundles that were sealed to the one before are opened.
        opens_until: Timestamp,
    },
    /// A writer was revoked.
    Revoked {
        /// The writer.
        writer: WriterId,
        /// When.
        at: Timestamp,
    },
}

impl Fact {
    /// That `grant` was written.
    pub fn granted(grant: &Grant) -> Self {
        Self::Granted {
            worker: grant.worker.clone(),
            scope: grant.scope,
            from: grant.from,
            until: grant.until,
            drain_days: grant.drain_days,
        }
    }

    /// That `share` was written.
    pub fn shared(share: &Share) -> Self {
        Self::Shared {
            record: share.record,
            home: share.home,
            guest: share.guest,
            acts: share.acts,
            from: share.from,
            until: share.until,
        }
    }

    /// That `worker` got a phone with `certificate`.
    pub fn certified(
        worker: &Worker,
        certificate: &SignedCertificate,
        ticket: Option<Hash32>,
    ) -> Self {
        Self::Certified {
            worker: worker.id.clone(),
            name: worker.name.clone(),
            certificate: hex::encode(wire::encode(certificate)),
            ticket,
        }
    }
}

/// The journal of one node.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    /// The journal in the file `path`, which need not be there yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the journal of a data folder is if nobody says otherwise: beside the folder, `NAME.journal`.
    pub fn beside(data: &Path) -> PathBuf {
        let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
        let mut name = data.file_name().unwrap_or_default().to_owned();
        name.push(".journal");
        data.with_file_name(name)
    }

    /// Adds `facts`. They are on disk when this returns.
    pub fn append(&self, facts: &[Fact]) -> StoreResult<()> {
        let mut lines = Vec::new();
        for fact in facts {
            serde_json::to_writer(&mut lines, fact)
                .map_err(io::Error::from)
                .map_err(|e| self.error(e))?;
            lines.push(b'\n');
        }
        let is_new = !self.path.exists();
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path).map_err(|e| self.error(e))?;
        // One call, so that lines of several processes do not mix.
        file.write_all(&lines)
            .and_then(|()| file.sync_data())
            .map_err(|e| self.error(e))?;
        if is_new && let Some(folder) = self.path.parent() {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(|e| self.error(e))?;
        }
        Ok(())
    }

    /// All facts, oldest first; none if there is no file. A last line that was cut off never counted.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a line that is no fact of this version.
    pub fn read(&self) -> StoreResult<Vec<Fact>> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.error(error)),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let line = |(n, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|error| {
                StoreError::Corrupt(format!("{} line {}: {error}", self.path.display(), n + 1))
            })
        };
        whole
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(line)
            .collect()
    }

    fn error(&self, source: io::Error) -> StoreError {
        StoreError::File {
            path: self.path.display().to_string(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    pub(super) fn number(n: u64) -> Fact {
        Fact::Number {
            record: RecordId::written(WriterId([1; 8]), n as u32),
            scope: ScopeId([2; 8]),
            counter: "case D-2026".into(),
            n,
            number: format!("D-2026-{n:06}"),
        }
    }

    #[test]
    fn what_was_appended_is_read_back_and_a_line_cut_off_by_a_power_cut_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("relay.journal"));
        assert_eq!(journal.read().unwrap(), []);
        journal.append(&[number(1), number(2)]).unwrap();
        let revoked = Fact::Revoked {
            writer: WriterId([3; 8]),
            at: Timestamp(5),
        };
        journal.append(std::slice::from_ref(&revoked)).unwrap();
        std::fs::OpenOptions::new()
            .append(true)
            .open(folder.path().join("relay.journal"))
            .and_then(|mut file| file.write_all(b"{\"what\":\"revo"))
            .unwrap();
        assert_eq!(journal.read().unwrap(), [number(1), number(2), revoked]);
    }
}
