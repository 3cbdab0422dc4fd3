//! The forms of this app: those it ships, and those that the county sent to replace them.

use std::collections::BTreeMap;
use std::sync::Arc;

use xunge_planted::Bug;
use xunge_records::Kind;

use super::definition::Form;
use super::error::FormError;
use super::interview::Interview;

/// The forms that the app ships, each by its id.
const EMBEDDED: [&str; 5] = [
    include_str!("../../../fixtures/forms/visit.json"),
    include_str!("../../../fixtures/forms/dispute.json"),
    include_str!("../../../fixtures/forms/warning_ack.json"),
    include_str!("../../../fixtures/forms/request.json"),
    include_str!("../../../fixtures/forms/household.json"),
];

/// Forms by id and version. Older versions stay, for the drafts that were begun with them.
#[derive(Debug, Clone, Default)]
pub struct FormLibrary {
    forms: BTreeMap<(String, u32), Arc<Form>>,
}

impl FormLibrary {
    /// The forms that the app ships.
    ///
    /// # Errors
    /// When one of them is wrong, which the tests rule out.
    pub fn embedded() -> Result<Self, FormError> {
        let mut library = Self::default();
        for json in EMBEDDED {
            library.add(Form::parse(json)?);
        }
        Ok(library)
    }

    /// Takes in a resource of the county log, such as `forms/visit.json`. Answers whether it is now the newest of its id.
    ///
    /// # Errors
    /// When it is no form; the forms stay as they were. Names other than `forms/ID.json` are refused the same way.
    pub fn add_resource(&mut self, name: &str, content: &[u8]) -> Result<bool, FormError> {
        let error = |what: &str| FormError {
            form: name.into(),
            what: what.into(),
            ..FormError::default()
        };
        let json = std::str::from_utf8(content).map_err(|_| error("not UTF-8"))?;
        let form = Form::parse(json)?;
        if name != format!("forms/{}.json", form.id) {
            return Err(error("the resource's name is not forms/ID.json"));
        }
        if self
            .newest(&form.id)
            .is_some_and(|old| old.kind != form.kind)
        {
            return Err(error("a form cannot change its kind"));
        }
        Ok(self.add(form))
    }

    /// Takes in a form, unless its id and version are there. Answers whether it is now the newest of its id.
    pub fn add(&mut self, form: Form) -> bool {
        let newest = self
            .newest(&form.id)
            .is_none_or(|old| old.version < form.version);
        self.forms
            .entry((form.id.clone(), form.version))
            .or_insert_with(|| Arc::new(form));
        newest
    }

    /// The newest form of an id.
    pub fn newest(&self, id: &str) -> Option<Arc<Form>> {
        self.forms
            .range((id.to_owned(), 0)..=(id.to_owned(), u32::MAX))
            .next_back()
            .map(|(_, form)| Arc::clone(form))
    }

    /// The form of an interview: of its own version while that is here, else the newest. Names of questions are stable.
    pub fn of(&self, interview: &Interview) -> Option<Arc<Form>> {
        if xunge_planted::is_on(Bug::FormSwappedMidInterview) {
            return self.newest(&interview.form);
        }
        self.forms
            .get(&(interview.form.clone(), interview.version))
            .map(Arc::clone)
            .or_else(|| self.newest(&interview.form))
    }

    /// The form with which a record of a kind is changed.
    pub fn for_kind(&self, kind: Kind) -> Option<Arc<Form>> {
        self.newest(kind.name())
    }

    /// The newest form of every id.
    pub fn iter(&self) -> impl Iterator<Item = Arc<Form>> + '_ {
        let ids: std::collections::BTreeSet<&String> =
            self.forms.keys().map(|(id, _)| id).collect();
        ids.into_iter().filter_map(|id| self.newest(id))
    }
}
