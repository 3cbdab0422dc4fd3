//! The shared data that a new county begins with: code lists, forms, calendars. A county may replace each later.

use xunge_records::lists::{CodeLists, ListError};

/// Name as in the log (`forms/visit.json`) and content of each file that is not a code list.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/resources.rs"));

/// Everything that a new county's log begins with: of code lists, only the rows that a phone may have.
///
/// # Errors
/// An embedded code list does not read.
pub fn defaults() -> Result<Vec<(String, Vec<u8>)>, ListError> {
    let lists = CodeLists::embedded()?.for_phone();
    let lists = lists
        .iter()
        .filter(|list| !list.codes().is_empty())
        .map(|list| (format!("codelists/{}.csv", list.name()), list.to_csv()));
    let files = FILES
        .iter()
        .map(|(name, content)| ((*name).to_owned(), content.to_vec()));
    Ok(lists.chain(files).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sensitive_category_reaches_a_phone() {
        let all = defaults().unwrap();
        let (_, list) = all
            .iter()
            .find(|(name, _)| name == "codelists/person_category.csv")
            .unwrap();
        let text = String::from_utf8(list.clone()).unwrap();
        assert!(text.contains("L1,"));
        assert!(text.lines().all(|line| !line.starts_with('S')), "{text}");
    }
}
