//! Somebody with a phone that is enrolled and a program of their own: what it sends is well signed and not honest.

use std::path::Path;
use std::sync::Arc;

use automerge::Change;
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use xunge_core::env::SeededEnv;
use xunge_protocol::header::SegmentHeader;
use xunge_protocol::message::SYNC_PATH;
use xunge_protocol::packed::PackedRequest;
use xunge_protocol::{
    Entry, EpochId, Hash32, RecordId, ScopeId, SecretKey, Segment, SyncRequest, Timestamp,
    WriterId, envelope,
};
use xunge_records::{Author, Document, Edit, FormRef, Kind, Open};

use crate::ledger::FORGED;
use crate::phone::SimPhone;
use crate::relay::SimRelay;
use crate::world::World;

/// An enrolled writer that follows no rule.
pub(crate) struct Intruder {
    key: SecretKey,
    writer: WriterId,
    relay: WriterId,
    grid: ScopeId,
    counter: u64,
    records: u32,
    /// The last header that it sent in its own grid, and may have been taken.
    last: Option<SegmentHeader>,
    old_request: Option<Vec<u8>>,
}

impl Intruder {
    pub(crate) fn new(
        dir: &Path,
        random: &mut ChaCha8Rng,
        relay: &SimRelay,
        grid: ScopeId,
        now: Timestamp,
    ) -> Self {
        let mut phone = SimPhone::new(
            dir.join("intruder"),
            Arc::new(SeededEnv::new(random.random(), now)),
            usize::MAX,
            grid,
        );
        phone.enrol(relay, &relay.ticket(grid, "生人".into()));
        let (identity, me) = phone.store().enrolled().unwrap();
        Self {
            key: identity.key,
            writer: me.writer,
            relay: identity.relay,
            grid,
            counter: 1,
            records: 0,
            last: None,
            old_request: None,
        }
    }

    /// A visit in the name of `author`, in `scope`.
    fn visit(&mut self, author: WriterId, scope: ScopeId, now: Timestamp) -> (Entry, Hash32) {
        self.records += 1;
        let form = FormRef {
            id: "visit".into(),
            version: 1,
        };
        let household = RecordId::written(self.relay, 1).to_string();
        let edit = Edit {
            open: Some(Open { scope, form }),
            ..Edit::default()
        }
        .set("household", household)
        .set("visited_on", "2026-11-23")
        .set("purposes/VP08", true)
        .set("met", "MW01")
        .set("note", format!("{FORGED}{}", self.records));
        let by = Author {
            writer: author,
            rebuild: 0,
        };
        let mut document = Document::new(Kind::Visit).unwrap();
        let change = document.edit(by, now, &edit).unwrap().unwrap();
        let entry = Entry {
            record: RecordId::written(author, self.records),
            kind: Kind::Visit.entry_kind(),
            body: change.bytes,
        };
        (entry, change.hash)
    }

    fn segment(
        &self,
        writer: WriterId,
        scope: ScopeId,
        skip: u64,
        entry: (Entry, Hash32),
    ) -> Segment {
        let (index, previous) = match &self.last {
            Some(last) if scope == self.grid => (last.index + 1, last.hash()),
            _ => (0, Hash32([0; 32])),
        };
        Segment::seal(
            &self.key,
            writer,
            scope,
            index + skip,
            previous,
            vec![entry],
        )
    }

    fn request(&mut self, segment: Segment) -> Vec<u8> {
        self.counter += 1;
        let message = SyncRequest {
            segments: vec![segment],
            ..SyncRequest::default()
        };
        let message = PackedRequest::of(&message, self.writer, self.relay, None);
        let any_epoch = EpochId([0; 8]);
        envelope::seal_request(
            &self.key,
            self.writer,
            SYNC_PATH,
            any_epoch,
            self.counter,
            &message,
        )
        .unwrap()
    }
}

/// The same change with operation numbers that leave no room for anybody else's.
fn inflated((mut entry, _): (Entry, Hash32)) -> (Entry, Hash32) {
    let mut raw = Change::from_bytes(entry.body).unwrap().decode();
    raw.start_op = std::num::NonZeroU64::new(u64::from(u32::MAX) - 100).unwrap();
    let mut change = Change::from(raw);
    let hash = Hash32(change.hash().0);
    entry.body = change.bytes().to_vec();
    (entry, hash)
}

impl World {
    /// The intruder sends something.
    pub(crate) fn intruder_acts(&mut self, n: usize) {
        let victim = self.phones[n].store().enrolled().unwrap().1.writer;
        let now = xunge_core::env::Env::wall_clock(self.phones[n].env.as_ref());
        let other = self.grids[self.random.random_range(1..self.grids.len())];
        let how = self.random.random_range(0..6);
        let me = &mut self.intruder;
        let (writer, grid) = (me.writer, me.grid);
        let (what, request) = match how {
            0 => {
                let entry = me.visit(victim, grid, now);
                let segment = me.segment(victim, grid, 0, entry);
                ("forged writer", me.request(segment))
            }
            1 => {
                // Signed as itself, but the change and the record's id are in another's name.
                let entry = me.visit(victim, grid, now);
                let segment = me.segment(writer, grid, 0, entry);
                me.last = Some(segment.header);
                ("forged writer", me.request(segment))
            }
            2 => {
                let entry = inflated(me.visit(writer, grid, now));
                let segment = me.segment(writer, grid, 0, entry);
                me.last = Some(segment.header);
                ("inflated counter", me.request(segment))
            }
            3 => {
                let entry = me.visit(writer, grid, now);
                let segment = me.segment(writer, grid, 5, entry);
                ("gap in a chain", me.request(segment))
            }
            4 => {
                let entry = me.visit(writer, other, now);
                let segment = me.segment(writer, other, 0, entry);
                ("foreign scope", me.request(segment))
            }
            _ => match me.old_request.clone() {
                Some(request) => ("replayed request", request),
                None => return,
            },
        };
        self.intruder.old_request = Some(request.clone());
        self.counts.count(what);
        let (status, _) = self.relay.answer(SYNC_PATH, &request);
        if status >= 500 {
            self.violations
                .push(format!("I8: the relay answered an intruder {status}"));
        }
    }
}
