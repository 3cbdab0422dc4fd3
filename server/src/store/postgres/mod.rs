//! The store on PostgreSQL: any number of nodes on one database, many writers, each alone in the scopes that it writes.
//!
//! Everything lies in the schema `xunge`. A writing transaction either has the county for itself, or shares it with
//! others and locks the scopes in whose log it writes; isolation is READ COMMITTED, since what is locked is read after
//! the lock. So no transaction is ever run twice, as the store promises. A reading transaction is one snapshot.

mod audit;
mod backup;
mod batch;
mod board;
mod board_households;
mod board_people;
mod board_warnings;
mod county;
mod enrolments;
mod erasure;
mod log;
mod media;
mod migrate;
mod organisation;
mod people;
mod quarantine;
mod records;
mod references;
mod relay_keys;
mod row;
mod segments;
mod sessions;
mod shares;
mod snapshots;
mod tls;
mod tx;
mod wake;
mod writers;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Claim, County, NewCounty, StoreError, StoreResult, Tx};
use tx::{Mode, PgTx};

/// Most connections of one node.
const CONNECTIONS: usize = 16;
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// The store of one relay on PostgreSQL. Cheap to share behind an `Arc`.
pub struct PgStore {
    server: Server,
    county: County,
    dir: PathBuf,
    news: wake::News,
}

/// Connections to one database, and the runtime on which they live.
struct Server {
    pool: Pool,
    config: Config,
    tls: MakeRustlsConnect,
    run: Handle,
    runtime: Option<Runtime>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A store may be dropped by async code, which must not wait.
            runtime.shutdown_background();
        }
    }
}

impl Server {
    fn new(url: &str) -> StoreResult<Self> {
        let (url, encryption) = tls::split(url)?;
        let tls = encryption.connector()?;
        let mut config = Config::from_str(&url)
            .map_err(|_| StoreError::Postgres("the address of the database is none: expected postgres://USER:PASSWORD@HOST/DATABASE".into()))?;
        config.ssl_mode(encryption.mode);
        let options = config.get_options().unwrap_or_default();
        config.options(format!("{options} -c search_path=xunge").trim());
        if config.get_application_name().is_none() {
            config.application_name("xunge");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("store-postgres")
            .enable_all()
            .build()
            .map_err(|source| StoreError::File {
                path: "store-postgres".into(),
                source,
            })?;
        let manager = Manager::from_config(
            config.clone(),
            tls.clone(),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .build()
            .map_err(|e| StoreError::Postgres(e.to_string()))?;
        Ok(Self {
            pool,
            config,
            tls,
            run: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    fn wait<F: Future>(&self, future: F) -> F::Output {
        crate::wait::wait(&self.run, future)
    }

    fn client(&self) -> StoreResult<Object> {
        self.wait(self.pool.get()).map_err(|error| {
            let why = match error {
                deadpool_postgres::PoolError::Backend(error) => StoreError::from(error).to_string(),
                other => other.to_string(),
            };
            StoreError::Unreachable {
                place: self.place(),
                why,
            }
        })
    }

    /// Hosts and ports, without the user and the password.
    fn place(&self) -> String {
        let ports = self.config.get_ports();
        let port = |n: usize| ports.get(n).or(ports.first()).copied().unwrap_or(5432);
        let hosts = self.config.get_hosts().iter().enumerate();
        let places: Vec<String> = hosts
            .map(|(n, host)| match host {
                tokio_postgres::config::Host::Tcp(name) => format!("{name}:{}", port(n)),
                tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
            })
            .collect();
        places.join(", ")
    }

    /// Runs `work` in a transaction. A connection whose end is not known is not used again.
    fn transact<T, E: From<StoreError>>(
        &self,
        county: i64,
        mode: Mode,
        claim: &Claim,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let client = self.client()?;
        let worked = catch_unwind(AssertUnwindSafe(|| {
            let tx = PgTx::begin(&client, &self.run, county, mode, claim)?;
            let result = work(&tx)?;
            if mode == Mode::Read {
                tx.end()?;
            } else {
                tx.commit()?;
            }
            Ok(result)
        }));
        let failure = match worked {
            Ok(Ok(result)) => return Ok(result),
            Ok(Err(error)) => error,
            Err(_) => {
                tracing::error!("a store transaction panicked and was rolled back");
                StoreError::NotCommitted("the work did not come to an end".into()).into()
            }
        };
        if self.wait(client.batch_execute("ROLLBACK")).is_err() {
            drop(Object::take(client));
        }
        Err(failure)
    }
}

impl PgStore {
    /// Makes the store of a new county in the database at `url`.
    ///
    /// # Errors
    /// [`StoreError::AlreadyInitialised`] if it holds one.
    pub fn create(url: &str, dir: &Path, county: &NewCounty) -> StoreResult<Self> {
        let server = Server::new(url)?;
        migrate::run(&server)?;
        county::insert(&server, county)?;
        Self::start(server, dir)
    }

    /// Opens the store in the database at `url`, and brings it to this version's migrations.
    ///
    /// # Errors
    /// [`StoreError::NotInitialised`] if there is none, [`StoreError::TooNew`] if a later version wrote it.
    pub fn open(url: &str, dir: &Path) -> StoreResult<Self> {
        let server = Server::new(url)?;
        migrate::run(&server)?;
        Self::start(server, dir)
    }

    fn start(server: Server, dir: &Path) -> StoreResult<Self> {
        let county = county::read(&server)?
            .ok_or_else(|| StoreError::NotInitialised("the database".into()))?;
        let news = wake::News::start(&server, county.number);
        Ok(Self {
            server,
            county,
            dir: dir.into(),
            news,
        })
    }

    /// The county and who the relay is.
    pub fn county(&self) -> &County {
        &self.county
    }

    /// The folder with the media.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs `work` in a writing transaction: with a claim beside others, else alone in the county.
    pub(in crate::store) fn write<T, E: From<StoreError>>(
        &self,
        claim: Option<&Claim>,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (mode, claim) = match claim {
            Some(claim) => (Mode::Beside, claim),
            None => (Mode::Alone, &Claim::default()),
        };
        self.server.transact(self.county.number, mode, claim, work)
    }

    /// Runs `work` on one snapshot.
    pub(in crate::store) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let claim = Claim::default();
        self.server
            .transact(self.county.number, Mode::Read, &claim, work)
    }

    /// Writes the tables anew, so that nothing of what was deleted is left in their files. Others wait meanwhile. The
    /// server's own log of writes forgets it with its checkpoints.
    pub fn scrub(&self) -> StoreResult<()> {
        let client = self.server.client()?;
        for table in [
            "segments",
            "records",
            "quarantine",
            "external_refs",
            "reveals",
            "media",
            "uploads",
            "upload_parts",
            "snapshots",
            "snapshot_parts",
        ] {
            let sql = format!("VACUUM (FULL) {table}");
            self.server.wait(client.batch_execute(&sql))?;
        }
        // A file of the log of writes goes once it is full and a checkpoint has passed it. Not every role may ask for
        // that; the server does both by itself, within minutes and with the next writes.
        for sql in ["SELECT pg_switch_wal()", "CHECKPOINT"] {
            if let Err(error) = self.server.wait(client.batch_execute(sql)) {
                tracing::info!(%error, sql, "the server's log of writes keeps for a while what was erased");
            }
        }
        Ok(())
    }

    /// Tells the other nodes that something was stored.
    pub fn tell(&self) {
        self.news.tell();
    }

    /// Calls `changed` whenever something was stored by another node, and counts as a serving node from now on.
    pub fn follow(&self, changed: impl Fn() + Send + Sync + 'static) {
        wake::follow(&self.server, self.county.number, changed);
    }
}

pub use backup::restore_backup;
