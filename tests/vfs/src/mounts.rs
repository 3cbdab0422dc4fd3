//! Which folders are disks in memory.

use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use crate::disk::Shared;

static MOUNTS: RwLock<Vec<Arc<Shared>>> = RwLock::new(Vec::new());

pub(crate) fn add(disk: &Arc<Shared>) -> io::Result<()> {
    let mut mounts = MOUNTS.write().unwrap_or_else(PoisonError::into_inner);
    if mounts.iter().any(|other| other.folder() == disk.folder()) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    mounts.push(disk.clone());
    Ok(())
}

pub(crate) fn remove(disk: &Arc<Shared>) {
    let mut mounts = MOUNTS.write().unwrap_or_else(PoisonError::into_inner);
    mounts.retain(|other| !Arc::ptr_eq(other, disk));
}

/// The disk on which `path` lies, the innermost one, and the path on it.
pub(crate) fn find(path: &str) -> Option<(Arc<Shared>, String)> {
    let mounts = MOUNTS.read().unwrap_or_else(PoisonError::into_inner);
    let disks = mounts.iter().filter_map(|disk| {
        let inside = Path::new(path).strip_prefix(disk.folder()).ok()?.to_str()?;
        Some((disk.clone(), inside.to_owned()))
    });
    disks.min_by_key(|(_, inside)| inside.len())
}
