//! The relay as a process: `xunge init`, `serve`, `admin …`, its death by SIGKILL and its rest by SIGTERM.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::{Outcome, fail, programs};

/// Somebody who may sign in to the console.
#[derive(Debug, Clone)]
pub struct Login {
    /// Name to sign in with.
    pub user: String,
    /// Password.
    pub password: String,
    /// Secret of the one-time password, base32.
    pub totp_secret: String,
}

impl Login {
    /// Reads `{user, password, totp_secret}`.
    pub fn from_json(value: &Value) -> Outcome<Self> {
        let text = |name: &str| match value[name].as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(format!(
                "no {name} among {:?}",
                value.as_object().map(|o| o.keys().collect::<Vec<_>>())
            )),
        };
        Ok(Self {
            user: text("user")?,
            password: text("password")?,
            totp_secret: text("totp_secret")?,
        })
    }
}

/// A relay that serves.
#[derive(Debug)]
pub struct Relay {
    data: PathBuf,
    address: SocketAddr,
    child: Child,
}

/// No command takes longer, a synthetic county on a slow machine included.
const LONGEST: Duration = Duration::from_secs(600);

/// Runs `xunge` to its end.
pub async fn xunge(args: &[&str]) -> Outcome<Output> {
    let program = programs::path("xunge")?;
    let run = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    match timeout(LONGEST, run).await {
        Ok(output) => Ok(output?),
        Err(_) => fail!("xunge {} did not end within {LONGEST:?}", args.join(" ")),
    }
}

/// Runs `xunge` and reads the one JSON value that it prints.
pub async fn xunge_json(args: &[&str]) -> Outcome<Value> {
    let output = xunge(args).await?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        fail!(
            "xunge {}: {}: {}",
            args.join(" "),
            output.status,
            said.trim()
        );
    }
    let said = String::from_utf8(output.stdout)?;
    serde_json::from_str(said.trim())
        .map_err(|e| format!("xunge {}: no JSON ({e}): {said}", args.join(" ")).into())
}

/// Creates a county in `data`; `synthetic` is `village`, `town` or `county`.
pub async fn init(data: &Path, synthetic: &str, seed: u64) -> Outcome<Login> {
    let (data, seed) = (data.display().to_string(), seed.to_string());
    let mut args = vec![
        "init",
        "--data",
        &data,
        "--county",
        "999999",
        "--name",
        "合成县",
    ];
    args.extend(["--synthetic", synthetic, "--seed", &seed, "--json"]);
    Login::from_json(&xunge_json(&args).await?)
}

impl Relay {
    /// Starts serving on `listen` (port 0: any), and returns once it says that it listens.
    pub async fn serve(data: &Path, listen: &str) -> Outcome<Self> {
        let program = programs::path("xunge")?;
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(data.join("serve.log"))?;
        let mut child = Command::new(program)
            .args(["serve", "--listen", listen, "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let mut lines = BufReader::new(output).lines();
        let first = match timeout(Duration::from_secs(30), lines.next_line()).await {
            Ok(line) => line?.unwrap_or_default(),
            Err(_) => fail!(
                "the relay does not say that it listens; see {}",
                data.join("serve.log").display()
            ),
        };
        let Some(address) = first.strip_prefix("listening http://") else {
            fail!(
                "the relay's first line is {first:?}; see {}",
                data.join("serve.log").display()
            );
        };
        // Whatever else it prints must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            data: data.into(),
            address: address.trim().parse()?,
            child,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Number of the process, for measuring it.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// SIGKILL, and a start at the same address.
    pub async fn kill_and_restart(&mut self) -> Outcome {
        self.child.kill().await?;
        *self = Self::serve(&self.data.clone(), &self.address.to_string()).await?;
        Ok(())
    }

    /// SIGTERM; says how it ended, and fails if that took more than ten seconds.
    pub async fn stop(mut self) -> Outcome<std::process::ExitStatus> {
        if let Some(pid) = self.child.id() {
            Command::new("kill")
                .args(["-TERM", &pid.to_string()])
                .status()
                .await?;
        }
        match timeout(Duration::from_secs(10), self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => fail!("ten seconds after SIGTERM the relay still runs"),
        }
    }

    /// `xunge admin … --data DIR --json`.
    pub async fn admin(&self, args: &[&str]) -> Outcome<Value> {
        let data = self.data.display().to_string();
        let mut all = vec!["admin"];
        all.extend(args);
        all.extend(["--data", &data, "--json"]);
        xunge_json(&all).await
    }

    /// A ticket for a worker of a grid, whose phone reaches the relay at `url`.
    pub async fn ticket(&self, grid: &str, worker: &str, url: &str) -> Outcome<String> {
        let answer = self
            .admin(&["enrol", "--grid", grid, "--worker", worker, "--url", url])
            .await?;
        match answer["ticket"].as_str() {
            Some(ticket) => Ok(ticket.into()),
            None => fail!("enrol printed no ticket: {answer}"),
        }
    }

    /// A bearer token of the export API.
    pub async fn token(&self) -> Outcome<String> {
        let answer = self.admin(&["token", "add", "--role", "export"]).await?;
        match answer["token"].as_str() {
            Some(token) => Ok(token.into()),
            None => fail!("token add printed no token"),
        }
    }
}
