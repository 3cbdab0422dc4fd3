//! A change: the bytes of an entry.

use xunge_protocol::{Hash32, RecordId, WriterId};
use xunge_records::guard::check_in;
use xunge_records::{Document, Kind, check_change};

/// The input as a change, and as the content of one with a right head and checksum.
pub(crate) fn guard(bytes: &[u8]) {
    judge(bytes);
    judge(&chunk(bytes));
}

/// What passes the guard is what it was, fits a scratch document or is refused by it, and takes effect once.
fn judge(bytes: &[u8]) {
    let Ok(change) = check_change(bytes) else {
        return;
    };
    assert_eq!(change.bytes(), bytes, "the guard changes nothing");
    for kind in Kind::ALL {
        let mut document = Document::new(kind).expect("a blank document");
        let fits = check_in(&change, &document).is_ok();
        let applied = document.apply(&change).is_ok();
        assert_eq!(fits, applied, "the guard and the document agree");
        if !applied {
            continue;
        }
        let record = RecordId::written(WriterId([1; 8]), 1);
        let read = document.read(record).expect("what was taken can be read");
        let saved = document.save();
        let loaded = Document::load(&saved).expect("what was saved can be loaded");
        assert_eq!(loaded.read(record).expect("and read"), read);
        let _ = document.apply(&change);
        assert_eq!(document.read(record).expect("and read again"), read);
    }
}

/// A change chunk around some content.
pub(crate) fn chunk(content: &[u8]) -> Vec<u8> {
    let mut covered = vec![1];
    let mut n = content.len();
    while n >= 0x80 {
        covered.push(n as u8 | 0x80);
        n >>= 7;
    }
    covered.push(n as u8);
    covered.extend_from_slice(content);
    let hash = Hash32::of(&covered);
    [&[0x85, 0x6f, 0x4a, 0x83], &hash.0[..4], &covered].concat()
}
