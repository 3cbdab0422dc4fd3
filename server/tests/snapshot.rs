//! First copies of scopes, on both databases: they say what the log says, nothing of what was erased, and only to phones
//! that may read it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[macro_use]
mod common;

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use common::*;
use tower::ServiceExt as _;
use xunge_protocol::media::authorize;
use xunge_protocol::snapshot::{Part, SNAPSHOT_PATH, SignedSnapshot, open_part};
use xunge_protocol::system::Grant;
use xunge_protocol::{
    Entry, Hash32, PublicKey, PulledEntry, PulledSegment, RecordId, ScopeId, WireError, wire,
};
use xunge_records::{Document, Edit, Kind, check_change};
use xunge_server::authority::{self, AuthorityError};
use xunge_server::http::router;
use xunge_server::snapshot;
use xunge_server::store::Options;

/// Nobody is called so.
const CANARY: &str = "金丝雀甲乙丙";

on_both! {
    a_first_copy_says_what_the_log_says
    no_first_copy_holds_what_was_erased
    what_is_over_for_longer_than_phones_keep_it_is_not_in_a_first_copy
    all_of_a_record_goes_to_who_asks_for_it_and_may_read_it
    a_first_copy_is_cut_again_when_the_log_has_grown_and_the_one_before_stays_for_who_reads_it
}

fn stored(place: &Place, scope: ScopeId) -> Option<SignedSnapshot> {
    let row = place.relay.store.read(|tx| tx.snapshot(scope)).unwrap();
    row.map(|row| wire::decode("snapshot", &row.signed).unwrap())
}

/// Cuts what has grown, and gives the grid's.
fn cut(place: &Place) -> SignedSnapshot {
    let cut = snapshot::cut_due(&place.relay, 1).unwrap();
    assert!(cut.contains(&GRID));
    stored(place, GRID).unwrap()
}

fn part(place: &Place, hash: Hash32) -> Option<Vec<u8>> {
    let found = place.relay.store.read(|tx| tx.snapshot_part(hash)).unwrap();
    found.map(|(_, bytes)| bytes)
}

fn segments(place: &Place, signed: &SignedSnapshot, parts: &[Part]) -> Vec<PulledSegment> {
    let open = |p: &Part| {
        let bytes = part(place, p.hash).unwrap();
        assert_eq!(bytes.len(), p.bytes as usize);
        open_part(&signed.snapshot, p, &bytes).unwrap()
    };
    parts.iter().flat_map(open).collect()
}

/// Entries that travel with their body, by position.
fn bodies(segments: &[PulledSegment]) -> Vec<(u64, Entry)> {
    let mut found = Vec::new();
    for pulled in segments.iter().flat_map(|s| &s.entries) {
        if let PulledEntry::Body { position, entry } = pulled {
            found.push((*position, entry.clone()));
        }
    }
    found.sort_by_key(|(position, _)| *position);
    found
}

fn all(place: &Place, signed: &SignedSnapshot) -> Vec<(u64, Entry)> {
    let mut both = segments(place, signed, &signed.snapshot.base);
    both.extend(segments(place, signed, &signed.snapshot.history));
    bodies(&both)
}

fn holds(entries: &[(u64, Entry)], record: RecordId) -> bool {
    entries
        .iter()
        .any(|(_, e)| e.record == record && !e.kind.is_system())
}

fn hash_of(entry: &Entry) -> Result<Hash32, WireError> {
    if entry.kind.is_system() {
        return Ok(Hash32::of(&entry.body));
    }
    check_change(&entry.body)
        .map(|c| c.hash)
        .map_err(|_| WireError::UnknownSuite(0))
}

/// A segment of the author or the relay is signed by who wrote it.
fn verify(author: &Phone, segment: &PulledSegment) {
    let key = if segment.header.writer == author.writer {
        author.key.public()
    } else {
        author.relay_key
    };
    segment.verify(&key, hash_of).unwrap();
}

/// Everything that the entries say of a record, as text.
fn said(entries: &[(u64, Entry)], record: RecordId) -> String {
    let mut of_record = entries
        .iter()
        .filter(|(_, e)| e.record == record && !e.kind.is_system())
        .peekable();
    let Some((_, first)) = of_record.peek() else {
        return String::new();
    };
    let mut document = Document::new(Kind::from_entry_kind(first.kind).unwrap()).unwrap();
    for (_, entry) in of_record {
        document.apply(&check_change(&entry.body).unwrap()).unwrap();
    }
    serde_json::to_string(&document.read(record).unwrap()).unwrap()
}

fn a_first_copy_says_what_the_log_says(place: &Place) {
    let mut author = place.phone("作者", &[GRID]);
    let mut reader = place.phone("读者", &[GRID]);
    let mut visits = Vec::new();
    let mut disputes = Vec::new();
    for _ in 0..4 {
        visits.push(author.visit(GRID));
        disputes.push(author.dispute(GRID));
        author.sync(place);
    }
    let signed = cut(place);
    signed.verify(&author.relay_key).unwrap();
    let snapshot = &signed.snapshot;
    while reader.sync(place).scopes.iter().any(|s| s.more) {}
    let mut log = reader.seen[&GRID].clone();
    log.sort_by_key(|(position, _)| *position);
    assert_eq!(all(place, &signed), log);
    assert_eq!(snapshot.position, reader.cursors[&GRID]);

    // Open work is in the base, visits are history.
    let base = bodies(&segments(place, &signed, &snapshot.base));
    assert!(disputes.iter().all(|d| holds(&base, *d)));
    assert!(!visits.iter().any(|v| holds(&base, *v)));

    // The history proves the base.
    let mut proven = BTreeSet::new();
    for segment in segments(place, &signed, &snapshot.history) {
        verify(&author, &segment);
        proven.extend(segment.entries.iter().filter_map(|e| match e {
            PulledEntry::Absent(leaf) => Some(*leaf),
            PulledEntry::Body { .. } => None,
        }));
    }
    let leaf = |e: &Entry| e.leaf(hash_of(e).unwrap()).hash();
    assert!(base.len() > disputes.len());
    assert!(base.iter().all(|(_, e)| proven.contains(&leaf(e))));
}

fn no_first_copy_holds_what_was_erased(place: &Place) {
    let mut author = place.phone("作者", &[GRID]);
    let named = [
        ("type", "02".into()),
        ("scale", "01".into()),
        ("source", "DS01".into()),
        ("place", CANARY.into()),
    ];
    let dispute = author.open(GRID, Kind::Dispute, &named);
    let visit = author.visit(GRID);
    author.sync(place);
    let before = cut(place);
    let canary = |entries: &[(u64, Entry)]| {
        let records: BTreeSet<RecordId> = entries.iter().map(|(_, e)| e.record).collect();
        records
            .into_iter()
            .any(|r| said(entries, r).contains(CANARY))
    };
    let held = all(place, &before);
    assert!(holds(&held, dispute) && holds(&held, visit));
    assert!(canary(&held), "{}", said(&held, dispute));

    authority::command(&place.relay, move |a, _| a.erase(dispute))
        .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    assert_eq!(stored(place, GRID), None, "the list went with the record");
    for p in before.snapshot.parts() {
        assert_eq!(part(place, p.hash), None, "a part is still there");
    }
    let after = cut(place);
    let held = all(place, &after);
    assert!(!canary(&held) && !holds(&held, dispute));
    assert!(holds(&held, visit), "the others are still there");
    for segment in segments(place, &after, &after.snapshot.history) {
        verify(&author, &segment);
    }
}

fn what_is_over_for_longer_than_phones_keep_it_is_not_in_a_first_copy(place: &Place) {
    let mut author = place.phone("作者", &[GRID]);
    let (visit, dispute) = (author.visit(GRID), author.dispute(GRID));
    author.sync(place);
    place.later(401 * DAY);
    let new = author.visit(GRID);
    author.sync(place);
    let signed = cut(place);
    assert!(signed.snapshot.since.is_some());
    let held = all(place, &signed);
    assert!(!holds(&held, visit));
    assert!(holds(&held, dispute) && holds(&held, new));
}

fn all_of_a_record_goes_to_who_asks_for_it_and_may_read_it(place: &Place) {
    let mut author = place.phone("作者", &[GRID]);
    let (visit, other) = (author.visit(GRID), author.visit(GRID));
    author.sync(place);
    author.edit(visit, Edit::default().set("note", "后来补的"));
    author.sync(place);
    let mut reader = place.phone("读者", &[GRID]);
    let mut stranger = place.phone("外人", &[GRID_FAR]);
    for phone in [&mut author, &mut reader, &mut stranger] {
        phone.sync(place);
        assert_eq!(phone.sync(place).keep_days, Some(400));
        phone.wanted = Some(vec![visit]);
    }
    for phone in [&mut author, &mut reader] {
        let answer = phone.sync(place);
        let held = bodies(&answer.segments);
        assert_eq!(held.len(), 2);
        assert!(holds(&held, visit) && !holds(&held, other));
        for segment in &answer.segments {
            segment
                .verify(&author_key(place, segment), hash_of)
                .unwrap();
        }
    }
    assert!(stranger.sync(place).segments.is_empty());
}

/// The key of whoever wrote a segment.
fn author_key(place: &Place, segment: &PulledSegment) -> PublicKey {
    let writer = segment.header.writer;
    let row = place.relay.store.read(|tx| tx.writer(writer)).unwrap();
    *row.unwrap().key()
}

fn a_first_copy_is_cut_again_when_the_log_has_grown_and_the_one_before_stays_for_who_reads_it(
    place: &Place,
) {
    let mut author = place.phone("作者", &[GRID]);
    author.visit(GRID);
    author.sync(place);
    let first = cut(place);
    assert_eq!(snapshot::cut_due(&place.relay, 1).unwrap(), []);
    let parts = |s: &SignedSnapshot| s.snapshot.parts().map(|p| p.hash).collect::<Vec<_>>();
    let mut cuts = vec![first];
    for _ in 0..2 {
        for _ in 0..8 {
            author.visit(GRID);
        }
        author.sync(place);
        cuts.push(cut(place));
    }
    assert!(cuts[2].snapshot.position > cuts[1].snapshot.position);
    let there = |s| parts(s).into_iter().all(|p| part(place, p).is_some());
    assert!(there(&cuts[2]) && there(&cuts[1]));
    assert!(!there(&cuts[0]), "the oldest is gone");
}

#[test]
fn a_phone_that_reads_from_the_start_is_offered_a_first_copy_in_place_of_the_log() {
    let place = Place::new(Options::default());
    let mut author = place.phone("作者", &[GRID]);
    let mut reader = place.phone("读者", &[GRID]);
    let mut stranger = place.phone("外人", &[GRID_FAR]);
    author.visit(GRID);
    author.sync(&place);
    let signed = cut(&place);
    let of_grid = |s: &PulledSegment| s.header.scope == GRID;
    reader.snapshots = Some(vec![]);
    let answer = reader.sync(&place);
    assert!(answer.snapshots.contains(&signed));
    assert!(!answer.segments.iter().any(of_grid));
    assert_eq!(reader.cursors[&GRID], 0);
    reader.snapshots = Some(vec![GRID]);
    let answer = reader.sync(&place);
    assert!(!answer.snapshots.contains(&signed) && !answer.segments.iter().any(of_grid));
    // From its end on, the log.
    reader.cursors.insert(GRID, signed.snapshot.position);
    reader.snapshots = None;
    author.visit(GRID);
    author.sync(&place);
    let answer = reader.sync(&place);
    assert_eq!(answer.segments.iter().filter(|s| of_grid(s)).count(), 1);
    for phone in [&mut author, &mut stranger] {
        phone.cursors.clear();
        phone.snapshots = Some(vec![]);
        let offered = phone.sync(&place).snapshots;
        assert!(!offered.iter().any(|s| s.snapshot.scope == GRID));
    }
}

async fn get(
    place: &Place,
    credentials: Option<&str>,
    hash: Hash32,
    range: &str,
) -> (StatusCode, String, Vec<u8>) {
    let mut request = Request::get(format!("{SNAPSHOT_PATH}/{hash}")).header(header::RANGE, range);
    if let Some(credentials) = credentials {
        request = request.header(header::AUTHORIZATION, credentials);
    }
    let request = request.body(Body::empty()).unwrap();
    let answer = router(place.relay.clone()).oneshot(request).await.unwrap();
    let range = answer.headers().get(header::CONTENT_RANGE);
    let range = range.map_or("", |r| r.to_str().unwrap()).to_owned();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 4 << 20).await.unwrap();
    (status, range, body.to_vec())
}

fn signed_for(phone: &Phone, method: &str, hash: Hash32) -> String {
    let path = format!("{SNAPSHOT_PATH}/{hash}");
    authorize(&phone.key, phone.writer, method, &path, 1, &hash)
}

#[tokio::test]
async fn a_part_goes_whole_or_in_ranges_to_phones_that_may_read_its_scope_and_to_nobody_else() {
    let place = Place::inline();
    let mut author = place.phone("作者", &[GRID]);
    let reader = place.phone("读者", &[GRID]);
    let stranger = place.phone("外人", &[GRID_FAR]);
    author.visit(GRID);
    author.sync(&place);
    let hash = cut(&place).snapshot.base[0].hash;
    let whole = part(&place, hash).unwrap();
    let mine = signed_for(&reader, "GET", hash);

    let (status, _, body) = get(&place, Some(&mine), hash, "bytes=0-").await;
    assert_eq!((status, body), (StatusCode::PARTIAL_CONTENT, whole.clone()));
    let (status, range, body) = get(&place, Some(&mine), hash, "bytes=10-19").await;
    assert_eq!(status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(range, format!("bytes 10-19/{}", whole.len()));
    assert_eq!(body, whole[10..20]);
    let (status, ..) = get(&place, Some(&mine), hash, "bytes=99999999-").await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);

    let other = Hash32([3; 32]);
    for (who, credentials, hash, expected) in [
        ("nobody", None, hash, StatusCode::UNAUTHORIZED),
        (
            "one with another method's signature",
            Some(signed_for(&reader, "PUT", hash)),
            hash,
            StatusCode::UNAUTHORIZED,
        ),
        (
            "one with another part's signature",
            Some(signed_for(&reader, "GET", other)),
            hash,
            StatusCode::UNAUTHORIZED,
        ),
        (
            "a phone of another grid",
            Some(signed_for(&stranger, "GET", hash)),
            hash,
            StatusCode::NOT_FOUND,
        ),
        (
            "one that asks for what is not there",
            Some(signed_for(&reader, "GET", other)),
            other,
            StatusCode::NOT_FOUND,
        ),
    ] {
        let (status, _, body) = get(&place, credentials.as_deref(), hash, "bytes=0-").await;
        assert_eq!(status, expected, "{who}");
        assert!(!whole.starts_with(&body), "{who}");
    }

    // A grant that is over opens nothing any more.
    let worker = reader.worker.clone();
    authority::command(&place.relay, move |a, _| {
        let now = a.now();
        a.grant(&Grant {
            worker,
            scope: GRID,
            from: now,
            until: Some(now),
            drain_days: 30,
        })
    })
    .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    let (status, ..) = get(&place, Some(&mine), hash, "bytes=0-").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
