//! The courier that goes without a network, and the locked phone as its own courier.

use std::path::Path;

use xunge_protocol::bundle::{MAX_POUCH_BUNDLES, MAX_POUCH_BYTES, Way, recipient_of};
use xunge_protocol::{Homebound, Pouch, SealedBundle, WireError};

use super::error::AppError;
use super::phone::Phone;
use super::session::Session;
use super::view::{BundleExport, BundleImport};
use crate::courier::{Bag, BagError, RelayAddress};
use crate::disk;
use crate::store::StoreError;
use crate::sync::{CancelToken, HttpTransport, SyncError, SyncReport, Trust};

/// Bytes of a pouch before its first bundle, and most bytes before each bundle in it.
const POUCH_PREFIX: usize = 16;
const BUNDLE_PREFIX: usize = 8;

impl Phone {
    /// Writes what waits into a sealed file, together with what this phone carries for others: for another phone to
    /// carry on, or for the town's console.
    ///
    /// Errors: `locked`, `practising`, `bad_path`, the store's.
    pub fn bundle_export(&self, path: &Path) -> Result<BundleExport, AppError> {
        let session = self.working()?;
        let (_, own) = self.sealed(&session)?;
        let mine = recipient_of(&session.key()?);
        let bag = self.bag();
        let others = bag.carried()?.into_iter().chain(bag.homebound()?);
        let others = others
            .map(|load| load.bundle)
            .filter(|b| b.recipient() != mine);
        let mut view = BundleExport::default();
        let (mut pouch, mut bytes) = (Pouch::default(), POUCH_PREFIX);
        // This phone's own comes first. What is too much for one file goes with the next.
        for (bundle, is_own) in own
            .into_iter()
            .map(|b| (b, true))
            .chain(others.map(|b| (b, false)))
        {
            bytes += bundle.bytes().len() + BUNDLE_PREFIX;
            if pouch.0.len() == MAX_POUCH_BUNDLES || bytes > MAX_POUCH_BYTES {
                view.left = true;
                break;
            }
            *(if is_own {
                &mut view.bundles
            } else {
                &mut view.carried
            }) += 1;
            pouch.0.push(bundle);
        }
        let file = pouch.to_bytes();
        view.bytes = file.len() as u64;
        disk::write_whole(path, &file).map_err(|e| bad_path(path, &e))?;
        Ok(view)
    }

    /// Reads a sealed file: takes the receipts that are for this worker, and carries the rest, unread, to the relay or
    /// on its way home.
    ///
    /// Errors: `locked`, `practising`, `bad_path`, `bad_bundle` (no such file, damaged, or of a newer version),
    /// `bundle_foreign` (for the relay of another county), `bag_full`, the store's. What was taken before an error
    /// stays taken; importing again is safe.
    pub fn bundle_import(&self, path: &Path) -> Result<BundleImport, AppError> {
        let session = self.working()?;
        let file = std::fs::metadata(path).map_err(|e| bad_path(path, &e))?;
        if file.len() > MAX_POUCH_BYTES as u64 {
            return Err(AppError::BadBundle(WireError::TooLarge {
                what: "courier file",
                limit: MAX_POUCH_BYTES,
            }));
        }
        let bytes = std::fs::read(path).map_err(|e| bad_path(path, &e))?;
        let pouch = Pouch::from_bytes(&bytes).map_err(AppError::BadBundle)?;
        let relay = session.relay()?;
        let ours = session.relay_marks()?;
        let mine = recipient_of(&session.key()?);
        let foreign = |b: &&SealedBundle| b.way() == Way::Out && !ours.contains(&b.recipient());
        if pouch.0.iter().any(|b| foreign(&b)) {
            return Err(AppError::BundleForeign);
        }
        let mut view = BundleImport::default();
        // All that is for this worker is read before any of it is believed.
        let (for_me, for_others): (Vec<_>, Vec<_>) = pouch
            .0
            .into_iter()
            .partition(|b| b.way() == Way::Home && b.recipient() == mine);
        let answers = for_me.iter().map(|bundle| session.open_home(bundle));
        for home in answers.collect::<Result<Vec<_>, _>>()? {
            view.answers += 1;
            view.acknowledged += session.take_home(&home)?;
        }
        let bag = self.bag();
        for bundle in &for_others {
            let new = match bundle.way() {
                Way::Out => bag.carry(&relay, bundle)?,
                Way::Home => bag.carry_home(bundle)?,
            };
            *(if new {
                &mut view.carried
            } else {
                &mut view.known
            }) += 1;
        }
        Ok(view)
    }

    /// Leaves what waits with the phone itself, sealed, so that a sync sends it while nobody can unlock.
    pub(super) fn spool(&self, session: &Session) -> Result<(), AppError> {
        let (relay, bundles) = self.sealed(session)?;
        Ok(self.bag().spool(&session.worker, &relay, &bundles)?)
    }

    /// At unlock: reads the answers that came while the phone was locked, and takes the sealed copies back, since the
    /// unlocked phone sends for itself.
    pub(super) fn unspool(&self, session: &Session) -> Result<(), AppError> {
        let bag = self.bag();
        bag.clear(&session.worker)?;
        let mine = recipient_of(&session.key()?);
        for load in bag.homebound()? {
            if load.bundle.recipient() != mine {
                continue;
            }
            // What cannot be read was damaged or forged; a sync brings the same receipts.
            let taken = session
                .open_home(&load.bundle)
                .and_then(|home| session.take_home(&home));
            match taken {
                Ok(_) => {}
                Err(AppError::BadBundle(error)) => {
                    tracing::warn!(%error, "an answer that came by courier is not the relay's");
                }
                Err(AppError::Store(StoreError::ForeignReceipt)) => {}
                Err(error) => return Err(error),
            }
            bag.drop_load(&load)?;
        }
        Ok(())
    }

    /// Delivers what the bag holds. Nothing of it needs a key.
    pub(super) async fn deliver(&self, cancel: &CancelToken) -> Result<SyncReport, AppError> {
        let began = self.env.elapsed_millis();
        let bag = self.bag();
        // The carrier knows no time that this relay told.
        let connect = |relay: &RelayAddress| {
            let trust = Trust {
                pins: relay.pins.clone(),
                relay_time: None,
            };
            HttpTransport::new(&relay.url, &trust).ok()
        };
        let done = tokio::select! {
            done = crate::courier::deliver(&bag, connect) => done?,
            () = cancel.cancelled() => return Err(SyncError::Cancelled.into()),
        };
        if done.left && done.delivered == 0 {
            return Err(SyncError::NoNetwork("the bag could not be delivered".into()).into());
        }
        Ok(SyncReport {
            carried: done.delivered,
            requests: done.requests,
            bytes_up: done.bytes_up,
            bytes_down: done.bytes_down,
            ms: self.env.elapsed_millis().saturating_sub(began),
            ..SyncReport::default()
        })
    }

    pub(super) fn bag(&self) -> Bag {
        Bag::of(&self.folder)
    }

    /// The unlocked worker's own session; what is practised stays on the phone.
    fn working(&self) -> Result<std::sync::Arc<Session>, AppError> {
        let state = self.state();
        if state.practising.is_some() {
            return Err(AppError::Practising);
        }
        state.session.clone().ok_or(AppError::Locked)
    }

    fn sealed(&self, session: &Session) -> Result<(RelayAddress, Vec<SealedBundle>), AppError> {
        let relay = session.relay()?;
        let bundles = session.store.outbound()?;
        let sealed = bundles
            .iter()
            .map(|content| SealedBundle::out(&relay.key, self.env.random(), content))
            .collect::<Result<_, _>>()
            .map_err(StoreError::from)?;
        Ok((relay, sealed))
    }
}

impl Session {
    /// Where this worker's relay is.
    fn relay(&self) -> Result<RelayAddress, AppError> {
        let (identity, _) = self.store.enrolled()?;
        Ok(RelayAddress {
            url: identity.url,
            key: *identity.keys.current(),
            pins: identity.pins,
        })
    }

    /// Marks of bundles for this worker's relay, under whichever of its keys they were sealed.
    fn relay_marks(&self) -> Result<Vec<[u8; 8]>, AppError> {
        let (identity, _) = self.store.enrolled()?;
        let keys = identity.keys.keys().iter();
        Ok(keys.map(|known| recipient_of(&known.key)).collect())
    }

    fn key(&self) -> Result<xunge_protocol::PublicKey, AppError> {
        Ok(self.store.enrolled()?.0.key.public())
    }

    /// The relay's answer in a bundle for this worker.
    fn open_home(&self, bundle: &SealedBundle) -> Result<Homebound, AppError> {
        let (identity, _) = self.store.enrolled()?;
        let (home, learnt) = bundle
            .open_home(&identity.key, &identity.keys)
            .map_err(AppError::BadBundle)?;
        if let Some(keys) = &learnt {
            self.store.learn_relay_keys(keys)?;
        }
        Ok(home)
    }

    /// Takes the relay's answer. Returns how many records it acknowledges.
    fn take_home(&self, home: &Homebound) -> Result<u64, AppError> {
        let applied = self.store.apply_homebound(home)?;
        let (before, after) = (applied.before.acknowledged, applied.after.acknowledged);
        Ok(after.saturating_sub(before))
    }
}

impl From<BagError> for AppError {
    fn from(error: BagError) -> Self {
        match error {
            BagError::Io(error) => StoreError::from(error).into(),
            BagError::Wire(error) => Self::BadBundle(error),
            BagError::Full => Self::BagFull,
        }
    }
}

fn bad_path(path: &Path, error: &std::io::Error) -> AppError {
    if disk::is_full(error) {
        return StoreError::DiskFull.into();
    }
    AppError::BadPath {
        path: path.display().to_string(),
        why: error.to_string(),
    }
}
