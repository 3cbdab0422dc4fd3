//! What recordings say of a spoken text: the county's own first, in its dialect. What none says, a shell speaks by the
//! system's voice or by what it carries.

use std::collections::BTreeMap;
use std::sync::Arc;

use xunge_records::MediaRef;
use xunge_records::lists::DialectPack;

use super::error::AppError;
use super::phone::Phone;
use super::session::Session;
use super::view::SpeechPart;
use crate::locale::{Cut, Locale, Phrasebook, cut};

/// A county's recordings, read once.
pub(super) struct Dialect {
    locale: Locale,
    book: Phrasebook,
    files: BTreeMap<String, MediaRef>,
}

impl Phone {
    /// Cuts `text` into parts that recordings say, and the names and other words between them. Paths are those of the
    /// county's recordings that have arrived, decrypted until `lock`; while locked there are none.
    pub fn speech(&self, text: &str) -> Result<Vec<SpeechPart>, AppError> {
        let locale = self.locale();
        let session = self.state().session.clone();
        let dialect = match &session {
            Some(session) => session.dialect(locale)?,
            None => None,
        };
        let built_in = Phrasebook::of(locale);
        let cuts = match &dialect {
            Some(dialect) => cut(text, &[&dialect.book, built_in], locale),
            None => cut(text, &[built_in], locale),
        };
        let mut parts = Vec::with_capacity(cuts.len());
        for Cut { text, keys } in cuts {
            let recordings = match (&session, &dialect) {
                (Some(session), Some(dialect)) => self.recordings(session, dialect, &keys)?,
                _ => Vec::new(),
            };
            parts.push(SpeechPart {
                text: text.to_owned(),
                keys,
                recordings,
            });
        }
        Ok(parts)
    }

    /// Paths of the recordings of all `keys`; none if one is missing.
    fn recordings(
        &self,
        session: &Session,
        dialect: &Dialect,
        keys: &[String],
    ) -> Result<Vec<String>, AppError> {
        let mut paths = Vec::with_capacity(keys.len());
        for key in keys {
            let path = match dialect.files.get(key) {
                Some(media) => self.played(session, media)?,
                None => None,
            };
            match path {
                Some(path) => paths.push(path),
                None => return Ok(Vec::new()),
            }
        }
        Ok(paths)
    }
}

impl Session {
    /// The county's recordings in a language; none if it has none.
    fn dialect(&self, locale: Locale) -> Result<Option<Arc<Dialect>>, AppError> {
        let mut kept = self.dialect.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(dialect) = kept.as_ref().filter(|d| d.locale == locale) {
            return Ok(Some(dialect.clone()));
        }
        let name = DialectPack::resource_name(locale.tag());
        let Some(resource) = self.store.resource(&name)? else {
            return Ok(None);
        };
        // A pack that the county got wrong must not silence the phone.
        let pack = DialectPack::parse(&resource.content).unwrap_or_else(|error| {
            tracing::warn!(%error, "the county's recordings are not used");
            DialectPack::default()
        });
        let files = pack
            .recordings
            .iter()
            .filter_map(|recording| Some((recording.key.clone(), recording.media.parse().ok()?)));
        let files: BTreeMap<String, MediaRef> = files.collect();
        let words = pack.recordings.into_iter().map(|r| (r.key, r.words));
        let dialect = Arc::new(Dialect {
            locale,
            book: Phrasebook::new(words),
            files,
        });
        *kept = Some(dialect.clone());
        Ok(Some(dialect))
    }
}
