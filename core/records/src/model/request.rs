//! What a resident asks for (诉求), an errand (代办), a hazard seen (隐患) or a referral. Flags only, no clinical notes.

use super::field::{Field, FieldType::*};

pub(super) const FIELDS: &[Field] = &[
    Field::new("type", Code("request_type")).required(),
    Field::new("household", Record("household")),
    Field::new("place", Text),
    Field::new("urgent", Bool),
    Field::new("hazard", Code("hazard_type")),
    Field::new("need", Code("service_need")),
    Field::new("narrative", Text).personal(),
    Field::new("voice", Media).personal(),
    Field::new("photo", Media).personal(),
    Field::new("answer_heard", Bool),
];
