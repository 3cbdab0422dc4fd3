//! The one writer. What waits while a commit is under way is committed together by the next one.
//!
//! Each piece of work runs in a savepoint of its own, so that an error or a panic takes back only its own rows; each
//! caller is answered after the commit that holds its rows.
//!
//! A connection on which something failed is not used again: a page that could not be read leaves SQLCipher's connection
//! broken for good, and what failed to be made durable must not be built on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::SqliteTx;
use crate::store::{StoreError, StoreResult, Tx};

/// Most pieces of work in one commit.
const BATCH: usize = 64;

/// Work that leaves its result to be handed over once it is known whether the transaction was committed.
type Job = Box<dyn FnOnce(&Tx<'_>) -> Done + Send>;

pub(super) struct Done {
    keep: bool,
    answer: Box<dyn FnOnce(Result<(), String>) + Send>,
}

/// How to open the writing connection.
pub(super) type Open = Box<dyn Fn() -> StoreResult<Connection> + Send>;

/// The writing connection.
pub(super) struct Writer {
    conn: Connection,
    open: Open,
    failed: bool,
    county: i64,
}

/// Where writing happens.
pub(super) enum WriteQueue {
    /// On the caller's thread.
    Inline(Mutex<Writer>),
    /// On a thread of its own.
    Thread {
        jobs: Option<Sender<Job>>,
        thread: Option<JoinHandle<()>>,
    },
}

impl WriteQueue {
    pub(super) fn start(
        conn: Connection,
        open: Open,
        county: i64,
        own_thread: bool,
    ) -> StoreResult<Self> {
        let mut writer = Writer {
            conn,
            open,
            failed: false,
            county,
        };
        if !own_thread {
            return Ok(Self::Inline(Mutex::new(writer)));
        }
        let (jobs, waiting) = channel::<Job>();
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                while let Ok(first) = waiting.recv() {
                    writer.commit(first, &waiting);
                }
            })
            .map_err(|source| StoreError::File {
                path: "store-writer".into(),
                source,
            })?;
        Ok(Self::Thread {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    pub(super) fn run<T, E>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (send, receive) = sync_channel::<Result<T, E>>(1);
        let job: Job = Box::new(move |tx| {
            let result = work(tx);
            Done {
                keep: result.is_ok(),
                answer: Box::new(move |committed| {
                    let answer = match (result, committed) {
                        (Ok(_), Err(why)) => Err(StoreError::NotCommitted(why).into()),
                        (result, _) => result,
                    };
                    // The caller may have gone; its rows stay either way.
                    let _ = send.send(answer);
                }),
            }
        });
        match self {
            Self::Inline(writer) => {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                let (_none, waiting) = channel();
                writer.commit(job, &waiting);
            }
            Self::Thread { jobs, .. } => jobs
                .as_ref()
                .ok_or(StoreError::Closed)?
                .send(job)
                .map_err(|_| StoreError::Closed)?,
        }
        receive.recv().unwrap_or_else(|_| {
            Err(StoreError::NotCommitted("the work did not come to an end".into()).into())
        })
    }
}

impl Drop for WriteQueue {
    fn drop(&mut self) {
        if let Self::Thread { jobs, thread } = self {
            jobs.take();
            if let Some(thread) = thread.take() {
                // A panic on that thread was already answered as an error.
                let _ = thread.join();
            }
        }
    }
}

impl Writer {
    /// Runs `first` and what else waits in one transaction, and answers all of them.
    fn commit(&mut self, first: Job, waiting: &Receiver<Job>) {
        self.mend();
        let conn = &self.conn;
        let mut batch = Batch::default();
        let outcome = transact(conn, self.county, first, waiting, &mut batch);
        if outcome.is_err() && !conn.is_autocommit() {
            let _ = conn.execute_batch("ROLLBACK");
        }
        let outcome = outcome.map_err(|e| {
            tracing::error!(error = %e, "store transaction failed");
            e.to_string()
        });
        self.failed = batch.failed || outcome.is_err();
        for answer in batch.done {
            answer(outcome.clone());
        }
    }

    /// Opens the connection anew, while the old one still keeps the log, if something failed on it.
    fn mend(&mut self) {
        if !self.failed {
            return;
        }
        match (self.open)() {
            Ok(conn) => self.conn = conn,
            Err(error) => tracing::error!(%error, "the database could not be opened anew"),
        }
    }
}

type Answer = Box<dyn FnOnce(Result<(), String>) + Send>;

/// What was done in one transaction.
#[derive(Default)]
struct Batch {
    done: Vec<Answer>,
    /// Some of the work came back with an error, whatever its reason.
    failed: bool,
}

fn transact(
    conn: &Connection,
    county: i64,
    first: Job,
    waiting: &Receiver<Job>,
    batch: &mut Batch,
) -> StoreResult<()> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let mut next = Some(first);
    while let Some(job) = next {
        step(conn, county, job, batch)?;
        next = (batch.done.len() < BATCH)
            .then(|| waiting.try_recv().ok())
            .flatten();
    }
    conn.execute_batch("COMMIT")?;
    Ok(())
}

fn step(conn: &Connection, county: i64, job: Job, batch: &mut Batch) -> StoreResult<()> {
    conn.execute_batch("SAVEPOINT job")?;
    let tx = SqliteTx::new(conn, county);
    let result = catch_unwind(AssertUnwindSafe(|| job(&tx)));
    let keep = match result {
        Ok(Done { keep, answer }) => {
            batch.done.push(answer);
            if keep {
                tx.flush()?;
            }
            keep
        }
        Err(_) => {
            tracing::error!("a store transaction panicked and was rolled back");
            false
        }
    };
    batch.failed |= !keep;
    // A full disk or an I/O error may have ended the whole transaction under us.
    if conn.is_autocommit() {
        return Err(StoreError::NotCommitted("the transaction was ended".into()));
    }
    conn.execute_batch(if keep {
        "RELEASE job"
    } else {
        "ROLLBACK TO job; RELEASE job"
    })?;
    Ok(())
}
