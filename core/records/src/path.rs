//! What may be the key of a field, or a code within one.

use crate::caps;

/// Whether `text` may be one segment of a path: letters, digits, `_`, `-` and `.`.
pub(crate) fn is_segment(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    !text.is_empty() && text.bytes().all(allowed)
}

/// Whether `path` may be the key of a field: segments separated by `/`.
pub(crate) fn is_path(path: &str) -> bool {
    path.len() <= caps::MAX_KEY_BYTES && path.split('/').all(is_segment)
}
