//! Media files that are whole, and uploads on their way to that. The bytes of whole files lie outside the store.

use xunge_protocol::{Hash32, Timestamp, WriterId};
use zeroize::Zeroizing;

use super::StoreResult;

/// Who sent a file. Uploads under way are seen by their owner alone, and quotas are counted for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaOwner {
    /// A phone.
    Writer(WriterId),
    /// A program, by the fingerprint of its token.
    Program(Hash32),
    /// Somebody at the console.
    Console,
}

impl MediaOwner {
    /// As it stands in the store: 8, 32 or no bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Writer(writer) => &writer.0,
            Self::Program(fingerprint) => &fingerprint.0,
            Self::Console => &[],
        }
    }

    /// Reads [`Self::bytes`]; none for another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::Console);
        }
        let writer = bytes.try_into().map(|b| Self::Writer(WriterId(b)));
        writer
            .or_else(|_| bytes.try_into().map(|b| Self::Program(Hash32(b))))
            .ok()
    }
}

/// A media file that is whole on disk.
#[derive(Debug, Clone)]
pub struct MediaRow {
    /// SHA-256 of its content.
    pub hash: Hash32,
    /// Media type.
    pub mime: String,
    /// Size of the content in bytes.
    pub bytes: u64,
    /// Who sent it first.
    pub owner: MediaOwner,
    /// Name of the sealed file.
    pub file: String,
    /// Key of the sealed file, of no other.
    pub key: Zeroizing<[u8; 32]>,
    /// Since when.
    pub created_at: Timestamp,
}

/// An upload.
#[derive(Debug, Clone)]
pub struct UploadRow {
    /// Whose.
    pub owner: MediaOwner,
    /// Its name in the address: a phone's is the file's hash, a program's is random.
    pub name: Hash32,
    /// The hash that the sender says the file has.
    pub claimed: Option<Hash32>,
    /// Length of the whole file.
    pub length: u64,
    /// Bytes that are durable; the offset to go on from.
    pub received: u64,
    /// The file's hash, once it is whole and checked.
    pub hash: Option<Hash32>,
    /// Forgotten after this.
    pub expires_at: Timestamp,
}

/// Media in a transaction.
pub trait MediaFiles {
    /// A whole file.
    fn media(&self, hash: Hash32) -> StoreResult<Option<MediaRow>>;
    /// Notes a whole file. False, and nothing happens, if its content is known already.
    fn insert_media(&self, row: &MediaRow) -> StoreResult<bool>;
    /// Forgets a whole file, and gives its row, by which the sealed file can be removed.
    fn delete_media(&self, hash: Hash32) -> StoreResult<Option<MediaRow>>;

    /// Bytes that an owner has sent since `since`, and those announced by its uploads under way.
    fn media_bytes_of(&self, owner: MediaOwner, since: Timestamp) -> StoreResult<u64>;

    /// An upload, expired or not.
    fn upload(&self, owner: MediaOwner, name: Hash32) -> StoreResult<Option<UploadRow>>;
    /// Begins an upload, in place of one of the same name.
    fn insert_upload(&self, row: &UploadRow) -> StoreResult<()>;
    /// Adds bytes behind the first `at` ones. False, and nothing happens, if that is not where the upload stands.
    fn append_upload(
        &self,
        owner: MediaOwner,
        name: Hash32,
        at: u64,
        content: &[u8],
        expires_at: Timestamp,
    ) -> StoreResult<bool>;
    /// The bytes of an upload that were added at `start`; none at its end.
    fn upload_part(
        &self,
        owner: MediaOwner,
        name: Hash32,
        start: u64,
    ) -> StoreResult<Option<Vec<u8>>>;
    /// The upload is whole, as the file `hash`: its parts are dropped.
    fn finish_upload(&self, owner: MediaOwner, name: Hash32, hash: Hash32) -> StoreResult<()>;
    /// Drops an upload with its parts.
    fn delete_upload(&self, owner: MediaOwner, name: Hash32) -> StoreResult<()>;
    /// Drops the uploads that expired before `now`.
    fn delete_expired_uploads(&self, now: Timestamp) -> StoreResult<()>;
}
