//! Workers and their phones.

use crate::browser::*;
use crate::common::*;

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
    let code = page.between("data-ticket-code>", "<");
    let code = xunge_protocol::ShortCode::parse(code).unwrap();
    let row = place.relay.store.read(|tx| tx.short_code(code.name()));
    let row = row.unwrap().unwrap();
    assert_eq!(row.ticket, xunge_protocol::Hash32::of(&ticket.secret));
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
