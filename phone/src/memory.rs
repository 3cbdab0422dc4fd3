//! The GNU allocator, told to give back what is freed as those of phones do: it would keep the nine megabytes in which a PIN
//! was stretched, and a heap for each thread that once took part in a sync. Knows nothing of phones.
// The settings of the allocator have no other door.
#![allow(unsafe_code)]

/// From this size on, what is freed goes back to the system at once; so does that much at the end of a heap.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const GIVEN_BACK_BYTES: i32 = 256 << 10;
/// One heap for the thread that reads commands, one for those of syncs, which take turns.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAPS: i32 = 2;

/// To be called before any other thread is there.
pub(crate) fn give_back_what_is_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (setting, value) in [
        (libc::M_MMAP_THRESHOLD, GIVEN_BACK_BYTES),
        (libc::M_TRIM_THRESHOLD, GIVEN_BACK_BYTES),
        (libc::M_ARENA_MAX, HEAPS),
    ] {
        // SAFETY: it takes two numbers, and refuses what it does not know.
        unsafe {
            libc::mallopt(setting, value);
        }
    }
}
