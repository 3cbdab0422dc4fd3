//! Voice and pictures: encrypted files beside the database, their keys in it, found by the hash of what they hold.
//!
//! Own files wait until the record that names them is with the town, and then go up, the smallest first. What the town
//! says to a worker is fetched and kept likewise.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::ops::Range;
use std::path::Path;

use rusqlite::{OptionalExtension as _, Transaction};
use sha2::{Digest as _, Sha256};
use xunge_protocol::{Hash32, RecordId};
use xunge_records::model::media::MEDIA_TYPES;
use xunge_records::{MediaRef, sealed_file};

use super::sync_state::SyncState;
use super::{Store, StoreError};
use crate::disk::WholeFile;

impl Store {
    /// Keeps a file as the worker's own. It is on disk, encrypted, when this returns. One that no record or draft names
    /// is swept away at a later opening.
    pub fn put_media(&self, mime: &str, content: &mut dyn Read) -> Result<MediaRef, StoreError> {
        self.put(mime, content, None)
    }

    /// Keeps a file that was fetched for [`Self::wanted_media`]. Errors: `media_damaged` if it is another one.
    pub fn put_fetched(&self, media: &MediaRef, content: &mut dyn Read) -> Result<(), StoreError> {
        self.put(&media.mime, content, Some(media)).map(|_| ())
    }

    fn put(
        &self,
        mime: &str,
        content: &mut dyn Read,
        expected: Option<&MediaRef>,
    ) -> Result<MediaRef, StoreError> {
        if !MEDIA_TYPES.contains(&mime) {
            return Err(StoreError::MediaType(mime.to_owned()));
        }
        let key: [u8; 32] = self.env.random();
        let name = hex::encode(self.env.random::<16>());
        let path = self.media_folder.join(&name);
        let (mut digest, mut bytes) = (Sha256::new(), 0u64);
        let mut file = WholeFile::create(&path)?;
        sealed_file::seal(&key, content, &mut file, |piece| {
            digest.update(piece);
            bytes += piece.len() as u64;
        })?;
        let media = MediaRef {
            hash: Hash32(digest.finalize().into()),
            mime: mime.to_owned(),
            bytes,
        };
        if expected.is_some_and(|expected| expected.hash != media.hash) {
            return Err(StoreError::DamagedMedia);
        }
        file.commit()?;
        let kept = self.write(|tx| {
            let here: Option<Option<String>> = tx
                .prepare_cached("SELECT file FROM media WHERE hash = ?1")?
                .query_row([media.hash.0], |row| row.get(0))
                .optional()?;
            if let Some(Some(_)) = here {
                return Ok(false);
            }
            tx.prepare_cached(
                "INSERT INTO media (hash, mime, bytes, file, key, mine)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET file = ?4, key = ?5",
            )?
            .execute((
                media.hash.0,
                &media.mime,
                media.bytes.cast_signed(),
                &name,
                key,
                expected.is_none(),
            ))?;
            Ok(true)
        });
        if !matches!(kept, Ok(true)) {
            // The same content is here already, or nothing was kept: the new copy is of no use.
            let _ = fs::remove_file(&path);
        }
        kept.map(|_| media)
    }

    /// The content of a media file.
    pub fn read_media(&self, hash: &Hash32) -> Result<Vec<u8>, StoreError> {
        let mut content = Vec::new();
        self.copy_media(hash, &mut content)?;
        Ok(content)
    }

    /// Writes the content of a media file to `to`, a chunk at a time.
    pub fn copy_media(&self, hash: &Hash32, to: &mut dyn Write) -> Result<(), StoreError> {
        let (name, key, _) = self.sealed(hash)?;
        let mut file = File::open(self.media_folder.join(name))?;
        Ok(sealed_file::open(&key, &mut file, to)?)
    }

    /// Some bytes of a media file.
    pub fn read_media_range(
        &self,
        hash: &Hash32,
        range: Range<u64>,
    ) -> Result<Vec<u8>, StoreError> {
        let (name, key, bytes) = self.sealed(hash)?;
        let mut content = Vec::new();
        let mut file = File::open(self.media_folder.join(name))?;
        sealed_file::open_range(&key, &mut file, bytes, range, &mut content)?;
        Ok(content)
    }

    /// Name, key and size of a file that is here.
    fn sealed(&self, hash: &Hash32) -> Result<(String, [u8; 32], u64), StoreError> {
        self.read(|tx| {
            Ok(tx
                .prepare_cached(
                    "SELECT file, key, bytes FROM media WHERE hash = ?1 AND file IS NOT NULL",
                )?
                .query_row([hash.0], |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get::<_, i64>(2)?.unsigned_abs(),
                    ))
                })
                .optional()?)
        })?
        .ok_or(StoreError::UnknownMedia)
    }

    /// Whether the file is here.
    pub fn has_media(&self, hash: &Hash32) -> Result<bool, StoreError> {
        self.read(|tx| {
            Ok(tx
                .prepare_cached("SELECT 1 FROM media WHERE hash = ?1 AND file IS NOT NULL")?
                .exists([hash.0])?)
        })
    }

    /// Own files to be sent, the smallest first: those of records that are with the town already.
    pub fn media_to_upload(&self) -> Result<Vec<MediaRef>, StoreError> {
        self.read(|tx| {
            list(
                tx,
                "SELECT hash, mime, bytes FROM media
                 WHERE mine = 1 AND uploaded <> 1 AND file IS NOT NULL AND hash IN
                   (SELECT m.hash FROM media_reference m JOIN record USING (record)
                    WHERE sync_state <> ?1)
                 ORDER BY bytes, hash",
                SyncState::Waiting.number(),
            )
        })
    }

    /// Whether the relay held the file in an earlier epoch, and may hold it still.
    pub fn was_uploaded(&self, hash: &Hash32) -> Result<bool, StoreError> {
        self.read(|tx| {
            Ok(tx
                .prepare_cached("SELECT 1 FROM media WHERE hash = ?1 AND uploaded = 2")?
                .exists([hash.0])?)
        })
    }

    /// The relay holds the file.
    pub fn mark_uploaded(&self, hash: &Hash32) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("UPDATE media SET uploaded = 1 WHERE hash = ?1", [hash.0])?;
            Ok(())
        })
    }

    /// Files of records to be fetched, the smallest first: what the town says to this worker or wants played to residents.
    pub fn wanted_media(&self) -> Result<Vec<MediaRef>, StoreError> {
        self.read(|tx| {
            list(
                tx,
                "SELECT hash, mime, bytes FROM media WHERE file IS NULL AND mine = ?1 AND hash NOT IN
                   (SELECT hash FROM media_reference WHERE record NOT IN (SELECT record FROM record))
                 ORDER BY bytes, hash",
                0,
            )
        })
    }

    /// Files that the county's log names and no record does, to be fetched: recordings of its dialect, the smallest first.
    pub fn wanted_recordings(&self) -> Result<Vec<MediaRef>, StoreError> {
        self.read(|tx| {
            list(
                tx,
                "SELECT hash, mime, bytes FROM media WHERE file IS NULL AND mine = ?1 AND hash IN
                   (SELECT hash FROM media_reference WHERE record NOT IN (SELECT record FROM record))
                 ORDER BY bytes, hash",
                0,
            )
        })
    }

    /// Removes files that nothing names: of discarded interviews, of recordings that the county replaced, and copies that a
    /// kill left behind.
    pub(super) fn sweep_media(&self) -> Result<(), StoreError> {
        let kept = self.write(|tx| {
            tx.execute(
                "DELETE FROM media WHERE
                 NOT EXISTS (SELECT 1 FROM media_reference m WHERE m.hash = media.hash)
                 AND NOT EXISTS (SELECT 1 FROM draft WHERE instr(state, lower(hex(media.hash))))",
                (),
            )?;
            let kept = tx
                .prepare("SELECT file FROM media WHERE file IS NOT NULL")?
                .query_map((), |row| row.get::<_, String>(0))?
                .collect::<Result<std::collections::BTreeSet<_>, _>>()?;
            Ok(kept)
        })?;
        remove_others(&self.media_folder, &kept)
    }
}

fn remove_others(
    folder: &Path,
    kept: &std::collections::BTreeSet<String>,
) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !kept.contains(entry.file_name().to_string_lossy().as_ref()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn list(tx: &Transaction<'_>, sql: &str, parameter: u8) -> Result<Vec<MediaRef>, StoreError> {
    let rows = tx
        .prepare_cached(sql)?
        .query_map([parameter], |row| {
            Ok(MediaRef {
                hash: Hash32(row.get(0)?),
                mime: row.get(1)?,
                bytes: row.get::<_, i64>(2)?.unsigned_abs(),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Remembers which media a record names; those that are to be fetched and are not here become wanted.
pub(super) fn refer(
    tx: &Transaction<'_>,
    record: &RecordId,
    media: &[(MediaRef, bool)],
) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM media_reference WHERE record = ?1")?
        .execute([record.0])?;
    for (media, fetch) in media {
        tx.prepare_cached("INSERT OR IGNORE INTO media_reference VALUES (?1, ?2)")?
            .execute((record.0, media.hash.0))?;
        if *fetch {
            tx.prepare_cached(
                "INSERT OR IGNORE INTO media (hash, mime, bytes, mine) VALUES (?1, ?2, ?3, 0)",
            )?
            .execute((media.hash.0, &media.mime, media.bytes.cast_signed()))?;
        }
    }
    Ok(())
}
