//! What every page is drawn from: one snapshot of the store, the user, the words. And the drawing itself.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use xunge_protocol::system::WriterRole;
use xunge_protocol::{RecordId, ScopeId, Timestamp, WriterId};
use xunge_records::Kind;
use xunge_records::lists::{CodeLists, calendar};

use super::error::ConsoleError;
use super::places::Places;
use super::session::Visitor;
use super::stored::Stored;
use super::ui::{Flash, NavItem, Ui, Who};
use super::words::{Words, mask_name};
use crate::command::policy::{self, Act};
use crate::relay::Relay;
use crate::store::{RecordFilter, Show, StoreError, StoreResult, Tx};

/// A page's view of the relay.
pub struct Context<'a> {
    /// The snapshot.
    pub tx: &'a Tx<'a>,
    /// The relay.
    pub relay: &'a Relay,
    /// Who asks.
    pub(super) visitor: &'a Visitor,
    /// Values in words.
    pub words: Words<'a>,
    /// The organisation.
    pub places: Places,
    names: RefCell<BTreeMap<WriterId, String>>,
}

/// The reasons of the inbox, the most urgent first, with the names of their groups.
pub(super) const EXCEPTIONS: [Show; 7] = [
    Show::Money,
    Show::Overdue,
    Show::Differing,
    Show::Fixed,
    Show::WithoutEffect,
    Show::Proposed,
    Show::New,
];

/// The code lists of the program.
pub(super) fn lists() -> &'static CodeLists {
    static LISTS: OnceLock<CodeLists> = OnceLock::new();
    // They are part of the binary, and a test reads them.
    LISTS.get_or_init(|| CodeLists::embedded().unwrap_or_default())
}

impl Context<'_> {
    /// Now.
    pub fn now(&self) -> Timestamp {
        self.words.now
    }

    /// Today in Shanghai, ISO date.
    pub fn today(&self) -> String {
        calendar::date_of(self.now()).to_string()
    }

    /// Whether the user's role may do something.
    pub fn may(&self, act: Act) -> bool {
        policy::allows(self.visitor.actor.role, act)
    }

    /// All that the user sees, of some kinds.
    pub fn filter(&self, kinds: &[Kind], show: Show) -> RecordFilter {
        RecordFilter {
            scopes: self.places.seen(),
            kinds: kinds.to_vec(),
            show,
            now: self.now(),
            ..RecordFilter::default()
        }
    }

    /// Name of a writer: a worker, or the relay itself.
    pub fn writer(&self, id: WriterId) -> String {
        if let Some(name) = self.names.borrow().get(&id) {
            return name.clone();
        }
        let found = self.tx.writer(id).ok().flatten();
        let name = found.map_or_else(
            || id.to_string(),
            |row| row.certificate.certificate.name.clone(),
        );
        self.names.borrow_mut().insert(id, name.clone());
        name
    }

    /// Whether `id` is the relay, in this epoch and with this key or earlier.
    pub fn is_relay(&self, id: WriterId) -> bool {
        let found = self.tx.writer(id).ok().flatten();
        id == self.relay.writer()
            || found.is_some_and(|row| row.certificate.certificate.role == WriterRole::Relay)
    }

    /// Name of a user of the console by id.
    pub fn user(&self, id: &str) -> String {
        let found = self.tx.user(id).ok().flatten();
        found.map_or_else(|| id.to_owned(), |user| user.name)
    }

    /// How a record is called where another names it; masked.
    pub fn record_name(&self, id: &str) -> Option<String> {
        let id: RecordId = id.parse().ok()?;
        let place = self.tx.find_record(id).ok()??;
        let row = self.tx.record(place.scope, id).ok()??;
        Some(self.short_title(&Stored::of(&row)))
    }

    /// What a record is called in a line.
    pub fn short_title(&self, record: &Stored) -> String {
        match record.kind {
            Kind::Household => self.words.lang.fill(
                "household.title",
                &[
                    ("head", &mask_name(record.text("head_name"))),
                    ("door", &record.text("door")),
                ],
            ),
            Kind::Person => mask_name(record.text("name")),
            Kind::Visit => {
                let head = self
                    .record_name(record.text("household"))
                    .unwrap_or_default();
                self.words.lang.fill("visit.title", &[("head", &head)])
            }
            Kind::Dispute | Kind::Request => {
                let list = if record.kind == Kind::Dispute {
                    "dispute_type"
                } else {
                    "request_type"
                };
                let kind = self.words.code(list, record.text("type"));
                let sides: Vec<String> = ["party_a/name", "party_b/name"]
                    .iter()
                    .filter_map(|path| record.text(path).chars().next())
                    .map(String::from)
                    .collect();
                match &sides[..] {
                    [a, b] => {
                        let who = self
                            .words
                            .lang
                            .fill("file.title.between", &[("a", a), ("b", b)]);
                        format!("{kind} · {who}")
                    }
                    _ => kind,
                }
            }
            Kind::Warning => record.text("text").to_owned(),
            Kind::WarningAck => {
                let head = self
                    .record_name(record.text("household"))
                    .unwrap_or_default();
                format!("{} · {head}", self.words.kind(Kind::WarningAck))
            }
        }
    }

    /// How many rows each reason has, in the order of [`EXCEPTIONS`].
    pub fn exceptions(&self) -> StoreResult<Vec<(Show, u64)>> {
        EXCEPTIONS
            .into_iter()
            .map(|show| Ok((show, self.tx.count_records(&self.filter(&[], show))?)))
            .collect()
    }

    fn ui(&self, section: &'static str) -> StoreResult<Ui> {
        let lang = self.words.lang;
        let exceptions = self.exceptions()?;
        let quarantined = self.tx.count_quarantine(&self.places.seen(), "waiting")?;
        let decide = quarantined + exceptions.iter().map(|(_, n)| n).sum::<u64>();
        let money = exceptions
            .iter()
            .find(|(show, _)| *show == Show::Money)
            .map_or(0, |(_, n)| *n);
        let item = |key, href, picture, count: u64, gap| NavItem {
            key,
            href,
            picture,
            count: Some(count).filter(|n| *n > 0),
            gap,
        };
        let actor = &self.visitor.actor;
        Ok(Ui {
            lang,
            who: Some(Who {
                name: actor.name.clone(),
                role: lang.text(&format!("role.{}", actor.role.name())),
                scope: self.places.name(actor.scope),
            }),
            csrf: self.visitor.session.csrf.clone(),
            here: self.visitor.here.clone(),
            section,
            nav: vec![
                item("inbox", "/", "inbox", decide, false),
                item("disputes", "/disputes", "dispute", 0, false),
                item("requests", "/requests", "request", 0, false),
                item("visits", "/visits", "visit", 0, false),
                item("households", "/households", "household", 0, false),
                item("warnings", "/warnings", "warning", money, false),
                item("quarantine", "/quarantine", "refused", quarantined, false),
                item("courier", "/courier", "paper", 0, false),
                item("report", "/report", "report", 0, true),
                item("organisation", "/organisation", "people", 0, false),
                item("audit", "/audit", "audit", 0, false),
            ],
            flash: self.visitor.session.flash.as_deref().and_then(read_flash),
        })
    }

    /// The scope of an address's `scope=`, if the user sees it; the user's own if there is none.
    pub fn chosen_scope(&self, text: Option<&str>) -> Result<ScopeId, ConsoleError> {
        match text.filter(|t| !t.is_empty()) {
            None => Ok(self.places.root()),
            Some(text) => text
                .parse()
                .ok()
                .filter(|scope| self.places.sees(*scope))
                .ok_or(ConsoleError::NotFound),
        }
    }
}

fn read_flash(text: &str) -> Option<Flash> {
    let good = text.starts_with('+');
    let text = text.get(1..)?.to_owned();
    Some(Flash { good, text })
}

/// Lets the next page of this session say something. Blocks.
pub(super) fn say(
    relay: &Relay,
    visitor: &Visitor,
    good: bool,
    text: &str,
) -> Result<(), StoreError> {
    let mut row = visitor.session.clone();
    row.flash = Some(format!("{}{text}", if good { '+' } else { '-' }));
    relay.store.write(move |tx| tx.put_session(&row))
}

/// Runs `work` on one snapshot for a visitor, on a thread that may block.
pub(super) async fn look<T: Send + 'static>(
    relay: Arc<Relay>,
    visitor: Visitor,
    work: impl FnOnce(&Context<'_>) -> Result<T, ConsoleError> + Send + 'static,
) -> Result<T, ConsoleError> {
    let store = relay.store.clone();
    store
        .read_async(move |tx| {
            let now = relay.now();
            let context = Context {
                tx,
                relay: &relay,
                visitor: &visitor,
                words: Words {
                    lang: visitor.lang(),
                    lists: lists(),
                    now,
                },
                places: Places::read(tx, visitor.actor.scope, now)?,
                names: RefCell::default(),
            };
            work(&context)
        })
        .await
}

/// Draws a page for a visitor.
pub(super) async fn draw<T: Template>(
    relay: Arc<Relay>,
    visitor: Visitor,
    section: &'static str,
    build: impl FnOnce(&Context<'_>, Ui) -> Result<T, ConsoleError> + Send + 'static,
) -> Result<Response, ConsoleError> {
    if visitor.session.flash.is_some() {
        let mut row = visitor.session.clone();
        row.flash = None;
        let said = relay.store.write_async(move |tx| tx.put_session(&row));
        said.await.map_err(|e: StoreError| ConsoleError::from(e))?;
    }
    let html = look(relay, visitor, move |context| {
        let ui = context.ui(section)?;
        Ok(build(context, ui)?.render()?)
    })
    .await?;
    Ok(Html(html).into_response())
}
