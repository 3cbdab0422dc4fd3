//! Gathers the relay's entries of one transaction, and seals them as segments of its own chain in each scope.

use xunge_protocol::system::{Certificate, SignedCertificate, WriterRole};
use xunge_protocol::{Entry, EntryKind, Hash32, ScopeId, Segment, Suite, wire};

use super::{Authority, AuthorityError};
use crate::store::EntryRow;

/// Entries of one of the relay's segments: small enough that a pull with one of them missing stays small.
const SEGMENT_ENTRIES: usize = 256;

impl Authority<'_> {
    /// Adds an entry to what the relay writes in `scope`. The first that it writes there, in each of its epochs, is its
    /// certificate.
    pub(super) fn queue(
        &mut self,
        scope: ScopeId,
        entry: Entry,
        change: Hash32,
    ) -> Result<(), AuthorityError> {
        if !self.outgoing.contains_key(&scope)
            && self
                .tx()
                .chain_head(scope, self.county().relay_writer)?
                .is_none()
        {
            let certificate = self.relay_certificate()?;
            let body = wire::encode(&certificate);
            let first = Entry {
                record: certificate.certificate.entry_id(),
                kind: EntryKind::CERTIFICATE,
                body,
            };
            let hash = Hash32::of(&first.body);
            self.outgoing.insert(scope, vec![(first, hash)]);
        }
        self.note_accepted(entry.record, entry.kind);
        self.outgoing
            .entry(scope)
            .or_default()
            .push((entry, change));
        Ok(())
    }

    /// The relay's own certificate, made when it is first asked for.
    fn relay_certificate(&self) -> Result<SignedCertificate, AuthorityError> {
        let county = self.county();
        if let Some(row) = self.tx().writer(county.relay_writer)? {
            return Ok(row.certificate);
        }
        let certificate = Certificate {
            suite: Suite::default().byte(),
            writer: county.relay_writer,
            key: county.relay_key.public(),
            role: WriterRole::Relay,
            worker: String::new(),
            name: county.name.clone(),
            predecessor: None,
            issued_at: self.now(),
        }
        .sign(&county.relay_key);
        self.tx().insert_writer(&certificate)?;
        Ok(certificate)
    }

    /// Seals and stores what the relay wrote in `scope` so far.
    pub(super) fn seal(&mut self, scope: ScopeId) -> Result<(), AuthorityError> {
        let mut waiting = self.outgoing.remove(&scope).unwrap_or_default();
        while !waiting.is_empty() {
            let rest = waiting.split_off(waiting.len().min(SEGMENT_ENTRIES));
            self.seal_batch(scope, std::mem::replace(&mut waiting, rest))?;
        }
        Ok(())
    }

    fn seal_batch(
        &self,
        scope: ScopeId,
        batch: Vec<(Entry, Hash32)>,
    ) -> Result<(), AuthorityError> {
        let county = self.county();
        let tx = self.tx();
        let (index, previous) = match tx.chain_head(scope, county.relay_writer)? {
            Some(head) => (head.header.index + 1, head.header.hash()),
            None => (0, Hash32([0; 32])),
        };
        let hashes: Vec<Hash32> = batch.iter().map(|(_, hash)| *hash).collect();
        let segment = Segment::seal(
            &county.relay_key,
            county.relay_writer,
            scope,
            index,
            previous,
            batch,
        );
        tx.insert_segment(&segment.header, &segment.signature, self.now())?;
        for (ordinal, (entry, change)) in std::iter::zip(segment.entries, hashes).enumerate() {
            let leaf = entry.leaf(change).hash();
            let row = EntryRow {
                ordinal: ordinal as u32,
                position: Some(tx.next_position(scope)?),
                late: false,
                entry,
                change,
                leaf,
            };
            tx.insert_entry(&segment.header, &row)?;
        }
        Ok(())
    }
}
