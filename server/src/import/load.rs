//! Writes imported households into their grids, as the relay. What stands there already is not written again.

use std::collections::HashMap;

use xunge_protocol::{RecordId, ScopeId};
use xunge_records::{FormRef, Kind};

use super::households::{HouseholdInput, PersonInput};
use super::identity;
use crate::authority::{Authority, AuthorityError, Draft};
use crate::store::Tx;

/// Name of the lasting key of the blind index.
pub const IDENTITY_INDEX: &str = "identity_index";

/// How many records were opened, and how many were there before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Loaded {
    /// New records.
    pub added: usize,
    /// Records that were there, changed or not.
    pub known: usize,
}

impl Loaded {
    fn count(&mut self, added: bool) {
        if added {
            self.added += 1;
        } else {
            self.known += 1;
        }
    }
}

/// Writes the households of one grid; `index_key` is the key of the blind index, `grids` names those where people may be
/// registered. Returns their ids, in order.
pub fn load_grid(
    authority: &mut Authority<'_>,
    tx: &Tx<'_>,
    grid: ScopeId,
    households: &[HouseholdInput],
    index_key: &[u8; 32],
    grids: &HashMap<String, ScopeId>,
) -> Result<(Vec<RecordId>, Loaded), AuthorityError> {
    let mut loaded = Loaded::default();
    let mut ids = Vec::with_capacity(households.len());
    for household in households {
        let (id, added) = put(
            authority,
            tx,
            grid,
            Kind::Household,
            &household.reference,
            household_draft(household),
        )?;
        loaded.count(added);
        for person in &household.members {
            let draft = person_draft(person, id, index_key);
            let (id, added) = put(authority, tx, grid, Kind::Person, &person.reference, draft)?;
            loaded.count(added);
            let registered = person.registered.as_ref().and_then(|code| grids.get(code));
            if let Some(registered) = registered {
                authority.register_in(id, Some(*registered), None)?;
            }
        }
        ids.push(id);
    }
    Ok((ids, loaded))
}

fn put(
    authority: &mut Authority<'_>,
    tx: &Tx<'_>,
    grid: ScopeId,
    kind: Kind,
    reference: &str,
    draft: Draft,
) -> Result<(RecordId, bool), AuthorityError> {
    if let Some((_, record)) = tx.referred(kind, reference)? {
        authority.write(record, None, draft)?;
        return Ok((record, false));
    }
    let form = FormRef {
        id: "import".into(),
        version: 1,
    };
    let record = authority.open(grid, kind, form, draft)?.id;
    tx.insert_reference(kind, reference, grid, record)?;
    Ok((record, true))
}

fn household_draft(input: &HouseholdInput) -> Draft {
    let mut draft = Draft::default()
        .set("ref", input.reference.as_str())
        .set("door", input.door.as_str())
        .set("head_name", input.head.as_str());
    for (path, value) in [
        ("address", &input.address),
        ("phone", &input.phone),
        ("tier", &input.tier),
        ("note", &input.note),
    ] {
        draft = set(draft, path, value);
    }
    for flag in &input.flags {
        draft = draft.set(format!("flags/{flag}"), true);
    }
    if let Some(days) = input.interval_days {
        draft = draft.set("interval_days", i64::from(days));
    }
    if !input.members.is_empty() {
        draft = draft.set("members", input.members.len() as i64);
    }
    draft
}

fn person_draft(input: &PersonInput, household: RecordId, index_key: &[u8; 32]) -> Draft {
    let mut draft = Draft::default()
        .set("ref", input.reference.as_str())
        .set("household", household.to_string())
        .set("name", input.name.as_str());
    let index = input
        .id_number
        .as_ref()
        .map(|number| identity::blind_index(index_key, number));
    for (path, value) in [
        ("sex", &input.sex),
        ("birth", &input.birth),
        ("relation", &input.relation),
        ("phone", &input.phone),
        ("id_index", &index),
    ] {
        draft = set(draft, path, value);
    }
    for category in &input.categories {
        draft = draft.set(format!("categories/{category}"), true);
    }
    draft
}

fn set(draft: Draft, path: &str, value: &Option<String>) -> Draft {
    match value {
        Some(value) => draft.set(path, value.as_str()),
        None => draft,
    }
}
