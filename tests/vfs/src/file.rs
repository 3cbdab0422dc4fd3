//! The functions that SQLite calls on an open file of a disk.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::{Ordering, fence};

use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64};

use crate::disk::{Code, Handle};

/// What lies in the room that SQLite gives for a file.
#[repr(C)]
struct File {
    base: sqlite3_file,
    handle: *mut Handle,
}

/// Bytes of that room.
pub(crate) const SIZE: c_int = size_of::<File>() as c_int;

const SECTOR: c_int = 4096;

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(resize),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(is_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Makes `file` an open file.
///
/// # Safety
/// `file` has room for [`SIZE`] bytes.
pub(crate) unsafe fn begin(file: *mut sqlite3_file, handle: Handle) {
    let handle = Box::into_raw(Box::new(handle));
    let base = sqlite3_file { pMethods: &METHODS };
    // SAFETY: there is room, as the caller promises.
    unsafe { file.cast::<File>().write(File { base, handle }) };
}

/// The handle of an open file.
///
/// # Safety
/// `file` went through [`begin`] and was not closed. SQLite calls on one file come one after the other.
unsafe fn handle<'a>(file: *mut sqlite3_file) -> &'a mut Handle {
    // SAFETY: as the caller promises, the room holds a `File`, and its handle is not in use elsewhere.
    unsafe { &mut *(*file.cast::<File>()).handle }
}

fn code(result: Result<(), Code>) -> c_int {
    result.err().unwrap_or(ffi::SQLITE_OK)
}

fn taken(result: Result<bool, Code>) -> c_int {
    match result {
        Ok(true) => ffi::SQLITE_OK,
        Ok(false) => ffi::SQLITE_BUSY,
        Err(code) => code,
    }
}

fn place(offset: sqlite3_int64) -> usize {
    usize::try_from(offset).unwrap_or(0)
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes an open file once; the handle came from a box.
    unsafe {
        drop(Box::from_raw((*file.cast::<File>()).handle));
        (*file).pMethods = std::ptr::null();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    into: *mut c_void,
    n: c_int,
    offset: sqlite3_int64,
) -> c_int {
    let wanted = n.max(0) as usize;
    // SAFETY: SQLite gives an open file and room for `n` bytes.
    let (handle, into) = unsafe {
        let into = std::slice::from_raw_parts_mut(into.cast::<u8>(), wanted);
        (handle(file), into)
    };
    match handle.read(place(offset), into) {
        Ok(got) if got == wanted => ffi::SQLITE_OK,
        Ok(_) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(code) => code,
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    n: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite gives an open file and `n` bytes.
    let (handle, bytes) = unsafe {
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), n.max(0) as usize);
        (handle(file), bytes)
    };
    code(handle.write(place(offset), bytes))
}

unsafe extern "C" fn resize(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: SQLite gives an open file.
    code(unsafe { handle(file) }.resize(place(size)))
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    code(unsafe { handle(file) }.sync())
}

unsafe extern "C" fn size(file: *mut sqlite3_file, out: *mut sqlite3_int64) -> c_int {
    // SAFETY: SQLite gives an open file.
    match unsafe { handle(file) }.size() {
        Ok(size) => {
            // SAFETY: SQLite gives a place for the answer.
            unsafe { *out = size as sqlite3_int64 };
            ffi::SQLITE_OK
        }
        Err(code) => code,
    }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    taken(unsafe { handle(file) }.lock(level))
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    code(unsafe { handle(file) }.unlock(level))
}

unsafe extern "C" fn is_reserved(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    match unsafe { handle(file) }.is_reserved() {
        Ok(reserved) => {
            // SAFETY: SQLite gives a place for the answer.
            unsafe { *out = reserved.into() };
            ffi::SQLITE_OK
        }
        Err(code) => code,
    }
}

/// Lets SQLite go on with everything, pragmas included; but the value of one that is held is changed before.
unsafe extern "C" fn control(file: *mut sqlite3_file, op: c_int, arg: *mut c_void) -> c_int {
    if op == ffi::SQLITE_FCNTL_PRAGMA {
        let words = arg.cast::<*mut c_char>();
        // SAFETY: for this call SQLite gives an open file and three strings, the third of which may be null: what it will
        // answer, the pragma's name, its value. They are its own copies.
        unsafe {
            let (name, value) = (*words.add(1), *words.add(2));
            let name = CStr::from_ptr(name).to_str().unwrap_or_default();
            if let Some(held) = handle(file).held_pragma(name)
                && !value.is_null()
                && CStr::from_ptr(value).count_bytes() >= held.len()
            {
                value.copy_from_nonoverlapping(held.as_ptr().cast(), held.len());
                value.add(held.len()).write(0);
            }
        }
    }
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut sqlite3_file) -> c_int {
    SECTOR
}

unsafe extern "C" fn characteristics(_: *mut sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    n: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite gives an open file.
    let handle = unsafe { handle(file) };
    match handle.shm_region(n.max(0) as usize, size.max(0) as usize, extend != 0) {
        Ok(region) => {
            // SAFETY: SQLite gives a place for the answer.
            unsafe { *out = region.map_or(std::ptr::null_mut(), |address| address.cast()) };
            ffi::SQLITE_OK
        }
        Err(code) => code,
    }
}

unsafe extern "C" fn shm_lock(
    file: *mut sqlite3_file,
    first: c_int,
    n: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: SQLite gives an open file.
    let handle = unsafe { handle(file) };
    taken(handle.shm_lock(first.max(0) as usize, n.max(0) as usize, flags))
}

unsafe extern "C" fn shm_barrier(_: *mut sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, _: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    unsafe { handle(file) }.shm_unmap();
    ffi::SQLITE_OK
}
