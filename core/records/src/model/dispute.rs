//! A dispute (矛盾纠纷): what, where, between whom. What is done about it are events.

use super::field::{Field, FieldType::*};

pub(super) const FIELDS: &[Field] = &[
    Field::new("type", Code("dispute_type")).required(),
    Field::new("scale", Code("event_scale")).required(),
    Field::new("nature", Code("case_nature")),
    Field::new("seriousness", Code("case_level")),
    Field::new("source", Code("dispute_source")).required(),
    Field::new("occurred_on", Date),
    Field::new("place", Text),
    Field::new("household", Record("household")),
    Field::new("party_a", Group(PARTY)),
    Field::new("party_b", Group(PARTY)),
    Field::new("narrative", Text).personal(),
    Field::new("voice", Media).personal(),
    Field::new("photo", Media).personal(),
    Field::new("rights_told", Bool),
    Field::new("disputed_area_mu", Number),
    Field::new("disputed_yuan", Number),
    Field::new("people", Integer),
    Field::new("agreement_photo", Media).personal(),
    Field::new("agreement_method", Code("ack_method")),
];

/// One of the two parties. `willing` says whether the party takes part in mediation.
const PARTY: &[Field] = &[
    Field::new("name", Text).personal(),
    Field::new("household", Record("household")),
    Field::new("person", Record("person")),
    Field::new("phone", Text).personal(),
    Field::new("willing", Code("party_willing")),
];
