//! A warning, household by household.

use axum::http::StatusCode;
use xunge_protocol::RecordId;
use xunge_records::{Edit, Kind};

use crate::browser::*;
use crate::common::*;

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
