//! One-time unlock codes: one wrap a code, the codes themselves forgotten. A supervisor reads the next one out over
//! the telephone to a worker who forgot the PIN and has no network.

use serde::{Deserialize, Serialize};

use super::VaultError;
use super::wrap::{DatabaseKey, Stretched, Wrap};
use crate::env::Env;

/// Wraps of the codes that are not used yet, in the order in which the relay reads them out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UnlockCodes {
    salt: String,
    wraps: Vec<Wrap>,
}

impl UnlockCodes {
    /// One wrap for each of `codes`, under one salt so that a guess is stretched once.
    pub(super) fn seal(
        env: &dyn Env,
        key: &DatabaseKey,
        secret: &[u8],
        vault: &str,
        codes: &[String],
    ) -> Result<Self, VaultError> {
        let salt: [u8; 16] = env.random();
        let wraps = codes
            .iter()
            .map(|code| {
                let stretched = Stretched::new(&digits(code), &salt)?;
                Wrap::seal(env, key, secret, &stretched, &purpose(vault))
            })
            .collect::<Result<_, VaultError>>()?;
        Ok(Self {
            salt: hex::encode(salt),
            wraps,
        })
    }

    /// Opens with `code`. Returns the key and what is left: the code and all before it are spent, because a code that
    /// was read out but never typed must not block the next.
    pub(super) fn open(
        &self,
        secret: &[u8],
        vault: &str,
        code: &str,
    ) -> Result<(DatabaseKey, Self), VaultError> {
        if self.wraps.is_empty() {
            return Err(VaultError::NoCodesLeft);
        }
        let mut salt = [0u8; 16];
        hex::decode_to_slice(&self.salt, &mut salt)
            .map_err(|_| VaultError::Damaged("a salt is not hex".into()))?;
        let stretched = Stretched::new(&digits(code), &salt)?;
        for (n, wrap) in self.wraps.iter().enumerate() {
            if let Some(key) = wrap.open(secret, &stretched, &purpose(vault))? {
                let left = Self {
                    salt: self.salt.clone(),
                    wraps: self.wraps[n + 1..].to_vec(),
                };
                return Ok((key, left));
            }
        }
        Err(VaultError::WrongCode)
    }
}

/// A code as typed, without the spaces and dashes with which it is read.
fn digits(code: &str) -> String {
    code.chars().filter(char::is_ascii_digit).collect()
}

fn purpose(vault: &str) -> String {
    format!("xunge vault code 1 {vault}")
}
