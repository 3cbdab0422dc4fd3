//! `/sync/v1`: an enrolled phone that signs whatever it likes, and noise around it.

use automerge::Change;
use axum::http::StatusCode;
use xunge_protocol::batch::{Assume, Batch, Parties};
use xunge_protocol::envelope::open_response;
use xunge_protocol::message::{Cursor, ReceiptCursor, SYNC_PATH};
use xunge_protocol::packed::{PackedRequest, PackedResponse};
use xunge_protocol::{
    Confidence, Entry, EntryKind, EpochId, Hash32, KeyRing, RecordId, ScopeId, SecretKey, Segment,
    SyncRequest, Timestamp, Verdict, WriterId, wire,
};
use xunge_records::{Edit, EventBody, EventId, Kind, Value, Verb};

use crate::common::{GRID, GRID_BESIDE, Phone};
use crate::noise::Noise;
use crate::town::{Asked, SCOPES, Town};

const EPOCH: EpochId = EpochId([9; 8]);
const RELAY: WriterId = WriterId([0xee; 8]);

/// A phone of nobody honest.
pub(crate) struct Hostile {
    phone: Phone,
    used: usize,
    /// A request that was answered before.
    old: Vec<u8>,
    body: Vec<u8>,
    forked: bool,
}

/// A request envelope around any payload: what a phone with a program of its own can sign.
pub(crate) fn envelope(
    key: &SecretKey,
    writer: WriterId,
    path: &str,
    epoch: EpochId,
    counter: u64,
    payload: &[u8],
) -> Vec<u8> {
    let digest = Hash32::of(payload);
    let parts: [&[u8]; 4] = [path.as_bytes(), &epoch.0, &counter.to_be_bytes(), &digest.0];
    let signature = key.sign("xunge request 1", &parts);
    let mut out = vec![1, 1];
    out.extend_from_slice(&writer.0);
    out.extend_from_slice(&epoch.0);
    out.extend_from_slice(&counter.to_be_bytes());
    out.extend_from_slice(&signature.0);
    out.extend_from_slice(payload);
    out
}

/// CBOR as a payload, stored or compressed.
pub(crate) fn payload(noise: &mut Noise, cbor: &[u8]) -> Vec<u8> {
    match noise.one_in(2) {
        true => [&[0], cbor].concat(),
        false => [&[2], wire::compress(cbor, 3).unwrap().as_slice()].concat(),
    }
}

impl Hostile {
    pub(crate) fn new(town: &Town, n: u64) -> Self {
        let name = format!("生人{n}");
        Self {
            phone: town.place.phone(&name, &[GRID, GRID_BESIDE]),
            used: 0,
            old: Vec::new(),
            body: Vec::new(),
            forked: false,
        }
    }

    /// Whether the relay answers it no more, or it holds too much.
    pub(crate) fn is_spent(&self) -> bool {
        self.forked || self.used > 400
    }

    pub(crate) fn phone(&mut self) -> &mut Phone {
        &mut self.phone
    }

    pub(crate) fn ask(&mut self, town: &Town, noise: &mut Noise) -> Asked {
        self.used += 1;
        let asked = self.asked(town, noise);
        self.body.clone_from(&asked.body);
        asked
    }

    fn asked(&mut self, town: &Town, noise: &mut Noise) -> Asked {
        let post = |how, body| Asked::post(how, SYNC_PATH, body);
        match noise.below(12) {
            0 | 1 => {
                let body = self.honest(town, noise);
                post("honest", body)
            }
            2 | 3 => {
                let body = self.with_odd_content(town, noise);
                post("odd content", body)
            }
            4 | 5 => {
                let body = self.with_changed_change(town, noise);
                post("changed change", body)
            }
            6 => {
                let body = self.with_odd_chain(town, noise);
                post("odd chain", body)
            }
            7 => {
                let body = self.with_odd_fields(noise);
                post("odd request", body)
            }
            8 => {
                let body = self.with_changed_batch(town, noise);
                post("changed batch", body)
            }
            9 => {
                let body = self.with_changed_cbor(town, noise);
                post("changed CBOR", body)
            }
            10 => {
                let body = self.with_changed_payload(town, noise);
                post("changed payload", body)
            }
            _ => {
                let body = self.unsigned(town, noise);
                post("changed envelope", body)
            }
        }
    }

    /// Takes in what the relay said, and gives a word for each verdict; nothing if the relay looked at nothing.
    pub(crate) fn hear(&mut self, status: StatusCode, answer: &[u8]) -> Option<Vec<&'static str>> {
        if status != StatusCode::OK {
            return None;
        }
        let key = self.phone.relay_key;
        let ring = KeyRing::pinned(key);
        let answer = open_response::<PackedResponse>(&ring, &self.body, answer);
        let answer = answer.ok()?.message;
        self.forked |= answer.forked.is_some();
        let mut words = vec!["segment refused"; answer.refused.len()];
        for signed in answer.receipts {
            signed.verify(&key).unwrap();
            let receipt = signed.receipt;
            self.phone.receipt_cursor = self.phone.receipt_cursor.max(receipt.sequence);
            let zero = Hash32([0; 32]);
            let head = self.phone.chains.entry(receipt.scope).or_insert((0, zero));
            if receipt.index >= head.0 {
                *head = (receipt.index + 1, receipt.header);
                words.extend(receipt.verdicts.iter().map(word));
            }
        }
        self.old.clone_from(&self.body);
        answer.forked.is_none().then_some(words)
    }

    /// A record or an edit as a phone makes them.
    fn work(&mut self, town: &Town, noise: &mut Noise) -> RecordId {
        let phone = &mut self.phone;
        let scope = *noise.pick(&[GRID, GRID, GRID_BESIDE]);
        let own: Vec<RecordId> = phone.documents.keys().copied().collect();
        if !own.is_empty() && noise.one_in(2) {
            let record = *noise.pick(&own);
            let edit = match phone.documents[&record].1.kind() {
                Kind::Dispute | Kind::Request => {
                    let verbs = [Verb::Mediate, Verb::Agree, Verb::FollowUp, Verb::Fix];
                    let at = Timestamp(crate::common::MONDAY);
                    let mut body = EventBody::new(*noise.pick(&verbs), at, Confidence::Unsure);
                    body.note = Some("谈过".into());
                    let read = phone.documents[&record].1.read(record).unwrap();
                    body.basis = read.events.last().map(|e| e.id).into_iter().collect();
                    let id = EventId {
                        writer: phone.writer,
                        n: 1 + self.used as u32,
                    };
                    Edit::default().event(id, body)
                }
                _ => Edit::default().set("note", format!("第{}次", self.used)),
            };
            self.try_edit(record, edit);
            return record;
        }
        let household = town.household(noise).to_string();
        match noise.below(4) {
            0 => phone.visit(scope),
            1 => phone.dispute(scope),
            2 => {
                let fields = [
                    ("door", Value::from("12号")),
                    ("head_name", "张有田".into()),
                    ("phone", "13900001111".into()),
                ];
                phone.open(scope, Kind::Household, &fields)
            }
            _ => {
                let fields = [
                    ("type", Value::from("RT01")),
                    ("household", household.as_str().into()),
                    ("narrative", "路灯坏了".into()),
                ];
                phone.open(scope, Kind::Request, &fields)
            }
        }
    }

    fn sealed(&mut self, message: &SyncRequest, noise: &mut Noise) -> Vec<u8> {
        let pack = match noise.one_in(2) {
            true => Some(Assume::ChangesAndHeaders),
            false => None,
        };
        let packed = PackedRequest::of(message, self.phone.writer, RELAY, pack);
        self.signed(&wire::encode(&packed), noise)
    }

    fn signed(&mut self, cbor: &[u8], noise: &mut Noise) -> Vec<u8> {
        let payload = payload(noise, cbor);
        self.signed_payload(&payload)
    }

    fn signed_payload(&mut self, payload: &[u8]) -> Vec<u8> {
        let phone = &mut self.phone;
        phone.counter = phone.counter.saturating_add(1);
        envelope(
            &phone.key,
            phone.writer,
            SYNC_PATH,
            EPOCH,
            phone.counter,
            payload,
        )
    }

    fn message(&self, segments: Vec<Segment>, noise: &mut Noise) -> SyncRequest {
        SyncRequest {
            cursors: [GRID, GRID_BESIDE]
                .map(|scope| Cursor {
                    scope,
                    position: noise.below(400) as u64,
                })
                .to_vec(),
            receipt_cursor: self.phone.receipt_cursor,
            segments,
            pull_budget_bytes: 20_000,
            plain: noise.one_in(2),
            snapshots: noise.one_in(4).then(Vec::new),
            relay_key: noise.one_in(8).then(|| noise.below(3) as u32),
            former: noise.one_in(8).then(|| {
                vec![ReceiptCursor {
                    writer: self.phone.writer,
                    sequence: noise.below(3) as u64,
                }]
            }),
            wanted: noise
                .one_in(8)
                .then(|| vec![RecordId::written(self.phone.writer, noise.below(9) as u32)]),
        }
    }

    fn honest(&mut self, town: &Town, noise: &mut Noise) -> Vec<u8> {
        if !self.old.is_empty() && noise.one_in(12) {
            return self.old.clone();
        }
        for _ in 0..=noise.below(3) {
            self.work(town, noise);
        }
        let segments = self.seal();
        let message = self.message(segments, noise);
        let body = self.sealed(&message, noise);
        self.forget_most();
        body
    }

    /// Seals what waits without moving its own chain: only a receipt does.
    fn seal(&mut self) -> Vec<Segment> {
        let chains = self.phone.chains.clone();
        let segments = self.phone.seal();
        self.phone.chains = chains;
        segments
    }

    fn forget_most(&mut self) {
        while self.phone.documents.len() > 12 {
            self.phone.documents.pop_first();
        }
    }

    /// What a phone writes, with values, fields, events, ids and kinds that no form makes.
    fn with_odd_content(&mut self, town: &Town, noise: &mut Noise) -> Vec<u8> {
        let before = self.phone.documents.clone();
        let record = self.work(town, noise);
        let kind = self.phone.documents[&record].1.kind();
        match noise.below(3) {
            0 => {
                let field = noise.pick(kind.fields()).name;
                let path = match noise.below(3) {
                    0 => format!("{field}/{}", noise.text("VP01")),
                    1 => noise.text(field),
                    _ => field.to_owned(),
                };
                let value = odd_value(town, noise);
                self.try_edit(record, Edit::default().set(path, value));
            }
            1 => {
                let verb = *noise.pick(Verb::ALL);
                let (number, text) = (noise.number(), noise.text("S61"));
                let other = noise.text("镇综治中心");
                let scope = *noise.pick(&SCOPES);
                let at = Timestamp(number as i64);
                let mut body = EventBody::new(verb, at, Confidence::Unsure);
                body.code = Some(text);
                body.owner = Some(other.clone());
                body.reason = Some(other);
                body.owner_scope = Some(scope);
                body.proposed = Some(number as u8);
                body.deadline = Some(at);
                let writer = match noise.one_in(6) {
                    true => RELAY,
                    false => self.phone.writer,
                };
                let id = EventId {
                    writer,
                    n: noise.number() as u32,
                };
                self.try_edit(record, Edit::default().event(id, body));
            }
            _ => {}
        }
        for entry in self.phone.waiting.values_mut().flatten() {
            if noise.one_in(4) {
                entry.0.record = match noise.below(4) {
                    0 => town.record(noise),
                    1 => RecordId::written(RELAY, noise.below(20) as u32),
                    2 => RecordId(noise.array()),
                    _ => RecordId::written(self.phone.writer, noise.number() as u32),
                };
            }
            if noise.one_in(8) {
                entry.0.kind = EntryKind(noise.number() as u8);
                if noise.one_in(2) {
                    entry.0 = Entry::erased(entry.0.record, Hash32(noise.array()));
                }
                entry.1 = hash_of(&entry.0);
            }
        }
        let segments = self.seal();
        self.phone.documents = before;
        let message = self.message(segments, noise);
        self.sealed(&message, noise)
    }

    fn try_edit(&mut self, record: RecordId, edit: Edit) {
        let writer = self.phone.writer;
        let author = xunge_records::Author { writer, rebuild: 0 };
        let Some((scope, document)) = self.phone.documents.get_mut(&record) else {
            return;
        };
        let at = Timestamp(crate::common::MONDAY);
        // Our own writer refuses some of it; the other ways bring such things past it.
        if let Ok(Some(change)) = document.edit(author, at, &edit) {
            let entry = Entry {
                record,
                kind: document.kind().entry_kind(),
                body: change.bytes,
            };
            let waiting = self.phone.waiting.entry(*scope).or_default();
            waiting.push((entry, change.hash));
        }
    }

    /// Changes as no phone of ours writes them: other operations, or other bytes under a right checksum.
    fn with_changed_change(&mut self, town: &Town, noise: &mut Noise) -> Vec<u8> {
        let before = self.phone.documents.clone();
        self.work(town, noise);
        for (entry, hash) in self.phone.waiting.values_mut().flatten() {
            entry.body = match noise.below(4) {
                0 => noise.harmed(&entry.body),
                1 | 2 => rechecked(&entry.body, noise),
                _ => otherwise(&entry.body, noise),
            };
            *hash = hash_of(entry);
        }
        let segments = self.seal();
        self.phone.documents = before;
        let message = self.message(segments, noise);
        self.sealed(&message, noise)
    }

    /// Segments that stand elsewhere in a chain, or in none, well signed.
    fn with_odd_chain(&mut self, town: &Town, noise: &mut Noise) -> Vec<u8> {
        let before = self.phone.documents.clone();
        self.work(town, noise);
        let mut segments = self.seal();
        self.phone.documents = before;
        for segment in &mut segments {
            let header = &mut segment.header;
            match noise.below(8) {
                0 => header.index = header.index.wrapping_add(noise.number()),
                // Taken already, mostly: that is a fork, and the end of this phone.
                1 if noise.one_in(8) => header.previous = Hash32(noise.array()),
                2 => {
                    header.writer = if noise.one_in(2) {
                        RELAY
                    } else {
                        WriterId(noise.array())
                    }
                }
                3 => header.scope = *noise.pick(&SCOPES),
                4 => header.scope = ScopeId(noise.array()),
                5 => header.count = noise.number() as u32,
                6 => header.root = Hash32(noise.array()),
                7 => header.suite = noise.number() as u8,
                _ => segment.entries.clear(),
            }
            if !noise.one_in(4) {
                segment.signature = segment.header.sign(&self.phone.key);
            }
        }
        if noise.one_in(4) {
            let copies = *noise.pick(&[2, 3, 64, 65]);
            let one = segments.clone();
            segments = one.into_iter().cycle().take(copies).collect();
        }
        if noise.one_in(40)
            && let Some(segment) = segments.first_mut()
            && let Some(entry) = segment.entries.first().cloned()
        {
            segment.entries = vec![entry; *noise.pick(&[2_000, 2_001])];
            let hashed = segment.entries.iter().map(|e| (e.clone(), hash_of(e)));
            let header = segment.header;
            *segment = Segment::seal(
                &self.phone.key,
                header.writer,
                header.scope,
                header.index,
                header.previous,
                hashed.collect(),
            );
        }
        let message = self.message(segments, noise);
        self.sealed(&message, noise)
    }

    fn with_odd_fields(&mut self, noise: &mut Noise) -> Vec<u8> {
        let scopes = |noise: &mut Noise| match noise.one_in(2) {
            true => *noise.pick(&SCOPES),
            false => ScopeId(noise.array()),
        };
        let count = *noise.pick(&[0, 1, 5, 30, 1_025]);
        let message = SyncRequest {
            cursors: (0..count)
                .map(|_| Cursor {
                    scope: scopes(noise),
                    position: noise.number(),
                })
                .collect(),
            receipt_cursor: noise.number(),
            segments: Vec::new(),
            pull_budget_bytes: noise.number() as u32,
            plain: noise.one_in(2),
            snapshots: noise
                .one_in(2)
                .then(|| (0..noise.below(5)).map(|_| scopes(noise)).collect()),
            relay_key: noise.one_in(2).then(|| noise.number() as u32),
            former: noise.one_in(2).then(|| {
                let cursor = |noise: &mut Noise| ReceiptCursor {
                    writer: match noise.one_in(2) {
                        true => self.phone.writer,
                        false => WriterId(noise.array()),
                    },
                    sequence: noise.number(),
                };
                let count = *noise.pick(&[0, 1, 5, 1_025]);
                (0..count).map(|_| cursor(noise)).collect()
            }),
            wanted: noise.one_in(4).then(|| {
                (0..*noise.pick(&[1, 5, 33]))
                    .map(|_| RecordId(noise.array()))
                    .collect()
            }),
        };
        if noise.one_in(40) {
            self.phone.counter = noise.number();
        }
        let packed = PackedRequest::of(&message, self.phone.writer, RELAY, None);
        let payload = payload(noise, &wire::encode(&packed));
        let epoch = match noise.below(4) {
            0 => EpochId([0; 8]),
            1 => EpochId(noise.array()),
            _ => EPOCH,
        };
        let phone = &mut self.phone;
        phone.counter = phone.counter.saturating_add(1);
        let counter = phone.counter;
        envelope(
            &phone.key,
            phone.writer,
            SYNC_PATH,
            epoch,
            counter,
            &payload,
        )
    }

    /// Columns or CBOR of segments, changed inside, under a right signature.
    fn with_changed_batch(&mut self, town: &Town, noise: &mut Noise) -> Vec<u8> {
        let before = self.phone.documents.clone();
        for _ in 0..=noise.below(3) {
            self.work(town, noise);
        }
        let segments = self.seal();
        self.phone.documents = before;
        let message = self.message(segments, noise);
        let mut packed = PackedRequest::of(&message, self.phone.writer, RELAY, None);
        packed.batch = match noise.one_in(2) {
            true => {
                let cbor = noise.harmed_cbor(&wire::encode(&message.segments));
                Batch::from_bytes([&[0], cbor.as_slice()].concat())
            }
            false => {
                let parties = Parties {
                    writers: vec![self.phone.writer, RELAY],
                    scopes: message.cursors.iter().map(|c| c.scope).collect(),
                };
                let columns = Batch::pack(&message.segments, &parties, Assume::ChangesAndHeaders);
                Batch::from_bytes(noise.harmed(columns.as_bytes()))
            }
        };
        self.signed(&wire::encode(&packed), noise)
    }

    fn with_changed_cbor(&mut self, town: &Town, noise: &mut Noise) -> Vec<u8> {
        let before = self.phone.documents.clone();
        self.work(town, noise);
        let segments = self.seal();
        self.phone.documents = before;
        let message = self.message(segments, noise);
        let packed = PackedRequest::of(&message, self.phone.writer, RELAY, None);
        let cbor = noise.harmed_cbor(&wire::encode(&packed));
        self.signed(&cbor, noise)
    }

    fn with_changed_payload(&mut self, town: &Town, noise: &mut Noise) -> Vec<u8> {
        let before = self.phone.documents.clone();
        self.work(town, noise);
        let segments = self.seal();
        self.phone.documents = before;
        let message = self.message(segments, noise);
        let packed = PackedRequest::of(&message, self.phone.writer, RELAY, None);
        let good = payload(noise, &wire::encode(&packed));
        let bad = noise.harmed(&good);
        self.signed_payload(&bad)
    }

    /// Nothing is signed anew: noise on the way, or somebody without a key.
    fn unsigned(&mut self, town: &Town, noise: &mut Noise) -> Vec<u8> {
        let good = match self.old.is_empty() {
            true => self.honest(town, noise),
            false => self.old.clone(),
        };
        match noise.below(40) {
            0 => vec![1; (1 << 20) + noise.below(3) - 1],
            1 => noise.bytes(4_000),
            _ => noise.harmed(&good),
        }
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted { .. } => "entry accepted",
        Verdict::Quarantined { code, .. } => code.name(),
        Verdict::Rejected { .. } => "entry rejected",
        Verdict::Erased => "entry erased",
    }
}

pub(crate) fn hash_of(entry: &Entry) -> Hash32 {
    if entry.kind.is_system() {
        Hash32::of(&entry.body)
    } else {
        Hash32::of(entry.body.get(8..).unwrap_or_default())
    }
}

fn odd_value(town: &Town, noise: &mut Noise) -> Value {
    match noise.below(8) {
        0 => Value::Int(noise.number() as i64),
        1 => Value::Bool(noise.one_in(2)),
        2 => Value::Float(f64::from_bits(noise.number())),
        3 => town.record(noise).to_string().into(),
        4 => format!("{} image/jpeg {}", Hash32(noise.array()), noise.number()).into(),
        5 => noise.text("2026-11-23").into(),
        _ => noise.text("01").into(),
    }
}

/// The chunk with some bytes of its content changed, and length and checksum right again.
fn rechecked(chunk: &[u8], noise: &mut Noise) -> Vec<u8> {
    let Some(start) = chunk.iter().skip(9).position(|b| b & 0x80 == 0) else {
        return chunk.to_vec();
    };
    let content = noise.harmed(&chunk[9 + start + 1..]);
    let mut covered = vec![1];
    let mut n = content.len();
    while n >= 0x80 {
        covered.push(n as u8 | 0x80);
        n >>= 7;
    }
    covered.push(n as u8);
    covered.extend_from_slice(&content);
    let hash = Hash32::of(&covered);
    [&[0x85, 0x6f, 0x4a, 0x83], &hash.0[..4], &covered].concat()
}

/// The same change with something else in it, as Automerge would write it.
fn otherwise(chunk: &[u8], noise: &mut Noise) -> Vec<u8> {
    let Ok(change) = Change::from_bytes(chunk.to_vec()) else {
        return chunk.to_vec();
    };
    let mut raw = change.decode();
    match noise.below(6) {
        0 => raw.seq = noise.number().clamp(1, u64::from(u32::MAX)),
        1 => {
            let start = noise.number().clamp(1, u64::from(u32::MAX) - 100);
            raw.start_op = std::num::NonZeroU64::new(start).unwrap();
        }
        2 => raw.time = noise.number() as i64,
        3 => raw.deps = vec![automerge::ChangeHash(noise.array()); noise.below(3)],
        4 => raw
            .operations
            .truncate(noise.below(raw.operations.len().max(1))),
        _ => raw.message = Some(noise.text("hello")),
    }
    Change::from(raw).bytes().to_vec()
}
