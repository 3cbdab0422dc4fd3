//! Short codes: ten digits that are read out over the telephone and stand for a ticket.
//!
//! Of a code the relay keeps a hash under its own key. The ticket's secret follows from code and key, so that whoever brings
//! the code again gets the same ticket, and the store holds neither. Another key of the relay ends the codes that are open.
//!
//! Wrong tries count against the code that their first digits name. So nobody has more than five tries at the million
//! secrets of a code, and whoever guesses at random closes one code in thousands of requests, not those of everybody.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use xunge_protocol::enrolment::Ticket;
use xunge_protocol::short_code::{CodeVerdict, Granted, NAMES, RedeemResponse};
use xunge_protocol::{Hash32, ShortCode, Timestamp};

use super::{Authority, AuthorityError, NewTicket};
use crate::store::{LogTx, ShortCodeRow, StoreError, StoreResult};

/// How long a code is good.
const LIFETIME_MS: i64 = 15 * 60_000;
/// For so long the relay can say that a code came too late.
const REMEMBERED_MS: i64 = 24 * 3_600_000;
/// Wrong tries that a code bears.
const TRIES: u32 = 5;
/// Names that are drawn until a free one is found.
const DRAWS: u32 = 1_000;

/// A code and until when it is good.
#[derive(Debug, Clone)]
pub struct OpenCode {
    /// What is read out.
    pub code: ShortCode,
    /// Not taken after this.
    pub expires_at: Timestamp,
}

impl Authority<'_> {
    /// Makes a ticket and a short code that stands for it.
    pub fn ticket_with_code(
        &mut self,
        new: &NewTicket,
    ) -> Result<(Ticket, OpenCode), AuthorityError> {
        self.tx()
            .forget_short_codes(self.now().plus_millis(-REMEMBERED_MS))?;
        let code = self.free_code()?;
        let expires_at = self.now().plus_millis(LIFETIME_MS);
        let secret = self.secret_of(&code, expires_at)?;
        let ticket = self.ticket_with(new, secret)?;
        self.tx().insert_short_code(&ShortCodeRow {
            name: code.name(),
            code_hash: self.hash_of(&code)?,
            ticket: Hash32::of(&secret),
            expires_at,
            tries: 0,
        })?;
        Ok((ticket, OpenCode { code, expires_at }))
    }

    /// Answers who brings `code`.
    pub(crate) fn redeem(&mut self, code: &ShortCode) -> Result<RedeemResponse, AuthorityError> {
        let Some(row) = self.tx().take_try(code.name(), TRIES)? else {
            return Ok(
                refused_at_once(self.tx(), code)?.unwrap_or_else(|| refusal(CodeVerdict::Closed))
            );
        };
        if row.code_hash != self.hash_of(code)? {
            if row.tries >= TRIES {
                tracing::warn!("a short code was closed after wrong tries");
            }
            return Ok(refusal(CodeVerdict::Wrong));
        }
        self.tx().give_try_back(code.name())?;
        if self.now() > row.expires_at {
            return Ok(refusal(CodeVerdict::Late));
        }
        let ticket = self
            .tx()
            .ticket(row.ticket)?
            .ok_or_else(|| StoreError::Corrupt("a short code without its ticket".into()))?;
        Ok(RedeemResponse {
            verdict: CodeVerdict::Good,
            granted: Some(Granted {
                relay: self.county().relay_writer,
                secret: self.secret_of(code, row.expires_at)?,
                expires_at: ticket.expires_at,
                used: ticket.writer.is_some(),
            }),
        })
    }

    /// A code whose name no other has.
    fn free_code(&self) -> Result<ShortCode, AuthorityError> {
        for _ in 0..DRAWS {
            let drawn = u64::from_be_bytes(self.relay.env.random());
            // 2^64 is no multiple of 10^10; what is left over favours no code by more than a billionth.
            let name = (drawn % u64::from(NAMES)) as u16;
            let secret = (drawn / u64::from(NAMES) % 1_000_000) as u32;
            if self.tx().short_code(name)?.is_none() {
                return Ok(ShortCode::of(name, secret));
            }
        }
        Err(AuthorityError::CodesUsedUp)
    }

    fn hash_of(&self, code: &ShortCode) -> Result<Hash32, AuthorityError> {
        self.keyed(b"xunge short code 1", &[code.digits().as_bytes()])
    }

    fn secret_of(
        &self,
        code: &ShortCode,
        expires_at: Timestamp,
    ) -> Result<[u8; 16], AuthorityError> {
        let digits = code.digits();
        let parts: [&[u8]; 2] = [digits.as_bytes(), &expires_at.0.to_be_bytes()];
        let Hash32(hash) = self.keyed(b"xunge short code ticket 1", &parts)?;
        let mut secret = [0; 16];
        secret.copy_from_slice(&hash[..16]);
        Ok(secret)
    }

    /// HMAC-SHA-256 under the relay's key. Label and parts have lengths that are known, but for the label's.
    fn keyed(&self, label: &[u8], parts: &[&[u8]]) -> Result<Hash32, AuthorityError> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.county().relay_key.seed())
            .map_err(|_| StoreError::Corrupt("a key that is none".into()))?;
        for part in [label, &[0]].iter().chain(parts) {
            mac.update(part);
        }
        Ok(Hash32(mac.finalize().into_bytes().into()))
    }
}

/// The answer to `code` where it needs no try: no code has its name, or the one that has is closed.
pub(crate) fn refused_at_once(
    tx: &dyn LogTx,
    code: &ShortCode,
) -> StoreResult<Option<RedeemResponse>> {
    Ok(match tx.short_code(code.name())? {
        None => Some(refusal(CodeVerdict::Wrong)),
        Some(row) if row.tries >= TRIES => Some(refusal(CodeVerdict::Closed)),
        Some(_) => None,
    })
}

fn refusal(verdict: CodeVerdict) -> RedeemResponse {
    RedeemResponse {
        verdict,
        granted: None,
    }
}
