//! Media in object storage: S3, or what speaks like it. Address, region and credentials come from the usual `AWS_…`
//! variables of the environment.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload,
    RetryConfig,
};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::timeout;

use super::{Content, Source, Storage, file_error};
use crate::store::{StoreError, StoreResult};
use crate::wait::wait;

/// Bytes that go up at once; no part but the last may be smaller in S3.
const PART: usize = 5 << 20;
/// Bytes that are fetched at once: a piece of a file as it is played, with its seals.
const WINDOW: u64 = 384 << 10;
/// A store that is away is asked again for so long; then the phone comes again.
const PATIENCE: Duration = Duration::from_secs(15);
const MOST_RETRIES: usize = 3;
/// What the client's words for a listing that S3 refuses (4xx: no such bucket, wrong credentials) have in common; it has no
/// kind of error for it.
const REFUSED: &str = "status code: 4";
/// How long a relay that starts waits for the store's first word.
const FIRST_WORD: Duration = Duration::from_secs(5);

pub(super) struct Objects {
    store: Arc<dyn ObjectStore>,
    place: String,
    run: Handle,
    runtime: Option<Runtime>,
}

impl Objects {
    pub(super) fn open(
        bucket: &str,
        prefix: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> StoreResult<Self> {
        let place = format!("s3://{bucket}/{prefix}");
        // The client asks for the process's provider; who set one before has set the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("media-objects")
            .enable_all()
            .build()
            .map_err(|e| file_error(&place, e))?;
        let mut builder = AmazonS3Builder::new();
        for (name, value) in environment {
            // As the libraries of AWS read them; others are somebody else's.
            let name = name.to_ascii_lowercase();
            if name.starts_with("aws_")
                && let Ok(known) = name.parse()
            {
                builder = builder.with_config(known, value);
            }
        }
        let store = builder
            .with_bucket_name(bucket)
            .with_retry(RetryConfig {
                max_retries: MOST_RETRIES,
                retry_timeout: PATIENCE,
                ..RetryConfig::default()
            })
            .build()
            .map_err(|e| file_error(&place, io::Error::other(e)))?;
        Ok(Self {
            store: Arc::new(PrefixStore::new(store, prefix)),
            place,
            run: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    fn error(&self, name: &str, error: object_store::Error) -> StoreError {
        file_error(format!("{}/{name}", self.place), io_error(error))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // May be dropped by async code, which must not wait.
            runtime.shutdown_background();
        }
    }
}

impl Storage for Objects {
    fn put(&self, name: &str, write: Content<'_>) -> StoreResult<()> {
        let mut parts = Parts {
            store: &self.store,
            run: &self.run,
            path: Path::from(name),
            upload: None,
            held: Vec::new(),
        };
        let written = write(&mut parts).and_then(|()| parts.finish());
        if written.is_err()
            && let Some(upload) = &mut parts.upload
        {
            // What stays of it is only lost space, which the bucket's own rules clear away.
            let _ = wait(&self.run, upload.abort());
        }
        written.map_err(|e| file_error(format!("{}/{name}", self.place), e))
    }

    fn open(&self, name: &str) -> StoreResult<Box<dyn Source>> {
        let mut object = Object {
            store: self.store.clone(),
            run: self.run.clone(),
            path: Path::from(name),
            length: 0,
            at: 0,
            held: Vec::new(),
            held_from: 0,
        };
        object
            .fetch()
            .map_err(|e| file_error(format!("{}/{name}", self.place), e))?;
        Ok(Box::new(object))
    }

    fn remove(&self, name: &str) -> StoreResult<()> {
        match wait(&self.run, self.store.delete(&Path::from(name))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.error(name, error)),
        }
    }

    fn names(&self) -> StoreResult<Vec<String>> {
        let listed = self
            .store
            .list(None)
            .map_ok(|object| object.location.to_string())
            .try_collect();
        wait(&self.run, listed).map_err(|e| self.error("", e))
    }

    fn check(&self) -> StoreResult<()> {
        let mut first = self.store.list(None);
        let asked = async { timeout(FIRST_WORD, first.next()).await };
        match wait(&self.run, asked) {
            Ok(Some(Err(error))) => {
                let is_refused = error.to_string().contains(REFUSED);
                let kind = is_refused.then_some(io::ErrorKind::PermissionDenied);
                let error = io_error(error);
                let kind = kind.unwrap_or(error.kind());
                Err(file_error(&self.place, io::Error::new(kind, error)))
            }
            Ok(_) => Ok(()),
            Err(_) => Err(file_error(&self.place, io::ErrorKind::TimedOut.into())),
        }
    }
}

/// Sends a file in parts, or at once if it is small. Nothing is there before [`Self::finish`].
struct Parts<'a> {
    store: &'a Arc<dyn ObjectStore>,
    run: &'a Handle,
    path: Path,
    upload: Option<Box<dyn MultipartUpload>>,
    held: Vec<u8>,
}

impl Parts<'_> {
    fn send(&mut self) -> io::Result<()> {
        let bytes = PutPayload::from(std::mem::take(&mut self.held));
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => {
                let begun = wait(self.run, self.store.put_multipart(&self.path));
                none.insert(begun.map_err(io_error)?)
            }
        };
        wait(self.run, upload.put_part(bytes)).map_err(io_error)
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.upload.is_none() {
            let bytes = PutPayload::from(std::mem::take(&mut self.held));
            let put = wait(self.run, self.store.put(&self.path, bytes));
            return put.map(drop).map_err(io_error);
        }
        if !self.held.is_empty() {
            self.send()?;
        }
        match &mut self.upload {
            Some(upload) => wait(self.run, upload.complete())
                .map(drop)
                .map_err(io_error),
            None => Ok(()),
        }
    }
}

impl Write for Parts<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PART - self.held.len());
        self.held.extend_from_slice(&bytes[..taken]);
        if self.held.len() == PART {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An object that is read range by range.
struct Object {
    store: Arc<dyn ObjectStore>,
    run: Handle,
    path: Path,
    length: u64,
    at: u64,
    held: Vec<u8>,
    held_from: u64,
}

impl Object {
    fn fetch(&mut self) -> io::Result<()> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(self.at..self.at + WINDOW)),
            ..GetOptions::default()
        };
        let fetched = wait(&self.run, async {
            let got = self.store.get_opts(&self.path, options).await?;
            let length = got.meta.size;
            Ok((length, got.bytes().await?))
        });
        let (length, bytes) = fetched.map_err(io_error)?;
        self.length = length;
        (self.held, self.held_from) = (bytes.into(), self.at);
        Ok(())
    }

    /// What is held from here on.
    fn here(&self) -> &[u8] {
        let from = self.at.checked_sub(self.held_from);
        from.and_then(|from| self.held.get(usize::try_from(from).ok()?..))
            .unwrap_or_default()
    }
}

impl Read for Object {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.length || out.is_empty() {
            return Ok(0);
        }
        if self.here().is_empty() {
            self.fetch()?;
        }
        let here = self.here();
        let taken = here.len().min(out.len());
        out[..taken].copy_from_slice(&here[..taken]);
        self.at += taken as u64;
        Ok(taken)
    }
}

impl Seek for Object {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// The error with what lies under it, which says whether the address, the credentials or the bucket are wrong.
fn io_error(error: object_store::Error) -> io::Error {
    let kind = match &error {
        object_store::Error::NotFound { .. } => io::ErrorKind::NotFound,
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
