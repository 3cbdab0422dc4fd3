//! A supervisor's decision about an entry in quarantine: let it in after all, or refuse it for good.

use xunge_protocol::system::WriterRole;
use xunge_protocol::{Hash32, RecordId, RefusalCode, ScopeId};
use xunge_records::check_change;

use super::{Authority, AuthorityError};
use crate::log::guarded::guard;
use crate::log::judge::{Bearer, Content, Refusal};
use crate::log::receipt;
use crate::store::{EntryId, EntryRow, QuarantineRow, QuarantineState};

/// Who decided where nobody had to.
const BY_ITSELF: &str = "relay";

impl Authority<'_> {
    /// Admits an entry: it gets a position at the end of its scope, its writer a revised receipt. Entries that waited
    /// only for it follow by themselves; all that were admitted are returned.
    ///
    /// # Errors
    /// [`AuthorityError::NotAdmissible`] for what the guard refused: no person can vouch for those bytes.
    pub fn admit(
        &mut self,
        id: EntryId,
        user: &str,
        reason: &str,
    ) -> Result<Vec<EntryId>, AuthorityError> {
        let (row, entry) = self.waiting(id)?;
        let by_policy = matches!(
            row.code,
            RefusalCode::OutsideGrid | RefusalCode::DeviceRevoked | RefusalCode::InvalidContent
        );
        if !by_policy {
            return Err(AuthorityError::NotAdmissible(row.code));
        }
        self.let_in(&row, &entry, Content::Vouched)?
            .map_err(AuthorityError::Refused)?;
        self.decided(id, QuarantineState::Admitted, user, reason)?;
        let mut admitted = vec![id];
        admitted.extend(self.let_in_what_waited(id.scope, row.record, user, reason)?);
        if self.log.place(row.record)?.is_some() {
            self.register(row.record)?;
        }
        self.revise(&admitted)?;
        Ok(admitted)
    }

    /// Lets in the entries of `record` that waited only for what has come since, and revises their receipts. Those of a
    /// revoked phone stay for a supervisor.
    pub(crate) fn let_in_dependents(
        &mut self,
        scope: ScopeId,
        record: RecordId,
    ) -> Result<(), AuthorityError> {
        let admitted = self.let_in_what_waited(scope, record, BY_ITSELF, "")?;
        if !admitted.is_empty() {
            tracing::info!(%record, entries = admitted.len(), "what they waited for has come");
        }
        self.revise(&admitted)
    }

    fn let_in_what_waited(
        &mut self,
        scope: ScopeId,
        record: RecordId,
        user: &str,
        reason: &str,
    ) -> Result<Vec<EntryId>, AuthorityError> {
        let mut admitted = Vec::new();
        // Each round may free further ones.
        loop {
            let before = admitted.len();
            for (row, entry) in self.tx().waiting_of(scope, record)? {
                let lists = Content::Checked(self.relay.lists());
                // For a revoked phone a person decides.
                let by_itself = user == BY_ITSELF;
                let writer = self.tx().writer(row.id.writer)?;
                let is_revoked = writer.is_none_or(|writer| writer.revoked_at.is_some());
                if row.code == RefusalCode::DependencyMissing
                    && !(by_itself && is_revoked)
                    && self.let_in(&row, &entry, lists)?.is_ok()
                {
                    self.decided(row.id, QuarantineState::Admitted, user, reason)?;
                    admitted.push(row.id);
                }
            }
            if admitted.len() == before {
                return Ok(admitted);
            }
        }
    }

    /// Refuses an entry for good; its writer gets a revised receipt with the reason. What builds on it falls with it,
    /// without a reason of its own: its writer says it again on what is left. Returns all that were rejected.
    pub fn reject(
        &mut self,
        id: EntryId,
        user: &str,
        reason: &str,
    ) -> Result<Vec<EntryId>, AuthorityError> {
        let (row, entry) = self.waiting(id)?;
        let mut waiting = self.tx().waiting_of(id.scope, row.record)?;
        waiting.retain(|(other, _)| other.id != id);
        let (mut rejected, mut gone) = (vec![id], vec![entry.change]);
        self.decided(id, QuarantineState::Rejected, user, reason)?;
        while let Some(target) = gone.pop() {
            let (falls, stays) = waiting
                .into_iter()
                .partition(|(_, other)| builds_on(&other.entry.body, target));
            waiting = stays;
            for (other, entry) in falls as Vec<(QuarantineRow, EntryRow)> {
                self.decided(other.id, QuarantineState::Rejected, user, "")?;
                rejected.push(other.id);
                gone.push(entry.change);
            }
        }
        self.revise(&rejected)?;
        Ok(rejected)
    }

    fn waiting(&self, id: EntryId) -> Result<(QuarantineRow, EntryRow), AuthorityError> {
        let row = self
            .tx()
            .quarantined(id)?
            .ok_or(AuthorityError::UnknownEntry(id))?;
        if row.state != QuarantineState::Waiting {
            return Err(AuthorityError::AlreadyDecided(id));
        }
        let entry = self
            .tx()
            .entries(id.scope, id.writer, id.index)?
            .into_iter()
            .find(|e| e.ordinal == id.ordinal)
            .ok_or(AuthorityError::UnknownEntry(id))?;
        Ok((row, entry))
    }

    /// Takes an entry into the log at the end of its scope, or says why the gate does not let it through.
    fn let_in(
        &mut self,
        row: &QuarantineRow,
        entry: &EntryRow,
        content: Content<'_>,
    ) -> Result<Result<(), Refusal>, AuthorityError> {
        let id = row.id;
        let bearer = Bearer {
            writer: id.writer,
            role: WriterRole::Worker,
            scope: id.scope,
            late: false,
            content,
        };
        if let Err(refusal) = self.log.take(bearer, &entry.entry, guard(&entry.entry))? {
            return Ok(Err(refusal));
        }
        // Readers of this scope may never have seen the writer: its certificate comes before.
        self.certify_writer_in(id.scope, id.writer)?;
        self.seal(id.scope)?;
        let segment = self
            .tx()
            .segment(id.scope, id.writer, id.index)?
            .ok_or(AuthorityError::UnknownEntry(id))?;
        let position = self.tx().next_position(id.scope)?;
        self.tx()
            .set_position(&segment.header, id.ordinal, position, false)?;
        self.note_accepted(row.record, entry.entry.kind);
        Ok(Ok(()))
    }

    fn decided(
        &self,
        id: EntryId,
        state: QuarantineState,
        user: &str,
        reason: &str,
    ) -> Result<(), AuthorityError> {
        Ok(self
            .tx()
            .decide_quarantine(id, state, self.now(), user, reason)?)
    }

    /// One revised receipt for each segment of `entries`.
    fn revise(&self, entries: &[EntryId]) -> Result<(), AuthorityError> {
        let mut segments: Vec<_> = entries
            .iter()
            .map(|e| (e.scope, e.writer, e.index))
            .collect();
        segments.sort();
        segments.dedup();
        for (scope, writer, index) in segments {
            receipt::revise(self.relay, self.tx(), scope, writer, index)?;
        }
        Ok(())
    }
}

/// Whether the change in `body` names `target` among what it builds on. Bytes that are no change build on nothing.
fn builds_on(body: &[u8], target: Hash32) -> bool {
    check_change(body).is_ok_and(|c| c.dependencies.contains(&target))
}
