//! Small things that are kept in numbers, compressed one by one or a segment at a time: a method byte, and the bytes as the
//! method wrote them. Both databases keep them so.
//!
//! The dictionary is data of this crate, made by `cargo xtask dictionary --rows` out of made-up days. A released one is
//! frozen under its method; a better one gets the next.

use std::cell::RefCell;
use std::sync::OnceLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::CParameter;

use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::wire;

use super::{StoreError, StoreResult};

/// The bytes as they are.
const STORED: u8 = 0;
/// The length of the content (LEB128), and one zstd frame with dictionary 1, without its magic number, the dictionary's and
/// the content's size.
const DICTIONARY_1: u8 = 1;

const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
const DICTIONARY: &[u8] = include_bytes!("../../data/rows-1.zstd");
/// Higher levels gain a hundredth and take a multiple of the time.
const LEVEL: i32 = 7;
/// What the relay keeps under one method byte is never longer.
const MOST: usize = 64 << 20;

thread_local! {
    static PACK: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static OPEN: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// `bytes` as they are kept.
pub(in crate::store) fn squeeze(bytes: &[u8]) -> StoreResult<Vec<u8>> {
    let frame = PACK
        .with_borrow_mut(|kept| match kept {
            Some(packer) => packer.compress(bytes),
            None => kept.insert(packer()?).compress(bytes),
        })
        .map_err(failed)?;
    let frame = frame.get(MAGIC.len()..).unwrap_or_default();
    let mut out = Vec::with_capacity(frame.len() + 6);
    if frame.len() + 5 < bytes.len() {
        out.push(DICTIONARY_1);
        put_number(&mut out, bytes.len() as u64);
        out.extend_from_slice(frame);
    } else {
        out.push(STORED);
        out.extend_from_slice(bytes);
    }
    Ok(out)
}

/// What [`squeeze`] was given.
///
/// # Errors
/// [`StoreError::Corrupt`] if it never was, or by a later version.
pub fn unfold(kept: &[u8]) -> StoreResult<Vec<u8>> {
    let (&method, mut rest) = kept.split_first().ok_or_else(|| corrupt("no bytes"))?;
    match method {
        STORED => Ok(rest.to_vec()),
        DICTIONARY_1 => {
            let length = number(&mut rest)
                .and_then(|n| usize::try_from(n).ok())
                .filter(|n| *n <= MOST)
                .ok_or_else(|| corrupt("its length"))?;
            let frame = [&MAGIC, rest].concat();
            let out = OPEN
                .with_borrow_mut(|kept| match kept {
                    Some(opener) => opener.decompress(&frame, length),
                    None => kept.insert(opener()?).decompress(&frame, length),
                })
                .map_err(failed)?;
            match out.len() == length {
                true => Ok(out),
                false => Err(corrupt("its length")),
            }
        }
        other => Err(corrupt(&format!("method {other}"))),
    }
}

/// A receipt as it is kept.
pub(in crate::store) fn receipt(receipt: &SignedReceipt) -> StoreResult<Vec<u8>> {
    squeeze(&wire::encode(receipt))
}

/// What [`receipt`] was given. Earlier versions kept the CBOR itself, which begins with an array.
pub(in crate::store) fn open_receipt(kept: &[u8]) -> StoreResult<SignedReceipt> {
    const ARRAY: u8 = 0x80;
    match kept.first() {
        Some(&first) if first >= ARRAY => Ok(wire::decode("receipt", kept)?),
        _ => Ok(wire::decode("receipt", &unfold(kept)?)?),
    }
}

fn packer() -> std::io::Result<Compressor<'static>> {
    static READ: OnceLock<EncoderDictionary<'static>> = OnceLock::new();
    let dictionary = READ.get_or_init(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
    let mut packer = Compressor::with_prepared_dictionary(dictionary)?;
    packer.set_parameter(CParameter::DictIdFlag(false))?;
    packer.set_parameter(CParameter::ContentSizeFlag(false))?;
    Ok(packer)
}

fn opener() -> std::io::Result<Decompressor<'static>> {
    static READ: OnceLock<DecoderDictionary<'static>> = OnceLock::new();
    let dictionary = READ.get_or_init(|| DecoderDictionary::copy(DICTIONARY));
    Decompressor::with_prepared_dictionary(dictionary)
}

/// Appends an unsigned LEB128.
pub(in crate::store) fn put_number(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Takes an unsigned LEB128 from the front.
pub(in crate::store) fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

fn failed(error: std::io::Error) -> StoreError {
    corrupt(&error.to_string())
}

fn corrupt(why: &str) -> StoreError {
    StoreError::Corrupt(format!("something kept small does not open: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_small_comes_back_whatever_it_is() {
        let text = r#"{"fields":{"met":"MW01","note":"一切都好","purposes":["VP01"]}}"#;
        let noise: Vec<u8> = (0..40_000u32).map(|n| ((n * n) >> 7) as u8).collect();
        for bytes in [&b""[..], b"x", text.as_bytes(), &noise] {
            let kept = squeeze(bytes).unwrap();
            assert!(kept.len() <= bytes.len() + 1);
            assert_eq!(unfold(&kept).unwrap(), bytes);
        }
        assert!(squeeze(text.as_bytes()).unwrap().len() < text.len() * 3 / 4);
    }

    #[test]
    fn nothing_else_is_opened() {
        let text = "户主不在家，改天再来".repeat(9);
        let kept = squeeze(text.as_bytes()).unwrap();
        assert!(unfold(&[]).is_err() && unfold(&[9, 1]).is_err());
        assert!(unfold(&kept[..kept.len() - 1]).is_err());
        let mut longer = kept.clone();
        longer[1] ^= 1;
        assert!(unfold(&longer).is_err());
    }

    #[test]
    fn dictionary_1_is_the_one_that_was_released() {
        assert_eq!(
            xunge_protocol::Hash32::of(DICTIONARY).to_string(),
            "3fe1140ef41ec6abeabe32b473aa91a273c29f5239a4c9c78ef984d0ec7270a3"
        );
    }

    #[test]
    fn numbers_of_all_lengths_come_back() {
        for n in [0, 1, 127, 128, 16_384, u64::MAX >> 1, u64::MAX] {
            let mut out = Vec::new();
            put_number(&mut out, n);
            assert_eq!(number(&mut &out[..]), Some(n));
        }
        assert_eq!(number(&mut &[0x80][..]), None);
    }
}
