//! What the worker answered to a question the last time, to be proposed the next.

use rusqlite::{OptionalExtension as _, Transaction};

use super::{Store, StoreError};

/// An answer to be proposed the next time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Id of the form.
    pub form: String,
    /// Name of the question.
    pub question: String,
    /// The answer as JSON, which only `form` reads.
    pub answer: String,
}

/// Keeps an answer in the place of the one before.
pub(super) fn keep(tx: &Transaction<'_>, kept: &Remembered) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO remembered VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET answer = ?3 WHERE answer <> ?3",
    )?
    .execute((&kept.form, &kept.question, &kept.answer))?;
    Ok(())
}

impl Store {
    /// The answer that was kept last.
    pub fn remembered(&self, form: &str, question: &str) -> Result<Option<String>, StoreError> {
        self.read(|tx| {
            Ok(tx
                .prepare_cached("SELECT answer FROM remembered WHERE form = ?1 AND question = ?2")?
                .query_row((form, question), |row| row.get(0))
                .optional()?)
        })
    }
}
