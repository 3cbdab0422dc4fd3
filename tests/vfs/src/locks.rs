//! Who holds which of SQLite's locks: the five levels of a database file, and the eight slots of its shared memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::c_int;

use rusqlite::ffi;

/// Number of an open file.
pub(crate) type HandleId = u64;

const SLOTS: usize = ffi::SQLITE_SHM_NLOCK as usize;

/// The locks of one file.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    levels: BTreeMap<HandleId, c_int>,
    shared: [BTreeSet<HandleId>; SLOTS],
    exclusive: [Option<HandleId>; SLOTS],
}

impl Locks {
    fn highest_of_others(&self, me: HandleId) -> c_int {
        let others = self.levels.iter().filter(|(id, _)| **id != me);
        others.map(|(_, level)| *level).max().unwrap_or(0)
    }

    /// Raises to SHARED, RESERVED or EXCLUSIVE. False if another one is in the way.
    pub(crate) fn raise(&mut self, me: HandleId, want: c_int) -> bool {
        let mine = self.levels.get(&me).copied().unwrap_or(0);
        if mine >= want {
            return true;
        }
        let others = self.highest_of_others(me);
        let limit = match want {
            ffi::SQLITE_LOCK_SHARED => ffi::SQLITE_LOCK_PENDING,
            ffi::SQLITE_LOCK_RESERVED => ffi::SQLITE_LOCK_RESERVED,
            _ => ffi::SQLITE_LOCK_SHARED,
        };
        let free = others < limit;
        if free {
            self.levels.insert(me, want);
        } else if want == ffi::SQLITE_LOCK_EXCLUSIVE && others < ffi::SQLITE_LOCK_RESERVED {
            // Readers are left: no new ones from now on.
            self.levels.insert(me, ffi::SQLITE_LOCK_PENDING);
        }
        free
    }

    /// Lowers to SHARED or NONE.
    pub(crate) fn lower(&mut self, me: HandleId, want: c_int) {
        match want {
            ffi::SQLITE_LOCK_NONE => self.levels.remove(&me),
            _ => self.levels.insert(me, want),
        };
    }

    /// Whether anybody holds RESERVED or more.
    pub(crate) fn is_reserved(&self) -> bool {
        let mut levels = self.levels.values();
        levels.any(|level| *level >= ffi::SQLITE_LOCK_RESERVED)
    }

    /// Takes or gives back slots of the shared memory. False if another one is in the way.
    pub(crate) fn slots(&mut self, me: HandleId, first: usize, n: usize, flags: c_int) -> bool {
        let slots = first..(first + n).min(SLOTS);
        let shared = flags & ffi::SQLITE_SHM_SHARED != 0;
        if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
            for slot in slots {
                self.shared[slot].remove(&me);
                self.exclusive[slot].take_if(|by| *by == me);
            }
            return true;
        }
        let free = slots.clone().all(|slot| {
            let exclusive = self.exclusive[slot].is_none_or(|by| by == me);
            exclusive && (shared || self.shared[slot].iter().all(|by| *by == me))
        });
        if free {
            for slot in slots {
                match shared {
                    true => drop(self.shared[slot].insert(me)),
                    false => self.exclusive[slot] = Some(me),
                }
            }
        }
        free
    }

    /// Lets go of everything.
    pub(crate) fn release(&mut self, me: HandleId) {
        self.levels.remove(&me);
        let all = ffi::SQLITE_SHM_UNLOCK;
        self.slots(me, 0, SLOTS, all);
    }
}
