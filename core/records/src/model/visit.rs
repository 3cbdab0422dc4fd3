//! A visit to a household (入户走访).

use super::field::{Field, FieldType::*};

pub(super) const FIELDS: &[Field] = &[
    Field::new("household", Record("household")).required(),
    Field::new("visited_on", Date).required(),
    Field::new("purposes", Codes("visit_purpose")).required(),
    Field::new("met", Code("met_who")).required(),
    Field::new("met_person", Record("person")),
    Field::new("all_well", Bool),
    Field::new("needs", Codes("service_need")),
    Field::new("hazards", Codes("hazard_type")),
    Field::new("follow_up_on", Date),
    Field::new("helped_install", Bool),
    Field::new("note", Text),
    Field::new("voice", Media).personal(),
    Field::new("photo", Media).personal(),
];
