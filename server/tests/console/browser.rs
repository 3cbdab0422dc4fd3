//! A browser without JavaScript, and records to look at.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt as _;
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::{Edit, Kind, Value};
use xunge_server::account::{Role, create, totp};
use xunge_server::http::router;
use xunge_server::store::StoreError;

use crate::common::*;

/// A browser with its cookie and the token of the last form it saw.
pub(crate) struct Browser<'a> {
    pub(crate) place: &'a Place,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

/// An answer as text.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) html: String,
}

impl Page {
    pub(crate) fn has(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    /// What stands between two texts, the first time.
    pub(crate) fn between(&self, before: &str, after: &str) -> &str {
        let rest = self
            .html
            .split_once(before)
            .unwrap_or_else(|| panic!("no {before}"))
            .1;
        rest.split_once(after).unwrap().0
    }
}

pub(crate) fn encode(pairs: &[(&str, &str)]) -> String {
    let byte = |b: u8| {
        if b.is_ascii_alphanumeric() {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    let text = |text: &str| text.bytes().map(byte).collect::<String>();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(k, v)| format!("{}={}", text(k), text(v)))
        .collect();
    pairs.join("&")
}

impl<'a> Browser<'a> {
    pub(crate) fn new(place: &'a Place) -> Self {
        Self {
            place,
            cookie: String::new(),
            csrf: String::new(),
        }
    }

    pub(crate) async fn send(
        &mut self,
        request: axum::http::request::Builder,
        body: Vec<u8>,
    ) -> Page {
        let request = request
            .header(header::COOKIE, &self.cookie)
            .header(header::HOST, "relay.example:8080")
            .body(Body::from(body))
            .unwrap();
        let router = router(self.place.relay.clone());
        let response = router.oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        if let Some(cookie) = parts.headers.get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().into();
        }
        let html = String::from_utf8_lossy(&to_bytes(body, 64 << 20).await.unwrap()).into_owned();
        if let Some((_, rest)) = html.split_once("name=\"csrf\" value=\"") {
            self.csrf = rest.split('"').next().unwrap().into();
        }
        let location = parts.headers.get(header::LOCATION);
        Page {
            status: parts.status,
            location: location.map_or("", |l| l.to_str().unwrap()).into(),
            headers: parts.headers,
            html,
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), Vec::new()).await
    }

    /// Posts a form with the token of the last page.
    pub(crate) async fn post(&mut self, path: &str, pairs: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(pairs);
        self.post_raw(path, &all).await
    }

    pub(crate) async fn post_raw(&mut self, path: &str, pairs: &[(&str, &str)]) -> Page {
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, encode(pairs).into_bytes()).await
    }

    /// Signed in as a new user.
    pub(crate) async fn of(place: &'a Place, login: &str, role: Role, scope: ScopeId) -> Self {
        let mut browser = Self::new(place);
        let page = browser.sign_in(login, role, scope).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
        browser.get("/").await;
        browser
    }

    pub(crate) async fn sign_in(&mut self, login: &str, role: Role, scope: ScopeId) -> Page {
        let relay = &self.place.relay;
        let (user, secrets) =
            create::create(login, login, role, scope, relay.now(), &*relay.env).unwrap();
        let code = totp::code_at(&user.totp_secret, relay.now()).unwrap();
        relay
            .store
            .write::<_, StoreError>(move |tx| tx.insert_user(&user))
            .unwrap();
        self.get("/login").await;
        let password = secrets.password.clone();
        self.post(
            "/login",
            &[("user", login), ("password", &password), ("totp", &code)],
        )
        .await
    }

    pub(crate) async fn supervisor(place: &'a Place) -> Self {
        Self::of(place, "zhou", Role::Supervisor, TOWN).await
    }
}

pub(crate) fn household(phone: &mut Phone, scope: ScopeId, head: &str) -> RecordId {
    let fields = [
        ("door", Value::from("12号")),
        ("head_name", head.into()),
        ("phone", "13900001111".into()),
    ];
    phone.open(scope, Kind::Household, &fields)
}

/// Two parties, so that there is a name to mask.
pub(crate) fn dispute(phone: &mut Phone, scope: ScopeId) -> RecordId {
    let record = phone.dispute(scope);
    let edit = Edit::default()
        .set("party_a/name", "张有田")
        .set("party_b/name", "李大山")
        .set("disputed_area_mu", 1i64);
    phone.edit(record, edit);
    record
}
