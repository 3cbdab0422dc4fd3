//! `xunge-bindgen LIBRARY OUT`: writes Kotlin, Swift and Python for the exports that LIBRARY describes, each into a
//! folder of its own under OUT. A crate of its own, so that the generator is never part of what runs on a phone.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use camino::Utf8PathBuf;
use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate};

const LANGUAGES: [(TargetLanguage, &str); 3] = [
    (TargetLanguage::Kotlin, "kotlin"),
    (TargetLanguage::Swift, "swift"),
    (TargetLanguage::Python, "python"),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xunge-bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let args: Vec<Utf8PathBuf> = std::env::args().skip(1).map(Utf8PathBuf::from).collect();
    let [library, out] = args.as_slice() else {
        bail!("usage: xunge-bindgen LIBRARY OUT");
    };
    for (language, folder) in LANGUAGES {
        let options = GenerateOptions {
            languages: vec![language],
            source: library.clone(),
            out_dir: out.join(folder),
            config_override: None,
            format: false,
            crate_filter: None,
            metadata_no_deps: true,
        };
        generate(options).with_context(|| format!("{folder} for {library}"))?;
    }
    Ok(())
}
