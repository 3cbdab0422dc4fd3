//! Media files and uploads in SQLite.

use rusqlite::{OptionalExtension as _, params};
use xunge_protocol::{Hash32, Timestamp};
use zeroize::Zeroizing;

use super::SqliteTx;
use super::row::{Bytes, Millis, signed, unsigned};
use crate::store::{MediaFiles, MediaOwner, MediaRow, StoreError, StoreResult, UploadRow};

impl MediaFiles for SqliteTx<'_> {
    fn media(&self, hash: Hash32) -> StoreResult<Option<MediaRow>> {
        let row = self
            .sql()
            .prepare_cached(
                "SELECT mime, bytes, owner, file, key, created_at FROM media
                 WHERE county = ?1 AND hash = ?2",
            )?
            .query_row(params![self.county(), Bytes(hash.0)], |r| {
                Ok((
                    r.get(0)?,
                    unsigned(r.get(1)?),
                    r.get::<_, Vec<u8>>(2)?,
                    r.get(3)?,
                    Zeroizing::new(r.get::<_, Bytes<32>>(4)?.0),
                    r.get::<_, Millis>(5)?.0,
                ))
            })
            .optional()?;
        row.map(|(mime, bytes, owner, file, key, created_at)| {
            Ok(MediaRow {
                hash,
                mime,
                bytes,
                owner: MediaOwner::from_bytes(&owner)
                    .ok_or_else(|| StoreError::Corrupt(format!("owner of {hash}")))?,
                file,
                key,
                created_at,
            })
        })
        .transpose()
    }

    fn insert_media(&self, row: &MediaRow) -> StoreResult<bool> {
        let inserted = self.sql().execute(
            "INSERT OR IGNORE INTO media (county, hash, mime, bytes, owner, file, key, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                self.county(),
                Bytes(row.hash.0),
                row.mime,
                signed(row.bytes),
                row.owner.bytes(),
                row.file,
                row.key.as_slice(),
                Millis(row.created_at)
            ],
        )?;
        Ok(inserted > 0)
    }

    fn delete_media(&self, hash: Hash32) -> StoreResult<Option<MediaRow>> {
        let row = self.media(hash)?;
        self.sql().execute(
            "DELETE FROM media WHERE county = ?1 AND hash = ?2",
            params![self.county(), Bytes(hash.0)],
        )?;
        Ok(row)
    }

    fn media_bytes_of(&self, owner: MediaOwner, since: Timestamp) -> StoreResult<u64> {
        let bytes: i64 = self.sql().query_row(
            "SELECT (SELECT coalesce(sum(bytes), 0) FROM media
                     WHERE county = ?1 AND owner = ?2 AND created_at >= ?3)
                  + (SELECT coalesce(sum(length), 0) FROM uploads
                     WHERE county = ?1 AND owner = ?2 AND hash IS NULL)",
            params![self.county(), owner.bytes(), Millis(since)],
            |r| r.get(0),
        )?;
        Ok(unsigned(bytes))
    }

    fn upload(&self, owner: MediaOwner, name: Hash32) -> StoreResult<Option<UploadRow>> {
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT claimed, length, received, hash, expires_at FROM uploads
                 WHERE county = ?1 AND owner = ?2 AND name = ?3",
            )?
            .query_row(params![self.county(), owner.bytes(), Bytes(name.0)], |r| {
                let hash = |at| {
                    Ok::<_, rusqlite::Error>(
                        r.get::<_, Option<Bytes<32>>>(at)?.map(|b| Hash32(b.0)),
                    )
                };
                Ok(UploadRow {
                    owner,
                    name,
                    claimed: hash(0)?,
                    length: unsigned(r.get(1)?),
                    received: unsigned(r.get(2)?),
                    hash: hash(3)?,
                    expires_at: r.get::<_, Millis>(4)?.0,
                })
            })
            .optional()?)
    }

    fn insert_upload(&self, row: &UploadRow) -> StoreResult<()> {
        self.delete_upload(row.owner, row.name)?;
        self.sql().execute(
            "INSERT INTO uploads (county, owner, name, claimed, length, received, hash, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                self.county(),
                row.owner.bytes(),
                Bytes(row.name.0),
                row.claimed.map(|h| Bytes(h.0)),
                signed(row.length),
                signed(row.received),
                row.hash.map(|h| Bytes(h.0)),
                Millis(row.expires_at)
            ],
        )?;
        Ok(())
    }

    fn append_upload(
        &self,
        owner: MediaOwner,
        name: Hash32,
        at: u64,
        content: &[u8],
        expires_at: Timestamp,
    ) -> StoreResult<bool> {
        let end = at + content.len() as u64;
        let moved = self
            .sql()
            .prepare_cached(
                "UPDATE uploads SET received = ?5, expires_at = ?6
                 WHERE county = ?1 AND owner = ?2 AND name = ?3 AND received = ?4
                   AND length >= ?5 AND hash IS NULL",
            )?
            .execute(params![
                self.county(),
                owner.bytes(),
                Bytes(name.0),
                signed(at),
                signed(end),
                Millis(expires_at)
            ])?;
        if moved == 0 {
            return Ok(false);
        }
        self.sql()
            .prepare_cached("INSERT INTO upload_parts VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                self.county(),
                owner.bytes(),
                Bytes(name.0),
                signed(at),
                content
            ])?;
        Ok(true)
    }

    fn upload_part(
        &self,
        owner: MediaOwner,
        name: Hash32,
        start: u64,
    ) -> StoreResult<Option<Vec<u8>>> {
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT content FROM upload_parts
                 WHERE county = ?1 AND owner = ?2 AND name = ?3 AND start = ?4",
            )?
            .query_row(
                params![self.county(), owner.bytes(), Bytes(name.0), signed(start)],
                |r| r.get(0),
            )
            .optional()?)
    }

    fn finish_upload(&self, owner: MediaOwner, name: Hash32, hash: Hash32) -> StoreResult<()> {
        self.sql().execute(
            "UPDATE uploads SET hash = ?4 WHERE county = ?1 AND owner = ?2 AND name = ?3",
            params![self.county(), owner.bytes(), Bytes(name.0), Bytes(hash.0)],
        )?;
        self.sql().execute(
            "DELETE FROM upload_parts WHERE county = ?1 AND owner = ?2 AND name = ?3",
            params![self.county(), owner.bytes(), Bytes(name.0)],
        )?;
        Ok(())
    }

    fn delete_upload(&self, owner: MediaOwner, name: Hash32) -> StoreResult<()> {
        for table in ["upload_parts", "uploads"] {
            self.sql().execute(
                &format!("DELETE FROM {table} WHERE county = ?1 AND owner = ?2 AND name = ?3"),
                params![self.county(), owner.bytes(), Bytes(name.0)],
            )?;
        }
        Ok(())
    }

    fn delete_expired_uploads(&self, now: Timestamp) -> StoreResult<()> {
        self.sql().execute(
            "DELETE FROM upload_parts WHERE county = ?1 AND (owner, name) IN
               (SELECT owner, name FROM uploads WHERE county = ?1 AND expires_at < ?2)",
            params![self.county(), Millis(now)],
        )?;
        self.sql().execute(
            "DELETE FROM uploads WHERE county = ?1 AND expires_at < ?2",
            params![self.county(), Millis(now)],
        )?;
        Ok(())
    }
}
