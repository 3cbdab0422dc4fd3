//! Whole files: sealed with a key of their own, in storage under their final name before they have a row. Blocks.

use std::io::{self, Read};
use std::ops::Range;

use sha2::{Digest as _, Sha256};
use xunge_protocol::Hash32;
use xunge_records::sealed_file;
use zeroize::Zeroizing;

use super::{MediaFailure, media_type};
use crate::relay::Relay;
use crate::store::{Claim, MediaOwner, MediaRow, StoreError};

/// First bytes of a file that say its type.
const MAGIC: usize = 16;

/// A file that is whole in storage and has no row yet.
pub(super) struct Sealed {
    pub(super) row: MediaRow,
}

/// The name of a sealed file in storage.
fn name(file: &str) -> String {
    format!("{}/{file}", &file[..2.min(file.len())])
}

/// Seals everything that `content` gives into a new file.
pub(super) fn seal(
    relay: &Relay,
    owner: MediaOwner,
    content: &mut dyn Read,
) -> Result<Sealed, MediaFailure> {
    let key = Zeroizing::new(relay.env.random::<32>());
    let file = hex::encode(relay.env.random::<16>());
    let (mut digest, mut bytes, mut first) = (Sha256::new(), 0u64, Vec::new());
    let mut seen = |piece: &[u8]| {
        if first.len() < MAGIC {
            first.extend_from_slice(&piece[..piece.len().min(MAGIC)]);
        }
        digest.update(piece);
        bytes += piece.len() as u64;
    };
    relay.media().put(&name(&file), &mut |out| {
        sealed_file::seal(&key, content, out, &mut seen).map_err(|error| match error {
            sealed_file::SealError::Io(error) => error,
            other => io::Error::other(other),
        })
    })?;
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
    let mut file = relay.media().open(&name(&row.file))?;
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
    if let Err(error) = relay.media().remove(&name(&row.file)) {
        tracing::warn!(%error, "a sealed file without a key stays");
    }
}
