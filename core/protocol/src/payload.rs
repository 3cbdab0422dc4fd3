//! Payloads of envelopes: a method byte, and the bytes as the method wrote them. The shortest of the methods is taken.

use std::io::Read as _;
use std::sync::OnceLock;

use zstd::bulk::Compressor;
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::stream::read::Decoder;
use zstd::zstd_safe::CParameter;

use crate::wire::{self, WireError};

/// The bytes as they are.
const STORED: u8 = 0;
/// One zstd frame with dictionary 1, without its magic number and the dictionary's.
const DICTIONARY_1: u8 = 1;
/// One zstd frame.
const FRAME: u8 = 2;

const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
/// Longer payloads gain nothing from a dictionary, and the highest level takes too long for them.
const MOST_WITH_DICTIONARY: usize = 128 << 10;
const HIGHEST_LEVEL: i32 = 19;
const LEVEL: i32 = 9;
const DICTIONARY: &[u8] = include_bytes!("../data/batch-1.zstd");

/// `bytes` as a payload.
pub(crate) fn pack(bytes: &[u8]) -> Result<Vec<u8>, WireError> {
    let (method, packed) = if bytes.len() > MOST_WITH_DICTIONARY {
        (FRAME, wire::compress(bytes, LEVEL)?)
    } else {
        (DICTIONARY_1, with_dictionary(bytes).map_err(failed)?)
    };
    let (method, packed) = if packed.len() < bytes.len() {
        (method, packed.as_slice())
    } else {
        (STORED, bytes)
    };
    let mut out = Vec::with_capacity(1 + packed.len());
    out.push(method);
    out.extend_from_slice(packed);
    Ok(out)
}

fn with_dictionary(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    static READ: OnceLock<EncoderDictionary<'static>> = OnceLock::new();
    let dictionary = READ.get_or_init(|| EncoderDictionary::copy(DICTIONARY, HIGHEST_LEVEL));
    let mut compressor = Compressor::with_prepared_dictionary(dictionary)?;
    compressor.set_parameter(CParameter::DictIdFlag(false))?;
    let mut frame = compressor.compress(bytes)?;
    frame.drain(..MAGIC.len().min(frame.len()));
    Ok(frame)
}

/// What [`pack`] packed, at most `limit` bytes.
pub(crate) fn open(what: &'static str, payload: &[u8], limit: usize) -> Result<Vec<u8>, WireError> {
    let (&method, rest) = payload.split_first().ok_or(WireError::Malformed {
        what,
        why: "no payload".into(),
    })?;
    let out = match method {
        STORED if rest.len() > limit => return Err(WireError::TooLarge { what, limit }),
        STORED => return Ok(rest.to_vec()),
        DICTIONARY_1 => {
            static READ: OnceLock<DecoderDictionary<'static>> = OnceLock::new();
            let dictionary = READ.get_or_init(|| DecoderDictionary::copy(DICTIONARY));
            let frame = MAGIC.as_slice().chain(rest);
            let mut decoder =
                Decoder::with_prepared_dictionary(frame, dictionary).map_err(failed)?;
            decoder.window_log_max(wire::WINDOW_LOG).map_err(failed)?;
            let mut out = Vec::new();
            decoder
                .take(limit as u64 + 1)
                .read_to_end(&mut out)
                .map_err(failed)?;
            out
        }
        FRAME => return wire::decompress(what, rest, limit),
        version => return Err(WireError::UnknownVersion { what, version }),
    };
    if out.len() > limit {
        return Err(WireError::TooLarge { what, limit });
    }
    Ok(out)
}

fn failed(error: std::io::Error) -> WireError {
    WireError::Malformed {
        what: "payload",
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_comes_back_whatever_its_length() {
        for length in [0, 1, 40, 5_000, 300_000] {
            let bytes: Vec<u8> = (0..length).map(|n: u32| (n % 7) as u8).collect();
            let packed = pack(&bytes).unwrap();
            assert!(packed.len() <= bytes.len() + 1);
            assert_eq!(open("payload", &packed, 1 << 20).unwrap(), bytes);
        }
    }

    #[test]
    fn a_payload_that_unfolds_to_too_much_stops_at_the_limit() {
        for length in [100_000, 4 << 20] {
            let packed = pack(&vec![0; length]).unwrap();
            assert!(packed.len() < 1_000);
            let refused = open("payload", &packed, 50_000);
            assert!(
                matches!(refused, Err(WireError::TooLarge { .. })),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn dictionary_1_is_the_one_that_was_released() {
        let hash = crate::ids::Hash32::of(DICTIONARY);
        assert_eq!(
            hash.to_string(),
            "93c31072e427dd41ee386157cf5024d92f7e621a2c1e0876902ee7a694c645a1"
        );
    }

    #[test]
    fn no_method_from_the_future_and_no_empty_payload_is_opened() {
        assert!(open("payload", &[], 10).is_err());
        assert!(open("payload", &[9, 1, 2], 10).is_err());
        assert!(open("payload", &[DICTIONARY_1, 1, 2], 10).is_err());
    }
}
