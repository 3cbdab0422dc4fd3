//! What a user sees and may do: by area, by role, and names only with a reason.

use axum::http::StatusCode;
use xunge_server::account::Role;
use xunge_server::store::StoreError;

use crate::browser::*;
use crate::common::*;

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
