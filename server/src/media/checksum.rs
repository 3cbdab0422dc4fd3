//! The checksum extension of tus: `Upload-Checksum: ALGORITHM BASE64`, over the bytes of one request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::MediaFailure;

/// The algorithms, as tus lists them.
pub(super) const ALGORITHMS: &str = "sha1,sha256";

/// What the bytes of a request should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checksum {
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
}

impl Checksum {
    /// Reads the header's value.
    pub(super) fn parse(value: &str) -> Result<Self, MediaFailure> {
        let malformed = MediaFailure::Header("upload-checksum");
        let Some((algorithm, digest)) = value.trim().split_once(' ') else {
            return Err(malformed);
        };
        let digest = STANDARD.decode(digest.trim()).map_err(|_| malformed)?;
        match algorithm {
            "sha1" => Ok(Self::Sha1(digest)),
            "sha256" => Ok(Self::Sha256(digest)),
            _ => Err(MediaFailure::ChecksumAlgorithm),
        }
    }

    /// Checks the bytes.
    pub(super) fn check(&self, bytes: &[u8]) -> Result<(), MediaFailure> {
        let same = match self {
            Self::Sha1(digest) => Sha1::digest(bytes).as_slice() == digest.as_slice(),
            Self::Sha256(digest) => Sha256::digest(bytes).as_slice() == digest.as_slice(),
        };
        same.then_some(()).ok_or(MediaFailure::ChecksumMismatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_tus_specification_is_understood() {
        let checksum = Checksum::parse("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=").unwrap();
        assert!(checksum.check(b"hello world").is_ok());
        assert!(checksum.check(b"hello w0rld").is_err());
        assert!(matches!(
            Checksum::parse("crc32 AAAA"),
            Err(MediaFailure::ChecksumAlgorithm)
        ));
        assert!(Checksum::parse("sha1").is_err());
    }
}
