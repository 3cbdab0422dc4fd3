//! Whether a file that the shell hands over is the sound or picture that was asked for, by its first bytes.

use std::fs::File;
use std::io::Read;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// `audio/mp4` or PCM WAV.
    Sound,
    /// JPEG or PNG.
    Picture,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFault {
    /// There is none, or it cannot be read.
    Missing,
    /// It has no bytes.
    Empty,
    /// It is something else.
    Type,
}

/// Media type of a file that begins with `head` (16 bytes are enough), if a record may refer to it.
pub fn media_type(head: &[u8]) -> Option<&'static str> {
    let at = |start: usize, magic: &[u8]| head.get(start..start + magic.len()) == Some(magic);
    if at(4, b"ftyp") {
        Some("audio/mp4")
    } else if at(0, b"RIFF") && at(8, b"WAVE") {
        Some("audio/wav")
    } else if at(0, &[0xff, 0xd8, 0xff]) {
        Some("image/jpeg")
    } else if at(0, b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else {
        None
    }
}

/// Reads the first bytes of the file at `path`.
pub(super) fn inspect(path: &str, kind: FileKind) -> Result<(), FileFault> {
    let file = File::open(path).map_err(|_| FileFault::Missing)?;
    let mut head = Vec::new();
    file.take(16)
        .read_to_end(&mut head)
        .map_err(|_| FileFault::Missing)?;
    let wanted = match kind {
        FileKind::Sound => "audio/",
        FileKind::Picture => "image/",
    };
    match media_type(&head) {
        _ if head.is_empty() => Err(FileFault::Empty),
        Some(mime) if mime.starts_with(wanted) => Ok(()),
        _ => Err(FileFault::Type),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_first_bytes_and_not_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let wav = write("a.jpg", b"RIFF\0\0\0\0WAVEfmt ");
        let png = write("b.wav", b"\x89PNG\r\n\x1a\n....");
        assert_eq!(inspect(&wav, FileKind::Sound), Ok(()));
        assert_eq!(inspect(&wav, FileKind::Picture), Err(FileFault::Type));
        assert_eq!(inspect(&png, FileKind::Picture), Ok(()));
        assert_eq!(
            inspect(&write("c", b""), FileKind::Sound),
            Err(FileFault::Empty)
        );
        assert_eq!(
            inspect("/no/such/file", FileKind::Sound),
            Err(FileFault::Missing)
        );
    }
}
