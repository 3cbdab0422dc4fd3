//! A disk in memory, mounted at a folder: its files, who has them open, its faults, its recording.
//!
//! Errors of the inner calls are SQLite's result codes, as the C side hands them on.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

use rusqlite::ffi;

use crate::chance::Chance;
use crate::contents::Contents;
use crate::fault::{Call, Fault, Faults};
use crate::locks::{HandleId, Locks};
use crate::model::{Model, Node, Op};
use crate::mounts;
use crate::recording::Recording;
use crate::shm::Shm;

mod handle;

pub(crate) use handle::Handle;

/// SQLite's result code of a call that did not work.
pub(crate) type Code = c_int;

/// A disk in memory. All that SQLite opens below its folder lies on it, as long as this value lives; other files of the
/// folder are where they always were.
///
/// Deterministic: the same calls with the same seeds give the same bytes, apart from what SQLCipher draws.
pub struct Disk {
    shared: Arc<Shared>,
}

/// A mounted disk, for its open files.
pub(crate) struct Shared {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    model: Model,
    open: BTreeMap<Node, Open>,
    /// How often it was switched off: what was open before is dead.
    life: u64,
    handles: HandleId,
    faults: Faults,
    chance: Option<Chance>,
    capacity: Option<u64>,
    recording: Option<Recording>,
    pragmas: BTreeMap<&'static str, &'static str>,
}

/// A file that somebody has open.
#[derive(Default)]
struct Open {
    handles: usize,
    locks: Locks,
    shm: Option<Arc<Shm>>,
}

impl Disk {
    /// An empty disk at `folder`, which must be there. Call [`crate::register`] before.
    ///
    /// # Errors
    /// The folder cannot be resolved, or has a disk already.
    pub fn mount(folder: &Path) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            folder: folder.canonicalize()?,
            state: Mutex::default(),
        });
        mounts::add(&shared)?;
        Ok(Self { shared })
    }

    /// What programs see: what a copy of the folder holds, and what a killed process leaves.
    pub fn contents(&self) -> Contents {
        self.state().model.contents()
    }

    /// Switches off, replaces everything by `contents`, all of it durable, and switches on.
    pub fn put(&self, contents: Contents) {
        let mut state = self.state();
        state.switch_off();
        state.apply(Op::Replace { contents });
    }

    /// The process that uses it dies: what it had open is dead, what it wrote stays. Others start with new locks.
    pub fn kill(&self) {
        let mut state = self.state();
        state.switch_off();
        state.model.forget_unnamed(|_| false);
    }

    /// The power goes and comes back: of what was not synced a part is there, as `seed` has it.
    pub fn cut_power(&self, seed: u64) {
        let image = self.image(seed);
        self.put(image);
    }

    /// What a power cut now might leave. Equal seeds give equal images.
    pub fn image(&self, seed: u64) -> Contents {
        self.state().model.image(seed)
    }

    /// Records all changes from here on, in place of what was recorded before.
    pub fn record(&self) {
        let mut state = self.state();
        state.recording = Some(Recording {
            base: state.model.clone(),
            ops: Vec::new(),
        });
    }

    /// Ends the recording and hands it over.
    pub fn recorded(&self) -> Option<Recording> {
        self.state().recording.take()
    }

    /// Puts a number into the recording, for [`crate::Replay::marked`]: say, how many saves were answered by now.
    pub fn mark(&self, number: u64) {
        if let Some(recording) = &mut self.state().recording {
            recording.ops.push(Op::Mark { number });
        }
    }

    /// Adds a fault.
    pub fn plan(&self, fault: Fault) {
        self.state().faults.plan(fault);
    }

    /// Takes all faults away; capacity stays.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// How many calls had a fault so far, calls for which there was no room included.
    pub fn faults_fired(&self) -> u64 {
        self.state().faults.fired
    }

    /// How many calls there were so far: opens, reads, writes, resizes, syncs and deletes.
    pub fn calls(&self) -> u64 {
        self.state().faults.calls
    }

    /// What failed syncs lose, from here on. Without it that depends on the number of calls alone.
    pub fn seed_losses(&self, seed: u64) {
        self.state().chance = Some(Chance::new(seed));
    }

    /// Whatever a program sets by `PRAGMA name = …` from here on, SQLite hears `value`, if that is no longer: a control, to
    /// show what a setting is good for. `name` in lower case.
    pub fn hold_pragma(&self, name: &'static str, value: &'static str) {
        self.state().pragmas.insert(name, value);
    }

    /// How many bytes all files together may have; none: as many as memory has.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity = bytes;
    }

    /// Bytes of all files.
    pub fn used(&self) -> u64 {
        self.state().model.total() as u64
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.shared.folder.display();
        write!(f, "Disk({folder})")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        mounts::remove(&self.shared);
    }
}

impl Shared {
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As SQLite's Unix layer has it, an empty file is not there.
    pub(crate) fn exists(&self, path: &str) -> bool {
        let state = self.state();
        let node = state.model.find(path);
        node.is_some_and(|node| !state.model.bytes(node).is_empty())
    }

    pub(crate) fn open(self: &Arc<Self>, path: &str, flags: c_int) -> Result<Handle, Code> {
        let mut state = self.state();
        if state.faults.fate(Call::Open).is_some() {
            return Err(ffi::SQLITE_CANTOPEN);
        }
        let has = |flag| flags & flag != 0;
        let node = match state.model.find(path) {
            Some(_) if has(ffi::SQLITE_OPEN_EXCLUSIVE) => return Err(ffi::SQLITE_CANTOPEN),
            Some(node) => node,
            None if has(ffi::SQLITE_OPEN_CREATE) => {
                state.apply(Op::Create { path: path.into() });
                state.model.find(path).ok_or(ffi::SQLITE_CANTOPEN)?
            }
            None => return Err(ffi::SQLITE_CANTOPEN),
        };
        let journal =
            ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL;
        state.handles += 1;
        state.open.entry(node).or_default().handles += 1;
        Ok(Handle {
            disk: self.clone(),
            id: state.handles,
            node,
            life: state.life,
            path: path.into(),
            names_unsynced: has(ffi::SQLITE_OPEN_CREATE) && has(journal),
            delete_on_close: has(ffi::SQLITE_OPEN_DELETEONCLOSE),
            shm: None,
        })
    }

    pub(crate) fn delete(&self, path: &str, synced: bool) -> Result<(), Code> {
        let mut state = self.state();
        if state.model.find(path).is_none() {
            return Err(ffi::SQLITE_IOERR_DELETE_NOENT);
        }
        if state.faults.fate(Call::Delete).is_some() {
            return Err(ffi::SQLITE_IOERR_DELETE);
        }
        state.apply(Op::Delete {
            path: path.into(),
            synced,
        });
        Ok(())
    }
}

impl State {
    fn apply(&mut self, op: Op) {
        self.model.apply(&op);
        if let Some(recording) = &mut self.recording {
            recording.ops.push(op);
        }
    }

    fn switch_off(&mut self) {
        self.life += 1;
        self.open.clear();
    }

    /// How much of a write that would end at `end` has room.
    fn room(&mut self, node: Node, offset: usize, len: usize) -> usize {
        let Some(capacity) = self.capacity else {
            return len;
        };
        let size = self.model.bytes(node).len();
        let grows = (offset + len).saturating_sub(size);
        let free = (capacity as usize).saturating_sub(self.model.total());
        len - grows.saturating_sub(free).min(len)
    }

    fn lose(&mut self, node: Node) {
        let seed = match &mut self.chance {
            Some(chance) => chance.next(),
            None => self.faults.calls,
        };
        self.apply(Op::SyncFailed { node, seed });
    }
}
