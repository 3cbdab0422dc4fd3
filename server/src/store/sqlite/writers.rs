//! [`Writers`] on SQLite.

use rusqlite::{OptionalExtension as _, Row, params};
use xunge_protocol::system::{Grant, SignedCertificate};
use xunge_protocol::{Hash32, ScopeId, Timestamp, WriterId, wire};

use super::SqliteTx;
use super::row::{self, Bytes, Millis, signed, unsigned};
use crate::store::{StoreResult, Worker, WriterRow, Writers};

fn worker(r: &Row<'_>) -> rusqlite::Result<Worker> {
    Ok(Worker {
        id: r.get(0)?,
        name: r.get(1)?,
        created_at: r.get::<_, Millis>(2)?.0,
    })
}

const WRITER: &str = "certificate, revoked_at, request_counter, request_hash, last_seen_at";

struct RawWriter {
    certificate: Vec<u8>,
    revoked_at: Option<Timestamp>,
    last_request: Option<(u64, Hash32)>,
    last_seen_at: Option<Timestamp>,
}

fn writer(r: &Row<'_>) -> rusqlite::Result<RawWriter> {
    let counter: Option<i64> = r.get(2)?;
    let hash: Option<Bytes<32>> = r.get(3)?;
    Ok(RawWriter {
        certificate: r.get(0)?,
        revoked_at: row::time(r, 1)?,
        last_request: counter.zip(hash).map(|(n, h)| (unsigned(n), Hash32(h.0))),
        last_seen_at: row::time(r, 4)?,
    })
}

impl RawWriter {
    fn decode(self) -> StoreResult<WriterRow> {
        Ok(WriterRow {
            certificate: wire::decode("certificate", &self.certificate)?,
            revoked_at: self.revoked_at,
            last_request: self.last_request,
            last_seen_at: self.last_seen_at,
        })
    }
}

const GRANT: &str = "worker, scope, from_at, until_at, drain_days";

fn grant(r: &Row<'_>) -> rusqlite::Result<Grant> {
    Ok(Grant {
        worker: r.get(0)?,
        scope: ScopeId(r.get::<_, Bytes<8>>(1)?.0),
        from: r.get::<_, Millis>(2)?.0,
        until: row::time(r, 3)?,
        drain_days: r.get(4)?,
    })
}

impl Writers for SqliteTx<'_> {
    fn worker(&self, id: &str) -> StoreResult<Option<Worker>> {
        Ok(self
            .sql()
            .prepare_cached(
                "SELECT worker, name, created_at FROM workers WHERE county = ?1 AND worker = ?2",
            )?
            .query_row(params![self.county(), id], worker)
            .optional()?)
    }

    fn workers_named(&self, name: &str) -> StoreResult<Vec<Worker>> {
        let mut query = self.sql().prepare_cached(
            "SELECT worker, name, created_at FROM workers WHERE county = ?1 AND name = ?2
             ORDER BY created_at, worker",
        )?;
        let rows = query.query_map(params![self.county(), name], worker)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn workers(&self) -> StoreResult<Vec<Worker>> {
        let mut query = self.sql().prepare_cached(
            "SELECT worker, name, created_at FROM workers WHERE county = ?1 ORDER BY name, worker",
        )?;
        let rows = query.query_map(params![self.county()], worker)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn insert_worker(&self, worker: &Worker) -> StoreResult<()> {
        self.sql().execute(
            "INSERT INTO workers (county, worker, name, created_at) VALUES (?1, ?2, ?3, ?4)",
            params![
                self.county(),
                worker.id,
                worker.name,
                Millis(worker.created_at)
            ],
        )?;
        Ok(())
    }

    fn writer(&self, id: WriterId) -> StoreResult<Option<WriterRow>> {
        self.sql()
            .prepare_cached(&format!(
                "SELECT {WRITER} FROM writers WHERE county = ?1 AND writer = ?2"
            ))?
            .query_row(params![self.county(), Bytes(id.0)], writer)
            .optional()?
            .map(RawWriter::decode)
            .transpose()
    }

    fn writers(&self, worker: Option<&str>) -> StoreResult<Vec<WriterRow>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {WRITER} FROM writers
             WHERE county = ?1 AND (?2 IS NULL AND worker <> '' OR worker = ?2) ORDER BY writer"
        ))?;
        let rows = query.query_map(params![self.county(), worker], writer)?;
        rows.map(|raw| raw?.decode()).collect()
    }

    fn insert_writer(&self, certificate: &SignedCertificate) -> StoreResult<()> {
        let inner = &certificate.certificate;
        self.sql().execute(
            "INSERT INTO writers (county, writer, worker, certificate) VALUES (?1, ?2, ?3, ?4)",
            params![
                self.county(),
                Bytes(inner.writer.0),
                inner.worker,
                wire::encode(certificate)
            ],
        )?;
        Ok(())
    }

    fn note_request(
        &self,
        writer: WriterId,
        counter: u64,
        hash: Hash32,
        at: Timestamp,
    ) -> StoreResult<()> {
        self.sql()
            .prepare_cached(
                "UPDATE writers SET request_counter = ?3, request_hash = ?4, last_seen_at = ?5
                 WHERE county = ?1 AND writer = ?2",
            )?
            .execute(params![
                self.county(),
                Bytes(writer.0),
                signed(counter),
                Bytes(hash.0),
                Millis(at)
            ])?;
        Ok(())
    }

    fn revoke_writer(&self, writer: WriterId, at: Timestamp) -> StoreResult<()> {
        self.sql().execute(
            "UPDATE writers SET revoked_at = coalesce(revoked_at, ?3) WHERE county = ?1 AND writer = ?2",
            params![self.county(), Bytes(writer.0), Millis(at)],
        )?;
        Ok(())
    }

    fn put_grant(&self, grant: &Grant) -> StoreResult<()> {
        self.sql().execute(
            "INSERT OR REPLACE INTO grants (county, scope, worker, from_at, until_at, drain_days)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                self.county(),
                Bytes(grant.scope.0),
                grant.worker,
                Millis(grant.from),
                grant.until.map(Millis),
                grant.drain_days
            ],
        )?;
        Ok(())
    }

    fn grant(&self, worker: &str, scope: ScopeId) -> StoreResult<Option<Grant>> {
        Ok(self
            .sql()
            .prepare_cached(&format!(
                "SELECT {GRANT} FROM grants WHERE county = ?1 AND scope = ?2 AND worker = ?3"
            ))?
            .query_row(params![self.county(), Bytes(scope.0), worker], grant)
            .optional()?)
    }

    fn grants_of(&self, worker: &str) -> StoreResult<Vec<Grant>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {GRANT} FROM grants WHERE county = ?1 AND worker = ?2 ORDER BY scope"
        ))?;
        let rows = query.query_map(params![self.county(), worker], grant)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn grants_in(&self, scope: ScopeId) -> StoreResult<Vec<Grant>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {GRANT} FROM grants WHERE county = ?1 AND scope = ?2 ORDER BY worker"
        ))?;
        let rows = query.query_map(params![self.county(), Bytes(scope.0)], grant)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
