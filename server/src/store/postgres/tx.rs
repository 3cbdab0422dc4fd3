//! One transaction on PostgreSQL: what it locked, what it still has to write, and what it knows already.
//!
//! A round trip costs more than a row. So rows wait until somebody reads or commits, and go then in one statement a
//! table, all statements at once; positions and numbers are counted here under the lock of their row.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join_all;
use tokio::runtime::Handle;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use xunge_protocol::system::OrgNode;
use xunge_protocol::{RecordId, ScopeId, Timestamp};

use super::batch::Rows;
use super::log;
use super::row::{Text, signed};
use crate::store::pending::{OpenSegments, Pending};
use crate::store::{Claim, RecordPlace, RecordRow, StoreError, StoreResult, TombstoneRow};
use crate::wait::wait;

/// A parameter of a statement that runs now.
pub(super) type Param<'a> = &'a (dyn ToSql + Sync);
/// A parameter of a statement that may run later.
pub(super) type Kept = Box<dyn ToSql + Sync + Send>;

/// A statement with its parameters, for later.
pub(super) struct Later {
    pub(super) sql: String,
    pub(super) params: Vec<Kept>,
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// One snapshot, nothing is written.
    Read,
    /// Nobody else writes in the county.
    Alone,
    /// Others write beside it; each locks the scopes in whose log it writes.
    Beside,
}

/// A number that is counted here, and whether the row is behind.
pub(super) struct Counted {
    pub(super) value: u64,
    pub(super) dirty: bool,
}

/// What the transaction knows and has not written yet.
#[derive(Default)]
pub(super) struct State {
    pub(super) positions: BTreeMap<ScopeId, Counted>,
    pub(super) numbers: BTreeMap<(ScopeId, String), Counted>,
    pub(super) later: Vec<Later>,
    pub(super) pending: Pending,
    pub(super) rows: Rows,
    pub(super) places: HashMap<RecordId, Option<RecordPlace>>,
    pub(super) records: HashMap<(ScopeId, RecordId), Option<RecordRow>>,
    pub(super) changes: HashMap<(ScopeId, RecordId), Vec<Vec<u8>>>,
    pub(super) tombstones: HashMap<RecordId, Option<TombstoneRow>>,
    pub(super) nodes: HashMap<(ScopeId, Timestamp), Option<OrgNode>>,
}

/// One transaction. Its methods are those of the traits in [`crate::store`].
pub(super) struct PgTx<'a> {
    client: &'a ClientWrapper,
    run: &'a Handle,
    county: i64,
    mode: Mode,
    pub(super) state: RefCell<State>,
    pub(super) open: OpenSegments<log::Place>,
}

impl<'a> PgTx<'a> {
    /// Begins a transaction on `client`.
    pub(super) fn begin(
        client: &'a ClientWrapper,
        run: &'a Handle,
        county: i64,
        mode: Mode,
        claim: &Claim,
    ) -> StoreResult<Self> {
        let tx = Self {
            client,
            run,
            county,
            mode,
            state: RefCell::default(),
            open: OpenSegments::default(),
        };
        let lock = match mode {
            Mode::Read => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                wait(run, client.batch_execute(begin))?;
                return Ok(tx);
            }
            Mode::Alone => "SELECT pg_advisory_xact_lock($1)",
            Mode::Beside => "SELECT pg_advisory_xact_lock_shared($1)",
        };
        wait(run, async {
            let lock = client.prepare_cached(lock).await?;
            let county: [Param<'_>; 1] = [&county];
            // Sent together: the second waits for the first on the server.
            futures_util::future::try_join(
                client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED"),
                client.query(&lock, &county),
            )
            .await
        })?;
        if mode == Mode::Beside {
            if let Some(writer) = claim.writer {
                // Requests of one writer follow each other.
                tx.query_steady(
                    "SELECT 1 FROM writers WHERE county = $1 AND writer = $2 FOR NO KEY UPDATE",
                    &[&county, &writer.0],
                )?;
            }
            let mut scopes = claim.scopes.clone();
            scopes.sort();
            scopes.dedup();
            for scope in scopes {
                tx.hold(scope)?;
            }
        }
        Ok(tx)
    }

    /// Writes what waits, and commits.
    pub(super) fn commit(self) -> StoreResult<()> {
        self.send(true)
    }

    /// Ends a transaction that wrote nothing.
    pub(super) fn end(self) -> StoreResult<()> {
        Ok(wait(self.run, self.client.batch_execute("ROLLBACK"))?)
    }

    /// First column of every key.
    pub(super) fn county(&self) -> i64 {
        self.county
    }

    /// Locks the counter row of a scope until the end, and knows its position then.
    ///
    /// Whoever writes in a scope's log comes through here before it reads the log, so a position is visible only when all
    /// before it are: no puller ever skips one.
    pub(super) fn hold(&self, scope: ScopeId) -> StoreResult<u64> {
        if let Some(held) = self.state.borrow().positions.get(&scope) {
            return Ok(held.value);
        }
        const LOCK: &str =
            "SELECT position FROM scopes WHERE county = $1 AND scope = $2 FOR NO KEY UPDATE";
        let mut found = self.query_steady(LOCK, &[&self.county, &scope.0])?;
        if found.is_empty() {
            self.query_steady(
                "INSERT INTO scopes (county, scope, position) VALUES ($1, $2, 0)
                 ON CONFLICT DO NOTHING",
                &[&self.county, &scope.0],
            )?;
            found = self.query_steady(LOCK, &[&self.county, &scope.0])?;
        }
        let value = match found.first() {
            Some(row) => super::row::number(row, 0)?,
            None => return Err(StoreError::Corrupt(format!("no counter for scope {scope}"))),
        };
        let counted = Counted {
            value,
            dirty: false,
        };
        self.state.borrow_mut().positions.insert(scope, counted);
        Ok(value)
    }

    /// [`Self::hold`] where the transaction writes.
    pub(super) fn hold_to_write(&self, scope: ScopeId) -> StoreResult<()> {
        if self.mode != Mode::Read {
            self.hold(scope)?;
        }
        Ok(())
    }

    /// Rows of a query, with all that this transaction wrote.
    pub(super) fn query(&self, sql: &str, params: &[Param<'_>]) -> StoreResult<Vec<Row>> {
        self.flush()?;
        self.query_steady(sql, params)
    }

    /// The one row of a query, or none.
    pub(super) fn query_opt(&self, sql: &str, params: &[Param<'_>]) -> StoreResult<Option<Row>> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// Rows of a query about what no waiting statement changes.
    pub(super) fn query_steady(&self, sql: &str, params: &[Param<'_>]) -> StoreResult<Vec<Row>> {
        wait(self.run, async {
            let statement = self.client.prepare_cached(sql).await?;
            Ok(self.client.query(&statement, params).await?)
        })
    }

    /// Rows of several queries, asked at once.
    pub(super) fn query_together(
        &self,
        queries: &[(&str, &[Param<'_>])],
    ) -> StoreResult<Vec<Vec<Row>>> {
        self.flush()?;
        wait(self.run, async {
            let mut statements = Vec::with_capacity(queries.len());
            for (sql, _) in queries {
                statements.push(self.client.prepare_cached(sql).await?);
            }
            let asked = std::iter::zip(&statements, queries)
                .map(|(statement, (_, params))| self.client.query(statement, params));
            Ok(try_join_all(asked).await?)
        })
    }

    /// Runs a statement that tells nothing, before the next query at the latest.
    pub(super) fn later(&self, sql: &str, params: Vec<Kept>) {
        self.state.borrow_mut().later.push(Later {
            sql: sql.into(),
            params,
        });
    }

    /// Runs a statement now, and says how many rows it changed.
    pub(super) fn execute(&self, sql: &str, params: &[Param<'_>]) -> StoreResult<u64> {
        self.flush()?;
        wait(self.run, async {
            let statement = self.client.prepare_cached(sql).await?;
            Ok(self.client.execute(&statement, params).await?)
        })
    }

    /// Writes what waits.
    pub(super) fn flush(&self) -> StoreResult<()> {
        let state = self.state.borrow();
        let idle = state.later.is_empty() && state.rows.is_empty();
        drop(state);
        if idle { Ok(()) } else { self.send(false) }
    }

    fn send(&self, commit: bool) -> StoreResult<()> {
        let mut state = self.state.borrow_mut();
        let mut all = std::mem::take(&mut state.later);
        if commit {
            all.extend(log::inserts(self.county, state.pending.take(true))?);
            all.extend(self.counters(&mut state));
        }
        // Last, since it locks a row of the whole county.
        all.extend(std::mem::take(&mut state.rows).upsert(self.county));
        drop(state);
        wait(self.run, async {
            let mut statements = Vec::with_capacity(all.len());
            for later in &all {
                statements.push(self.client.prepare_cached(&later.sql).await?);
            }
            let sent = std::iter::zip(&statements, &all).map(|(statement, later)| {
                let params = later.params.iter().map(|p| p.as_ref() as Param<'_>);
                self.client.execute_raw(statement, params)
            });
            let sent = try_join_all(sent.collect::<Vec<_>>());
            if commit {
                // A commit after a failure is a rollback; the failure is told either way.
                let end = self.client.batch_execute("COMMIT");
                let (sent, end) = futures_util::future::join(sent, end).await;
                sent?;
                end?;
            } else {
                sent.await?;
            }
            Ok(())
        })
    }

    /// Statements that bring the rows of counters up to what was counted.
    fn counters(&self, state: &mut State) -> Vec<Later> {
        let mut all = Vec::new();
        for (scope, counted) in &mut state.positions {
            if std::mem::take(&mut counted.dirty) {
                all.push(Later {
                    sql: "UPDATE scopes SET position = $3 WHERE county = $1 AND scope = $2".into(),
                    params: vec![
                        Box::new(self.county),
                        Box::new(scope.0),
                        Box::new(signed(counted.value)),
                    ],
                });
            }
        }
        for ((scope, name), counted) in &mut state.numbers {
            if std::mem::take(&mut counted.dirty) {
                all.push(Later {
                    sql: "UPDATE counters SET value = $4 WHERE county = $1 AND scope = $2 AND name = $3"
                        .into(),
                    params: vec![
                        Box::new(self.county),
                        Box::new(scope.0),
                        Box::new(super::row::clean(name).into_owned()),
                        Box::new(signed(counted.value)),
                    ],
                });
            }
        }
        all
    }

    /// Counts one on in the counter `name` of a scope.
    pub(super) fn count_on(&self, scope: ScopeId, name: &str) -> StoreResult<u64> {
        let key = (scope, name.to_owned());
        if let Some(counted) = self.state.borrow_mut().numbers.get_mut(&key) {
            counted.value += 1;
            counted.dirty = true;
            return Ok(counted.value);
        }
        let found = self.query_steady(
            "INSERT INTO counters (county, scope, name, value) VALUES ($1, $2, $3, 1)
             ON CONFLICT (county, scope, name) DO UPDATE SET value = counters.value + 1 RETURNING value",
            &[&self.county, &scope.0, &Text(name)],
        )?;
        let value = match found.first() {
            Some(row) => super::row::number(row, 0)?,
            None => return Err(StoreError::Corrupt(format!("no counter {name}"))),
        };
        let counted = Counted {
            value,
            dirty: false,
        };
        self.state.borrow_mut().numbers.insert(key, counted);
        Ok(value)
    }
}

/// Parameters for [`PgTx::later`].
macro_rules! kept {
    ($($value:expr),* $(,)?) => {
        vec![$(Box::new($value) as $crate::store::postgres::tx::Kept),*]
    };
}
pub(super) use kept;
