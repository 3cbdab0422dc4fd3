//! Opening: keys, versions, one database a process, what lies on disk.

use super::*;

fn open_error(phone: &Phone, key: &DatabaseKey) -> &'static str {
    Store::open(&phone.path(), key, phone.env.clone())
        .err()
        .map_or("opened", |e| e.code())
}

#[test]
fn a_wrong_key_is_refused_and_the_right_one_still_opens() {
    let phone = Phone::new();
    drop(phone.enrolled());
    let other = DatabaseKey::from_slice(&[5; 48]).unwrap();
    assert_eq!(open_error(&phone, &other), "database_unreadable");
    assert_eq!(open_error(&phone, &phone.key), "opened");
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let phone = Phone::new();
    let store = phone.open();
    store
        .write(|tx| Ok(tx.pragma_update(None, "user_version", 1000)?))
        .unwrap();
    drop(store);
    assert_eq!(open_error(&phone, &phone.key), "database_newer");
    assert_eq!(open_error(&phone, &phone.key), "database_newer");
}

#[test]
fn a_process_opens_a_database_once_at_a_time() {
    let phone = Phone::new();
    let store = phone.open();
    assert_eq!(open_error(&phone, &phone.key), "database_already_open");
    drop(store);
    assert_eq!(open_error(&phone, &phone.key), "opened");
}

#[test]
fn the_first_bytes_of_the_file_can_be_torn_and_everything_is_still_there() {
    let phone = Phone::new();
    let store = phone.enrolled();
    let saved = dispute(&store);
    drop(store);
    // SQLCipher keeps its salt in these 16 bytes, unless it is given from outside.
    let mut bytes = std::fs::read(phone.path()).unwrap();
    bytes[..16].fill(0xff);
    std::fs::write(phone.path(), bytes).unwrap();
    assert!(phone.open().record(&saved.record).unwrap().is_some());
}

#[test]
fn nothing_that_was_saved_is_readable_in_the_files() {
    let phone = Phone::new();
    let store = phone.enrolled();
    dispute(&store);
    store
        .put_media("audio/mp4", &mut "说话的声音".as_bytes())
        .unwrap();
    let mut files = vec![phone.path(), phone.path().with_extension("db-wal")];
    files.extend(
        std::fs::read_dir(phone.dir.path().join("media"))
            .unwrap()
            .map(|f| f.unwrap().path()),
    );
    assert_eq!(files.len(), 3);
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        for text in ["张三", "说话的声音", "SQLite format"] {
            let found = bytes.windows(text.len()).any(|w| w == text.as_bytes());
            assert!(!found, "{text} in {}", file.display());
        }
    }
}

#[test]
fn the_same_ticket_keeps_the_key_and_another_is_refused() {
    let phone = Phone::new();
    let store = phone.enrolled();
    let before = store.identity().unwrap().unwrap();
    let mut ticket = Ticket {
        url: "http://127.0.0.1:1".into(),
        relay_key: phone.relay.key.public(),
        relay: RELAY,
        secret: [4; 16],
        expires_at: MORNING,
        pins: Vec::new(),
    };
    let again = store.begin_enrolment(&ticket).unwrap();
    assert_eq!(again.key.seed(), before.key.seed());
    assert_eq!(again.enrolled.unwrap().writer, ME);
    ticket.secret = [5; 16];
    assert_eq!(
        store.begin_enrolment(&ticket).unwrap_err().code(),
        "other_ticket"
    );
}

#[test]
fn projections_of_an_earlier_version_are_made_anew() {
    let phone = Phone::new();
    let store = phone.enrolled();
    let saved = dispute(&store);
    store
        .write(|tx| {
            tx.execute("UPDATE record SET title = 'as before'", ())?;
            tx.execute("UPDATE counter SET value = 0 WHERE name = 'projection'", ())?;
            Ok(())
        })
        .unwrap();
    drop(store);
    let row = phone.open().record(&saved.record).unwrap().unwrap();
    assert_eq!(row.title, "张三 · 李四");
}
