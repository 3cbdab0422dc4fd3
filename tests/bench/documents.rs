//! What every bare loop has to do besides inserting rows: the changes applied with Automerge, nothing checked.

use std::collections::HashMap;

use automerge::{AutoCommit, Change};
use xunge_records::Kind;
use xunge_records::document::genesis;
use xunge_tests::Outcome;

/// Documents by record.
#[derive(Default)]
pub(crate) struct Documents(HashMap<Vec<u8>, AutoCommit>);

impl Documents {
    /// Takes a change of a record of the kind with number `kind`.
    pub(crate) fn apply(&mut self, record: &[u8], kind: i64, body: &[u8]) -> Outcome {
        if let Some(document) = self.0.get_mut(record) {
            document.apply_changes([Change::from_bytes(body.to_vec())?])?;
            return Ok(());
        }
        let kind = Kind::ALL
            .into_iter()
            .find(|k| i64::from(k.entry_kind().0) == kind)
            .ok_or("unknown kind")?;
        let mut document = AutoCommit::new();
        let changes = [genesis::bytes(kind), body].map(|bytes| Change::from_bytes(bytes.to_vec()));
        let changes = changes.into_iter().collect::<Result<Vec<_>, _>>()?;
        document.apply_changes(changes)?;
        self.0.insert(record.to_vec(), document);
        Ok(())
    }
}
