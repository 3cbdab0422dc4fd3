//! What was not accepted.

use xunge_protocol::RecordId;

use crate::browser::*;
use crate::common::*;

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
