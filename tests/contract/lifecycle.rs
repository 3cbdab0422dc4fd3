//! The relay starts, answers, dies and rests.

use xunge_tests::relay::Relay;

use crate::scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_the_relay_within_ten_seconds_with_exit_0() {
    let scene = Scene::village().await;
    let status = scene.relay.stop().await.unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_relay_serves_the_same_records_again() {
    let mut scene = Scene::village().await;
    let before = scene.ids(None).await;
    scene.relay.kill_and_restart().await.unwrap();
    assert_eq!(scene.ids(None).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_that_it_is_healthy_and_ready() {
    let scene = Scene::village().await;
    let http = xunge_tests::api::http_client().unwrap();
    for path in ["/healthz", "/readyz"] {
        let answer = http
            .get(format!("{}{path}", scene.relay.url()))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_county_is_not_created_over_the_first() {
    let scene = Scene::village().await;
    let again = xunge_tests::relay::init(scene.relay.place().clone(), "village", 8).await;
    assert!(again.is_err());
    let other = Relay::serve(
        scene.relay.place().clone(),
        &scene.relay.address().to_string(),
    )
    .await;
    assert!(other.is_err(), "two relays on one address");
}
