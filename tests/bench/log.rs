//! What a relay took into its log while it was measured, for the bare loops, which apply the same changes.

use std::collections::HashMap;

use xunge_protocol::{ScopeId, WriterId};
use xunge_server::store::{Location, Options, Store, StoreError};
use xunge_tests::Outcome;

use crate::documents::Documents;

/// A change of a document: record, number of its kind, body.
pub(crate) type Change = (Vec<u8>, i64, Vec<u8>);

/// Changes behind given positions, by the writer that brought them and the scope.
pub(crate) struct Log(HashMap<(WriterId, ScopeId), Vec<Change>>);

impl Log {
    /// The changes of documents behind the last positions `before`, in the scopes that these name.
    pub(crate) fn behind(at: impl Into<Location>, before: &HashMap<Vec<u8>, i64>) -> Outcome<Self> {
        let store = Store::open(at, Options::default())?;
        let mut all: HashMap<_, Vec<Change>> = HashMap::new();
        store.read::<_, StoreError>(|tx| {
            for (scope, position) in before {
                let scope = ScopeId(scope.as_slice().try_into().unwrap_or_default());
                let after = position.unsigned_abs();
                for entry in tx.entries_after(scope, after, usize::MAX)? {
                    let (home, writer, entry) = (entry.home, entry.writer, entry.row.entry);
                    if !entry.kind.is_system() {
                        let change = (entry.record.0.to_vec(), entry.kind.0.into(), entry.body);
                        all.entry((writer, home)).or_default().push(change);
                    }
                }
            }
            Ok(())
        })?;
        Ok(Self(all))
    }

    /// What a writer brought in a scope.
    pub(crate) fn of(&self, writer: &[u8], scope: &[u8]) -> Vec<Change> {
        let id = |bytes: &[u8]| bytes.try_into().unwrap_or_default();
        let key = (WriterId(id(writer)), ScopeId(id(scope)));
        self.0.get(&key).cloned().unwrap_or_default()
    }
}

/// Applies changes with Automerge.
pub(crate) fn apply(documents: &mut Documents, changes: &[Change]) -> Outcome {
    for (record, kind, body) in changes {
        documents.apply(record, *kind, body)?;
    }
    Ok(())
}
