//! A relay that went back to a backup, and a phone that offers it what others wrote: on both databases, honest and not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[macro_use]
mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use common::*;
use xunge_protocol::offer::{Acceptance, Brought, Kept, Marks, Offer, Proof, Range};
use xunge_protocol::system::{Certificate, SignedCertificate, WriterRole};
use xunge_protocol::{
    EntryKind, EpochId, Hash32, PulledEntry, PulledSegment, RecordId, SecretKey, Segment,
    SyncResponse, Timestamp, Verdict, WriterId, wire,
};
use xunge_records::{Review, Verb};
use xunge_server::authority::{self, AuthorityError, Draft};
use xunge_server::journal::{self, Fact};
use xunge_server::relay::{Config, Relay};
use xunge_server::store::{Location, QuarantineState, Store, StoreError};

on_both! {
    what_a_lost_phone_had_sent_comes_back_from_its_colleague_once_with_its_author_and_its_time
    a_chain_with_gaps_is_filled_by_its_owner_and_nothing_is_there_twice
    a_writer_of_whom_the_relay_forgot_everything_is_known_again_by_its_certificate
    what_the_relay_itself_said_comes_back_and_what_was_built_on_it_with_it
    a_proof_of_acceptance_is_beyond_policy_and_without_one_it_is_a_late_push
    what_is_forged_foreign_or_erased_changes_nothing
    an_offer_of_more_than_a_request_may_hold_is_refused
}

const HOUR: i64 = 3_600_000;

/// A copy of the place as it is now, to go back to.
struct Backup {
    folder: tempfile::TempDir,
}

fn back_up(place: &Place) -> Backup {
    let folder = tempfile::tempdir().unwrap();
    let media = place.dir.path().join("media");
    let to = folder.path().join("backup");
    place.relay.store.write_backup(&media, &to).unwrap();
    Backup { folder }
}

/// The relay on the backup: in another life, told what the journal knows, a day later.
fn restored(place: &Place, backup: &Backup, facts: Vec<Fact>) -> Place {
    let dir = tempfile::tempdir().unwrap();
    let at = Location {
        data: dir.path().join("data"),
        database: place.database.as_ref().map(|_| postgres()),
    };
    std::fs::create_dir_all(&at.data).unwrap();
    let from = backup.folder.path().join("backup");
    // Phones of these tests know one epoch; what matters is that the relay lost something, and writes as another.
    let (epoch, writer) = (EpochId([9; 8]), WriterId([0xef; 8]));
    Store::restore(at.clone(), &at.data.join("media"), &from, epoch, writer).unwrap();
    let store = Store::open(at.clone(), THREADED).unwrap();
    let env = place.env.clone();
    env.now.fetch_add(DAY, Ordering::SeqCst);
    let relay = Arc::new(Relay::new(store, env.clone(), Config::default()).unwrap());
    authority::command(&relay, move |a, _| {
        journal::apply(a, &[facts])?;
        Ok::<_, AuthorityError>(())
    })
    .unwrap();
    Place {
        relay,
        env,
        dir,
        database: at.database,
    }
}

/// What the phone holds of `writer` in the grid, as it brings it.
fn held_of(phone: &Phone, writer: WriterId) -> Vec<Brought> {
    let of_writer = phone
        .pulled
        .iter()
        .filter(|(segment, _)| segment.header.writer == writer && segment.header.scope == GRID);
    of_writer
        .map(|(segment, accepted)| Brought {
            segment: segment.clone(),
            proof: accepted.clone().map(Proof::Accepted),
        })
        .collect()
}

fn bring(phone: &mut Phone, place: &Place, brought: Vec<Brought>) -> SyncResponse {
    bring_with(phone, place, brought, Vec::new())
}

fn bring_with(
    phone: &mut Phone,
    place: &Place,
    brought: Vec<Brought>,
    certificates: Vec<SignedCertificate>,
) -> SyncResponse {
    let places = brought.len();
    phone.offer = Some(Offer {
        ranges: Vec::new(),
        brought,
        certificates,
    });
    let request = phone.request(Vec::new());
    let answer = phone.send(place, &request);
    assert_eq!(answer.kept.as_ref().map_or(0, |k| k.taken.len()), places);
    answer
}

/// What the relay lacks of the first `count` segments of `writer` in the grid: indexes, each with the entries.
fn lacking(
    phone: &mut Phone,
    place: &Place,
    writer: WriterId,
    count: u64,
) -> Vec<(u64, Option<Marks>)> {
    let range = Range {
        scope: GRID,
        writer,
        from: 0,
        to: count - 1,
    };
    phone.offer = Some(Offer {
        ranges: vec![range],
        ..Offer::default()
    });
    let request = phone.request(Vec::new());
    let Kept { looked, .. } = phone.send(place, &request).kept.unwrap();
    assert_eq!(looked.len(), 1);
    assert_eq!(looked[0].range, range);
    let lacking = looked[0].lacking.iter();
    lacking.map(|l| (l.index, l.entries.clone())).collect()
}

/// How many entries of a record have a position.
fn entries_of(place: &Place, record: RecordId) -> usize {
    let rows = place
        .relay
        .store
        .read::<_, StoreError>(|tx| tx.entries_after(GRID, 0, usize::MAX))
        .unwrap();
    rows.iter()
        .filter(|entry| entry.row.entry.record == record)
        .count()
}

fn row_of(place: &Place, record: RecordId) -> Option<(WriterId, Timestamp, bool)> {
    let row = place
        .relay
        .store
        .read::<_, StoreError>(|tx| tx.record(GRID, record))
        .unwrap();
    row.map(|row| (row.writer, row.received_at, row.late))
}

fn codes_in_quarantine(place: &Place) -> Vec<&'static str> {
    let rows = place
        .relay
        .store
        .read::<_, StoreError>(|tx| tx.quarantine(Some(QuarantineState::Waiting), None, None, 100))
        .unwrap();
    rows.iter().map(|row| row.code.name()).collect()
}

/// A phone begins the new epoch: all receipts and entries are read again.
fn begin_again(phone: &mut Phone) {
    phone.receipt_cursor = 0;
    phone.cursors.clear();
    phone.verdicts.clear();
}

fn what_a_lost_phone_had_sent_comes_back_from_its_colleague_once_with_its_author_and_its_time(
    place: &Place,
) {
    let mut lost = place.phone("王秀英", &[GRID]);
    let mut colleague = place.phone("李大山", &[GRID]);
    lost.visit(GRID);
    lost.sync(place);
    let backup = back_up(place);
    place.later(HOUR);
    let dispute = lost.dispute(GRID);
    lost.sync(place);
    let visit = lost.visit(GRID);
    let segments = lost.seal();
    let request = lost.request(segments.clone());
    lost.send(place, &request);
    let before = row_of(place, dispute).unwrap();
    assert_eq!(before, (lost.writer, Timestamp(MONDAY + HOUR), false));
    colleague.sync(place);
    let held = held_of(&colleague, lost.writer);
    assert_eq!(held.len(), 3);

    let place = restored(place, &backup, Vec::new());
    begin_again(&mut colleague);
    colleague.sync(&place);
    assert_eq!(row_of(&place, dispute), None);
    let whole = lacking(&mut colleague, &place, lost.writer, 3);
    assert_eq!(whole, [(1, None), (2, None)]);
    bring(&mut colleague, &place, held[1..].to_vec());
    assert_eq!(row_of(&place, dispute), Some(before));
    assert_eq!(row_of(&place, visit), Some(before));
    let number = common::held(&place, dispute).unwrap().state.number;
    assert!(number.is_some(), "a case is taken on");
    assert_eq!(lacking(&mut colleague, &place, lost.writer, 3), []);

    // Again, by a cut in the middle; then its owner, who was not lost after all.
    bring(&mut colleague, &place, held.clone());
    begin_again(&mut lost);
    lost.sync(&place);
    let request = lost.request(segments);
    let answer = lost.send(&place, &request);
    assert!(answer.refused.is_empty() && answer.forked.is_none());
    for index in 0..3 {
        let verdicts = &lost.verdicts[&(GRID, index)].1;
        assert!(matches!(
            verdicts[..],
            [Verdict::Accepted { late: false, .. }]
        ));
    }
    assert_eq!(entries_of(&place, visit), 1);
    // The case was opened, and registered by the relay.
    assert_eq!(entries_of(&place, dispute), 2);
    lost.visit(GRID);
    lost.sync(&place);
    let verdicts = &lost.verdicts[&(GRID, 3)].1;
    assert!(matches!(verdicts[..], [Verdict::Accepted { .. }]));
}

fn a_chain_with_gaps_is_filled_by_its_owner_and_nothing_is_there_twice(place: &Place) {
    let mut owner = place.phone("王秀英", &[GRID]);
    let mut colleague = place.phone("李大山", &[GRID]);
    let backup = back_up(place);
    let mut records = Vec::new();
    let mut segments = Vec::new();
    for _ in 0..4 {
        records.push([owner.visit(GRID), owner.visit(GRID)]);
        let sealed = owner.seal();
        let request = owner.request(sealed.clone());
        owner.send(place, &request);
        segments.extend(sealed);
    }
    colleague.sync(place);
    let held = held_of(&colleague, owner.writer);
    let place = restored(place, &backup, Vec::new());

    // The colleague brings one entry of the second segment, and the fourth.
    let mut second = held[1].clone();
    let PulledEntry::Body { entry, .. } = &second.segment.entries[0] else {
        panic!("an entry");
    };
    let leaf = entry.leaf(Hash32::of(&entry.body[8..])).hash();
    second.segment.entries[0] = PulledEntry::Absent(leaf);
    begin_again(&mut colleague);
    bring(&mut colleague, &place, vec![second, held[3].clone()]);
    assert_eq!(row_of(&place, records[1][0]), None);
    assert!(row_of(&place, records[1][1]).is_some());
    assert!(row_of(&place, records[3][0]).is_some());
    let gaps = lacking(&mut colleague, &place, owner.writer, 4);
    assert_eq!(
        gaps,
        [(0, None), (1, Some(Marks::of([true, false]))), (2, None)]
    );
    // Somebody who reads the scope now can prove what is there.
    let mut reader = place.phone("孙三", &[GRID]);
    reader.sync(&place);
    for (segment, _) in &reader.pulled {
        if segment.header.writer == owner.writer {
            let hash_of = |e: &xunge_protocol::Entry| Ok(Hash32::of(&e.body[8..]));
            segment
                .verify::<xunge_protocol::WireError>(&owner.key.public(), hash_of)
                .unwrap();
        }
    }

    begin_again(&mut owner);
    owner.sync(&place);
    assert_eq!(owner.verdicts[&(GRID, 1)].1[0], Verdict::Missing);
    let request = owner.request(segments.clone());
    let answer = owner.send(&place, &request);
    assert!(answer.refused.is_empty() && answer.forked.is_none());
    for index in 0..4 {
        let verdicts = &owner.verdicts[&(GRID, index)].1;
        let accepted = |v: &Verdict| matches!(v, Verdict::Accepted { late: false, .. });
        assert!(verdicts.iter().all(accepted), "{index}: {verdicts:?}");
    }
    for record in records.concat() {
        assert_eq!(entries_of(&place, record), 1, "{record}");
    }
    assert_eq!(lacking(&mut colleague, &place, owner.writer, 4), []);
    owner.visit(GRID);
    assert!(owner.sync(&place).refused.is_empty());

    // A history beside the one that is here takes nobody's place.
    let entries = segments[2].entries.iter().rev();
    let entries = entries.map(|e| (e.clone(), Hash32::of(&e.body[8..])));
    let before = segments[1].header.hash();
    let other = Segment::seal(&owner.key, owner.writer, GRID, 2, before, entries.collect());
    let request = owner.request(vec![other]);
    assert!(owner.send(&place, &request).forked.is_some());
}

fn certificate_of(phone: &Phone, writer: WriterId) -> SignedCertificate {
    let entries = phone.seen.values().flatten();
    entries
        .filter(|(_, entry)| entry.kind == EntryKind::CERTIFICATE)
        .map(|(_, entry)| wire::decode::<SignedCertificate>("certificate", &entry.body).unwrap())
        .find(|signed| signed.certificate.writer == writer)
        .unwrap()
}

fn a_writer_of_whom_the_relay_forgot_everything_is_known_again_by_its_certificate(place: &Place) {
    let mut colleague = place.phone("李大山", &[GRID]);
    let backup = back_up(place);
    let mut late = place.phone("王秀英", &[GRID]);
    let visit = late.visit(GRID);
    late.sync(place);
    colleague.sync(place);
    let held = held_of(&colleague, late.writer);
    let certificate = certificate_of(&colleague, late.writer);

    let place = restored(place, &backup, Vec::new());
    begin_again(&mut colleague);
    let foreign = Certificate {
        key: SecretKey::from_seed(&[77; 32]).public(),
        ..certificate.certificate.clone()
    }
    .sign(&SecretKey::from_seed(&[78; 32]));
    bring(&mut colleague, &place, held.clone());
    bring_with(&mut colleague, &place, held.clone(), vec![foreign]);
    assert_eq!(row_of(&place, visit), None);
    bring_with(&mut colleague, &place, held, vec![certificate]);
    let (writer, received_at, late_flag) = row_of(&place, visit).unwrap();
    assert_eq!(
        (writer, received_at, late_flag),
        (late.writer, Timestamp(MONDAY), false)
    );
    // Who reads the scope later can verify it.
    let mut reader = place.phone("孙三", &[GRID]);
    reader.sync(&place);
    assert_eq!(
        certificate_of(&reader, late.writer).certificate.name,
        "王秀英"
    );
    let positions = |kind| {
        let mut of_kind = reader.seen[&GRID]
            .iter()
            .filter(move |(_, e)| e.kind == kind);
        of_kind.next_back().unwrap().0
    };
    assert!(positions(EntryKind::CERTIFICATE) > 0);
    let at = |record: RecordId| {
        let seen = reader.seen[&GRID].iter();
        seen.clone().find(|(_, e)| e.record == record).unwrap().0
    };
    let its_certificate = xunge_protocol::system::item_id("certificate", &late.writer.0);
    assert!(at(its_certificate) < at(visit), "before what it proves");
}

/// A supervisor does `verb` to a record.
fn supervise(place: &Place, record: RecordId, verb: Verb) {
    authority::command(&place.relay, move |a, _| {
        let mut body = a.event(verb, Some(("u1", "周主任")));
        body.reason = Some("缺地点".into());
        body.note = Some("缺地点".into());
        a.write(record, None, Draft::default().event(body))?;
        Ok::<_, AuthorityError>(())
    })
    .unwrap();
}

fn what_the_relay_itself_said_comes_back_and_what_was_built_on_it_with_it(place: &Place) {
    let mut lost = place.phone("王秀英", &[GRID]);
    let mut colleague = place.phone("李大山", &[GRID]);
    let backup = back_up(place);
    let dispute = lost.dispute(GRID);
    lost.sync(place);
    supervise(place, dispute, Verb::Return);
    // It reads what the town said, and builds on it.
    lost.sync(place);
    lost.event(dispute, Verb::Fix, |_| {});
    lost.sync(place);
    colleague.sync(place);
    let before = common::held(place, dispute).unwrap();
    assert!(matches!(before.state.review, Review::Fixed { .. }));
    let number = before.state.number.clone().unwrap();
    let numbered = Fact::Number {
        record: dispute,
        scope: TOWN,
        counter: "case D-2026".into(),
        n: 1,
        number: number.clone(),
    };

    let earlier = place.relay.writer();
    let place = restored(place, &backup, vec![numbered]);
    begin_again(&mut colleague);
    let in_order: Vec<Brought> = colleague
        .pulled
        .iter()
        .filter(|(segment, _)| segment.header.scope == GRID)
        .filter(|(segment, _)| [lost.writer, earlier].contains(&segment.header.writer))
        .map(|(segment, accepted)| Brought {
            segment: segment.clone(),
            proof: accepted.clone().map(Proof::Accepted),
        })
        .collect();
    bring(&mut colleague, &place, in_order);
    let after = common::held(&place, dispute).unwrap();
    assert_eq!(after.state.number, Some(number));
    assert!(matches!(after.state.review, Review::Fixed { .. }));
    assert_eq!(after.events.len(), before.events.len(), "nothing twice");
    assert_eq!(codes_in_quarantine(&place), [""; 0]);
}

fn a_proof_of_acceptance_is_beyond_policy_and_without_one_it_is_a_late_push(place: &Place) {
    let mut lost = place.phone("王秀英", &[GRID]);
    let mut colleague = place.phone("李大山", &[GRID]);
    let backup = back_up(place);
    let (first, second) = (lost.visit(GRID), lost.visit(GRID));
    lost.sync(place);
    let third = lost.visit(GRID);
    lost.sync(place);
    colleague.sync(place);
    let held = held_of(&colleague, lost.writer);
    let revoked = Fact::Revoked {
        writer: lost.writer,
        at: Timestamp(MONDAY),
    };
    let without = |brought: &Brought| Brought {
        proof: None,
        ..brought.clone()
    };

    // Its device is not revoked: what has no proof is late.
    let lenient = restored(place, &backup, Vec::new());
    begin_again(&mut colleague);
    bring(&mut colleague, &lenient, vec![without(&held[0])]);
    let (_, received_at, late) = row_of(&lenient, first).unwrap();
    assert!(late && received_at > Timestamp(MONDAY));

    let strict = restored(place, &backup, vec![revoked]);
    begin_again(&mut colleague);
    let forged = Acceptance::sign(
        &colleague.key,
        &held[0].segment.header,
        Timestamp(MONDAY),
        Marks::of([true, true]),
        Marks::default(),
    );
    let with_forged = Brought {
        proof: Some(Proof::Accepted(forged)),
        ..held[0].clone()
    };
    let of_another = Brought {
        proof: held[1].proof.clone(),
        ..held[0].clone()
    };
    for false_proof in [without(&held[0]), with_forged, of_another] {
        bring(&mut colleague, &strict, vec![false_proof]);
        assert_eq!(row_of(&strict, first), None);
        assert_eq!(codes_in_quarantine(&strict), ["device_revoked"; 2]);
    }
    // The relay still lacks them, as far as it knows; with the proof they come out of quarantine.
    let both = Some(Marks::of([true, true]));
    assert_eq!(
        lacking(&mut colleague, &strict, lost.writer, 2),
        [(0, both), (1, None)]
    );
    bring(&mut colleague, &strict, held);
    for record in [first, second, third] {
        let (writer, _, late) = row_of(&strict, record).unwrap();
        assert_eq!((writer, late), (lost.writer, false));
        assert_eq!(entries_of(&strict, record), 1);
    }
    assert_eq!(codes_in_quarantine(&strict), [""; 0]);
    // It is no more alive than before.
    lost.visit(GRID);
    begin_again(&mut lost);
    let answer = lost.sync(&strict);
    assert!(answer.scopes.is_empty() && answer.segments.is_empty());
    assert_eq!(codes_in_quarantine(&strict), ["device_revoked"]);
}

fn what_is_forged_foreign_or_erased_changes_nothing(place: &Place) {
    let mut lost = place.phone("王秀英", &[GRID, GRID_FAR]);
    let mut colleague = place.phone("李大山", &[GRID, GRID_FAR]);
    let mut stranger = place.phone("孙三", &[GRID_BESIDE]);
    let backup = back_up(place);
    let (erased, kept) = (lost.visit(GRID), lost.visit(GRID));
    lost.sync(place);
    colleague.sync(place);
    let held = held_of(&colleague, lost.writer);
    let tombstone = Fact::Erased {
        record: erased,
        scope: GRID,
        at: Timestamp(MONDAY),
        successor: None,
        media: Vec::new(),
    };
    let place = restored(place, &backup, vec![tombstone]);
    begin_again(&mut colleague);
    begin_again(&mut stranger);

    let mut changed = held[0].clone();
    if let PulledEntry::Body { entry, .. } = &mut changed.segment.entries[1] {
        let last = entry.body.len() - 1;
        entry.body[last] ^= 1;
    }
    let mut signed_by_me = held[0].clone();
    signed_by_me.segment.signature = signed_by_me.segment.header.sign(&colleague.key);
    let mut elsewhere = held[0].clone();
    elsewhere.segment.header.scope = GRID_FAR;
    let mut nothing = held[0].clone();
    for pulled in &mut nothing.segment.entries {
        if let PulledEntry::Body { entry, .. } = pulled {
            *pulled = PulledEntry::Absent(entry.leaf(Hash32::of(&entry.body[8..])).hash());
        }
    }
    for forged in [changed, signed_by_me, elsewhere, nothing] {
        bring(&mut colleague, &place, vec![forged]);
        assert_eq!(row_of(&place, kept), None);
    }
    // Somebody who may not read the scope offers nothing there, and learns nothing of it.
    bring(&mut stranger, &place, held.clone());
    assert_eq!(row_of(&place, kept), None);
    assert_eq!(lacking(&mut stranger, &place, lost.writer, 1), []);
    // What a phone wrote itself it pushes.
    colleague.visit(GRID);
    let entries = colleague.waiting.remove(&GRID).unwrap();
    let (key, writer) = (&colleague.key, colleague.writer);
    let own = Segment::seal(key, writer, GRID, 0, Hash32([0; 32]), entries);
    let entries = own.entries.iter().cloned();
    let own = PulledSegment {
        header: own.header,
        signature: own.signature,
        entries: entries
            .map(|entry| PulledEntry::Body { position: 1, entry })
            .collect(),
    };
    let brought = Brought {
        segment: own,
        proof: None,
    };
    bring(&mut colleague, &place, vec![brought]);
    let chain = |writer| {
        let head = |tx: &xunge_server::store::Tx<'_>| tx.chain_head(GRID, writer);
        place.relay.store.read::<_, StoreError>(head).unwrap()
    };
    assert!(chain(colleague.writer).is_none());

    bring(&mut colleague, &place, held);
    assert!(row_of(&place, kept).is_some());
    assert_eq!(row_of(&place, erased), None);
    assert_eq!(entries_of(&place, erased), 0);
    let rows = place
        .relay
        .store
        .read::<_, StoreError>(|tx| tx.entries(GRID, lost.writer, 0))
        .unwrap();
    assert!(rows[0].entry.body.is_empty(), "nothing of it is kept");
    begin_again(&mut lost);
    lost.sync(&place);
    assert_eq!(lost.verdicts[&(GRID, 0)].1[0], Verdict::Erased);
}

fn an_offer_of_more_than_a_request_may_hold_is_refused(place: &Place) {
    let mut phone = place.phone("王秀英", &[GRID]);
    let range = |from, to| Range {
        scope: GRID,
        writer: WriterId([3; 8]),
        from,
        to,
    };
    let many = (0..65).map(|n| range(n, n)).collect::<Vec<_>>();
    for ranges in [vec![range(0, u64::MAX)], vec![range(0, 1024)], many] {
        phone.offer = Some(Offer {
            ranges,
            ..Offer::default()
        });
        let request = phone.request(Vec::new());
        let refused = xunge_server::sync::handle(&place.relay, &request).unwrap_err();
        assert_eq!(refused.code(), "too_large");
    }
    phone.offer = Some(Offer {
        ranges: vec![range(9, 3)],
        ..Offer::default()
    });
    let request = phone.request(Vec::new());
    let kept = phone.send(place, &request).kept.unwrap();
    assert_eq!(kept.looked[0].lacking, []);
    // Certificates of the relay's role are the relay's or nobody's.
    let certificate = Certificate {
        suite: 1,
        writer: WriterId([4; 8]),
        key: phone.key.public(),
        role: WriterRole::Relay,
        worker: String::new(),
        name: "假县".into(),
        predecessor: None,
        issued_at: Timestamp(MONDAY),
    }
    .sign(&phone.key);
    bring_with(&mut phone, place, Vec::new(), vec![certificate]);
    let known = place
        .relay
        .store
        .read::<_, StoreError>(|tx| tx.writer(WriterId([4; 8])))
        .unwrap();
    assert!(known.is_none());
}
