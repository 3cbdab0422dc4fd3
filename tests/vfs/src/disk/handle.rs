//! What SQLite does with a file that it has open on a disk.

use std::ffi::c_int;
use std::sync::{Arc, MutexGuard};

use rusqlite::ffi;

use super::{Code, Shared, State};
use crate::fault::{Call, Effect};
use crate::locks::{HandleId, Locks};
use crate::model::{Node, Op};
use crate::shm::Shm;

/// An open file of SQLite's.
pub(crate) struct Handle {
    pub(super) disk: Arc<Shared>,
    pub(super) id: HandleId,
    pub(super) node: Node,
    pub(super) life: u64,
    pub(super) path: String,
    /// The first sync of a new log or journal also syncs its folder, as SQLite's Unix layer does.
    pub(super) names_unsynced: bool,
    pub(super) delete_on_close: bool,
    pub(super) shm: Option<Arc<Shm>>,
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

    /// What SQLite is to hear in place of a pragma's value.
    pub(crate) fn held_pragma(&self, name: &str) -> Option<&'static str> {
        let name = name.to_ascii_lowercase();
        self.alive().ok()?.pragmas.get(name.as_str()).copied()
    }

    pub(crate) fn lock(&self, level: c_int) -> Result<bool, Code> {
        self.on_locks(|locks| locks.raise(self.id, level))
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
