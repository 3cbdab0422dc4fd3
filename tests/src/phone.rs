//! A phone: one `xunge-phone` process on a folder, its worker, and what a person does with it. Methods and their shapes
//! are the contract's; nothing here decides what is asked or saved.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::rpc::{Rpc, RpcError};
use crate::{Outcome, fail, programs};

/// PIN of every worker in tests and demo.
pub const PIN: &str = "246810";

/// A phone in somebody's hand.
#[derive(Debug)]
pub struct Phone {
    /// Who carries it.
    pub name: String,
    dir: PathBuf,
    rpc: Rpc,
    worker: Option<String>,
}

/// What `save` answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Id of the record.
    pub record: String,
    /// `waiting`, or what else it is.
    pub sync_state: String,
}

/// The numbers of a home screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records that this worker saved.
    pub saved: u64,
    /// Those that the town has received, returned ones included.
    pub acknowledged: u64,
    /// Those that still wait.
    pub waiting: u64,
    /// Unfinished interviews.
    pub drafts: u64,
    /// Received, but the town asks for more.
    pub returned: u64,
    /// Not accepted.
    pub refused: u64,
}

impl Phone {
    /// Switches a phone on: starts the process on `dir` and opens it in zh-CN.
    pub async fn start(dir: &Path, name: &str) -> Outcome<Self> {
        std::fs::create_dir_all(dir)?;
        let rpc = spawn(dir)?;
        let phone = Self {
            name: name.into(),
            dir: dir.into(),
            rpc,
            worker: None,
        };
        phone.call("open", json!({"locale": "zh-CN"})).await?;
        Ok(phone)
    }

    /// The folder that is the phone.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The process behind it.
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// Any method of the contract.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        self.rpc.call(method, params).await
    }

    /// Uses a ticket, again and again while the network is to blame, for two minutes.
    pub async fn enrol(&mut self, ticket: &str) -> Outcome<Value> {
        let params = json!({"ticket": ticket, "pin": PIN});
        let mut tries = 0;
        let answer = loop {
            match self.call("enrol", params.clone()).await {
                Err(error) if error.is_retry() && tries < 60 => {
                    tries += 1;
                    sleep(Duration::from_secs(2)).await;
                }
                other => break other?,
            }
        };
        self.worker = Some(id_of(&answer["worker"])?);
        Ok(answer)
    }

    /// Whoever enrolled, for [`Phone::restart`].
    pub fn worker(&self) -> Option<&str> {
        self.worker.as_deref()
    }

    /// The battery falls out: SIGKILL.
    pub async fn kill(&self) {
        self.rpc.kill().await;
    }

    /// Switches it on again and unlocks it.
    pub async fn restart(&mut self) -> Outcome {
        self.rpc.kill().await;
        self.rpc = spawn(&self.dir)?;
        self.call("open", json!({"locale": "zh-CN"})).await?;
        if let Some(worker) = &self.worker {
            self.call("unlock", json!({"worker": worker, "pin": PIN}))
                .await?;
        }
        Ok(())
    }

    /// Copies what is on the phone, switched off for the moment, into the folder `to`.
    pub async fn copy_to(&mut self, to: &Path) -> Outcome {
        self.rpc.kill().await;
        copy_folder(&self.dir, to)?;
        self.restart().await
    }

    /// Puts a copy back in place of what is on the phone.
    pub async fn put_back(&mut self, from: &Path) -> Outcome {
        self.rpc.kill().await;
        std::fs::remove_dir_all(&self.dir)?;
        copy_folder(from, &self.dir)?;
        self.restart().await
    }

    /// Switches on another phone that holds a copy of this one in `dir`, and unlocks it.
    pub async fn twin(&self, dir: &Path) -> Outcome<Self> {
        let mut twin = Self::start(dir, &self.name).await?;
        twin.worker = self.worker.clone();
        twin.restart().await?;
        Ok(twin)
    }

    /// The home screen's numbers.
    pub async fn progress(&self) -> Result<Progress, RpcError> {
        let home = self.call("home", json!({})).await?;
        let number = |name: &str| home["progress"][name].as_u64().unwrap_or(u64::MAX);
        Ok(Progress {
            saved: number("saved"),
            acknowledged: number("acknowledged"),
            waiting: number("waiting"),
            drafts: number("drafts"),
            returned: number("returned"),
            refused: number("refused"),
        })
    }

    /// All rows of `records` with a kind and a sync state, page by page.
    pub async fn records(
        &self,
        kind: Option<&str>,
        sync_state: Option<&str>,
    ) -> Outcome<Vec<Value>> {
        const PAGE: usize = 200;
        let mut all: Vec<Value> = Vec::new();
        loop {
            let mut params = json!({"limit": PAGE});
            for (key, value) in [("kind", kind), ("sync_state", sync_state)] {
                if let Some(value) = value {
                    params[key] = value.into();
                }
            }
            if let Some(last) = all.last() {
                params["after"] = last["record"].clone();
            }
            let page = self.call("records", params).await?;
            let Value::Array(page) = page else {
                fail!("records: not a list: {page}")
            };
            let full = page.len() == PAGE;
            all.extend(page);
            if !full {
                return Ok(all);
            }
        }
    }

    /// Finishes the interview.
    pub async fn save(&self, interview: &Value) -> Result<Saved, RpcError> {
        let answer = self.call("save", json!({"interview": interview})).await?;
        Ok(Saved {
            record: answer["record"].as_str().unwrap_or_default().into(),
            sync_state: answer["sync_state"].as_str().unwrap_or_default().into(),
        })
    }

    /// Syncs until one sync has gone through, `tries` times at most.
    pub async fn sync(&self, tries: u32) -> Result<Value, RpcError> {
        let mut left = tries;
        loop {
            left -= 1;
            match self.call("sync", json!({})).await {
                Err(error) if error.is_retry() && left > 0 => {
                    sleep(Duration::from_millis(500)).await
                }
                other => return other,
            }
        }
    }
}

fn copy_folder(from: &Path, to: &Path) -> Outcome {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn spawn(dir: &Path) -> Outcome<Rpc> {
    let program = programs::path("xunge-phone")?;
    Rpc::spawn(
        &program,
        &["--data".as_ref(), dir.as_os_str()],
        &dir.join("phone.log"),
    )
}

/// The id in `"id"`, or in `{"id": …}`.
pub fn id_of(value: &Value) -> Outcome<String> {
    match value.as_str().or(value["id"].as_str()) {
        Some(id) => Ok(id.into()),
        None => fail!("no id in {value}"),
    }
}
