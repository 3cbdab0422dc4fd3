//! Clock and randomness of this program: the real ones, unless a test asks for others.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use xunge_ffi::{FileKeyStore, Phone, SystemEnv};

/// What a test may change about the world. Not for real work: with a seed, every key is predictable.
#[derive(Args)]
pub(crate) struct Options {
    /// For tests: draw all randomness from this seed, another stream at each start.
    #[arg(long)]
    seed: Option<u64>,
    /// For tests: a wall clock that is wrong by so many milliseconds.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    clock_offset_ms: i64,
}

impl Options {
    /// The phone in the folder `data`.
    pub(crate) fn phone(&self, data: &Path) -> Result<Arc<Phone>, String> {
        std::fs::create_dir_all(data)
            .map_err(|e| format!("cannot make the folder {}: {e}", data.display()))?;
        let mut env = SystemEnv::new().with_clock_offset_millis(self.clock_offset_ms);
        if let Some(seed) = self.seed {
            env = env
                .with_seed(seed, data)
                .map_err(|e| format!("cannot count the starts in {}: {e}", data.display()))?;
        }
        Ok(Phone::with_parts(
            data,
            Arc::new(FileKeyStore::new(data)),
            Arc::new(env),
        ))
    }
}
