//! The sealed bundles that this phone carries, as files beside its vaults: they need no key, and outlive a lock.
//!
//! `courier/own/WORKER/…` waits for the relay since that worker's lock, `courier/carried/…` came from other phones,
//! `courier/home/…` are answers on their way back. `courier/relays/MARK` says where the relay of a mark is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use minicbor::{Decode, Encode};
use xunge_protocol::bundle::{MAX_POUCH_BUNDLES, MAX_POUCH_BYTES, recipient_of};
use xunge_protocol::{Hash32, PublicKey, SealedBundle, WireError, wire};

use crate::disk;

/// Most answers that are carried home; beyond them the oldest goes. Their writers get the same at their next sync.
const MOST_ANSWERS: usize = 64;

/// Why the bag could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BagError {
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A file of the bag is damaged.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// It carries as much as it may.
    #[error("this phone carries as much as it may")]
    Full,
}

/// Where a relay is, and the key that its answers are signed with. Both are public.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RelayAddress {
    /// Address, without a slash at the end.
    #[n(0)]
    pub url: String,
    /// Key.
    #[n(1)]
    pub key: PublicKey,
    /// Pins of its TLS certificate, as the ticket gave them.
    #[n(2)]
    pub pins: Vec<Hash32>,
}

/// A bundle in the bag.
#[derive(Debug, Clone)]
pub struct Load {
    path: PathBuf,
    /// The bundle.
    pub bundle: SealedBundle,
}

/// The bag of one phone.
#[derive(Debug, Clone)]
pub struct Bag {
    root: PathBuf,
}

impl Bag {
    /// The bag of the phone in `folder`.
    pub fn of(folder: &Path) -> Self {
        Self {
            root: folder.join("courier"),
        }
    }

    /// Puts what a worker wants to send in the place of what that worker put in before.
    pub fn spool(
        &self,
        worker: &str,
        relay: &RelayAddress,
        bundles: &[SealedBundle],
    ) -> Result<(), BagError> {
        if bundles.is_empty() {
            return self.clear(worker);
        }
        let folder = self.own(worker);
        let before = list(&folder)?;
        self.know(relay, recipient_of(&relay.key))?;
        for (n, bundle) in bundles.iter().enumerate() {
            // In the order in which they are to be delivered.
            write(&folder, &format!("{n:04}-{}", bundle.hash()), bundle)?;
        }
        for load in before {
            self.drop_load(&load)?;
        }
        Ok(())
    }

    /// Removes what a worker put in at lock: the unlocked phone sends it itself.
    pub fn clear(&self, worker: &str) -> Result<(), BagError> {
        match fs::remove_dir_all(self.own(worker)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// Takes a bundle of another phone to `relay`. Returns whether it is new here.
    pub fn carry(&self, relay: &RelayAddress, bundle: &SealedBundle) -> Result<bool, BagError> {
        let folder = self.root.join("carried");
        let name = bundle.hash().to_string();
        if folder.join(&name).exists() {
            return Ok(false);
        }
        let held = list(&folder)?;
        let bytes: usize = held.iter().map(|load| load.bundle.bytes().len()).sum();
        // What is carried on fits into one file together with what this phone adds.
        if held.len() >= MAX_POUCH_BUNDLES / 2 || bytes + bundle.bytes().len() > MAX_POUCH_BYTES / 2
        {
            return Err(BagError::Full);
        }
        self.know(relay, bundle.recipient())?;
        write(&folder, &name, bundle)?;
        Ok(true)
    }

    /// Takes an answer home.
    pub fn carry_home(&self, bundle: &SealedBundle) -> Result<bool, BagError> {
        let folder = self.root.join("home");
        let name = bundle.hash().to_string();
        if folder.join(&name).exists() {
            return Ok(false);
        }
        let mut held = list(&folder)?;
        held.sort_by_key(|load| fs::metadata(&load.path).and_then(|m| m.modified()).ok());
        for old in held.iter().rev().skip(MOST_ANSWERS - 1) {
            self.drop_load(old)?;
        }
        write(&folder, &name, bundle)?;
        Ok(true)
    }

    /// What is to be delivered to a relay, each with where that is: this phone's own first.
    pub fn to_deliver(&self) -> Result<Vec<(RelayAddress, Load)>, BagError> {
        let mut loads = Vec::new();
        for worker in names(&self.root.join("own"))? {
            loads.extend(list(&self.own(&worker))?);
        }
        loads.extend(self.carried()?);
        let mut known = Vec::with_capacity(loads.len());
        for load in loads {
            // Whose relay is unknown here stays, until somebody says where it is.
            if let Some(relay) = self.relay(load.bundle.recipient())? {
                known.push((relay, load));
            }
        }
        Ok(known)
    }

    /// Bundles of other phones, on their way to a relay.
    pub fn carried(&self) -> Result<Vec<Load>, BagError> {
        Ok(list(&self.root.join("carried"))?)
    }

    /// Answers on their way home.
    pub fn homebound(&self) -> Result<Vec<Load>, BagError> {
        Ok(list(&self.root.join("home"))?)
    }

    /// Takes a bundle out of the bag.
    pub fn drop_load(&self, load: &Load) -> Result<(), BagError> {
        match fs::remove_file(&load.path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    fn own(&self, worker: &str) -> PathBuf {
        self.root.join("own").join(worker)
    }

    fn relay_file(&self, mark: [u8; 8]) -> PathBuf {
        self.root.join("relays").join(hex::encode(mark))
    }

    /// Bundles with `mark` are for `relay`: an earlier key of it may have the mark.
    fn know(&self, relay: &RelayAddress, mark: [u8; 8]) -> Result<(), BagError> {
        let path = self.relay_file(mark);
        let bytes = wire::encode(relay);
        if disk::read_if_there(&path)?.as_ref() != Some(&bytes) {
            fs::create_dir_all(self.root.join("relays"))?;
            disk::write_whole(&path, &bytes)?;
        }
        Ok(())
    }

    fn relay(&self, mark: [u8; 8]) -> Result<Option<RelayAddress>, BagError> {
        match disk::read_if_there(&self.relay_file(mark))? {
            Some(bytes) => Ok(Some(wire::decode("relay address", &bytes)?)),
            None => Ok(None),
        }
    }
}

fn write(folder: &Path, name: &str, bundle: &SealedBundle) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    disk::write_whole(&folder.join(name), bundle.bytes())
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
        Ok(entries) => {
            for entry in entries {
                // Names are this file's own; what is not text was put there by somebody else.
                names.extend(entry?.file_name().into_string().ok());
            }
        }
    }
    names.sort();
    Ok(names)
}

fn list(folder: &Path) -> io::Result<Vec<Load>> {
    let mut loads = Vec::new();
    for name in names(folder)? {
        let path = folder.join(name);
        let Some(bytes) = disk::read_if_there(&path)? else {
            continue;
        };
        match SealedBundle::parse(bytes) {
            Ok(bundle) => loads.push(Load { path, bundle }),
            // A write that a power cut stopped. Its sender still holds what was in it.
            Err(_) => {
                let _ = fs::remove_file(&path);
            }
        }
    }
    Ok(loads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xunge_protocol::{EpochId, Outbound, SecretKey, WriterId};

    fn bundle(seed: u8) -> SealedBundle {
        let content = Outbound {
            writer: WriterId([1; 8]),
            epoch: EpochId([2; 8]),
            receipt_cursor: 0,
            segments: Vec::new(),
            relay_key: None,
        };
        SealedBundle::out(&relay().key, [seed; 32], &content).unwrap()
    }

    fn relay() -> RelayAddress {
        RelayAddress {
            url: "http://relay".into(),
            key: SecretKey::from_seed(&[1; 32]).public(),
            pins: Vec::new(),
        }
    }

    #[test]
    fn a_worker_s_next_spool_takes_the_place_of_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let bag = Bag::of(folder.path());
        bag.spool("a", &relay(), &[bundle(1), bundle(2)]).unwrap();
        bag.spool("b", &relay(), &[bundle(3)]).unwrap();
        assert_eq!(bag.to_deliver().unwrap().len(), 3);
        bag.spool("a", &relay(), &[bundle(4)]).unwrap();
        assert_eq!(bag.to_deliver().unwrap().len(), 2);
        bag.spool("a", &relay(), &[]).unwrap();
        bag.clear("b").unwrap();
        assert!(bag.to_deliver().unwrap().is_empty());
    }

    #[test]
    fn a_bundle_is_carried_once_and_a_full_bag_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let bag = Bag::of(folder.path());
        assert!(bag.carry(&relay(), &bundle(1)).unwrap());
        assert!(!bag.carry(&relay(), &bundle(1)).unwrap());
        let filled = (2..=255).try_for_each(|n| bag.carry(&relay(), &bundle(n)).map(drop));
        assert!(matches!(filled, Err(BagError::Full)));
        let (address, load) = bag.to_deliver().unwrap().remove(0);
        assert_eq!(address, relay());
        bag.drop_load(&load).unwrap();
        assert_eq!(bag.carried().unwrap().len(), MAX_POUCH_BUNDLES / 2 - 1);
    }

    #[test]
    fn a_file_that_is_no_bundle_is_thrown_out() {
        let folder = tempfile::tempdir().unwrap();
        let bag = Bag::of(folder.path());
        bag.carry(&relay(), &bundle(1)).unwrap();
        fs::write(folder.path().join("courier/carried/half"), b"\x01").unwrap();
        assert_eq!(bag.carried().unwrap().len(), 1);
        assert!(!folder.path().join("courier/carried/half").exists());
    }
}
