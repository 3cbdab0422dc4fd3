//! A relay on a real store in a temporary folder, and phones that know only the protocol.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test program uses a part"
)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;
use xunge_protocol::enrolment::{ENROL_PATH, EnrolRequest, EnrolResponse, Ticket};
use xunge_protocol::envelope::{open_response, seal_request};
use xunge_protocol::message::{Cursor, ReceiptCursor, SYNC_PATH};
use xunge_protocol::succession::{SUCCEED_PATH, Succession, SuccessionRequest};
use xunge_protocol::system::{Grant, OrgNode};
use xunge_protocol::{
    Confidence, Entry, EpochId, Hash32, KeyRing, PublicKey, PulledEntry, RecordId, ScopeId,
    SecretKey, Segment, SyncRequest, SyncResponse, Timestamp, Verdict, WriterId,
};
use xunge_records::{Author, Document, Edit, EventBody, EventId, FormRef, Kind, Open, Value, Verb};
use xunge_server::authority::{self, AuthorityError, NewTicket};
use xunge_server::env::Env;
use xunge_server::relay::{Config, Relay};
use xunge_server::store::{Location, NewCounty, Options, Store};
use xunge_server::sync::{self, SyncFailure};
use xunge_tests::postgres::Postgres;
use zeroize::Zeroizing;

/// 2026-11-23T02:00:00Z, a Monday morning in China.
pub const MONDAY: i64 = 1_795_399_200_000;
pub const DAY: i64 = 86_400_000;

/// A clock that stands until moved, and a generator that repeats itself in no test.
pub struct TestEnv {
    pub now: AtomicI64,
    drawn: AtomicU64,
}

impl Env for TestEnv {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let n = self.drawn.fetch_add(1, Ordering::SeqCst);
            chunk.copy_from_slice(&Hash32::of(&n.to_be_bytes()).0[..chunk.len()]);
        }
    }
}

pub const THREADED: Options = Options {
    writer_thread: true,
};

/// Each function once on SQLite, once on PostgreSQL.
#[allow(unused_macros)]
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&super::Place::at(None, super::THREADED)); })*
        }
        mod postgres {
            $(#[test] fn $name() { super::$name(&super::Place::at(Some(super::postgres()), super::THREADED)); })*
        }
    };
}

pub struct Place {
    pub relay: Arc<Relay>,
    pub env: Arc<TestEnv>,
    pub dir: TempDir,
    /// Address of the database, if it is not in `dir`.
    pub database: Option<String>,
}

/// Set to `postgres`, this runs the tests on PostgreSQL, but for those that are about SQLite's files.
pub const DATABASE: &str = "XUNGE_TEST_DATABASE";

/// A new database on the server that the tests of this process share.
pub fn postgres() -> String {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER
        .get_or_init(|| Postgres::start(false).unwrap())
        .database()
        .unwrap()
}

pub const COUNTY: ScopeId = ScopeId([1; 8]);
pub const TOWN: ScopeId = ScopeId([2; 8]);
pub const OTHER_TOWN: ScopeId = ScopeId([3; 8]);
pub const VILLAGE: ScopeId = ScopeId([4; 8]);
pub const OTHER_VILLAGE: ScopeId = ScopeId([5; 8]);
pub const GRID: ScopeId = ScopeId([6; 8]);
pub const GRID_BESIDE: ScopeId = ScopeId([7; 8]);
pub const GRID_FAR: ScopeId = ScopeId([8; 8]);

/// The county of [`Place`].
pub fn new_county() -> NewCounty {
    NewCounty {
        code: "999999".into(),
        name: "测试县".into(),
        scope: COUNTY,
        epoch: EpochId([9; 8]),
        relay_writer: WriterId([0xee; 8]),
        relay_seed: Zeroizing::new([7; 32]),
        journal_seed: Zeroizing::new([8; 32]),
        database_key: Zeroizing::new([5; 48]),
        created_at: Timestamp(MONDAY),
    }
}

impl Place {
    /// A county of two towns: a village with two grids in one, a village with one grid in the other.
    pub fn new(options: Options) -> Self {
        let on_postgres = std::env::var(DATABASE).is_ok_and(|name| name == "postgres");
        Self::at(on_postgres.then(postgres), options)
    }

    /// The same, with the database at an address.
    pub fn at(database: Option<String>, options: Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let env = Arc::new(TestEnv {
            now: AtomicI64::new(MONDAY),
            drawn: AtomicU64::new(0),
        });
        let store = Store::create(
            Location {
                data: dir.path().into(),
                database: database.clone(),
            },
            &new_county(),
            options,
        )
        .unwrap();
        let relay = Arc::new(Relay::new(store, env.clone(), Config::default()).unwrap());
        let place = Self {
            relay,
            env,
            dir,
            database,
        };
        let nodes = [
            (COUNTY, None, "1", "999999", "测试县"),
            (TOWN, Some(COUNTY), "2", "999999001", "东镇"),
            (OTHER_TOWN, Some(COUNTY), "2", "999999002", "西镇"),
            (VILLAGE, Some(TOWN), "3", "999999001001", "柳村"),
            (OTHER_VILLAGE, Some(OTHER_TOWN), "3", "999999002001", "河村"),
            (GRID, Some(VILLAGE), "4", "999999001001001", "柳村一网格"),
            (
                GRID_BESIDE,
                Some(VILLAGE),
                "4",
                "999999001001002",
                "柳村二网格",
            ),
            (
                GRID_FAR,
                Some(OTHER_VILLAGE),
                "4",
                "999999002001001",
                "河村一网格",
            ),
        ];
        authority::command(&place.relay, move |a, _| {
            for (scope, parent, level, code, name) in nodes {
                a.org_node(&OrgNode {
                    scope,
                    parent,
                    level: level.into(),
                    code: code.into(),
                    name: name.into(),
                    from: Timestamp(0),
                    help_phone: None,
                })?;
            }
            Ok::<_, AuthorityError>(())
        })
        .unwrap();
        place
    }

    pub fn inline() -> Self {
        Self::new(Options::default())
    }

    pub fn later(&self, millis: i64) {
        self.env.now.fetch_add(millis, Ordering::SeqCst);
    }

    /// A new worker of `scopes` with a ticket.
    pub fn ticket(&self, name: &str, scopes: &[ScopeId]) -> Ticket {
        let (name, scopes) = (name.to_owned(), scopes.to_vec());
        authority::command(&self.relay, move |a, _| {
            let worker = a.add_worker(&name)?;
            for scope in scopes {
                let from = a.now();
                a.grant(&Grant {
                    worker: worker.id.clone(),
                    scope,
                    from,
                    until: None,
                    drain_days: 30,
                })?;
            }
            a.ticket(&NewTicket {
                worker: worker.id,
                url: "http://127.0.0.1:1".into(),
                lifetime_ms: DAY,
                pins: Vec::new(),
            })
        })
        .unwrap_or_else(|e: AuthorityError| panic!("{e}"))
    }

    /// A phone of a new worker of `scopes`.
    pub fn phone(&self, name: &str, scopes: &[ScopeId]) -> Phone {
        let ticket = self.ticket(name, scopes);
        Phone::enrol(self, &ticket, Hash32::of(name.as_bytes()).0).unwrap()
    }
}

/// What one phone keeps: its chains, its documents, its cursors.
#[derive(Clone)]
pub struct Phone {
    pub key: SecretKey,
    pub writer: WriterId,
    pub worker: String,
    pub relay_key: PublicKey,
    pub counter: u64,
    pub receipt_cursor: u64,
    pub cursors: BTreeMap<ScopeId, u64>,
    pub chains: BTreeMap<ScopeId, (u64, Hash32)>,
    pub documents: BTreeMap<RecordId, (ScopeId, Document)>,
    pub waiting: BTreeMap<ScopeId, Vec<(Entry, Hash32)>>,
    pub verdicts: BTreeMap<(ScopeId, u64), (u32, Vec<Verdict>)>,
    pub seen: BTreeMap<ScopeId, Vec<(u64, Entry)>>,
    /// What it says of snapshots.
    pub snapshots: Option<Vec<ScopeId>>,
    /// Earlier incarnations whose receipts it asks for.
    pub former: Option<Vec<ReceiptCursor>>,
    /// Records of which it asks for all.
    pub wanted: Option<Vec<RecordId>>,
    next_record: u32,
    next_event: u32,
}

impl Phone {
    pub fn enrol(place: &Place, ticket: &Ticket, seed: [u8; 32]) -> Result<Self, SyncFailure> {
        let key = SecretKey::from_seed(&seed);
        let request = seal_request(
            &key,
            WriterId([0; 8]),
            ENROL_PATH,
            EpochId([0; 8]),
            0,
            &EnrolRequest {
                secret: ticket.secret,
                key: key.public(),
                predecessor: None,
            },
        )
        .unwrap();
        let answer = sync::enrol::handle(&place.relay, &request)?;
        let answer: EnrolResponse =
            open_response(&KeyRing::pinned(ticket.relay_key), &request, &answer)
                .unwrap()
                .message;
        answer.certificate.verify(&ticket.relay_key).unwrap();
        Ok(Self {
            key,
            writer: answer.certificate.certificate.writer,
            worker: answer.certificate.certificate.worker,
            relay_key: ticket.relay_key,
            counter: 0,
            receipt_cursor: 0,
            cursors: BTreeMap::new(),
            chains: BTreeMap::new(),
            documents: BTreeMap::new(),
            waiting: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            seen: BTreeMap::new(),
            snapshots: None,
            former: None,
            wanted: None,
            next_record: 1,
            next_event: 1,
        })
    }

    /// A copy of this phone, which goes on as another incarnation.
    pub fn copy(&self, place: &Place, seed: [u8; 32]) -> Self {
        let key = SecretKey::from_seed(&seed);
        let request = seal_request(
            &self.key,
            self.writer,
            SUCCEED_PATH,
            EpochId([9; 8]),
            0,
            &SuccessionRequest::new(self.writer, &key, self.receipt_cursor),
        )
        .unwrap();
        let answer = sync::succeed::handle(&place.relay, &request).unwrap();
        let answer: Succession = open_response(&KeyRing::pinned(self.relay_key), &request, &answer)
            .unwrap()
            .message;
        Self {
            key,
            writer: answer.certificate.certificate.writer,
            counter: 0,
            receipt_cursor: 0,
            chains: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            former: Some(vec![ReceiptCursor {
                writer: self.writer,
                sequence: self.receipt_cursor,
            }]),
            ..self.clone()
        }
    }

    fn author(&self) -> Author {
        Author {
            writer: self.writer,
            rebuild: 0,
        }
    }

    /// Edits a document, and puts the change into the waiting batch of its scope.
    pub fn edit(&mut self, record: RecordId, edit: Edit) {
        let author = self.author();
        let (scope, document) = self.documents.get_mut(&record).unwrap();
        let change = document
            .edit(author, Timestamp(MONDAY), &edit)
            .unwrap()
            .unwrap();
        let entry = Entry {
            record,
            kind: document.kind().entry_kind(),
            body: change.bytes,
        };
        self.waiting
            .entry(*scope)
            .or_default()
            .push((entry, change.hash));
    }

    pub fn open(&mut self, scope: ScopeId, kind: Kind, fields: &[(&str, Value)]) -> RecordId {
        let record = RecordId::written(self.writer, self.next_record);
        self.next_record += 1;
        self.documents
            .insert(record, (scope, Document::new(kind).unwrap()));
        let edit = Edit {
            open: Some(Open {
                scope,
                form: FormRef {
                    id: kind.name().into(),
                    version: 1,
                },
            }),
            set: fields
                .iter()
                .map(|(path, value)| ((*path).into(), value.clone()))
                .collect(),
            ..Edit::default()
        };
        self.edit(record, edit);
        record
    }

    pub fn visit(&mut self, scope: ScopeId) -> RecordId {
        let household = RecordId::written(WriterId([0xee; 8]), 1).to_string();
        self.open(
            scope,
            Kind::Visit,
            &[
                ("household", household.as_str().into()),
                ("visited_on", "2026-11-23".into()),
                ("purposes/VP01", true.into()),
                ("met", "MET01".into()),
            ],
        )
    }

    pub fn dispute(&mut self, scope: ScopeId) -> RecordId {
        self.open(
            scope,
            Kind::Dispute,
            &[
                ("type", "02".into()),
                ("scale", "01".into()),
                ("source", "DS01".into()),
                ("place", "村口".into()),
            ],
        )
    }

    /// Adds an event to a record.
    pub fn event(&mut self, record: RecordId, verb: Verb, fill: impl FnOnce(&mut EventBody)) {
        let mut body = EventBody::new(verb, Timestamp(MONDAY), Confidence::Unsure);
        let read = self.documents[&record].1.read(record).unwrap();
        body.basis = read.events.last().map(|e| e.id).into_iter().collect();
        fill(&mut body);
        let id = EventId {
            writer: self.writer,
            n: self.next_event,
        };
        self.next_event += 1;
        self.edit(record, Edit::default().event(id, body));
    }

    /// Seals what waits, one segment a scope.
    pub fn seal(&mut self) -> Vec<Segment> {
        let mut segments = Vec::new();
        for (scope, entries) in std::mem::take(&mut self.waiting) {
            let (index, previous) = self
                .chains
                .get(&scope)
                .copied()
                .unwrap_or((0, Hash32([0; 32])));
            let segment = Segment::seal(&self.key, self.writer, scope, index, previous, entries);
            self.chains
                .insert(scope, (index + 1, segment.header.hash()));
            segments.push(segment);
        }
        segments
    }

    pub fn request(&mut self, segments: Vec<Segment>) -> Vec<u8> {
        self.request_with(segments, 0)
    }

    pub fn request_with(&mut self, segments: Vec<Segment>, budget: u32) -> Vec<u8> {
        self.counter += 1;
        let request = SyncRequest {
            cursors: self
                .cursors
                .iter()
                .map(|(scope, position)| Cursor {
                    scope: *scope,
                    position: *position,
                })
                .collect(),
            receipt_cursor: self.receipt_cursor,
            segments,
            pull_budget_bytes: budget,
            // This phone reads raw bytes only; the codec has tests of its own.
            plain: true,
            snapshots: self.snapshots.clone(),
            former: self.former.clone(),
            wanted: self.wanted.clone(),
            ..SyncRequest::default()
        };
        seal_request(
            &self.key,
            self.writer,
            SYNC_PATH,
            EpochId([9; 8]),
            self.counter,
            &request,
        )
        .unwrap()
    }

    /// Sends a request and takes the answer in.
    pub fn send(&mut self, place: &Place, request: &[u8]) -> SyncResponse {
        let answer = sync::handle(&place.relay, request).unwrap();
        self.take(request, &answer)
    }

    pub fn take(&mut self, request: &[u8], answer: &[u8]) -> SyncResponse {
        let answer: SyncResponse = open_response(&KeyRing::pinned(self.relay_key), request, answer)
            .unwrap()
            .message;
        for signed in &answer.receipts {
            signed.verify(&self.relay_key).unwrap();
            let receipt = &signed.receipt;
            let asked = |former: &ReceiptCursor| former.writer == receipt.writer;
            if self.former.iter().flatten().any(asked) {
                continue;
            }
            assert_eq!(receipt.writer, self.writer);
            assert_eq!(
                receipt.sequence,
                self.receipt_cursor + 1,
                "no receipt is skipped"
            );
            self.receipt_cursor = receipt.sequence;
            self.verdicts.insert(
                (receipt.scope, receipt.index),
                (receipt.revision, receipt.verdicts.clone()),
            );
        }
        for segment in &answer.segments {
            for entry in &segment.entries {
                if let PulledEntry::Body { position, entry } = entry {
                    let seen = self.seen.entry(segment.header.scope).or_default();
                    seen.push((*position, entry.clone()));
                    if let (Some((_, document)), Ok(change)) = (
                        self.documents.get_mut(&entry.record),
                        xunge_records::check_change(&entry.body),
                    ) {
                        document.apply(&change).unwrap();
                    }
                }
            }
        }
        for status in &answer.scopes {
            self.cursors.insert(status.scope, status.cursor);
        }
        answer
    }

    /// One whole sync.
    pub fn sync(&mut self, place: &Place) -> SyncResponse {
        let segments = self.seal();
        let request = self.request(segments);
        self.send(place, &request)
    }
}

/// The record as the relay holds it.
pub fn held(place: &Place, record: RecordId) -> Option<xunge_records::Record> {
    place
        .relay
        .store
        .read(|tx| xunge_server::log::read_record(tx, record).map_err(AuthorityError::from))
        .unwrap()
}
