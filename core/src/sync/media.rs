//! Media files, after the records: uploads smallest first, then the recordings of the town's notes, then some of those of
//! the county's dialect, which nobody waits for.
//!
//! Uploads are tus 1.0.0: begin (or find what was begun), send from where the relay stands, and after any cut ask where
//! that is. A file counts as sent only by the relay's signature. Downloads come in ranges that are kept as they come.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xunge_planted::Bug;
use xunge_protocol::Hash32;
use xunge_protocol::media::{MEDIA_PATH, verify_whole};
use xunge_records::MediaRef;

use super::error::SyncError;
use super::signed::authorization;
use super::transport::{Answer, Exchange, Method};
use crate::store::Store;

const RESUMABLE: (&str, &str) = ("tus-resumable", "1.0.0");
const BYTES_OF_AN_UPLOAD: (&str, &str) = ("content-type", "application/offset+octet-stream");
/// A file about which relay and phone disagree so often is left for another sync.
const MOST_DISAGREEMENTS: u32 = 3;

/// Bytes of the county's dialect that one sync fetches. The others come with the next ones.
const MOST_OF_DIALECT: u64 = 512 << 10;

/// One exchange about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaStep {
    media: MediaRef,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Begin an upload, with this many of its bytes.
    Begin(u64),
    /// Ask where an upload stands.
    Ask,
    /// Send these bytes.
    Send { from: u64, to: u64 },
    /// Get these bytes.
    Get { from: u64, to: u64 },
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The file is where it should be.
    Done,
    /// On the way: there is a next step.
    Going,
    /// Not now, for a reason that repeating in this sync does not mend.
    SetAside,
}

/// Where an upload stands, as far as this sync knows; of one that it knows nothing of, it begins.
#[derive(Debug, Clone, Copy)]
enum Standing {
    At(u64),
    Unsure,
}

/// The files of one sync.
#[derive(Debug, Default)]
pub(super) struct Moves {
    standing: BTreeMap<Hash32, Standing>,
    disagreements: BTreeMap<Hash32, u32>,
    aside: BTreeSet<Hash32>,
    /// Bytes of the county's dialect that were asked for.
    dialect: u64,
    /// Those that the relay held in an earlier epoch, and was asked for.
    asked: BTreeSet<Hash32>,
}

impl MediaStep {
    /// Bytes of the file that the step moves.
    pub(super) fn bytes(&self) -> usize {
        let bytes = match self.what {
            What::Begin(bytes) => bytes,
            What::Ask => 0,
            What::Send { from, to } | What::Get { from, to } => to - from,
        };
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    pub(super) fn is_upload(&self) -> bool {
        !matches!(self.what, What::Get { .. })
    }
}

impl Moves {
    /// The next step, with its exchange, if there is one. A step moves at most `budget` bytes.
    pub(super) fn next(
        &mut self,
        store: &Store,
        counter: u64,
        budget: usize,
    ) -> Result<Option<(MediaStep, Exchange)>, SyncError> {
        let budget = budget as u64;
        let free = |media: &MediaRef| !self.aside.contains(&media.hash);
        let step = if let Some(media) = store.media_to_upload()?.into_iter().find(free) {
            let what = match self.standing.get(&media.hash) {
                None if store.was_uploaded(&media.hash)? && self.asked.insert(media.hash) => {
                    What::Ask
                }
                None if media.bytes <= budget => What::Begin(media.bytes),
                None => What::Begin(0),
                Some(Standing::Unsure) => What::Ask,
                Some(Standing::At(from)) => What::Send {
                    from: *from,
                    to: media.bytes.min(from + budget),
                },
            };
            MediaStep { media, what }
        } else if let Some(media) = store.wanted_media()?.into_iter().find(free) {
            get(store, media, budget)?
        } else if self.dialect < MOST_OF_DIALECT
            && let Some(media) = store.wanted_recordings()?.into_iter().find(free)
        {
            let step = get(store, media, budget)?;
            self.dialect += step.bytes() as u64;
            step
        } else {
            return Ok(None);
        };
        let exchange = exchange(store, counter, &step)?;
        Ok(Some((step, exchange)))
    }

    /// The step's exchange was cut: nobody knows how much arrived.
    pub(super) fn cut(&mut self, step: &MediaStep) {
        if step.is_upload() {
            self.standing.insert(step.media.hash, Standing::Unsure);
        }
    }

    /// Takes the answer to `step`.
    pub(super) fn answered(
        &mut self,
        store: &Store,
        step: &MediaStep,
        answer: &Answer,
    ) -> Result<Outcome, SyncError> {
        let hash = step.media.hash;
        let outcome = match step.what {
            What::Get { from, to } => got(store, &step.media, from, to, answer)?,
            what => self.sent(store, &step.media, what, answer)?,
        };
        if outcome == Outcome::SetAside {
            self.aside.insert(hash);
        }
        Ok(outcome)
    }

    fn sent(
        &mut self,
        store: &Store,
        media: &MediaRef,
        what: What,
        answer: &Answer,
    ) -> Result<Outcome, SyncError> {
        let hash = media.hash;
        match (answer.status, answer.upload_offset) {
            (200..300, Some(offset)) if offset == media.bytes => {
                let (identity, _) = store.enrolled()?;
                let proof = answer.whole.as_deref().unwrap_or_default();
                if verify_whole(identity.keys.current(), &hash, media.bytes, proof).is_err() {
                    return Ok(Outcome::SetAside);
                }
                store.mark_uploaded(&hash)?;
                Ok(Outcome::Done)
            }
            (200..300, Some(offset)) if offset < media.bytes => {
                self.standing.insert(hash, Standing::At(offset));
                Ok(Outcome::Going)
            }
            (413, _) if xunge_planted::is_on(Bug::RefusedMediaTakenForSent) => {
                store.mark_uploaded(&hash)?;
                Ok(Outcome::Done)
            }
            // Not there, or not any more: it begins anew.
            (404 | 410, _) => {
                self.standing.remove(&hash);
                Ok(self.disagree(hash))
            }
            // Another attempt of this phone came further.
            (409, _) if what != What::Ask => {
                self.standing.insert(hash, Standing::Unsure);
                Ok(self.disagree(hash))
            }
            _ => Ok(Outcome::SetAside),
        }
    }

    fn disagree(&mut self, hash: Hash32) -> Outcome {
        let count = self.disagreements.entry(hash).or_default();
        *count += 1;
        if *count > MOST_DISAGREEMENTS {
            Outcome::SetAside
        } else {
            Outcome::Going
        }
    }
}

/// The next bytes of a file, at most `budget`.
fn get(store: &Store, media: MediaRef, budget: u64) -> Result<MediaStep, SyncError> {
    let from = store.pieces_end(&media.hash)?;
    let to = media.bytes.min(from + budget);
    Ok(MediaStep {
        media,
        what: What::Get { from, to },
    })
}

/// Keeps what came of a file, and the file once that is all of it.
fn got(
    store: &Store,
    media: &MediaRef,
    from: u64,
    to: u64,
    answer: &Answer,
) -> Result<Outcome, SyncError> {
    let length = answer.body.len() as u64;
    match answer.status {
        206 if length > 0 && length <= to - from => {
            store.keep_piece(&media.hash, from, &answer.body)?;
        }
        // Something between does not know ranges: it is all here.
        200 if length == media.bytes => {
            store.drop_pieces(&media.hash)?;
            store.keep_piece(&media.hash, 0, &answer.body)?;
        }
        _ => return Ok(Outcome::SetAside),
    }
    if store.pieces_end(&media.hash)? < media.bytes {
        return Ok(Outcome::Going);
    }
    // The hash is the proof: a file under another hash is not kept, and comes again another time.
    let kept = store.put_fetched(media, &mut store.pieces(&media.hash));
    store.drop_pieces(&media.hash)?;
    Ok(if kept.is_ok() {
        Outcome::Done
    } else {
        Outcome::SetAside
    })
}

fn exchange(store: &Store, counter: u64, step: &MediaStep) -> Result<Exchange, SyncError> {
    let media = &step.media;
    let mut headers: Vec<(&'static str, String)> = Vec::new();
    let mut add = |(name, value): (&'static str, &str)| headers.push((name, value.to_owned()));
    let mut body = Vec::new();
    let method = match step.what {
        What::Begin(bytes) => {
            add(RESUMABLE);
            add(("upload-length", &media.bytes.to_string()));
            let hash = STANDARD.encode(media.hash.to_string());
            add(("upload-metadata", &format!("hash {hash}")));
            if bytes > 0 {
                add(BYTES_OF_AN_UPLOAD);
                body = store.read_media_range(&media.hash, 0..bytes)?;
            }
            Method::Post
        }
        What::Ask => {
            add(RESUMABLE);
            Method::Head
        }
        What::Send { from, to } => {
            add(RESUMABLE);
            add(("upload-offset", &from.to_string()));
            add(BYTES_OF_AN_UPLOAD);
            body = store.read_media_range(&media.hash, from..to)?;
            Method::Patch
        }
        What::Get { from, to } => {
            let last = to.saturating_sub(1);
            add(("range", &format!("bytes={from}-{last}")));
            Method::Get
        }
    };
    let path = match method {
        Method::Post => MEDIA_PATH.to_owned(),
        _ => format!("{MEDIA_PATH}/{}", media.hash),
    };
    headers.push(authorization(store, method, &path, counter, &media.hash)?);
    Ok(Exchange {
        method,
        path,
        headers,
        body,
        timeout: Duration::ZERO,
    })
}
