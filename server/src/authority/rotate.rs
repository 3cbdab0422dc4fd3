//! The relay goes on under another key, and under another writer with it, since a writer has one key for its life.
//!
//! The old key signs the new one, and the new one the old: phones follow from the one that they know. Bundles that were
//! sealed to the old key are opened for a while.

use std::sync::Arc;

use xunge_protocol::relay_key::{MAX_KEYS, RelayKey, SignedRelayKey};
use xunge_protocol::snapshot::SignedSnapshot;
use xunge_protocol::{EntryKind, SecretKey, Timestamp, WriterId, wire};
use zeroize::Zeroizing;

use super::{Authority, AuthorityError};
use crate::journal::{Fact, NewRelayKey};
use crate::store::{County, RetiredKey, StoreError};

impl Authority<'_> {
    /// Changes the relay's key. Bundles that were sealed to the old one are opened until `opens_until`; where the old key
    /// may be in wrong hands, `revoke_old` makes phones believe nothing that it signs from now on.
    pub fn rotate(
        &mut self,
        revoke_old: bool,
        opens_until: Timestamp,
    ) -> Result<SignedRelayKey, AuthorityError> {
        let sequence = self.county().relay_key_sequence + 1;
        if sequence as usize >= MAX_KEYS {
            return Err(AuthorityError::KeysUsedUp);
        }
        let seed = Zeroizing::new(self.relay.env.random::<32>());
        let (old, new) = (&self.county().relay_key, SecretKey::from_seed(&seed));
        let link = RelayKey::sign(sequence, old, &new, self.now(), revoke_old);
        let sealed = NewRelayKey::seal(
            &self.tx().journal_key()?.public(),
            self.relay.env.random(),
            &link,
            &seed,
        )
        .map_err(StoreError::from)?;
        self.note(Fact::RelayKey {
            key: sealed,
            opens_until,
        });
        let writer = WriterId(self.relay.env.random());
        self.tx().forget_retired_keys(self.now())?;
        self.go_on_under(&link, &seed, writer, opens_until)?;
        self.publish_keys()?;
        Ok(link)
    }

    /// After a restore: goes on under the keys that the relay had after the backup. What the relay wrote under them is
    /// gone, but phones know them, and would believe no earlier one.
    pub(crate) fn adopt_keys(&mut self, journals: &[Vec<Fact>]) -> Result<usize, AuthorityError> {
        let mut adopted = 0;
        while let Some((key, link, opens_until)) = next_key(journals, self.county())? {
            let seed = key
                .open(&self.tx().journal_key()?)
                .map_err(|_| AuthorityError::JournalOfAnother)?;
            // The new epoch has a writer of its own, which has written nothing yet.
            let writer = self.county().relay_writer;
            self.go_on_under(&link, &seed, writer, opens_until)?;
            adopted += 1;
        }
        if adopted > 0 {
            self.publish_keys()?;
        }
        Ok(adopted)
    }

    fn go_on_under(
        &mut self,
        link: &SignedRelayKey,
        seed: &[u8; 32],
        writer: WriterId,
        opens_until: Timestamp,
    ) -> Result<(), AuthorityError> {
        let retired = RetiredKey {
            secret: None,
            opens_until,
            link: link.clone(),
        };
        self.tx().change_relay_key(&retired, seed, writer)?;
        self.county = Arc::new(self.tx().county_now()?);
        Ok(())
    }

    /// Tells phones of the keys in the county's log, and signs the first copies of scopes anew.
    fn publish_keys(&mut self) -> Result<(), AuthorityError> {
        let county = self.county.clone();
        for retired in &county.retired {
            let link = &retired.link;
            self.write_if_new(
                county.scope,
                link.relay_key.entry_id(),
                EntryKind::RELAY_KEY,
                wire::encode(link),
            )?;
        }
        for mut row in self.tx().snapshots()? {
            let signed: SignedSnapshot =
                wire::decode("snapshot", &row.signed).map_err(StoreError::from)?;
            row.signed = wire::encode(&SignedSnapshot::sign(&county.relay_key, signed.snapshot));
            self.tx().sign_snapshot(&row)?;
        }
        Ok(())
    }
}

/// The key that the journals tell to follow the county's. The transaction of a line may have failed, and another line then
/// tells of the same number: the one that was made last holds.
fn next_key<'a>(
    journals: &'a [Vec<Fact>],
    county: &County,
) -> Result<Option<(&'a NewRelayKey, SignedRelayKey, Timestamp)>, AuthorityError> {
    let mut last: Option<(&NewRelayKey, SignedRelayKey, Timestamp)> = None;
    for fact in journals.iter().flatten() {
        let Fact::RelayKey { key, opens_until } = fact else {
            continue;
        };
        let link = key.link()?;
        let said = &link.relay_key;
        let follows = said.sequence == county.relay_key_sequence + 1
            && said.old == county.relay_key.public()
            && link.verify().is_ok();
        let is_later = last
            .as_ref()
            .is_none_or(|(_, held, _)| held.relay_key.from <= said.from);
        if follows && is_later {
            last = Some((key, link, *opens_until));
        }
    }
    Ok(last)
}
