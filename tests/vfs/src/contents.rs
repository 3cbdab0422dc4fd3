//! Whole files: what a disk holds, taken from one and put on another.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Whole files by their path in the disk's folder. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents(pub(crate) BTreeMap<String, Arc<Vec<u8>>>);

impl Contents {
    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A file's bytes.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(|bytes| bytes.as_slice())
    }

    /// Adds a file, or replaces it.
    pub fn insert(&mut self, path: &str, bytes: Vec<u8>) {
        self.0.insert(path.to_owned(), Arc::new(bytes));
    }

    /// The files below `folder`, by their path in it.
    pub fn below(&self, folder: &str) -> Self {
        let inside = self.0.iter().filter_map(|(path, bytes)| {
            let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
            Some((rest.to_owned(), bytes.clone()))
        });
        Self(inside.collect())
    }

    /// Puts `other` below `folder`, in place of whatever was there.
    pub fn replace_below(&mut self, folder: &str, other: &Self) {
        let prefix = format!("{folder}/");
        self.0.retain(|path, _| !path.starts_with(&prefix));
        for (path, bytes) in &other.0 {
            self.0.insert(format!("{prefix}{path}"), bytes.clone());
        }
    }

    /// Bytes of all files.
    pub fn total(&self) -> u64 {
        self.0.values().map(|bytes| bytes.len() as u64).sum()
    }
}
