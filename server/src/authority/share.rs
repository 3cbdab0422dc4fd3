//! Shares: a person who lives in one grid and is registered in another is one record of the first, and the phones of the
//! second read it. Its entries get positions of their own in the guest's log, after the item that says so and after the
//! certificates of their writers.

use std::collections::BTreeSet;

use xunge_protocol::system::Share;
use xunge_protocol::{EntryKind, RecordId, ScopeId, Segment, Timestamp, wire};
use xunge_records::{Kind, Value};

use super::{Authority, AuthorityError, Draft};
use crate::journal::Fact;
use crate::log::broken;
use crate::store::{LogTx, StoreResult, Window};

/// Field of a person: the grid where the person is registered.
const REGISTERED: &str = "registered_scope";
/// Field of a person: the grid where the person lives.
const RESIDENCE: &str = "residence_scope";

const ALL: Window = Window {
    skip: 0,
    take: u64::MAX,
};

/// Whether records of this kind may be shared.
pub(crate) fn may_be_shared(kind: EntryKind) -> bool {
    kind == Kind::Person.entry_kind()
}

/// The scopes in whose logs entries of `segments` get positions beside their own.
pub(crate) fn guests_of(tx: &dyn LogTx, segments: &[Segment]) -> StoreResult<Vec<ScopeId>> {
    let persons: BTreeSet<RecordId> = segments
        .iter()
        .flat_map(|segment| &segment.entries)
        .filter(|entry| may_be_shared(entry.kind))
        .map(|entry| entry.record)
        .collect();
    let mut guests = Vec::new();
    for record in persons {
        let shares = tx.shares_of(record)?.into_iter();
        guests.extend(shares.filter(Share::is_in_force).map(|share| share.guest));
    }
    Ok(guests)
}

impl Authority<'_> {
    /// Says where a person is registered: from now on the phones of `guest` read the record, and `acts`, one of the two
    /// grids, acts for the person. Whichever grid read it before reads it no more. None, or the grid where the person lives, ends
    /// the sharing.
    ///
    /// Returns the share that is in force afterwards, or that ended; none if there was nothing to do.
    pub fn register_in(
        &mut self,
        record: RecordId,
        guest: Option<ScopeId>,
        acts: Option<ScopeId>,
    ) -> Result<Option<Share>, AuthorityError> {
        let held = self.record(record)?;
        let home = held.scope.ok_or_else(|| broken(record, "it is not open"))?;
        let guest = guest.filter(|guest| *guest != home);
        let mut draft = Draft::default();
        match guest {
            Some(guest) => {
                draft = draft
                    .set(REGISTERED, guest.to_string())
                    .set(RESIDENCE, home.to_string());
            }
            None if held.fields.text(REGISTERED).is_some() => draft.remove.push(REGISTERED.into()),
            None => {}
        }
        let same = |(path, value): &(String, Value)| held.fields.get(path) == Some(value);
        draft.set.retain(|field| !same(field));
        if !draft.set.is_empty() || !draft.remove.is_empty() {
            self.write(record, None, draft)?;
        }
        let now = self.now();
        let mut done = None;
        for share in self.tx().shares_of(record)? {
            if share.is_in_force() && Some(share.guest) != guest {
                let ended = Share {
                    until: Some(now),
                    ..share
                };
                self.share(&ended)?;
                done = Some(ended);
            }
        }
        let Some(guest) = guest else {
            return Ok(done);
        };
        let known = self.tx().shares_of(record)?;
        let known = known.iter().find(|s| s.guest == guest && s.is_in_force());
        let acts = acts.or(known.map(|s| s.acts)).unwrap_or(home);
        if known.is_some_and(|s| s.acts == acts) {
            return Ok(done);
        }
        let share = Share {
            record,
            home,
            guest,
            acts,
            from: known.map_or(now, |s| s.from),
            until: None,
        };
        self.share(&share)?;
        Ok(Some(share))
    }

    /// Writes a share, or the end of one, into the logs of both scopes.
    pub(crate) fn share(&mut self, share: &Share) -> Result<(), AuthorityError> {
        self.tx().put_share(share)?;
        self.note(Fact::shared(share));
        for scope in [share.guest, share.home] {
            self.write_places(share.home, scope)?;
            self.write_places(share.guest, scope)?;
            self.write_system_item(
                scope,
                share.entry_id(),
                EntryKind::SHARE,
                wire::encode(share),
            )?;
        }
        if share.is_in_force() {
            self.changed.insert(share.record);
        } else {
            self.tx().delete_guest_entries(share.guest, share.record)?;
        }
        Ok(())
    }

    /// Ends all shares of a record, and returns the scopes that read it until now.
    pub(super) fn end_shares(
        &mut self,
        record: RecordId,
        at: Timestamp,
    ) -> Result<Vec<ScopeId>, AuthorityError> {
        let mut guests = Vec::new();
        for share in self.tx().shares_of(record)? {
            if share.is_in_force() {
                self.share(&Share {
                    until: Some(at),
                    ..share
                })?;
                guests.push(share.guest);
            }
        }
        Ok(guests)
    }

    /// Notes that the log holds more of a record.
    pub(crate) fn note_accepted(&mut self, record: RecordId, kind: EntryKind) {
        if may_be_shared(kind) {
            self.changed.insert(record);
        }
    }

    /// Tells the other scope of each share of `scopes` what the places of this one are called now.
    pub(super) fn tell_places_to_guests(
        &mut self,
        scopes: &[ScopeId],
    ) -> Result<(), AuthorityError> {
        let shares = self.tx().shares_in(scopes, ALL)?;
        let pairs: BTreeSet<(ScopeId, ScopeId)> =
            shares.iter().map(|s| (s.home, s.guest)).collect();
        for (home, guest) in pairs {
            self.write_places(home, guest)?;
            self.write_places(guest, home)?;
        }
        Ok(())
    }

    /// Gives what this transaction brought of shared records its place in the guests' logs. All that this relay wrote is
    /// sealed by then.
    pub(super) fn place_in_guests(&mut self) -> Result<(), AuthorityError> {
        for record in std::mem::take(&mut self.changed) {
            for share in self.tx().shares_of(record)? {
                if share.is_in_force() {
                    self.place_in_guest(&share)?;
                }
            }
        }
        Ok(())
    }

    fn place_in_guest(&mut self, share: &Share) -> Result<(), AuthorityError> {
        let entries = self
            .tx()
            .unplaced_entries(share.guest, share.home, share.record)?;
        let writers: BTreeSet<_> = entries.iter().map(|id| id.writer).collect();
        for writer in writers {
            self.certify_writer_in(share.guest, writer)?;
        }
        self.seal(share.guest)?;
        for id in entries {
            let position = self.tx().next_position(share.guest)?;
            self.tx()
                .insert_guest_entry(share.guest, position, id, share.record)?;
        }
        Ok(())
    }
}
