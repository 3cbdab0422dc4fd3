//! Who gets in, and for how long.

use axum::http::{StatusCode, header};
use xunge_server::account::{Role, totp};
use xunge_server::store::StoreError;

use crate::browser::*;
use crate::common::*;

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
