//! A fraud warning (涉诈预警) for households of one grid. Never a link, never a telephone number in its text.

use super::field::{Field, FieldType::*};

pub(super) const FIELDS: &[Field] = &[
    Field::new("campaign", Text).required(),
    Field::new("fraud_type", Code("fraud_type")).required(),
    Field::new("level", Code("fraud_warning_level")).required(),
    Field::new("text", Text).required(),
    Field::new("advice", Text),
    Field::new("voice", Media),
    Field::new("issued_on", Date).required(),
    Field::new("expires_on", Date).required(),
    Field::new("households", Records("household")).required(),
];
