//! Tests of the store with the real parts: SQLCipher files in a temporary folder, real signatures, a relay that is only
//! a key and a log.

mod finding;
mod first_copy;
mod golden;
mod holding_true;
mod keeping_media;
mod letting_go;
mod opening;
mod refusing;
mod saving;
mod sharing;
mod syncing;

use std::path::PathBuf;
use std::sync::Arc;

use xunge_protocol::enrolment::{EnrolResponse, Ticket};
use xunge_protocol::message::{ScopeStatus, SyncResponse};
use xunge_protocol::receipt::{Receipt, SignedReceipt};
use xunge_protocol::segment::{PulledEntry, PulledSegment};
use xunge_protocol::succession::{HeldEntry, HeldSegment, Succession};
use xunge_protocol::system::{Certificate, WriterRole};
use xunge_protocol::{
    Entry, EntryKind, EpochId, Hash32, PublicKey, RecordId, ScopeId, SecretKey, Segment, Timestamp,
    Verdict, WriterId,
};
use xunge_records::{
    Author, CheckedChange, Document, Edit, EventBody, EventId, FormRef, Kind, Open, Value,
    check_change,
};

use super::{RecordQuery, Save, Saved, Store};
use crate::env::{Env, SeededEnv};
use crate::vault::DatabaseKey;

/// 2026-11-23 10:00 in China.
const MORNING: Timestamp = Timestamp(1_795_399_200_000);
const GRID: ScopeId = ScopeId([0x61; 8]);
const COUNTY: ScopeId = ScopeId([0xc0; 8]);
const EPOCH: EpochId = EpochId([0xe0; 8]);
const RELAY: WriterId = WriterId([0x5e; 8]);
const ME: WriterId = WriterId([0x11; 8]);
/// What this phone is after another copy of it went on under [`ME`].
const TWIN: WriterId = WriterId([0x12; 8]);

/// A phone's folder, world and relay.
struct Phone {
    dir: tempfile::TempDir,
    env: Arc<SeededEnv>,
    key: DatabaseKey,
    relay: Relay,
}

impl Phone {
    fn new() -> Self {
        let env = Arc::new(SeededEnv::new(3, MORNING));
        let world: Arc<dyn Env> = env.clone();
        Self {
            dir: tempfile::tempdir().unwrap(),
            key: DatabaseKey::generate(world.as_ref()),
            relay: Relay::new(),
            env,
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("xunge.db")
    }

    fn open(&self) -> Store {
        Store::open(&self.path(), &self.key, self.env.clone()).unwrap()
    }

    /// Opens, and enrols with the grid to write in.
    fn enrolled(&self) -> Store {
        let store = self.open();
        let ticket = Ticket {
            url: "http://127.0.0.1:1".into(),
            relay_key: self.relay.key.public(),
            relay: RELAY,
            secret: [4; 16],
            expires_at: MORNING,
            pins: Vec::new(),
        };
        let identity = store.begin_enrolment(&ticket).unwrap();
        let answer = EnrolResponse {
            epoch: EPOCH,
            time: MORNING,
            certificate: self
                .relay
                .certificate(ME, identity.key.public(), "7a")
                .sign(&self.relay.key),
            county: COUNTY,
            scopes: vec![GRID],
            unlock_codes: vec![],
        };
        store.complete_enrolment(&answer, &identity.keys).unwrap();
        store
    }
}

/// A relay as far as a phone can tell: a key and a log.
struct Relay {
    key: SecretKey,
    position: u64,
    chain: (u64, Hash32),
    records: u32,
    receipts: u64,
}

impl Relay {
    fn new() -> Self {
        Self {
            key: SecretKey::from_seed(&[9; 32]),
            position: 0,
            chain: (0, Hash32([0; 32])),
            records: 0,
            receipts: 0,
        }
    }

    fn certificate(&self, writer: WriterId, key: PublicKey, worker: &str) -> Certificate {
        Certificate {
            suite: 1,
            writer,
            key,
            role: WriterRole::Worker,
            worker: worker.into(),
            name: "王桂兰".into(),
            predecessor: None,
            issued_at: MORNING,
        }
    }

    /// A record that the relay opens in the grid: its id and its entry.
    fn record(&mut self, kind: Kind, fields: &[(&str, &str)]) -> (RecordId, (Entry, Hash32)) {
        self.records += 1;
        let id = RecordId::written(RELAY, self.records);
        let mut edit = Edit {
            open: Some(open(kind)),
            ..Edit::default()
        };
        for (path, value) in fields {
            let value = if *value == "true" {
                Value::Bool(true)
            } else {
                Value::from(*value)
            };
            edit.set.push(((*path).into(), value));
        }
        let mut document = Document::new(kind).unwrap();
        (id, change(&mut document, RELAY, id, &edit))
    }

    fn household(&mut self, head_name: &str, door: &str) -> (RecordId, (Entry, Hash32)) {
        self.record(Kind::Household, &[("head_name", head_name), ("door", door)])
    }

    /// What the relay adds to a record that the phone holds.
    fn event(
        &mut self,
        store: &Store,
        record: &RecordId,
        n: u32,
        body: EventBody,
    ) -> (Entry, Hash32) {
        let mut document = store.load_document(record).unwrap().unwrap();
        let edit = Edit::default().event(EventId { writer: RELAY, n }, body);
        change(&mut document, RELAY, *record, &edit)
    }

    /// The entries as one pulled segment of the relay in the grid.
    fn segment(&mut self, entries: Vec<(Entry, Hash32)>) -> PulledSegment {
        let key = self.key.clone();
        let (index, previous) = self.chain;
        let segment = Segment::seal(&key, RELAY, GRID, index, previous, entries);
        self.chain = (index + 1, segment.header.hash());
        self.pulled(segment)
    }

    fn pulled(&mut self, segment: Segment) -> PulledSegment {
        let entries = segment.entries.into_iter().map(|entry| {
            self.position += 1;
            PulledEntry::Body {
                position: self.position,
                entry,
            }
        });
        PulledSegment {
            header: segment.header,
            signature: segment.signature,
            entries: entries.collect(),
        }
    }

    /// A receipt of `segment`; `judge` says what becomes of each entry.
    fn receipt(
        &mut self,
        segment: &Segment,
        revision: u32,
        judge: impl Fn(&Entry) -> Verdict,
    ) -> SignedReceipt {
        self.receipts += 1;
        Receipt {
            suite: 1,
            sequence: self.receipts,
            epoch: EPOCH,
            relay: RELAY,
            writer: segment.header.writer,
            scope: segment.header.scope,
            index: segment.header.index,
            header: segment.header.hash(),
            revision,
            received_at: MORNING,
            verdicts: segment.entries.iter().map(judge).collect(),
        }
        .sign(&self.key)
    }

    fn response(&self, receipts: Vec<SignedReceipt>, segments: Vec<PulledSegment>) -> SyncResponse {
        let status = |scope, cursor, write| ScopeStatus {
            scope,
            cursor,
            more: false,
            write,
        };
        SyncResponse {
            epoch: EPOCH,
            time: MORNING,
            receipts,
            more_receipts: false,
            refused: vec![],
            segments,
            scopes: vec![status(GRID, self.position, true), status(COUNTY, 0, false)],
            send_plain: false,
            forked: None,
            snapshots: Vec::new(),
            keep_days: None,
        }
    }

    /// Seals and receipts all that the phone has, accepting every entry.
    fn accept_all(&mut self, store: &Store) {
        store.seal_segments().unwrap();
        let segments = store.unacknowledged(64, usize::MAX, &[]).unwrap();
        let receipts = segments
            .iter()
            .map(|segment| self.receipt(segment, 0, |_| accepted()))
            .collect();
        store
            .apply_response(&self.response(receipts, vec![]))
            .unwrap();
    }

    /// Another copy of the phone sent `segment`, and got `receipt`: this one goes on as a new incarnation.
    fn succeed(&mut self, store: &Store, segment: &Segment, receipt: SignedReceipt) {
        let old = store.begin_succession().unwrap();
        let certificate = Certificate {
            predecessor: Some(old.writer),
            ..self.certificate(TWIN, old.key.public(), "7a")
        };
        let entries = segment.entries.iter().map(|entry| HeldEntry {
            record: entry.record,
            change: Hash32::of(&entry.body[8..]),
        });
        let held = HeldSegment {
            header: segment.header,
            signature: segment.signature,
            receipt,
            entries: entries.collect(),
        };
        let answer = Succession {
            epoch: EPOCH,
            time: MORNING,
            certificate: certificate.sign(&self.key),
            counter: 1,
            held: vec![held],
            next: None,
        };
        store.complete_succession(&answer).unwrap();
    }

    /// Brings entries of the relay to the phone.
    fn push(&mut self, store: &Store, entries: Vec<(Entry, Hash32)>) {
        let segment = self.segment(entries);
        let applied = store
            .apply_response(&self.response(vec![], vec![segment]))
            .unwrap();
        assert_eq!(applied.set_aside, 0);
    }
}

fn accepted() -> Verdict {
    Verdict::Accepted {
        position: 1,
        late: false,
    }
}

fn open(kind: Kind) -> Open {
    Open {
        scope: GRID,
        form: FormRef {
            id: kind.name().into(),
            version: 1,
        },
    }
}

/// An edit as an entry with its change hash.
fn change(
    document: &mut Document,
    writer: WriterId,
    record: RecordId,
    edit: &Edit,
) -> (Entry, Hash32) {
    let author = Author { writer, rebuild: 0 };
    let change = document.edit(author, MORNING, edit).unwrap().unwrap();
    let entry = Entry {
        record,
        kind: document.kind().entry_kind(),
        body: change.bytes,
    };
    (entry, change.hash)
}

fn visit(store: &Store, household: &RecordId, day: &str) -> Saved {
    let visit = Save::new(Kind::Visit, open(Kind::Visit))
        .set("household", household.to_string())
        .set("visited_on", day)
        .set("purposes/VP01", true)
        .set("met", "M1");
    store.save(&visit).unwrap()
}

fn dispute(store: &Store) -> Saved {
    let dispute = Save::new(Kind::Dispute, open(Kind::Dispute))
        .set("type", "02")
        .set("party_a/name", "张三")
        .set("party_b/name", "李四");
    store.save(&dispute).unwrap()
}

fn all(store: &Store) -> Vec<super::RecordRow> {
    store.records(&RecordQuery::default()).unwrap()
}

/// All changes of a record, the rejected ones too, oldest first.
fn history(store: &Store, record: &RecordId) -> Vec<CheckedChange> {
    let bodies: Vec<Vec<u8>> = store
        .read(|tx| {
            let rows = tx
                .prepare("SELECT body FROM change WHERE record = ?1 ORDER BY id")?
                .query_map([record.0], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .unwrap();
    bodies.iter().map(|b| check_change(b).unwrap()).collect()
}
