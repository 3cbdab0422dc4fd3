//! `xunge admin token add`

use serde::Serialize;

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::account::token::{self, TokenRole};
use crate::audit::AuditEvent;

#[derive(Serialize)]
struct Report {
    token: String,
    role: TokenRole,
}

pub(super) fn add(place: &Place, out: Output, role: &str) -> Outcome {
    let role: TokenRole = role
        .parse()
        .map_err(|error| Failure::Usage(format!("--role: {error}")))?;
    let relay = place.open()?;
    let token = token::generate(&*relay.env);
    let fingerprint = token::fingerprint(&token);
    let (now, county) = (relay.now(), relay.county_scope());
    relay.store.write(move |tx| {
        tx.insert_token(fingerprint, role, now)?;
        let event = AuditEvent::new("admin", "token_add")
            .about(fingerprint)
            .within(county)
            .with(serde_json::json!({"role": role}));
        tx.append_audit(&event, now)?;
        Ok::<(), Failure>(())
    })?;
    out.print(&Report { token, role }, |report| report.token.clone())
}
