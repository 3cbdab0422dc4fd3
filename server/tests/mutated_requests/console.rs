//! The console: a signed-in browser that posts every form with fields of its own, and one that is not signed in.

use xunge_protocol::Pouch;

use crate::api::{escaped, escaped_path};
use crate::common::Phone;
use crate::noise::Noise;
use crate::town::{Asked, CSRF, SCOPES, Town, USERS, cookie};

/// Pages and the parameters that they read.
const PAGES: [(&str, &[&str]); 16] = [
    ("/", &[]),
    (
        "/disputes",
        &["q", "scope", "show", "state", "code", "page"],
    ),
    ("/requests", &["q", "scope", "show", "received", "resolved"]),
    ("/visits", &["q", "household", "day", "page"]),
    ("/households", &["q", "scope", "show", "page"]),
    ("/records", &["show", "scope", "page"]),
    ("/warnings", &["page", "scope"]),
    ("/warnings/new", &["households", "town"]),
    ("/quarantine", &["state", "after"]),
    ("/courier", &[]),
    ("/report", &["month", "scope"]),
    ("/report.xlsx", &["month", "scope"]),
    ("/organisation", &["scope", "silent"]),
    ("/audit", &["q", "page"]),
    ("/login", &["next", "said", "lang"]),
    ("/nowhere", &[]),
];

const VERBS: [&str; 12] = [
    "assign", "approve", "return", "escalate", "transfer", "agree", "resolve", "reopen", "settle",
    "reveal", "erase", "nothing",
];

type Pairs = Vec<(String, String)>;

pub(crate) fn ask(phone: &mut Phone, town: &Town, noise: &mut Noise) -> Asked {
    let asked = match noise.below(3) {
        0 => page(town, noise),
        _ => form(phone, town, noise),
    };
    // Most are signed in; a few bring a cookie that is none.
    let user = noise.below(USERS);
    match noise.below(16) {
        0 => asked,
        1 => {
            let odd = noise.harmed(format!("xunge={}", cookie(user)).as_bytes());
            asked.with("cookie", odd)
        }
        _ => asked.with("cookie", format!("xunge={}", cookie(user))),
    }
    .with("host", "relay.example:8080")
}

fn page(town: &Town, noise: &mut Noise) -> Asked {
    if noise.one_in(3) {
        let record = town.record(noise);
        let path = match noise.below(4) {
            0 => format!(
                "/records/{}",
                escaped_path(&noise.text(&record.to_string()))
            ),
            1 if !town.known.files.is_empty() => {
                format!("/records/{record}/media/{}", noise.pick(&town.known.files))
            }
            2 => format!("/warnings/{}", hex::encode(noise.bytes(20))),
            _ => format!("/records/{record}"),
        };
        return Asked::get("a record's page", path);
    }
    let (path, names) = *noise.pick(&PAGES);
    let mut how = "a page";
    let mut query = Vec::new();
    for name in names {
        if noise.one_in(2) {
            continue;
        }
        let good = parameter(name, town, noise);
        let value = match noise.one_in(4) {
            true => {
                how = "a page with odd parameters";
                noise.text(&good)
            }
            false => good,
        };
        query.push(format!("{name}={}", escaped(&value)));
    }
    Asked::get(how, format!("{path}?{}", query.join("&")))
}

fn parameter(name: &str, town: &Town, noise: &mut Noise) -> String {
    match name {
        "scope" | "town" => noise.pick(&SCOPES).to_string(),
        "show" => (*noise.pick(&["new", "overdue", "fixed", "due", "all", "proposed"])).into(),
        "state" => (*noise.pick(&["S10", "R10", "waiting", "rejected"])).into(),
        "code" => "type:02".into(),
        "page" => noise.number().to_string(),
        "received" | "resolved" | "month" => {
            (*noise.pick(&["2026-11", "9999-12", "-009-01", "0000-01"])).into()
        }
        "day" => "today".into(),
        "household" | "households" => town.household(noise).to_string(),
        "after" if !town.known.quarantine.is_empty() => noise.pick(&town.known.quarantine).clone(),
        "next" => "/disputes".into(),
        "lang" => "en".into(),
        _ => "张".into(),
    }
}

fn form(phone: &mut Phone, town: &Town, noise: &mut Noise) -> Asked {
    let record = town.record(noise);
    let scope = noise.pick(&SCOPES).to_string();
    let (path, mut pairs): (String, Pairs) = match noise.below(14) {
        0..=5 => {
            let verb = *noise.pick(&VERBS);
            // Whole records go seldom: there must be something left to do things to.
            let verb = if verb == "erase" && !noise.one_in(6) {
                "return"
            } else {
                verb
            };
            (
                format!("/records/{record}/{verb}"),
                verb_fields(&scope, noise),
            )
        }
        6 => ("/warnings/new".into(), warning_fields(&scope, town, noise)),
        7 if !town.known.quarantine.is_empty() => {
            let id = noise.pick(&town.known.quarantine).clone();
            let how = noise.pick(&["admit", "reject"]);
            (
                format!("/quarantine/{id}/{how}"),
                pairs(&[("reason", "已核实")]),
            )
        }
        8 => (
            "/organisation/worker".into(),
            pairs(&[("scope", &scope), ("name", "李大山")]),
        ),
        9 => {
            let id = noise.pick(&town.known.workers).clone();
            let how = *noise.pick(&["enrol", "unlock", "close", "enrol"]);
            // A closed grant ends the phones of the test, too.
            let how = if how == "close" && !noise.one_in(6) {
                "unlock"
            } else {
                how
            };
            let path = format!("/workers/{id}/{how}");
            (path, pairs(&[("scope", &scope), ("reason", "调离")]))
        }
        10 if noise.one_in(12) => {
            let id = noise.pick(&town.known.devices).clone();
            (
                format!("/devices/{id}/revoke"),
                pairs(&[("reason", "丢失")]),
            )
        }
        11 => (
            "/language".into(),
            pairs(&[("lang", "en"), ("here", "/disputes")]),
        ),
        12 if noise.one_in(40) => (
            "/login".into(),
            pairs(&[("user", "zhou"), ("password", "x"), ("totp", "123456")]),
        ),
        12 if noise.one_in(8) => ("/logout".into(), Vec::new()),
        _ => return pouch(phone, town, noise),
    };
    let mut how = "a form";
    for (_, value) in &mut pairs {
        if noise.one_in(6) {
            how = "a form with odd values";
            *value = match noise.one_in(4) {
                true => noise.number().to_string(),
                false => noise.text(value),
            };
        }
    }
    let csrf = match noise.one_in(15) {
        true => noise.text(CSRF),
        false => CSRF.into(),
    };
    pairs.insert(0, ("csrf".into(), csrf));
    if noise.one_in(8) {
        let n = noise.below(pairs.len());
        pairs.remove(n);
    }
    let path = match noise.one_in(20) {
        true => format!(
            "/{}",
            escaped_path(&noise.text(path.trim_start_matches('/')))
        ),
        false => path,
    };
    if noise.one_in(6) {
        let audio = match noise.one_in(2) {
            true => b"\0\0\0\x20ftypM4A some sound".to_vec(),
            false => noise.bytes(200),
        };
        return parts("a form in parts", path, &pairs, &audio, noise);
    }
    let fields = pairs
        .iter()
        .map(|(k, v)| format!("{}={}", escaped(k), escaped(v)));
    let body = fields.collect::<Vec<_>>().join("&").into_bytes();
    let (how, body) = match noise.one_in(10) {
        true => ("a changed form", noise.harmed(&body)),
        false => (how, body),
    };
    let kind = match noise.one_in(25) {
        true => noise.text("application/x-www-form-urlencoded"),
        false => "application/x-www-form-urlencoded".into(),
    };
    Asked::post(how, path, body).with("content-type", kind)
}

fn pairs(of: &[(&str, &str)]) -> Pairs {
    of.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()
}

fn verb_fields(scope: &str, noise: &mut Noise) -> Pairs {
    let version = noise.below(4).to_string();
    let choice = match noise.one_in(2) {
        true => "type=\"02\"",
        false => "people=3",
    };
    let owner = match noise.one_in(2) {
        true => scope,
        false => "司法所",
    };
    pairs(&[
        ("version", &version),
        ("note", "缺照片"),
        ("reason", "按职责"),
        ("owner", owner),
        ("deadline", "2026-12-24"),
        ("method", "S60"),
        ("choice", choice),
        ("elsewhere", "法庭"),
    ])
}

fn warning_fields(scope: &str, town: &Town, noise: &mut Noise) -> Pairs {
    let household = town.household(noise).to_string();
    pairs(&[
        ("fraud_type", "F99"),
        ("level", "3"),
        ("text", "不要转账"),
        ("advice", "打110"),
        ("expires_on", "2026-12-31"),
        ("reason", "预警"),
        ("households", &household),
        ("scopes", scope),
    ])
}

/// A courier's file in the console's form.
fn pouch(phone: &mut Phone, town: &Town, noise: &mut Noise) -> Asked {
    let carried = crate::courier::ask(phone, town, noise);
    let bundle = xunge_protocol::SealedBundle::parse(carried.body).ok();
    let pouch = Pouch(bundle.into_iter().collect()).to_bytes();
    let file = match noise.one_in(3) {
        true => noise.harmed(&pouch),
        false => pouch,
    };
    let csrf = pairs(&[("csrf", CSRF)]);
    parts("a courier's file", "/courier".into(), &csrf, &file, noise)
}

/// A form with a file, as browsers send it.
fn parts(how: &'static str, path: String, pairs: &Pairs, file: &[u8], noise: &mut Noise) -> Asked {
    const BOUNDARY: &str = "----xunge";
    let mut body = Vec::new();
    for (name, value) in pairs {
        let head =
            format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    let head = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f\"\r\ncontent-type: audio/mp4\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let cut = noise.one_in(12).then(|| noise.below(body.len() + 1));
    let body = match noise.one_in(6) {
        true => noise.harmed(&body),
        false => body,
    };
    let kind = match noise.one_in(20) {
        true => noise.text("multipart/form-data; boundary=----xunge"),
        false => format!("multipart/form-data; boundary={BOUNDARY}"),
    };
    let mut asked = Asked::post(how, path, body).with("content-type", kind);
    asked.cut = cut;
    asked
}
