//! Media files, after the records: uploads smallest first, then the recordings of the town's notes.

use std::collections::BTreeSet;
use std::time::Duration;

use xunge_protocol::media::authorize;
use xunge_protocol::{Hash32, SecretKey, WriterId};
use xunge_records::MediaRef;

use super::error::SyncError;
use super::transport::{Answer, Exchange, Method};
use crate::store::Store;

/// One file on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MediaStep {
    /// To the relay.
    Upload(MediaRef),
    /// From the relay.
    Download(MediaRef),
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is where it should be.
    Done,
    /// Not now, for a reason that repeating in this sync does not mend.
    SetAside,
}

impl MediaStep {
    fn media(&self) -> &MediaRef {
        match self {
            Self::Upload(media) | Self::Download(media) => media,
        }
    }

    pub(super) fn hash(&self) -> Hash32 {
        self.media().hash
    }

    pub(super) fn bytes(&self) -> usize {
        usize::try_from(self.media().bytes).unwrap_or(usize::MAX)
    }

    pub(super) fn is_upload(&self) -> bool {
        matches!(self, Self::Upload(_))
    }
}

/// The next file to move, with its exchange, if there is one.
pub(super) fn next(
    store: &Store,
    counter: u64,
    aside: &BTreeSet<Hash32>,
) -> Result<Option<(MediaStep, Exchange)>, SyncError> {
    let (identity, me) = store.enrolled()?;
    if let Some(media) = store
        .media_to_upload()?
        .into_iter()
        .find(|m| !aside.contains(&m.hash))
    {
        let body = store.read_media(&media.hash)?;
        let exchange = exchange(
            &identity.key,
            me.writer,
            Method::Put,
            media.hash,
            counter,
            body,
        );
        return Ok(Some((MediaStep::Upload(media), exchange)));
    }
    if let Some(media) = store
        .wanted_media()?
        .into_iter()
        .find(|m| !aside.contains(&m.hash))
    {
        let exchange = exchange(
            &identity.key,
            me.writer,
            Method::Get,
            media.hash,
            counter,
            Vec::new(),
        );
        return Ok(Some((MediaStep::Download(media), exchange)));
    }
    Ok(None)
}

fn exchange(
    key: &SecretKey,
    writer: WriterId,
    method: Method,
    hash: Hash32,
    counter: u64,
    body: Vec<u8>,
) -> Exchange {
    let path = format!("/media/v1/{hash}");
    let authorization = authorize(key, writer, method.name(), &path, counter, &hash);
    Exchange {
        method,
        path,
        authorization: Some(authorization),
        body,
        timeout: Duration::ZERO,
    }
}

/// Takes the answer to `step`.
pub(super) fn answered(
    store: &Store,
    step: &MediaStep,
    answer: &Answer,
) -> Result<Outcome, SyncError> {
    match step {
        MediaStep::Upload(media) if (200..300).contains(&answer.status) => {
            store.mark_uploaded(&media.hash)?;
            Ok(Outcome::Done)
        }
        // The hash is the proof: a file under another hash is not kept.
        MediaStep::Download(media)
            if answer.status == 200 && Hash32::of(&answer.body) == media.hash =>
        {
            store.put_fetched(media, &mut answer.body.as_slice())?;
            Ok(Outcome::Done)
        }
        _ => Ok(Outcome::SetAside),
    }
}
