//! Judges one entry: may this writer do this, here, now? A change that may is applied to the record's document.

use xunge_protocol::system::WriterRole;
use xunge_protocol::{Entry, RefusalCode, ScopeId, WriterId};
use xunge_records::guard::rules::{Arrival, check_role};
use xunge_records::lists::{Audience, CodeLists};
use xunge_records::model::validate::{ProblemCode, validate};
use xunge_records::{CheckedChange, Document, GuardError, Kind, Record};

use super::guarded::{Guarded, Passed, Seen, guard};
use super::{LogError, LogWork, Origin};
use crate::store::WriterRow;

/// Why an entry goes into quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub code: RefusalCode,
    /// More for a person, English.
    pub detail: Option<String>,
}

impl From<RefusalCode> for Refusal {
    fn from(code: RefusalCode) -> Self {
        Self { code, detail: None }
    }
}

impl From<GuardError> for Refusal {
    fn from(error: GuardError) -> Self {
        Self {
            code: error.refusal(),
            detail: Some(error.to_string()),
        }
    }
}

/// Who brings an entry, and where to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bearer<'a> {
    pub(crate) writer: WriterId,
    pub(crate) role: WriterRole,
    pub(crate) scope: ScopeId,
    /// Whether the entry arrived within the drain of a closed grant.
    pub(crate) late: bool,
    pub(crate) content: Content<'a>,
}

/// Whether the record's content is judged too.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content<'a> {
    /// By the rules of its kind and these lists.
    Checked(&'a CodeLists),
    /// A supervisor vouches for it.
    Vouched,
}

impl LogWork<'_> {
    /// Judges `entry`, of which the guard said `guarded`; where it may be, its record's document holds it afterwards.
    /// Nothing is stored.
    pub(crate) fn take(
        &mut self,
        bearer: Bearer<'_>,
        entry: &Entry,
        guarded: Guarded,
    ) -> Result<Result<(), Refusal>, LogError> {
        let Passed {
            kind,
            change,
            opened,
        } = match self.judge(bearer, entry, guarded)? {
            Ok(judged) => judged,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let loaded = self.document(bearer.scope, entry.record, kind)?;
        if let (None, Some(opened)) = (loaded.origin, opened) {
            return self.settle(bearer, &change, *opened);
        }
        // A change that is there already changes nothing: a second effect is impossible.
        let after = if loaded.document.knows(&change.hash) {
            Ok(loaded.document.clone())
        } else {
            loaded.document.with(&change)
        };
        match after {
            Ok(document) => self.settle(bearer, &change, Seen::of(entry.record, document)?),
            Err(error) => Ok(Err(GuardError::from(error).into())),
        }
    }

    /// As [`Self::take`], of an entry whose change `after` holds already, since this relay just wrote it.
    pub(crate) fn take_own(
        &mut self,
        bearer: Bearer<'_>,
        entry: &Entry,
        after: Document,
    ) -> Result<Result<(), Refusal>, LogError> {
        match self.judge(bearer, entry, guard(entry))? {
            Ok(passed) => self.settle(bearer, &passed.change, Seen::of(entry.record, after)?),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Whether what passed the guard may be done to this record by this writer.
    fn judge(
        &mut self,
        bearer: Bearer<'_>,
        entry: &Entry,
        guarded: Guarded,
    ) -> Result<Guarded, LogError> {
        let passed = match guarded {
            Ok(passed) => passed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Passed { kind, change, .. } = &passed;
        let kind = *kind;
        if !entry.record.is_known() || change.author.writer != bearer.writer {
            return Ok(Err(RefusalCode::ForeignRecord.into()));
        }
        // Nobody says again what another worker said.
        let firsts = change.operations.events.iter().filter_map(|(_, e)| e.first);
        for first in firsts {
            if !self.is_same_worker(first.writer, bearer.writer)? {
                return Ok(Err(RefusalCode::OperationNotAllowed.into()));
            }
        }
        if let Some((scope, known)) = self.place(entry.record)? {
            if scope != bearer.scope {
                let shares = self.tx.shares_of(entry.record)?;
                let only_read = shares
                    .iter()
                    .any(|s| s.is_in_force() && s.guest == bearer.scope);
                return Ok(Err(match only_read {
                    true => RefusalCode::SharedRecord.into(),
                    false => RefusalCode::WrongScope.into(),
                }));
            }
            if known != kind {
                return Ok(Err(RefusalCode::OperationNotAllowed.into()));
            }
        } else {
            self.begin(bearer.scope, entry.record, kind)?;
        }
        let loaded = self.document(bearer.scope, entry.record, kind)?;
        if loaded.document.knows(&change.hash) {
            return Ok(Ok(passed));
        }
        if let Err(error) = loaded.document.check_place(change) {
            return Ok(Err(GuardError::from(error).into()));
        }
        let arrival = Arrival {
            role: bearer.role,
            record: entry.record,
            kind,
            scope: bearer.scope,
        };
        Ok(match check_role(&arrival, change, &loaded.document) {
            Ok(()) => Ok(passed),
            Err(code) => Err(code.into()),
        })
    }

    /// Whether both are incarnations of one worker.
    pub(crate) fn is_same_worker(&self, one: WriterId, other: WriterId) -> Result<bool, LogError> {
        let worker = |row: WriterRow| row.worker().to_owned();
        let one = self.tx.writer(one)?.map(worker);
        Ok(one.is_some() && one == self.tx.writer(other)?.map(worker))
    }

    /// Keeps what is `after` the change, unless its content makes the record unusable.
    fn settle(
        &mut self,
        bearer: Bearer<'_>,
        change: &CheckedChange,
        after: Seen,
    ) -> Result<Result<(), Refusal>, LogError> {
        if let Content::Checked(lists) = bearer.content
            && names_sensitive_category(change, after.read.kind, lists)
        {
            return Ok(Err(Refusal {
                code: RefusalCode::OperationNotAllowed,
                detail: Some("a category that no phone may have".into()),
            }));
        }
        if let Content::Checked(lists) = bearer.content
            && let Some(refusal) = unusable(change, &after.read, lists)
        {
            return Ok(Err(refusal));
        }
        let origin = Origin {
            writer: bearer.writer,
            received_at: self.now,
            late: bearer.late,
        };
        self.keep(after, origin);
        Ok(Ok(()))
    }
}

/// Whether a change gives a person a category that is for the town alone. Phones read the documents of their grids, so none
/// of them may hold it, whoever writes it.
fn names_sensitive_category(change: &CheckedChange, kind: Kind, lists: &CodeLists) -> bool {
    let Some(list) = lists
        .get("person_category")
        .filter(|_| kind == Kind::Person)
    else {
        return false;
    };
    change.operations.set.iter().any(|(path, _)| {
        path.strip_prefix("categories/").is_some_and(|member| {
            list.get(member)
                .is_some_and(|code| code.audience == Audience::Relay)
        })
    })
}

/// Why a change would leave its record unusable. What others wrote before is not held against it, and a code that this
/// relay does not know may come from a newer list.
fn unusable(change: &CheckedChange, after: &Record, lists: &CodeLists) -> Option<Refusal> {
    let does = &change.operations;
    let touched = |path: &str| {
        let mut written = does.set.iter().map(|(p, _)| p).chain(&does.remove);
        written.any(|w| {
            w.strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let faults: Vec<String> = validate(after.kind, &after.fields, lists)
        .into_iter()
        .filter(|p| !matches!(p.code, ProblemCode::UnknownCode | ProblemCode::BeforeBegin))
        .filter(|p| does.open.is_some() || touched(&p.path))
        .map(|p| p.to_string())
        .collect();
    (!faults.is_empty()).then(|| Refusal {
        code: RefusalCode::InvalidContent,
        detail: Some(faults.join("; ")),
    })
}
