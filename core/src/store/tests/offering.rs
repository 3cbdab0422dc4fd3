//! A new epoch: what is here of others' work is offered as they signed it, with proof, as far as the relay lacks it.

use xunge_protocol::offer::{Acceptance, Brought, Kept, Lacking, Looked, Marks, Offer, Place};
use xunge_protocol::snapshot::{
    AcceptedSegment, Part, SignedSnapshot, Snapshot, pack_accepted, pack_part, vouched,
};
use xunge_protocol::system::{Tombstone, item_id};
use xunge_protocol::wire;

use super::*;

const COLLEAGUE: WriterId = WriterId([0x22; 8]);
const NEXT_EPOCH: EpochId = EpochId([1; 8]);

fn colleague() -> SecretKey {
    SecretKey::from_seed(&[2; 32])
}

/// The certificate of the colleague, as an entry of the relay.
fn certificate(relay: &Relay) -> (Entry, Hash32) {
    let certificate = relay
        .certificate(COLLEAGUE, colleague().public(), "7b")
        .sign(&relay.key);
    let entry = Entry {
        record: certificate.certificate.entry_id(),
        kind: EntryKind::CERTIFICATE,
        body: wire::encode(&certificate),
    };
    let hash = Hash32::of(&entry.body);
    (entry, hash)
}

/// A segment of the colleague in the grid, with a dispute for each of `records`.
fn segment(index: u64, previous: Hash32, records: &[u32]) -> Segment {
    let entries = records.iter().map(|n| {
        let id = RecordId::written(COLLEAGUE, *n);
        let mut document = Document::new(Kind::Dispute).unwrap();
        let edit = Edit {
            open: Some(open(Kind::Dispute)),
            ..Edit::default()
        };
        change(&mut document, COLLEAGUE, id, &edit.set("type", "02"))
    });
    Segment::seal(
        &colleague(),
        COLLEAGUE,
        GRID,
        index,
        previous,
        entries.collect(),
    )
}

fn acceptance(relay: &Relay, segment: &Segment) -> Acceptance {
    let all = Marks::of(segment.entries.iter().map(|_| true));
    Acceptance::sign(&relay.key, &segment.header, MORNING, all, Marks::default())
}

/// The phone reads two segments of the colleague, with three disputes, and then hears of a new epoch.
fn read_and_restored(phone: &mut Phone, store: &Store) -> [Segment; 2] {
    let first = segment(0, Hash32([0; 32]), &[1, 2]);
    let second = segment(1, first.header.hash(), &[3]);
    let entry = certificate(&phone.relay);
    phone.relay.push(store, vec![entry]);
    let segments = [&first, &second].map(|s| phone.relay.pulled(s.clone()));
    let mut response = phone.relay.response(vec![], segments.to_vec());
    let accepted = [&first, &second].map(|s| Some(acceptance(&phone.relay, s)));
    response.kept = Some(Kept {
        accepted: accepted.to_vec(),
        ..Kept::default()
    });
    assert_eq!(store.apply_response(&response).unwrap().set_aside, 0);
    assert_eq!(store.offers_left().unwrap(), 0);
    store.adopt_epoch(NEXT_EPOCH).unwrap();
    assert_eq!(store.offers_left().unwrap(), 0, "the log is read before");
    [first, second]
}

/// What the relay answers in the new epoch.
fn answer(phone: &Phone, kept: Option<Kept>, segments: Vec<PulledSegment>) -> SyncResponse {
    let mut response = phone.relay.response(vec![], segments);
    response.epoch = NEXT_EPOCH;
    response.kept = kept;
    response
}

fn looked(offer: &Offer, lacking: &[(u64, Option<Marks>)]) -> Option<Kept> {
    assert!(offer.brought.is_empty());
    let lacking = |range: &xunge_protocol::offer::Range| Looked {
        range: *range,
        lacking: lacking
            .iter()
            .map(|(index, entries)| Lacking {
                index: *index,
                entries: entries.clone(),
            })
            .collect(),
    };
    Some(Kept {
        looked: offer.ranges.iter().map(lacking).collect(),
        ..Kept::default()
    })
}

fn entry_hash(entry: &Entry) -> Result<Hash32, xunge_protocol::WireError> {
    Ok(Hash32::of(&entry.body[8..]))
}

/// How many bodies are brought, all of it verified as the relay does.
fn bodies(brought: &Brought, relay: &Relay) -> usize {
    let segment = &brought.segment;
    segment.verify(&colleague().public(), entry_hash).unwrap();
    let proof = brought.proof.as_ref().unwrap();
    proof.verify(&relay.key.public(), &segment.header).unwrap();
    let is_body = |e: &&PulledEntry| matches!(e, PulledEntry::Body { .. });
    segment.entries.iter().filter(is_body).count()
}

#[test]
fn others_work_that_the_new_log_lacks_is_offered_as_they_signed_it_though_the_phone_is_killed() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let [first, second] = read_and_restored(&mut phone, &store);
    store.apply_response(&answer(&phone, None, vec![])).unwrap();
    drop(store);
    let store = phone.open();
    let asked = store.next_offer(usize::MAX).unwrap().unwrap();
    assert_eq!(asked.ranges.len(), 1);
    assert_eq!(
        (
            asked.ranges[0].writer,
            asked.ranges[0].from,
            asked.ranges[0].to
        ),
        (COLLEAGUE, 0, 1)
    );
    // Of the first segment the relay lacks one entry, the second whole.
    let one = Some(Marks::of([false, true]));
    let kept = looked(&asked, &[(0, one), (1, None)]);
    store.apply_response(&answer(&phone, kept, vec![])).unwrap();
    drop(store);
    let store = phone.open();
    let offer = store.next_offer(usize::MAX).unwrap().unwrap();
    let brought: Vec<_> = offer
        .brought
        .iter()
        .map(|b| (b.segment.header, bodies(b, &phone.relay)))
        .collect();
    assert_eq!(brought, [(first.header, 1), (second.header, 1)]);
    assert_eq!(offer.certificates.len(), 1);
    assert_eq!(offer.certificates[0].certificate.writer, COLLEAGUE);
    // A small budget brings less at once, and never nothing.
    let small = store.next_offer(1).unwrap().unwrap();
    assert_eq!(small.brought[..], offer.brought[..1]);

    let taken = Kept {
        taken: vec![Place::of(&first.header), Place::of(&second.header)],
        ..Kept::default()
    };
    store
        .apply_response(&answer(&phone, Some(taken), vec![]))
        .unwrap();
    assert_eq!(store.offers_left().unwrap(), 0);
    assert_eq!(store.next_offer(usize::MAX).unwrap(), None);
    assert!(
        store
            .record(&RecordId::written(COLLEAGUE, 3))
            .unwrap()
            .is_some()
    );
}

#[test]
fn what_the_new_log_brings_is_not_offered_and_what_the_relay_has_in_some_way_is_not_brought() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let [first, second] = read_and_restored(&mut phone, &store);
    let again = phone.relay.pulled(first);
    store
        .apply_response(&answer(&phone, None, vec![again]))
        .unwrap();
    let asked = store.next_offer(usize::MAX).unwrap().unwrap();
    assert_eq!((asked.ranges[0].from, asked.ranges[0].to), (1, 1));
    let kept = looked(&asked, &[]);
    store.apply_response(&answer(&phone, kept, vec![])).unwrap();
    assert_eq!(store.offers_left().unwrap(), 0);
    // Another life of the log: everything is doubted again.
    store.adopt_epoch(EpochId([2; 8])).unwrap();
    let mut next = answer(&phone, None, vec![]);
    next.epoch = EpochId([2; 8]);
    store.apply_response(&next).unwrap();
    let asked = store.next_offer(usize::MAX).unwrap().unwrap();
    assert_eq!((asked.ranges[0].from, asked.ranges[0].to), (0, 1));
    assert_eq!(asked.ranges[0].scope, second.header.scope);
}

#[test]
fn of_an_erased_record_only_the_leaf_is_offered_and_the_others_of_its_segment_with_it() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let [first, _] = read_and_restored(&mut phone, &store);
    let tombstone = Tombstone {
        record: RecordId::written(COLLEAGUE, 1),
        erased_at: MORNING,
        successor: None,
    };
    let entry = Entry {
        record: item_id("tombstone", &tombstone.record.0),
        kind: EntryKind::TOMBSTONE,
        body: wire::encode(&tombstone),
    };
    let hash = Hash32::of(&entry.body);
    let erasure = phone.relay.segment(vec![(entry, hash)]);
    store
        .apply_response(&answer(&phone, None, vec![erasure]))
        .unwrap();
    let asked = store.next_offer(usize::MAX).unwrap().unwrap();
    let kept = looked(&asked, &[(0, None)]);
    store.apply_response(&answer(&phone, kept, vec![])).unwrap();
    let offer = store.next_offer(usize::MAX).unwrap().unwrap();
    let brought = &offer.brought[0];
    assert_eq!(
        (brought.segment.header, bodies(brought, &phone.relay)),
        (first.header, 1)
    );
    assert!(matches!(brought.segment.entries[0], PulledEntry::Absent(_)));
}

#[test]
fn what_came_as_a_first_copy_counts_as_soon_as_its_author_has_proven_it() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let sealed = segment(0, Hash32([0; 32]), &[1, 2]);
    let (certified, certified_hash) = certificate(&phone.relay);
    let certified_leaf = certified.leaf(certified_hash).hash();
    let leaves: Vec<Hash32> = sealed
        .entries
        .iter()
        .map(|e| e.leaf(entry_hash(e).unwrap()).hash())
        .collect();
    // One of the two disputes is open, and so in the base.
    let base = [
        vouched(RELAY, GRID, vec![(1, certified.clone(), certified_leaf)]),
        vouched(
            COLLEAGUE,
            GRID,
            vec![(2, sealed.entries[0].clone(), leaves[0])],
        ),
    ];
    let history = [
        phone.relay.segment(vec![(certified, certified_hash)]),
        PulledSegment {
            header: sealed.header,
            signature: sealed.signature,
            entries: vec![
                PulledEntry::Absent(leaves[0]),
                PulledEntry::Body {
                    position: 3,
                    entry: sealed.entries[1].clone(),
                },
            ],
        },
    ];
    let pack = |segments: &[PulledSegment]| pack_part(GRID, RELAY, segments).unwrap();
    let accepted = AcceptedSegment {
        writer: COLLEAGUE,
        index: 0,
        acceptance: acceptance(&phone.relay, &sealed),
    };
    let parts = [
        pack(&base),
        pack(&history),
        pack_accepted(&[accepted]).unwrap(),
    ];
    let listed = |bytes: &Vec<u8>| {
        vec![Part {
            hash: Hash32::of(bytes),
            bytes: bytes.len() as u32,
        }]
    };
    let snapshot = Snapshot {
        suite: 1,
        scope: GRID,
        epoch: EPOCH,
        relay: RELAY,
        position: 3,
        made_at: MORNING,
        since: None,
        base: listed(&parts[0]),
        history: listed(&parts[1]),
        accepted: listed(&parts[2]).pop(),
    };
    let signed = SignedSnapshot::sign(&phone.relay.key, snapshot);
    store
        .apply_response(&phone.relay.response(vec![], vec![]))
        .unwrap();
    store.begin_snapshot(&signed).unwrap();
    for bytes in &parts {
        let wanted = store.next_part().unwrap().unwrap();
        store.take_part(&wanted, bytes).unwrap();
    }
    store.adopt_epoch(NEXT_EPOCH).unwrap();
    store.apply_response(&answer(&phone, None, vec![])).unwrap();
    let asked = store.next_offer(usize::MAX).unwrap().unwrap();
    let kept = looked(&asked, &[(0, None)]);
    store.apply_response(&answer(&phone, kept, vec![])).unwrap();
    let offer = store.next_offer(usize::MAX).unwrap().unwrap();
    assert_eq!(offer.brought[0].segment.header, sealed.header);
    assert_eq!(bodies(&offer.brought[0], &phone.relay), 2);
}

#[test]
fn what_the_relay_said_and_lost_stays_in_the_record_when_it_took_it_back() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    phone.relay.accept_all(&store);
    let mut body = EventBody::new(
        xunge_records::Verb::Return,
        MORNING,
        xunge_protocol::Confidence::Derived,
    );
    body.reason = Some("缺地点".into());
    let entry = phone.relay.event(&store, &record, 1, body);
    let said = phone.relay.segment(vec![entry]);
    store
        .apply_response(&phone.relay.response(vec![], vec![said.clone()]))
        .unwrap();
    let is_returned = |store: &Store| {
        let record = store.load_record(&record).unwrap().unwrap();
        matches!(record.state.review, xunge_records::Review::Returned { .. })
    };
    assert!(is_returned(&store));
    store.adopt_epoch(NEXT_EPOCH).unwrap();
    store.apply_response(&answer(&phone, None, vec![])).unwrap();
    let asked = store.next_offer(usize::MAX).unwrap().unwrap();
    assert!(
        is_returned(&store),
        "nothing is given up while it is offered"
    );
    let kept = looked(&asked, &[(0, None)]);
    store.apply_response(&answer(&phone, kept, vec![])).unwrap();
    let offer = store.next_offer(usize::MAX).unwrap().unwrap();
    assert_eq!(offer.brought[0].segment.header, said.header);
    assert_eq!(offer.brought[0].proof, None, "its own signature is proof");
    let taken = |segments| {
        let kept = Kept {
            taken: vec![Place::of(&said.header)],
            ..Kept::default()
        };
        answer(&phone, Some(kept), segments)
    };
    store.apply_response(&taken(vec![said.clone()])).unwrap();
    assert!(is_returned(&store));

    // Where the relay did not take it, it never was.
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let record = dispute(&store).record;
    phone.relay.accept_all(&store);
    let mut body = EventBody::new(
        xunge_records::Verb::Return,
        MORNING,
        xunge_protocol::Confidence::Derived,
    );
    body.reason = Some("缺地点".into());
    let entry = phone.relay.event(&store, &record, 1, body);
    phone.relay.push(&store, vec![entry]);
    store.adopt_epoch(NEXT_EPOCH).unwrap();
    store.apply_response(&answer(&phone, None, vec![])).unwrap();
    let asked = store.next_offer(usize::MAX).unwrap().unwrap();
    let kept = looked(&asked, &[]);
    store.apply_response(&answer(&phone, kept, vec![])).unwrap();
    let read = store.load_record(&record).unwrap().unwrap();
    assert!(matches!(read.state.review, xunge_records::Review::Open));
}

#[test]
fn what_is_kept_of_others_segments_is_little_beside_what_is_in_them() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let entry = certificate(&phone.relay);
    phone.relay.push(&store, vec![entry]);
    let mut previous = Hash32([0; 32]);
    for index in 0..20u32 {
        let records: Vec<u32> = (index * 40 + 1..=index * 40 + 40).collect();
        let sealed = segment(index.into(), previous, &records);
        previous = sealed.header.hash();
        let pulled = phone.relay.pulled(sealed.clone());
        let mut response = phone.relay.response(vec![], vec![pulled]);
        response.kept = Some(Kept {
            accepted: vec![Some(acceptance(&phone.relay, &sealed))],
            ..Kept::default()
        });
        store.apply_response(&response).unwrap();
    }
    let bytes = |store: &Store| {
        let pages = |connection: &rusqlite::Connection| {
            connection.execute_batch("VACUUM")?;
            connection.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0))
        };
        store.outside_transaction(pages).unwrap() * 4096
    };
    let with = bytes(&store);
    store
        .write(|tx| {
            tx.execute("UPDATE change SET others = NULL, ordinal = NULL", ())?;
            tx.execute("DELETE FROM others_segment", ())?;
            Ok(())
        })
        .unwrap();
    let without = bytes(&store);
    let cost = with - without;
    assert!(cost * 20 <= without, "{cost} of {with} bytes");
}
