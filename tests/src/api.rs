//! The export API's client: pages of records and of the quarantine, and schemas.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::Value;

use crate::{Outcome, fail};

/// Somebody with a bearer token.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    token: String,
    http: reqwest::Client,
}

/// A client that opens plain connections; TLS is set up once for the process because the library insists on it.
pub fn http_client() -> Outcome<reqwest::Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(60))
        .no_proxy();
    Ok(client.build()?)
}

impl Api {
    /// `base` is the relay's address without a slash at the end.
    pub fn new(base: &str, token: &str) -> Outcome<Self> {
        Ok(Self {
            base: base.into(),
            token: token.into(),
            http: http_client()?,
        })
    }

    /// Status and body of any path.
    pub async fn get(&self, path: &str) -> Outcome<(StatusCode, Value)> {
        let url = format!("{}{path}", self.base);
        let answer = self.http.get(url).bearer_auth(&self.token).send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    /// Every record after a cursor, page by page, and the cursor at the end.
    pub async fn records(
        &self,
        kind: Option<&str>,
        since: Option<&str>,
    ) -> Outcome<(Vec<Value>, String)> {
        self.pages("records", kind, since).await
    }

    /// Everything in quarantine.
    pub async fn quarantine(&self) -> Outcome<Vec<Value>> {
        Ok(self.pages("quarantine", None, None).await?.0)
    }

    /// JSON Schema of a kind's fields.
    pub async fn schema(&self, kind: &str) -> Outcome<Value> {
        match self.get(&format!("/api/v1/schemas/{kind}")).await? {
            (StatusCode::OK, schema) => Ok(schema),
            (status, body) => fail!("schema of {kind}: {status} {body}"),
        }
    }

    /// Number of records by scope: how a stranger learns which grids have households.
    pub async fn scopes_of(&self, kind: &str) -> Outcome<BTreeMap<String, usize>> {
        let mut scopes = BTreeMap::new();
        for record in self.records(Some(kind), None).await?.0 {
            let scope = record["scope"].as_str().unwrap_or_default().to_owned();
            *scopes.entry(scope).or_default() += 1;
        }
        Ok(scopes)
    }

    async fn pages(
        &self,
        what: &str,
        kind: Option<&str>,
        since: Option<&str>,
    ) -> Outcome<(Vec<Value>, String)> {
        let mut all = Vec::new();
        let mut cursor = since.map(str::to_owned);
        loop {
            let mut path = format!("/api/v1/{what}?limit=500");
            for (name, value) in [("kind", kind), ("since", cursor.as_deref())] {
                if let Some(value) = value {
                    path.push_str(&format!("&{name}={value}"));
                }
            }
            let (status, mut body) = self.get(&path).await?;
            if status != StatusCode::OK {
                fail!("{path}: {status} {body}");
            }
            // The list carries the name of what it lists.
            let list = body.as_object_mut().and_then(|object| {
                object
                    .values_mut()
                    .find(|value| value.is_array())
                    .map(Value::take)
            });
            let Some(Value::Array(page)) = list else {
                fail!("{path}: no list in {body}")
            };
            let next = body["next"].as_str().map(str::to_owned);
            let ended = page.is_empty() || next.is_none() || next == cursor;
            all.extend(page);
            cursor = next.or(cursor);
            if ended {
                return Ok((all, cursor.unwrap_or_default()));
            }
        }
    }
}
