//! Media files and uploads on PostgreSQL.

use xunge_protocol::{Hash32, Timestamp};
use zeroize::Zeroizing;

use super::row::{self, Text, signed};
use super::tx::PgTx;
use crate::store::{MediaFiles, MediaOwner, MediaRow, StoreError, StoreResult, UploadRow};

impl PgTx<'_> {
    /// After the upload's own row was written: who adds a part holds that row, and was waited for.
    fn delete_parts(&self, owner: MediaOwner, name: Hash32) -> StoreResult<()> {
        self.execute(
            "DELETE FROM upload_parts WHERE county = $1 AND owner = $2 AND name = $3",
            &[&self.county(), &owner.bytes(), &name.0],
        )?;
        Ok(())
    }
}

impl MediaFiles for PgTx<'_> {
    fn media(&self, hash: Hash32) -> StoreResult<Option<MediaRow>> {
        self.query_opt(
            "SELECT mime, bytes, owner, file, key, created_at FROM media
             WHERE county = $1 AND hash = $2",
            &[&self.county(), &hash.0],
        )?
        .map(|r| media(hash, &r))
        .transpose()
    }

    fn insert_media(&self, row: &MediaRow) -> StoreResult<bool> {
        let inserted = self.execute(
            "INSERT INTO media (county, hash, mime, bytes, owner, file, key, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            &[
                &self.county(),
                &row.hash.0,
                &Text(&row.mime),
                &signed(row.bytes),
                &row.owner.bytes(),
                &Text(&row.file),
                &row.key.as_slice(),
                &row.created_at.0,
            ],
        )?;
        Ok(inserted > 0)
    }

    fn delete_media(&self, hash: Hash32) -> StoreResult<Option<MediaRow>> {
        self.query_opt(
            "DELETE FROM media WHERE county = $1 AND hash = $2
             RETURNING mime, bytes, owner, file, key, created_at",
            &[&self.county(), &hash.0],
        )?
        .map(|r| media(hash, &r))
        .transpose()
    }

    fn media_bytes_of(&self, owner: MediaOwner, since: Timestamp) -> StoreResult<u64> {
        let sum = self.query_opt(
            "SELECT ((SELECT coalesce(sum(bytes), 0) FROM media
                      WHERE county = $1 AND owner = $2 AND created_at >= $3)
                   + (SELECT coalesce(sum(length), 0) FROM uploads
                      WHERE county = $1 AND owner = $2 AND hash IS NULL))::bigint",
            &[&self.county(), &owner.bytes(), &since.0],
        )?;
        sum.map_or(Ok(0), |r| row::number(&r, 0))
    }

    fn upload(&self, owner: MediaOwner, name: Hash32) -> StoreResult<Option<UploadRow>> {
        self.query_opt(
            "SELECT claimed, length, received, hash, expires_at FROM uploads
             WHERE county = $1 AND owner = $2 AND name = $3",
            &[&self.county(), &owner.bytes(), &name.0],
        )?
        .map(|r| {
            Ok(UploadRow {
                owner,
                name,
                claimed: row::maybe_hash(&r, 0)?,
                length: row::number(&r, 1)?,
                received: row::number(&r, 2)?,
                hash: row::maybe_hash(&r, 3)?,
                expires_at: row::time(&r, 4)?,
            })
        })
        .transpose()
    }

    fn insert_upload(&self, row: &UploadRow) -> StoreResult<()> {
        self.execute(
            "INSERT INTO uploads (county, owner, name, claimed, length, received, hash, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (county, owner, name) DO UPDATE
               SET claimed = excluded.claimed, length = excluded.length, received = excluded.received,
                   hash = excluded.hash, expires_at = excluded.expires_at",
            &[
                &self.county(),
                &row.owner.bytes(),
                &row.name.0,
                &row.claimed.map(|h| h.0),
                &signed(row.length),
                &signed(row.received),
                &row.hash.map(|h| h.0),
                &row.expires_at.0,
            ],
        )?;
        self.delete_parts(row.owner, row.name)
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
        // Of two that stand at the same offset, the second waits here for the first, and then finds it moved.
        let moved = self.execute(
            "UPDATE uploads SET received = $5, expires_at = $6
             WHERE county = $1 AND owner = $2 AND name = $3 AND received = $4
               AND length >= $5 AND hash IS NULL",
            &[
                &self.county(),
                &owner.bytes(),
                &name.0,
                &signed(at),
                &signed(end),
                &expires_at.0,
            ],
        )?;
        if moved == 0 {
            return Ok(false);
        }
        self.execute(
            "INSERT INTO upload_parts (county, owner, name, start, content)
             VALUES ($1, $2, $3, $4, $5)",
            &[
                &self.county(),
                &owner.bytes(),
                &name.0,
                &signed(at),
                &content,
            ],
        )?;
        Ok(true)
    }

    fn upload_part(
        &self,
        owner: MediaOwner,
        name: Hash32,
        start: u64,
    ) -> StoreResult<Option<Vec<u8>>> {
        self.query_opt(
            "SELECT content FROM upload_parts
             WHERE county = $1 AND owner = $2 AND name = $3 AND start = $4",
            &[&self.county(), &owner.bytes(), &name.0, &signed(start)],
        )?
        .map(|r| Ok(r.try_get(0)?))
        .transpose()
    }

    fn finish_upload(&self, owner: MediaOwner, name: Hash32, hash: Hash32) -> StoreResult<()> {
        self.execute(
            "UPDATE uploads SET hash = $4 WHERE county = $1 AND owner = $2 AND name = $3",
            &[&self.county(), &owner.bytes(), &name.0, &hash.0],
        )?;
        self.delete_parts(owner, name)
    }

    fn delete_upload(&self, owner: MediaOwner, name: Hash32) -> StoreResult<()> {
        self.execute(
            "DELETE FROM uploads WHERE county = $1 AND owner = $2 AND name = $3",
            &[&self.county(), &owner.bytes(), &name.0],
        )?;
        self.delete_parts(owner, name)
    }

    fn delete_expired_uploads(&self, now: Timestamp) -> StoreResult<()> {
        let expired = self.query(
            "DELETE FROM uploads WHERE county = $1 AND expires_at < $2 RETURNING owner, name",
            &[&self.county(), &now.0],
        )?;
        for r in &expired {
            self.execute(
                "DELETE FROM upload_parts WHERE county = $1 AND owner = $2 AND name = $3",
                &[
                    &self.county(),
                    &r.try_get::<_, &[u8]>(0)?,
                    &r.try_get::<_, &[u8]>(1)?,
                ],
            )?;
        }
        Ok(())
    }
}

fn media(hash: Hash32, r: &tokio_postgres::Row) -> StoreResult<MediaRow> {
    Ok(MediaRow {
        hash,
        mime: r.try_get(0)?,
        bytes: row::number(r, 1)?,
        owner: MediaOwner::from_bytes(r.try_get(2)?)
            .ok_or_else(|| StoreError::Corrupt(format!("owner of {hash}")))?,
        file: r.try_get(3)?,
        key: Zeroizing::new(row::bytes(r, 4)?),
        created_at: row::time(r, 5)?,
    })
}
