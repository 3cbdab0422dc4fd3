//! Who this vault is: the writer's key from the beginning of an enrolment, its certificate at the end.

use rusqlite::{OptionalExtension as _, Row, Transaction};
use xunge_protocol::enrolment::{EnrolResponse, Ticket};
use xunge_protocol::{
    Confidence, Hash32, KeyRing, PublicKey, ScopeId, SecretKey, WireError, WriterId,
};

use crate::sync::Trust;

use super::{Store, StoreError, clock, cursors, relay_keys, system};

/// This vault's writer and its relay.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Address of the relay, without a slash at the end.
    pub url: String,
    /// The relay's writer id.
    pub relay: WriterId,
    /// The relay's keys: every answer is signed with the last of them, or with one to which it leads.
    pub keys: KeyRing,
    /// Pins of its TLS certificate.
    pub pins: Vec<Hash32>,
    /// The writer's key.
    pub key: SecretKey,
    /// What the relay answered, once it did.
    pub enrolled: Option<Enrolled>,
}

impl Identity {
    /// The number of the relay's key that is known here, as a request tells it.
    pub fn told_key(&self) -> Option<u32> {
        Some(self.keys.sequence()).filter(|n| *n > 0)
    }
}

/// The outcome of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The certified writer.
    pub writer: WriterId,
    /// Id of the worker, the same over all incarnations.
    pub worker: String,
    /// Name of the worker.
    pub name: String,
    /// The county's scope.
    pub county: ScopeId,
}

impl Store {
    /// Who this vault is, or `None` before any enrolment began.
    pub fn identity(&self) -> Result<Option<Identity>, StoreError> {
        self.read(identity)
    }

    /// Who this vault is, once its enrolment is complete.
    pub fn enrolled(&self) -> Result<(Identity, Enrolled), StoreError> {
        self.read(enrolled)
    }

    /// Whom a connection to the relay may believe, now.
    pub fn trust(&self, identity: &Identity) -> Result<Trust, StoreError> {
        let now = self.now()?;
        let told = matches!(now.confidence, Confidence::Derived | Confidence::Checked);
        Ok(Trust {
            pins: identity.pins.clone(),
            relay_time: told.then_some(now.at),
        })
    }

    /// The relay writes under another writer now: it began a new epoch, or has another key.
    pub fn hear_relay(&self, relay: WriterId) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("UPDATE identity SET relay = ?1", [relay.0])?;
            Ok(())
        })
    }

    /// Makes the writer's key for `ticket` and keeps it before anything is sent. Repeating it with the same ticket
    /// gives the same key.
    pub fn begin_enrolment(&self, ticket: &Ticket) -> Result<Identity, StoreError> {
        let seed: [u8; 32] = self.env.random();
        self.write(|tx| {
            tx.execute(
                "INSERT INTO identity (one, url, relay, relay_key, ticket, seed, pins)
                 VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                (
                    &ticket.url,
                    ticket.relay.0,
                    ticket.relay_key.0,
                    ticket.secret,
                    seed,
                    flattened(&ticket.pins),
                ),
            )?;
            let kept: [u8; 16] =
                tx.query_row("SELECT ticket FROM identity", (), |row| row.get(0))?;
            if kept != ticket.secret {
                return Err(StoreError::OtherTicket);
            }
            identity(tx)?.ok_or(StoreError::NotEnrolled)
        })
    }

    /// Keeps what the relay answered, whose keys are `keys`. Repeating it is safe.
    pub fn complete_enrolment(
        &self,
        answer: &EnrolResponse,
        keys: &KeyRing,
    ) -> Result<Enrolled, StoreError> {
        self.write(|tx| {
            let identity = identity(tx)?.ok_or(StoreError::NotEnrolled)?;
            answer.certificate.verify_by(keys)?;
            relay_keys::keep(tx, keys)?;
            let certificate = &answer.certificate.certificate;
            if certificate.key != identity.key.public() {
                return Err(WireError::NotAuthentic {
                    what: "certificate",
                }
                .into());
            }
            tx.execute(
                "UPDATE identity SET writer = ?1, worker = ?2, name = ?3, county = ?4",
                (
                    certificate.writer.0,
                    &certificate.worker,
                    &certificate.name,
                    answer.county.0,
                ),
            )?;
            system::keep_certificate(tx, &answer.certificate)?;
            cursors::adopt_epoch(tx, answer.epoch)?;
            cursors::know_scope(tx, answer.county, false)?;
            for scope in &answer.scopes {
                cursors::know_scope(tx, *scope, true)?;
            }
            clock::hear(tx, self.env.as_ref(), answer.time)?;
            Ok(Enrolled {
                writer: certificate.writer,
                worker: certificate.worker.clone(),
                name: certificate.name.clone(),
                county: answer.county,
            })
        })
    }
}

pub(super) fn identity(tx: &Transaction<'_>) -> Result<Option<Identity>, StoreError> {
    let found = tx
        .prepare_cached(
            "SELECT url, relay, relay_key, seed, writer, worker, name, county, pins FROM identity",
        )?
        .query_row((), |row| {
            let enrolled = outcome(row, 4)?;
            Ok(Identity {
                url: row.get(0)?,
                relay: WriterId(row.get(1)?),
                keys: KeyRing::pinned(PublicKey(row.get(2)?)),
                key: SecretKey::from_seed(&row.get(3)?),
                pins: unflattened(&row.get::<_, Vec<u8>>(8)?),
                enrolled,
            })
        })
        .optional()?;
    match found {
        Some(mut identity) => {
            identity.keys = relay_keys::ring(tx, *identity.keys.current())?;
            Ok(Some(identity))
        }
        None => Ok(None),
    }
}

/// The identity of a vault whose enrolment is complete.
pub(super) fn enrolled(tx: &Transaction<'_>) -> Result<(Identity, Enrolled), StoreError> {
    let mut identity = identity(tx)?.ok_or(StoreError::NotEnrolled)?;
    let enrolled = identity.enrolled.take().ok_or(StoreError::NotEnrolled)?;
    Ok((identity, enrolled))
}

/// Who this worker is, without the keys, which cost more than a save has.
pub(super) fn me(tx: &Transaction<'_>) -> Result<Enrolled, StoreError> {
    tx.prepare_cached("SELECT writer, worker, name, county FROM identity")?
        .query_row((), |row| outcome(row, 0))
        .optional()?
        .flatten()
        .ok_or(StoreError::NotEnrolled)
}

/// Reads writer, worker, name and county, which begin at column `at`.
fn outcome(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Enrolled>> {
    let writer: Option<[u8; 8]> = row.get(at)?;
    let Some(writer) = writer else {
        return Ok(None);
    };
    Ok(Some(Enrolled {
        writer: WriterId(writer),
        worker: row.get(at + 1)?,
        name: row.get(at + 2)?,
        county: ScopeId(row.get(at + 3)?),
    }))
}

fn flattened(pins: &[Hash32]) -> Vec<u8> {
    pins.iter().flat_map(|pin| pin.0).collect()
}

fn unflattened(bytes: &[u8]) -> Vec<Hash32> {
    bytes.as_chunks().0.iter().copied().map(Hash32).collect()
}
