//! One suite for both stores: what a transaction promises, with writers beside each other and transactions held open,
//! and that both databases answer every question alike.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

#[macro_use]
mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;

use common::*;
use xunge_protocol::system::{Grant, OrgNode, Share};
use xunge_protocol::{Entry, EntryKind, Hash32, RecordId, ScopeId, Segment, Timestamp, WriterId};
use xunge_records::Kind;
use xunge_server::audit::AuditEvent;
use xunge_server::media::storage::in_folder;
use xunge_server::store::{
    Claim, EntryRow, GroupBy, HouseholdFilter, Location, MediaOwner, MediaRow, Options, Outcome,
    RecordFilter, SessionRow, Show, Store, StoreError, Tx, UploadRow, Window,
};

on_both! {
    many_writers_get_each_number_once
    failed_and_panicking_work_takes_back_only_its_own_rows
    a_reader_sees_one_moment_while_others_write
    what_was_answered_is_there_after_the_store_was_opened_again
    a_second_county_in_one_place_is_refused
    no_puller_skips_a_row_while_a_transaction_is_held_open
    no_puller_skips_a_row_of_many_writers_in_many_scopes
    no_reader_of_changes_skips_a_row_of_writers_beside_each_other
    the_audit_chain_holds_though_many_append
    a_zero_in_a_text_stops_nobody
    parts_of_an_upload_follow_each_other_though_many_send_the_same_one
}

fn next(tx: &Tx<'_>) -> Result<u64, StoreError> {
    tx.next_number(GRID, "test")
}

fn claim(scope: ScopeId) -> Claim {
    Claim {
        writer: None,
        scopes: vec![scope],
    }
}

fn many_writers_get_each_number_once(place: &Place) {
    let sum = AtomicU64::new(0);
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                for n in 0..25 {
                    let store = &place.relay.store;
                    let n = match n % 2 {
                        0 => store.write(next).unwrap(),
                        _ => store.write_claiming(Claim::default(), next).unwrap(),
                    };
                    sum.fetch_add(n, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(sum.into_inner(), 200 * 201 / 2);
}

fn failed_and_panicking_work_takes_back_only_its_own_rows(place: &Place) {
    let store = &place.relay.store;
    assert_eq!(store.write(next).unwrap(), 1);
    let failed: Result<(), StoreError> = store.write(|tx| {
        next(tx)?;
        Err(StoreError::Closed)
    });
    assert!(failed.is_err());
    let panicked: Result<(), StoreError> = store.write(|tx| {
        next(tx)?;
        panic!("on purpose")
    });
    assert!(matches!(panicked, Err(StoreError::NotCommitted(_))));
    assert_eq!(store.write(next).unwrap(), 2);
}

fn a_reader_sees_one_moment_while_others_write(place: &Place) {
    let store = place.relay.store.clone();
    store
        .read(|tx| {
            let before = tx.last_position(GRID_BESIDE)?;
            place
                .relay
                .store
                .write(|tx| tx.next_position(GRID_BESIDE))?;
            assert_eq!(tx.last_position(GRID_BESIDE)?, before);
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let after = store.read(|tx| tx.last_position(GRID_BESIDE)).unwrap();
    assert_eq!(after, 1);
}

fn location(place: &Place) -> Location {
    Location {
        data: place.dir.path().into(),
        database: place.database.clone(),
    }
}

fn what_was_answered_is_there_after_the_store_was_opened_again(place: &Place) {
    place.relay.store.write(next).unwrap();
    let store = Store::open(location(place), THREADED).unwrap();
    assert_eq!(store.write(next).unwrap(), 2);
    assert_eq!(store.county().scope, COUNTY);
    assert_eq!(store.county().name, "测试县");
}

fn a_second_county_in_one_place_is_refused(place: &Place) {
    let again = Store::create(location(place), &new_county(), THREADED);
    assert!(matches!(again, Err(StoreError::AlreadyInitialised(_))));
}

/// Adds one segment with one entry in `scope`, as a writer of its own, and returns the entry's position.
fn append(tx: &Tx<'_>, scope: ScopeId, n: u64) -> Result<u64, StoreError> {
    let mut writer = [0; 8];
    writer.copy_from_slice(&n.to_be_bytes());
    let writer = WriterId(writer);
    let record = RecordId::written(writer, 1);
    let entry = Entry {
        record,
        kind: EntryKind(3),
        body: n.to_be_bytes().to_vec(),
    };
    let change = Hash32::of(&entry.body);
    let key = xunge_protocol::SecretKey::from_seed(&Hash32::of(&n.to_be_bytes()).0);
    let segment = Segment::seal(
        &key,
        writer,
        scope,
        0,
        Hash32([0; 32]),
        vec![(entry.clone(), change)],
    );
    assert!(tx.chain_head(scope, writer)?.is_none());
    tx.insert_segment(&segment.header, &segment.signature, Timestamp(MONDAY))?;
    let position = tx.next_position(scope)?;
    let leaf = entry.leaf(change).hash();
    let row = EntryRow {
        ordinal: 0,
        position: Some(position),
        late: false,
        entry,
        change,
        leaf,
    };
    tx.insert_entry(&segment.header, &row)?;
    Ok(position)
}

/// Positions of a scope after `after`, as one pull sees them.
fn pull(store: &Store, scope: ScopeId, after: u64) -> Vec<u64> {
    let entries = store.read(|tx| tx.entries_after(scope, after, 1 << 20));
    let entries: Vec<_> = entries.unwrap_or_else(|e: StoreError| panic!("{e}"));
    entries
        .into_iter()
        .map(|entry| entry.row.position.unwrap())
        .collect()
}

fn no_puller_skips_a_row_while_a_transaction_is_held_open(place: &Place) {
    let store = &place.relay.store;
    let start = pull(store, GRID, 0).len() as u64;
    let (held, is_held) = channel();
    let (release, released) = channel::<()>();
    std::thread::scope(|threads| {
        let first = threads.spawn(move || {
            store.write_claiming(claim(GRID), move |tx| {
                let position = append(tx, GRID, 1)?;
                held.send(()).unwrap();
                released.recv().unwrap();
                Ok::<_, StoreError>(position)
            })
        });
        is_held.recv().unwrap();
        // Somebody else writes in the same scope meanwhile, without a claim to it, and one in another scope.
        let second =
            threads.spawn(|| store.write_claiming(Claim::default(), |tx| append(tx, GRID, 2)));
        if place.database.is_some() {
            let beside = store.write_claiming(claim(GRID_FAR), |tx| append(tx, GRID_FAR, 3));
            assert!(beside.is_ok(), "another scope is not held up");
        }
        assert_eq!(pull(store, GRID, start), [0; 0]);
        release.send(()).unwrap();
        let (first, second) = (
            first.join().unwrap().unwrap(),
            second.join().unwrap().unwrap(),
        );
        assert_eq!((first, second), (start + 1, start + 2));
    });
    assert_eq!(pull(store, GRID, start), [start + 1, start + 2]);
}

fn no_puller_skips_a_row_of_many_writers_in_many_scopes(place: &Place) {
    const WRITERS: u64 = 6;
    const ROUNDS: u64 = 12;
    let scopes = [GRID, GRID_BESIDE, GRID_FAR];
    let store = &place.relay.store;
    let begin: Vec<u64> = scopes
        .iter()
        .map(|s| {
            store
                .read(|tx| tx.last_position(*s))
                .unwrap_or_else(|e: StoreError| panic!("{e}"))
        })
        .collect();
    let over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let pullers: Vec<_> = std::iter::zip(scopes, &begin)
            .map(|(scope, begin)| {
                let over = &over;
                threads.spawn(move || {
                    let mut cursor = *begin;
                    loop {
                        // Asked before the pull: what was stored by then must be in it.
                        let last = over.load(Ordering::SeqCst);
                        for position in pull(store, scope, cursor) {
                            assert_eq!(position, cursor + 1, "a row was skipped");
                            cursor = position;
                        }
                        if last {
                            return cursor;
                        }
                    }
                })
            })
            .collect();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                threads.spawn(move || {
                    for round in 0..ROUNDS {
                        let n = 100 + writer * ROUNDS + round;
                        let scope = scopes[(n % 3) as usize];
                        let other = scopes[((n + 1) % 3) as usize];
                        let both = Claim {
                            writer: None,
                            scopes: vec![other, scope],
                        };
                        store
                            .write_claiming(both, move |tx| {
                                append(tx, scope, n)?;
                                append(tx, other, n)
                            })
                            .unwrap_or_else(|e: StoreError| panic!("{e}"));
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        over.store(true, Ordering::SeqCst);
        let got: u64 = pullers.into_iter().map(|p| p.join().unwrap()).sum();
        assert_eq!(got - begin.iter().sum::<u64>(), WRITERS * ROUNDS * 2);
    });
}

fn no_reader_of_changes_skips_a_row_of_writers_beside_each_other(place: &Place) {
    let mut phones: Vec<Phone> = [GRID, GRID_BESIDE, GRID_FAR]
        .iter()
        .enumerate()
        .map(|(n, grid)| place.phone(&format!("工{n}"), &[*grid]))
        .collect();
    let over = AtomicBool::new(false);
    let store = &place.relay.store;
    let total = std::thread::scope(|threads| {
        let reader = threads.spawn(|| {
            let (mut cursor, mut seen) = (0, 0);
            loop {
                let last = over.load(Ordering::SeqCst);
                let rows = store.read(|tx| tx.records_after(cursor, None, None, 3));
                let rows = rows.unwrap_or_else(|e: StoreError| panic!("{e}"));
                for row in &rows {
                    assert!(row.sequence > cursor);
                    cursor = row.sequence;
                    seen += 1;
                }
                if last && rows.is_empty() {
                    return seen;
                }
            }
        });
        let writers: Vec<_> = std::iter::zip(&mut phones, [GRID, GRID_BESIDE, GRID_FAR])
            .map(|(phone, grid)| {
                threads.spawn(move || {
                    for _ in 0..5 {
                        phone.visit(grid);
                        phone.dispute(grid);
                        phone.sync(place);
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        over.store(true, Ordering::SeqCst);
        reader.join().unwrap()
    });
    assert_eq!(total, 3 * 5 * 2);
}

fn the_audit_chain_holds_though_many_append(place: &Place) {
    let store = &place.relay.store;
    std::thread::scope(|threads| {
        for n in 0..4 {
            threads.spawn(move || {
                for _ in 0..10 {
                    let event = AuditEvent::new("admin", &format!("test{n}"));
                    store
                        .write_claiming(Claim::default(), move |tx| {
                            tx.append_audit(&event, Timestamp(MONDAY))
                        })
                        .unwrap_or_else(|e: StoreError| panic!("{e}"));
                }
            });
        }
    });
    let rows = store
        .read(|tx| tx.audit_after(0, 1000))
        .unwrap_or_else(|e: StoreError| panic!("{e}"));
    let mut previous = Hash32([0; 32]);
    for row in &rows {
        let hash = xunge_server::audit::hash(previous, row.n, row.at, &row.event);
        assert_eq!(hash, row.hash);
        previous = hash;
    }
    assert!(rows.len() >= 40);
}

fn a_zero_in_a_text_stops_nobody(place: &Place) {
    let mut phone = place.phone("王\0秀英", &[GRID]);
    let dispute = phone.open(
        GRID,
        Kind::Dispute,
        &[
            ("type", "02".into()),
            ("scale", "01".into()),
            ("source", "DS01".into()),
            ("place", "村\0口\\u0000".into()),
        ],
    );
    let answer = phone.sync(place);
    assert_eq!(answer.refused.len(), 0);
    assert!(held(place, dispute).is_some());
    let filter = RecordFilter {
        scopes: vec![GRID],
        now: Timestamp(MONDAY),
        ..RecordFilter::default()
    };
    let found = place.relay.store.read(|tx| tx.count_records(&filter));
    assert_eq!(found.unwrap_or_else(|e: StoreError| panic!("{e}")), 1);
}

fn parts_of_an_upload_follow_each_other_though_many_send_the_same_one(place: &Place) {
    const PARTS: u64 = 20;
    let (owner, name) = (MediaOwner::Console, Hash32([6; 32]));
    let upload = UploadRow {
        owner,
        name,
        claimed: None,
        length: PARTS * 8,
        received: 0,
        hash: None,
        expires_at: Timestamp(7),
    };
    let store = &place.relay.store;
    store.write(move |tx| tx.insert_upload(&upload)).unwrap();
    let moved = AtomicU64::new(0);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for n in 0..PARTS {
                    let append = move |tx: &Tx<'_>| {
                        tx.append_upload(owner, name, n * 8, &n.to_be_bytes(), Timestamp(8))
                    };
                    if store.write_claiming(Claim::default(), append).unwrap() {
                        moved.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert_eq!(moved.into_inner(), PARTS);
    for n in 0..PARTS {
        let part = store.read(|tx| tx.upload_part(owner, name, n * 8));
        assert_eq!(
            part.unwrap_or_else(|e: StoreError| panic!("{e}")).unwrap(),
            n.to_be_bytes()
        );
    }
}

/// What a store says to every kind of question, in words.
/// A share of `record` with a far grid, whose log gets the record's entries, and one that ended.
fn share_far(place: &Place, record: RecordId) -> Share {
    let share = Share {
        record,
        home: GRID,
        guest: GRID_FAR,
        acts: GRID,
        from: Timestamp(MONDAY),
        until: None,
    };
    place
        .relay
        .store
        .write(move |tx| {
            tx.put_share(&share)?;
            tx.put_share(&Share {
                guest: GRID_BESIDE,
                until: Some(Timestamp(MONDAY + 1)),
                ..share
            })?;
            for id in tx.unplaced_entries(GRID_FAR, GRID, record)? {
                let position = tx.next_position(GRID_FAR)?;
                tx.insert_guest_entry(GRID_FAR, position, id, record)?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    share
}

fn answers(place: &Place) -> Vec<String> {
    let mut first = place.phone("王秀英", &[GRID]);
    let mut second = place.phone("李大山", &[GRID_BESIDE, GRID_FAR]);
    let dispute = first.dispute(GRID);
    let visit = first.visit(GRID);
    first.visit(GRID_FAR);
    second.visit(GRID_BESIDE);
    second.dispute(GRID_FAR);
    first.sync(place);
    second.sync(place);
    place.later(DAY);
    first.visit(GRID);
    first.sync(place);
    let session = SessionRow {
        token_hash: Hash32([3; 32]),
        csrf: "c".into(),
        user: Some("u".into()),
        lang: "zh-CN".into(),
        flash: None,
        created_at: Timestamp(1),
        seen_at: Timestamp(2),
    };
    let media = MediaRow {
        hash: Hash32([4; 32]),
        mime: "audio/mp4".into(),
        bytes: 7,
        owner: MediaOwner::Writer(first.writer),
        file: "ab12".into(),
        key: [7; 32].into(),
        created_at: Timestamp(5),
    };
    let upload = UploadRow {
        owner: MediaOwner::Program(Hash32([5; 32])),
        name: Hash32([6; 32]),
        claimed: None,
        length: 6,
        received: 0,
        hash: None,
        expires_at: Timestamp(7),
    };
    let (worker, writer) = (first.worker.clone(), first.writer);
    let mut said: Vec<String> = place
        .relay
        .store
        .write(move |tx| {
            tx.put_session(&session)?;
            tx.put_session(&SessionRow {
                flash: Some("f".into()),
                ..session.clone()
            })?;
            tx.put_reveal(session.token_hash, visit, Timestamp(9))?;
            let new = [tx.insert_media(&media)?, tx.insert_media(&media)?];
            tx.insert_upload(&upload)?;
            let (owner, name) = (upload.owner, upload.name);
            let moved = [(0, "abc"), (0, "xyz"), (3, "defg"), (3, "de")].map(|(at, part)| {
                let moved = tx.append_upload(owner, name, at, part.as_bytes(), Timestamp(8));
                format!("{moved:?}")
            });
            tx.insert_reference(Kind::Household, "ref-1", GRID, visit)?;
            tx.insert_secret("test", &[1; 32])?;
            tx.insert_secret("test", &[2; 32])?;
            tx.put_grant(&Grant {
                worker: worker.clone(),
                scope: GRID_FAR,
                from: Timestamp(3),
                until: Some(Timestamp(4)),
                drain_days: 5,
            })?;
            tx.put_org_node(&OrgNode {
                scope: GRID,
                parent: Some(VILLAGE),
                level: "4".into(),
                code: "999999001001009".into(),
                name: "新名".into(),
                from: Timestamp(MONDAY + 1),
                help_phone: Some("110".into()),
            })?;
            Ok::<_, StoreError>(vec![
                format!("{:?}", tx.tell_unlock_code(writer, Timestamp(6))?),
                format!("{:?}", tx.session(session.token_hash)?),
                format!(
                    "{:?}",
                    tx.is_revealed(session.token_hash, visit, Timestamp(8))?
                ),
                format!(
                    "{:?}",
                    tx.is_revealed(session.token_hash, visit, Timestamp(9))?
                ),
                format!("{new:?} {moved:?}"),
                format!("{:?}", tx.upload(owner, name)?),
                format!("{:?}", tx.upload_part(owner, name, 3)?),
                format!("{:?}", tx.upload_part(owner, name, 5)?),
                format!("{:?}", tx.media_bytes_of(owner, Timestamp(0))?),
                format!("{:?}", tx.media_bytes_of(media.owner, Timestamp(5))?),
                format!("{:?}", tx.media_bytes_of(media.owner, Timestamp(6))?),
                format!("{:?}", tx.finish_upload(owner, name, media.hash)),
                format!("{:?}", tx.upload_part(owner, name, 0)?),
                format!("{:?}", tx.delete_expired_uploads(Timestamp(8))),
                format!("{:?}", tx.upload(owner, name)?),
                format!("{:?}", tx.delete_expired_uploads(Timestamp(9))),
                format!("{:?}", tx.upload(owner, name)?),
                format!("{:?}", tx.media(media.hash)?),
                format!("{:?}", tx.delete_media(media.hash)?),
                format!("{:?}", tx.media(media.hash)?),
                format!("{:?}", tx.referred(Kind::Household, "ref-1")?),
                format!("{:?}", tx.secret("test")?),
                format!("{:?}", tx.grants_of(&worker)?),
                format!("{:?}", tx.grants_in(GRID_FAR)?),
            ])
        })
        .unwrap();
    let all = vec![COUNTY, TOWN, VILLAGE, GRID, GRID_BESIDE, GRID_FAR];
    let window = Window { skip: 0, take: 50 };
    share_far(place, dispute);
    let more = place.relay.store.read(|tx| {
        let mut said = Vec::new();
        for show in Show::ALL {
            let filter = RecordFilter {
                scopes: all.clone(),
                show,
                now: place.relay.now(),
                ..RecordFilter::default()
            };
            let ids: Vec<_> = tx
                .list_records(&filter, window)?
                .iter()
                .map(|r| r.record)
                .collect();
            said.push(format!("{show:?} {} {ids:?}", tx.count_records(&filter)?));
            for by in [
                GroupBy::Scope,
                GroupBy::Field("type"),
                GroupBy::Members("purposes"),
            ] {
                said.push(format!("{by:?} {:?}", tx.count_groups(&filter, by)?));
            }
            said.push(format!("{:?}", tx.count_households_of(&filter)?));
        }
        for (code, text) in [
            (Some(("purposes".into(), "VP01".into())), None),
            (Some(("type".into(), "02".into())), None),
            (Some(("type".into(), "03".into())), None),
            (None, Some("村口".into())),
            (None, Some("d-2026".into())),
            (None, Some("%".into())),
        ] {
            let filter = RecordFilter {
                scopes: all.clone(),
                code,
                text,
                received: Some((Timestamp(0), place.relay.now())),
                ..RecordFilter::default()
            };
            said.push(format!("{}", tx.count_records(&filter)?));
        }
        let households = HouseholdFilter {
            scopes: all.clone(),
            today: "2026-11-24".into(),
            ..HouseholdFilter::default()
        };
        said.push(format!("{:?}", tx.count_households(&households)?));
        said.push(format!(
            "{:?}",
            tx.list_households(&households, window)?.len()
        ));
        said.push(format!(
            "{:?}",
            tx.count_campaigns(&all, Some(("2026-01-01", "2027-01-01")))?
        ));
        said.push(format!(
            "{:?}",
            tx.tally(&all, None, None, Some("2026-11-24"))?
        ));
        said.push(format!(
            "{}",
            tx.recipients(&all, "none", Outcome::All, window)?.len()
        ));
        said.push(format!("{:?}", tx.workers_by_scope(&all)?));
        said.push(format!(
            "{:?}",
            tx.count_silent_phones(&all, place.relay.now())?
        ));
        said.push(format!("{:?}", tx.quarantine(None, Some(&all), None, 10)?));
        said.push(format!(
            "{:?}",
            tx.quarantine(None, Some(&[GRID]), None, 10)?.len()
        ));
        said.push(format!("{}", tx.count_quarantine(&all, "waiting")?));
        said.push(format!(
            "{:?}",
            tx.list_audit(&all, Some("Grant"), window)?.len()
        ));
        said.push(format!("{:?}", tx.audit_latest(None, None, 3)?));
        for scope in &all {
            said.push(format!("{:?}", tx.org_path(*scope, place.relay.now())?));
            said.push(format!("{:?}", tx.entries_after(*scope, 0, 1 << 20)?));
            said.push(format!("{:?}", tx.chain_head(*scope, first.writer)?));
            said.push(format!("{:?}", tx.record_ids(*scope, Kind::Visit)?.len()));
        }
        said.push(format!("{:?}", tx.org_nodes(place.relay.now())?));
        said.push(format!("{:?}", tx.shares_of(dispute)?));
        said.push(format!("{:?}", tx.shares_in(&[GRID_FAR], window)?));
        said.push(format!("{}", tx.count_shares_in(&all)?));
        let unplaced =
            [GRID_FAR, GRID_BESIDE].map(|guest| tx.unplaced_entries(guest, GRID, dispute));
        said.push(format!("{unplaced:?}"));
        said.push(format!("{}", tx.erasures()?));
        said.push(format!("{:?}", tx.org_subtree(TOWN, place.relay.now())?));
        said.push(format!(
            "{:?}",
            tx.org_node_by_code("999999001001009", place.relay.now())?
        ));
        said.push(format!("{:?}", tx.writers(None)?));
        said.push(format!("{:?}", tx.workers_named("王秀英")?));
        said.push(format!("{:?}", tx.receipts_after(first.writer, 0, 10)?));
        said.push(format!("{:?}", tx.find_record(dispute)?));
        for mut row in tx.records_after(0, None, Some(&all), 100)? {
            // Neither promises the order of members.
            let mut json: serde_json::Value = serde_json::from_str(&row.json).unwrap();
            json.sort_all_objects();
            row.json = json.to_string();
            said.push(format!("{row:?}"));
        }
        Ok::<_, StoreError>(said)
    });
    said.extend(more.unwrap());
    said
}

#[test]
fn both_stores_answer_every_question_alike() {
    let sqlite = answers(&Place::at(None, Options::default()));
    let postgres = answers(&Place::at(Some(postgres()), Options::default()));
    for (n, (a, b)) in std::iter::zip(&sqlite, &postgres).enumerate() {
        assert_eq!(a, b, "answer {n}");
    }
    assert_eq!(sqlite.len(), postgres.len());
    assert!(sqlite.len() > 60);
}

#[test]
fn a_county_moves_by_backup_from_sqlite_to_postgres_and_back() {
    let place = Place::at(None, Options::default());
    let mut phone = place.phone("王秀英", &[GRID]);
    let dispute = phone.dispute(GRID);
    phone.sync(&place);
    let share = share_far(&place, dispute);
    let folder = tempfile::tempdir().unwrap();
    let (there, back) = (folder.path().join("there"), folder.path().join("back"));
    let media = place.dir.path().join("media");
    std::fs::create_dir_all(media.join("ab")).unwrap();
    std::fs::write(media.join("ab/abc"), b"voice").unwrap();
    assert_eq!(
        place
            .relay
            .store
            .write_backup(&*in_folder(&media), &there)
            .unwrap(),
        1
    );

    let moved = Location {
        data: folder.path().join("pg"),
        database: Some(postgres()),
    };
    let moved_media = folder.path().join("pg/media");
    let (epoch, writer) = (xunge_protocol::EpochId([8; 8]), WriterId([0xef; 8]));
    let media_files = Store::restore(
        moved.clone(),
        &*in_folder(&moved_media),
        &there,
        epoch,
        writer,
    )
    .unwrap();
    assert_eq!(media_files, 1);
    let store = Store::open(moved.clone(), Options::default()).unwrap();
    assert_eq!(store.county().epoch, epoch);
    assert_eq!(store.county().relay_writer, writer);
    assert_eq!(std::fs::read(moved_media.join("ab/abc")).unwrap(), b"voice");
    let count = |store: &Store| {
        store
            .read(|tx| {
                Ok::<_, StoreError>((
                    [GRID, GRID_FAR].map(|scope| tx.entries_after(scope, 0, 1 << 20)),
                    tx.record(GRID, dispute)?,
                    tx.shares_of(dispute)?,
                ))
            })
            .map(|(entries, record, shares)| {
                assert!(shares.contains(&share));
                format!("{entries:?} {:?}", record.map(|r| (r.number, r.state)))
            })
            .unwrap()
    };
    assert_eq!(count(&store), count(&place.relay.store));

    assert_eq!(
        store
            .write_backup(&*in_folder(&moved_media), &back)
            .unwrap(),
        1
    );
    drop(store);
    let home = folder.path().join("home");
    std::fs::create_dir_all(&home).unwrap();
    Store::restore(
        &home,
        &*in_folder(&home.join("media")),
        &back,
        epoch,
        writer,
    )
    .unwrap();
    let store = Store::open(&home, Options::default()).unwrap();
    assert_eq!(count(&store), count(&place.relay.store));
    // A second restore keeps what was there.
    Store::restore(moved, &*in_folder(&moved_media), &back, epoch, writer).unwrap();
}
