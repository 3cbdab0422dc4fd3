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

/// Where a county is kept.
#[derive(Debug, Clone)]
pub struct Place {
    /// The data folder.
    pub data: PathBuf,
    /// Address of the database, if it is not in the data folder.
    pub database: Option<String>,
    /// Folder or address of the media, if they are not in the data folder.
    pub media: Option<String>,
    /// Variables that every command needs beside the caller's own.
    pub environment: Vec<(String, String)>,
}

impl From<&Path> for Place {
    fn from(data: &Path) -> Self {
        Self {
            data: data.into(),
            database: None,
            media: None,
            environment: Vec::new(),
        }
    }
}

impl From<&PathBuf> for Place {
    fn from(data: &PathBuf) -> Self {
        data.as_path().into()
    }
}

impl Place {
    /// As every command of `xunge` is told it.
    pub fn args(&self) -> Vec<String> {
        let mut args = vec!["--data".to_owned(), self.data.display().to_string()];
        if let Some(database) = &self.database {
            args.extend(["--database".into(), database.clone()]);
        }
        if let Some(media) = &self.media {
            args.extend(["--media".into(), media.clone()]);
        }
        args
    }

    /// Runs `xunge` with `args` about this place.
    pub async fn xunge(&self, args: &[&str]) -> Outcome<Output> {
        let place = self.args();
        run(&about(args, &place), &self.environment).await
    }

    /// [`Self::xunge`], whose answer is one JSON value.
    pub async fn xunge_json(&self, args: &[&str]) -> Outcome<Value> {
        let place = self.args();
        let args = about(args, &place);
        json_of(&args, run(&args, &self.environment).await?)
    }
}

fn about<'a>(args: &[&'a str], place: &'a [String]) -> Vec<&'a str> {
    let place = place.iter().map(String::as_str);
    args.iter().copied().chain(place).collect()
}

/// A relay that serves.
#[derive(Debug)]
pub struct Relay {
    place: Place,
    scheme: String,
    address: SocketAddr,
    args: Vec<String>,
    child: Child,
}

/// No command takes longer, a synthetic county on a slow machine included.
const LONGEST: Duration = Duration::from_secs(600);

/// Runs `xunge` to its end.
pub async fn xunge(args: &[&str]) -> Outcome<Output> {
    run(args, &[]).await
}

async fn run(args: &[&str], environment: &[(String, String)]) -> Outcome<Output> {
    let program = programs::path("xunge")?;
    let run = Command::new(program)
        .args(args)
        .envs(environment.iter().cloned())
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
    json_of(args, xunge(args).await?)
}

fn json_of(args: &[&str], output: Output) -> Outcome<Value> {
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

/// Creates a county; `synthetic` is `village`, `town` or `county`.
pub async fn init(place: impl Into<Place>, synthetic: &str, seed: u64) -> Outcome<Login> {
    let seed = seed.to_string();
    let mut args = vec!["init", "--county", "999999", "--name", "合成县"];
    args.extend(["--synthetic", synthetic, "--seed", &seed, "--json"]);
    Login::from_json(&place.into().xunge_json(&args).await?)
}

impl Relay {
    /// Starts serving on `listen` (port 0: any), and returns once it says that it listens.
    pub async fn serve(place: impl Into<Place>, listen: &str) -> Outcome<Self> {
        Self::serve_with(place, listen, &[]).await
    }

    /// [`Self::serve`] with further arguments.
    pub async fn serve_with(place: impl Into<Place>, listen: &str, args: &[&str]) -> Outcome<Self> {
        let place = place.into();
        let data = &place.data;
        std::fs::create_dir_all(data)?;
        let program = programs::path("xunge")?;
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(data.join("serve.log"))?;
        let mut child = Command::new(program)
            .args(["serve", "--listen", listen])
            .args(place.args())
            .args(args)
            .envs(place.environment.iter().cloned())
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
        let Some((scheme, address)) = first
            .strip_prefix("listening ")
            .and_then(|url| url.split_once("://"))
        else {
            fail!(
                "the relay's first line is {first:?}; see {}",
                data.join("serve.log").display()
            );
        };
        // Whatever else it prints must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            place,
            scheme: scheme.into(),
            address: address.trim().parse()?,
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            child,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL without a slash at the end.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Where its county is kept.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Its folder.
    pub fn data(&self) -> &Path {
        &self.place.data
    }

    /// Number of the process, for measuring it.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// SIGKILL.
    pub async fn kill(&mut self) -> Outcome {
        Ok(self.child.kill().await?)
    }

    /// SIGKILL, and a start at the same address.
    pub async fn kill_and_restart(&mut self) -> Outcome {
        self.kill().await?;
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        *self = Self::serve_with(self.place.clone(), &self.address.to_string(), &args).await?;
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

    /// `xunge admin … --json` about its place.
    pub async fn admin(&self, args: &[&str]) -> Outcome<Value> {
        let mut all = vec!["admin", "--json"];
        all.extend(args);
        self.place.xunge_json(&all).await
    }

    /// A ticket for a worker of a grid, with the ten digits that stand for it.
    pub async fn short_code(&self, grid: &str, worker: &str) -> Outcome<String> {
        let url = self.url();
        let enrol = [
            "enrol", "--grid", grid, "--worker", worker, "--url", &url, "--code",
        ];
        let answer = self.admin(&enrol).await?;
        match answer["code"].as_str() {
            Some(code) => Ok(code.into()),
            None => fail!("enrol printed no code: {answer}"),
        }
    }

    /// What an app has built in that knows this relay at `url`.
    pub async fn built_in(&self, url: &str) -> Outcome<String> {
        let answer = self.admin(&["relay-address", "--url", url]).await?;
        match answer["relay"].as_str() {
            Some(relay) => Ok(relay.into()),
            None => fail!("relay-address printed none: {answer}"),
        }
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
