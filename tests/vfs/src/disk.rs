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
use crate::fault::{Call, Effect, Fault, Faults};
use crate::locks::{HandleId, Locks};
use crate::model::{Contents, Model, Node, Op};
use crate::mounts;
use crate::recording::Recording;
use crate::shm::Shm;

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
}

/// A file that somebody has open.
#[derive(Default)]
struct Open {
    handles: usize,
    locks: Locks,
    shm: Option<Arc<Shm>>,
}

/// An open file of SQLite's.
pub(crate) struct Handle {
    disk: Arc<Shared>,
    id: HandleId,
    node: Node,
    life: u64,
    path: String,
    /// The first sync of a new log or journal also syncs its folder, as SQLite's Unix layer does.
    names_unsynced: bool,
    delete_on_close: bool,
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

impl Handle {
    /// The disk's state, if the file was opened in this life of the disk.
    fn alive(&self) -> Result<MutexGuard<'_, State>, Code> {
        let state = self.disk.state();
        match state.life == self.life {
            true => Ok(state),
            false => Err(ffi::SQLITE_IOERR),
        }
    }

    /// Reads as much as there is; answers how much that was.
    pub(crate) fn read(&self, offset: usize, into: &mut [u8]) -> Result<usize, Code> {
        let mut state = self.alive()?;
        if state.faults.fate(Call::Read).is_some() {
            return Err(ffi::SQLITE_IOERR_READ);
        }
        let bytes = state.model.bytes(self.node);
        let there = bytes.get(offset..).unwrap_or_default();
        let n = there.len().min(into.len());
        into[..n].copy_from_slice(&there[..n]);
        into[n..].fill(0);
        Ok(n)
    }

    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), Code> {
        let mut state = self.alive()?;
        let fate = state.faults.fate(Call::Write);
        let room = state.room(self.node, offset, bytes.len());
        let (part, answer) = match fate {
            None if room == bytes.len() => (room, Ok(())),
            None => {
                state.faults.fired += 1;
                (room, Err(ffi::SQLITE_FULL))
            }
            Some(Effect::Full) => (room.min(bytes.len() / 2), Err(ffi::SQLITE_FULL)),
            Some(_) => (room.min(bytes.len() / 2), Err(ffi::SQLITE_IOERR_WRITE)),
        };
        if part > 0 {
            state.apply(Op::Write {
                node: self.node,
                offset,
                bytes: bytes[..part].into(),
            });
        }
        answer
    }

    pub(crate) fn resize(&self, size: usize) -> Result<(), Code> {
        let mut state = self.alive()?;
        if state.faults.fate(Call::Resize).is_some() {
            return Err(ffi::SQLITE_IOERR_TRUNCATE);
        }
        if state.model.bytes(self.node).len() != size {
            state.apply(Op::Resize {
                node: self.node,
                size,
            });
        }
        Ok(())
    }

    pub(crate) fn sync(&mut self) -> Result<(), Code> {
        let fate = self.alive()?.faults.fate(Call::Sync);
        match fate {
            Some(Effect::Lie) => return Ok(()),
            Some(_) => {
                self.alive()?.lose(self.node);
                return Err(ffi::SQLITE_IOERR_FSYNC);
            }
            None => {}
        }
        let names = std::mem::take(&mut self.names_unsynced).then(|| self.path.clone());
        self.alive()?.apply(Op::Sync {
            node: self.node,
            names,
        });
        Ok(())
    }

    pub(crate) fn size(&self) -> Result<usize, Code> {
        Ok(self.alive()?.model.bytes(self.node).len())
    }

    pub(crate) fn lock(&self, level: c_int) -> Result<bool, Code> {
        Ok(self.on_locks(|locks| locks.raise(self.id, level))?)
    }

    pub(crate) fn unlock(&self, level: c_int) -> Result<(), Code> {
        self.on_locks(|locks| locks.lower(self.id, level))
    }

    pub(crate) fn is_reserved(&self) -> Result<bool, Code> {
        self.on_locks(|locks| locks.is_reserved())
    }

    pub(crate) fn shm_lock(&self, first: usize, n: usize, flags: c_int) -> Result<bool, Code> {
        self.on_locks(|locks| locks.slots(self.id, first, n, flags))
    }

    fn on_locks<T>(&self, f: impl FnOnce(&mut Locks) -> T) -> Result<T, Code> {
        let mut state = self.alive()?;
        Ok(f(&mut state.open.entry(self.node).or_default().locks))
    }

    /// The address of a region of the shared memory. It stays until the file is closed.
    pub(crate) fn shm_region(
        &mut self,
        n: usize,
        size: usize,
        extend: bool,
    ) -> Result<Option<*mut u8>, Code> {
        let shm = match &self.shm {
            Some(shm) => shm.clone(),
            None => {
                let mut state = self.alive()?;
                let open = state.open.entry(self.node).or_default();
                open.shm.get_or_insert_default().clone()
            }
        };
        let region = shm.region(n, size, extend);
        self.shm = Some(shm);
        region.map_err(|_| ffi::SQLITE_NOMEM)
    }

    /// The last one who lets go of the shared memory ends it.
    pub(crate) fn shm_unmap(&mut self) {
        self.shm = None;
        let mut state = self.disk.state();
        if let Some(open) = state.open.get_mut(&self.node) {
            // Of another life, if this file is dead: then somebody else holds it.
            open.shm.take_if(|shm| Arc::strong_count(shm) == 1);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let Ok(mut state) = self.alive() else {
            return;
        };
        if let Some(open) = state.open.get_mut(&self.node) {
            open.locks.release(self.id);
            open.handles -= 1;
            if open.handles == 0 {
                state.open.remove(&self.node);
            }
        }
        if self.delete_on_close {
            state.apply(Op::Delete {
                path: self.path.clone(),
                synced: false,
            });
        }
        let State { model, open, .. } = &mut *state;
        model.forget_unnamed(|node| open.contains_key(&node));
    }
}
