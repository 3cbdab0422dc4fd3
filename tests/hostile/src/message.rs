//! Messages of the wire: what decodes is written back the same, and nothing gets past a signature.

use std::fmt::Debug;

use xunge_protocol::batch::{Assume, Batch, Nothing, Parties};
use xunge_protocol::enrolment::{EnrolRequest, EnrolResponse, RelayAddress, Ticket};
use xunge_protocol::envelope::RequestEnvelope;
use xunge_protocol::message::{MAX_PLAIN_BYTES, SYNC_PATH};
use xunge_protocol::packed::{PackedRequest, PackedResponse};
use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::short_code::{RedeemRequest, RedeemResponse};
use xunge_protocol::snapshot::{Part, SignedSnapshot, Snapshot, open_part};
use xunge_protocol::succession::{Succession, SuccessionRequest};
use xunge_protocol::system::{Grant, OrgNode, Resource, SignedCertificate, Tombstone};
use xunge_protocol::{
    EpochId, Hash32, PulledSegment, ScopeId, SecretKey, Segment, ShortCode, Timestamp, WireError,
    WriterId, wire,
};

use crate::seed;

/// Key of the author in the seeds.
pub(crate) fn author() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

/// Key of the relay in the seeds.
pub(crate) fn relay() -> SecretKey {
    SecretKey::from_seed(&[2; 32])
}

/// What `bytes` say, if they say anything: the same as what is written of it says.
fn said<T>(bytes: &[u8]) -> Option<T>
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()> + PartialEq + Debug,
{
    let value: T = wire::decode("message", bytes).ok()?;
    let again: Result<T, WireError> = wire::decode("message", &wire::encode(&value));
    assert_eq!(again.as_ref(), Ok(&value), "what was read can be written");
    Some(value)
}

/// Segments, and the items that stand in them.
pub(crate) fn segment(bytes: &[u8]) {
    if let Some(segment) = said::<Segment>(bytes) {
        let holds = segment.verify::<WireError>(&author().public(), |e| Ok(Hash32::of(&e.body)));
        if holds.is_ok() {
            assert!(seed::is_signed(&segment.header), "nobody else signs");
        }
    }
    said::<PulledSegment>(bytes);
    said::<Grant>(bytes);
    said::<OrgNode>(bytes);
    said::<Resource>(bytes);
    said::<Tombstone>(bytes);
    if let Ok(envelope) = RequestEnvelope::parse(bytes) {
        let opened = envelope.open::<PackedRequest>(&author().public(), SYNC_PATH);
        assert!(opened.is_err(), "no seed is an envelope");
    }
}

/// Receipts, certificates, and the messages that bring them.
pub(crate) fn receipt(bytes: &[u8]) {
    let key = relay().public();
    if let Some(receipt) = said::<SignedReceipt>(bytes)
        && receipt.verify(&key).is_ok()
    {
        assert_eq!(bytes, seed::golden("signed_receipt"), "nobody else signs");
    }
    if let Some(certificate) = said::<SignedCertificate>(bytes)
        && certificate.verify(&key).is_ok()
    {
        let good = wire::decode("certificate", &seed::golden("signed_certificate"));
        assert_eq!(Ok(certificate), good, "nobody else signs");
    }
    said::<PackedRequest>(bytes);
    said::<PackedResponse>(bytes);
    said::<EnrolRequest>(bytes);
    said::<EnrolResponse>(bytes);
    said::<RedeemRequest>(bytes);
    said::<RedeemResponse>(bytes);
    said::<SuccessionRequest>(bytes);
    said::<Succession>(bytes);
}

/// Segments as columns: what opens stays within the limits, and comes back when it is packed again.
pub(crate) fn batch(bytes: &[u8]) {
    let parties = Parties {
        writers: vec![WriterId([1; 8]), WriterId([2; 8])],
        scopes: vec![ScopeId([9; 8])],
    };
    let batch = Batch::from_bytes(bytes.to_vec());
    if let Ok(segments) = batch.open(&parties, &Nothing) {
        let entries = segments.iter().flat_map(|s| &s.entries);
        let unfolded: usize = entries.map(|e| e.body.len()).sum();
        assert!(unfolded <= 2 * MAX_PLAIN_BYTES, "it unfolds without end");
        let packed = Batch::pack(&segments, &parties, Assume::Nothing);
        let again = packed.open(&parties, &Nothing);
        assert_eq!(again.as_ref(), Ok(&segments), "what was packed comes back");
    }
    if let Ok(segments) = batch.open_pulled(&parties, &Nothing) {
        let packed = Batch::pack_pulled(&segments, &parties, Assume::Nothing);
        let again = packed.open_pulled(&parties, &Nothing);
        assert_eq!(again.as_ref(), Ok(&segments), "what was packed comes back");
    }
}

/// A ticket, the address of a relay and a short code, as text and as what their digits say.
pub(crate) fn ticket(bytes: &[u8]) {
    let written = format!("XUNGE1:{}", hex::encode_upper(bytes));
    let typed = String::from_utf8_lossy(bytes);
    for text in [typed.as_ref(), &written] {
        if let Ok(ticket) = Ticket::from_text(text) {
            let again = Ticket::from_text(&ticket.to_text());
            assert_eq!(again, Ok(ticket), "a ticket can be shown again");
        }
    }
    let written = format!("XUNGERELAY1:{}", hex::encode_upper(bytes));
    for text in [typed.as_ref(), &written] {
        if let Ok(address) = RelayAddress::from_text(text) {
            let again = RelayAddress::from_text(&address.to_text());
            assert_eq!(again, Ok(address), "an address can be built in again");
        }
    }
    if let Ok(code) = ShortCode::parse(&typed) {
        assert_eq!(ShortCode::parse(&code.grouped()), Ok(code));
    }
}

/// A list of parts, and a part that the relay vouches for.
pub(crate) fn snapshot(bytes: &[u8]) {
    if let Some(signed) = said::<SignedSnapshot>(bytes) {
        assert!(
            signed.verify(&relay().public()).is_err(),
            "no seed is signed"
        );
    }
    let part = Part {
        hash: Hash32::of(bytes),
        bytes: bytes.len() as u32,
    };
    let snapshot = Snapshot {
        suite: 1,
        scope: ScopeId([0x33; 8]),
        epoch: EpochId([0x44; 8]),
        relay: WriterId([0x22; 8]),
        position: 12,
        made_at: Timestamp(0),
        since: None,
        base: vec![part],
        history: Vec::new(),
    };
    if let Ok(segments) = open_part(&snapshot, &part, bytes) {
        let entries: usize = segments.iter().map(|s| s.entries.len()).sum();
        assert!(entries <= MAX_PLAIN_BYTES, "it unfolds without end");
    }
}
