//! What people write in commands: not too long, and never a link or a telephone number in a warning.

use xunge_records::model::warning_text::has_link_or_phone;

use super::CommandError;

/// Longest text, in characters.
const MAX_CHARS: usize = 2000;

/// Refuses a text that is too long.
pub(super) fn check_length(field: &'static str, text: &str) -> Result<(), CommandError> {
    if text.chars().count() > MAX_CHARS {
        return Err(CommandError::bad(
            field,
            format!("is longer than {MAX_CHARS} characters"),
        ));
    }
    Ok(())
}

/// Refuses a text that holds a web address or a telephone number: swindlers send those, the town never does.
pub(super) fn check_warning(field: &'static str, text: &str) -> Result<(), CommandError> {
    check_length(field, text)?;
    if has_link_or_phone(text) {
        return Err(CommandError::bad(
            field,
            "holds a link or a telephone number, which a warning must not",
        ));
    }
    Ok(())
}
