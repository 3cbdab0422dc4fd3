//! The shared memory of a write-ahead log: regions at addresses that stay.

use std::collections::TryReserveError;
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

/// The regions of one database, for all who have it open.
#[derive(Debug, Default)]
pub(crate) struct Shm(Mutex<Vec<Region>>);

/// A region that SQLite reads and writes through its address, from several threads, under its own locks and barriers.
#[derive(Debug)]
struct Region {
    // Words, for the alignment that SQLite wants.
    words: NonNull<[u64]>,
}

// SAFETY: nothing here reads or writes through the address; it is SQLite that does, with locks and barriers of its own.
unsafe impl Send for Region {}

impl Shm {
    /// The address of region `n`, made of zeros if `extend`. None if there is none.
    pub(crate) fn region(
        &self,
        n: usize,
        size: usize,
        extend: bool,
    ) -> Result<Option<*mut u8>, TryReserveError> {
        let mut regions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while extend && regions.len() <= n {
            let mut words = Vec::new();
            words.try_reserve_exact(size.div_ceil(8))?;
            words.resize(size.div_ceil(8), 0u64);
            let words = NonNull::from(Box::leak(words.into_boxed_slice()));
            regions.push(Region { words });
        }
        Ok(regions.get(n).map(|r| r.words.as_ptr().cast()))
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: the address came from `Box::leak` and is given back once; whoever had the file open held the `Shm`.
        drop(unsafe { Box::from_raw(self.words.as_ptr()) });
    }
}
