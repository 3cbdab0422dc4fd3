//! A household (户): where it is, who heads it, how often it is to be visited.

use super::field::{Field, FieldType::*};

pub(super) const FIELDS: &[Field] = &[
    Field::new("ref", Text),
    Field::new("door", Text).required(),
    Field::new("address", Text).personal(),
    Field::new("head_name", Text).required().personal(),
    Field::new("phone", Text).personal(),
    Field::new("tier", Code("household_tier")),
    Field::new("flags", Codes("household_flag")),
    Field::new("interval_days", Integer),
    Field::new("members", Integer),
    Field::new("photo", Media).personal(),
    Field::new("note", Text),
    Field::new("merged_into", Record("household")),
];
