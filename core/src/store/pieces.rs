//! What came so far of a download in ranges, by the hash of the whole, so that no cut and no kill costs it.

use std::io::{self, Read};

use rusqlite::OptionalExtension as _;
use xunge_protocol::Hash32;

use super::{Store, StoreError};

impl Store {
    /// How many bytes of a download are here; the offset to go on from.
    pub fn pieces_end(&self, whole: &Hash32) -> Result<u64, StoreError> {
        self.read(|tx| {
            let end: Option<i64> = tx
                .prepare_cached(
                    "SELECT start + length(content) FROM piece WHERE whole = ?1
                     ORDER BY start DESC LIMIT 1",
                )?
                .query_row([whole.0], |row| row.get(0))
                .optional()?;
            Ok(end.map_or(0, i64::unsigned_abs))
        })
    }

    /// Keeps bytes of a download; those that do not go on where it stands are of no use, and dropped.
    pub fn keep_piece(&self, whole: &Hash32, start: u64, content: &[u8]) -> Result<(), StoreError> {
        if content.is_empty() || self.pieces_end(whole)? != start {
            return Ok(());
        }
        self.write(|tx| {
            tx.prepare_cached("INSERT OR IGNORE INTO piece VALUES (?1, ?2, ?3)")?
                .execute((whole.0, start.cast_signed(), content))?;
            Ok(())
        })
    }

    /// The bytes of a download from its beginning; one piece is in memory at a time.
    pub fn pieces(&self, whole: &Hash32) -> impl Read + '_ {
        Pieces {
            store: self,
            whole: *whole,
            next: 0,
            piece: io::Cursor::default(),
        }
    }

    /// Forgets a download.
    pub fn drop_pieces(&self, whole: &Hash32) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("DELETE FROM piece WHERE whole = ?1", [whole.0])?;
            Ok(())
        })
    }
}

struct Pieces<'a> {
    store: &'a Store,
    whole: Hash32,
    next: u64,
    piece: io::Cursor<Vec<u8>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            let piece: Option<Vec<u8>> = self
                .store
                .read(|tx| {
                    Ok(tx
                        .prepare_cached(
                            "SELECT content FROM piece WHERE whole = ?1 AND start = ?2",
                        )?
                        .query_row((self.whole.0, self.next.cast_signed()), |row| row.get(0))
                        .optional()?)
                })
                .map_err(io::Error::other)?;
            match piece {
                Some(piece) => {
                    self.next += piece.len() as u64;
                    self.piece = io::Cursor::new(piece);
                }
                None => return Ok(0),
            }
        }
    }
}
