//! Voice and pictures.

use super::super::Draft;
use super::*;

fn file_count(phone: &Phone) -> usize {
    std::fs::read_dir(phone.dir.path().join("media"))
        .unwrap()
        .count()
}

#[test]
fn own_files_go_up_after_their_record_the_smallest_first() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let voice: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
    let voice_ref = store.put_media("audio/mp4", &mut voice.as_slice()).unwrap();
    let photo_ref = store
        .put_media("image/jpeg", &mut b"jpeg".as_slice())
        .unwrap();
    assert_eq!(store.read_media(&voice_ref.hash).unwrap(), voice);
    assert_eq!(voice_ref.bytes, 200_000);
    let save = Save::new(Kind::Dispute, open(Kind::Dispute))
        .set("voice", voice_ref.to_string())
        .set("photo", photo_ref.to_string());
    store.save(&save).unwrap();
    assert!(store.media_to_upload().unwrap().is_empty());
    phone.relay.accept_all(&store);
    let queue = store.media_to_upload().unwrap();
    assert_eq!(queue, [photo_ref.clone(), voice_ref.clone()]);
    store.mark_uploaded(&photo_ref.hash).unwrap();
    assert_eq!(
        store.media_to_upload().unwrap(),
        std::slice::from_ref(&voice_ref)
    );
    // A restored relay may lack it: it is asked, once.
    store.adopt_epoch(xunge_protocol::EpochId([9; 8])).unwrap();
    assert!(store.was_uploaded(&photo_ref.hash).unwrap());
    assert!(!store.was_uploaded(&voice_ref.hash).unwrap());
    store.mark_uploaded(&photo_ref.hash).unwrap();
    assert!(!store.was_uploaded(&photo_ref.hash).unwrap());
    // What is uploaded stays readable on the phone.
    drop(store);
    assert_eq!(phone.open().read_media(&photo_ref.hash).unwrap(), b"jpeg");
}

#[test]
fn the_same_content_is_kept_once_and_what_nothing_names_is_swept_away() {
    let phone = Phone::new();
    let store = phone.enrolled();
    let put = |text: &str| store.put_media("audio/wav", &mut text.as_bytes()).unwrap();
    let (named, drafted, unnamed) = (put("one"), put("two"), put("three"));
    assert_eq!(put("one"), named);
    assert_eq!(file_count(&phone), 3);
    let save = Save::new(Kind::Dispute, open(Kind::Dispute)).set("voice", named.to_string());
    store.save(&save).unwrap();
    store
        .save_draft(&Draft {
            id: "i1".into(),
            kind: "dispute".into(),
            title: String::new(),
            record: None,
            changed_at: MORNING,
            state: format!("{{\"voice\":\"{drafted}\"}}"),
        })
        .unwrap();
    drop(store);
    std::fs::write(phone.dir.path().join("media/left-over.tmp"), b"x").unwrap();
    let store = phone.open();
    assert_eq!(file_count(&phone), 2);
    assert!(store.has_media(&named.hash).unwrap());
    assert!(store.has_media(&drafted.hash).unwrap());
    let gone = store.read_media(&unnamed.hash).unwrap_err();
    assert_eq!(gone.code(), "unknown_media");
}

#[test]
fn what_the_town_says_is_fetched_and_a_false_file_is_not_kept() {
    let mut phone = Phone::new();
    let store = phone.enrolled();
    let spoken = b"spoken warning";
    let reference = format!("{} audio/mp4 {}", Hash32::of(spoken), spoken.len());
    let fields = [("text", "不要转账"), ("voice", reference.as_str())];
    let (_, entry) = phone.relay.record(Kind::Warning, &fields);
    phone.relay.push(&store, vec![entry]);
    let wanted = store.wanted_media().unwrap();
    assert_eq!(wanted[0].to_string(), reference);
    let damaged = store
        .put_fetched(&wanted[0], &mut b"something".as_slice())
        .unwrap_err();
    assert_eq!(damaged.code(), "media_damaged");
    assert_eq!(file_count(&phone), 0);
    store
        .put_fetched(&wanted[0], &mut spoken.as_slice())
        .unwrap();
    assert!(store.wanted_media().unwrap().is_empty());
    assert_eq!(store.read_media(&wanted[0].hash).unwrap(), spoken);
    // It is not the phone's own, so it never goes up.
    assert!(store.media_to_upload().unwrap().is_empty());
    // It stays although the record is not of this worker.
    drop(store);
    assert!(phone.open().has_media(&wanted[0].hash).unwrap());
}

#[test]
fn only_media_that_records_hold_are_taken() {
    let phone = Phone::new();
    let store = phone.enrolled();
    let error = store
        .put_media("text/html", &mut b"<p>".as_slice())
        .unwrap_err();
    assert_eq!(error.code(), "media_type");
    assert_eq!(file_count(&phone), 0);
}
