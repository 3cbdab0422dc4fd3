//! `/api/v1`, and what no door knows: parameters, cursors, ids, tokens and addresses that nobody should send.

use axum::http::Method;

use crate::noise::Noise;
use crate::town::{Asked, EXPORT, SCOPES, Town};

/// Where the last answer said that there is more.
#[derive(Default)]
pub(crate) struct Reader {
    next: String,
}

impl Reader {
    pub(crate) fn hear(&mut self, answer: &[u8]) -> Option<Vec<&'static str>> {
        if let Ok(json) = serde_json::from_slice::<serde_json::Value>(answer)
            && let Some(next) = json["next"].as_str()
        {
            self.next = next.into();
        }
        Some(Vec::new())
    }

    pub(crate) fn ask(&self, town: &Town, noise: &mut Noise) -> Asked {
        let kinds = ["visit", "household", "dispute", "warning_ack", "nothing"];
        let page = |noise: &mut Noise| {
            vec![
                ("kind", noise.pick(&kinds).to_string()),
                ("scope", noise.pick(&SCOPES).to_string()),
                ("since", self.next.clone()),
                ("limit", (1 + noise.below(30)).to_string()),
            ]
        };
        let (path, mut query) = match noise.below(8) {
            0 | 1 => ("/api/v1/records".to_owned(), page(noise)),
            2 => (
                format!("/api/v1/records/{}", town.record(noise)),
                Vec::new(),
            ),
            3 => {
                let mut query = page(noise);
                query[0] = ("state", noise.pick(&["all", "waiting", "x"]).to_string());
                query[2].1 = match town.known.quarantine.is_empty() {
                    true => String::new(),
                    false => noise.pick(&town.known.quarantine).clone(),
                };
                ("/api/v1/quarantine".to_owned(), query)
            }
            4 => (
                format!("/api/v1/schemas/{}", noise.pick(&kinds)),
                Vec::new(),
            ),
            5 => ("/api/v1/codelists".to_owned(), Vec::new()),
            6 => ("/api/v1/scopes".to_owned(), Vec::new()),
            _ => {
                let paths = [
                    "/api/openapi.json",
                    "/healthz",
                    "/readyz",
                    "/assets/console.css",
                ];
                (noise.pick(&paths).to_string(), Vec::new())
            }
        };
        let mut how = "honest";
        for (_, value) in &mut query {
            if noise.one_in(5) {
                how = "odd parameter";
                *value = match noise.one_in(2) {
                    true => noise.number().to_string(),
                    false => noise.text(value),
                };
            }
        }
        if noise.one_in(3) {
            query.retain(|(name, _)| *name == "limit");
        }
        let query: Vec<String> = query
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", escaped(value)))
            .collect();
        let mut address = match query.is_empty() {
            true => path,
            false => format!("{path}?{}", query.join("&")),
        };
        let mut method = Method::GET;
        match noise.below(12) {
            0 => {
                how = "odd address";
                let odd = noise.text(&address);
                address = format!("/{}", escaped_path(odd.trim_start_matches('/')));
            }
            1 => {
                how = "odd method";
                method = noise
                    .pick(&[Method::POST, Method::DELETE, Method::HEAD, Method::OPTIONS])
                    .clone();
            }
            _ => {}
        }
        let asked = Asked {
            method,
            ..Asked::get(how, address)
        };
        match noise.below(10) {
            0 => asked.with("authorization", noise.text("Bearer export")),
            1 => asked.with("authorization", noise.bytes(60)),
            2 => asked,
            _ => asked.with("authorization", format!("Bearer {EXPORT}")),
        }
    }
}

/// A value as a query carries it.
pub(crate) fn escaped(text: &str) -> String {
    let byte = |b: u8| match b.is_ascii_alphanumeric() || b == b'-' {
        true => char::from(b).to_string(),
        false => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// The same with what may stand in an address as it is.
pub(crate) fn escaped_path(text: &str) -> String {
    let byte = |b: u8| match b.is_ascii_alphanumeric() || b"/-._?&=%:".contains(&b) {
        true => char::from(b).to_string(),
        false => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}
