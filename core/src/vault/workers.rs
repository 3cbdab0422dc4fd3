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

    /// Whether [`Self::begin`] was called with this secret.
    pub fn knows(&self, ticket_secret: &[u8]) -> Result<bool, VaultError> {
        Ok(self.read(&vault_id(ticket_secret))?.is_some())
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

    /// Sets the picture of a worker's card, a JPEG or PNG. It is no secret: it is shown before anybody has unlocked.
    pub fn set_photo(&self, worker: &str, photo: &[u8]) -> Result<(), VaultError> {
        self.finished(worker)?;
        Ok(disk::write_whole(
            &self.folder(worker).join("photo"),
            photo,
        )?)
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
