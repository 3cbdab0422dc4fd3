//! A reference from a record to a media file: the file's hash, type and size. The file itself travels apart.

use std::fmt;
use std::str::FromStr;

use xunge_protocol::Hash32;

/// A media file by content. As text: `HASH TYPE BYTES`, separated by single spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRef {
    /// SHA-256 of the file's bytes, unencrypted.
    pub hash: Hash32,
    /// Media type, for instance `audio/mp4`.
    pub mime: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// A text that is no media reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a media reference: expected HASH TYPE BYTES")]
pub struct NotMedia;

/// Media types that a record may refer to.
pub const MEDIA_TYPES: [&str; 5] = [
    "audio/mp4",
    "audio/wav",
    "image/jpeg",
    "image/png",
    "audio/webm",
];

impl fmt::Display for MediaRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.hash, self.mime, self.bytes)
    }
}

impl FromStr for MediaRef {
    type Err = NotMedia;
    fn from_str(text: &str) -> Result<Self, NotMedia> {
        let mut parts = text.split(' ');
        let (Some(hash), Some(mime), Some(bytes), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotMedia);
        };
        if !MEDIA_TYPES.contains(&mime) {
            return Err(NotMedia);
        }
        Ok(Self {
            hash: hash.parse().map_err(|_| NotMedia)?,
            mime: mime.into(),
            bytes: bytes.parse().map_err(|_| NotMedia)?,
        })
    }
}
