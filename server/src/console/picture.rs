//! The console's pictures: the vector sources of `fixtures/pictures/`, which phone and console share.

/// Inline SVG of a picture; the picture for "other" where the name is unknown.
pub fn svg(name: &str) -> &'static str {
    PICTURES
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(OTHER, |(_, source)| source)
}

const OTHER: &str = include_str!("../../../fixtures/pictures/other.svg");

macro_rules! pictures {
    ($($name:literal)*) => {
        const PICTURES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../../fixtures/pictures/", $name, ".svg"))),)*
        ];
    };
}

pictures! {
    "inbox"
    "dispute"
    "visit"
    "household"
    "warning"
    "request"
    "refused"
    "report"
    "people"
    "audit"
    "differing"
    "overdue"
    "returned"
    "returned_fixed"
    "received"
    "waiting"
    "draft"
    "no_effect"
    "new"
    "money"
    "heard"
    "unheard"
    "not_home"
    "phone"
    "grid"
    "person"
    "speaker"
    "microphone"
    "back"
    "next"
    "search"
    "calendar"
    "place"
    "lock"
    "hand"
    "paper"
    "other"
}
