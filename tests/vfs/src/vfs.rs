//! The layer that SQLite calls for names: files of mounted folders go to their disk, all others to the layer that was
//! SQLite's own.

use std::ffi::{CStr, c_char, c_int};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::ffi;

use crate::chance::Chance;
use crate::disk::Shared;
use crate::{file, mounts};

/// Name of the layer, for `open_with_flags_and_vfs`.
pub const NAME: &CStr = c"xunge-disk";

/// Who goes through the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything in this process that names no other layer: programs under test need not know of it.
    Default,
    /// Only who asks for [`NAME`].
    Named,
}

/// SQLite would not take the layer.
#[derive(Debug)]
pub struct NotRegistered(c_int);

impl std::fmt::Display for NotRegistered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SQLite answers {} to a new VFS", self.0)
    }
}

impl std::error::Error for NotRegistered {}

struct Layer {
    /// What SQLite knows as [`NAME`]; lives as long as the process.
    ours: *mut ffi::sqlite3_vfs,
    /// What was the default before.
    below: *mut ffi::sqlite3_vfs,
}

// SAFETY: both point to layers that live as long as the process, are not changed by us after they were registered, and
// are guarded by SQLite's own locks.
unsafe impl Send for Layer {}
// SAFETY: as above.
unsafe impl Sync for Layer {}

static LAYER: OnceLock<Option<Layer>> = OnceLock::new();

/// Makes the layer known to SQLite; repeating it is safe, and may change the role.
///
/// # Errors
/// SQLite has no layer of its own, or does not take this one.
pub fn register(role: Role) -> Result<(), NotRegistered> {
    let layer = LAYER.get_or_init(make).as_ref();
    let layer = layer.ok_or(NotRegistered(ffi::SQLITE_ERROR))?;
    // SAFETY: `ours` is a complete layer that lives as long as the process.
    match unsafe { ffi::sqlite3_vfs_register(layer.ours, c_int::from(role == Role::Default)) } {
        ffi::SQLITE_OK => Ok(()),
        code => Err(NotRegistered(code)),
    }
}

fn make() -> Option<Layer> {
    // SAFETY: a null name asks for the default layer, and sets SQLite up if need be.
    let below = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
    // SAFETY: SQLite answers null or a layer that lives as long as the process.
    let below_ref = unsafe { below.as_ref() }?;
    // The functions that are kept look at nothing of their layer but `pAppData` and `mxPathname`.
    let ours = ffi::sqlite3_vfs {
        szOsFile: below_ref.szOsFile.max(file::SIZE),
        pNext: std::ptr::null_mut(),
        zName: NAME.as_ptr(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xRandomness: Some(randomness),
        ..*below_ref
    };
    Some(Layer {
        ours: Box::into_raw(Box::new(ours)),
        below,
    })
}

/// The layer below. SQLite calls our functions only after [`make`] has found it.
fn below() -> Option<(*mut ffi::sqlite3_vfs, &'static ffi::sqlite3_vfs)> {
    let layer = LAYER.get()?.as_ref()?;
    // SAFETY: it lives as long as the process, and nobody changes it.
    Some((layer.below, unsafe { &*layer.below }))
}

/// The disk of a name, and the name on it.
///
/// # Safety
/// `name` is null or a C string.
unsafe fn on_a_disk(name: *const c_char) -> Option<(std::sync::Arc<Shared>, String)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: not null, so it is a C string, as the caller promises.
    mounts::find(unsafe { CStr::from_ptr(name) }.to_str().ok()?)
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives null or a C string.
    let Some((disk, path)) = (unsafe { on_a_disk(name) }) else {
        return match below().and_then(|(below, functions)| Some((below, functions.xOpen?))) {
            // SAFETY: the arguments are SQLite's own, and `file` has room for this layer's files as well.
            Some((below, open)) => unsafe { open(below, name, file, flags, out_flags) },
            None => ffi::SQLITE_ERROR,
        };
    };
    match disk.open(&path, flags) {
        Ok(handle) => {
            // SAFETY: `file` has room for `szOsFile` bytes, and `out_flags` is null or may be written.
            unsafe {
                file::begin(file, handle);
                if let Some(out) = out_flags.as_mut() {
                    *out = flags;
                }
            }
            ffi::SQLITE_OK
        }
        Err(code) => {
            // SAFETY: as above. Without methods SQLite will not close it.
            unsafe { (*file).pMethods = std::ptr::null() };
            code
        }
    }
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    // SAFETY: SQLite gives a C string.
    if let Some((disk, path)) = unsafe { on_a_disk(name) } {
        return match disk.delete(&path, sync_folder & 1 != 0) {
            Ok(()) => ffi::SQLITE_OK,
            Err(code) => code,
        };
    }
    match below().and_then(|(below, functions)| Some((below, functions.xDelete?))) {
        // SAFETY: the arguments are SQLite's own.
        Some((below, delete)) => unsafe { delete(below, name, sync_folder) },
        None => ffi::SQLITE_ERROR,
    }
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a C string.
    if let Some((disk, path)) = unsafe { on_a_disk(name) } {
        // SAFETY: SQLite gives a place for the answer.
        unsafe { *out = disk.exists(&path).into() };
        return ffi::SQLITE_OK;
    }
    match below().and_then(|(below, functions)| Some((below, functions.xAccess?))) {
        // SAFETY: the arguments are SQLite's own.
        Some((below, access)) => unsafe { access(below, name, flags, out) },
        None => ffi::SQLITE_ERROR,
    }
}

/// From which SQLite's generator is seeded; 0: from the operating system.
static SEED: AtomicU64 = AtomicU64::new(0);

/// From here on SQLite's own generator (salts of logs, row ids, `random()`) follows `seed`, in the whole process: for tests
/// in one thread. 0 gives the operating system's randomness back. SQLCipher has a generator of its own.
pub fn seed_sqlite(seed: u64) {
    SEED.store(seed, Ordering::SeqCst);
    // SAFETY: no bytes wanted and no buffer given makes SQLite seed itself anew at the next use.
    unsafe { ffi::sqlite3_randomness(0, std::ptr::null_mut()) };
}

unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, n: c_int, out: *mut c_char) -> c_int {
    let seed = SEED.load(Ordering::SeqCst);
    if seed == 0 {
        return match below().and_then(|(below, functions)| Some((below, functions.xRandomness?))) {
            // SAFETY: the arguments are SQLite's own.
            Some((below, randomness)) => unsafe { randomness(below, n, out) },
            None => 0,
        };
    }
    let mut chance = Chance::new(seed);
    // SAFETY: SQLite gives room for `n` bytes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(out.cast::<u8>(), n.max(0) as usize) };
    bytes.fill_with(|| chance.next() as u8);
    n
}
