//! Runs the engine over a transport: sends what it says, waits as it says, stops when the user says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::engine::{Engine, Event, Step, SyncReport};
use super::error::SyncError;
use super::transport::Transport;
use crate::env::Env;
use crate::store::Store;

/// Stops a running sync from another thread. What was exchanged until then is kept.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<Cancel>);

#[derive(Debug, Default)]
struct Cancel {
    cancelled: AtomicBool,
    wake: Notify,
}

impl CancelToken {
    /// Stops the sync that holds this token.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        self.0.wake.notify_one();
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    pub(crate) async fn cancelled(&self) {
        while !self.is_cancelled() {
            self.0.wake.notified().await;
        }
    }
}

/// Hears how a sync goes on.
pub trait ProgressObserver: Send + Sync {
    /// Called after each exchange.
    fn progress(&self, report: &SyncReport);
}

/// Syncs once: returns when everything went both ways, or says why not.
pub async fn run<T: Transport>(
    store: Arc<Store>,
    env: Arc<dyn Env>,
    transport: &T,
    cancel: &CancelToken,
    observer: Option<&dyn ProgressObserver>,
) -> Result<SyncReport, SyncError> {
    let engine = Arc::new(Mutex::new(Engine::new(env.elapsed_millis())));
    let mut event = Event::Begin;
    loop {
        if cancel.is_cancelled() {
            return Err(SyncError::Cancelled);
        }
        match step(&engine, &store, &env, event).await? {
            (Step::Send(exchange), report) => {
                if let Some(observer) = observer {
                    observer.progress(&report);
                }
                event = tokio::select! {
                    outcome = transport.exchange(exchange) => match outcome {
                        Ok(answer) => Event::Answered(answer),
                        Err(failure) => Event::Failed(failure),
                    },
                    () = cancel.cancelled() => return Err(SyncError::Cancelled),
                };
            }
            (Step::Wait(duration), _) => {
                event = tokio::select! {
                    () = transport.sleep(duration) => Event::Woken,
                    () = cancel.cancelled() => return Err(SyncError::Cancelled),
                };
            }
            (Step::Done, report) => {
                if let Some(observer) = observer {
                    observer.progress(&report);
                }
                return Ok(report);
            }
        }
    }
}

/// One step of the engine, off the network's threads: it reads and writes the database.
async fn step(
    engine: &Arc<Mutex<Engine>>,
    store: &Arc<Store>,
    env: &Arc<dyn Env>,
    event: Event,
) -> Result<(Step, SyncReport), SyncError> {
    let (engine, store, env) = (engine.clone(), store.clone(), env.clone());
    let work = move || {
        let mut engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
        let step = engine.handle(&store, env.as_ref(), event)?;
        Ok((step, engine.report().clone()))
    };
    match tokio::runtime::Handle::current().runtime_flavor() {
        // A simulation runs in one thread and steps in place.
        tokio::runtime::RuntimeFlavor::CurrentThread => work(),
        _ => match tokio::task::spawn_blocking(work).await {
            Ok(outcome) => outcome,
            Err(join) => Err(SyncError::Interrupted(join.to_string())),
        },
    }
}
