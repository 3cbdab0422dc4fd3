//! A relay for one phone, on the protocol crate alone: it enrols, takes every segment, and answers with receipts. It can
//! swallow an answer after it has acted, as a network does. What the real relay decides is tested with the real relay.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use xunge_protocol::batch::Nothing;
use xunge_protocol::enrolment::{ENROL_PATH, EnrolRequest, EnrolResponse, Ticket};
use xunge_protocol::envelope::{self, RequestEnvelope};
use xunge_protocol::message::{SYNC_PATH, ScopeStatus, SyncRequest, SyncResponse};
use xunge_protocol::packed::PackedRequest;
use xunge_protocol::receipt::{Receipt, SignedReceipt};
use xunge_protocol::system::{Certificate, SignedCertificate, WriterRole};
use xunge_protocol::{
    Entry, EpochId, Hash32, PublicKey, PulledEntry, PulledSegment, RecordId, ScopeId, SecretKey,
    Segment, Suite, Timestamp, Verdict, WriterId,
};
use xunge_records::{Author, Document, Edit, FormRef, Kind, Open};

const RELAY: WriterId = WriterId([0xfe; 8]);
const PHONE: WriterId = WriterId([0x11; 8]);
pub(crate) const SCOPE: ScopeId = ScopeId([0x22; 8]);
const NOW: Timestamp = Timestamp(1_764_000_000_000);

/// A relay that listens on a port of its own until the test ends.
pub(crate) struct Desk {
    pub(crate) ticket: String,
    state: Arc<Mutex<State>>,
}

struct State {
    key: SecretKey,
    answers_to_swallow: u32,
    certified: Option<(PublicKey, SignedCertificate)>,
    enrolments: u32,
    receipts: Vec<SignedReceipt>,
    /// Ids of the records of which something was taken.
    taken: Vec<RecordId>,
}

impl Desk {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let key = SecretKey::from_seed(&[3; 32]);
        let ticket = Ticket {
            url: format!("http://{}", listener.local_addr().unwrap()),
            relay_key: key.public(),
            relay: RELAY,
            secret: [7; 16],
            expires_at: NOW,
            pins: Vec::new(),
        };
        let state = Arc::new(Mutex::new(State {
            key,
            answers_to_swallow: 0,
            certified: None,
            enrolments: 0,
            receipts: Vec::new(),
            taken: Vec::new(),
        }));
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = shared.clone();
                thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        Self {
            ticket: ticket.to_text(),
            state,
        }
    }

    /// The next `n` answers do not arrive, although the relay did what it was asked.
    pub(crate) fn swallow(&self, n: u32) {
        self.state.lock().unwrap().answers_to_swallow = n;
    }

    pub(crate) fn enrolments(&self) -> u32 {
        self.state.lock().unwrap().enrolments
    }

    pub(crate) fn taken(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.taken.iter().map(ToString::to_string).collect()
    }
}

/// Answers requests on one connection until the other side closes it.
fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    while let Some((path, body)) = read_request(&mut stream) {
        let mut state = state.lock().unwrap();
        let answer = match path.as_str() {
            ENROL_PATH => state.enrol(&body),
            SYNC_PATH => state.sync(&body),
            other => panic!("{other}"),
        };
        if state.answers_to_swallow > 0 {
            state.answers_to_swallow -= 1;
            return;
        }
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        let sent = stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(&answer));
        if sent.is_err() {
            return;
        }
    }
}

fn read_request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0u8];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let length = head
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse().unwrap())
        })
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((path, body))
}

impl State {
    fn enrol(&mut self, body: &[u8]) -> Vec<u8> {
        let envelope = RequestEnvelope::parse(body).unwrap();
        let request: EnrolRequest = envelope
            .open_with(|r: &EnrolRequest| r.key, ENROL_PATH)
            .unwrap();
        self.enrolments += 1;
        let certificate = Certificate {
            suite: Suite::default().byte(),
            writer: PHONE,
            key: request.key,
            role: WriterRole::Worker,
            worker: "00000000000000aa".into(),
            name: "李大山".into(),
            predecessor: None,
            issued_at: NOW,
        };
        let signed = certificate.sign(&self.key);
        let (key, certificate) = self.certified.get_or_insert((request.key, signed)).clone();
        assert_eq!(key, request.key, "the ticket is used up by another key");
        let answer = EnrolResponse {
            epoch: EpochId([5; 8]),
            time: NOW,
            certificate,
            county: SCOPE,
            scopes: vec![SCOPE],
            unlock_codes: vec!["111122223333".into()],
        };
        envelope::seal_response(&self.key, RELAY, &[], body, &answer).unwrap()
    }

    fn sync(&mut self, body: &[u8]) -> Vec<u8> {
        let envelope = RequestEnvelope::parse(body).unwrap();
        let (key, _) = self.certified.as_ref().unwrap();
        let packed: PackedRequest = envelope.open(key, SYNC_PATH).unwrap();
        // A desk that holds little: what builds on more it asks for as raw bytes.
        let cursors = packed.cursors.clone();
        let receipt_cursor = packed.receipt_cursor;
        let opened = packed.open(PHONE, RELAY, &Nothing);
        let send_plain = opened.is_err();
        let request = opened.unwrap_or(SyncRequest {
            cursors,
            receipt_cursor,
            plain: true,
            snapshots: None,
            ..SyncRequest::default()
        });
        for segment in &request.segments {
            self.take(segment);
        }
        let fresh = request.cursors.iter().all(|c| c.position == 0);
        let after = |receipt: &&SignedReceipt| receipt.receipt.sequence > request.receipt_cursor;
        let answer = SyncResponse {
            epoch: EpochId([5; 8]),
            time: NOW,
            receipts: self.receipts.iter().filter(after).cloned().collect(),
            more_receipts: false,
            refused: Vec::new(),
            segments: if fresh {
                vec![self.households()]
            } else {
                Vec::new()
            },
            scopes: vec![ScopeStatus {
                scope: SCOPE,
                cursor: 2,
                more: false,
                write: true,
            }],
            send_plain,
            forked: None,
            snapshots: Vec::new(),
            keep_days: None,
        };
        envelope::seal_response(&self.key, RELAY, &[], body, &answer).unwrap()
    }

    fn take(&mut self, segment: &Segment) {
        let (index, header) = (segment.header.index, segment.header.hash());
        if self.receipts.iter().any(|r| r.receipt.index == index) {
            return;
        }
        self.taken.extend(segment.entries.iter().map(|e| e.record));
        let accepted = (100u64..).take(segment.entries.len());
        let receipt = Receipt {
            suite: Suite::default().byte(),
            sequence: self.receipts.len() as u64 + 1,
            epoch: EpochId([5; 8]),
            relay: RELAY,
            writer: PHONE,
            scope: SCOPE,
            index,
            header,
            revision: 0,
            received_at: NOW,
            verdicts: accepted
                .map(|position| Verdict::Accepted {
                    position,
                    late: false,
                })
                .collect(),
        };
        self.receipts.push(receipt.sign(&self.key));
    }

    /// Two households of the grid, as the relay's own segment.
    fn households(&self) -> PulledSegment {
        let entries: Vec<(Entry, Hash32)> = [(1, "王桂兰"), (2, "李建国")]
            .map(|(n, head)| {
                let open = Open {
                    scope: SCOPE,
                    form: FormRef {
                        id: "import".into(),
                        version: 1,
                    },
                };
                let edit = Edit {
                    open: Some(open),
                    ..Edit::default()
                }
                .set("door", format!("{n}号"))
                .set("head_name", head);
                let author = Author {
                    writer: RELAY,
                    rebuild: 0,
                };
                let mut document = Document::new(Kind::Household).unwrap();
                let change = document.edit(author, NOW, &edit).unwrap().unwrap();
                let entry = Entry {
                    record: RecordId::written(RELAY, n),
                    kind: Kind::Household.entry_kind(),
                    body: change.bytes,
                };
                (entry, change.hash)
            })
            .into();
        let sealed = Segment::seal(&self.key, RELAY, SCOPE, 0, Hash32([0; 32]), entries);
        PulledSegment {
            header: sealed.header,
            signature: sealed.signature,
            entries: (1u64..)
                .zip(sealed.entries)
                .map(|(position, entry)| PulledEntry::Body { position, entry })
                .collect(),
        }
    }
}
