//! Which field of a kind a path names, and which questions can fill it.

use xunge_records::Kind;
use xunge_records::model::field::{Field, FieldType};

use super::definition::QuestionKind;

/// Type of the field at `path` of a kind; of a set's member, yes or no.
pub(super) fn type_of(kind: Kind, path: &str) -> Option<FieldType> {
    find(kind.fields(), path)
}

fn find(fields: &'static [Field], path: &str) -> Option<FieldType> {
    let (name, rest) = match path.split_once('/') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let ty = fields.iter().find(|f| f.name == name)?.ty;
    match (ty, rest) {
        (FieldType::Group(_), None) => None,
        (ty, None) => Some(ty),
        (FieldType::Group(inner), Some(rest)) => find(inner, rest),
        (FieldType::Codes(_) | FieldType::Records(_), Some(member)) if !member.contains('/') => {
            Some(FieldType::Bool)
        }
        _ => None,
    }
}

/// Whether the answers of a kind of question fit a type of field.
pub(super) fn fits(kind: &QuestionKind, ty: FieldType) -> bool {
    use FieldType as F;
    use QuestionKind as Q;
    match kind {
        Q::Choice => matches!(ty, F::Code(_) | F::Codes(_) | F::Text),
        Q::Choices => matches!(ty, F::Codes(_)),
        Q::YesNo | Q::Confirm => matches!(ty, F::Bool),
        Q::Household => matches!(ty, F::Record("household")),
        Q::Person => matches!(ty, F::Record("person")),
        Q::Number => matches!(ty, F::Integer | F::Number),
        Q::Date => matches!(ty, F::Date),
        Q::Text => matches!(ty, F::Text),
        Q::Voice | Q::Photo | Q::Signature => matches!(ty, F::Media),
        Q::Unknown(_) => true,
    }
}
