//! A warning reaches exactly the households that it concerns.

use xunge_tests::interview::Mood;
use xunge_tests::proxy::Network;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_to_two_households_shows_on_that_grids_phone_only_and_ends_when_both_have_heard_it()
 {
    let scene = Scene::village().await;
    let mut worker = scene.worker(0, "李大山", Network::GOOD).await;
    let mut neighbour = scene.worker(1, "赵二妹", Network::GOOD).await;
    let mut console = scene.console().await;
    let households = worker.households[..2].join("\n");
    let fields = [
        ("text", "有人冒充社保局要你转账，不要转"),
        ("households", households.as_str()),
    ];
    console.act("issue", None, &fields).await.unwrap();
    worker.sync().await.unwrap();
    neighbour.sync().await.unwrap();

    let warnings = worker.phone.records(Some("warning"), None).await.unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        neighbour
            .phone
            .records(Some("warning"), None)
            .await
            .unwrap()
            .is_empty()
    );

    let warning = warnings[0]["record"].as_str().unwrap().to_owned();
    worker.mood(Mood::Brief, "");
    let first = worker.record("warning_ack", Some(&warning)).await.unwrap();
    let second = worker.record("warning_ack", Some(&warning)).await.unwrap();
    assert_ne!(
        first, second,
        "the second household is offered once the first has heard it"
    );
    worker.sync().await.unwrap();
    let mut heard = scene.ids(Some("warning_ack")).await;
    heard.retain(|id| *id == first || *id == second);
    assert_eq!(heard.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_to_households_of_two_grids_is_one_record_a_grid_that_names_its_own_alone() {
    let scene = Scene::village().await;
    let mut one = scene.worker(0, "李大山", Network::GOOD).await;
    let mut other = scene.worker(1, "赵二妹", Network::GOOD).await;
    let mut console = scene.console().await;
    let lists = [&one.households[..2], &other.households[..1]].map(<[String]>::to_vec);
    let households = lists.concat().join("\n");
    let fields = [
        ("text", "有人冒充社保局要你转账，不要转"),
        ("households", households.as_str()),
    ];
    console.act("issue", None, &fields).await.unwrap();

    let (warnings, _) = scene.api.records(Some("warning"), None).await.unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert_eq!(
        warnings[0]["fields"]["campaign"],
        warnings[1]["fields"]["campaign"]
    );
    for (n, worker) in [&mut one, &mut other].into_iter().enumerate() {
        let record = warnings
            .iter()
            .find(|w| w["scope"] == scene.grids[n].as_str());
        let named = record.unwrap()["fields"]["households"].as_array().unwrap();
        let mut named: Vec<&str> = named.iter().map(|id| id.as_str().unwrap()).collect();
        named.sort_unstable();
        let mut own = lists[n].clone();
        own.sort_unstable();
        assert_eq!(named, own);
        worker.sync().await.unwrap();
        let here = worker.phone.records(Some("warning"), None).await.unwrap();
        assert_eq!(here.len(), 1);
        let whole = worker
            .phone
            .call("record", serde_json::json!({"record": here[0]["record"]}));
        let whole = whole.await.unwrap().to_string();
        assert!(lists[1 - n].iter().all(|id| !whole.contains(id)), "{whole}");
    }
}
