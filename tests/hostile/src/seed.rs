//! Inputs that are right: the golden files, and what the crates themselves write. The fuzzer breeds from them.

use std::path::PathBuf;

use xunge_protocol::batch::{Assume, Batch, Parties};
use xunge_protocol::bundle::{Outbound, Pouch};
use xunge_protocol::header::SegmentHeader;
use xunge_protocol::{
    Confidence, Entry, EpochId, Hash32, RecordId, ScopeId, Segment, Timestamp, WriterId, wire,
};
use xunge_records::{Author, Document, Edit, EventBody, EventId, FormRef, Kind, Open, Value, Verb};

use crate::message::{author, relay};

const WRITER: WriterId = WriterId([1; 8]);
const SCOPE: ScopeId = ScopeId([9; 8]);

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn file(path: &str) -> Vec<u8> {
    let path = fixtures().join(path);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A golden message.
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let text = file(&format!("golden/wire/{name}.hex"));
    let text = String::from_utf8(text).expect("hex");
    hex::decode(text.trim()).expect("hex")
}

/// Whether a header is one that the seeds' author signed.
pub(crate) fn is_signed(header: &SegmentHeader) -> bool {
    let golden: Segment = wire::decode("segment", &golden("segment")).expect("golden");
    *header == golden.header || *header == segment().header
}

/// Whether a bundle's content is that of a seed.
pub(crate) fn is_sealed(content: &Outbound) -> bool {
    let pouch = Pouch::from_bytes(&golden("courier_file")).expect("golden");
    let known = pouch.0.iter().filter_map(|b| b.open_out(&relay()).ok());
    known.chain([outbound()]).any(|known| known == *content)
}

/// Changes of one record of each kind: the opening, and one on top of it with events.
fn changes() -> Vec<Entry> {
    let by = Author {
        writer: WRITER,
        rebuild: 0,
    };
    let mut entries = Vec::new();
    for (n, kind) in Kind::ALL.into_iter().enumerate() {
        let mut document = Document::new(kind).expect("a blank document");
        let form = FormRef {
            id: kind.name().into(),
            version: 1,
        };
        let open = Edit {
            open: Some(Open { scope: SCOPE, form }),
            ..Edit::default()
        };
        let open = open
            .set("note", "老人在家")
            .set("people", 3i64)
            .set("disputed_yuan", Value::Float(1.5))
            .set("urgent", true);
        let mut body = EventBody::new(Verb::Mediate, Timestamp(7_000), Confidence::Checked);
        body.note = Some("谈过".into());
        let id = EventId {
            writer: WRITER,
            n: 1,
        };
        let next = Edit::default().set("note", "好").event(id, body);
        for edit in [open, next] {
            let change = document.edit(by, Timestamp(5_000), &edit);
            let change = change.expect("an edit").expect("a change");
            entries.push(Entry {
                record: RecordId::written(WRITER, n as u32 + 1),
                kind: kind.entry_kind(),
                body: change.bytes,
            });
        }
    }
    entries
}

fn segment() -> Segment {
    let hashed = changes().into_iter().map(|entry| {
        let hash = Hash32::of(entry.body.get(8..).unwrap_or_default());
        (entry, hash)
    });
    let zero = Hash32([0; 32]);
    Segment::seal(&author(), WRITER, SCOPE, 0, zero, hashed.collect())
}

fn outbound() -> Outbound {
    Outbound {
        writer: WRITER,
        epoch: EpochId([4; 8]),
        receipt_cursor: 3,
        relay_key: None,
        segments: vec![segment()],
    }
}

/// The seeds of a target.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let goldens = |names: &[&str]| names.iter().map(|name| golden(name)).collect::<Vec<_>>();
    let files = |paths: &[&str]| paths.iter().map(|path| file(path)).collect::<Vec<_>>();
    let parties = Parties {
        writers: vec![WRITER, WriterId([2; 8])],
        scopes: vec![SCOPE],
    };
    match target {
        "guard" => {
            let chunks: Vec<Vec<u8>> = changes().into_iter().map(|e| e.body).collect();
            // Once as they are, once as content: what stands behind magic, checksum, kind and length.
            let start = |chunk: &Vec<u8>| chunk[9..].iter().position(|b| b & 0x80 == 0);
            let content = |c: &Vec<u8>| c[10 + start(c).expect("a length")..].to_vec();
            let contents: Vec<Vec<u8>> = chunks.iter().map(content).collect();
            [chunks, contents].concat()
        }
        "segment" => {
            let mut all = goldens(&["segment", "grant", "org_node", "resource", "tombstone"]);
            all.push(wire::encode(&segment()));
            all
        }
        "receipt" => goldens(&[
            "signed_receipt",
            "signed_certificate",
            "sync_request",
            "sync_response",
            "enrol_request",
            "enrol_response",
        ]),
        "batch" => {
            let segments = [segment()];
            let mut few = segment();
            few.entries.truncate(2);
            let packed = [
                Batch::pack(&segments, &parties, Assume::Nothing),
                Batch::pack(&[few], &parties, Assume::Nothing),
                Batch::plain(&segments),
            ];
            packed.iter().map(|b| b.as_bytes().to_vec()).collect()
        }
        "bundle" => {
            let plain = (
                WRITER,
                EpochId([4; 8]),
                3u64,
                Batch::plain(&outbound().segments),
            );
            let mut all = goldens(&["courier_file"]);
            all.push([&[0], wire::encode(&plain).as_slice()].concat());
            all
        }
        "ticket" => {
            let cbor = golden("ticket");
            let text = format!("XUNGE1:{}", hex::encode_upper(&cbor));
            vec![cbor, text.into_bytes()]
        }
        "snapshot" => goldens(&["snapshot_part"]),
        "form" => files(&[
            "forms/visit.json",
            "forms/dispute.json",
            "forms/warning_ack.json",
        ]),
        "households" => vec![
            "ref,grid,door,head_name,flags,interval_days,person_ref,person_name,person_birth,person_id_number\n\
             1,1,12号,王桂兰,H1;H2,30,p1,王小明,1950-01-02,11010519491231002X\n1,1,12号,王桂兰,,,p2,李四,,\n"
                .into(),
            "\u{feff}户编号,网格编码,门牌号,户主姓名,备注\n7,1,\"9,号\",\"李\n大山\",x\n".into(),
        ],
        "organisation" => vec![
            "code,name,level,parent,help_phone\n99999,甲镇,town,999999,12345\n9999991,一村,村,99999,\n".into(),
            "\u{feff}编码,名称,级别,上级编码\r\n1,县,1,\r\n2,镇,2,1\r\n".into(),
        ],
        _ => Vec::new(),
    }
}
