//! Where sealed media lie: in a folder, or in object storage that any number of nodes share. Knows nothing of what is in
//! them, and of no database. Blocks.

mod folder;
mod objects;

use std::fmt;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use crate::store::{StoreError, StoreResult};

/// A sealed file that is read from wherever its reader likes.
pub trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

/// Writes the content of a file.
pub type Content<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

/// Files by name. A name is `AB/ABCD…`: one of 256 folders, so that none grows too large to list.
pub trait Storage: Send + Sync {
    /// Keeps what `write` gives as the file `name`. It is whole and durable when this returns, or not there.
    fn put(&self, name: &str, write: Content<'_>) -> StoreResult<()>;
    /// The file `name`.
    fn open(&self, name: &str) -> StoreResult<Box<dyn Source>>;
    /// Removes the file `name`; one that is not there is no error.
    fn remove(&self, name: &str) -> StoreResult<()>;
    /// The names of all files.
    fn names(&self) -> StoreResult<Vec<String>>;
    /// Asks whether files can be kept here. `NotFound` and `PermissionDenied` are an operator's mistake; whatever else
    /// goes wrong may be over in a moment.
    fn check(&self) -> StoreResult<()>;
}

/// Where an operator wants the media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaPlace {
    /// In a folder.
    Folder(PathBuf),
    /// In a bucket of S3 or what speaks like it, under a prefix that may be empty.
    Bucket {
        /// Its name.
        bucket: String,
        /// What all names begin with.
        prefix: String,
    },
}

impl FromStr for MediaPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::Folder(text.into()));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        match scheme {
            "s3" if !bucket.is_empty() => Ok(Self::Bucket {
                bucket: bucket.into(),
                prefix: prefix.trim_matches('/').into(),
            }),
            "s3" => Err("names no bucket: expected s3://BUCKET/PREFIX".into()),
            other => Err(format!(
                "{other}:// is not known: name a folder that all nodes share, or s3://BUCKET/PREFIX"
            )),
        }
    }
}

impl fmt::Display for MediaPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

impl MediaPlace {
    /// The files there. Nothing is asked of a bucket yet.
    pub fn open(&self) -> StoreResult<Arc<dyn Storage>> {
        Ok(match self {
            Self::Folder(folder) => in_folder(folder),
            Self::Bucket { bucket, prefix } => in_bucket(bucket, prefix, environment())?,
        })
    }
}

/// The variables of this process that are text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The files of a folder.
pub fn in_folder(folder: &Path) -> Arc<dyn Storage> {
    Arc::new(folder::Folder::at(folder))
}

/// The files of a bucket, under `prefix`; where and as whom it is reached say the `AWS_…` variables of `environment`.
pub fn in_bucket(
    bucket: &str,
    prefix: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> StoreResult<Arc<dyn Storage>> {
    Ok(Arc::new(objects::Objects::open(
        bucket,
        prefix,
        environment,
    )?))
}

fn file_error(place: impl fmt::Display, source: io::Error) -> StoreError {
    StoreError::File {
        path: place.to_string(),
        source,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_bucket_with_a_prefix_and_nothing_else() {
        let bucket = |prefix: &str| MediaPlace::Bucket {
            bucket: "county".into(),
            prefix: prefix.into(),
        };
        for (text, place) in [
            ("/srv/media", MediaPlace::Folder("/srv/media".into())),
            ("s3://county", bucket("")),
            ("s3://county/", bucket("")),
            ("s3://county/a/b/", bucket("a/b")),
        ] {
            assert_eq!(text.parse(), Ok(place), "{text}");
        }
        for text in ["s3://", "s3:///a", "gs://county"] {
            assert!(text.parse::<MediaPlace>().is_err(), "{text}");
        }
    }
}
