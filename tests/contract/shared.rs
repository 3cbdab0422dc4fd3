//! A person who lives in one grid and is registered in another: both grids' phones know, one of them may change it.

use serde_json::{Value, json};
use xunge_tests::proxy::Network;
use xunge_tests::worker::Worker;

use crate::erase::{CANARY, phone_holds};
use crate::scene::Scene;

/// Imports a household of the first grid with one person, who is registered in the second.
async fn import(scene: &Scene) -> String {
    let file = scene.dir("households.csv");
    let (home, guest) = (&scene.grids[0], &scene.grids[1]);
    let table = format!(
        "ref,grid,door,head_name,person_ref,person_name,person_phone,person_registered_grid\n\
         h-88,{home},88号,王甲乙,p-88,{CANARY},13900000001,{guest}\n"
    );
    std::fs::write(&file, table).unwrap();
    let import = ["households", "import", &file.display().to_string()];
    scene.relay.admin(&import).await.unwrap();
    let (persons, _) = scene.api.records(Some("person"), None).await.unwrap();
    let person = persons.iter().find(|p| p["fields"]["name"] == CANARY);
    person.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn shown(worker: &Worker, person: &str) -> Option<Value> {
    let shown = worker.phone.call("record", json!({"record": person})).await;
    match shown {
        Ok(shown) => Some(shown),
        Err(error) => {
            assert_eq!(error.name(), "unknown_record");
            None
        }
    }
}

fn field<'a>(shown: &'a Value, path: &str) -> Option<&'a Value> {
    let fields = shown["fields"].as_array().unwrap();
    fields.iter().find(|field| field["path"] == path)
}

async fn found(worker: &Worker) -> Vec<Value> {
    let hits = worker.phone.call("search", json!({"text": CANARY})).await;
    hits.unwrap().as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_registered_in_another_grid_is_read_there_until_a_supervisor_ends_it() {
    let scene = Scene::village().await;
    let mut home = scene.worker(0, "李大山", Network::GOOD).await;
    let mut guest = scene.worker(1, "赵二妹", Network::GOOD).await;
    let (at_home, away) = (&scene.grids[0], &scene.grids[1]);
    let person = import(&scene).await;
    home.sync().await.unwrap();
    guest.sync().await.unwrap();

    // Both see both grids by name, and which of them acts.
    let names = [&home, &guest].map(|worker| shown(worker, &person));
    for (n, one) in futures_util::future::join_all(names)
        .await
        .into_iter()
        .enumerate()
    {
        let one = one.unwrap();
        for (path, grid) in [
            ("residence_scope", at_home),
            ("registered_scope", away),
            ("share/acts", at_home),
        ] {
            let row = field(&one, path).unwrap_or_else(|| panic!("{path}: {one}"));
            assert_eq!(row["values"], json!([grid]), "{row}");
            let text = row["text"].as_str().unwrap();
            assert!(text != "—" && text != grid && !text.is_empty(), "{row}");
        }
        let rights = field(&one, "share/rights");
        assert_eq!(
            rights.is_some(),
            n == 1,
            "the guest is told that it only reads"
        );
    }
    let hits = found(&guest).await;
    assert_eq!(hits[0]["kind"], "person", "{hits:?}");
    assert_eq!(hits[0]["id"], person.as_str());
    assert!(
        found(&home)
            .await
            .iter()
            .all(|hit| hit["kind"] == "household")
    );
    let amend = json!({"record": person});
    let refused = guest.phone.call("amend", amend).await.unwrap_err();
    assert_eq!(refused.name(), "shared_record");

    // The supervisor says that the other grid acts, with a reason.
    let mut console = scene.console().await;
    let change = [
        ("guest", away.as_str()),
        ("acts", "registered"),
        ("reason", "社保在户籍地办"),
    ];
    console.act("share", Some(&person), &change).await.unwrap();
    guest.sync().await.unwrap();
    let one = shown(&guest, &person).await.unwrap();
    assert_eq!(field(&one, "share/acts").unwrap()["values"], json!([away]));

    // A phone that is new in the guest's grid has the person too.
    let late = scene.worker(1, "周小妹", Network::GOOD).await;
    assert!(shown(&late, &person).await.is_some());

    let dir = guest.phone.dir().to_owned();
    assert!(phone_holds(&dir));
    let end = [("reason", "户口迁回")];
    console.act("unshare", Some(&person), &end).await.unwrap();
    guest.sync().await.unwrap();
    home.sync().await.unwrap();
    assert!(shown(&guest, &person).await.is_none());
    assert!(found(&guest).await.is_empty());
    assert!(
        !phone_holds(&dir),
        "no byte of it stays on the guest's phone"
    );
    let one = shown(&home, &person).await.unwrap();
    assert!(field(&one, "share/acts").is_none() && field(&one, "registered_scope").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_goes_from_the_phones_of_both_grids() {
    let scene = Scene::village().await;
    let mut home = scene.worker(0, "李大山", Network::GOOD).await;
    let mut guest = scene.worker(1, "赵二妹", Network::GOOD).await;
    let person = import(&scene).await;
    home.sync().await.unwrap();
    guest.sync().await.unwrap();
    let dirs = [&home, &guest].map(|worker| worker.phone.dir().to_owned());
    assert!(dirs.iter().all(|dir| phone_holds(dir)));
    let erase = ["erase", person.as_str(), "--reason", "本人要求"];
    scene.relay.admin(&erase).await.unwrap();
    home.sync().await.unwrap();
    guest.sync().await.unwrap();
    for (worker, dir) in [(&home, &dirs[0]), (&guest, &dirs[1])] {
        assert!(shown(worker, &person).await.is_none());
        assert!(!phone_holds(dir), "{}", dir.display());
    }
    // The same table again does not bring it back.
    let again = scene.dir("households.csv").display().to_string();
    let _ = scene.relay.admin(&["households", "import", &again]).await;
    guest.sync().await.unwrap();
    assert!(shown(&guest, &person).await.is_none());
}
