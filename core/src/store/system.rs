//! What the relay says in the log about writers, grants and the organisation, and reading it back.

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_planted::Bug;
use xunge_protocol::relay_key::SignedRelayKey;
use xunge_protocol::system::{
    Grant, OrgNode, Resource, Revocation, Share, SignedCertificate, Tombstone, WriterRole,
};
use xunge_protocol::{Entry, EntryKind, KeyRing, PublicKey, ScopeId, WriterId, wire};

use super::{Store, StoreError, erasure, media, relay_keys, resources, shares};

/// Levels of an organisation, with room.
const MOST_LEVELS: usize = 16;

/// A scope as the worker knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeInfo {
    /// Its id.
    pub scope: ScopeId,
    /// Whether new records may be written into it.
    pub writable: bool,
    /// Whether the relay closed it to this phone.
    pub closed: bool,
    /// Its attributes now, once the log brought them.
    pub node: Option<OrgNode>,
}

impl Store {
    /// The scopes of this phone with their names, writable ones first.
    pub fn scopes(&self) -> Result<Vec<ScopeInfo>, StoreError> {
        self.read(|tx| {
            let rows = tx
                .prepare_cached(
                    "SELECT scope, writable, closed FROM scope ORDER BY closed, writable DESC, scope",
                )?
                .query_map((), |row| {
                    Ok((ScopeId(row.get(0)?), row.get(1)?, row.get(2)?))
                })?
                .collect::<Result<Vec<_>, _>>()?;
            rows.into_iter()
                .map(|(scope, writable, closed)| {
                    Ok(ScopeInfo {
                        scope,
                        writable,
                        closed,
                        node: org_node(tx, scope)?,
                    })
                })
                .collect()
        })
    }

    /// Attributes of a scope of the organisation, the latest known.
    pub fn org_node(&self, scope: ScopeId) -> Result<Option<OrgNode>, StoreError> {
        self.read(|tx| org_node(tx, scope))
    }

    /// Telephone of whoever helps: of the worker's own place, else of the nearest one above it.
    pub fn help_phone(&self) -> Result<Option<String>, StoreError> {
        let own = self.scopes()?.into_iter().find(|s| s.writable && !s.closed);
        self.read(|tx| {
            let mut at = own.map(|s| s.scope);
            // An organisation has a handful of levels; a circle in it would never end.
            for _ in 0..MOST_LEVELS {
                let Some(node) = at.map(|scope| org_node(tx, scope)).transpose()?.flatten() else {
                    break;
                };
                if node.help_phone.is_some() {
                    return Ok(node.help_phone);
                }
                at = node.parent;
            }
            Ok(None)
        })
    }

    /// Name of the person (or relay) behind a writer, if the log certified it.
    pub fn writer_name(&self, writer: WriterId) -> Result<Option<String>, StoreError> {
        self.read(|tx| {
            Ok(tx
                .prepare_cached("SELECT name FROM certificate WHERE writer = ?1")?
                .query_row([writer.0], |row| row.get(0))
                .optional()?)
        })
    }
}

fn org_node(tx: &Transaction<'_>, scope: ScopeId) -> Result<Option<OrgNode>, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT parent, level, code, name, starts, help_phone FROM org_node WHERE scope = ?1
             ORDER BY starts DESC LIMIT 1",
        )?
        .query_row([scope.0], |row| {
            Ok(OrgNode {
                scope,
                parent: row.get::<_, Option<[u8; 8]>>(0)?.map(ScopeId),
                level: row.get(1)?,
                code: row.get(2)?,
                name: row.get(3)?,
                from: xunge_protocol::Timestamp(row.get(4)?),
                help_phone: row.get(5)?,
            })
        })
        .optional()?)
}

/// A writer whose certificate this phone holds.
pub(super) struct KnownWriter {
    pub(super) key: PublicKey,
    pub(super) is_relay: bool,
}

pub(super) fn writer(
    tx: &Transaction<'_>,
    writer: WriterId,
) -> Result<Option<KnownWriter>, StoreError> {
    Ok(tx
        .prepare_cached("SELECT key, relay FROM certificate WHERE writer = ?1")?
        .query_row([writer.0], |row| {
            Ok(KnownWriter {
                key: PublicKey(row.get(0)?),
                is_relay: row.get(1)?,
            })
        })
        .optional()?)
}

/// The incarnations that the phone of `writer` was before, the last one first.
pub(super) fn predecessors(
    tx: &Transaction<'_>,
    writer: WriterId,
) -> Result<Vec<WriterId>, StoreError> {
    let mut found = Vec::new();
    let mut of = writer;
    loop {
        let signed: Option<Vec<u8>> = tx
            .prepare_cached("SELECT signed FROM certificate WHERE writer = ?1")?
            .query_row([of.0], |row| row.get(0))
            .optional()?;
        let Some(bytes) = signed else {
            return Ok(found);
        };
        let signed: SignedCertificate = wire::decode("certificate", &bytes)?;
        match signed.certificate.predecessor {
            Some(before) if !found.contains(&before) => {
                found.push(before);
                of = before;
            }
            _ => return Ok(found),
        }
    }
}

/// Whether `writer` is an incarnation of the worker `worker`.
pub(super) fn is_worker(
    tx: &Transaction<'_>,
    writer: WriterId,
    worker: &str,
) -> Result<bool, StoreError> {
    Ok(tx
        .prepare_cached(
            "SELECT 1 FROM certificate WHERE writer = ?1 AND worker = ?2 AND relay = 0",
        )?
        .exists((writer.0, worker))?)
}

/// Keeps a certificate whose signature was checked.
pub(super) fn keep_certificate(
    tx: &Transaction<'_>,
    signed: &SignedCertificate,
) -> Result<(), StoreError> {
    let certificate = &signed.certificate;
    tx.execute(
        "INSERT OR REPLACE INTO certificate VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            certificate.writer.0,
            certificate.key.0,
            certificate.role == WriterRole::Relay,
            &certificate.worker,
            &certificate.name,
            wire::encode(signed),
        ),
    )?;
    Ok(())
}

/// Takes a system entry of the relay from the log of `scope`. Returns the writer that it certified, if it did; `Ok(None)` also for a kind of a
/// later version, whose `false` in [`is_known`] the caller has asked for.
pub(super) fn take(
    tx: &Transaction<'_>,
    keys: &KeyRing,
    scope: ScopeId,
    entry: &Entry,
) -> Result<Option<WriterId>, StoreError> {
    match entry.kind {
        EntryKind::CERTIFICATE => {
            let signed: SignedCertificate = wire::decode("certificate", &entry.body)?;
            signed.verify_by(keys)?;
            keep_certificate(tx, &signed)?;
            return Ok(Some(signed.certificate.writer));
        }
        EntryKind::TOMBSTONE if xunge_planted::is_on(Bug::TombstoneIgnored) => {}
        EntryKind::TOMBSTONE => {
            let tombstone: Tombstone = wire::decode("tombstone", &entry.body)?;
            erasure::take(tx, &tombstone)?;
        }
        EntryKind::GRANT => {
            let grant: Grant = wire::decode("grant", &entry.body)?;
            tx.execute(
                "INSERT OR REPLACE INTO grant_period VALUES (?1, ?2, ?3, ?4, ?5)",
                (
                    &grant.worker,
                    grant.scope.0,
                    grant.from.0,
                    grant.until.map(|t| t.0),
                    grant.drain_days,
                ),
            )?;
        }
        EntryKind::ORG_NODE => {
            let node: OrgNode = wire::decode("organisation node", &entry.body)?;
            tx.execute(
                "INSERT OR REPLACE INTO org_node VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (
                    node.scope.0,
                    node.from.0,
                    node.parent.map(|p| p.0),
                    &node.level,
                    &node.code,
                    &node.name,
                    &node.help_phone,
                ),
            )?;
        }
        EntryKind::REVOCATION => {
            let revocation: Revocation = wire::decode("revocation", &entry.body)?;
            for writer in revocation.writers {
                tx.execute(
                    "INSERT OR IGNORE INTO revoked VALUES (?1, ?2)",
                    (writer.0, revocation.at.0),
                )?;
            }
        }
        EntryKind::SHARE => {
            let share: Share = wire::decode("share", &entry.body)?;
            shares::take(tx, scope, &share)?;
        }
        EntryKind::RELAY_KEY => {
            let link: SignedRelayKey = wire::decode("relay key", &entry.body)?;
            relay_keys::take(tx, &link)?;
        }
        EntryKind::RESOURCE => {
            let resource: Resource = wire::decode("resource", &entry.body)?;
            if resources::keep(tx, &resource)? {
                media::refer(tx, &entry.record, &resources::recordings(&resource))?;
            }
        }
        _ => {}
    }
    Ok(None)
}

/// Whether this version knows the system kind.
pub(super) fn is_known(kind: EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::CERTIFICATE
            | EntryKind::GRANT
            | EntryKind::ORG_NODE
            | EntryKind::RESOURCE
            | EntryKind::TOMBSTONE
            | EntryKind::REVOCATION
            | EntryKind::SHARE
            | EntryKind::RELAY_KEY
    )
}
