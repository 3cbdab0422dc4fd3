//! Reports that are returned, and values of which one is chosen.

use axum::http::{Request, StatusCode, header};
use xunge_records::{Edit, Value, Verb};

use crate::browser::*;
use crate::common::*;

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
