//! Who sends or reads a file: a phone that signed the request, or a program with a token of role `media`.

use axum::http::{HeaderMap, header};
use xunge_protocol::Hash32;
use xunge_protocol::media::MediaAuthorization;
use xunge_protocol::refusal::SyncRefusal;

use super::MediaFailure;
use crate::account::token::{self, TokenRole};
use crate::relay::Relay;
use crate::store::MediaOwner;

/// What a phone's signature must cover besides its counter.
pub(super) struct Asked {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) hash: Hash32,
}

/// The value of `authorization`.
pub(super) fn credentials(headers: &HeaderMap) -> Result<String, MediaFailure> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .map(str::to_owned)
        .ok_or(MediaFailure::Refused(SyncRefusal::UnknownWriter))
}

/// Who asks. `asked` is none where only the holder of a token may ask. Blocks.
pub(super) fn owner(
    relay: &Relay,
    credentials: &str,
    asked: Option<&Asked>,
) -> Result<MediaOwner, MediaFailure> {
    let unknown = || MediaFailure::Refused(SyncRefusal::UnknownWriter);
    if let Some(token) = credentials.strip_prefix("Bearer ") {
        let fingerprint = token::fingerprint(token.trim());
        return match relay.store.read(|tx| tx.token_role(fingerprint))? {
            Some(TokenRole::Media) => Ok(MediaOwner::Program(fingerprint)),
            Some(TokenRole::Export) | None => Err(unknown()),
        };
    }
    let authorization = MediaAuthorization::parse(credentials)?;
    let asked = asked.ok_or(MediaFailure::Header("upload-metadata"))?;
    let id = authorization.writer;
    let writer = relay
        .store
        .read(|tx| {
            // The relay's word for a whole file is signed.
            relay.refresh(tx)?;
            tx.writer(id)
        })?
        .filter(|w| w.revoked_at.is_none())
        .ok_or_else(unknown)?;
    authorization.verify(writer.key(), asked.method, &asked.path, &asked.hash)?;
    Ok(MediaOwner::Writer(id))
}
