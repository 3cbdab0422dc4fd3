//! The exchange with the relay.

use super::error::AppError;
use super::phone::Phone;
use crate::store::{Store, StoreError};
use crate::sync::{self, CancelToken, HttpTransport, ProgressObserver, SyncError, SyncReport};

impl Phone {
    /// Sends what waits, fetches what is new, and delivers what this phone carries for others. Goes on through cuts and
    /// busy relays for a minute; repeating it is safe. `observer` hears after each exchange.
    ///
    /// While locked, it delivers what was sealed at lock and what the phone carries; the answers are read at unlock.
    ///
    /// Errors: `locked` (and nothing to deliver), `practising`, `busy` (retry) while another sync runs, and those of [`SyncError`].
    pub async fn sync(
        &self,
        observer: Option<&dyn ProgressObserver>,
    ) -> Result<SyncReport, AppError> {
        let cancel = CancelToken::default();
        let session = {
            let mut state = self.state();
            if state.practising.is_some() {
                return Err(AppError::Practising);
            }
            if state.syncing.is_some() {
                return Err(AppError::Busy);
            }
            let session = state.session.clone();
            if session.is_none() && self.bag().to_deliver()?.is_empty() {
                return Err(AppError::Locked);
            }
            state.syncing = Some(cancel.clone());
            session
        };
        let _running = Running(self);
        let Some(session) = session else {
            return self.deliver(&cancel).await;
        };
        let identity = session.store.identity()?.ok_or(StoreError::NotEnrolled)?;
        let trust = session.store.trust(&identity)?;
        let transport = HttpTransport::new(&identity.url, &trust).map_err(SyncError::from)?;
        let store = session.store.clone();
        store.purge_closed_scopes()?;
        let report = sync::run(store, self.env.clone(), &transport, &cancel, observer).await;
        session.forget_resources();
        session.store.release_memory()?;
        let mut report = report?;
        self.keep_rejected_as_drafts(&session)?;
        if let Err(error) = let_go(&session.store, &cancel).await {
            // What was exchanged stands; it goes the next time.
            tracing::warn!(%error, "what is past was not let go of");
        }
        if !self.bag().to_deliver()?.is_empty() {
            match self.deliver(&cancel).await {
                Ok(delivered) => report.add_delivery(&delivered),
                // What was exchanged stands; the bag keeps what it holds for the next time.
                Err(error) => tracing::warn!(%error, "what this phone carries was not delivered"),
            }
        }
        Ok(report)
    }

    /// Stops the sync under way, if any. What it exchanged until then is kept.
    pub fn cancel_sync(&self) -> Result<(), AppError> {
        if let Some(syncing) = &self.state().syncing {
            syncing.cancel();
        }
        Ok(())
    }
}

/// Lets go of what is past, in small steps between which whoever works with the phone has the database.
async fn let_go(store: &Store, cancel: &CancelToken) -> Result<(), StoreError> {
    let mut after = None;
    while !cancel.is_cancelled() {
        after = store.let_go(after)?;
        if after.is_none() {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// While it lives, a sync is under way; also when the caller stops waiting for it.
struct Running<'a>(&'a Phone);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.state().syncing = None;
    }
}
