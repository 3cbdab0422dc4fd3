//! Whole files: sealed with a key of their own, on disk under their final name before they have a row. Blocks.

use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use xunge_protocol::Hash32;
use xunge_records::sealed_file;
use zeroize::Zeroizing;

use super::{MediaFailure, media_type};
use crate::relay::Relay;
use crate::store::{Claim, MediaOwner, MediaRow, StoreError};

/// First bytes of a file that say its type.
const MAGIC: usize = 16;

/// A file that is whole on disk and has no row yet.
pub(super) struct Sealed {
    pub(super) row: MediaRow,
}

/// Where a sealed file lies: in one of 256 folders, so that none grows too large to list.
fn path(relay: &Relay, file: &str) -> PathBuf {
    relay
        .media_dir()
        .join(&file[..2.min(file.len())])
        .join(file)
}

/// Seals everything that `content` gives into a new file.
pub(super) fn seal(
    relay: &Relay,
    owner: MediaOwner,
    content: &mut dyn Read,
) -> Result<Sealed, MediaFailure> {
    let key = Zeroizing::new(relay.env.random::<32>());
    let file = hex::encode(relay.env.random::<16>());
    let target = path(relay, &file);
    let (mut digest, mut bytes, mut first) = (Sha256::new(), 0u64, Vec::new());
    let mut seen = |piece: &[u8]| {
        if first.len() < MAGIC {
            first.extend_from_slice(&piece[..piece.len().min(MAGIC)]);
        }
        digest.update(piece);
        bytes += piece.len() as u64;
    };
    write_whole(&target, |out| {
        sealed_file::seal(&key, content, out, &mut seen).map_err(|error| match error {
            sealed_file::SealError::Io(error) => error,
            other => io::Error::other(other),
        })
    })
    .map_err(|e| file_error(&target, e))?;
    Ok(Sealed {
        row: MediaRow {
            hash: Hash32(digest.finalize().into()),
            mime: media_type(&first).into(),
            bytes,
            owner,
            file,
            key,
            created_at: relay.now(),
        },
    })
}

/// Keeps a whole file; repeating it is no error. Durable when this returns.
pub fn keep(relay: &Relay, owner: MediaOwner, content: &[u8]) -> Result<Hash32, MediaFailure> {
    let hash = Hash32::of(content);
    if relay.store.read(|tx| tx.media(hash))?.is_some() {
        return Ok(hash);
    }
    let sealed = seal(relay, owner, &mut &*content)?;
    let row = sealed.row.clone();
    let kept = relay
        .store
        .write_claiming::<_, StoreError>(Claim::default(), move |tx| tx.insert_media(&row));
    if !matches!(kept, Ok(true)) {
        remove_file(relay, &sealed.row);
    }
    kept?;
    relay.notify();
    Ok(hash)
}

/// A whole file by its hash.
pub(super) fn find(relay: &Relay, hash: Hash32) -> Result<MediaRow, MediaFailure> {
    relay
        .store
        .read(|tx| tx.media(hash))?
        .ok_or(MediaFailure::NoSuchFile)
}

/// Some bytes of a whole file.
pub(super) fn read(
    relay: &Relay,
    row: &MediaRow,
    range: Range<u64>,
) -> Result<Vec<u8>, MediaFailure> {
    let source = path(relay, &row.file);
    let mut file = fs::File::open(&source).map_err(|e| file_error(&source, e))?;
    let mut out = Vec::with_capacity((range.end - range.start) as usize);
    sealed_file::open_range(&row.key, &mut file, row.bytes, range, &mut out)?;
    Ok(out)
}

/// All bytes of a whole file.
///
/// # Errors
/// [`MediaFailure::NoSuchFile`] if it has not arrived.
pub fn read_all(relay: &Relay, hash: Hash32) -> Result<Vec<u8>, MediaFailure> {
    let row = find(relay, hash)?;
    read(relay, &row, 0..row.bytes)
}

/// Removes the sealed file of a row that is gone. A file that stays is only lost space: its key went with the row.
pub fn remove_file(relay: &Relay, row: &MediaRow) {
    let _ = fs::remove_file(path(relay, &row.file));
}

/// Writes beside the target, syncs, and renames: the target is whole or not there.
fn write_whole(
    target: &Path,
    write: impl FnOnce(&mut fs::File) -> io::Result<()>,
) -> io::Result<()> {
    let folder = target.parent().unwrap_or(target);
    fs::create_dir_all(folder)?;
    let beside = target.with_extension("part");
    let mut file = fs::File::create_new(&beside)?;
    let written = write(&mut file)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, target));
    if written.is_err() {
        // Nothing refers to the half file; if it cannot be removed either, it is only lost space.
        let _ = fs::remove_file(&beside);
    }
    written?;
    fs::File::open(folder)?.sync_all()
}

fn file_error(path: &Path, source: io::Error) -> StoreError {
    StoreError::File {
        path: path.display().to_string(),
        source,
    }
}
