//! Media in a folder: on the node's own disk, or on one that nodes share.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{Content, Source, Storage, file_error};
use crate::store::StoreResult;

/// Ending of a file that is being written.
const BESIDE: &str = "part";

pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn at(root: &Path) -> Self {
        Self { root: root.into() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

impl Storage for Folder {
    /// Writes beside the target, syncs, and renames.
    fn put(&self, name: &str, write: Content<'_>) -> StoreResult<()> {
        let target = self.path(name);
        write_whole(&target, write).map_err(|e| file_error(target.display(), e))
    }

    fn open(&self, name: &str) -> StoreResult<Box<dyn Source>> {
        let path = self.path(name);
        let file = fs::File::open(&path).map_err(|e| file_error(path.display(), e))?;
        Ok(Box::new(file))
    }

    fn remove(&self, name: &str) -> StoreResult<()> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(file_error(path.display(), e)),
            _ => Ok(()),
        }
    }

    fn names(&self) -> StoreResult<Vec<String>> {
        let mut names = Vec::new();
        collect(&self.root, &self.root, &mut names)
            .map_err(|e| file_error(self.root.display(), e))?;
        Ok(names)
    }

    fn check(&self) -> StoreResult<()> {
        fs::create_dir_all(&self.root).map_err(|e| file_error(self.root.display(), e))
    }
}

fn write_whole(target: &Path, write: Content<'_>) -> io::Result<()> {
    let folder = target.parent().unwrap_or(target);
    fs::create_dir_all(folder)?;
    let beside = target.with_extension(BESIDE);
    let mut file = fs::File::create(&beside)?;
    let written = write(&mut file)
        .and_then(|()| file.flush())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, target));
    if written.is_err() {
        // Nothing refers to the half file; if it cannot be removed either, it is only lost space.
        let _ = fs::remove_file(&beside);
    }
    written?;
    fs::File::open(folder)?.sync_all()
}

/// The whole files under `dir`, with their path relative to `root`.
fn collect(root: &Path, dir: &Path, names: &mut Vec<String>) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, names)?;
        } else if path.extension().is_none_or(|ending| ending != BESIDE)
            && let Ok(relative) = path.strip_prefix(root)
        {
            names.push(relative.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
