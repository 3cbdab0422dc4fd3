//! `xunge init`: a new county with its organisation, shared data, first administrator, and made-up people if asked.

use std::sync::Arc;

use serde::Serialize;
use xunge_protocol::ScopeId;
use xunge_protocol::system::OrgNode;

use super::args::{Init, Place, SyntheticSize};
use super::failure::{Failure, Outcome};
use super::output::Output;
use super::seed::{self, Seeded};
use super::user;
use crate::account::Role;
use crate::account::create::Secrets;
use crate::authority;
use crate::env::{Env, SystemEnv};
use crate::import::load::IDENTITY_INDEX;
use crate::relay::{Config, Relay};
use crate::resources;
use crate::store::{Location, NewCounty, Options, Store, StoreError};

/// Login name of the first administrator.
const ADMIN: &str = "admin";

#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    admin: Secrets,
    county: String,
    scope: ScopeId,
    scopes: usize,
    #[serde(flatten)]
    seeded: Option<Seeded>,
}

pub(super) fn run(place: &Place, out: Output, args: Init) -> Outcome {
    let at = place.location()?;
    if args.name.trim().is_empty() {
        return Err(Failure::Usage(
            "--name is empty: give the county's name".into(),
        ));
    }
    if let (Some(_), true) = (args.synthetic, args.county != xunge_synthetic::COUNTY_CODE) {
        return Err(Failure::Usage(format!(
            "made-up people live in county {} only: use --county {0} with --synthetic",
            xunge_synthetic::COUNTY_CODE
        )));
    }
    let relay = create(at, &args)?;
    publish(&relay)?;
    let admin = user::create(&relay, ADMIN, "管理员", Role::Admin, relay.county_scope())?;
    let seeded = match args.synthetic {
        Some(size) => Some(seed::run(&relay, synthetic_size(size), args.seed)?),
        None => None,
    };
    let report = Report {
        admin,
        county: args.county,
        scope: relay.county_scope(),
        scopes: seeded.as_ref().map_or(1, |seeded| seeded.scopes),
        seeded,
    };
    out.print(&report, text)
}

fn synthetic_size(size: SyntheticSize) -> xunge_synthetic::Size {
    match size {
        SyntheticSize::Village => xunge_synthetic::Size::Village,
        SyntheticSize::Town => xunge_synthetic::Size::Town,
        SyntheticSize::County => xunge_synthetic::Size::County,
    }
}

fn create(at: Location, args: &Init) -> Result<Arc<Relay>, Failure> {
    let env = SystemEnv;
    let source: &dyn Env = &env;
    let new = NewCounty::drawn(source, &args.county, args.name.trim());
    let store = Store::create(at, &new, Options::default())?;
    let relay = Arc::new(Relay::new(store, Arc::new(env), Config::default())?);
    let key: [u8; 32] = source.random();
    relay
        .store
        .write::<_, StoreError>(move |tx| tx.insert_secret(IDENTITY_INDEX, &key))?;
    Ok(relay)
}

/// Writes the county itself and the shared data into its log.
fn publish(relay: &Arc<Relay>) -> Outcome {
    let defaults = resources::defaults().map_err(|error| Failure::new(error.to_string()))?;
    authority::command(relay, move |authority, _| {
        let county = authority.relay().county();
        authority.org_node(&OrgNode {
            scope: county.scope,
            parent: None,
            level: "1".into(),
            code: county.code.clone(),
            name: county.name.clone(),
            from: authority.now(),
            help_phone: None,
        })?;
        for (name, content) in defaults {
            authority.resource(&name, content)?;
        }
        Ok::<(), Failure>(())
    })
}

fn text(report: &Report) -> String {
    let mut lines = vec![
        format!(
            "County {} is ready; its scope is {}.",
            report.county, report.scope
        ),
        "Write these down: they are shown once.".into(),
        user::text(&report.admin),
    ];
    if let Some(seeded) = &report.seeded {
        lines.push(format!(
            "Made up: {} places, {} households, {} people, {} workers, {} records of work.",
            seeded.scopes, seeded.households, seeded.persons, seeded.workers, seeded.work
        ));
        lines.extend(seeded.users.iter().map(|user| {
            format!(
                "{}   (sees {} {})",
                user::text(&user.secrets),
                user.code,
                user.name
            )
        }));
    }
    lines.join("\n")
}
