//! Several workers on one phone: a folder each, `workers/ID/`, with `vault.json`, the database and its media. Names and
//! photos are readable before any PIN, so that a worker can point at themselves.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xunge_protocol::Hash32;

use super::unlock_codes::UnlockCodes;
use super::wrap::{DatabaseKey, Stretched, Wrap};
use super::{KeyStore, VaultError, attempts};
use crate::disk;
use crate::env::Env;

const VERSION: u32 = 1;
const SECRET_BYTES: usize = 32;

/// The vaults of all workers on this phone.
pub struct Vault {
    root: PathBuf,
    key_store: Arc<dyn KeyStore>,
    env: Arc<dyn Env>,
}

/// What the choice of worker shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkerCard {
    /// Id of the worker's vault on this phone: 16 hex digits.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Path of the photo, if there is one.
    pub photo: Option<PathBuf>,
}

/// An open vault.
#[derive(Debug, Clone)]
pub struct Unlocked {
    /// Id of the worker's vault.
    pub worker: String,
    /// The worker's folder.
    pub folder: PathBuf,
    /// Key of the database.
    pub key: DatabaseKey,
}

impl Unlocked {
    /// Path of the database.
    pub fn database(&self) -> PathBuf {
        self.folder.join("xunge.db")
    }
}

/// `vault.json`.
#[derive(Debug, Serialize, Deserialize)]
struct VaultFile {
    version: u32,
    /// `None` until enrolment is complete.
    name: Option<String>,
    /// Under the key store's secret alone, until there is a PIN. The database holds nothing personal by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfinished: Option<Wrap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pin: Option<PinWrap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<UnlockCodes>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PinWrap {
    salt: String,
    wrap: Wrap,
}

impl Vault {
    /// The vaults under `dir/workers`, which is made if it is not there.
    pub fn open(
        dir: &Path,
        key_store: Arc<dyn KeyStore>,
        env: Arc<dyn Env>,
    ) -> Result<Self, VaultError> {
        let root = dir.join("workers");
        fs::create_dir_all(&root)?;
        Ok(Self {
            root,
            key_store,
            env,
        })
    }

    /// The workers who can be unlocked, by name.
    pub fn workers(&self) -> Result<Vec<WorkerCard>, VaultError> {
        let mut cards = Vec::new();
        for entry in fs::read_dir(&self.root)? {
            let Ok(id) = entry?.file_name().into_string() else {
                continue;
            };
            // One damaged vault must not hide the others.
            let Ok(Some(file)) = self.read(&id) else {
                continue;
            };
            if let Some(name) = file.name {
                let photo = Some(self.folder(&id).join("photo")).filter(|p| p.exists());
                cards.push(WorkerCard { id, name, photo });
            }
        }
        cards.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(cards)
    }

    /// Begins enrolment with a ticket's secret. The same ticket opens the same vault again, so that a phone that died
    /// half-way goes on with the key that the relay may already have certified. A finished vault opens by `pin`.
    pub fn begin(&self, ticket_secret: &[u8], pin: &str) -> Result<Unlocked, VaultError> {
        check_pin(pin)?;
        let id = vault_id(ticket_secret);
        let secret = self.secret_or_new()?;
        let purpose = format!("xunge vault unfinished 1 {id}");
        match self.read(&id)? {
            Some(VaultFile {
                unfinished: Some(wrap),
                ..
            }) => {
                let key = wrap
                    .open(&secret, &Stretched::new("", &[0; 16])?, &purpose)?
                    .ok_or(VaultError::KeyStoreLost)?;
                Ok(self.unlocked(&id, key))
            }
            Some(_) => self.unlock(&id, pin),
            None => {
                let key = DatabaseKey::generate(self.env.as_ref());
                let wrap = Wrap::seal(
                    self.env.as_ref(),
                    &key,
                    &secret,
                    &Stretched::new("", &[0; 16])?,
                    &purpose,
                )?;
                fs::create_dir_all(self.folder(&id))?;
                disk::sync_folder_of(&self.folder(&id))?;
                self.key_store.disclose(&id, &key)?;
                self.write(
                    &id,
                    &VaultFile {
                        version: VERSION,
                        name: None,
                        unfinished: Some(wrap),
                        pin: None,
                        codes: None,
                    },
                )?;
                Ok(self.unlocked(&id, key))
            }
        }
    }

    /// Completes enrolment: from now on the worker is listed, and the PIN or a code is needed. Repeating it is safe.
    pub fn complete(
        &self,
        unlocked: &Unlocked,
        pin: &str,
        name: &str,
        unlock_codes: &[String],
    ) -> Result<(), VaultError> {
        check_pin(pin)?;
        let id = &unlocked.worker;
        let secret = self.secret()?;
        let env = self.env.as_ref();
        let file = VaultFile {
            version: VERSION,
            name: Some(name.to_owned()),
            unfinished: None,
            pin: Some(self.pin_wrap(id, &unlocked.key, &secret, pin)?),
            codes: Some(UnlockCodes::seal(
                env,
                &unlocked.key,
                &secret,
                id,
                unlock_codes,
            )?),
        };
        self.write(id, &file)
    }

    /// Opens with the PIN. A wrong one makes the next try wait.
    pub fn unlock(&self, worker: &str, pin: &str) -> Result<Unlocked, VaultError> {
        let file = self.finished(worker)?;
        let secret = self.secret()?;
        let wrap = file.pin.ok_or(VaultError::UnknownWorker)?;
        attempts::take(self.env.as_ref(), &self.attempts(worker))?;
        let mut salt = [0u8; 16];
        hex::decode_to_slice(&wrap.salt, &mut salt)
            .map_err(|_| VaultError::Damaged("a salt is not hex".into()))?;
        let key = wrap
            .wrap
            .open(&secret, &Stretched::new(pin, &salt)?, &pin_purpose(worker))?
            .ok_or(VaultError::WrongPin)?;
        attempts::clear(&self.attempts(worker))?;
        Ok(self.unlocked(worker, key))
    }

    /// Opens with a one-time code, spends it, and sets a new PIN.
    pub fn unlock_with_code(
        &self,
        worker: &str,
        code: &str,
        new_pin: &str,
    ) -> Result<Unlocked, VaultError> {
        check_pin(new_pin)?;
        let mut file = self.finished(worker)?;
        let secret = self.secret()?;
        let codes = file.codes.ok_or(VaultError::NoCodesLeft)?;
        attempts::take(self.env.as_ref(), &self.attempts(worker))?;
        let (key, left) = codes.open(&secret, worker, code)?;
        file.codes = Some(left);
        file.pin = Some(self.pin_wrap(worker, &key, &secret, new_pin)?);
        self.write(worker, &file)?;
        attempts::clear(&self.attempts(worker))?;
        Ok(self.unlocked(worker, key))
    }

    /// Sets a new PIN for an open vault.
    pub fn change_pin(&self, unlocked: &Unlocked, new_pin: &str) -> Result<(), VaultError> {
        check_pin(new_pin)?;
        let mut file = self.finished(&unlocked.worker)?;
        let secret = self.secret()?;
        file.pin = Some(self.pin_wrap(&unlocked.worker, &unlocked.key, &secret, new_pin)?);
        self.write(&unlocked.worker, &file)
    }

    /// Sets the picture of a worker's card, a JPEG or PNG.
    pub fn set_photo(&self, unlocked: &Unlocked, photo: &[u8]) -> Result<(), VaultError> {
        Ok(disk::write_whole(&unlocked.folder.join("photo"), photo)?)
    }

    fn pin_wrap(
        &self,
        id: &str,
        key: &DatabaseKey,
        secret: &[u8],
        pin: &str,
    ) -> Result<PinWrap, VaultError> {
        let env = self.env.as_ref();
        let salt: [u8; 16] = env.random();
        let stretched = Stretched::new(pin, &salt)?;
        Ok(PinWrap {
            salt: hex::encode(salt),
            wrap: Wrap::seal(env, key, secret, &stretched, &pin_purpose(id))?,
        })
    }

    fn finished(&self, worker: &str) -> Result<VaultFile, VaultError> {
        self.read(worker)?
            .filter(|file| file.name.is_some())
            .ok_or(VaultError::UnknownWorker)
    }

    fn secret(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, VaultError> {
        match self.key_store.load()? {
            Some(secret) => Ok(secret.into()),
            None => Err(VaultError::KeyStoreLost),
        }
    }

    fn secret_or_new(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, VaultError> {
        if let Some(secret) = self.key_store.load()? {
            return Ok(secret.into());
        }
        if !self.workers()?.is_empty() {
            // A new secret would hide that the old one is gone.
            return Err(VaultError::KeyStoreLost);
        }
        let secret: [u8; SECRET_BYTES] = self.env.random();
        self.key_store.save(&secret)?;
        Ok(secret.to_vec().into())
    }

    fn unlocked(&self, id: &str, key: DatabaseKey) -> Unlocked {
        Unlocked {
            worker: id.to_owned(),
            folder: self.folder(id),
            key,
        }
    }

    fn folder(&self, id: &str) -> PathBuf {
        self.root.join(id)
    }

    fn attempts(&self, id: &str) -> PathBuf {
        self.folder(id).join("attempts.json")
    }

    fn read(&self, id: &str) -> Result<Option<VaultFile>, VaultError> {
        if id.len() != 16 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let Some(bytes) = disk::read_if_there(&self.folder(id).join("vault.json"))? else {
            return Ok(None);
        };
        let damaged = |e: serde_json::Error| VaultError::Damaged(e.to_string());
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        if serde_json::from_slice::<Versioned>(&bytes)
            .map_err(damaged)?
            .version
            > VERSION
        {
            return Err(VaultError::Newer);
        }
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    fn write(&self, id: &str, file: &VaultFile) -> Result<(), VaultError> {
        let bytes =
            serde_json::to_vec_pretty(file).map_err(|e| VaultError::Damaged(e.to_string()))?;
        Ok(disk::write_whole(
            &self.folder(id).join("vault.json"),
            &bytes,
        )?)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

fn vault_id(ticket_secret: &[u8]) -> String {
    let digest = Hash32::of(&[b"xunge vault ".as_slice(), ticket_secret].concat());
    hex::encode(&digest.0[..8])
}

fn pin_purpose(id: &str) -> String {
    format!("xunge vault pin 1 {id}")
}

fn check_pin(pin: &str) -> Result<(), VaultError> {
    if (4..=12).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit()) {
        Ok(())
    } else {
        Err(VaultError::BadPin)
    }
}

#[cfg(test)]
mod tests {
    use super::super::FileKeyStore;
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
        let newer =
            fs::read_to_string(&file)
                .unwrap()
                .replacen("\"version\": 1", "\"version\": 2", 1);
        fs::write(&file, newer).unwrap();
        assert_eq!(
            code(phone.vault().unlock(&unlocked.worker, "1234")),
            "vault_newer"
        );
    }
}
