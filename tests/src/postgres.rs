//! A PostgreSQL server of one's own: in a temporary folder, on a free port, stopped and gone when dropped.
//!
//! It is the distribution's, and runs as an unprivileged user, since it refuses to run as root. Where there is none and
//! root may install it, it is installed; else the message says what to install.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::{Outcome, fail};

/// A server; each call of [`Self::database`] makes a database on it.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    made: Mutex<u32>,
    keeper: Child,
}

impl Postgres {
    /// Starts a server. `durable` as for real work, else without waiting for the disk, for tests that do not cut power.
    pub fn start(durable: bool) -> Outcome<Self> {
        Self::start_with(durable, None)
    }

    /// Starts a server that takes encrypted connections alone, with the certificate `chain` and its `key`, both in PEM.
    pub fn start_encrypted(chain: &str, key: &str) -> Outcome<Self> {
        Self::start_with(false, Some((chain, key)))
    }

    fn start_with(durable: bool, encrypted: Option<(&str, &str)>) -> Outcome<Self> {
        let bin = programs()?;
        let folder = tempfile::Builder::new()
            .prefix("xunge-postgres-")
            .tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let data = folder.path().join("data");
        fs::create_dir(&data)?;
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&data))?;
        }
        run(program(&bin, "initdb")
            .args(["-A", "trust", "-N", "-U", "postgres", "-E", "UTF8", "-D"])
            .arg(&data))?;
        // Taken for a moment only: whoever takes it in between makes the start fail, not the test wrong.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut settings = vec![
            format!("port={port}"),
            "listen_addresses=127.0.0.1".into(),
            format!("unix_socket_directories={}", data.display()),
            "max_connections=200".into(),
        ];
        if !durable {
            settings.extend(["fsync=off".into(), "full_page_writes=off".into()]);
        }
        if let Some((chain, key)) = encrypted {
            settings.extend(encrypt(&data, chain, key)?);
        }
        let options: Vec<String> = settings.iter().map(|s| format!("-c {s}")).collect();
        let mut stop = program(&bin, "pg_ctl");
        stop.arg("-D")
            .arg(&data)
            .args(["-m", "immediate", "-s", "-w", "stop"]);
        let keeper = keeper(&stop, folder.path())?;
        // From here on the keeper removes it.
        let folder = folder.keep();
        let server = Self {
            bin,
            folder,
            port,
            made: Mutex::new(0),
            keeper,
        };
        run(program(&server.bin, "pg_ctl")
            .arg("-D")
            .arg(&data)
            .args(["-w", "-s", "-l"])
            .arg(data.join("server.log"))
            .args(["-o", &options.join(" "), "start"]))?;
        Ok(server)
    }

    /// A new, empty database: its address.
    pub fn database(&self) -> Outcome<String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        *made += 1;
        let name = format!("county{made}");
        self.sql(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE template0"),
        )?;
        Ok(format!(
            "postgres://postgres@127.0.0.1:{}/{name}",
            self.port
        ))
    }

    /// Keeps no file of the log of writes for another use once a checkpoint has passed it, as docs/relay.md asks of
    /// whoever runs a server from which people are erased.
    pub fn forget_writes(&self) -> Outcome {
        self.sql("postgres", "ALTER SYSTEM SET wal_recycle = off")?;
        self.sql("postgres", "SELECT pg_reload_conf()").map(drop)
    }

    /// Files of the server that hold `bytes`, as they lie on the disk.
    pub fn files_holding(&self, bytes: &[u8]) -> Outcome<Vec<PathBuf>> {
        let (mut folders, mut found) = (vec![self.data()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                // A running server takes files away.
                let content = fs::read(&path).unwrap_or_default();
                if content.windows(bytes.len()).any(|window| window == bytes) {
                    found.push(path);
                }
            }
        }
        Ok(found)
    }

    /// Runs a statement in a database by `psql`, and returns what it prints, unaligned.
    pub fn sql(&self, database: &str, sql: &str) -> Outcome<String> {
        let database = database.rsplit('/').next().unwrap_or(database);
        run(Command::new(self.bin.join("psql"))
            .args([
                "-h",
                "127.0.0.1",
                "-U",
                "postgres",
                "-At",
                "-q",
                "-X",
                "-v",
                "ON_ERROR_STOP=1",
            ])
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql]))
    }

    /// The folder with the server's files.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

/// Puts certificate and key into the server's folder, and lets nobody in without encryption but through the socket.
fn encrypt(data: &Path, chain: &str, key: &str) -> Outcome<[String; 1]> {
    fs::write(data.join("server.crt"), chain)?;
    fs::write(data.join("server.key"), key)?;
    fs::set_permissions(data.join("server.key"), fs::Permissions::from_mode(0o600))?;
    let rules = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";
    fs::write(data.join("pg_hba.conf"), rules)?;
    if is_root() {
        run(Command::new("chown")
            .arg("postgres")
            .args(["server.crt", "server.key", "pg_hba.conf"].map(|name| data.join(name))))?;
    }
    Ok(["ssl=on".into()])
}

/// One of the server's programs, as the user that it runs as.
fn program(bin: &Path, name: &str) -> Command {
    let path = bin.join(name);
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
        .arg(path)
        .current_dir("/");
    command
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A process that waits for the end of its input, which comes with the end of this process however it ends, then stops
/// the server and removes its folder.
fn keeper(stop: &Command, folder: &Path) -> Outcome<Child> {
    let script = r#"folder=$1; shift; read -r _; "$@"; rm -rf "$folder""#;
    let child = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(folder)
        .arg(stop.get_program())
        .args(stop.get_args())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(child)
}

fn run(command: &mut Command) -> Outcome<String> {
    // The server inherits nothing that a reader of its starter's output would wait for.
    let output = tempfile::tempfile()?;
    let mut seen = output.try_clone()?;
    let status = command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()?;
    let mut said = String::new();
    std::io::Seek::rewind(&mut seen)?;
    std::io::Read::read_to_string(&mut seen, &mut said)?;
    if !status.success() {
        fail!("{:?}: {status}: {}", command.get_program(), said.trim());
    }
    Ok(said.trim().to_owned())
}

fn is_root() -> bool {
    static ROOT: OnceLock<bool> = OnceLock::new();
    *ROOT.get_or_init(|| {
        let id = Command::new("id").arg("-u").output();
        id.is_ok_and(|o| o.stdout == b"0\n")
    })
}

/// The folder with `initdb` and `pg_ctl`, if there is one: Debian keeps it out of the path, one for each version.
pub fn installed() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    versions.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let complete = |dir: &&PathBuf| {
        ["initdb", "pg_ctl", "psql"]
            .iter()
            .all(|name| dir.join(name).is_file())
    };
    versions.iter().rev().find(complete).cloned()
}

/// Makes sure that there is one, by installing it where that may be.
pub fn ready() -> Outcome {
    programs().map(drop)
}

fn programs() -> Outcome<PathBuf> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    Ok(FOUND
        .get_or_init(|| find_or_install().map_err(|e| e.to_string()))
        .clone()?)
}

fn find_or_install() -> Outcome<PathBuf> {
    if let Some(bin) = installed() {
        return Ok(bin);
    }
    if !is_root() || !Path::new("/usr/bin/apt-get").is_file() {
        fail!("there is no PostgreSQL; on Debian: apt-get install postgresql");
    }
    run(Command::new("apt-get").args(["update", "-q"]))?;
    run(Command::new("apt-get")
        .args([
            "install",
            "-q",
            "-y",
            "--no-install-recommends",
            "postgresql",
        ])
        .env("DEBIAN_FRONTEND", "noninteractive"))?;
    match installed() {
        Some(bin) => Ok(bin),
        None => {
            fail!("postgresql is installed, and still there is no initdb under /usr/lib/postgresql")
        }
    }
}
