//! Wrong tries make the next one wait, longer each time. Nothing is ever deleted or locked for good.
//!
//! A try is counted on disk *before* it is made, so that killing the app does not give it back. The wait is measured by
//! time since boot, which a phone's owner cannot set; a restart begins the wait again.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::VaultError;
use crate::disk;
use crate::env::Env;

/// Longest wait, in seconds.
const LONGEST_WAIT: u64 = 900;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Attempts {
    /// Wrong tries since the last right one.
    failures: u32,
    /// Boot of the last one.
    boot: u64,
    /// Milliseconds since that boot.
    elapsed: u64,
}

/// Seconds to wait after `failures` wrong tries: none after the first, a slip of the finger; then 2, 4, 8 … 900.
fn wait_seconds(failures: u32) -> u64 {
    match failures {
        0 | 1 => 0,
        n => 1u64
            .checked_shl(n - 1)
            .map_or(LONGEST_WAIT, |s| s.min(LONGEST_WAIT)),
    }
}

/// Takes one try: counts it as failed, or says how long to wait.
pub(super) fn take(env: &dyn Env, file: &Path) -> Result<(), VaultError> {
    let attempts = read(file)?;
    let (boot, elapsed) = (env.boot(), env.elapsed_millis());
    let since = if attempts.boot == boot {
        elapsed.saturating_sub(attempts.elapsed)
    } else {
        elapsed
    };
    let wait = wait_seconds(attempts.failures) * 1000;
    if since < wait {
        return Err(VaultError::TooSoon {
            seconds: (wait - since).div_ceil(1000),
        });
    }
    write(
        file,
        &Attempts {
            failures: attempts.failures.saturating_add(1),
            boot,
            elapsed,
        },
    )
}

/// Forgets the failures: the try was right.
pub(super) fn clear(file: &Path) -> Result<(), VaultError> {
    write(file, &Attempts::default())
}

fn read(file: &Path) -> Result<Attempts, VaultError> {
    // An unreadable count must not keep a worker from unsent work.
    Ok(disk::read_if_there(file)?
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default())
}

fn write(file: &Path, attempts: &Attempts) -> Result<(), VaultError> {
    let bytes = serde_json::to_vec(attempts).map_err(|e| VaultError::Damaged(e.to_string()))?;
    Ok(disk::write_whole(file, &bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::SeededEnv;
    use xunge_protocol::Timestamp;

    #[test]
    fn each_wrong_try_waits_longer_and_neither_clock_nor_restart_shortens_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("attempts.json");
        let env = SeededEnv::new(1, Timestamp(0));
        take(&env, &file).unwrap();
        take(&env, &file).unwrap();
        let wait = |env: &SeededEnv| match take(env, &file) {
            Err(VaultError::TooSoon { seconds }) => seconds,
            other => panic!("{other:?}"),
        };
        assert_eq!(wait(&env), 2);
        env.set_wall_clock(Timestamp(i64::MAX / 2));
        assert_eq!(wait(&env), 2);
        env.reboot();
        assert_eq!(wait(&env), 2);
        env.advance(2000);
        take(&env, &file).unwrap();
        assert_eq!(wait(&env), 4);
        clear(&file).unwrap();
        take(&env, &file).unwrap();
    }

    #[test]
    fn the_wait_never_grows_beyond_a_quarter_of_an_hour() {
        assert_eq!(wait_seconds(9), 256);
        for failures in [11, 40, 65, u32::MAX] {
            assert_eq!(wait_seconds(failures), LONGEST_WAIT);
        }
    }
}
