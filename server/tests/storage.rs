//! Media in a folder and in object storage (an S3 server inside the test): one contract, and the relay on both.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;
#[path = "../../tests/contract/s3.rs"]
mod s3;

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use common::*;
use s3::BUCKET;
use xunge_protocol::{EpochId, Hash32, WriterId};
use xunge_server::media::storage::{Storage, in_bucket, in_folder};
use xunge_server::media::{self, MediaFailure};
use xunge_server::relay::{Config, Relay};
use xunge_server::store::{Location, MediaOwner, Options, Store, StoreError};

fn noise(bytes: usize) -> Vec<u8> {
    (0..bytes)
        .map(|n| (n.wrapping_mul(n) / 251) as u8)
        .collect()
}

fn put(storage: &dyn Storage, name: &str, content: &[u8]) {
    storage
        .put(name, &mut |out| {
            content
                .chunks(70_000)
                .try_for_each(|part| out.write_all(part))
        })
        .unwrap();
}

fn read(storage: &dyn Storage, name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    storage.open(name).unwrap().read_to_end(&mut out).unwrap();
    out
}

fn keeps_the_contract(storage: &dyn Storage) {
    let (small, large) = (noise(40), noise(12 << 20));
    put(storage, "aa/aabb", &small);
    // In several parts where parts are limited.
    put(storage, "cc/ccdd", &large);
    assert_eq!(read(storage, "aa/aabb"), small);
    assert!(read(storage, "cc/ccdd") == large);
    let mut file = storage.open("cc/ccdd").unwrap();
    for at in [7_000_000, 12, 12_582_900] {
        file.seek(SeekFrom::Start(at)).unwrap();
        let mut piece = Vec::new();
        file.by_ref().take(500_000).read_to_end(&mut piece).unwrap();
        let end = large.len().min(at as usize + 500_000);
        assert!(piece == large[at as usize..end], "at {at}");
    }
    put(storage, "aa/aabb", &large[..99]);
    assert_eq!(read(storage, "aa/aabb"), large[..99]);
    let mut names = storage.names().unwrap();
    names.sort();
    assert_eq!(names, ["aa/aabb", "cc/ccdd"]);
    // What breaks while it is written was never there.
    let broken = storage.put("ee/eeff", &mut |out| {
        out.write_all(&large[..6 << 20])?;
        Err(io::Error::other("broken off"))
    });
    assert!(broken.unwrap_err().to_string().contains("broken off"));
    for missing in ["ee/eeff", "no/none"] {
        let error = storage.open(missing).err().unwrap();
        let is_missing = matches!(&error, StoreError::File { source, .. }
            if source.kind() == io::ErrorKind::NotFound);
        assert!(is_missing, "{missing}: {error}");
    }
    storage.remove("aa/aabb").unwrap();
    storage.remove("aa/aabb").unwrap();
    assert_eq!(storage.names().unwrap(), ["cc/ccdd"]);
}

#[test]
fn a_folder_and_a_bucket_keep_files_whole_and_give_any_piece_of_them() {
    let folder = tempfile::tempdir().unwrap();
    keeps_the_contract(&*in_folder(&folder.path().join("media")));
    for prefix in ["some/prefix", ""] {
        let server = tempfile::tempdir().unwrap();
        let environment = s3::start(server.path());
        keeps_the_contract(&*in_bucket(BUCKET, prefix, environment).unwrap());
    }
}

#[test]
fn a_bucket_that_is_not_there_or_does_not_open_is_named_and_no_secret_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let environment = s3::start(folder.path());
    let nowhere = in_bucket("elsewhere", "", environment.clone()).unwrap();
    let why = nowhere.names().unwrap_err().to_string();
    assert!(why.contains("s3://elsewhere/"), "{why}");
    let mut wrong = environment;
    wrong[4].1 = "guessed".into();
    let why = in_bucket(BUCKET, "", wrong)
        .unwrap()
        .names()
        .unwrap_err()
        .to_string();
    assert!(
        why.contains("s3://county/") && !why.contains("guessed"),
        "{why}"
    );
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

#[test]
fn a_relay_on_object_storage_keeps_plays_backs_up_and_erases_files_that_a_second_relay_reads() {
    let folder = tempfile::tempdir().unwrap();
    let environment = s3::start(folder.path());
    let bucket = || in_bucket(BUCKET, "media", environment.clone()).unwrap();
    let place = Place::inline();
    let on_bucket = || {
        let at = Location {
            data: place.dir.path().into(),
            database: place.database.clone(),
        };
        let store = Store::open(at, Options::default()).unwrap();
        Relay::with_media(store, place.env.clone(), Config::default(), bucket()).unwrap()
    };
    let (one, two) = (on_bucket(), on_bucket());
    let content = noise(700_000);
    let owner = MediaOwner::Program(Hash32([1; 32]));
    let hash = media::keep(&one, owner, &content).unwrap();
    assert!(media::read_all(&two, hash).unwrap() == content);
    let stored = files(&folder.path().join(BUCKET).join("media"));
    assert_eq!(stored.len(), 1, "{stored:?}");
    let sealed = std::fs::read(&stored[0]).unwrap();
    assert!(
        !sealed.windows(64).any(|w| w == &content[5_000..5_064]),
        "it is sealed"
    );

    // A backup from the bucket goes into a folder.
    let (backup, home) = (folder.path().join("backup"), folder.path().join("home"));
    assert_eq!(one.store.write_backup(one.media(), &backup).unwrap(), 1);
    std::fs::create_dir(&home).unwrap();
    let (epoch, writer) = (EpochId([3; 8]), WriterId([4; 8]));
    let in_home = in_folder(&home.join("media"));
    Store::restore(&home, &*in_home, &backup, epoch, writer).unwrap();
    let restored = Relay::open(
        &home,
        place.env.clone(),
        Config::default(),
        Options::default(),
    );
    assert!(media::read_all(&restored.unwrap(), hash).unwrap() == content);

    let row = one
        .store
        .write::<_, StoreError>(move |tx| tx.delete_media(hash))
        .unwrap();
    media::remove_file(&two, &row.unwrap());
    assert!(files(&folder.path().join(BUCKET).join("media")).is_empty());
    let gone = media::read_all(&one, hash);
    assert!(matches!(gone, Err(MediaFailure::NoSuchFile)));
}
