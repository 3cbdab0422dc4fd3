//! `xunge admin user add`

use std::sync::Arc;

use xunge_protocol::ScopeId;

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use super::place;
use crate::account::Role;
use crate::account::create::{self, Secrets};
use crate::audit::AuditEvent;
use crate::relay::Relay;

pub(super) fn add(
    place: &Place,
    out: Output,
    login: &str,
    name: Option<&str>,
    role: &str,
    scope: Option<&str>,
) -> Outcome {
    let role: Role = role
        .parse()
        .map_err(|error| Failure::Usage(format!("--role: {error}")))?;
    let usable = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if login.is_empty() || login.chars().count() > 64 || !login.chars().all(usable) {
        return Err(Failure::Usage(
            "--user takes letters, digits, dot, dash and underscore, at most 64".into(),
        ));
    }
    let relay = place.open()?;
    let scope = match scope {
        Some(code) => place::find_node(&relay, code)?.scope,
        None => relay.county_scope(),
    };
    let secrets = create(&relay, login, name.unwrap_or(login), role, scope)?;
    out.print(&secrets, |secrets| {
        format!("Write these down: they are shown once.\n{}", text(secrets))
    })
}

/// Adds a user with fresh secrets.
pub(super) fn create(
    relay: &Arc<Relay>,
    login: &str,
    name: &str,
    role: Role,
    scope: ScopeId,
) -> Result<Secrets, Failure> {
    let now = relay.now();
    let (user, secrets) = create::create(login, name, role, scope, now, &*relay.env)
        .map_err(|error| Failure::new(error.to_string()))?;
    relay.store.write(move |tx| {
        if tx.user_by_login(&user.login)?.is_some() {
            return Err(Failure::new(format!(
                "there is a user {} already: choose another name",
                user.login
            )));
        }
        tx.insert_user(&user)?;
        let event = AuditEvent::new("admin", "user_add")
            .about(&user.id)
            .within(scope)
            .with(serde_json::json!({"user": user.login, "role": role}));
        tx.append_audit(&event, now)?;
        Ok(())
    })?;
    Ok(secrets)
}

/// The secrets in one line.
pub(super) fn text(secrets: &Secrets) -> String {
    format!(
        "user {}   password {}   one-time-code secret {}",
        secrets.user, secrets.password, secrets.totp_secret
    )
}
