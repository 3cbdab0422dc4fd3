//! Two phones change the same field while apart.

use xunge_tests::interview::Mood;
use xunge_tests::proxy::Network;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn two_phones_that_change_one_field_while_apart_leave_both_values_until_somebody_chooses() {
    let scene = Scene::village().await;
    let mut first = scene.worker(0, "李大山", Network::GOOD).await;
    let mut second = scene.worker(0, "赵二妹", Network::GOOD).await;
    first.mood(Mood::Thorough, "东头第一家");
    second.mood(Mood::Thorough, "西头第二家");
    let household = first.households[0].clone();
    first.record("household", Some(&household)).await.unwrap();
    second.record("household", Some(&household)).await.unwrap();
    first.sync().await.unwrap();
    second.sync().await.unwrap();

    let record = scene.record(&household).await;
    let conflicts = record["conflicts"].to_string();
    assert!(conflicts.len() > 4, "no conflict: {record}");
    let mut console = scene.console().await;
    let (page, form) = console
        .find("settle", Some(&household))
        .await
        .unwrap()
        .expect("somebody must choose");
    let other = page
        .forms
        .iter()
        .filter(|f| f.name.as_deref() == Some("settle") && f.target == form.target)
        .count();
    assert!(other >= 2, "both values can be chosen");
    while let Some((page, form)) = console.find("settle", Some(&household)).await.unwrap() {
        let chosen = console.submit(&page, &form, &[]).await.unwrap();
        assert_eq!(chosen.status, 200, "{}", chosen.text);
    }
    let record = scene.record(&household).await;
    let open = record["conflicts"].as_array().map_or(0, Vec::len)
        + record["conflicts"].as_object().map_or(0, |o| o.len());
    assert_eq!(open, 0, "{}", record["conflicts"]);
    let events = record["events"].as_array().unwrap();
    assert!(events.iter().any(|event| event["verb"] == "settle"));
}
