//! Beside a relay that serves.

use crate::county::*;

#[test]
fn the_relay_serves_while_commands_write_and_stops_when_told() {
    let county = County::peopled();
    let mut serving = county.serve();
    let token = county.json(&["admin", "token", "add", "--role", "export"]);
    let token = token["token"].as_str();
    assert_eq!(serving.get("/api/v1/records", None).0, 401);
    assert_eq!(serving.get("/api/v1/records", Some("wrong")).0, 401);
    let (status, page) = serving.get("/api/v1/records?kind=household&limit=1", token);
    assert_eq!(
        (status, page["records"].as_array().unwrap().len()),
        (200, 1)
    );
    let next = page["next"].as_str().unwrap();
    let (_, rest) = serving.get(
        &format!("/api/v1/records?kind=household&since={next}"),
        token,
    );
    assert_eq!(rest["records"].as_array().unwrap().len(), 1);
    assert_ne!(rest["records"][0]["id"], page["records"][0]["id"]);
    let end = rest["next"].as_str().unwrap().to_owned();
    let more = county.file(
        "more.csv",
        &HOUSEHOLDS.replace("h1,", "m1,").replace("h2,", "m2,"),
    );
    county.json(&["admin", "households", "import", &more]);
    let (_, new) = serving.get(
        &format!("/api/v1/records?kind=household&since={end}"),
        token,
    );
    assert_eq!(new["records"].as_array().unwrap().len(), 2);
    let said = county.fails(1, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(said.contains("stop it first"), "{said}");
    assert_eq!(serving.stop(), Some(0));
}

#[test]
fn a_bad_parameter_is_named_and_never_an_inner_error() {
    let county = County::peopled();
    let serving = county.serve();
    let token = county.json(&["admin", "token", "add", "--role", "export"]);
    let token = token["token"].as_str();
    for (query, parameter) in [
        ("kind=goat", "kind"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("since=yesterday", "since"),
        ("scope=zz", "scope"),
        ("colour=red", "colour"),
        ("kind=visit&kind=visit", "kind"),
    ] {
        let (status, problem) = serving.get(&format!("/api/v1/records?{query}"), token);
        assert_eq!(
            (status, problem["code"].as_str()),
            (400, Some("bad_parameter")),
            "{query}"
        );
        assert_eq!(problem["parameter"], parameter);
    }
    assert_eq!(serving.get("/api/v1/records/zz", token).0, 400);
    assert_eq!(
        serving
            .get(&format!("/api/v1/records/{}", "01".repeat(13)), token)
            .0,
        404
    );
    assert_eq!(serving.get("/api/v1/schemas/goat", token).0, 404);
    assert_eq!(
        serving.get("/api/v1/schemas/visit", token).1["title"],
        "visit"
    );
    assert_eq!(
        serving.get("/api/v1/since/1789", token).1["code"],
        "not_found"
    );
    assert_eq!(serving.get("/api/openapi.json", None).1["openapi"], "3.1.0");
    let (status, _) = serving.get("/api/v1/records?since=0000000000000000-1", token);
    assert_eq!(status, 410);
}

#[test]
fn a_media_token_does_not_read_records() {
    let county = County::new();
    let serving = county.serve();
    let token = county.json(&["admin", "token", "add", "--role", "media"]);
    assert_eq!(
        serving.get("/api/v1/records", token["token"].as_str()).0,
        401
    );
}
