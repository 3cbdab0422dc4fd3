//! The console in a real browser, against a real relay and a real phone: what a supervisor clicks reaches the worker,
//! and the other way round. Elements are found by their `data-` attributes, so wording may change.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod browser;

use std::fs;

use serde_json::json;
use tempfile::TempDir;
use xunge_tests::interview::Mood;
use xunge_tests::proxy::Network;
use xunge_tests::relay::{self, Login, Relay, xunge_json};
use xunge_tests::worker::Worker;

use browser::Browser;

struct Office {
    relay: Relay,
    admin: Login,
    worker: Worker,
    folder: TempDir,
}

async fn office() -> Office {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("relay");
    let admin = relay::init(&data, "village", 3).await.unwrap();
    let relay = Relay::serve(&data, "127.0.0.1:0").await.unwrap();
    let api = xunge_tests::api::Api::new(&relay.url(), &relay.token().await.unwrap()).unwrap();
    let grid = api
        .scopes_of("household")
        .await
        .unwrap()
        .into_keys()
        .next()
        .unwrap();
    let phone = folder.path().join("phone");
    let mut worker = Worker::enrol(&relay, &grid, "李大山", &phone, Network::GOOD, 5)
        .await
        .unwrap();
    worker.sync().await.unwrap();
    worker.look_around(10).await.unwrap();
    Office {
        relay,
        admin,
        worker,
        folder,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_returns_a_dispute_and_the_worker_mends_it_and_it_is_approved() {
    let mut office = office().await;
    let worker = &mut office.worker;
    worker.mood(Mood::Thorough, "两家为田埂吵");
    let report = worker.record("dispute", None).await.unwrap();
    worker.sync().await.unwrap();

    let browser = Browser::open().await.unwrap();
    browser
        .sign_in(&office.relay.url(), &office.admin)
        .await
        .unwrap();
    browser.follow_record("/", &report).await.unwrap();
    browser
        .fill("note", "缺地点，请说一句在哪里")
        .await
        .unwrap();
    browser.press("return").await.unwrap();

    worker.sync().await.unwrap();
    let shown = worker
        .phone
        .call("record", json!({"record": report}))
        .await
        .unwrap();
    assert_eq!(shown["sync_state"], "returned");
    assert!(shown.to_string().contains("缺地点"), "{shown}");
    worker.amend(&report).await.unwrap();
    worker.sync().await.unwrap();

    // What was mended after a return is an exception: it stands in the inbox itself.
    browser.go("/").await.unwrap();
    assert!(
        browser.has(&format!("[data-record='{report}']")).await,
        "{}",
        browser.text().await
    );
    browser.follow_record("/", &report).await.unwrap();
    assert!(
        browser.has("[data-event='fix']").await,
        "{}",
        browser.text().await
    );
    browser.press("approve").await.unwrap();
    assert!(
        browser.has("[data-event='approve']").await,
        "{}",
        browser.text().await
    );
    worker.sync().await.unwrap();
    let shown = worker
        .phone
        .call("record", json!({"record": report}))
        .await
        .unwrap();
    assert_eq!(shown["sync_state"], "received");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_who_has_not_heard_a_warning_shrinks_as_the_worker_tells_them() {
    let mut office = office().await;
    let worker = &mut office.worker;
    let households = worker.households[..2].to_vec();
    let browser = Browser::open().await.unwrap();
    browser
        .sign_in(&office.relay.url(), &office.admin)
        .await
        .unwrap();
    browser.go("/").await.unwrap();
    browser.go_to_action("new_warning").await.unwrap();
    browser
        .fill("text", "有人冒充社保局要你转账，不要转")
        .await
        .unwrap();
    browser
        .fill("households", &households.join("\n"))
        .await
        .unwrap();
    browser.press("issue").await.unwrap();
    let page = browser.path().await;
    let (unheard, rows) = browser.first_state_of(&households).await;
    assert_eq!(rows, 2, "{}", browser.text().await);

    worker.sync().await.unwrap();
    let warnings = worker.phone.records(Some("warning"), None).await.unwrap();
    let warning = warnings[0]["record"].as_str().unwrap().to_owned();
    worker.mood(Mood::Brief, "");
    for left in [1, 0] {
        worker.record("warning_ack", Some(&warning)).await.unwrap();
        worker.sync().await.unwrap();
        browser.go(&page).await.unwrap();
        assert_eq!(
            browser.count_state(&households, &unheard).await,
            left,
            "{}",
            browser.text().await
        );
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_another_town_gets_404_for_what_is_not_theirs() {
    let mut office = office().await;
    let report = office.worker.record("dispute", None).await.unwrap();
    office.worker.sync().await.unwrap();
    let file = office.folder.path().join("towns.csv");
    fs::write(
        &file,
        "code,name,level,parent,help_phone\n999999777,邻镇,2,999999,\n",
    )
    .unwrap();
    let file = file.display().to_string();
    office.relay.admin(&["org", "import", &file]).await.unwrap();
    let add = [
        "user",
        "add",
        "--user",
        "neighbour",
        "--name",
        "邻镇值班",
        "--scope",
        "999999777",
    ];
    let neighbour = Login::from_json(&office.relay.admin(&add).await.unwrap()).unwrap();

    let browser = Browser::open().await.unwrap();
    browser
        .sign_in(&office.relay.url(), &neighbour)
        .await
        .unwrap();
    assert_eq!(browser.status_of(&format!("/records/{report}")).await, 404);
    assert_eq!(browser.status_of("/").await, 200);
    browser.go("/").await.unwrap();
    assert!(!browser.has(&format!("[data-record='{report}']")).await);
    browser.close().await;

    let own = Browser::open().await.unwrap();
    own.sign_in(&office.relay.url(), &office.admin)
        .await
        .unwrap();
    assert_eq!(own.status_of(&format!("/records/{report}")).await, 200);
    own.close().await;
    let data = office.relay.data().display().to_string();
    assert!(
        xunge_json(&["audit", "verify", "--data", &data, "--json"])
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_no_script_error_fits_a_small_screen_and_speaks_english_when_asked() {
    let office = office().await;
    let browser = Browser::open().await.unwrap();
    browser
        .sign_in(&office.relay.url(), &office.admin)
        .await
        .unwrap();
    for path in [
        "/",
        "/warnings",
        "/households",
        "/visits",
        "/report",
        "/quarantine",
    ] {
        browser.go(path).await.unwrap();
        for (width, height) in [(1366, 768), (412, 892)] {
            let wider = browser.overflow(width, height).await;
            assert_eq!(
                wider, 0,
                "{path} is {wider} px wider than a screen of {width} px"
            );
        }
    }
    browser.go("/").await.unwrap();
    assert_eq!(browser.language().await, "zh-CN");
    browser.press("language").await.unwrap();
    assert_eq!(browser.language().await, "en");
    browser.close().await;
}
