//! Media files: sent by the tus resumable upload protocol, named by the SHA-256 of their content, sealed on disk.
//!
//! An upload under way lies in the store, part by part, so that its bytes and its offset are durable together and every
//! node sees them; when its last byte is there, the whole is hashed, sealed into a file of its own, and only then has a
//! row by which records show it. Nothing here knows of records.

mod checksum;
mod failure;
mod files;
pub mod http;
mod identity;
mod serve;
pub mod storage;
mod tus;
mod upload;

pub use failure::MediaFailure;
pub use files::{keep, read_all, remove_file};
pub use serve::serve;

/// The media type that a file's first bytes say, whatever its sender calls it.
pub fn media_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "audio/mp4",
        _ if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE") => "audio/wav",
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "audio/webm",
        _ => "application/octet-stream",
    }
}
