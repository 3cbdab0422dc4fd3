//! People of another grid whom this phone reads, because they are registered in its own.

use super::*;
use xunge_protocol::system::{Grant, Share, item_id};
use xunge_protocol::wire;

/// The grid where the person lives; this phone does not work there.
const HOME: ScopeId = ScopeId([0x68; 8]);
const HOME_WORKER: WriterId = WriterId([0x77; 8]);

/// What the relay's log of this phone's grid says of one person of another.
struct Shared {
    person: RecordId,
    document: Document,
    home_key: SecretKey,
    chain: (u64, Hash32),
}

impl Shared {
    /// The person, and what opens the record, as the relay wrote it in the home's log.
    fn new(phone: &mut Phone) -> (Self, PulledSegment) {
        let person = RecordId::written(RELAY, 900);
        let mut document = Document::new(Kind::Person).unwrap();
        let edit = Edit {
            open: Some(Open {
                scope: HOME,
                ..open(Kind::Person)
            }),
            set: vec![
                ("name".into(), "李秀英".into()),
                (
                    "household".into(),
                    RecordId::written(RELAY, 901).to_string().as_str().into(),
                ),
                ("registered_scope".into(), GRID.to_string().as_str().into()),
                ("residence_scope".into(), HOME.to_string().as_str().into()),
            ],
            ..Edit::default()
        };
        let opening = change(&mut document, RELAY, person, &edit);
        let key = phone.relay.key.clone();
        let segment = Segment::seal(&key, RELAY, HOME, 0, Hash32([0; 32]), vec![opening]);
        let shared = Self {
            person,
            document,
            home_key: SecretKey::from_seed(&[0x77; 32]),
            chain: (0, Hash32([0; 32])),
        };
        (shared, phone.relay.pulled(segment))
    }

    fn item(&self, until: Option<Timestamp>) -> (Entry, Hash32) {
        let share = Share {
            record: self.person,
            home: HOME,
            guest: GRID,
            acts: HOME,
            from: MORNING,
            until,
        };
        let entry = Entry {
            record: share.entry_id(),
            kind: EntryKind::SHARE,
            body: wire::encode(&share),
        };
        let hash = Hash32::of(&entry.body);
        (entry, hash)
    }

    fn certificate(&self, phone: &Phone) -> (Entry, Hash32) {
        let certificate = phone
            .relay
            .certificate(HOME_WORKER, self.home_key.public(), "b2");
        let entry = Entry {
            record: certificate.entry_id(),
            kind: EntryKind::CERTIFICATE,
            body: wire::encode(&certificate.sign(&phone.relay.key)),
        };
        let hash = Hash32::of(&entry.body);
        (entry, hash)
    }

    /// What the home's worker says, as the guest's log has it.
    fn edit(&mut self, phone: &mut Phone, number: &str) -> PulledSegment {
        let edit = Edit {
            set: vec![("phone".into(), number.into())],
            ..Edit::default()
        };
        let entry = change(&mut self.document, HOME_WORKER, self.person, &edit);
        let (index, previous) = self.chain;
        let segment = Segment::seal(
            &self.home_key,
            HOME_WORKER,
            HOME,
            index,
            previous,
            vec![entry],
        );
        self.chain = (index + 1, segment.header.hash());
        phone.relay.pulled(segment)
    }
}

fn bring(phone: &Phone, store: &Store, segments: Vec<PulledSegment>) -> u64 {
    let response = phone.relay.response(vec![], segments);
    store.apply_response(&response).unwrap().set_aside
}

/// A phone that holds the person with one edit of the home's worker.
fn holding(phone: &mut Phone, store: &Store) -> Shared {
    let (mut shared, opening) = Shared::new(phone);
    let items = vec![shared.certificate(phone), shared.item(None)];
    let items = phone.relay.segment(items);
    let edit = shared.edit(phone, "13900000001");
    assert_eq!(bring(phone, store, vec![items, opening, edit]), 0);
    shared
}

fn bytes_of(store: &Store, record: &RecordId) -> i64 {
    store
        .read(|tx| {
            Ok(tx.query_row(
                "SELECT (SELECT count(*) FROM change WHERE record = ?1)
                   + (SELECT count(*) FROM search_term WHERE source = ?1)
                   + (SELECT count(*) FROM set_aside_entry WHERE record = ?1)",
                [record.0],
                |row| row.get(0),
            )?)
        })
        .unwrap()
}

#[test]
fn a_shared_person_is_found_by_name_read_whole_and_not_to_be_changed() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let shared = holding(&mut phone, &store);
    let hits = store.search_shared("lxy", 9).unwrap();
    assert_eq!(hits[0].record, shared.person);
    assert!(
        store.search("lxy", 9).unwrap().is_empty(),
        "no household of it is here"
    );
    let sharing = store.sharing(&shared.person).unwrap().unwrap();
    assert_eq!(
        (sharing.home, sharing.guest, sharing.acts),
        (HOME, GRID, HOME)
    );
    assert!(sharing.read_only);
    let record = store.load_record(&shared.person).unwrap().unwrap();
    assert_eq!(record.fields.text("phone"), Some("13900000001"));

    let edit = Save::edit(shared.person, Kind::Person).set("phone", "13900000009");
    assert_eq!(store.save(&edit).unwrap_err().code(), "shared_record");
    let again = Save {
        record: Some(shared.person),
        ..Save::new(Kind::Person, open(Kind::Person))
    };
    assert_eq!(store.save(&again).unwrap_err().code(), "shared_record");
    assert!(!store.has_waiting(&[]).unwrap());
}

#[test]
fn what_is_shared_no_more_is_forgotten_and_comes_again_if_it_is_shared_again() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let mut shared = holding(&mut phone, &store);
    // Parked until what it builds on comes: that is forgotten too.
    let lost = shared.edit(&mut phone, "13900000002");
    let parked = shared.edit(&mut phone, "13900000003");
    assert_eq!(bring(&phone, &store, vec![parked.clone()]), 1);
    let end = phone
        .relay
        .segment(vec![shared.item(Some(MORNING.plus_millis(1)))]);
    bring(&phone, &store, vec![end]);
    assert_eq!(bytes_of(&store, &shared.person), 0);
    assert!(store.record(&shared.person).unwrap().is_none());
    assert!(store.search_shared("", 9).unwrap().is_empty());

    // Nothing of it is taken any more, from whomever.
    assert_eq!(bring(&phone, &store, vec![lost.clone(), parked.clone()]), 2);
    assert_eq!(bytes_of(&store, &shared.person), 0);

    let (_, opening) = Shared::new(&mut phone);
    let mut first = Shared {
        chain: (0, Hash32([0; 32])),
        document: Shared::new(&mut phone).0.document,
        ..shared
    };
    let item = phone.relay.segment(vec![first.item(None)]);
    let edit = first.edit(&mut phone, "13900000001");
    bring(&phone, &store, vec![item, opening, edit, lost, parked]);
    let record = store.load_record(&first.person).unwrap().unwrap();
    assert_eq!(record.fields.text("phone"), Some("13900000003"));
}

#[test]
fn an_entry_of_a_grid_that_is_neither_read_nor_shared_does_not_stay_here() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (shared, opening) = Shared::new(&mut phone);
    assert_eq!(bring(&phone, &store, vec![opening]), 1);
    assert_eq!(bytes_of(&store, &shared.person), 0);
}

#[test]
fn who_leaves_the_guest_s_grid_forgets_what_was_shared_with_it() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let shared = holding(&mut phone, &store);
    let mut response = phone.relay.response(vec![], vec![]);
    response.scopes.retain(|status| status.scope == COUNTY);
    store.apply_response(&response).unwrap();
    store.purge_closed_scopes().unwrap();
    assert_eq!(bytes_of(&store, &shared.person), 0);
    assert!(store.sharing(&shared.person).unwrap().is_none());
}

#[test]
fn a_share_that_a_restored_relay_does_not_know_any_more_ends_here_too() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let shared = holding(&mut phone, &store);
    let epoch = EpochId([0xe1; 8]);
    store.adopt_epoch(epoch).unwrap();
    assert!(
        store.record(&shared.person).unwrap().is_some(),
        "not before the log ends"
    );
    let response = SyncResponse {
        epoch,
        ..phone.relay.response(vec![], vec![])
    };
    store.apply_response(&response).unwrap();
    assert_eq!(bytes_of(&store, &shared.person), 0);
}

#[test]
fn what_a_worker_wrote_of_a_person_before_the_move_is_sent_before_it_is_forgotten() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    // In the home first.
    let (shared, opening) = Shared::new(&mut phone);
    let mut response = phone.relay.response(vec![], vec![opening]);
    response.scopes.push(ScopeStatus {
        scope: HOME,
        cursor: 1,
        more: false,
        write: true,
    });
    store.apply_response(&response).unwrap();
    let edit = Save::edit(shared.person, Kind::Person).set("phone", "13900000004");
    store.save(&edit).unwrap();
    // Then in the guest's grid alone, with which the person is shared for a while.
    let item = phone.relay.segment(vec![shared.item(None)]);
    bring(&phone, &store, vec![item]);
    assert!(store.sharing(&shared.person).unwrap().unwrap().read_only);
    let end = phone
        .relay
        .segment(vec![shared.item(Some(MORNING.plus_millis(1)))]);
    bring(&phone, &store, vec![end]);
    store.purge_closed_scopes().unwrap();
    assert!(store.has_waiting(&[]).unwrap(), "the edit is still to go");
    phone.relay.accept_all(&store);
    store.purge_closed_scopes().unwrap();
    assert!(store.record(&shared.person).unwrap().is_none());
}

#[test]
fn who_leaves_the_home_forgets_whom_it_shares_with_others_once_all_is_sent() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (person, opening) = phone.relay.record(
        Kind::Person,
        &[
            ("name", "李秀英"),
            ("household", &RecordId::written(RELAY, 901).to_string()),
        ],
    );
    let share = Share {
        record: person,
        home: GRID,
        guest: HOME,
        acts: GRID,
        from: MORNING,
        until: None,
    };
    let item = Entry {
        record: share.entry_id(),
        kind: EntryKind::SHARE,
        body: wire::encode(&share),
    };
    let hash = Hash32::of(&item.body);
    phone.relay.push(&store, vec![opening, (item, hash)]);
    assert!(!store.sharing(&person).unwrap().unwrap().read_only);
    let mut closed = phone.relay.response(vec![], vec![]);
    closed.scopes.retain(|status| status.scope == COUNTY);
    store.apply_response(&closed).unwrap();
    // While the grid drains, it may still be written.
    let edit = Save::edit(person, Kind::Person).set("phone", "13900000005");
    store.save(&edit).unwrap();
    store.purge_closed_scopes().unwrap();
    assert!(store.has_waiting(&[]).unwrap());
    phone.relay.accept_all(&store);
    store.apply_response(&closed).unwrap();
    store.purge_closed_scopes().unwrap();
    assert!(store.record(&person).unwrap().is_none());
    assert!(store.sharing(&person).unwrap().is_none());
}

#[test]
fn who_leaves_the_home_for_the_guest_s_grid_reads_on_and_finds_the_person() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let (shared, opening) = Shared::new(&mut phone);
    let item = phone.relay.segment(vec![shared.item(None)]);
    let household = RecordId::written(RELAY, 901);
    let edit = Edit {
        open: Some(Open {
            scope: HOME,
            ..open(Kind::Household)
        }),
        set: vec![
            ("head_name".into(), "王桂兰".into()),
            ("door".into(), "9号".into()),
        ],
        ..Edit::default()
    };
    let mut document = Document::new(Kind::Household).unwrap();
    let household = change(&mut document, RELAY, household, &edit);
    let key = phone.relay.key.clone();
    let household = Segment::seal(&key, RELAY, HOME, 1, Hash32([0; 32]), vec![household]);
    let household = phone.relay.pulled(household);
    let mut both = phone.relay.response(vec![], vec![household, opening, item]);
    both.scopes.push(ScopeStatus {
        scope: HOME,
        cursor: 1,
        more: false,
        write: true,
    });
    store.apply_response(&both).unwrap();
    let edit = Save::edit(shared.person, Kind::Person).set("phone", "13900000004");
    store.save(&edit).unwrap();
    phone.relay.accept_all(&store);
    store.purge_closed_scopes().unwrap();
    assert!(
        store.search("9号", 9).unwrap().is_empty(),
        "the household is forgotten"
    );
    let hits = store.search_shared("lxy", 9).unwrap();
    assert_eq!(hits[0].record, shared.person);
    let edit = Save::edit(shared.person, Kind::Person).set("phone", "13900000006");
    assert_eq!(store.save(&edit).unwrap_err().code(), "shared_record");
}

/// A returned report of a worker of this grid, and the phone of the worker who is there too.
fn returned_to(phone: &mut Phone, store: &Store, author: WriterId, worker: &str) -> RecordId {
    let key = SecretKey::from_seed(&author.0.repeat(4).try_into().unwrap());
    let certificate = phone.relay.certificate(author, key.public(), worker);
    let certificate = Entry {
        record: certificate.entry_id(),
        kind: EntryKind::CERTIFICATE,
        body: wire::encode(&certificate.sign(&phone.relay.key)),
    };
    let grant = |worker: &str| {
        let grant = Grant {
            worker: worker.into(),
            scope: GRID,
            from: Timestamp(0),
            until: None,
            drain_days: 0,
        };
        Entry {
            record: item_id("grant", worker.as_bytes()),
            kind: EntryKind::GRANT,
            body: wire::encode(&grant),
        }
    };
    let items = [certificate, grant(worker), grant("7a")].map(|entry| {
        let hash = Hash32::of(&entry.body);
        (entry, hash)
    });
    phone.relay.push(store, items.into());
    let record = RecordId::written(author, 1);
    let mut document = Document::new(Kind::Dispute).unwrap();
    let edit = Edit {
        open: Some(open(Kind::Dispute)),
        set: vec![("type".into(), "02".into())],
        ..Edit::default()
    };
    let opening = change(&mut document, author, record, &edit);
    let segment = Segment::seal(&key, author, GRID, 0, Hash32([0; 32]), vec![opening]);
    let segment = phone.relay.pulled(segment);
    assert_eq!(bring(phone, store, vec![segment]), 0);
    let mut sent_back = EventBody::new(
        xunge_records::Verb::Return,
        MORNING,
        xunge_protocol::Confidence::Relay,
    );
    sent_back.note = Some("缺地点".into());
    let event = phone.relay.event(store, &record, 1, sent_back);
    phone.relay.push(store, vec![event]);
    record
}

#[test]
fn a_return_to_a_worker_whose_phone_was_revoked_finds_the_one_who_is_there() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let author = WriterId([0x44; 8]);
    let record = returned_to(&mut phone, &store, author, "c3");
    assert!(
        store.returned_to_successor().unwrap().is_empty(),
        "its author is there"
    );
    let revocation = xunge_protocol::system::Revocation {
        writers: vec![author],
        at: MORNING,
    };
    let entry = Entry {
        record: item_id("revocation", &author.0),
        kind: EntryKind::REVOCATION,
        body: wire::encode(&revocation),
    };
    let hash = Hash32::of(&entry.body);
    phone.relay.push(&store, vec![(entry, hash)]);
    let rows = store.returned_to_successor().unwrap();
    assert_eq!(rows[0].record, record);
    let fix = Save::edit(record, Kind::Dispute).set("place", "村口");
    store.save(&fix).unwrap();
}
