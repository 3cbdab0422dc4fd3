//! What a county can change without a new program: code lists, the holiday calendar, recordings in its dialect, as versioned data.
//!
//! The embedded defaults come from `fixtures/`; a county's own versions replace them list by list, by the same names.

pub mod calendar;
pub mod code_list;
pub mod voice;

mod embedded;

use std::collections::BTreeMap;

pub use calendar::{Calendar, WorkingDate};
pub use code_list::{Audience, Code, CodeList, ListError, Locale};
pub use voice::{DialectPack, Recording};

/// All code lists, each in one version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CodeLists {
    lists: BTreeMap<String, CodeList>,
}

impl CodeLists {
    /// The lists that come with the program, version 0.
    pub fn embedded() -> Result<Self, ListError> {
        let mut lists = Self::default();
        for (name, csv) in embedded::CODE_LISTS {
            lists.replace(CodeList::parse(name, 0, csv.as_bytes())?);
        }
        Ok(lists)
    }

    /// Puts a list in the place of the one of its name, unless that one is newer; whether it did.
    pub fn replace(&mut self, list: CodeList) -> bool {
        let newer = self
            .lists
            .get(list.name())
            .is_none_or(|here| here.version() <= list.version());
        if newer {
            self.lists.insert(list.name().to_owned(), list);
        }
        newer
    }

    /// The same lists with the rows that may be on a phone, and nothing else.
    pub fn for_phone(&self) -> Self {
        let lists = self.lists.iter();
        Self {
            lists: lists.map(|(n, l)| (n.clone(), l.for_phone())).collect(),
        }
    }

    /// The list of a name, for instance `visit_purpose`.
    pub fn get(&self, list: &str) -> Option<&CodeList> {
        self.lists.get(list)
    }

    /// All lists, by name.
    pub fn iter(&self) -> impl Iterator<Item = &CodeList> {
        self.lists.values()
    }

    /// Whether the list has the code.
    pub fn contains(&self, list: &str, code: &str) -> bool {
        self.get(list).is_some_and(|l| l.get(code).is_some())
    }

    /// The text of a code for a user, if the list has the code.
    pub fn label(&self, list: &str, code: &str, locale: Locale) -> Option<&str> {
        self.get(list)?.get(code).map(|c| c.label(locale))
    }
}
