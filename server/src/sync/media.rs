//! Media files, named by their hash. A file is whole on disk before it has a row, and a row before it is answered for.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use xunge_protocol::media::MediaAuthorization;
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::{Hash32, WriterId};

use super::SyncFailure;
use crate::account::token::{self, TokenRole};
use crate::relay::Relay;
use crate::store::{MediaRow, StoreError, StoreResult};

/// Where a file lies: in one of 256 folders, so that none grows too large to list.
pub fn path(relay: &Relay, hash: Hash32) -> PathBuf {
    let name = hash.to_string();
    relay.media_dir().join(&name[..2]).join(name)
}

/// Checks the `authorization` header of a phone, or of a program with a token of role `media`. Returns the phone's writer,
/// none for a program. Blocks.
pub fn authorized(
    relay: &Relay,
    header: &str,
    method: &str,
    route: &str,
    hash: Hash32,
) -> Result<Option<WriterId>, SyncFailure> {
    let unknown = SyncFailure::Refused(SyncRefusal::UnknownWriter);
    if let Some(token) = header.strip_prefix("Bearer ") {
        let fingerprint = token::fingerprint(token.trim());
        let role = relay.store.read(|tx| tx.token_role(fingerprint))?;
        return match role {
            Some(TokenRole::Media) => Ok(None),
            Some(TokenRole::Export) | None => Err(unknown),
        };
    }
    let authorization = MediaAuthorization::parse(header)?;
    let id = authorization.writer;
    let writer = relay
        .store
        .read(|tx| tx.writer(id))?
        .filter(|w| w.revoked_at.is_none())
        .ok_or(unknown)?;
    authorization.verify(writer.key(), method, route, &hash)?;
    Ok(Some(id))
}

/// The media type that a file's first bytes say, whatever its sender calls it.
pub fn media_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "audio/mp4",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'A',
            b'V',
            b'E',
            ..,
        ] => "audio/wav",
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "audio/webm",
        _ => "application/octet-stream",
    }
}

/// Keeps a whole file; repeating it is no error. `writer` is the phone that sent it. Durable when this returns. Blocks.
///
/// # Errors
/// [`SyncFailure::WrongHash`] if the bytes are not what the name says.
pub fn put(
    relay: &Relay,
    hash: Hash32,
    mime: &str,
    bytes: &[u8],
    writer: Option<WriterId>,
) -> Result<(), SyncFailure> {
    if Hash32::of(bytes) != hash {
        return Err(SyncFailure::WrongHash);
    }
    if relay.store.read(|tx| tx.media(hash))?.is_some() {
        return Ok(());
    }
    let target = path(relay, hash);
    let unique = hex::encode(relay.env.random::<8>());
    write_whole(&target, &unique, bytes).map_err(|e| file_error(&target, e))?;
    let row = MediaRow {
        hash,
        mime: mime.into(),
        bytes: bytes.len() as u64,
        writer,
        created_at: relay.now(),
    };
    relay
        .store
        .write(move |tx| tx.insert_media(&row))
        .map_err(SyncFailure::from)?;
    relay.notify();
    Ok(())
}

/// A whole file with its media type. Blocks.
///
/// # Errors
/// [`SyncFailure::NoSuchFile`] if it has not arrived.
pub fn get(relay: &Relay, hash: Hash32) -> Result<(MediaRow, Vec<u8>), SyncFailure> {
    let row = relay
        .store
        .read(|tx| tx.media(hash))?
        .ok_or(SyncFailure::NoSuchFile)?;
    let source = path(relay, hash);
    let bytes = fs::read(&source).map_err(|e| file_error(&source, e))?;
    Ok((row, bytes))
}

/// Removes a file that no record names any more. Repeating it is no error.
///
/// # Errors
/// The disk's.
pub(crate) fn remove(relay: &Relay, hash: Hash32) -> StoreResult<()> {
    let path = path(relay, hash);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(StoreError::File {
            path: path.display().to_string(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Writes beside the target, syncs, and renames: the target is whole or not there.
fn write_whole(target: &Path, unique: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = target.parent().unwrap_or(target);
    fs::create_dir_all(folder)?;
    let beside = target.with_extension(format!("{unique}.part"));
    let mut file = fs::File::create_new(&beside)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, target));
    if written.is_err() {
        // Nothing refers to the half file; if it cannot be removed either, it is only lost space.
        let _ = fs::remove_file(&beside);
    }
    written?;
    fs::File::open(folder)?.sync_all()
}

fn file_error(path: &Path, source: io::Error) -> SyncFailure {
    StoreError::File {
        path: path.display().to_string(),
        source,
    }
    .into()
}
