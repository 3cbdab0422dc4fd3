//! People whom two grids know, on both databases: the guest's phones get every entry with its proof, write nothing, and lose
//! all of it when the sharing ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[macro_use]
mod common;

use std::collections::BTreeMap;

use common::*;
use xunge_protocol::snapshot::{SignedSnapshot, open_part};
use xunge_protocol::system::{Share, SignedCertificate, Tombstone};
use xunge_protocol::{
    Entry, EntryKind, Hash32, PublicKey, PulledEntry, PulledSegment, RecordId, RefusalCode,
    ScopeId, Segment, SyncResponse, Verdict, WireError, WriterId, wire,
};
use xunge_records::lists::Audience;
use xunge_records::{Document, Edit, FormRef, Kind};
use xunge_server::account::{Actor, Role};
use xunge_server::authority::{self, AuthorityError, Draft};
use xunge_server::command::{Acts, CommandError, share, unshare};
use xunge_server::journal::{Fact, apply};
use xunge_server::snapshot;
use xunge_server::store::{StoreError, Window};

on_both! {
    a_guest_reads_what_was_and_what_comes_with_the_proof_of_its_writers_until_the_sharing_ends
    a_guest_neither_edits_nor_imitates_nor_shares_with_itself
    only_a_guest_hears_that_a_record_is_shared
    an_erased_person_goes_from_both_grids
    a_first_copy_of_the_guest_s_grid_has_the_person_until_the_sharing_ends
    an_end_that_is_younger_than_the_backup_stays_one
    two_grids_that_share_with_each_other_are_pushed_to_at_once
    no_document_that_phones_read_takes_a_category_for_the_town_alone
    a_person_has_one_guest_at_a_time_and_only_who_sees_the_home_shares
}

const HOME: ScopeId = GRID;
const GUEST: ScopeId = GRID_FAR;
const RELAY: WriterId = WriterId([0xee; 8]);

fn actor(scope: ScopeId) -> Actor {
    Actor {
        user: "u1".into(),
        name: "张主任".into(),
        role: Role::Supervisor,
        scope,
    }
}

/// A person of `home` as an import writes it.
fn person(place: &Place, home: ScopeId, name: &str) -> RecordId {
    let name = name.to_owned();
    let form = FormRef {
        id: "import".into(),
        version: 1,
    };
    authority::command(&place.relay, move |a, _| {
        let household = Draft::default()
            .set("head_name", "王桂兰")
            .set("door", "1号");
        let household = a.open(home, Kind::Household, form.clone(), household)?.id;
        let draft = Draft::default()
            .set("name", name.as_str())
            .set("household", household.to_string());
        Ok::<_, AuthorityError>(a.open(home, Kind::Person, form, draft)?.id)
    })
    .unwrap()
}

fn shared(place: &Place, person: RecordId) -> Share {
    share(
        &place.relay,
        &actor(COUNTY),
        person,
        GUEST,
        Acts::Residence,
        "户口在河村",
    )
    .unwrap()
}

/// A worker's phone that follows the person's document, which belongs to `scope` for it.
fn follower(place: &Place, name: &str, grid: ScopeId, person: RecordId, scope: ScopeId) -> Phone {
    let mut phone = place.phone(name, &[grid]);
    let document = Document::new(Kind::Person).unwrap();
    phone.documents.insert(person, (scope, document));
    phone.sync(place);
    phone
}

fn phone_number(phone: &mut Phone, person: RecordId, number: &str) {
    let edit = Edit {
        set: vec![("phone".into(), number.into())],
        ..Edit::default()
    };
    phone.edit(person, edit);
}

fn entry_hash(entry: &Entry) -> Result<Hash32, WireError> {
    Ok(match entry.kind.is_system() {
        true => Hash32::of(&entry.body),
        false => xunge_records::check_change(&entry.body).unwrap().hash,
    })
}

/// Checks each segment by the certificates that came before it, and gives the entries about `record`.
fn proven(
    relay: PublicKey,
    keys: &mut BTreeMap<WriterId, PublicKey>,
    answer: &SyncResponse,
    record: RecordId,
) -> Vec<(u64, Entry)> {
    let mut found = Vec::new();
    for segment in &answer.segments {
        let key = match segment.header.writer {
            RELAY => relay,
            writer => *keys
                .get(&writer)
                .expect("a certificate before what it covers"),
        };
        segment.verify(&key, entry_hash).unwrap();
        for entry in &segment.entries {
            let PulledEntry::Body { position, entry } = entry else {
                continue;
            };
            if entry.kind == EntryKind::CERTIFICATE {
                let signed: SignedCertificate = wire::decode("certificate", &entry.body).unwrap();
                signed.verify(&relay).unwrap();
                keys.insert(signed.certificate.writer, signed.certificate.key);
            }
            if entry.record == record {
                found.push((*position, entry.clone()));
            }
        }
    }
    found
}

fn system_items(phone: &Phone, scope: ScopeId, kind: EntryKind) -> Vec<Entry> {
    let seen = phone.seen.get(&scope).into_iter().flatten();
    seen.filter(|(_, entry)| entry.kind == kind)
        .map(|(_, entry)| entry.clone())
        .collect()
}

/// A phone that never synced, and what the guest's log gives it of the person.
fn newcomer(place: &Place, name: &str, person: RecordId) -> (Phone, Vec<(u64, Entry)>) {
    let mut phone = place.phone(name, &[GUEST]);
    let answer = phone.sync(place);
    assert!(answer.scopes.iter().all(|scope| !scope.more), "it ends");
    let entries = proven(phone.relay_key, &mut BTreeMap::new(), &answer, person);
    (phone, entries)
}

fn a_guest_reads_what_was_and_what_comes_with_the_proof_of_its_writers_until_the_sharing_ends(
    place: &Place,
) {
    let person = person(place, HOME, "李秀英");
    let mut home = follower(place, "王秀英", HOME, person, HOME);
    phone_number(&mut home, person, "13900000001");
    home.sync(place);
    let mut guest = place.phone("赵二妹", &[GUEST]);
    let mut keys = BTreeMap::new();
    let answer = guest.sync(place);
    assert!(proven(guest.relay_key, &mut keys, &answer, person).is_empty());

    let made = shared(place, person);
    assert_eq!((made.home, made.guest, made.acts), (HOME, GUEST, HOME));
    let answer = guest.sync(place);
    let was = proven(guest.relay_key, &mut keys, &answer, person);
    // Opened by the relay, edited by the worker, and told where the person is registered.
    assert_eq!(was.len(), 3);
    let item = system_items(&guest, GUEST, EntryKind::SHARE).pop().unwrap();
    assert_eq!(wire::decode::<Share>("share", &item.body).unwrap(), made);
    let told = guest.seen[&GUEST]
        .iter()
        .find(|(_, e)| *e == item)
        .unwrap()
        .0;
    assert!(
        was.iter().all(|(position, _)| *position > told),
        "said before it comes"
    );
    let names = system_items(&guest, GUEST, EntryKind::ORG_NODE);
    assert!(
        names.len() >= 7,
        "the places of the home have names: {}",
        names.len()
    );

    phone_number(&mut home, person, "13900000002");
    home.sync(place);
    home.sync(place);
    assert_eq!(
        system_items(&home, HOME, EntryKind::SHARE).len(),
        1,
        "the home knows too"
    );
    let answer = guest.sync(place);
    let comes = proven(guest.relay_key, &mut keys, &answer, person);
    assert_eq!(comes.len(), 1);
    assert!(comes[0].0 > was.last().unwrap().0);
    let (_, all) = newcomer(place, "周小妹", person);
    assert_eq!(all, [was, comes].concat());

    unshare(&place.relay, &actor(OTHER_TOWN), person, "户口迁回").unwrap();
    let answer = guest.sync(place);
    assert!(proven(guest.relay_key, &mut keys, &answer, person).is_empty());
    assert!(answer.scopes.iter().all(|scope| !scope.more));
    let item = system_items(&guest, GUEST, EntryKind::SHARE).pop().unwrap();
    let ended: Share = wire::decode("share", &item.body).unwrap();
    assert!(!ended.is_in_force());
    phone_number(&mut home, person, "13900000003");
    home.sync(place);
    let answer = guest.sync(place);
    assert!(proven(guest.relay_key, &mut keys, &answer, person).is_empty());
    let (_, nothing) = newcomer(place, "吴大妹", person);
    assert!(nothing.is_empty());

    // Shared again, all of it comes again.
    place.later(1);
    shared(place, person);
    let answer = guest.sync(place);
    let again = proven(guest.relay_key, &mut keys, &answer, person);
    assert_eq!(again.len(), 7);
}

fn verdict(phone: &Phone, scope: ScopeId) -> Verdict {
    let index = phone.chains[&scope].0 - 1;
    phone.verdicts[&(scope, index)].1[0].clone()
}

fn is_refused(verdict: &Verdict, expected: RefusalCode) -> bool {
    matches!(verdict, Verdict::Quarantined { code, .. } if *code == expected)
}

fn a_guest_neither_edits_nor_imitates_nor_shares_with_itself(place: &Place) {
    let person = person(place, HOME, "李秀英");
    let home = follower(place, "王秀英", HOME, person, HOME);
    shared(place, person);
    let mut guest = follower(place, "赵二妹", GUEST, person, GUEST);
    let before = held(place, person).unwrap();

    // In its own grid's chain, and in the home's.
    phone_number(&mut guest, person, "13900000009");
    guest.sync(place);
    let said = verdict(&guest, GUEST);
    assert!(is_refused(&said, RefusalCode::SharedRecord), "{said:?}");
    let document = guest.documents[&person].1.clone();
    guest.documents.insert(person, (HOME, document));
    phone_number(&mut guest, person, "13900000008");
    guest.sync(place);
    let said = verdict(&guest, HOME);
    assert!(is_refused(&said, RefusalCode::SharedRecord), "{said:?}");

    // Under the name of the home's worker: the change is another's, and so is the segment.
    let mut imitated = Document::new(Kind::Person).unwrap();
    for (_, entry) in &guest.seen[&HOME] {
        if let (true, Ok(change)) = (
            entry.record == person,
            xunge_records::check_change(&entry.body),
        ) {
            imitated.apply(&change).unwrap();
        }
    }
    let author = xunge_records::Author {
        writer: home.writer,
        rebuild: 0,
    };
    let edit = Edit {
        set: vec![("phone".into(), "13900000007".into())],
        ..Edit::default()
    };
    let forged = imitated
        .edit(author, xunge_protocol::Timestamp(MONDAY), &edit)
        .unwrap()
        .unwrap();
    let entry = Entry {
        record: person,
        kind: Kind::Person.entry_kind(),
        body: forged.bytes,
    };
    let own = vec![(entry.clone(), forged.hash)];
    guest.waiting.insert(GUEST, own.clone());
    guest.sync(place);
    let said = verdict(&guest, GUEST);
    assert!(is_refused(&said, RefusalCode::ForeignRecord), "{said:?}");
    let foreign = Segment::seal(&guest.key, home.writer, HOME, 0, Hash32([0; 32]), own);
    let request = guest.request(vec![foreign]);
    let answer = guest.send(place, &request);
    assert_eq!(answer.refused.len(), 1, "a segment of another writer");

    // A share is the relay's word alone.
    let share = Share {
        record: person,
        home: HOME,
        guest: GRID_BESIDE,
        acts: HOME,
        from: xunge_protocol::Timestamp(MONDAY),
        until: None,
    };
    let body = wire::encode(&share);
    let hash = Hash32::of(&body);
    let item = Entry {
        record: share.entry_id(),
        kind: EntryKind::SHARE,
        body,
    };
    guest.waiting.insert(GUEST, vec![(item, hash)]);
    guest.sync(place);
    let said = verdict(&guest, GUEST);
    assert!(is_refused(&said, RefusalCode::KindNotAllowed), "{said:?}");
    let shares = place.relay.store.read(|tx| tx.shares_of(person)).unwrap();
    assert_eq!(shares.len(), 1);
    assert_eq!(held(place, person).unwrap(), before);

    // A supervisor cannot let it in either.
    let waiting = place
        .relay
        .store
        .read(|tx| tx.quarantine(None, None, None, 10));
    for row in waiting.unwrap() {
        let admitted = xunge_server::command::admit(&place.relay, &actor(COUNTY), row.id, "好意");
        assert!(admitted.is_err(), "{:?}", row.code);
    }
}

fn only_a_guest_hears_that_a_record_is_shared(place: &Place) {
    let person = person(place, HOME, "李秀英");
    let mut home = follower(place, "王秀英", HOME, person, HOME);
    shared(place, person);
    let document = home.documents[&person].1.clone();
    let said = |phone: &mut Phone, scope: ScopeId| {
        phone.documents.insert(person, (scope, document.clone()));
        phone_number(phone, person, "13900000009");
        phone.sync(place);
        verdict(phone, scope)
    };

    // Who reads a third grid is told no more than anybody.
    let mut stranger = place.phone("周小妹", &[GRID_BESIDE]);
    let outside = said(&mut stranger, HOME);
    assert!(
        is_refused(&outside, RefusalCode::OutsideGrid),
        "{outside:?}"
    );
    let beside = said(&mut stranger, GRID_BESIDE);
    assert!(is_refused(&beside, RefusalCode::WrongScope), "{beside:?}");
    let mut guest = place.phone("赵二妹", &[GUEST]);
    let shared = said(&mut guest, HOME);
    assert!(is_refused(&shared, RefusalCode::SharedRecord), "{shared:?}");

    // A revoked phone is a revoked phone first.
    let (writer, now) = (guest.writer, place.relay.now());
    place
        .relay
        .store
        .write(move |tx| tx.revoke_writer(writer, now))
        .unwrap();
    let revoked = said(&mut guest, HOME);
    assert!(
        is_refused(&revoked, RefusalCode::DeviceRevoked),
        "{revoked:?}"
    );
    phone_number(&mut home, person, "13800000000");
    home.sync(place);
    assert!(matches!(verdict(&home, HOME), Verdict::Accepted { .. }));
}

fn an_erased_person_goes_from_both_grids(place: &Place) {
    let person = person(place, HOME, "金丝雀甲乙丙");
    shared(place, person);
    let (mut guest, before) = newcomer(place, "赵二妹", person);
    assert_eq!(before.len(), 2);
    authority::command(&place.relay, move |a, _| a.erase(person))
        .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
    guest.sync(place);
    let stones = system_items(&guest, GUEST, EntryKind::TOMBSTONE);
    let stone: Tombstone = wire::decode("tombstone", &stones[0].body).unwrap();
    assert_eq!(stone.record, person);
    let (fresh, nothing) = newcomer(place, "周小妹", person);
    assert!(nothing.is_empty());
    assert_eq!(system_items(&fresh, GUEST, EntryKind::TOMBSTONE).len(), 1);
    let home = follower(place, "王秀英", HOME, person, HOME);
    assert_eq!(system_items(&home, HOME, EntryKind::TOMBSTONE).len(), 1);
    let left = place
        .relay
        .store
        .read(|tx| tx.count_shares_in(&[HOME, GUEST]));
    assert_eq!(left.unwrap(), 0);
}

fn segments(place: &Place, scope: ScopeId) -> Vec<PulledSegment> {
    let read = place.relay.store.read(|tx| {
        let row = tx.snapshot(scope)?.unwrap();
        let signed: SignedSnapshot = wire::decode("snapshot", &row.signed)?;
        let mut all = Vec::new();
        for part in signed.snapshot.base.iter().chain(&signed.snapshot.history) {
            let (_, bytes) = tx.snapshot_part(part.hash)?.unwrap();
            all.extend(open_part(&signed.snapshot, part, &bytes)?);
        }
        Ok::<_, StoreError>(all)
    });
    read.unwrap()
}

fn holds(segments: &[PulledSegment], record: RecordId) -> usize {
    let entries = segments.iter().flat_map(|segment| &segment.entries);
    entries
        .filter(|e| matches!(e, PulledEntry::Body { entry, .. } if entry.record == record))
        .count()
}

fn a_first_copy_of_the_guest_s_grid_has_the_person_until_the_sharing_ends(place: &Place) {
    let person = person(place, HOME, "李秀英");
    let mut home = follower(place, "王秀英", HOME, person, HOME);
    phone_number(&mut home, person, "13900000001");
    home.sync(place);
    place.phone("赵二妹", &[GUEST]);
    shared(place, person);
    assert!(snapshot::cut_due(&place.relay, 1).unwrap().contains(&GUEST));
    let copy = segments(place, GUEST);
    assert_eq!(holds(&copy, person), 3);
    // The history proves the base: headers of the home's segments with the leaves of what the base has.
    let key = home.key.public();
    let proof = copy
        .iter()
        .find(|s| s.header.writer == home.writer && s.signature.0 != [0; 64])
        .unwrap();
    assert_eq!(proof.header.scope, HOME);
    proof.verify(&key, entry_hash).unwrap();

    unshare(&place.relay, &actor(COUNTY), person, "户口迁回").unwrap();
    assert!(
        place
            .relay
            .store
            .read(|tx| tx.snapshot(GUEST))
            .unwrap()
            .is_none()
    );
    snapshot::cut_due(&place.relay, 1).unwrap();
    assert_eq!(holds(&segments(place, GUEST), person), 0);
}

fn an_end_that_is_younger_than_the_backup_stays_one(place: &Place) {
    let person = person(place, HOME, "李秀英");
    let made = shared(place, person);
    let ended = Share {
        until: Some(made.from.plus_millis(5)),
        ..made
    };
    let journals = [vec![Fact::shared(&made)], vec![Fact::shared(&ended)]];
    for name in ["赵二妹", "周小妹"] {
        let journals = journals.clone();
        authority::command(&place.relay, move |a, _| apply(a, &journals))
            .unwrap_or_else(|e: AuthorityError| panic!("{e}"));
        let shares = place.relay.store.read(|tx| tx.shares_of(person)).unwrap();
        assert_eq!(shares, [ended]);
        let (_, nothing) = newcomer(place, name, person);
        assert!(nothing.is_empty());
    }
}

fn two_grids_that_share_with_each_other_are_pushed_to_at_once(place: &Place) {
    let here = person(place, HOME, "李秀英");
    let there = person(place, GUEST, "钱大山");
    let back = |record, guest| {
        let actor = actor(COUNTY);
        share(
            &place.relay,
            &actor,
            record,
            guest,
            Acts::Registered,
            "户口",
        )
        .unwrap();
    };
    back(here, GUEST);
    back(there, HOME);
    let mut first = follower(place, "王秀英", HOME, here, HOME);
    let mut second = follower(place, "赵二妹", GUEST, there, GUEST);
    std::thread::scope(|threads| {
        for (phone, person) in [(&mut first, here), (&mut second, there)] {
            threads.spawn(move || {
                for n in 0..10 {
                    phone_number(phone, person, &format!("1390000{n:04}"));
                    phone.sync(place);
                }
            });
        }
    });
    let (_, all) = newcomer(place, "周小妹", here);
    assert_eq!(all.len(), 12);
    let mut positions: Vec<u64> = all.iter().map(|(position, _)| *position).collect();
    positions.dedup();
    assert_eq!(positions.len(), 12);
    assert!(positions.is_sorted());
}

fn no_document_that_phones_read_takes_a_category_for_the_town_alone(place: &Place) {
    let person = person(place, HOME, "李秀英");
    let mut home = follower(place, "王秀英", HOME, person, HOME);
    let categorise = |code: &str| Edit {
        set: vec![(format!("categories/{code}"), true.into())],
        ..Edit::default()
    };
    let lists = place.relay.lists().get("person_category").unwrap();
    let of = |audience| {
        lists
            .codes()
            .iter()
            .find(|c| c.audience == audience)
            .unwrap()
    };
    let (sensitive, permitted) = (of(Audience::Relay), of(Audience::Phone));
    home.edit(person, categorise(&sensitive.code));
    home.sync(place);
    let said = verdict(&home, HOME);
    assert!(
        is_refused(&said, RefusalCode::OperationNotAllowed),
        "{said:?}"
    );
    let by_the_town = |code: &str| -> Result<xunge_records::Record, AuthorityError> {
        let draft = Draft::default().set(format!("categories/{code}"), true);
        authority::command(&place.relay, move |a, _| a.write(person, None, draft))
    };
    let refused = by_the_town(&sensitive.code);
    assert!(matches!(refused, Err(AuthorityError::Refused(_))));
    by_the_town(&permitted.code).unwrap();
}

fn a_person_has_one_guest_at_a_time_and_only_who_sees_the_home_shares(place: &Place) {
    let person = person(place, HOME, "李秀英");
    let relay = &place.relay;
    let ask = |by: ScopeId, guest, reason: &str| {
        share(relay, &actor(by), person, guest, Acts::Residence, reason)
    };
    assert!(matches!(
        ask(OTHER_TOWN, GUEST, "户口"),
        Err(CommandError::NotFound)
    ));
    for (guest, reason) in [
        (VILLAGE, "户口"),
        (HOME, "户口"),
        (ScopeId([0x77; 8]), "户口"),
        (GUEST, " "),
    ] {
        let refused = ask(TOWN, guest, reason);
        assert!(
            matches!(refused, Err(CommandError::BadInput { .. })),
            "{refused:?}"
        );
    }
    ask(TOWN, GUEST, "户口在河村").unwrap();
    assert!(matches!(
        ask(TOWN, GUEST, "户口在河村"),
        Err(CommandError::NotPossible(_))
    ));
    place.later(1);
    ask(TOWN, GRID_BESIDE, "户口在二网格").unwrap();
    let window = Window { skip: 0, take: 9 };
    let in_force = relay
        .store
        .read(|tx| tx.shares_in(&[HOME], window))
        .unwrap();
    assert_eq!(in_force.len(), 1);
    assert_eq!(in_force[0].guest, GRID_BESIDE);
    let record = held(place, person).unwrap();
    assert_eq!(
        record.fields.text("registered_scope"),
        Some(GRID_BESIDE.to_string().as_str())
    );
    let (_, nothing) = newcomer(place, "赵二妹", person);
    assert!(nothing.is_empty(), "the grid before reads it no more");
    // The town of the former guest has nothing to say any more.
    let late = unshare(relay, &actor(OTHER_TOWN), person, "户口");
    assert!(matches!(late, Err(CommandError::NotFound)));
    unshare(relay, &actor(TOWN), person, "户口迁回").unwrap();
    assert!(
        held(place, person)
            .unwrap()
            .fields
            .text("registered_scope")
            .is_none()
    );
    let rows = relay
        .store
        .read::<_, StoreError>(|tx| tx.audit_about(&person.to_string()));
    let mut actions: Vec<String> = rows
        .unwrap()
        .into_iter()
        .map(|row| row.event.action)
        .collect();
    actions.sort();
    assert_eq!(actions, ["share", "share", "unshare"]);
}
