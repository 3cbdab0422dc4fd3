//! Why a command was not done, in the user's words: what happened, that nothing changed, what to do.

use crate::command::CommandError;
use crate::console::error::ConsoleError;
use crate::console::locale::Lang;

/// The text for a command that the user may mend; the others are problems of their own.
///
/// # Errors
/// Not found and forbidden are pages.
pub(super) fn text(lang: Lang, error: CommandError) -> Result<String, ConsoleError> {
    let key = match &error {
        CommandError::NotFound => return Err(ConsoleError::NotFound),
        CommandError::Forbidden => return Err(ConsoleError::Forbidden),
        CommandError::BadInput { field, .. } => match *field {
            "note" => "refused.note",
            "owner" => "refused.owner",
            "deadline" => "refused.deadline",
            "guest" => "refused.guest",
            _ => "refused.reason",
        },
        CommandError::Conflict => "refused.stale",
        CommandError::NotPossible(_) => "refused.not_legal",
        CommandError::Authority(inside) => {
            tracing::error!(error = %inside, "a command failed");
            "refused.failed"
        }
    };
    Ok(lang.text(key))
}
