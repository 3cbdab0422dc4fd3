//! `xunge admin households import`

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use xunge_protocol::ScopeId;
use xunge_records::Kind;
use xunge_records::lists::{CodeLists, Locale};

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::org::refuse;
use super::output::Output;
use crate::audit::AuditEvent;
use crate::authority;
use crate::import::households::{self, HouseholdInput, Known};
use crate::import::load::{IDENTITY_INDEX, Loaded, load_grid};
use crate::relay::Relay;
use crate::store::StoreError;

/// Code of level `grid` in `org_level`.
const GRID: &str = "4";

struct Tables<'a> {
    grids: HashMap<String, ScopeId>,
    lists: &'a CodeLists,
}

impl Known for Tables<'_> {
    fn is_grid(&self, code: &str) -> bool {
        self.grids.contains_key(code)
    }

    fn is_code(&self, list: &str, code: &str) -> bool {
        self.lists.contains(list, code)
    }

    fn code_named(&self, list: &str, name: &str) -> Option<String> {
        let codes = self.lists.get(list)?.codes();
        codes
            .iter()
            .find(|code| {
                [Locale::ZhCn, Locale::En]
                    .iter()
                    .any(|l| code.label(*l) == name)
            })
            .map(|code| code.code.clone())
    }
}

pub(super) fn import(place: &Place, out: Output, file: &Path) -> Outcome {
    let relay = place.open()?;
    let bytes = std::fs::read(file).map_err(|error| Failure::file(file, &error))?;
    let now = relay.now();
    let nodes = relay.store.read::<_, StoreError>(|tx| tx.org_nodes(now))?;
    // Tables name a grid by its code, or by its scope as records show it.
    let grids = nodes
        .into_iter()
        .filter(|node| node.level.as_str() >= GRID)
        .flat_map(|node| {
            [
                (node.code, node.scope),
                (node.scope.to_string(), node.scope),
            ]
        });
    let tables = Tables {
        grids: grids.collect(),
        lists: relay.lists(),
    };
    let inputs = households::read(&bytes, &tables).map_err(|faults| refuse(file, &faults))?;
    check_places(&relay, &tables, &inputs)?;
    let mut by_grid: BTreeMap<ScopeId, Vec<HouseholdInput>> = BTreeMap::new();
    for input in inputs {
        if let Some(scope) = tables.grids.get(&input.grid) {
            by_grid.entry(*scope).or_default().push(input);
        }
    }
    let key = relay
        .store
        .read::<_, StoreError>(|tx| tx.secret(IDENTITY_INDEX))?
        .ok_or_else(|| {
            Failure::new("the key of the identity index is missing: restore a backup")
        })?;
    let grids = tables.grids;
    let loaded = authority::command(&relay, move |authority, tx| {
        let mut sum = Loaded::default();
        for (scope, households) in by_grid {
            let (_, loaded) = load_grid(authority, tx, scope, &households, &key, &grids)?;
            sum.added += loaded.added;
            sum.known += loaded.known;
        }
        let event = AuditEvent::new("admin", "households_import")
            .within(authority.relay().county_scope())
            .with(serde_json::json!(sum));
        tx.append_audit(&event, authority.now())?;
        Ok::<_, Failure>(sum)
    })?;
    out.print(&loaded, |loaded| {
        format!(
            "{} households and people added, {} were there.",
            loaded.added, loaded.known
        )
    })
}

/// A household that is known stays in its grid: a move makes a successor, which a table cannot say.
fn check_places(relay: &Relay, tables: &Tables<'_>, inputs: &[HouseholdInput]) -> Outcome {
    relay.store.read(|tx| {
        for input in inputs {
            let known = tx.referred(Kind::Household, &input.reference)?;
            if let Some((scope, _)) = known
                && tables.grids.get(&input.grid) != Some(&scope)
            {
                return Err(Failure::new(format!(
                    "household {} is in another grid than {}: a move by import is not there yet, leave it in its grid",
                    input.reference, input.grid
                )));
            }
        }
        Ok(())
    })
}
