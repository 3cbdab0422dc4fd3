//! Tests of the vault as a worker meets it.

use std::fs;
use std::sync::Arc;

use super::*;
use crate::env::SeededEnv;
use xunge_protocol::Timestamp;

struct Phone {
    dir: tempfile::TempDir,
    env: Arc<SeededEnv>,
}

impl Phone {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            env: Arc::new(SeededEnv::new(7, Timestamp(1_764_000_000_000))),
        }
    }

    fn vault(&self) -> Vault {
        let store = Arc::new(FileKeyStore::new(self.dir.path()));
        Vault::open(self.dir.path(), store, self.env.clone()).unwrap()
    }

    fn enrol(&self, ticket: &[u8], name: &str, pin: &str, codes: &[&str]) -> Unlocked {
        let vault = self.vault();
        let unlocked = vault.begin(ticket, pin).unwrap();
        let codes: Vec<String> = codes.iter().map(|c| c.to_string()).collect();
        vault.complete(&unlocked, pin, name, &codes).unwrap();
        unlocked
    }
}

fn code(result: Result<Unlocked, VaultError>) -> &'static str {
    result.err().map_or("opened", |e| e.code())
}

#[test]
fn two_workers_share_a_phone_each_with_a_key_of_their_own() {
    let phone = Phone::new();
    let first = phone.enrol(b"one", "王桂兰", "1234", &[]);
    let second = phone.enrol(b"two", "李建国", "5678", &[]);
    let vault = phone.vault();
    let names: Vec<String> = vault
        .workers()
        .unwrap()
        .into_iter()
        .map(|w| w.name)
        .collect();
    assert_eq!(names, ["李建国", "王桂兰"]);
    vault.set_photo(&first.worker, b"jpeg").unwrap();
    let cards = vault.workers().unwrap();
    assert_eq!(cards[0].photo, None);
    assert_eq!(fs::read(cards[1].photo.as_ref().unwrap()).unwrap(), b"jpeg");
    assert_ne!(first.key.as_bytes(), second.key.as_bytes());
    let again = vault.unlock(&first.worker, "1234").unwrap();
    assert_eq!(again.key.as_bytes(), first.key.as_bytes());
    assert_eq!(code(vault.unlock(&first.worker, "5678")), "wrong_pin");
    assert_eq!(code(vault.unlock("../../etc", "1234")), "unknown_worker");
}

#[test]
fn a_wrong_pin_waits_and_the_right_one_then_opens() {
    let phone = Phone::new();
    let worker = phone.enrol(b"one", "王桂兰", "1234", &[]).worker;
    let vault = phone.vault();
    assert_eq!(code(vault.unlock(&worker, "0000")), "wrong_pin");
    assert_eq!(code(vault.unlock(&worker, "1111")), "wrong_pin");
    assert_eq!(code(phone.vault().unlock(&worker, "1234")), "pin_wait");
    phone.env.advance(2000);
    assert_eq!(code(vault.unlock(&worker, "1234")), "opened");
    assert_eq!(code(vault.unlock(&worker, "9999")), "wrong_pin");
}

#[test]
fn a_code_unlocks_once_sets_a_new_pin_and_spends_those_before_it() {
    let phone = Phone::new();
    let codes = ["111122223333", "444455556666", "777788889999"];
    let enrolled = phone.enrol(b"one", "王桂兰", "1234", &codes);
    let (vault, worker) = (phone.vault(), enrolled.worker.clone());
    let opened = vault
        .unlock_with_code(&worker, "4444 5555-6666", "4321")
        .unwrap();
    assert_eq!(opened.key.as_bytes(), enrolled.key.as_bytes());
    assert_eq!(code(vault.unlock(&worker, "4321")), "opened");
    assert_eq!(code(vault.unlock(&worker, "1234")), "wrong_pin");
    for spent in &codes[..2] {
        phone.env.advance(900_000);
        assert_eq!(
            code(vault.unlock_with_code(&worker, spent, "0000")),
            "wrong_unlock_code"
        );
    }
    phone.env.advance(900_000);
    assert_eq!(
        code(vault.unlock_with_code(&worker, codes[2], "5555")),
        "opened"
    );
    assert_eq!(
        code(vault.unlock_with_code(&worker, codes[2], "5555")),
        "no_unlock_codes"
    );
}

#[test]
fn no_file_holds_a_pin_a_code_or_the_key_in_the_clear_but_the_insecure_store() {
    let phone = Phone::new();
    let unlocked = phone.enrol(b"one", "王桂兰", "918273", &["111122223333"]);
    let text = fs::read_to_string(unlocked.folder.join("vault.json")).unwrap();
    for secret in [
        "918273",
        "111122223333",
        &hex::encode(unlocked.key.as_bytes()),
    ] {
        assert!(!text.contains(secret));
    }
    let disclosed = FileKeyStore::new(phone.dir.path())
        .disclosed(&unlocked.worker)
        .unwrap()
        .unwrap();
    assert_eq!(disclosed.as_bytes(), unlocked.key.as_bytes());
}

#[test]
fn an_enrolment_that_broke_off_goes_on_with_the_same_key_and_is_not_listed() {
    let phone = Phone::new();
    let begun = phone.vault().begin(b"one", "1234").unwrap();
    assert!(phone.vault().workers().unwrap().is_empty());
    let again = phone.vault().begin(b"one", "9876").unwrap();
    assert_eq!(again.key.as_bytes(), begun.key.as_bytes());
    phone
        .vault()
        .complete(&again, "9876", "王桂兰", &[])
        .unwrap();
    assert_eq!(code(phone.vault().begin(b"one", "9876")), "opened");
    assert_eq!(code(phone.vault().begin(b"one", "1234")), "wrong_pin");
}

#[test]
fn a_lost_key_store_and_a_newer_vault_are_told_apart() {
    let phone = Phone::new();
    let unlocked = phone.enrol(b"one", "王桂兰", "1234", &[]);
    let secret = phone.dir.path().join("insecure-key-store.hex");
    let kept = fs::read(&secret).unwrap();
    fs::remove_file(&secret).unwrap();
    assert_eq!(
        code(phone.vault().unlock(&unlocked.worker, "1234")),
        "key_store_lost"
    );
    assert_eq!(code(phone.vault().begin(b"two", "1234")), "key_store_lost");
    fs::write(&secret, kept).unwrap();
    let file = unlocked.folder.join("vault.json");
    let newer = fs::read_to_string(&file)
        .unwrap()
        .replacen("\"version\": 1", "\"version\": 2", 1);
    fs::write(&file, newer).unwrap();
    assert_eq!(
        code(phone.vault().unlock(&unlocked.worker, "1234")),
        "vault_newer"
    );
}
