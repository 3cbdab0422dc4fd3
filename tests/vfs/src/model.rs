//! What a disk holds, as far as programs see it and as far as a power cut would leave it. No locks, no SQLite, no clock.
//!
//! A file is a node; names lead to nodes, and a change of a name is durable only once its folder was synced. Unsynced
//! writes are kept one by one, in order. The rules are those of a disk with 512-byte sectors that keeps bytes which nobody
//! wrote (SQLite's `POWERSAFE_OVERWRITE`, as its Unix layer claims): any subset of the unsynced sectors may be there, and
//! what was written of a sector may be torn or garbage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::chance::Chance;
use crate::contents::Contents;

const SECTOR: usize = 512;

/// Number of a file, whatever its name is now.
pub(crate) type Node = u64;

/// One change of the disk, in the order in which it happened.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Create {
        path: String,
    },
    Write {
        node: Node,
        offset: usize,
        bytes: Arc<[u8]>,
    },
    Resize {
        node: Node,
        size: usize,
    },
    /// `names`: whether the folder of `path` is synced as well.
    Sync {
        node: Node,
        names: Option<String>,
    },
    /// The kernel gave up: what was not written is clean in its eyes, and no later sync writes it.
    SyncFailed {
        node: Node,
        seed: u64,
    },
    /// `synced`: whether the folder is synced as well.
    Delete {
        path: String,
        synced: bool,
    },
    /// Everything is replaced, and durable.
    Replace {
        contents: Contents,
    },
    /// Nothing: a number that the client put between two changes.
    Mark {
        number: u64,
    },
}

impl Op {
    /// Whether an image before it can differ from the one after it.
    pub(crate) fn is_change(&self) -> bool {
        !matches!(self, Self::Mark { .. })
    }
}

#[derive(Debug, Clone)]
enum Change {
    Write { offset: usize, bytes: Arc<[u8]> },
    Resize { size: usize },
}

#[derive(Debug, Clone, Default)]
struct File {
    now: Arc<Vec<u8>>,
    durable: Arc<Vec<u8>>,
    pending: Vec<Change>,
}

/// How much of what is not synced a cut leaves.
#[derive(Debug)]
enum Cut {
    /// Each sector of each write with this chance in 256, torn with another.
    Sectors { keep: usize, torn: usize },
    /// The writes of each file up to some point.
    UpTo,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    files: BTreeMap<Node, File>,
    next: Node,
    names: BTreeMap<String, Node>,
    durable_names: BTreeMap<String, Node>,
    /// What each name came to mean since its folder was synced.
    changed_names: BTreeMap<String, Vec<Option<Node>>>,
}

impl Model {
    pub(crate) fn apply(&mut self, op: &Op) {
        match op {
            Op::Create { path } => {
                let node = self.next;
                self.next += 1;
                self.files.insert(node, File::default());
                self.names.insert(path.clone(), node);
                self.rename(path, Some(node));
            }
            Op::Write {
                node,
                offset,
                bytes,
            } => {
                if let Some(file) = self.files.get_mut(node) {
                    write(Arc::make_mut(&mut file.now), *offset, bytes);
                    file.pending.push(Change::Write {
                        offset: *offset,
                        bytes: bytes.clone(),
                    });
                }
            }
            Op::Resize { node, size } => {
                if let Some(file) = self.files.get_mut(node) {
                    Arc::make_mut(&mut file.now).resize(*size, 0);
                    file.pending.push(Change::Resize { size: *size });
                }
            }
            Op::Sync { node, names } => {
                if let Some(file) = self.files.get_mut(node) {
                    file.settle();
                }
                if let Some(path) = names {
                    self.sync_folder_of(path);
                }
            }
            Op::SyncFailed { node, seed } => {
                if let Some(file) = self.files.get_mut(node) {
                    let mut chance = Chance::new(*seed);
                    let reached = file.image(&Cut::pick(&mut chance), &mut chance);
                    file.durable = Arc::new(reached);
                    file.pending.clear();
                }
            }
            Op::Delete { path, synced } => {
                if self.names.remove(path).is_some() {
                    self.rename(path, None);
                }
                if *synced {
                    self.sync_folder_of(path);
                }
            }
            Op::Replace { contents } => {
                *self = Self::holding(contents, self.next);
            }
            Op::Mark { .. } => {}
        }
    }

    /// A disk on which all of `contents` is durable; its nodes count from `next`.
    pub(crate) fn holding(contents: &Contents, next: Node) -> Self {
        let mut model = Self {
            next,
            ..Self::default()
        };
        for (path, bytes) in &contents.0 {
            let file = File {
                now: bytes.clone(),
                durable: bytes.clone(),
                pending: Vec::new(),
            };
            model.files.insert(model.next, file);
            model.names.insert(path.clone(), model.next);
            model.next += 1;
        }
        model.durable_names = model.names.clone();
        model
    }

    pub(crate) fn find(&self, path: &str) -> Option<Node> {
        self.names.get(path).copied()
    }

    pub(crate) fn bytes(&self, node: Node) -> &[u8] {
        self.files.get(&node).map_or(&[], |file| &file.now)
    }

    /// Bytes of all files, those without a name included.
    pub(crate) fn total(&self) -> usize {
        self.files.values().map(|file| file.now.len()).sum()
    }

    /// What programs see.
    pub(crate) fn contents(&self) -> Contents {
        let files = self
            .names
            .iter()
            .filter_map(|(path, node)| Some((path.clone(), self.files.get(node)?.now.clone())));
        Contents(files.collect())
    }

    /// What a power cut might leave, as `seed` has it.
    pub(crate) fn image(&self, seed: u64) -> Contents {
        let mut chance = Chance::new(seed);
        let cut = Cut::pick(&mut chance);
        let mut contents = Contents::default();
        let paths: BTreeSet<&String> = self
            .durable_names
            .keys()
            .chain(self.changed_names.keys())
            .collect();
        for path in paths {
            let before = self.durable_names.get(path).copied();
            let changes = self.changed_names.get(path).map_or(&[][..], Vec::as_slice);
            let node = match chance.below(changes.len() + 1) {
                0 => before,
                n => changes[n - 1],
            };
            if let Some(file) = node.and_then(|node| self.files.get(&node)) {
                let bytes = match file.pending.is_empty() {
                    true => file.durable.clone(),
                    false => Arc::new(file.image(&cut, &mut chance)),
                };
                contents.0.insert(path.clone(), bytes);
            }
        }
        contents
    }

    /// Forgets files that no name leads to, not even after a cut, and that nobody has open.
    pub(crate) fn forget_unnamed(&mut self, open: impl Fn(Node) -> bool) {
        let changed = self.changed_names.values().flatten().flatten();
        let named: BTreeSet<Node> = self
            .names
            .values()
            .chain(self.durable_names.values())
            .chain(changed)
            .copied()
            .collect();
        self.files
            .retain(|node, _| named.contains(node) || open(*node));
    }

    fn rename(&mut self, path: &str, node: Option<Node>) {
        self.changed_names
            .entry(path.to_owned())
            .or_default()
            .push(node);
    }

    fn sync_folder_of(&mut self, path: &str) {
        let folder = folder_of(path);
        let (synced, waiting) = std::mem::take(&mut self.changed_names)
            .into_iter()
            .partition(|(path, _)| folder_of(path) == folder);
        self.changed_names = waiting;
        let synced: BTreeMap<String, _> = synced;
        for path in synced.into_keys() {
            match self.names.get(&path) {
                Some(node) => self.durable_names.insert(path, *node),
                None => self.durable_names.remove(&path),
            };
        }
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl File {
    /// A sync that worked.
    fn settle(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let durable = Arc::make_mut(&mut self.durable);
        for change in self.pending.drain(..) {
            match change {
                Change::Write { offset, bytes } => write(durable, offset, &bytes),
                Change::Resize { size } => durable.resize(size, 0),
            }
        }
    }

    fn image(&self, cut: &Cut, chance: &mut Chance) -> Vec<u8> {
        let mut bytes = self.durable.to_vec();
        let until = match cut {
            Cut::UpTo => chance.below(self.pending.len() + 1),
            Cut::Sectors { .. } => self.pending.len(),
        };
        for (n, change) in self.pending.iter().enumerate() {
            match (cut, change) {
                (Cut::UpTo, _) if n > until => break,
                // The last one of them is cut in the middle.
                (Cut::UpTo, Change::Write { offset, bytes: new }) if n == until => {
                    let part = chance.below(new.len() / SECTOR + 1) * SECTOR;
                    write(&mut bytes, *offset, &new[..part.min(new.len())]);
                }
                (Cut::UpTo, Change::Write { offset, bytes: new }) => {
                    write(&mut bytes, *offset, new);
                }
                (Cut::UpTo, Change::Resize { size }) => bytes.resize(*size, 0),
                (Cut::Sectors { keep, torn }, Change::Write { offset, bytes: new }) => {
                    for (at, part) in sectors(*offset, new) {
                        if chance.of_256(*keep) {
                            leave(&mut bytes, at, part, *torn, chance);
                        }
                    }
                }
                (Cut::Sectors { keep, .. }, Change::Resize { size }) => {
                    if chance.of_256(*keep) {
                        bytes.resize(*size, 0);
                    }
                }
            }
        }
        bytes
    }
}

impl Cut {
    fn pick(chance: &mut Chance) -> Self {
        let keep = match chance.below(8) {
            0 => 0,
            1 => 256,
            2 | 3 => 128,
            4 | 5 => return Self::UpTo,
            _ => chance.below(257),
        };
        let torn = match chance.below(2) {
            0 => 0,
            _ => chance.below(128),
        };
        Self::Sectors { keep, torn }
    }
}

fn write(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    // A write of nothing does not lengthen a file.
    if bytes.is_empty() {
        return;
    }
    let end = offset + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[offset..end].copy_from_slice(bytes);
}

/// A write, sector by sector.
fn sectors(offset: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let first = SECTOR - offset % SECTOR;
    let (head, rest) = bytes.split_at(first.min(bytes.len()));
    let rest = rest
        .chunks(SECTOR)
        .enumerate()
        .map(move |(n, part)| (offset + first + n * SECTOR, part));
    std::iter::once((offset, head)).chain(rest)
}

/// Writes one sector's part, which may come out torn.
fn leave(file: &mut Vec<u8>, at: usize, part: &[u8], torn: usize, chance: &mut Chance) {
    if !chance.of_256(torn) {
        return write(file, at, part);
    }
    let half = chance.below(part.len() + 1);
    match chance.below(3) {
        0 => write(file, at, &part[..half]),
        1 => write(file, at + half, &part[half..]),
        _ => {
            let garbage: Vec<u8> = part.iter().map(|_| chance.next() as u8).collect();
            write(file, at, &garbage);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(model: &mut Model, node: Node, offset: usize, bytes: &[u8]) {
        model.apply(&Op::Write {
            node,
            offset,
            bytes: bytes.into(),
        });
    }

    fn synced() -> Model {
        let mut model = Model::default();
        model.apply(&Op::Create { path: "a".into() });
        written(&mut model, 0, 0, &[1; 2048]);
        model.apply(&Op::Sync {
            node: 0,
            names: Some("a".into()),
        });
        model
    }

    #[test]
    fn what_is_synced_is_in_every_image() {
        let model = synced();
        for seed in 0..200 {
            assert_eq!(model.image(seed).file("a"), Some(&[1; 2048][..]));
        }
    }

    #[test]
    fn what_is_not_synced_is_there_in_parts_and_never_touches_what_was_not_written() {
        let mut model = synced();
        written(&mut model, 0, 700, &[2; 1000]);
        let images: BTreeSet<Vec<u8>> = (0..500)
            .map(|seed| model.image(seed).file("a").unwrap().to_vec())
            .collect();
        assert!(images.len() > 20, "{}", images.len());
        for image in &images {
            assert_eq!(image.len(), 2048);
            assert!(image[..700].iter().chain(&image[1700..]).all(|b| *b == 1));
        }
        assert!(images.contains(model.bytes(0)));
        assert!(images.contains(&vec![1; 2048]));
    }

    #[test]
    fn a_name_is_durable_once_its_folder_is_synced() {
        let mut model = synced();
        model.apply(&Op::Delete {
            path: "a".into(),
            synced: false,
        });
        let there = |model: &Model, seed| model.image(seed).file("a").is_some();
        let before: BTreeSet<bool> = (0..50).map(|seed| there(&model, seed)).collect();
        assert_eq!(before.len(), 2);
        model.apply(&Op::Create { path: "b".into() });
        model.apply(&Op::Sync {
            node: 1,
            names: Some("b".into()),
        });
        for seed in 0..50 {
            assert!(!there(&model, seed));
            assert!(model.image(seed).file("b").is_some());
        }
    }

    #[test]
    fn what_a_failed_sync_lost_no_later_sync_brings() {
        let lost = (0..50).filter(|seed| {
            let mut model = synced();
            written(&mut model, 0, 0, &[2; 2048]);
            model.apply(&Op::SyncFailed {
                node: 0,
                seed: *seed,
            });
            model.apply(&Op::Sync {
                node: 0,
                names: None,
            });
            assert_eq!(model.bytes(0), &[2; 2048]);
            let image = model.image(1);
            assert_eq!(image, model.image(2));
            image.file("a") != Some(&[2; 2048])
        });
        assert!(lost.count() > 20);
    }
}
