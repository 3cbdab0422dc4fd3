//! A file encrypted in chunks: `version ‖ (64 KiB of plaintext and a 16-byte tag)…`, the last chunk marked as such, so
//! that no chunk can be dropped, moved or cut off unnoticed.
//!
//! Each file has a random key of its own, used for this file only; so the nonce is just the chunk's number and the mark.
//! Phone and relay keep media so. It knows nothing of where the files and the keys lie.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit as _, Nonce};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

/// Why a file was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is not what was sealed, or the key is another one's.
    #[error("a sealed file is damaged")]
    Damaged,
    /// The cipher refused to work.
    #[error("a chunk could not be sealed")]
    Cipher,
}

/// Encrypts `plain` to its end. `seen` is shown each piece of plaintext.
pub fn seal(
    key: &[u8; 32],
    plain: &mut dyn Read,
    sealed: &mut dyn Write,
    mut seen: impl FnMut(&[u8]),
) -> Result<(), SealError> {
    let cipher = ChaCha20Poly1305::new(Key::from_slice(key));
    sealed.write_all(&[VERSION])?;
    let mut chunk = read_full(plain, CHUNK)?;
    for number in 0.. {
        // One chunk ahead, to know the last.
        let next = read_full(plain, CHUNK)?;
        let last = next.is_empty();
        seen(&chunk);
        let bytes = cipher
            .encrypt(&nonce(number, last), chunk.as_slice())
            .map_err(|_| SealError::Cipher)?;
        sealed.write_all(&bytes)?;
        if last {
            break;
        }
        chunk = next;
    }
    Ok(())
}

/// Decrypts `sealed` to its end.
pub fn open(key: &[u8; 32], sealed: &mut dyn Read, plain: &mut dyn Write) -> Result<(), SealError> {
    let cipher = ChaCha20Poly1305::new(Key::from_slice(key));
    if read_full(sealed, 1)?.as_slice() != [VERSION] {
        return Err(SealError::Damaged);
    }
    let mut chunk = read_full(sealed, CHUNK + TAG)?;
    for number in 0.. {
        let next = read_full(sealed, CHUNK + TAG)?;
        let last = next.is_empty();
        let bytes = cipher
            .decrypt(&nonce(number, last), chunk.as_slice())
            .map_err(|_| SealError::Damaged)?;
        plain.write_all(&Zeroizing::new(bytes))?;
        if last {
            break;
        }
        chunk = next;
    }
    Ok(())
}

/// Decrypts the bytes `range` of a file that holds `length` bytes, reading only the chunks that hold them.
///
/// # Errors
/// [`SealError::Damaged`] also if the range goes beyond `length`, or `length` is not the file's.
pub fn open_range(
    key: &[u8; 32],
    sealed: &mut (impl Read + Seek),
    length: u64,
    range: Range<u64>,
    plain: &mut dyn Write,
) -> Result<(), SealError> {
    if range.start > range.end || range.end > length {
        return Err(SealError::Damaged);
    }
    let cipher = ChaCha20Poly1305::new(Key::from_slice(key));
    let chunk = CHUNK as u64;
    let last = length.saturating_sub(1) / chunk;
    let mut at = range.start;
    while at < range.end {
        let number = at / chunk;
        sealed.seek(SeekFrom::Start(1 + number * (chunk + TAG as u64)))?;
        let bytes = read_full(sealed, CHUNK + TAG)?;
        let opened = cipher
            .decrypt(&nonce(number, number == last), bytes.as_slice())
            .map(Zeroizing::new)
            .map_err(|_| SealError::Damaged)?;
        let begin = number * chunk;
        let end = range.end.min(begin + opened.len() as u64);
        let wanted = opened
            .get((at - begin) as usize..end.saturating_sub(begin) as usize)
            .filter(|wanted| !wanted.is_empty())
            .ok_or(SealError::Damaged)?;
        plain.write_all(wanted)?;
        at = end;
    }
    Ok(())
}

fn nonce(number: u64, last: bool) -> Nonce {
    let mut bytes = [0u8; 12];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[11] = u8::from(last);
    Nonce::from(bytes)
}

/// Up to `most` bytes; fewer only at the end.
fn read_full(from: &mut dyn Read, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(Vec::new());
    from.take(most as u64).read_to_end(&mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        seal(&[7; 32], &mut &plain[..], &mut out, |_| {}).unwrap();
        out
    }

    fn opened(sealed: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        open(&[7; 32], &mut &sealed[..], &mut out)
            .ok()
            .map(|()| out)
    }

    #[test]
    fn a_file_of_any_length_comes_back() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let plain: Vec<u8> = (0..length).map(|n| n as u8).collect();
            assert_eq!(opened(&sealed(&plain)), Some(plain), "{length}");
        }
    }

    #[test]
    fn a_range_is_what_stands_there_and_a_wrong_length_is_noticed() {
        let length = 2 * CHUNK + 5;
        let plain: Vec<u8> = (0..length).map(|n| (n / 7) as u8).collect();
        let sealed = sealed(&plain);
        let part = |length: usize, from: usize, to: usize| {
            let mut out = Vec::new();
            let mut file = io::Cursor::new(&sealed);
            let range = from as u64..to as u64;
            open_range(&[7; 32], &mut file, length as u64, range, &mut out)
                .ok()
                .map(|()| out)
        };
        for (from, to) in [
            (0, 0),
            (0, 1),
            (5, length),
            (CHUNK - 1, CHUNK + 1),
            (length - 1, length),
        ] {
            assert_eq!(part(length, from, to).as_deref(), Some(&plain[from..to]));
        }
        assert_eq!(part(length, 0, length + 1), None);
        assert_eq!(part(2 * CHUNK, CHUNK, 2 * CHUNK), None);
    }

    #[test]
    fn a_file_that_is_cut_flipped_or_reordered_does_not_open() {
        let whole = sealed(&vec![1u8; 2 * CHUNK + 5]);
        for cut in [0, 1, 20, 1 + CHUNK + TAG, whole.len() - 1] {
            assert_eq!(opened(&whole[..cut]), None, "{cut}");
        }
        let mut flipped = whole.clone();
        flipped[CHUNK] ^= 1;
        assert_eq!(opened(&flipped), None);
        let (a, b) = (1, 1 + CHUNK + TAG);
        let mut swapped = whole.clone();
        swapped[a..b].copy_from_slice(&whole[b..b + CHUNK + TAG]);
        swapped[b..b + CHUNK + TAG].copy_from_slice(&whole[a..b]);
        assert_eq!(opened(&swapped), None);
    }
}
