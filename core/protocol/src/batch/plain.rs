//! Segments as plain CBOR inside a byte string: a batch of version 0, as a message encodes it where nothing packs it.

use minicbor::decode::Error;
use minicbor::encode::Write;
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::PLAIN;
use crate::wire;

/// Version byte and CBOR.
pub(super) fn bytes<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut out = vec![PLAIN];
    out.extend_from_slice(&wire::encode(value));
    out
}

/// For `#[cbor(with = …)]`.
pub(crate) fn encode<C, T: Encode<()>, W: Write>(
    value: &T,
    e: &mut Encoder<W>,
    _: &mut C,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    e.bytes(&bytes(value))?.ok()
}

/// For `#[cbor(with = …)]`.
pub(crate) fn decode<'b, C, T: Decode<'b, ()>>(d: &mut Decoder<'b>, _: &mut C) -> Result<T, Error> {
    let at = d.position();
    match d.bytes()?.split_first() {
        Some((&PLAIN, cbor)) => {
            wire::decode("segments", cbor).map_err(|_| Error::message("segments").at(at))
        }
        _ => Err(Error::message("segments are packed").at(at)),
    }
}
