//! Tables that people make: households and the organisation.

use std::collections::BTreeSet;

use xunge_server::import::households::{self, Known};
use xunge_server::import::organisation;

/// Any place and any code: what is judged here is the table alone.
struct Anything;

impl Known for Anything {
    fn is_grid(&self, _: &str) -> bool {
        true
    }

    fn is_code(&self, _: &str, _: &str) -> bool {
        true
    }

    fn code_named(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

/// What was read names each household and each of its members once; what was not says where it is wrong.
pub(crate) fn households(bytes: &[u8]) {
    match households::read(bytes, &Anything) {
        Err(faults) => assert!(!faults.is_empty(), "a table is refused for nothing"),
        Ok(read) => {
            let mut seen = BTreeSet::new();
            for household in &read {
                assert!(seen.insert(&household.reference), "a household comes twice");
                let complete = [&household.reference, &household.grid, &household.head];
                assert!(complete.iter().all(|text| !text.is_empty()));
                let members: BTreeSet<_> = household.members.iter().map(|m| &m.reference).collect();
                assert_eq!(members.len(), household.members.len());
            }
        }
    }
}

/// What was read has each place once and below one that is there.
pub(crate) fn organisation(bytes: &[u8]) {
    let county = |code: &str| (code == "999999").then(|| "1".to_owned());
    match organisation::read(bytes, county) {
        Err(faults) => assert!(!faults.is_empty(), "a table is refused for nothing"),
        Ok(nodes) => {
            let mut above = BTreeSet::from(["999999".to_owned()]);
            for node in nodes {
                if let Some(parent) = &node.parent {
                    assert!(above.contains(parent), "parents come first");
                }
                above.insert(node.code);
            }
        }
    }
}
