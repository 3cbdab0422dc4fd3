//! How the relay goes on under another key, and how who pinned one key comes to believe another.
//!
//! Each link says that one key follows another, signed by both: by the old one, so that who trusts it goes forward; by the
//! new one, so that who was given the new one believes what the old one signed before. Numbers count up by one and no key
//! comes twice, so a chain has one direction and an end.

use minicbor::{Decode, Encode};

use crate::crypto::{PublicKey, SecretKey, Signature, Suite};
use crate::ids::{Hash32, RecordId};
use crate::system::item_id;
use crate::time::Timestamp;
use crate::wire::{self, WireError};

const LABEL: &str = "xunge relay key 1";

/// Most keys that a relay has in its life.
pub const MAX_KEYS: usize = 256;

/// One key follows another. In the county's log, and in front of an answer for who does not know it yet.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RelayKey {
    /// Suite byte.
    #[n(0)]
    pub suite: u8,
    /// How many keys came before: the relay's first key has 0.
    #[n(1)]
    pub sequence: u32,
    /// The key before.
    #[n(2)]
    pub old: PublicKey,
    /// The key from now on.
    #[n(3)]
    pub key: PublicKey,
    /// From when.
    #[n(4)]
    pub from: Timestamp,
    /// Whether the old key may be in wrong hands: nothing that it signs from then on counts.
    #[n(5)]
    pub revokes_old: bool,
}

/// A [`RelayKey`] with both signatures.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedRelayKey {
    /// What is said.
    #[n(0)]
    pub relay_key: RelayKey,
    /// By the old key.
    #[n(1)]
    pub by_old: Signature,
    /// By the new key.
    #[n(2)]
    pub by_new: Signature,
}

impl RelayKey {
    /// Says that `new` follows `old`, which is the relay's key number `sequence - 1`.
    pub fn sign(
        sequence: u32,
        old: &SecretKey,
        new: &SecretKey,
        from: Timestamp,
        revokes_old: bool,
    ) -> SignedRelayKey {
        let relay_key = Self {
            suite: Suite::default().byte(),
            sequence,
            old: old.public(),
            key: new.public(),
            from,
            revokes_old,
        };
        let said = wire::encode(&relay_key);
        SignedRelayKey {
            by_old: old.sign(LABEL, &[&said]),
            by_new: new.sign(LABEL, &[&said]),
            relay_key,
        }
    }

    /// Id of its log entry.
    pub fn entry_id(&self) -> RecordId {
        item_id("relay_key", &self.sequence.to_be_bytes())
    }
}

impl SignedRelayKey {
    /// Checks both signatures.
    pub fn verify(&self) -> Result<(), WireError> {
        let said = wire::encode(&self.relay_key);
        Suite::from_byte(self.relay_key.suite)?;
        self.relay_key.old.verify(LABEL, &[&said], &self.by_old)?;
        self.relay_key.key.verify(LABEL, &[&said], &self.by_new)
    }
}

/// A key of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownKey {
    /// How many came before it.
    pub sequence: u32,
    /// The key.
    pub key: PublicKey,
    /// Nothing that it signs from this moment on counts.
    pub revoked_at: Option<Timestamp>,
}

/// The keys of one relay that somebody knows, without a gap; the last one is the relay's own now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRing {
    keys: Vec<KnownKey>,
    /// Whether the number of the only key is not known yet.
    unnumbered: bool,
}

impl KeyRing {
    /// The ring of who was given `key`, as by a ticket, and does not know how many came before.
    pub fn pinned(key: PublicKey) -> Self {
        Self {
            keys: vec![KnownKey {
                sequence: 0,
                key,
                revoked_at: None,
            }],
            unnumbered: true,
        }
    }

    /// The ring with `keys`, in order of number; none if there is no key or a number is missing.
    pub fn of(keys: Vec<KnownKey>) -> Option<Self> {
        let gapless = keys.windows(2).all(|w| w[1].sequence == w[0].sequence + 1);
        (gapless && !keys.is_empty()).then_some(Self {
            keys,
            unnumbered: false,
        })
    }

    /// The keys, in order of number.
    pub fn keys(&self) -> &[KnownKey] {
        &self.keys
    }

    /// The key that the relay has now, as far as is known here.
    pub fn current(&self) -> &PublicKey {
        &self.last().key
    }

    /// Its number.
    pub fn sequence(&self) -> u32 {
        self.last().sequence
    }

    fn last(&self) -> &KnownKey {
        // No ring is made without a key.
        &self.keys[self.keys.len() - 1]
    }

    /// Whether `key` is the relay's, now or before.
    pub fn knows(&self, key: &PublicKey) -> bool {
        self.keys.iter().any(|known| known.key == *key)
    }

    /// The ring with what `chain` adds to it, forward and back.
    ///
    /// # Errors
    /// [`WireError::NotAuthentic`] for a link that its keys did not sign, that does not follow the one before, that leads
    /// back to a key that was, or that says otherwise than what is known; and for a chain that has no key of the ring.
    pub fn follow(&self, chain: &[SignedRelayKey]) -> Result<Self, WireError> {
        let foreign = || WireError::NotAuthentic { what: "relay key" };
        let Some(first) = chain.first() else {
            return Ok(self.clone());
        };
        if chain.len() > MAX_KEYS {
            return Err(WireError::TooLarge {
                what: "relay keys",
                limit: MAX_KEYS,
            });
        }
        let mut keys = vec![KnownKey {
            sequence: first
                .relay_key
                .sequence
                .checked_sub(1)
                .ok_or_else(foreign)?,
            key: first.relay_key.old,
            revoked_at: None,
        }];
        for link in chain {
            let last = keys.last_mut().ok_or_else(foreign)?;
            let said = &link.relay_key;
            if said.old != last.key || Some(said.sequence) != last.sequence.checked_add(1) {
                return Err(foreign());
            }
            last.revoked_at = said.revokes_old.then_some(said.from);
            keys.push(KnownKey {
                sequence: said.sequence,
                key: said.key,
                revoked_at: None,
            });
        }
        self.join(keys).ok_or_else(foreign).and_then(|ring| {
            // Last: signatures cost more than looking.
            chain.iter().try_for_each(SignedRelayKey::verify)?;
            Ok(ring)
        })
    }

    /// This ring and `keys`, which are without a gap, if they agree on a key and differ on none.
    fn join(&self, keys: Vec<KnownKey>) -> Option<Self> {
        let mut known = self.keys.clone();
        if self.unnumbered {
            known[0].sequence = keys.iter().find(|k| k.key == known[0].key)?.sequence;
        }
        let shared = known.iter().any(|k| {
            keys.iter()
                .any(|n| n.sequence == k.sequence && n.key == k.key)
        });
        if !shared {
            return None;
        }
        for new in keys {
            match known.iter_mut().find(|k| k.sequence == new.sequence) {
                Some(held) if held.key != new.key => return None,
                // What was revoked stays so, from the earlier moment on.
                Some(held) => {
                    held.revoked_at = match (held.revoked_at, new.revoked_at) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    }
                }
                None => known.push(new),
            }
        }
        known.sort_by_key(|k| k.sequence);
        let twice = known
            .iter()
            .enumerate()
            .any(|(n, k)| known[..n].iter().any(|before| before.key == k.key));
        if twice {
            return None;
        }
        Self::of(known)
    }

    /// Whether one of the keys signed what was made at `at`, as `verify` tells of a key: the newest are asked first. A
    /// revoked key counts for what was made before.
    pub fn check(
        &self,
        at: Timestamp,
        verify: impl Fn(&PublicKey) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.try_keys(
            |known| known.revoked_at.is_none_or(|since| at < since),
            verify,
        )
    }

    /// Whether a key that was never revoked signed, as `verify` tells of a key: for what nobody vouches for besides.
    pub fn check_unrevoked(
        &self,
        verify: impl Fn(&PublicKey) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        self.try_keys(|known| known.revoked_at.is_none(), verify)
    }

    fn try_keys(
        &self,
        counts: impl Fn(&KnownKey) -> bool,
        verify: impl Fn(&PublicKey) -> Result<(), WireError>,
    ) -> Result<(), WireError> {
        let mut refused = WireError::NotAuthentic {
            what: "signature of the relay",
        };
        for known in self.keys.iter().rev().filter(|known| counts(known)) {
            match verify(&known.key) {
                Ok(()) => return Ok(()),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }
}

/// The links that lead from the key with number `known` to the relay's own, of all its links in order.
pub fn links_after(links: &[SignedRelayKey], known: u32) -> &[SignedRelayKey] {
    let from = links.partition_point(|link| link.relay_key.sequence <= known);
    &links[from..]
}

/// Names `key` where a person compares it: the first 8 bytes of its SHA-256, in hex.
pub fn fingerprint(key: &PublicKey) -> String {
    hex::encode(&Hash32::of(&key.0).0[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_000);

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    fn link(sequence: u32, old: u8, new: u8) -> SignedRelayKey {
        RelayKey::sign(sequence, &key(old), &key(new), AT, false)
    }

    fn ring(chain: &[SignedRelayKey]) -> KeyRing {
        KeyRing::pinned(key(0).public()).follow(chain).unwrap()
    }

    #[test]
    fn who_pinned_any_key_of_a_chain_comes_to_know_all_of_them() {
        let chain = [link(1, 0, 1), link(2, 1, 2), link(3, 2, 3)];
        for pinned in 0..=3 {
            let ring = KeyRing::pinned(key(pinned).public())
                .follow(&chain)
                .unwrap();
            assert_eq!((ring.sequence(), ring.keys().len()), (3, 4));
            assert_eq!(*ring.current(), key(3).public());
            // The same, or a part of it, again.
            assert_eq!(ring.follow(&chain).unwrap(), ring);
            assert_eq!(ring.follow(&chain[1..2]).unwrap(), ring);
        }
    }

    #[test]
    fn no_forged_replayed_branched_or_looping_chain_moves_a_ring() {
        let known = ring(&[link(1, 0, 1)]);
        let stolen = link(1, 0, 9);
        let mut forged = link(2, 1, 9);
        forged.by_old = key(9).sign(LABEL, &[&wire::encode(&forged.relay_key)]);
        let mut taken = link(2, 1, 2);
        taken.by_new = taken.by_old;
        let mut changed = link(2, 1, 2);
        changed.relay_key.revokes_old = true;
        for (why, chain) in [
            ("another branch of a key that was", vec![stolen.clone()]),
            ("a branch that goes on", vec![stolen, link(2, 9, 8)]),
            ("not signed by the old key", vec![forged]),
            ("not signed by the new key", vec![taken]),
            ("changed on its way", vec![changed]),
            ("back to the first key", vec![link(2, 1, 0)]),
            ("to itself", vec![link(2, 1, 1)]),
            ("a gap", vec![link(3, 1, 2)]),
            ("out of order", vec![link(3, 2, 3), link(2, 1, 2)]),
            ("without a key of the ring", vec![link(3, 5, 6)]),
            ("another's chain", vec![link(1, 7, 8)]),
            ("numbers from nowhere", vec![link(0, 1, 2)]),
        ] {
            assert!(known.follow(&chain).is_err(), "{why}");
        }
        assert_eq!(known.follow(&[link(1, 0, 1)]).unwrap(), known);
    }

    #[test]
    fn an_older_key_counts_for_what_it_signed_unless_it_was_revoked() {
        let by = |signer: u8| {
            move |k: &PublicKey| match *k == key(signer).public() {
                true => Ok(()),
                false => Err(WireError::NotAuthentic { what: "test" }),
            }
        };
        let kept = ring(&[link(1, 0, 1)]);
        assert!(kept.check(Timestamp(5_000), by(0)).is_ok());
        assert!(kept.check_unrevoked(by(0)).is_ok());
        let revoked = ring(&[RelayKey::sign(1, &key(0), &key(1), AT, true)]);
        assert!(revoked.check(Timestamp(999), by(0)).is_ok());
        assert!(revoked.check(AT, by(0)).is_err());
        assert!(revoked.check_unrevoked(by(0)).is_err());
        assert!(revoked.check(AT, by(1)).is_ok());
        // Nobody can take a revocation back by a link that leaves it out.
        assert_eq!(
            revoked.follow(&[link(1, 0, 1)]).unwrap().keys()[0].revoked_at,
            Some(AT)
        );
    }

    #[test]
    fn only_the_links_that_somebody_lacks_are_sent() {
        let chain = [link(1, 0, 1), link(2, 1, 2)];
        assert_eq!(links_after(&chain, 0).len(), 2);
        assert_eq!(links_after(&chain, 1), &chain[1..]);
        assert!(links_after(&chain, 2).is_empty() && links_after(&chain, 9).is_empty());
    }
}
