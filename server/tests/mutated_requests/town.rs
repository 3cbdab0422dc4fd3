//! The county under attack: a relay with its whole router, people who are let in, and what they know of it.

use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use tower::ServiceExt as _;
use xunge_protocol::{Hash32, RecordId, ScopeId};
use xunge_records::Kind;
use xunge_server::account::token::{TokenRole, fingerprint};
use xunge_server::account::{Role, create};
use xunge_server::http::router;
use xunge_server::snapshot;
use xunge_server::store::{RecordFilter, SessionRow, StoreError};

use crate::common::{
    COUNTY, GRID, GRID_BESIDE, GRID_FAR, OTHER_TOWN, OTHER_VILLAGE, Phone, Place, TOWN, VILLAGE,
};
use crate::noise::Noise;

pub(crate) const SCOPES: [ScopeId; 8] = [
    COUNTY,
    TOWN,
    OTHER_TOWN,
    VILLAGE,
    OTHER_VILLAGE,
    GRID,
    GRID_BESIDE,
    GRID_FAR,
];

/// What every form must carry.
pub(crate) const CSRF: &str = "0123456789abcdef";
/// Token of a program that reads.
pub(crate) const EXPORT: &str = "export";
/// Token of a program that sends media.
pub(crate) const MEDIA: &str = "media";

/// Ids of what the relay holds.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) records: Vec<RecordId>,
    pub(crate) households: Vec<RecordId>,
    pub(crate) quarantine: Vec<String>,
    pub(crate) workers: Vec<String>,
    pub(crate) devices: Vec<String>,
    pub(crate) parts: Vec<Hash32>,
    pub(crate) files: Vec<Hash32>,
}

pub(crate) struct Town {
    pub(crate) place: Place,
    pub(crate) router: Router,
    pub(crate) known: Known,
    /// Works by the rules; what it saved must be there in the end.
    pub(crate) honest: Phone,
    pub(crate) its_record: RecordId,
    users: Vec<String>,
}

impl Town {
    pub(crate) fn new() -> Self {
        let place = Place::inline();
        let now = place.relay.now();
        let mut users = Vec::new();
        for (login, role, scope) in [
            ("admin", Role::Admin, COUNTY),
            ("zhou", Role::Supervisor, TOWN),
            ("wei", Role::Viewer, COUNTY),
        ] {
            let (user, _) =
                create::create(login, login, role, scope, now, &*place.relay.env).unwrap();
            users.push(user.id.clone());
            let insert = move |tx: &xunge_server::store::Tx<'_>| tx.insert_user(&user);
            place.relay.store.write::<_, StoreError>(insert).unwrap();
        }
        for (token, role) in [(EXPORT, TokenRole::Export), (MEDIA, TokenRole::Media)] {
            let insert = move |tx: &xunge_server::store::Tx<'_>| {
                tx.insert_token(fingerprint(token), role, now)
            };
            place.relay.store.write::<_, StoreError>(insert).unwrap();
        }
        let mut honest = place.phone("王秀英", &[GRID]);
        let its_record = honest.dispute(GRID);
        honest.visit(GRID);
        honest.sync(&place);
        let router = router(place.relay.clone());
        let mut town = Self {
            place,
            router,
            known: Known::default(),
            honest,
            its_record,
            users,
        };
        town.look_again();
        town
    }

    /// Learns what the relay holds now, and lets everybody in again who was signed out.
    pub(crate) fn look_again(&mut self) {
        let now = self.place.relay.now();
        for (n, user) in self.users.iter().enumerate() {
            let row = SessionRow {
                token_hash: Hash32::of(cookie(n).as_bytes()),
                csrf: CSRF.into(),
                user: Some(user.clone()),
                lang: "zh".into(),
                flash: None,
                created_at: now,
                seen_at: now,
            };
            let put = move |tx: &xunge_server::store::Tx<'_>| tx.put_session(&row);
            self.place.relay.store.write::<_, StoreError>(put).unwrap();
        }
        snapshot::cut_due(&self.place.relay, 40).unwrap();
        let known = self.place.relay.store.read::<_, StoreError>(|tx| {
            let mut known = Known::default();
            for row in tx.records_after(0, None, None, 10_000)? {
                if row.kind == Kind::Household {
                    known.households.push(row.record);
                }
                known.records.push(row.record);
            }
            known.records = newest(known.records, 200);
            known.households = newest(known.households, 50);
            let waiting = tx.quarantine(None, None, None, 2_000)?;
            let waiting = waiting.into_iter().map(|row| row.id.to_string()).collect();
            known.quarantine = newest(waiting, 100);
            let devices = tx.writers(None)?;
            for row in newest(devices, 40) {
                known.workers.push(row.worker().to_owned());
                known.devices.push(row.id().to_string());
            }
            for scope in SCOPES {
                if let Some(row) = tx.snapshot(scope)? {
                    let signed: xunge_protocol::snapshot::SignedSnapshot =
                        xunge_protocol::wire::decode("snapshot", &row.signed)
                            .map_err(|e| StoreError::Corrupt(e.to_string()))?;
                    let snapshot = signed.snapshot;
                    let parts = snapshot.base.iter().chain(&snapshot.history);
                    known.parts.extend(parts.map(|p| p.hash));
                }
            }
            Ok(known)
        });
        let files = std::mem::take(&mut self.known.files);
        self.known = known.unwrap();
        self.known.files = newest(files, 40);
    }

    /// One request through all that a request goes through.
    pub(crate) async fn answer(&self, request: axum::extract::Request) -> axum::response::Response {
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    pub(crate) fn relay(&self) -> &Arc<xunge_server::relay::Relay> {
        &self.place.relay
    }

    /// An id that the relay holds, as it is.
    pub(crate) fn record(&self, noise: &mut Noise) -> RecordId {
        *noise.pick(&self.known.records)
    }

    /// Id of a household that is here, if any is.
    pub(crate) fn household(&self, noise: &mut Noise) -> RecordId {
        match self.known.households.is_empty() {
            true => self.record(noise),
            false => *noise.pick(&self.known.households),
        }
    }

    /// What is true of every record: it is counted without a fault.
    pub(crate) fn count(&self) -> u64 {
        let all = RecordFilter {
            scopes: SCOPES.to_vec(),
            ..RecordFilter::default()
        };
        let counted = self.place.relay.store.read(|tx| tx.count_records(&all));
        counted.unwrap()
    }
}

/// The cookie's token of the user with this number.
pub(crate) fn cookie(user: usize) -> String {
    format!("token-{user}")
}

/// How many users there are.
pub(crate) const USERS: usize = 3;

/// A door's request: which door, how it was changed, and the request.
pub(crate) struct Asked {
    pub(crate) how: &'static str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// The body breaks off here with a fault of the connection.
    pub(crate) cut: Option<usize>,
}

impl Asked {
    pub(crate) fn post(how: &'static str, path: impl Into<String>, body: Vec<u8>) -> Self {
        Self {
            how,
            method: Method::POST,
            path: path.into(),
            headers: Vec::new(),
            body,
            cut: None,
        }
    }

    pub(crate) fn get(how: &'static str, path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            ..Self::post(how, path, Vec::new())
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

fn newest<T>(mut all: Vec<T>, most: usize) -> Vec<T> {
    let gone = all.len().saturating_sub(most);
    all.drain(..gone);
    all
}
