//! A worker far from the town: ten digits over the telephone, in an app that has its relay built in.

use serde_json::{Value, json};
use xunge_tests::phone::{PIN, Phone};

use crate::scene::Scene;

async fn redeem(phone: &Phone, relay: &str, code: &str) -> Result<Value, String> {
    let params = json!({"relay": relay, "code": code});
    let answer = phone.call("redeem", params).await;
    answer.map_err(|error| error.name().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_joins_with_ten_digits_and_another_is_told_that_they_were_used() {
    let scene = Scene::village().await;
    let built_in = scene.relay.built_in(&scene.relay.url()).await.unwrap();
    let code = scene
        .relay
        .short_code(&scene.grids[0], "李大山")
        .await
        .unwrap();
    let mut phone = Phone::start(&scene.dir("phone"), "李大山").await.unwrap();
    let grouped = format!("{} {} {}", &code[..3], &code[3..6], &code[6..]);
    let found = redeem(&phone, &built_in, &grouped).await.unwrap();
    // The phone goes off before there is a PIN; the code still gives the same ticket.
    phone.restart().await.unwrap();
    assert_eq!(redeem(&phone, &built_in, &code).await, Ok(found.clone()));
    let ticket = found["ticket"].as_str().unwrap();
    let enrolled = phone.enrol(ticket).await.unwrap();
    assert_eq!(enrolled["name"], "李大山");
    phone.call("sync", json!({})).await.unwrap();

    // Whoever has the ticket may ask for it again, nobody else.
    assert_eq!(redeem(&phone, &built_in, &code).await, Ok(found));
    let thief = Phone::start(&scene.dir("thief"), "别人").await.unwrap();
    let refused = redeem(&thief, &built_in, &code).await;
    assert_eq!(refused, Err("code_used".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_digits_are_refused_in_the_user_s_words_and_five_of_them_end_the_code() {
    let scene = Scene::village().await;
    let built_in = scene.relay.built_in(&scene.relay.url()).await.unwrap();
    let code = scene
        .relay
        .short_code(&scene.grids[0], "李大山")
        .await
        .unwrap();
    let phone = Phone::start(&scene.dir("phone"), "李大山").await.unwrap();
    for (relay, typed, name) in [
        (built_in.as_str(), "12345", "bad_code"),
        (built_in.as_str(), "一二三四五六七八九十", "bad_code"),
        ("https://relay.example", code.as_str(), "bad_relay_address"),
    ] {
        assert_eq!(redeem(&phone, relay, typed).await, Err(name.into()));
    }
    let last = code.as_bytes()[9] - b'0';
    for n in 1..=5 {
        let typed = format!("{}{}", &code[..9], (last + n) % 10);
        let error = phone
            .call("redeem", json!({"relay": built_in, "code": typed}))
            .await
            .unwrap_err();
        assert_eq!(error.name(), "code_wrong", "{error}");
        assert!(error.to_string().contains("号码不对"), "{error}");
    }
    assert_eq!(
        redeem(&phone, &built_in, &code).await,
        Err("code_closed".into())
    );

    // The ticket itself is not touched by that: the town can still show it.
    let ticket = scene
        .relay
        .ticket(&scene.grids[0], "李大山", &scene.relay.url())
        .await
        .unwrap();
    let enrol = json!({"ticket": ticket, "pin": PIN});
    phone.call("enrol", enrol).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_believes_no_other_relay_than_the_one_that_it_has_built_in() {
    let (scene, other) = (Scene::village().await, Scene::village().await);
    let code = scene
        .relay
        .short_code(&scene.grids[0], "李大山")
        .await
        .unwrap();
    // The address of one, the key of the other.
    let crossed = other.relay.built_in(&scene.relay.url()).await.unwrap();
    let phone = Phone::start(&scene.dir("phone"), "李大山").await.unwrap();
    assert_eq!(
        redeem(&phone, &crossed, &code).await,
        Err("relay_not_authentic".into())
    );

    let gone = scene.relay.built_in(&scene.relay.url()).await.unwrap();
    scene.relay.stop().await.unwrap();
    assert_eq!(redeem(&phone, &gone, &code).await, Err("no_network".into()));
}
