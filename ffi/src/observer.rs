//! Who hears how a sync goes on. A subscription ends when it is dropped.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use xunge_core::sync::{ProgressObserver, SyncReport};

/// Hears a running sync. Called on a thread of the library, never on the shell's main thread.
#[uniffi::export(with_foreign)]
pub trait SyncObserver: Send + Sync {
    /// What was done so far.
    fn progress(&self, report: SyncReport);
}

/// As long as this lives, its observer hears.
#[derive(uniffi::Object)]
pub struct Subscription {
    observers: Weak<Observers>,
    number: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(observers) = self.observers.upgrade() {
            observers.lock().listening.remove(&self.number);
        }
    }
}

/// All observers of one phone.
#[derive(Default)]
pub(crate) struct Observers(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    listening: BTreeMap<u64, Arc<dyn SyncObserver>>,
}

impl Observers {
    /// Adds one.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        observer: Arc<dyn SyncObserver>,
    ) -> Arc<Subscription> {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        state.listening.insert(number, observer);
        Arc::new(Subscription {
            observers: Arc::downgrade(self),
            number,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProgressObserver for Observers {
    fn progress(&self, report: &SyncReport) {
        // Called outside the lock, so that an observer may unsubscribe.
        let listening: Vec<_> = self.lock().listening.values().cloned().collect();
        for observer in listening {
            let heard = catch_unwind(AssertUnwindSafe(|| observer.progress(report.clone())));
            if heard.is_err() {
                tracing::warn!("an observer failed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Count(AtomicU64);

    impl SyncObserver for Count {
        fn progress(&self, _: SyncReport) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn an_observer_hears_until_its_subscription_is_dropped() {
        let observers = Arc::new(Observers::default());
        let count = Arc::new(Count(AtomicU64::new(0)));
        let subscription = observers.subscribe(count.clone());
        observers.progress(&SyncReport::default());
        drop(subscription);
        observers.progress(&SyncReport::default());
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
    }
}
