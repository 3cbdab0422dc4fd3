//! What came of a warning in one household (预警签收). Two workers' acknowledgements are one record and merge.

use super::field::{Field, FieldType::*};

pub(super) const FIELDS: &[Field] = &[
    Field::new("warning", Record("warning")).required(),
    Field::new("household", Record("household")).required(),
    Field::new("outcome", Code("fraud_warning_state")).required(),
    Field::new("method", Code("ack_method")),
    Field::new("heard_by", Record("person")),
    Field::new("relation", Code("family_relation")),
    Field::new("witness", Text).personal(),
    Field::new("signature", Media).personal(),
    Field::new("photo", Media).personal(),
    Field::new("voice", Media).personal(),
    Field::new("called_110", Bool),
    Field::new("loss_yuan", Number),
    Field::new("recovered_yuan", Number),
];
