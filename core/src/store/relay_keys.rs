//! The keys of the relay that this phone knows: the one that its ticket named, and those to which the relay led since.

use rusqlite::Transaction;
use xunge_protocol::relay_key::{KeyRing, KnownKey, SignedRelayKey};
use xunge_protocol::{PublicKey, Timestamp};

use super::{Store, StoreError, identity};

impl Store {
    /// Keeps what an answer whose signature was checked taught about the relay's keys.
    pub fn learn_relay_keys(&self, ring: &KeyRing) -> Result<(), StoreError> {
        self.write(|tx| keep(tx, ring))
    }
}

/// The ring of a vault whose enrolment began with a ticket that names `pinned`.
pub(super) fn ring(tx: &Transaction<'_>, pinned: PublicKey) -> Result<KeyRing, StoreError> {
    let keys = tx
        .prepare_cached("SELECT sequence, key, revoked_at FROM relay_key ORDER BY sequence")?
        .query_map((), |row| {
            Ok(KnownKey {
                sequence: row.get(0)?,
                key: PublicKey(row.get(1)?),
                revoked_at: row.get::<_, Option<i64>>(2)?.map(Timestamp),
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(KeyRing::of(keys).unwrap_or_else(|| KeyRing::pinned(pinned)))
}

pub(super) fn keep(tx: &Transaction<'_>, ring: &KeyRing) -> Result<(), StoreError> {
    tx.execute("DELETE FROM relay_key", ())?;
    for known in ring.keys() {
        tx.execute(
            "INSERT INTO relay_key (sequence, key, revoked_at) VALUES (?1, ?2, ?3)",
            (known.sequence, known.key.0, known.revoked_at.map(|at| at.0)),
        )?;
    }
    Ok(())
}

/// Takes a link that stands in the county's log. One that says otherwise than what is known here changes nothing.
pub(super) fn take(tx: &Transaction<'_>, link: &SignedRelayKey) -> Result<(), StoreError> {
    let Some(identity) = identity::identity(tx)? else {
        return Err(StoreError::NotEnrolled);
    };
    let led = identity.keys.follow(std::slice::from_ref(link))?;
    if led != identity.keys {
        keep(tx, &led)?;
    }
    Ok(())
}
