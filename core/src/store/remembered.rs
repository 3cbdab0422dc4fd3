//! What the worker answered to a question the last time, to be proposed the next.

use rusqlite::OptionalExtension as _;

use super::{Store, StoreError};

impl Store {
    /// Keeps an answer (as JSON, which only `form` reads) for the question `question` of the form `form`.
    pub fn remember(&self, form: &str, question: &str, answer: &str) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.prepare_cached("INSERT OR REPLACE INTO remembered VALUES (?1, ?2, ?3)")?
                .execute((form, question, answer))?;
            Ok(())
        })
    }

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
