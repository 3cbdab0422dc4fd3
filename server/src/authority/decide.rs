//! A supervisor's decision about an entry in quarantine: let it in after all, or refuse it for good.

use xunge_planted::Bug;
use xunge_protocol::system::WriterRole;
use xunge_protocol::{Hash32, RecordId, RefusalCode, ScopeId, Verdict};
use xunge_records::check_change;

use super::{Authority, AuthorityError};
use crate::log::guarded::guard;
use crate::log::judge::{Bearer, Content, Refusal};
use crate::log::receipt;
use crate::store::{EntryId, EntryRow, QuarantineRow, QuarantineState};

/// Quarantined entries, each with its row.
type Rows = Vec<(QuarantineRow, EntryRow)>;

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
        let waiting = self.quarantine_of(id.scope, row.record, QuarantineState::Waiting)?;
        for (other, again) in self.said_again(waiting, &entry)?.0 {
            if self.let_in(&other, &again, Content::Vouched)?.is_ok() {
                self.decided(other.id, QuarantineState::Admitted, user, reason)?;
                admitted.push(other.id);
            }
        }
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
        if xunge_planted::is_on(Bug::DependentsForgotten) {
            return Ok(());
        }
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
            for (row, entry) in self.quarantine_of(scope, record, QuarantineState::Waiting)? {
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

    /// Refuses an entry for good; its writer gets a revised receipt with the reason. So does another copy of its phone that
    /// said the same again. What builds on it falls with it, without a reason of its own: its writer says it again on what is
    /// left. Returns all that were rejected.
    pub fn reject(
        &mut self,
        id: EntryId,
        user: &str,
        reason: &str,
    ) -> Result<Vec<EntryId>, AuthorityError> {
        let (row, entry) = self.waiting(id)?;
        let mut waiting = self.quarantine_of(id.scope, row.record, QuarantineState::Waiting)?;
        waiting.retain(|(other, _)| other.id != id);
        let (again, mut waiting) = self.said_again(waiting, &entry)?;
        let (mut rejected, mut gone) = (Vec::new(), Vec::new());
        for (row, entry) in std::iter::once((row, entry)).chain(again) {
            self.decided(row.id, QuarantineState::Rejected, user, reason)?;
            rejected.push(row.id);
            gone.push(entry.change);
        }
        while let Some(target) = gone.pop() {
            let (falls, stays) = waiting
                .into_iter()
                .partition(|(_, other)| builds_on(&other.entry.body, target));
            waiting = stays;
            for (other, entry) in falls as Rows {
                self.decided(other.id, QuarantineState::Rejected, user, "")?;
                rejected.push(other.id);
                gone.push(entry.change);
            }
        }
        self.revise(&rejected)?;
        Ok(rejected)
    }

    /// What becomes of an entry that just went into quarantine, if that was decided before: it says again what another copy of
    /// its phone had said, or it builds on what was rejected.
    pub(crate) fn decide_as_before(
        &mut self,
        id: EntryId,
        entry: &EntryRow,
    ) -> Result<Option<Verdict>, AuthorityError> {
        let Some(row) = self.tx().quarantined(id)? else {
            return Ok(None);
        };
        let rejected = self.quarantine_of(id.scope, row.record, QuarantineState::Rejected)?;
        if rejected
            .iter()
            .any(|(_, gone)| builds_on(&entry.entry.body, gone.change))
        {
            return self.reject_as_before(id, BY_ITSELF, "").map(Some);
        }
        // What only fell was said again, and counts as it is now.
        let (again, _) = self.said_again(rejected, entry)?;
        for (before, _) in again {
            if let Some(reason) = before.reason.filter(|reason| !reason.is_empty()) {
                let user = before.decided_by.unwrap_or_default();
                return self.reject_as_before(id, &user, &reason).map(Some);
            }
        }
        let admitted = self.quarantine_of(id.scope, row.record, QuarantineState::Admitted)?;
        let (again, _) = self.said_again(admitted, entry)?;
        let Some((before, _)) = again.into_iter().next() else {
            return Ok(None);
        };
        if self.let_in(&row, entry, Content::Vouched)?.is_err() {
            return Ok(None);
        }
        let (user, reason) = (before.decided_by.unwrap_or_default(), before.reason);
        self.decided(
            id,
            QuarantineState::Admitted,
            &user,
            &reason.unwrap_or_default(),
        )?;
        let entries = self.tx().entries(id.scope, id.writer, id.index)?;
        let position = entries.iter().find(|e| e.ordinal == id.ordinal);
        Ok(position
            .and_then(|e| e.position)
            .map(|position| Verdict::Accepted {
                position,
                late: false,
            }))
    }

    fn reject_as_before(
        &self,
        id: EntryId,
        user: &str,
        reason: &str,
    ) -> Result<Verdict, AuthorityError> {
        self.decided(id, QuarantineState::Rejected, user, reason)?;
        Ok(Verdict::Rejected {
            reason: reason.into(),
        })
    }

    /// Parts `rows` into those in which another incarnation of the worker says what `entry` says, and the others.
    fn said_again(&self, rows: Rows, entry: &EntryRow) -> Result<(Rows, Rows), AuthorityError> {
        let Ok(said) = check_change(&entry.entry.body) else {
            return Ok((Vec::new(), rows));
        };
        let (mut again, mut others) = (Vec::new(), Vec::new());
        for (row, other) in rows {
            let is_same = check_change(&other.entry.body).is_ok_and(|c| c.says_the_same(&said));
            let by_one = is_same && self.log.is_same_worker(row.id.writer, said.author.writer)?;
            match by_one {
                true => again.push((row, other)),
                false => others.push((row, other)),
            }
        }
        Ok((again, others))
    }

    fn quarantine_of(
        &self,
        scope: ScopeId,
        record: RecordId,
        state: QuarantineState,
    ) -> Result<Rows, AuthorityError> {
        Ok(self.tx().quarantine_of(scope, record, state)?)
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
