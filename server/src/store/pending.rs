//! What a transaction knows of segments without asking its database: those that it stores and has not written yet, and those
//! that it has opened.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use xunge_protocol::{RecordId, ScopeId, SegmentHeader, Signature, Timestamp, WriterId};

use super::packed::Opened;
use super::{EntryRow, SegmentRow};

/// Bytes of opened segments that a transaction keeps.
const MOST_OPEN: usize = 4 << 20;

/// A segment that is written once its entries are there.
pub(super) struct PendingSegment {
    pub(super) header: SegmentHeader,
    pub(super) signature: Signature,
    pub(super) received_at: Timestamp,
    pub(super) rows: Vec<EntryRow>,
}

impl PendingSegment {
    fn row(&self) -> SegmentRow {
        SegmentRow {
            header: self.header,
            signature: self.signature,
            received_at: self.received_at,
            revision: 0,
        }
    }
}

/// Segments that are not written yet, in the order in which they came.
#[derive(Default)]
pub(super) struct Pending(Vec<PendingSegment>);

impl Pending {
    pub(super) fn begin(
        &mut self,
        header: &SegmentHeader,
        signature: &Signature,
        received_at: Timestamp,
    ) {
        self.0.push(PendingSegment {
            header: *header,
            signature: *signature,
            received_at,
            rows: Vec::new(),
        });
    }

    /// Adds an entry; false if its segment is written already.
    pub(super) fn add(&mut self, header: &SegmentHeader, row: &EntryRow) -> bool {
        let place = |h: &SegmentHeader| (h.scope, h.writer, h.index);
        let mut last = self.0.iter_mut().rev();
        let found = last.find(|s| place(&s.header) == place(header));
        found.is_some_and(|segment| {
            segment.rows.push(row.clone());
            true
        })
    }

    /// The last segment of a chain.
    pub(super) fn head(&self, scope: ScopeId, writer: WriterId) -> Option<SegmentRow> {
        let mut last = self.0.iter().rev();
        last.find(|s| (s.header.scope, s.header.writer) == (scope, writer))
            .map(PendingSegment::row)
    }

    /// A segment by its place.
    pub(super) fn segment(
        &self,
        scope: ScopeId,
        writer: WriterId,
        index: u64,
    ) -> Option<SegmentRow> {
        let place = (scope, writer, index);
        let mut all = self.0.iter();
        all.find(|s| (s.header.scope, s.header.writer, s.header.index) == place)
            .map(PendingSegment::row)
    }

    /// Accepted entries of a record.
    pub(super) fn accepted(
        &self,
        scope: ScopeId,
        record: RecordId,
    ) -> impl Iterator<Item = &EntryRow> {
        let here = self.0.iter().filter(move |s| s.header.scope == scope);
        here.flat_map(|s| &s.rows)
            .filter(move |row| row.entry.record == record && row.position.is_some())
    }

    /// Those to be written now: all of them, or those that have entries.
    pub(super) fn take(&mut self, all: bool) -> Vec<PendingSegment> {
        let now = |s: &mut PendingSegment| all || !s.rows.is_empty();
        self.0.extract_if(.., now).collect()
    }
}

/// Opened segments by their key in the database, the last used ones.
pub(super) struct OpenSegments<K>(RefCell<VecDeque<(K, Rc<Opened>)>>);

impl<K> Default for OpenSegments<K> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: PartialEq> OpenSegments<K> {
    pub(super) fn get(&self, key: &K) -> Option<Rc<Opened>> {
        let kept = self.0.borrow();
        kept.iter()
            .find(|(k, _)| k == key)
            .map(|(_, opened)| opened.clone())
    }

    pub(super) fn keep(&self, key: K, opened: Opened) -> Rc<Opened> {
        let opened = Rc::new(opened);
        let mut kept = self.0.borrow_mut();
        kept.push_front((key, opened.clone()));
        let mut weight = 0;
        let most = kept
            .iter()
            .take_while(|(_, o)| {
                weight += o.weight();
                weight <= MOST_OPEN
            })
            .count();
        kept.truncate(most.max(1));
        opened
    }

    pub(super) fn forget(&self, key: &K) {
        self.0.borrow_mut().retain(|(k, _)| k != key);
    }
}
