//! [`Writers`] on PostgreSQL.

use tokio_postgres::Row;
use xunge_protocol::system::{Grant, SignedCertificate};
use xunge_protocol::{Hash32, ScopeId, Timestamp, WriterId, wire};

use super::row::{self, Text, signed};
use super::tx::{PgTx, kept};
use crate::store::{StoreResult, Worker, WriterRow, Writers};

fn worker(r: &Row) -> StoreResult<Worker> {
    Ok(Worker {
        id: r.try_get(0)?,
        name: r.try_get(1)?,
        created_at: row::time(r, 2)?,
    })
}

const WRITER: &str = "certificate, revoked_at, request_counter, request_hash, last_seen_at";

fn writer(r: &Row) -> StoreResult<WriterRow> {
    let counter: Option<u64> = row::maybe_number(r, 2)?;
    Ok(WriterRow {
        certificate: wire::decode("certificate", r.try_get(0)?)?,
        revoked_at: row::maybe_time(r, 1)?,
        last_request: counter.zip(row::maybe_hash(r, 3)?),
        last_seen_at: row::maybe_time(r, 4)?,
    })
}

const GRANT: &str = "worker, scope, from_at, until_at, drain_days";

fn grant(r: &Row) -> StoreResult<Grant> {
    Ok(Grant {
        worker: r.try_get(0)?,
        scope: row::scope(r, 1)?,
        from: row::time(r, 2)?,
        until: row::maybe_time(r, 3)?,
        drain_days: row::number(r, 4)?,
    })
}

impl Writers for PgTx<'_> {
    fn worker(&self, id: &str) -> StoreResult<Option<Worker>> {
        self.query_opt(
            "SELECT worker, name, created_at FROM workers WHERE county = $1 AND worker = $2",
            &[&self.county(), &Text(id)],
        )?
        .map(|r| worker(&r))
        .transpose()
    }

    fn workers_named(&self, name: &str) -> StoreResult<Vec<Worker>> {
        let rows = self.query(
            "SELECT worker, name, created_at FROM workers WHERE county = $1 AND name = $2
             ORDER BY created_at, worker",
            &[&self.county(), &Text(name)],
        )?;
        rows.iter().map(worker).collect()
    }

    fn workers(&self) -> StoreResult<Vec<Worker>> {
        let rows = self.query(
            "SELECT worker, name, created_at FROM workers WHERE county = $1 ORDER BY name, worker",
            &[&self.county()],
        )?;
        rows.iter().map(worker).collect()
    }

    fn insert_worker(&self, worker: &Worker) -> StoreResult<()> {
        self.execute(
            "INSERT INTO workers (county, worker, name, created_at) VALUES ($1, $2, $3, $4)",
            &[
                &self.county(),
                &Text(&worker.id),
                &Text(&worker.name),
                &worker.created_at.0,
            ],
        )?;
        Ok(())
    }

    fn writer(&self, id: WriterId) -> StoreResult<Option<WriterRow>> {
        self.query_opt(
            &format!("SELECT {WRITER} FROM writers WHERE county = $1 AND writer = $2"),
            &[&self.county(), &id.0],
        )?
        .map(|r| writer(&r))
        .transpose()
    }

    fn writers(&self, worker: Option<&str>) -> StoreResult<Vec<WriterRow>> {
        let rows = self.query(
            &format!(
                "SELECT {WRITER} FROM writers
                 WHERE county = $1 AND ($2::text IS NULL AND worker <> '' OR worker = $2) ORDER BY writer"
            ),
            &[&self.county(), &worker.map(Text)],
        )?;
        rows.iter().map(writer).collect()
    }

    fn insert_writer(&self, certificate: &SignedCertificate) -> StoreResult<()> {
        let inner = &certificate.certificate;
        self.execute(
            "INSERT INTO writers (county, writer, worker, certificate) VALUES ($1, $2, $3, $4)",
            &[
                &self.county(),
                &inner.writer.0,
                &Text(&inner.worker),
                &wire::encode(certificate),
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
        self.later(
            "UPDATE writers SET request_counter = $3, request_hash = $4, last_seen_at = $5
             WHERE county = $1 AND writer = $2",
            kept![self.county(), writer.0, signed(counter), hash.0, at.0],
        );
        Ok(())
    }

    fn revoke_writer(&self, writer: WriterId, at: Timestamp) -> StoreResult<()> {
        self.execute(
            "UPDATE writers SET revoked_at = coalesce(revoked_at, $3) WHERE county = $1 AND writer = $2",
            &[&self.county(), &writer.0, &at.0],
        )?;
        Ok(())
    }

    fn put_grant(&self, grant: &Grant) -> StoreResult<()> {
        self.execute(
            "INSERT INTO grants (county, scope, worker, from_at, until_at, drain_days)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (county, scope, worker) DO UPDATE
               SET from_at = excluded.from_at, until_at = excluded.until_at, drain_days = excluded.drain_days",
            &[
                &self.county(),
                &grant.scope.0,
                &Text(&grant.worker),
                &grant.from.0,
                &grant.until.map(|t| t.0),
                &i64::from(grant.drain_days),
            ],
        )?;
        Ok(())
    }

    fn grant(&self, worker: &str, scope: ScopeId) -> StoreResult<Option<Grant>> {
        let rows = self.query_steady(
            &format!("SELECT {GRANT} FROM grants WHERE county = $1 AND scope = $2 AND worker = $3"),
            &[&self.county(), &scope.0, &Text(worker)],
        )?;
        rows.first().map(grant).transpose()
    }

    fn grants_of(&self, worker: &str) -> StoreResult<Vec<Grant>> {
        let rows = self.query(
            &format!("SELECT {GRANT} FROM grants WHERE county = $1 AND worker = $2 ORDER BY scope"),
            &[&self.county(), &Text(worker)],
        )?;
        rows.iter().map(grant).collect()
    }

    fn grants_in(&self, scope: ScopeId) -> StoreResult<Vec<Grant>> {
        let rows = self.query(
            &format!("SELECT {GRANT} FROM grants WHERE county = $1 AND scope = $2 ORDER BY worker"),
            &[&self.county(), &scope.0],
        )?;
        rows.iter().map(grant).collect()
    }
}
