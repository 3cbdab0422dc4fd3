//! CBOR encoding of messages, and the one error for bytes that are not what they should be.

/// Why bytes from outside were not accepted as a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The bytes end early, are no CBOR, or have the wrong shape.
    #[error("malformed {what}: {why}")]
    Malformed {
        /// Name of the expected message.
        what: &'static str,
        /// What the decoder said.
        why: String,
    },
    /// Something larger than this version takes.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// Name of the expected message.
        what: &'static str,
        /// The cap.
        limit: usize,
    },
    /// A format version from the future.
    #[error("{what} has version {version}, which this program does not know")]
    UnknownVersion {
        /// Name of the expected message.
        what: &'static str,
        /// The version byte found.
        version: u8,
    },
    /// A cipher suite this version does not know.
    #[error("unknown cipher suite {0}")]
    UnknownSuite(u8),
    /// A signature that does not verify, or a hash that does not match.
    #[error("{what} is not authentic")]
    NotAuthentic {
        /// What was checked.
        what: &'static str,
    },
}

/// `value` as CBOR.
pub fn encode<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to a `Vec` cannot fail: its error type is uninhabited.
    let _ = minicbor::encode(value, &mut out);
    out
}

/// The `T` in `bytes`, which must hold nothing else.
pub fn decode<'b, T: minicbor::Decode<'b, ()>>(
    what: &'static str,
    bytes: &'b [u8],
) -> Result<T, WireError> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let value = decoder.decode().map_err(|e| WireError::Malformed {
        what,
        why: e.to_string(),
    })?;
    if decoder.position() != bytes.len() {
        return Err(WireError::Malformed {
            what,
            why: "bytes after the end".into(),
        });
    }
    Ok(value)
}

/// Frames refer back at most 4 MiB, so that a reader needs no more memory than that, whatever a frame says.
pub(crate) const WINDOW_LOG: u32 = 22;

/// `bytes` compressed by zstd at `level`, at most 15: above, frames refer back further than readers allow.
pub fn compress(bytes: &[u8], level: i32) -> Result<Vec<u8>, WireError> {
    zstd::bulk::compress(bytes, level).map_err(|e| WireError::Malformed {
        what: "zstd frame",
        why: e.to_string(),
    })
}

/// The content of one zstd frame, at most `limit` bytes.
///
/// The buffer grows with the content, never with the size that the frame claims.
pub fn decompress(what: &'static str, bytes: &[u8], limit: usize) -> Result<Vec<u8>, WireError> {
    use std::io::Read as _;
    let malformed = |e: std::io::Error| WireError::Malformed {
        what,
        why: e.to_string(),
    };
    let mut decoder = zstd::stream::read::Decoder::new(bytes).map_err(malformed)?;
    decoder.window_log_max(WINDOW_LOG).map_err(malformed)?;
    let mut out = Vec::new();
    decoder
        .take(limit as u64 + 1)
        .read_to_end(&mut out)
        .map_err(malformed)?;
    if out.len() > limit {
        return Err(WireError::TooLarge { what, limit });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zip_bomb_stops_at_the_limit() {
        let bomb = compress(&vec![0u8; 4 << 20], 3).unwrap();
        assert!(bomb.len() < 1000);
        assert_eq!(
            decompress("body", &bomb, 1 << 20),
            Err(WireError::TooLarge {
                what: "body",
                limit: 1 << 20
            })
        );
        assert_eq!(decompress("body", &bomb, 4 << 20).unwrap().len(), 4 << 20);
    }

    #[test]
    fn bytes_after_the_end_are_malformed() {
        assert!(decode::<u8>("number", &[1]).is_ok());
        assert!(decode::<u8>("number", &[1, 2]).is_err());
    }
}
