//! Puts the shared data of `fixtures/` (forms, calendars) into the binary, so that `xunge init` needs no files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders of `fixtures/` with data that phones share.
const FOLDERS: [(&str, &str); 2] = [("forms", "json"), ("calendars", "csv")];

fn main() -> io::Result<()> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../fixtures");
    let mut code = String::from("&[\n");
    for (folder, extension) in FOLDERS {
        let dir = root.join(folder);
        println!("cargo:rerun-if-changed={}", dir.display());
        for path in files(&dir, extension)? {
            println!("cargo:rerun-if-changed={}", path.display());
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let path = fs::canonicalize(&path)?;
            let _ = writeln!(
                code,
                "    ({:?}, include_bytes!({path:?})),",
                format!("{folder}/{name}")
            );
        }
    }
    code.push(']');
    let out = PathBuf::from(env::var("OUT_DIR").unwrap_or_default());
    fs::write(out.join("resources.rs"), code)
}

fn files(dir: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut files: Vec<PathBuf> = fs::read_dir(dir)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}
