//! An upload from its creation to the whole file. Blocks.

use std::io::{self, Read};

use xunge_planted::Bug;
use xunge_protocol::{Hash32, Timestamp};

use super::{MediaFailure, files};
use crate::relay::Relay;
use crate::store::{Claim, MediaOwner, StoreError, UploadRow};

/// An upload is forgotten so long after its last byte.
const LIFETIME_MILLIS: i64 = 7 * DAY_MILLIS;
const DAY_MILLIS: i64 = 86_400_000;

fn expiry(now: Timestamp) -> Timestamp {
    now.plus_millis(LIFETIME_MILLIS)
}

/// Begins an upload of `length` bytes, or finds the one that the same phone began: a phone's is named by the hash, so
/// that it is found again when the answer was lost. A program's gets a random name.
pub(super) fn create(
    relay: &Relay,
    owner: MediaOwner,
    claimed: Option<Hash32>,
    length: u64,
) -> Result<UploadRow, MediaFailure> {
    if length > relay.config.max_media_bytes as u64 {
        return Err(MediaFailure::TooLarge);
    }
    let now = relay.now();
    let quota = relay.config.media_bytes_per_day;
    let random = Hash32(relay.env.random::<32>());
    let begun = relay.store.write_claiming(Claim::default(), move |tx| {
        tx.delete_expired_uploads(now)?;
        let name = match (owner, claimed) {
            (MediaOwner::Writer(_), Some(hash)) => hash,
            _ => random,
        };
        let mut row = UploadRow {
            owner,
            name,
            claimed,
            length,
            received: 0,
            hash: None,
            expires_at: expiry(now),
        };
        if let MediaOwner::Writer(_) = owner {
            if let Some(whole) = tx.media(name)? {
                row.length = whole.bytes;
                row.received = whole.bytes;
                row.hash = Some(name);
                return Ok(row);
            }
            let begun = tx.upload(owner, name)?;
            if let Some(begun) = begun.filter(|b| b.length == length && b.hash.is_none()) {
                return Ok(begun);
            }
        }
        let since = now.plus_millis(-DAY_MILLIS);
        if tx.media_bytes_of(owner, since)?.saturating_add(length) > quota {
            return Err(MediaFailure::Quota);
        }
        tx.insert_upload(&row)?;
        Ok(row)
    })?;
    finish_if_complete(relay, begun)
}

/// Where an upload stands; a whole file that somebody else sent is found by its hash too.
pub(super) fn find(
    relay: &Relay,
    owner: MediaOwner,
    name: Hash32,
) -> Result<UploadRow, MediaFailure> {
    let now = relay.now();
    let (upload, whole) = relay
        .store
        .read(|tx| Ok::<_, StoreError>((tx.upload(owner, name)?, tx.media(name)?)))?;
    match (upload, whole) {
        (_, Some(whole)) => Ok(UploadRow {
            owner,
            name,
            claimed: Some(name),
            length: whole.bytes,
            received: whole.bytes,
            hash: Some(name),
            expires_at: expiry(now),
        }),
        (Some(upload), None) if upload.expires_at < now => Err(MediaFailure::Expired),
        (Some(upload), None) => finish_if_complete(relay, upload),
        (None, None) => Err(MediaFailure::NoSuchFile),
    }
}

/// Adds bytes at `at`. They are durable when this returns.
pub(super) fn append(
    relay: &Relay,
    owner: MediaOwner,
    name: Hash32,
    at: u64,
    content: Vec<u8>,
) -> Result<(), MediaFailure> {
    let expires_at = expiry(relay.now());
    let moved = relay
        .store
        .write_claiming::<_, StoreError>(Claim::default(), move |tx| {
            tx.append_upload(owner, name, at, &content, expires_at)
        })?;
    moved.then_some(()).ok_or(MediaFailure::Offset)
}

/// Drops an upload that is under way.
pub(super) fn terminate(
    relay: &Relay,
    owner: MediaOwner,
    name: Hash32,
) -> Result<(), MediaFailure> {
    relay.store.write_claiming(Claim::default(), move |tx| {
        let upload = tx.upload(owner, name)?.ok_or(MediaFailure::NoSuchFile)?;
        if upload.hash.is_some() {
            return Err(MediaFailure::Whole);
        }
        Ok(tx.delete_upload(owner, name)?)
    })
}

/// Makes the file of an upload whose bytes are all there. Repeating it does nothing; so a relay that was killed between
/// the last byte and the file goes on where it was.
pub(super) fn finish_if_complete(
    relay: &Relay,
    mut upload: UploadRow,
) -> Result<UploadRow, MediaFailure> {
    if upload.hash.is_some() || upload.received < upload.length {
        return Ok(upload);
    }
    let (owner, name) = (upload.owner, upload.name);
    let mut parts = Parts::new(relay, owner, name);
    let mut sealed = files::seal(relay, owner, &mut parts)?;
    if let (Some(claimed), true) = (
        upload.claimed,
        xunge_planted::is_on(Bug::MediaCompleteWithoutHash),
    ) {
        sealed.row.hash = claimed;
    }
    let right = upload
        .claimed
        .is_none_or(|claimed| claimed == sealed.row.hash)
        && sealed.row.bytes == upload.length;
    let row = sealed.row.clone();
    let kept = relay
        .store
        .write_claiming::<_, StoreError>(Claim::default(), move |tx| {
            match tx.upload(owner, name)? {
                // Finished, or dropped, by another request meanwhile: its parts were not there to be read.
                Some(UploadRow {
                    hash: Some(hash), ..
                }) => return Ok((false, Some(hash))),
                None => return Ok((false, None)),
                Some(_) => {}
            }
            if !right {
                tx.delete_upload(owner, name)?;
                return Ok((false, None));
            }
            let new = tx.insert_media(&row)?;
            tx.finish_upload(owner, name, row.hash)?;
            Ok((new, Some(row.hash)))
        });
    if !matches!(kept, Ok((true, _))) {
        files::remove_file(relay, &sealed.row);
    }
    upload.hash = kept?.1;
    if upload.hash.is_none() {
        return Err(MediaFailure::WrongHash);
    }
    relay.notify();
    Ok(upload)
}

/// The parts of an upload, one after the other; one is in memory at a time.
struct Parts<'a> {
    relay: &'a Relay,
    owner: MediaOwner,
    name: Hash32,
    next: u64,
    part: io::Cursor<Vec<u8>>,
}

impl<'a> Parts<'a> {
    fn new(relay: &'a Relay, owner: MediaOwner, name: Hash32) -> Self {
        Self {
            relay,
            owner,
            name,
            next: 0,
            part: io::Cursor::default(),
        }
    }
}

impl Read for Parts<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.part.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            let (owner, name, next) = (self.owner, self.name, self.next);
            let part = self
                .relay
                .store
                .read::<_, StoreError>(|tx| tx.upload_part(owner, name, next))
                .map_err(io::Error::other)?;
            match part {
                Some(part) if !part.is_empty() => {
                    self.next += part.len() as u64;
                    self.part = io::Cursor::new(part);
                }
                _ => return Ok(0),
            }
        }
    }
}
