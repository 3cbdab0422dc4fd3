//! The console as a browser sees it: forms, cookies, pages. No JavaScript.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use common::*;
use tower::ServiceExt as _;
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::{Edit, Kind, Value, Verb};
use xunge_server::account::{Role, create, totp};
use xunge_server::http::router;
use xunge_server::store::StoreError;

/// A browser with its cookie and the token of the last form it saw.
struct Browser<'a> {
    place: &'a Place,
    cookie: String,
    csrf: String,
}

/// An answer as text.
struct Page {
    status: StatusCode,
    location: String,
    headers: axum::http::HeaderMap,
    html: String,
}

impl Page {
    fn has(&self, text: &str) -> bool {
        self.html.contains(text)
    }

    /// What stands between two texts, the first time.
    fn between(&self, before: &str, after: &str) -> &str {
        let rest = self
            .html
            .split_once(before)
            .unwrap_or_else(|| panic!("no {before}"))
            .1;
        rest.split_once(after).unwrap().0
    }
}

fn encode(pairs: &[(&str, &str)]) -> String {
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
    fn new(place: &'a Place) -> Self {
        Self {
            place,
            cookie: String::new(),
            csrf: String::new(),
        }
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: Vec<u8>) -> Page {
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

    async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), Vec::new()).await
    }

    /// Posts a form with the token of the last page.
    async fn post(&mut self, path: &str, pairs: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(pairs);
        self.post_raw(path, &all).await
    }

    async fn post_raw(&mut self, path: &str, pairs: &[(&str, &str)]) -> Page {
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, encode(pairs).into_bytes()).await
    }

    /// Signed in as a new user.
    async fn of(place: &'a Place, login: &str, role: Role, scope: ScopeId) -> Self {
        let mut browser = Self::new(place);
        let page = browser.sign_in(login, role, scope).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
        browser.get("/").await;
        browser
    }

    async fn sign_in(&mut self, login: &str, role: Role, scope: ScopeId) -> Page {
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

    async fn supervisor(place: &'a Place) -> Self {
        Self::of(place, "zhou", Role::Supervisor, TOWN).await
    }
}

fn household(phone: &mut Phone, scope: ScopeId, head: &str) -> RecordId {
    let fields = [
        ("door", Value::from("12号")),
        ("head_name", head.into()),
        ("phone", "13900001111".into()),
    ];
    phone.open(scope, Kind::Household, &fields)
}

/// Two parties, so that there is a name to mask.
fn dispute(phone: &mut Phone, scope: ScopeId) -> RecordId {
    let record = phone.dispute(scope);
    let edit = Edit::default()
        .set("party_a/name", "张有田")
        .set("party_b/name", "李大山")
        .set("disputed_area_mu", 1i64);
    phone.edit(record, edit);
    record
}

const PAGES: [&str; 13] = [
    "/",
    "/disputes",
    "/requests",
    "/visits",
    "/households",
    "/records?show=new",
    "/warnings",
    "/warnings/new",
    "/quarantine",
    "/report",
    "/organisation",
    "/audit",
    "/households?show=due",
];

#[tokio::test]
async fn a_supervisor_signs_in_with_password_and_one_time_code_and_out_again() {
    let place = Place::inline();
    let mut browser = Browser::new(&place);
    let away = browser.get("/disputes").await;
    assert_eq!(
        (away.status, away.location.as_str()),
        (StatusCode::SEE_OTHER, "/login?next=%2Fdisputes")
    );
    let page = browser.sign_in("zhou", Role::Supervisor, TOWN).await;
    assert_eq!(
        (page.status, page.location.as_str()),
        (StatusCode::SEE_OTHER, "/")
    );
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    let inbox = browser.get("/").await;
    assert_eq!(inbox.status, StatusCode::OK);
    assert!(inbox.has("东镇") && inbox.has("待办"));
    assert_eq!(
        browser.post("/logout", &[]).await.location,
        "/login?said=bye"
    );
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_wrong_password_and_a_code_used_before_let_nobody_in() {
    let place = Place::inline();
    let mut browser = Browser::supervisor(&place).await;
    let user = place
        .relay
        .store
        .read::<_, StoreError>(|tx| tx.user_by_login("zhou"))
        .unwrap()
        .unwrap();
    let code = totp::code_at(&user.totp_secret, place.relay.now()).unwrap();
    browser.post("/logout", &[]).await;
    browser.get("/login").await;
    let wrong = [
        ("user", "zhou"),
        ("password", "wrong"),
        ("totp", code.as_str()),
    ];
    let page = browser.post("/login", &wrong).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.has("id=\"problem\"") && page.has("value=\"zhou\""));
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn without_the_forms_token_nothing_happens() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let record = dispute(&mut phone, GRID);
    phone.sync(&place);
    let mut browser = Browser::supervisor(&place).await;
    let path = format!("/records/{record}/return");
    for csrf in ["", "00", "x"] {
        let page = browser
            .post_raw(&path, &[("csrf", csrf), ("note", "缺地点")])
            .await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.has("data-problem=\"csrf\""));
    }
    assert_eq!(
        held(&place, record).unwrap().state.review,
        xunge_records::Review::Open
    );
}

#[tokio::test]
async fn what_lies_outside_the_users_area_is_not_there() {
    let place = Place::inline();
    let mut phone = place.phone("赵桂芳", &[GRID_FAR]);
    let record = dispute(&mut phone, GRID_FAR);
    let home = household(&mut phone, GRID_FAR, "陈有福");
    phone.sync(&place);
    let mut far = Browser::of(&place, "far", Role::Supervisor, OTHER_TOWN).await;
    assert!(far.get("/disputes").await.has(&record.to_string()));
    let sent = far
        .post(
            "/warnings/new",
            &[
                ("text", "是骗子"),
                ("households", &home.to_string()),
                ("expires_on", "2026-12-20"),
            ],
        )
        .await;
    let warning = sent.location.clone();

    let mut browser = Browser::supervisor(&place).await;
    assert!(!browser.get("/disputes").await.has(&record.to_string()));
    assert!(!browser.get("/households").await.has(&home.to_string()));
    for path in [
        format!("/records/{record}"),
        format!("/records/{home}"),
        format!("/records/{record}/media/{}", "00".repeat(32)),
        format!("/disputes?scope={GRID_FAR}"),
        format!("/organisation?scope={OTHER_TOWN}"),
        warning,
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.has("data-problem=\"not_found\""), "{path}");
    }
    for verb in [
        "return", "approve", "assign", "escalate", "transfer", "resolve", "settle", "reveal",
        "nonsense",
    ] {
        let pairs = [("reason", "看看"), ("note", "看看"), ("choice", "x=1")];
        let page = browser
            .post(&format!("/records/{record}/{verb}"), &pairs)
            .await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{verb}");
    }
    let page = browser
        .post(
            "/warnings/new",
            &[
                ("text", "是骗子"),
                ("households", &home.to_string()),
                ("expires_on", "2026-12-20"),
            ],
        )
        .await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    let page = browser
        .post(&format!("/workers/{}/enrol", phone.worker), &[])
        .await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn names_are_masked_until_revealed_with_a_reason_and_the_audit_log_says_so() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let home = household(&mut phone, GRID, "王桂兰");
    let record = dispute(&mut phone, GRID);
    phone.sync(&place);
    let mut browser = Browser::supervisor(&place).await;
    for path in [
        "/households".to_owned(),
        "/disputes".into(),
        format!("/records/{home}"),
        format!("/records/{record}"),
    ] {
        let page = browser.get(&path).await;
        for name in ["王桂兰", "13900001111", "张有田", "李大山"] {
            assert!(!page.has(name), "{name} in {path}");
        }
    }
    let path = format!("/records/{home}/reveal");
    browser.post(&path, &[("reason", "")]).await;
    assert!(!browser.get(&format!("/records/{home}")).await.has("王桂兰"));
    browser.post(&path, &[("reason", "打电话核实")]).await;
    let page = browser.get(&format!("/records/{home}")).await;
    assert!(page.has("王桂兰") && page.has("13900001111"));
    let rows = place
        .relay
        .store
        .read::<_, StoreError>(move |tx| tx.audit_about(&home.to_string()))
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (
            rows[0].event.action.as_str(),
            rows[0].event.reason.as_deref()
        ),
        ("reveal", Some("打电话核实"))
    );
    // Of this record, in this session, and not for ever.
    assert!(
        !browser
            .get(&format!("/records/{record}"))
            .await
            .has("张有田")
    );
    place.later(16 * 60 * 1000);
    assert!(!browser.get(&format!("/records/{home}")).await.has("王桂兰"));
}

#[tokio::test]
async fn a_return_with_a_note_reaches_the_authors_phone_and_its_fix_the_inbox() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let record = dispute(&mut phone, GRID);
    phone.sync(&place);
    let mut browser = Browser::supervisor(&place).await;
    let path = format!("/records/{record}");
    let page = browser.get(&path).await;
    let version = page.between("data-version=\"", "\"").to_owned();
    assert!(
        page.has("data-action=\"return\"")
            && page.has("name=\"note\"")
            && page.has("name=\"reason\"")
    );
    let nothing = browser
        .post(&format!("{path}/return"), &[("version", &version)])
        .await;
    assert_eq!(nothing.location, path);
    assert!(browser.get(&path).await.has("data-flash=\"bad\""));
    browser
        .post(
            &format!("{path}/return"),
            &[("version", &version), ("note", "缺地点，请说一句")],
        )
        .await;
    let page = browser.get(&path).await;
    assert!(
        page.has("data-flash=\"good\"")
            && page.has("data-review=\"returned\"")
            && page.has("缺地点，请说一句")
    );

    phone.sync(&place);
    let event = phone.documents[&record]
        .1
        .read(record)
        .unwrap()
        .events
        .into_iter()
        .find(|e| e.body.verb() == Verb::Return)
        .unwrap();
    assert_eq!(event.body.note.as_deref(), Some("缺地点，请说一句"));
    phone.event(record, Verb::Fix, |_| ());
    phone.sync(&place);
    let inbox = browser.get("/").await;
    let group = inbox.between("data-group=\"fixed\"", "</section>");
    assert!(group.contains(&record.to_string()));
    browser.get(&path).await;
    browser.post(&format!("{path}/approve"), &[]).await;
    assert!(browser.get(&path).await.has("data-review=\"approved\""));
    assert!(!browser.get("/").await.has(&record.to_string()));
}

#[tokio::test]
async fn a_spoken_note_is_kept_played_in_the_console_and_named_in_the_event() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let record = dispute(&mut phone, GRID);
    phone.sync(&place);
    let mut browser = Browser::supervisor(&place).await;
    let wav = b"RIFF\x24\0\0\0WAVEfmt test";
    let form = |csrf: &str, bytes: &[u8]| {
        let mut body = format!("--B\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--B\r\ncontent-disposition: form-data; name=\"audio\"; filename=\"n.wav\"\r\ncontent-type: audio/wav\r\n\r\n").into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--B--\r\n");
        body
    };
    let post = || {
        Request::post(format!("/records/{record}/return"))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B")
    };
    let csrf = browser.csrf.clone();
    browser
        .send(post(), form(&csrf, b"this is no recording"))
        .await;
    assert!(
        browser
            .get(&format!("/records/{record}"))
            .await
            .has("data-flash=\"bad\"")
    );
    browser.send(post(), form(&csrf, wav)).await;
    let page = browser.get(&format!("/records/{record}")).await;
    assert!(page.has("data-review=\"returned\"") && page.has("<audio"));
    let source = page
        .between("<audio controls preload=\"none\" src=\"", "\"")
        .to_owned();
    let played = browser.get(&source).await;
    assert_eq!(played.status, StatusCode::OK);
    assert_eq!(played.headers[header::CONTENT_TYPE], "audio/wav");
    assert_eq!(played.html.as_bytes(), wav);
    let audit = browser.get("/audit").await;
    assert!(audit.has("data-audit=\"media\"") && audit.has("data-audit=\"return\""));
}

#[tokio::test]
async fn two_values_of_a_field_stand_side_by_side_and_one_is_chosen() {
    let place = Place::inline();
    let mut one = place.phone("李大山", &[GRID]);
    let mut two = place.phone("王秀英", &[GRID]);
    let record = dispute(&mut one, GRID);
    one.sync(&place);
    let copy = one.documents[&record].1.clone();
    two.documents.insert(record, (GRID, copy));
    one.edit(record, Edit::default().set("disputed_area_mu", 3i64));
    two.edit(record, Edit::default().set("disputed_area_mu", 5i64));
    one.sync(&place);
    two.sync(&place);
    let mut browser = Browser::supervisor(&place).await;
    assert!(
        browser
            .get("/")
            .await
            .between("data-group=\"differing\"", "</section>")
            .contains(&record.to_string())
    );
    let path = format!("/records/{record}");
    let page = browser.get(&path).await;
    let differ = page.between("id=\"differences\"", "</section>");
    for text in [
        "李大山",
        "王秀英",
        ">3<",
        ">5<",
        "data-action=\"settle\"",
        "disputed_area_mu=5",
    ] {
        assert!(differ.contains(text), "{text}");
    }
    browser
        .post(
            &format!("{path}/settle"),
            &[("choice", "disputed_area_mu=5")],
        )
        .await;
    let page = browser.get(&path).await;
    assert!(!page.has("id=\"differences\"") && page.has("data-event=\"settle\""));
    let fields = held(&place, record).unwrap().fields;
    assert_eq!(fields.get("disputed_area_mu"), Some(&Value::Int(5)));
}

#[tokio::test]
async fn a_warning_leaves_the_list_of_the_unheard_household_by_household() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let homes = [
        household(&mut phone, GRID, "王桂兰"),
        household(&mut phone, GRID, "陈有田"),
    ];
    phone.sync(&place);
    let mut browser = Browser::supervisor(&place).await;
    browser.get("/warnings/new").await;
    let typed = format!("{}\n{}", homes[0], homes[1]);
    let form = |text: &'static str| [("text", text), ("expires_on", "2026-12-20"), ("level", "3")];
    let with = |text, households| {
        let mut pairs = form(text).to_vec();
        pairs.push(("households", households));
        pairs
    };
    let bad = browser
        .post("/warnings/new", &with("请打 13900001111", typed.as_str()))
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.has("id=\"problem\"") && bad.has("请打 13900001111"));
    assert_eq!(
        browser.post("/warnings/new", &form("是骗子")).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let sent = browser
        .post(
            "/warnings/new",
            &with("有人要您转钱，是骗子", typed.as_str()),
        )
        .await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let unheard = format!("{}?outcome=unheard", sent.location);
    let page = browser.get(&unheard).await;
    assert!(
        homes
            .iter()
            .all(|home| page.has(&format!("data-record=\"{home}\"")))
    );

    phone.sync(&place);
    let seen = phone.seen[&GRID]
        .iter()
        .find(|(_, e)| e.kind == Kind::Warning.entry_kind())
        .unwrap();
    let warning = seen.1.record;
    let ack = RecordId::acknowledgement(&warning, &homes[0]);
    phone.documents.insert(
        ack,
        (
            GRID,
            xunge_records::Document::new(Kind::WarningAck).unwrap(),
        ),
    );
    let edit = Edit {
        open: Some(xunge_records::Open {
            scope: GRID,
            form: "warning_ack@1".parse().unwrap(),
        }),
        ..Edit::default()
    };
    let edit = edit
        .set("warning", warning.to_string())
        .set("household", homes[0].to_string())
        .set("outcome", "W50");
    phone.edit(ack, edit);
    phone.sync(&place);
    let page = browser.get(&unheard).await;
    assert!(!page.has(&format!("data-record=\"{}\"", homes[0])));
    assert!(page.has(&format!("data-record=\"{}\"", homes[1])));
    assert!(
        browser
            .get("/")
            .await
            .between("data-group=\"money\"", "</section>")
            .contains(&ack.to_string())
    );
    let all = browser.get(&sent.location).await;
    assert!(
        all.between("data-list=\"households\"", "</ul>")
            .trim_start_matches('>')
            .trim()
            .starts_with(&format!(
                "<li class=\"row\" data-record=\"{}\" data-state=\"W50\"",
                homes[0]
            ))
    );
}

#[tokio::test]
async fn what_was_not_accepted_shows_its_content_and_is_admitted_or_rejected_with_a_reason() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let admitted = phone.dispute(GRID_BESIDE);
    let rejected = phone.visit(GRID_BESIDE);
    phone.sync(&place);
    let mut browser = Browser::supervisor(&place).await;
    let page = browser.get("/quarantine").await;
    assert!(page.has("data-code=\"outside_grid\"") && page.has("村口"));
    let entry = |page: &Page, record: RecordId| {
        let card = page
            .html
            .split("<li class=\"card\"")
            .find(|c| c.contains(&format!("data-record=\"{record}\"")))
            .unwrap()
            .to_owned();
        card.split_once("data-entry=\"")
            .unwrap()
            .1
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    let (first, second) = (entry(&page, admitted), entry(&page, rejected));
    browser
        .post(&format!("/quarantine/{first}/admit"), &[])
        .await;
    assert!(browser.get("/quarantine").await.has("data-flash=\"bad\""));
    browser
        .post(
            &format!("/quarantine/{first}/admit"),
            &[("reason", "帮忙办的")],
        )
        .await;
    browser
        .post(
            &format!("/quarantine/{second}/reject"),
            &[("reason", "请本网格报")],
        )
        .await;
    assert!(held(&place, admitted).is_some() && held(&place, rejected).is_none());
    let page = browser.get("/quarantine?state=rejected").await;
    assert!(page.has("请本网格报"));
}

#[tokio::test]
async fn every_number_of_the_monthly_return_opens_as_many_rows_as_it_counts() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID, GRID_BESIDE]);
    let homes = [
        household(&mut phone, GRID, "王桂兰"),
        household(&mut phone, GRID_BESIDE, "陈有田"),
    ];
    let cases = [
        dispute(&mut phone, GRID),
        dispute(&mut phone, GRID_BESIDE),
        dispute(&mut phone, GRID),
    ];
    phone.visit(GRID);
    phone.sync(&place);
    let mut browser = Browser::supervisor(&place).await;
    browser
        .post(
            &format!("/records/{}/resolve", cases[0]),
            &[("reason", "说和了"), ("method", "RM03")],
        )
        .await;
    let page = browser.get("/report").await;
    let mut opened = 0;
    for part in page.html.split("<td><a href=\"").skip(1) {
        let (href, rest) = part.split_once('"').unwrap();
        let n: usize = rest
            .trim_start_matches('>')
            .split('<')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let list = browser
            .get(&href.replace("&#38;", "&").replace("&amp;", "&"))
            .await;
        assert_eq!(list.html.matches("class=\"row\"").count(), n, "{href}");
        opened += 1;
    }
    assert!(opened >= 10, "{opened}");
    assert!(page.has("data-table=\"disputes\"") && homes.len() == 2);
    let sheet = browser.get("/report.xlsx").await;
    assert_eq!(sheet.status, StatusCode::OK);
    assert!(sheet.html.starts_with("PK"));
}

#[tokio::test]
async fn every_page_is_whole_in_both_languages_and_loads_nothing_from_elsewhere() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let home = household(&mut phone, GRID, "王桂兰");
    let record = dispute(&mut phone, GRID);
    let visit = phone.visit(GRID);
    phone.event(record, Verb::Mediate, |body| {
        body.note = Some("双方到场".into())
    });
    phone.sync(&place);
    let mut browser = Browser::supervisor(&place).await;
    let mut paths: Vec<String> = PAGES.map(str::to_owned).into();
    paths.extend([home, record, visit].map(|id| format!("/records/{id}")));
    for lang in ["zh-CN", "en"] {
        browser.get("/").await;
        browser
            .post("/language", &[("lang", lang), ("here", "/")])
            .await;
        for path in &paths {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.has(&format!("<html lang=\"{lang}\"")), "{path}");
            let csp = page.headers[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap();
            assert!(csp.contains("default-src 'none'") && !csp.contains("unsafe"));
            assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
            assert!(
                !page.has(" style=") && !page.has("<style") && !page.has("onclick"),
                "{path}"
            );
            for script in page.html.split("<script").skip(1) {
                assert!(script.starts_with(" src=\"/assets/"), "{path}");
            }
            // A text that is missing shows as its key: letters, dots, letters.
            for text in page
                .html
                .split('>')
                .skip(1)
                .filter_map(|t| t.split('<').next())
            {
                let key = text.trim();
                let is_key = key.contains('.')
                    && key.split('.').all(|w| {
                        !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                    });
                assert!(!is_key, "{key} in {path} ({lang})");
            }
        }
    }
}

#[tokio::test]
async fn an_idle_user_is_signed_out_and_one_who_works_is_not() {
    let place = Place::inline();
    let mut browser = Browser::supervisor(&place).await;
    for _ in 0..3 {
        place.later(25 * 60 * 1000);
        assert_eq!(browser.get("/disputes").await.status, StatusCode::OK);
    }
    place.later(31 * 60 * 1000);
    assert_eq!(browser.get("/disputes").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_viewer_reads_and_changes_nothing() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let record = dispute(&mut phone, GRID);
    phone.sync(&place);
    let mut browser = Browser::of(&place, "viewer", Role::Viewer, TOWN).await;
    let page = browser.get(&format!("/records/{record}")).await;
    assert!(!page.has("data-action=\"return\"") && !page.has("data-action=\"reveal\""));
    for verb in ["return", "approve", "reveal"] {
        let pairs = [("note", "x"), ("reason", "x")];
        let page = browser
            .post(&format!("/records/{record}/{verb}"), &pairs)
            .await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{verb}");
    }
    assert_eq!(
        browser.get("/warnings/new").await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_ticket_and_an_unlock_code_are_shown_once_and_a_lost_phone_is_revoked() {
    let place = Place::inline();
    let phone = place.phone("王秀英", &[GRID]);
    let mut browser = Browser::supervisor(&place).await;
    let grid = GRID.to_string();
    let scope = ("scope", grid.as_str());
    let page = browser
        .post(&format!("/workers/{}/enrol", phone.worker), &[scope])
        .await;
    let ticket = page.between("data-ticket-text>", "<").to_owned();
    let ticket = xunge_protocol::enrolment::Ticket::from_text(&ticket).unwrap();
    assert_eq!(ticket.url, "http://relay.example:8080");
    assert!(page.has("<svg") && !page.has("<?xml"));
    assert!(Phone::enrol(&place, &ticket, [3; 32]).is_ok());
    let told = browser
        .post(&format!("/workers/{}/unlock", phone.worker), &[scope])
        .await;
    let code: String = told.between("data-unlock-code>", "<").split(' ').collect();
    assert_eq!(code.len(), 12);
    assert!(
        !browser
            .get(&format!("/organisation?scope={GRID}"))
            .await
            .has("data-unlock-code")
    );
    let path = format!("/devices/{}/revoke", phone.writer);
    browser.post(&path, &[scope, ("reason", "丢了")]).await;
    let page = browser.get(&format!("/organisation?scope={GRID}")).await;
    assert!(page.has(&format!(
        "data-device=\"{}\" data-state=\"revoked\"",
        phone.writer
    )));
    browser
        .post("/organisation/worker", &[scope, ("name", "陈新人")])
        .await;
    assert!(
        browser
            .get(&format!("/organisation?scope={GRID}"))
            .await
            .has("陈新人")
    );
}
