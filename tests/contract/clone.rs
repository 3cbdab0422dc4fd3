//! Two phones with one identity, and a phone that is an earlier one again: everybody's records are there, once.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xunge_tests::interview::{Interviewer, Mood};
use xunge_tests::phone::Phone;
use xunge_tests::proxy::Network;

use crate::scene::Scene;

/// What one phone saved: ids as `save` answered them, of records begun there.
struct Day {
    saved: Vec<String>,
    words: &'static str,
}

impl Day {
    async fn work(&mut self, phone: &Phone, kinds: &[&str]) {
        for (n, kind) in kinds.iter().enumerate() {
            let mut people = Interviewer::new(Mood::Thorough, n as u64, phone.dir(), self.words);
            let saved = people.record(phone, kind, None).await.unwrap();
            self.saved.push(saved.record);
        }
    }
}

/// The records of `days`, each found once on the relay, under its own id or as `former_id` of its new one.
async fn each_is_there_once(scene: &Scene, before: &BTreeSet<String>, days: &[&Day]) {
    let (records, _) = scene.api.records(None, None).await.unwrap();
    let ids: BTreeSet<&str> = records.iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), records.len(), "an id twice");
    let new: Vec<&Value> = records
        .iter()
        .filter(|r| !before.contains(r["id"].as_str().unwrap()))
        .collect();
    let count: usize = days.iter().map(|day| day.saved.len()).sum();
    assert_eq!(new.len(), count, "{new:#?}");
    for saved in days.iter().flat_map(|day| &day.saved) {
        // Both phones of a pair count on from the same number.
        let expected = days.iter().filter(|day| day.saved.contains(saved)).count();
        let found = new
            .iter()
            .filter(|r| r["id"] == saved.as_str() || r["former_id"] == saved.as_str())
            .count();
        assert_eq!(found, expected, "{saved}");
    }
    assert!(scene.api.quarantine().await.unwrap().is_empty());
}

async fn ids(scene: &Scene) -> BTreeSet<String> {
    scene.ids(None).await.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_phone_and_its_original_both_deliver_all_they_recorded_and_show_each_others_work()
{
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let before = ids(&scene).await;
    let mut common = Day {
        saved: Vec::new(),
        words: "复制以前",
    };
    common.work(&worker.phone, &["visit", "dispute"]).await;
    let folder = scene.dir("copy");
    worker.phone.copy_to(&folder).await.unwrap();
    let twin = worker.phone.twin(&folder).await.unwrap();

    let mut first = Day {
        saved: Vec::new(),
        words: "原来的手机",
    };
    let mut second = Day {
        saved: Vec::new(),
        words: "复制的手机",
    };
    first
        .work(&worker.phone, &["visit", "dispute", "visit", "request"])
        .await;
    second
        .work(&twin, &["dispute", "visit", "request", "visit", "visit"])
        .await;
    assert_eq!(
        first.saved[0], second.saved[0],
        "both count on from the same number"
    );
    for _ in 0..2 {
        worker.phone.sync(5).await.unwrap();
        twin.sync(5).await.unwrap();
    }
    each_is_there_once(&scene, &before, &[&common, &first, &second]).await;

    // Work goes on with both, in turns.
    first.work(&worker.phone, &["visit"]).await;
    second.work(&twin, &["visit", "dispute"]).await;
    for _ in 0..2 {
        twin.sync(5).await.unwrap();
        worker.phone.sync(5).await.unwrap();
    }
    each_is_there_once(&scene, &before, &[&common, &first, &second]).await;
    let all = (common.saved.len() + first.saved.len() + second.saved.len()) as u64;
    for phone in [&worker.phone, &twin] {
        let progress = phone.progress().await.unwrap();
        assert_eq!(
            (progress.saved, progress.acknowledged),
            (all, all),
            "{progress:?}"
        );
    }

    let devices = scene.relay.admin(&["device", "list"]).await.unwrap();
    let devices = devices["devices"].as_array().unwrap();
    // Neither goes on under the name that both had.
    assert_eq!(devices.len(), 3, "{devices:?}");
    let (first, copies): (Vec<&Value>, Vec<&Value>) =
        devices.iter().partition(|d| d["predecessor"].is_null());
    assert!(copies.iter().all(|d| d["predecessor"] == first[0]["id"]));
    for phone in [&worker.phone, &twin] {
        let status = phone.call("status", json!({})).await.unwrap();
        assert!(copies.iter().any(|d| d["id"] == status["writer"]));
    }
    let receipts = twin.call("receipts", json!({})).await.unwrap();
    assert!(
        receipts.as_array().is_some_and(|all| all.len() > 1),
        "{receipts}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_copy_put_back_loses_nothing_that_was_sent_and_delivers_what_it_still_held() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let before = ids(&scene).await;
    let mut early = Day {
        saved: Vec::new(),
        words: "备份以前",
    };
    early.work(&worker.phone, &["visit", "dispute"]).await;
    worker.phone.sync(5).await.unwrap();
    let mut held = Day {
        saved: Vec::new(),
        words: "备份时还没送",
    };
    held.work(&worker.phone, &["visit", "request"]).await;
    let folder = scene.dir("copy");
    worker.phone.copy_to(&folder).await.unwrap();

    let mut sent = Day {
        saved: Vec::new(),
        words: "备份以后送到",
    };
    sent.work(&worker.phone, &["dispute", "visit", "visit"])
        .await;
    worker.phone.sync(5).await.unwrap();

    worker.phone.put_back(&folder).await.unwrap();
    let mut after = Day {
        saved: Vec::new(),
        words: "旧手机又用起来",
    };
    after
        .work(&worker.phone, &["visit", "visit", "dispute"])
        .await;
    for _ in 0..2 {
        worker.phone.sync(5).await.unwrap();
    }
    each_is_there_once(&scene, &before, &[&early, &held, &sent, &after]).await;
    let all = (2 + 2 + 3 + 3) as u64;
    let progress = worker.phone.progress().await.unwrap();
    assert_eq!(
        (progress.saved, progress.acknowledged),
        (all, all),
        "{progress:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_town_rejects_for_good_is_heard_by_every_copy_of_a_phone_and_kept_as_a_draft() {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let record = worker.record("visit", None).await.unwrap();
    let at = ["--worker", "李大山", "--grid", &scene.grids[0]];
    let close = [["grant", "close"].as_slice(), &at, &["--drain", "0"]].concat();
    scene.relay.admin(&close).await.unwrap();
    let folder = scene.dir("copy");
    worker.phone.copy_to(&folder).await.unwrap();
    let twin = worker.phone.twin(&folder).await.unwrap();
    let phones = [&worker.phone, &twin];
    for phone in phones {
        phone.sync(5).await.unwrap();
    }
    let add = [["grant", "add"].as_slice(), &at].concat();
    scene.relay.admin(&add).await.unwrap();
    let entries = scene.api.quarantine().await.unwrap();
    let [entry] = entries.as_slice() else {
        panic!("{entries:?}");
    };
    let id = entry["id"].as_str().unwrap();
    let reject = ["quarantine", "reject", id, "--reason", "请写清楚再报"];
    scene.relay.admin(&reject).await.unwrap();
    for phone in phones {
        phone.sync(5).await.unwrap();
        let progress = phone.progress().await.unwrap();
        assert_eq!(
            (progress.saved, progress.refused, progress.drafts),
            (1, 1, 1)
        );
        let shown = phone
            .call("record", json!({"record": record}))
            .await
            .unwrap();
        assert!(
            shown["reason"].to_string().contains("请写清楚再报"),
            "{shown}"
        );
    }

    // Mended on one of them, it is in the town once, under its id or the one that another incarnation may give, and both say so.
    let draft = twin.call("amend", json!({"record": record})).await.unwrap();
    twin.save(&draft["interview"]).await.unwrap();
    for _ in 0..2 {
        for phone in phones {
            phone.sync(5).await.unwrap();
        }
    }
    let (records, _) = scene.api.records(None, None).await.unwrap();
    let is_it = |r: &&Value| [&r["id"], &r["former_id"]].contains(&&json!(record));
    let mended = records.iter().filter(is_it);
    assert_eq!(mended.count(), 1);
    for phone in phones {
        let progress = phone.progress().await.unwrap();
        assert_eq!((progress.saved, progress.acknowledged), (1, 1));
    }
}
