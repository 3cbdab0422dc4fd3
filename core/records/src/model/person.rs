//! A person (人). The full ID number is never here: `id_index` is a keyed blind index of it.

use super::field::{Field, FieldType::*};

pub(super) const FIELDS: &[Field] = &[
    Field::new("ref", Text),
    Field::new("household", Record("household")).required(),
    Field::new("name", Text).required().personal(),
    Field::new("sex", Code("sex")),
    Field::new("birth", Date).personal(),
    Field::new("relation", Code("family_relation")),
    Field::new("phone", Text).personal(),
    Field::new("id_index", Text).personal(),
    Field::new("categories", Codes("person_category")).personal(),
    Field::new("registered_scope", Scope),
    Field::new("residence_scope", Scope),
    Field::new("consents", Group(CONSENT)),
    Field::new("merged_into", Record("person")),
];

/// Consent (PIPL 14, 29, 31): purpose, how it was given, by which guardian, and whether it was withdrawn.
const CONSENT: &[Field] = &[
    Field::new("purpose", Text),
    Field::new("method", Code("ack_method")),
    Field::new("guardian", Text).personal(),
    Field::new("given_on", Date),
    Field::new("withdrawn_on", Date),
];
