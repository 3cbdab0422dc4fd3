//! JSON-RPC 2.0 with a child process, one object a line: the client of `xunge-phone`. It knows no method by name.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{Mutex as AsyncMutex, oneshot};

use crate::Outcome;

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq)]
pub enum RpcError {
    /// The process is gone; whether it did what was asked is not known.
    Died,
    /// The process answered with an error.
    Refused {
        /// JSON-RPC's number.
        code: i64,
        /// Stable name, from `data.code`; empty if there is none.
        name: String,
        /// For the user, from `data.text`, else the message.
        text: String,
        /// Whether the same call may succeed later.
        retry: bool,
    },
}

impl RpcError {
    /// The stable name of a refusal.
    pub fn name(&self) -> &str {
        match self {
            Self::Died => "died",
            Self::Refused { name, .. } => name,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_retry(&self) -> bool {
        matches!(self, Self::Refused { retry: true, .. })
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Died => f.write_str("the phone's process is gone"),
            Self::Refused {
                code, name, text, ..
            } => write!(f, "{name} ({code}): {text}"),
        }
    }
}

impl std::error::Error for RpcError {}

type Waiting = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Value>>>>>;

/// A running child.
#[derive(Debug)]
pub struct Rpc {
    child: AsyncMutex<Child>,
    input: AsyncMutex<ChildStdin>,
    // `None` once the process has closed its output.
    waiting: Waiting,
    heard: Arc<Mutex<Vec<Value>>>,
    next: AtomicU64,
}

impl Rpc {
    /// Starts `program`; its standard error goes to the file `log`, appended.
    pub fn spawn<S: AsRef<OsStr>>(program: &Path, args: &[S], log: &Path) -> Outcome<Self> {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)?;
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().ok_or("no standard input")?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let heard = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn({
            let (waiting, heard) = (waiting.clone(), heard.clone());
            async move {
                let mut lines = BufReader::new(output).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    let Ok(object) = serde_json::from_str::<Value>(&line) else {
                        lock(&heard).push(json!({ "unreadable": line }));
                        continue;
                    };
                    let caller = object["id"]
                        .as_u64()
                        .and_then(|id| lock(&waiting).as_mut()?.remove(&id));
                    match caller {
                        Some(caller) => drop(caller.send(object)),
                        None => lock(&heard).push(object),
                    }
                }
                *lock(&waiting) = None;
            }
        });
        Ok(Self {
            child: AsyncMutex::new(child),
            input: AsyncMutex::new(input),
            waiting,
            heard,
            next: AtomicU64::new(1),
        })
    }

    /// Calls a method with named parameters and waits for its result.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let id = self.next.fetch_add(1, Relaxed);
        let (sender, receiver) = oneshot::channel();
        match lock(&self.waiting).as_mut() {
            Some(waiting) => waiting.insert(id, sender),
            None => return Err(RpcError::Died),
        };
        self.send_line(
            &json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string(),
        )
        .await?;
        let object = receiver.await.map_err(|_| RpcError::Died)?;
        match object.get("error") {
            None => Ok(object["result"].clone()),
            Some(error) => Err(refusal(error)),
        }
    }

    /// Writes one line, whatever it holds.
    pub async fn send_line(&self, line: &str) -> Result<(), RpcError> {
        let mut input = self.input.lock().await;
        let written = async {
            input.write_all(line.as_bytes()).await?;
            input.write_all(b"\n").await?;
            input.flush().await
        };
        written.await.map_err(|_| RpcError::Died)
    }

    /// Everything heard so far that answered no call: notifications, errors without an id.
    pub fn heard(&self) -> Vec<Value> {
        lock(&self.heard).clone()
    }

    /// SIGKILL, and waits until the process is gone.
    pub async fn kill(&self) {
        let _ = self.child.lock().await.kill().await;
    }

    /// Number of the process, for measuring it.
    pub async fn pid(&self) -> Option<u32> {
        self.child.lock().await.id()
    }
}

/// The error object of a reply.
pub fn refusal(error: &Value) -> RpcError {
    let data = &error["data"];
    RpcError::Refused {
        code: error["code"].as_i64().unwrap_or_default(),
        name: data["code"].as_str().unwrap_or_default().into(),
        text: data["text"]
            .as_str()
            .or(error["message"].as_str())
            .unwrap_or_default()
            .into(),
        retry: data["retry"].as_bool().unwrap_or(false),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (Rpc, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let rpc = Rpc::spawn(
            Path::new("/bin/sh"),
            &["-c", script],
            &dir.path().join("log"),
        )
        .unwrap();
        (rpc, dir)
    }

    #[tokio::test]
    async fn a_result_and_a_notification_before_it_are_told_apart() {
        let (rpc, _dir) = shell(
            r#"read x; echo '{"jsonrpc":"2.0","method":"sync_progress","params":{"n":1}}'; echo '{"jsonrpc":"2.0","id":1,"result":{"ok":true}}'; read y"#,
        );
        assert_eq!(rpc.call("sync", json!({})).await.unwrap()["ok"], true);
        assert_eq!(rpc.heard()[0]["method"], "sync_progress");
    }

    #[tokio::test]
    async fn an_error_keeps_its_stable_name_and_whether_to_try_again() {
        let (rpc, _dir) = shell(
            r#"read x; echo '{"id":1,"error":{"code":-32001,"message":"m","data":{"code":"offline","text":"没有信号","retry":true}}}'; read y"#,
        );
        let error = rpc.call("sync", json!({})).await.unwrap_err();
        assert_eq!(error.name(), "offline");
        assert!(error.is_retry() && error.to_string().contains("没有信号"));
    }

    #[tokio::test]
    async fn a_killed_process_ends_the_call_instead_of_hanging_it() {
        let (rpc, _dir) = shell("exec cat >/dev/null");
        let (answer, ()) = tokio::join!(rpc.call("save", json!({})), rpc.kill());
        assert_eq!(answer, Err(RpcError::Died));
        assert_eq!(rpc.call("home", json!({})).await, Err(RpcError::Died));
    }
}
