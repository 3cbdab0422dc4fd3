//! A Debian 13 in a folder under `$HOME/.cache/xunge`, because it has Swift as a package. What runs inside has mounts and
//! processes of its own, which end with it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use xunge_tests::Outcome;

use crate::run;

const PACKAGES: &str = "swiftlang libc6-dev libstdc++-14-dev";
/// It takes 2.6 GB, and downloads of the same size pass through it.
const ROOM: u64 = 5_000_000_000;

/// The folder, ready to be used.
pub(crate) struct Trixie(PathBuf);

/// The system, made now if it may be; else why there is none.
pub(crate) fn ready() -> Outcome<Result<Trixie, String>> {
    if !cfg!(target_os = "linux") || !run::may_install() {
        return Ok(Err(
            "needs Swift 6; as root on Debian or Ubuntu it is fetched".into(),
        ));
    }
    if !quietly(Command::new("unshare").args(["--mount", "--pid", "--fork", "true"])) {
        return Ok(Err(
            "needs Swift 6, or the right to mount, so that a Debian 13 can be made for it".into(),
        ));
    }
    let Some(home) = env::var_os("HOME") else {
        return Ok(Err("needs a home folder to keep a Debian 13 in".into()));
    };
    let cache = Path::new(&home).join(".cache/xunge");
    let trixie = Trixie(cache.join("trixie"));
    if trixie.0.join("usr/libexec/swift/bin/swift").is_file() {
        return Ok(Ok(trixie));
    }
    fs::create_dir_all(&cache)?;
    let room = room(&cache)?;
    if room < ROOM {
        return Ok(Err(format!(
            "needs {ROOM} bytes for a Debian 13 with Swift, and {room} are free"
        )));
    }
    if !run::is_here("debootstrap") {
        run::install(&["debootstrap"])?;
    }
    match trixie.make() {
        Ok(()) => Ok(Ok(trixie)),
        Err(why) => Ok(Err(format!("a Debian 13 cannot be made: {why}"))),
    }
}

impl Trixie {
    fn make(&self) -> Outcome {
        let half = Self(self.0.with_extension("new"));
        if half.0.exists() {
            fs::remove_dir_all(&half.0)?;
        }
        let mut bootstrap = run::command(
            "debootstrap",
            &["--variant=minbase", "--include=ca-certificates", "trixie"],
        );
        bootstrap.arg(&half.0);
        run::shown(bootstrap)?;
        let mut install = half.inside(
            &[],
            &format!(
                "export DEBIAN_FRONTEND=noninteractive; apt-get update -q && \
                 apt-get install -q -y --no-install-recommends {PACKAGES} && apt-get clean"
            ),
        );
        // How this machine reaches the packages.
        for name in ["http_proxy", "https_proxy", "no_proxy"] {
            if let Some(value) = env::var_os(name) {
                install.env(name, value);
            }
        }
        run::shown(install)?;
        fs::rename(&half.0, &self.0)?;
        Ok(())
    }

    /// A command that runs `script` inside, where each folder of `shared` is at its second name.
    pub(crate) fn inside(&self, shared: &[(&Path, &str)], script: &str) -> Command {
        let root = self.0.display().to_string();
        let mut outer = String::from(
            "set -eu\nroot=$1\nmount -t proc proc \"$root/proc\"\nmount --rbind /dev \"$root/dev\"\n",
        );
        for (index, (_, at)) in shared.iter().enumerate() {
            let number = index + 3;
            outer.push_str(&format!(
                "mkdir -p \"$root{at}\"\nmount --bind \"${{{number}}}\" \"$root{at}\"\n"
            ));
        }
        outer.push_str("exec chroot \"$root\" /bin/sh -c \"$2\"\n");
        let mut command = run::command(
            "unshare",
            &["--mount", "--pid", "--fork", "--kill-child", "sh", "-c"],
        );
        command
            .args([&outer, "trixie", &root, script])
            .args(shared.iter().map(|(folder, _)| folder))
            .env_clear()
            .env("HOME", "/root")
            .env("LANG", "C.UTF-8")
            .env(
                "PATH",
                "/usr/libexec/swift/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            );
        command
    }
}

fn quietly(command: &mut Command) -> bool {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// Bytes that are free where `folder` is.
fn room(folder: &Path) -> Outcome<u64> {
    let mut df = run::command("df", &["--output=avail", "-B1"]);
    let output = df.arg(folder).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let bytes = text
        .lines()
        .nth(1)
        .and_then(|line| line.trim().parse().ok());
    Ok(bytes.ok_or_else(|| format!("df says {text}"))?)
}
