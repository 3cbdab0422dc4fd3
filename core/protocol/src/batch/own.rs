//! What a packer knows of its own batch, to read it back before it is sent.

use std::collections::HashMap;

use automerge::Change;

use super::Held;
use crate::entry::Entry;
use crate::header::SegmentHeader;
use crate::ids::{Hash32, RecordId, ScopeId, WriterId};

/// Everything that the changes and headers of a batch build on. A prefix that stands for two changes stands for none.
pub(super) struct Own {
    changes: HashMap<(RecordId, [u8; 4]), Option<Hash32>>,
    headers: HashMap<(ScopeId, WriterId, u64), Hash32>,
}

impl Own {
    pub(super) fn of<'a>(
        entries: impl Iterator<Item = &'a Entry>,
        headers: impl Iterator<Item = &'a SegmentHeader>,
    ) -> Self {
        let mut changes = HashMap::new();
        for entry in entries.filter(|e| !e.kind.is_system()) {
            let Ok(change) = Change::from_bytes(entry.body.clone()) else {
                continue;
            };
            for dependency in change.deps() {
                let hash = Hash32(dependency.0);
                let [a, b, c, d, ..] = hash.0;
                changes
                    .entry((entry.record, [a, b, c, d]))
                    .and_modify(|known| {
                        if *known != Some(hash) {
                            *known = None;
                        }
                    })
                    .or_insert(Some(hash));
            }
        }
        let headers = headers.filter_map(|header| {
            let before = header.index.checked_sub(1)?;
            Some(((header.scope, header.writer, before), header.previous))
        });
        Self {
            changes,
            headers: headers.collect(),
        }
    }
}

impl Held for Own {
    fn change(&self, _: ScopeId, record: &RecordId, prefix: [u8; 4]) -> Option<Hash32> {
        self.changes.get(&(*record, prefix)).copied().flatten()
    }

    fn header(&self, scope: ScopeId, writer: WriterId, index: u64) -> Option<Hash32> {
        self.headers.get(&(scope, writer, index)).copied()
    }
}
