//! Small recordings and pictures, made from a number so that no two are alike. Nobody's voice, nobody's face.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;

/// Samples a second of a recording.
const RATE: u32 = 8_000;

/// Writes a mono 8 kHz 16-bit PCM WAV of a fifth of a second into `dir`; its pitch and name follow `seed`.
pub fn recording(dir: &Path, seed: u64) -> Outcome<PathBuf> {
    let path = dir.join(format!("voice-{seed:016x}.wav"));
    fs::write(&path, wav(seed, RATE / 5))?;
    Ok(path)
}

/// Like [`recording`], of so many seconds: 16,000 bytes each.
pub fn long_recording(dir: &Path, seed: u64, seconds: u32) -> Outcome<PathBuf> {
    let path = dir.join(format!("long-{seed:016x}.wav"));
    fs::write(&path, wav(seed, RATE * seconds))?;
    Ok(path)
}

/// Writes a grey JPEG of 64 × 64 pixels into `dir`; its comment and name follow `seed`.
pub fn picture(dir: &Path, seed: u64) -> Outcome<PathBuf> {
    let path = dir.join(format!("photo-{seed:016x}.jpg"));
    fs::write(&path, jpeg(seed))?;
    Ok(path)
}

fn wav(seed: u64, samples: u32) -> Vec<u8> {
    let pitch = 200.0 + (seed % 4_001) as f64 / 10.0;
    let mut out = Vec::with_capacity(44 + 2 * samples as usize);
    out.extend(b"RIFF");
    out.extend((36 + 2 * samples).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16u32.to_le_bytes());
    for short in [1u16, 1] {
        out.extend(short.to_le_bytes());
    }
    out.extend(RATE.to_le_bytes());
    out.extend((2 * RATE).to_le_bytes());
    for short in [2u16, 16] {
        out.extend(short.to_le_bytes());
    }
    out.extend(b"data");
    out.extend((2 * samples).to_le_bytes());
    for i in 0..samples {
        let phase = f64::from(i) / f64::from(RATE) * pitch * std::f64::consts::TAU;
        out.extend(((phase.sin() * 8_000.0) as i16).to_le_bytes());
    }
    out
}

/// A baseline JPEG whose only Huffman codes are "no difference" and "end of block": one bit each, so 64 grey blocks
/// are 16 zero bytes.
fn jpeg(seed: u64) -> Vec<u8> {
    let mut out = vec![0xff, 0xd8];
    let mut part = |marker: u8, body: &[u8]| {
        out.extend([0xff, marker]);
        out.extend((body.len() as u16 + 2).to_be_bytes());
        out.extend(body);
    };
    part(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    part(0xfe, format!("synthetic {seed:016x}").as_bytes());
    let mut table = [1u8; 65];
    table[0] = 0;
    part(0xdb, &table);
    part(0xc0, &[8, 0, 64, 0, 64, 1, 1, 0x11, 0]);
    let mut codes = [0u8; 18];
    codes[1] = 1;
    part(0xc4, &codes);
    codes[0] = 0x10;
    part(0xc4, &codes);
    part(0xda, &[1, 1, 0, 0, 63, 0]);
    out.extend([0; 16]);
    out.extend([0xff, 0xd9]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seeds_make_two_files_and_one_seed_the_same_file() {
        for make in [|seed| wav(seed, 800), jpeg] {
            assert_eq!(make(7), make(7));
            assert_ne!(make(7), make(8));
        }
    }

    #[test]
    fn the_recording_says_its_own_length() {
        let bytes = wav(1, 800);
        let said = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
        assert_eq!(said as usize + 8, bytes.len());
    }
}
