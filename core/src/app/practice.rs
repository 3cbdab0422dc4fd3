//! Practice: made-up households in a database that is thrown away. Nothing leaves the phone, nothing stays on it.
//!
//! The database is one like any other, filled by a relay that exists for this moment only: what is practised is the
//! real thing. Its key is never kept, so that what a power cut leaves behind is noise.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::ToSpan as _;
use xunge_protocol::enrolment::{EnrolResponse, Ticket};
use xunge_protocol::message::ScopeStatus;
use xunge_protocol::system::{Certificate, WriterRole};
use xunge_protocol::{
    Confidence, Entry, EpochId, Hash32, PulledEntry, PulledSegment, RecordId, ScopeId, SecretKey,
    Segment, Suite, SyncResponse, Timestamp, WriterId,
};
use xunge_records::document::NewChange;
use xunge_records::{Author, Document, Edit, EventBody, EventId, FormRef, Kind, Open, Value, Verb};

use super::error::AppError;
use super::phone::Phone;
use super::session::Session;
use super::view::Practice;
use crate::env::Env;
use crate::store::{Store, StoreError};
use crate::vault::DatabaseKey;

const FOLDER: &str = "practice";

/// Heads of the made-up households. Nobody is called so, and everybody knows it: they are the names of examples.
const HEADS: [&str; 8] = [
    "张三", "李四", "王五", "赵六", "钱七", "孙八", "周九", "吴十",
];
/// Tiers of the households, in turn.
const TIERS: [&str; 3] = ["A", "B", "C"];

/// Practice under way. Dropped, it takes its records with it.
pub(super) struct Practising {
    pub(super) session: Arc<Session>,
    _folder: Folder,
}

impl Phone {
    /// Begins with new made-up households, or ends. Beginning again goes on with those that are there.
    pub fn practice(&self, on: bool) -> Result<Practice, AppError> {
        if !on {
            let ended = self.state().practising.take();
            drop(ended);
        } else if self.state().practising.is_none() {
            let practising = Practising::begin(&self.folder, &self.env)?;
            self.state().practising = Some(practising);
        }
        Ok(Practice { on })
    }

    /// Removes what a practice left that was cut off.
    pub(super) fn sweep_practice(&self) {
        drop(Folder(self.folder.join(FOLDER)));
    }
}

impl Practising {
    fn begin(root: &Path, env: &Arc<dyn Env>) -> Result<Self, AppError> {
        let folder = Folder(root.join(FOLDER));
        // A practice that is still being dropped on another thread must not share its files.
        let path = folder.0.join(hex::encode(env.random::<8>()));
        fs::create_dir_all(&path).map_err(StoreError::from)?;
        let key = DatabaseKey::generate(env.as_ref());
        let store = Store::open(&path.join("practice.db"), &key, env.clone())?;
        Relay::new(env.as_ref()).fill(&store)?;
        Ok(Self {
            session: Arc::new(Session::new(FOLDER.to_owned(), store)),
            _folder: folder,
        })
    }
}

/// A folder that goes when it is dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "practice could not be tidied away");
        }
    }
}

/// The relay of one practice.
struct Relay {
    key: SecretKey,
    writer: WriterId,
    scope: ScopeId,
    epoch: EpochId,
    now: Timestamp,
    ticket: Ticket,
    learner: WriterId,
}

impl Relay {
    fn new(env: &dyn Env) -> Self {
        let key = SecretKey::from_seed(&env.random());
        let writer = WriterId(env.random());
        let now = env.wall_clock();
        Self {
            ticket: Ticket {
                url: "practice:".into(),
                relay_key: key.public(),
                relay: writer,
                secret: env.random(),
                expires_at: now,
                pins: Vec::new(),
            },
            key,
            writer,
            scope: ScopeId(env.random()),
            epoch: EpochId(env.random()),
            now,
            learner: WriterId(env.random()),
        }
    }

    /// Enrols the learner and hands over the households and one warning for all of them.
    fn fill(&self, store: &Store) -> Result<(), AppError> {
        let identity = store.begin_enrolment(&self.ticket)?;
        let certificate = Certificate {
            suite: Suite::default().byte(),
            writer: self.learner,
            key: identity.key.public(),
            role: WriterRole::Worker,
            worker: hex::encode(self.learner.0),
            name: String::new(),
            predecessor: None,
            issued_at: self.now,
        };
        let answer = EnrolResponse {
            epoch: self.epoch,
            time: self.now,
            certificate: certificate.sign(&self.key),
            county: self.scope,
            scopes: vec![self.scope],
            unlock_codes: Vec::new(),
        };
        store.complete_enrolment(&answer, &identity.keys)?;
        let entries = self.entries(store)?;
        let last = entries.len() as u64;
        let sealed = Segment::seal(
            &self.key,
            self.writer,
            self.scope,
            0,
            Hash32([0; 32]),
            entries,
        );
        let positions = 1u64..;
        let pulled = PulledSegment {
            header: sealed.header,
            signature: sealed.signature,
            entries: positions
                .zip(sealed.entries)
                .map(|(position, entry)| PulledEntry::Body { position, entry })
                .collect(),
        };
        store.apply_response(&SyncResponse {
            epoch: self.epoch,
            time: self.now,
            receipts: Vec::new(),
            more_receipts: false,
            refused: Vec::new(),
            segments: vec![pulled],
            scopes: vec![ScopeStatus {
                scope: self.scope,
                cursor: last,
                more: false,
                write: true,
            }],
            send_plain: false,
            forked: None,
            snapshots: Vec::new(),
            keep_days: None,
        })?;
        Ok(())
    }

    fn entries(&self, store: &Store) -> Result<Vec<(Entry, Hash32)>, AppError> {
        let mut entries = Vec::new();
        let mut households = Vec::new();
        for (n, head) in (1u32..).zip(HEADS) {
            let record = RecordId::written(self.writer, n);
            let tier = TIERS[n as usize % TIERS.len()];
            let edit = self
                .open()
                .set("door", format!("{n}号"))
                .set("head_name", head)
                .set("tier", tier);
            entries.push(self.entry(record, Kind::Household, &edit)?);
            households.push(record);
        }
        let today = store.now()?.day();
        let expires = today.checked_add(30.days()).unwrap_or(today);
        let mut warning = self
            .open()
            .set("campaign", "practice")
            .set("fraud_type", "F08")
            .set("level", "3")
            .set("text", "练习：接到自称公检法的电话，要求转账，都是诈骗。")
            .set("issued_on", today.to_string())
            .set("expires_on", expires.to_string());
        for household in &households {
            warning = warning.set(format!("households/{household}"), Value::Bool(true));
        }
        let issue = EventBody::new(Verb::Issue, self.now, Confidence::Relay);
        let id = EventId {
            writer: self.writer,
            n: 1,
        };
        let warning = warning.event(id, issue);
        let record = RecordId::written(self.writer, 1000);
        entries.push(self.entry(record, Kind::Warning, &warning)?);
        Ok(entries)
    }

    fn open(&self) -> Edit {
        Edit {
            open: Some(Open {
                scope: self.scope,
                form: FormRef {
                    id: FOLDER.into(),
                    version: 1,
                },
            }),
            ..Edit::default()
        }
    }

    fn entry(
        &self,
        record: RecordId,
        kind: Kind,
        edit: &Edit,
    ) -> Result<(Entry, Hash32), AppError> {
        let author = Author {
            writer: self.writer,
            rebuild: 0,
        };
        let mut document = Document::new(kind).map_err(StoreError::from)?;
        let change = document
            .edit(author, self.now, edit)
            .map_err(StoreError::from)?;
        let NewChange { hash, bytes } =
            change.ok_or_else(|| AppError::Internal("an empty practice record".into()))?;
        let entry = Entry {
            record,
            kind: kind.entry_kind(),
            body: bytes,
        };
        Ok((entry, hash))
    }
}
