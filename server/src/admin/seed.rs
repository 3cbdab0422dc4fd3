//! Fills a new county with made-up towns, people and work, grid by grid.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use xunge_protocol::ScopeId;
use xunge_protocol::system::{Grant, OrgNode};
use xunge_synthetic::{Household, Size, Synthetic};

use super::failure::Failure;
use super::user;
use crate::account::Role;
use crate::account::create::Secrets;
use crate::authority;
use crate::import::households::{HouseholdInput, PersonInput};
use crate::import::load::{IDENTITY_INDEX, load_grid};
use crate::relay::Relay;
use crate::store::StoreError;

mod work;

/// What was made.
#[derive(Debug, Default, Serialize)]
pub(super) struct Seeded {
    pub(super) households: usize,
    pub(super) persons: usize,
    pub(super) workers: usize,
    /// Visits and disputes of the past weeks.
    pub(super) work: usize,
    pub(super) users: Vec<SeededUser>,
    #[serde(skip)]
    pub(super) scopes: usize,
}

/// A supervisor of a town.
#[derive(Debug, Serialize)]
pub(super) struct SeededUser {
    #[serde(flatten)]
    pub(super) secrets: Secrets,
    /// The town.
    pub(super) scope: ScopeId,
    /// Its code.
    pub(super) code: String,
    /// Its name.
    pub(super) name: String,
}

/// Fills the county of `relay`.
pub(super) fn run(relay: &Arc<Relay>, size: Size, seed: u64) -> Result<Seeded, Failure> {
    let synthetic = xunge_synthetic::generate(size, seed);
    let scopes = places(relay, &synthetic)?;
    let mut seeded = Seeded {
        scopes: scopes.len(),
        ..Seeded::default()
    };
    for user in &synthetic.users {
        let Some((scope, town)) = scopes.get(&user.scope) else {
            continue;
        };
        seeded.users.push(SeededUser {
            secrets: user::create(relay, &user.login, &user.name, Role::Supervisor, *scope)?,
            scope: *scope,
            code: user.scope.clone(),
            name: town.clone(),
        });
    }
    let key = relay
        .store
        .read::<_, StoreError>(|tx| tx.secret(IDENTITY_INDEX))?
        .ok_or_else(|| {
            Failure::new("the key of the identity index is missing: run init again in a new folder")
        })?;
    for (number, worker) in synthetic.workers.iter().enumerate() {
        let Some((scope, _)) = scopes.get(&worker.grid) else {
            continue;
        };
        let households = synthetic.households(&worker.grid);
        seeded.households += households.len();
        seeded.persons += households.iter().map(|h| h.members.len()).sum::<usize>();
        seeded.workers += 1;
        seeded.work += grid(relay, *scope, worker.name.clone(), households, key, number)?;
    }
    Ok(seeded)
}

/// Writes the organisation; gives each code its scope and name. The county itself has them already.
fn places(
    relay: &Arc<Relay>,
    synthetic: &Synthetic,
) -> Result<HashMap<String, (ScopeId, String)>, Failure> {
    let nodes = synthetic.nodes.clone();
    authority::command(relay, move |authority, _| {
        let mut scopes: HashMap<String, (ScopeId, String)> = HashMap::new();
        for node in nodes {
            let Some(parent) = node.parent else {
                scopes.insert(node.code, (authority.relay().county_scope(), node.name));
                continue;
            };
            let scope = ScopeId(authority.relay().env.random());
            authority.org_node(&OrgNode {
                scope,
                parent: scopes.get(&parent).map(|(scope, _)| *scope),
                level: node.level.into(),
                code: node.code.clone(),
                name: node.name.clone(),
                from: authority.now(),
                help_phone: None,
            })?;
            scopes.insert(node.code, (scope, node.name));
        }
        Ok::<_, Failure>(scopes)
    })
}

/// One transaction: the worker of a grid, its households, and what was done there lately.
fn grid(
    relay: &Arc<Relay>,
    scope: ScopeId,
    worker: String,
    households: Vec<Household>,
    key: [u8; 32],
    number: usize,
) -> Result<usize, Failure> {
    authority::command(relay, move |authority, tx| {
        let worker = authority.add_worker(&worker)?;
        authority.grant(&Grant {
            worker: worker.id,
            scope,
            from: authority.now(),
            until: None,
            drain_days: 0,
        })?;
        let inputs: Vec<HouseholdInput> = households.into_iter().map(input).collect();
        let (ids, _) = load_grid(authority, tx, scope, &inputs, &key, &HashMap::new())?;
        Ok::<_, Failure>(work::write(authority, scope, &ids, &inputs, number)?)
    })
}

fn input(household: Household) -> HouseholdInput {
    HouseholdInput {
        reference: household.reference,
        grid: String::new(),
        door: household.door,
        head: household.head,
        address: Some(household.address),
        phone: household.phone,
        tier: Some(household.tier.into()),
        flags: household.flags.into_iter().map(str::to_owned).collect(),
        interval_days: None,
        note: None,
        members: household.members.into_iter().map(member).collect(),
    }
}

fn member(person: xunge_synthetic::Person) -> PersonInput {
    PersonInput {
        reference: person.reference,
        name: person.name,
        sex: Some(person.sex.into()),
        relation: Some(person.relation.into()),
        birth: Some(person.birth),
        phone: person.phone,
        id_number: Some(person.id_number),
        categories: person.categories.into_iter().map(str::to_owned).collect(),
        registered: None,
    }
}
