//! Sends a fraud warning (下发): one record for each grid, which lists only that grid's households.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;
use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::lists::calendar::date_of;
use xunge_records::{FormRef, Kind, MediaRef, Verb};

use super::policy::{self, Act};
use super::{CommandError, require_seen, subtree, wording};
use crate::account::Actor;
use crate::audit::AuditEvent;
use crate::authority::{self, Authority, Draft};
use crate::relay::Relay;
use crate::store::Tx;

/// A warning as a supervisor writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IssueWarning {
    /// Code of `fraud_type`.
    pub fraud_type: String,
    /// Code of `fraud_warning_level`.
    pub level: String,
    /// What is said to each household.
    pub text: String,
    /// What to do.
    pub advice: String,
    /// The text as speech.
    pub voice: Option<MediaRef>,
    /// Last day, ISO date.
    pub expires_on: String,
    /// Towns, villages or grids, all households of which are meant.
    pub scopes: Vec<ScopeId>,
    /// Households by name.
    pub households: Vec<RecordId>,
    /// Why it is sent.
    pub reason: String,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssuedWarning {
    /// Joins the grids' records.
    pub campaign: String,
    /// One record a grid.
    pub warnings: Vec<RecordId>,
    /// Number of households.
    pub households: usize,
}

/// Sends a warning. Blocks.
pub fn issue_warning(
    relay: &Arc<Relay>,
    actor: &Actor,
    warning: IssueWarning,
) -> Result<IssuedWarning, CommandError> {
    let actor = actor.clone();
    let campaign = hex::encode(relay.env.random::<8>());
    authority::command(relay, move |authority, tx| {
        if !policy::allows(actor.role, Act::Warn) {
            return Err(CommandError::Forbidden);
        }
        let today = date_of(authority.now());
        check(&warning, today)?;
        let by_grid = recipients(tx, &actor, &warning, authority.now())?;
        let mut issued = IssuedWarning {
            campaign,
            warnings: Vec::with_capacity(by_grid.len()),
            households: by_grid.values().map(Vec::len).sum(),
        };
        if issued.households == 0 {
            return Err(CommandError::bad(
                "households",
                "is required: nobody would hear it",
            ));
        }
        for (grid, households) in by_grid {
            let record = open(
                authority,
                &actor,
                &warning,
                today,
                &issued.campaign,
                grid,
                &households,
            )?;
            issued.warnings.push(record);
        }
        let event = AuditEvent::new(&actor.user, "issue_warning")
            .about(&issued.campaign)
            .within(actor.scope)
            .because(warning.reason.trim())
            .with(serde_json::json!({
                "grids": issued.warnings.len(),
                "households": issued.households,
            }));
        tx.append_audit(&event, authority.now())?;
        Ok(issued)
    })
}

fn open(
    authority: &mut Authority<'_>,
    actor: &Actor,
    warning: &IssueWarning,
    today: Date,
    campaign: &str,
    grid: ScopeId,
    households: &[RecordId],
) -> Result<RecordId, CommandError> {
    let mut event = authority.event(Verb::Issue, Some((&actor.user, &actor.name)));
    event.reason = Some(warning.reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    let mut draft = Draft::default()
        .set("campaign", campaign)
        .set("fraud_type", warning.fraud_type.as_str())
        .set("level", warning.level.as_str())
        .set("text", warning.text.trim())
        .set("issued_on", today.to_string())
        .set("expires_on", warning.expires_on.trim())
        .event(event);
    if !warning.advice.trim().is_empty() {
        draft = draft.set("advice", warning.advice.trim());
    }
    if let Some(voice) = &warning.voice {
        draft = draft.set("voice", voice.to_string());
    }
    for household in households {
        draft = draft.set(format!("households/{household}"), true);
    }
    let form = FormRef {
        id: "warning".into(),
        version: 1,
    };
    Ok(authority.open(grid, Kind::Warning, form, draft)?.id)
}

fn check(warning: &IssueWarning, today: Date) -> Result<(), CommandError> {
    for (field, text) in [
        ("fraud_type", &warning.fraud_type),
        ("level", &warning.level),
        ("text", &warning.text),
    ] {
        if text.trim().is_empty() {
            return Err(CommandError::bad(field, "is required"));
        }
    }
    wording::check_warning("text", &warning.text)?;
    wording::check_warning("advice", &warning.advice)?;
    wording::check_length("reason", &warning.reason)?;
    let expires: Date = warning
        .expires_on
        .trim()
        .parse()
        .map_err(|_| CommandError::bad("expires_on", "is no date: write 2026-12-31"))?;
    if expires < today {
        return Err(CommandError::bad("expires_on", "is over already"));
    }
    Ok(())
}

/// The households that are meant, by grid, each once.
fn recipients(
    tx: &Tx<'_>,
    actor: &Actor,
    warning: &IssueWarning,
    now: Timestamp,
) -> Result<BTreeMap<ScopeId, Vec<RecordId>>, CommandError> {
    let mut by_grid: BTreeMap<ScopeId, Vec<RecordId>> = BTreeMap::new();
    for scope in &warning.scopes {
        for node in subtree(tx, actor, *scope, now)? {
            let ids = tx.record_ids(node.scope, Kind::Household)?;
            if !ids.is_empty() {
                by_grid.entry(node.scope).or_default().extend(ids);
            }
        }
    }
    for household in &warning.households {
        let place = tx
            .find_record(*household)?
            .filter(|place| place.kind == Kind::Household)
            .ok_or(CommandError::NotFound)?;
        require_seen(tx, actor, place.scope, now)?;
        by_grid.entry(place.scope).or_default().push(*household);
    }
    for households in by_grid.values_mut() {
        households.sort();
        households.dedup();
    }
    Ok(by_grid)
}
