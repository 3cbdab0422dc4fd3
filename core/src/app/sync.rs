//! The exchange with the relay, and the courier that goes without a network.

use std::path::Path;

use super::error::AppError;
use super::phone::Phone;
use crate::store::StoreError;
use crate::sync::{self, CancelToken, HttpTransport, ProgressObserver, SyncError, SyncReport};

impl Phone {
    /// Sends what waits, fetches what is new. Goes on through cuts and busy relays for a minute; repeating it is safe.
    /// `observer` hears after each exchange.
    ///
    /// Errors: `locked`, `practising`, `busy` (retry) while another sync runs, and those of [`SyncError`].
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
            let session = state.session.clone().ok_or(AppError::Locked)?;
            if state.syncing.is_some() {
                return Err(AppError::Busy);
            }
            state.syncing = Some(cancel.clone());
            session
        };
        let _running = Running(self);
        let identity = session.store.identity()?.ok_or(StoreError::NotEnrolled)?;
        let transport =
            HttpTransport::new(&identity.url).map_err(|e| SyncError::NoNetwork(e.to_string()))?;
        let store = session.store.clone();
        let report = sync::run(store, self.env.clone(), &transport, &cancel, observer).await;
        session.forget_resources();
        session.store.release_memory()?;
        Ok(report?)
    }

    /// Stops the sync under way, if any. What it exchanged until then is kept.
    pub fn cancel_sync(&self) -> Result<(), AppError> {
        if let Some(syncing) = &self.state().syncing {
            syncing.cancel();
        }
        Ok(())
    }

    /// Writes what waits into a sealed file for a courier.
    ///
    /// Errors: `not_available`: this version has no courier.
    pub fn bundle_export(&self, _path: &Path) -> Result<(), AppError> {
        Err(AppError::NotAvailable("bundle_export"))
    }

    /// Reads a sealed file that a courier brought.
    ///
    /// Errors: `not_available`: this version has no courier.
    pub fn bundle_import(&self, _path: &Path) -> Result<(), AppError> {
        Err(AppError::NotAvailable("bundle_import"))
    }
}

/// While it lives, a sync is under way; also when the caller stops waiting for it.
struct Running<'a>(&'a Phone);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.state().syncing = None;
    }
}
