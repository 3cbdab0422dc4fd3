//! The relay's own TLS: a phone believes the organisation that its ticket pins, and nobody else, whatever its clock says.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use serde_json::json;
use xunge_tests::phone::{PIN, Phone};
use xunge_tests::relay::Relay;

use crate::scene::Scene;

/// Writes `NAME-ca.pem`, and chain and key of a certificate of it for this machine that was valid in the year 2020.
fn organisation(folder: &Path, name: &str) -> (String, String, String) {
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca_cert = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::from_params(&ca, &ca_key);
    let mut leaf = CertificateParams::new(vec!["127.0.0.1".into()]).unwrap();
    leaf.not_before = date_time_ymd(2020, 1, 1);
    leaf.not_after = date_time_ymd(2021, 1, 1);
    let leaf_key = KeyPair::generate().unwrap();
    let leaf_cert = leaf.signed_by(&leaf_key, &issuer).unwrap();
    let write = |what: &str, pem: String| {
        let path = folder.join(format!("{name}-{what}.pem"));
        std::fs::write(&path, pem).unwrap();
        path.display().to_string()
    };
    (
        write("ca", ca_cert.pem()),
        write("chain", leaf_cert.pem() + &ca_cert.pem()),
        write("key", leaf_key.serialize_pem()),
    )
}

async fn ticket(relay: &Relay, grid: &str, pin: Option<&str>) -> String {
    let url = relay.url();
    let mut args = vec!["enrol", "--grid", grid, "--worker", "李大山", "--url", &url];
    args.extend(pin.into_iter().flat_map(|pin| ["--pin", pin]));
    let answer = relay.admin(&args).await.unwrap();
    answer["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_enrols_over_tls_with_the_pinned_organisation_and_with_nobody_else() {
    let scene = Scene::village().await;
    let (grid, folder) = (scene.grids[0].clone(), scene.folder);
    let data = scene.relay.data().to_path_buf();
    scene.relay.stop().await.unwrap();
    let (ca, chain, key) = organisation(folder.path(), "county");
    let (other, _, _) = organisation(folder.path(), "other");
    let args = ["--tls-cert", &chain, "--tls-key", &key];
    let relay = Relay::serve_with(&data, "127.0.0.1:0", &args)
        .await
        .unwrap();
    assert!(relay.url().starts_with("https://"), "{}", relay.url());

    let browser = reqwest::Client::builder().danger_accept_invalid_certs(true);
    let page = browser
        .build()
        .unwrap()
        .get(format!("{}/login", relay.url()));
    let answer = page.send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-") && cookie.contains("Secure"),
        "{cookie}"
    );

    for pin in [Some(other.as_str()), None] {
        let ticket = ticket(&relay, &grid, pin).await;
        let stranger = tempfile::tempdir().unwrap();
        let phone = Phone::start(stranger.path(), "李大山").await.unwrap();
        let enrol = json!({"ticket": ticket, "pin": PIN});
        let refused = phone.call("enrol", enrol).await.unwrap_err();
        assert_eq!(refused.name(), "relay_untrusted", "{refused}");
    }

    // Ten digits go to whom the app has built in, and to nobody else.
    let with_code = ["enrol", "--grid", &grid, "--worker", "赵二妹", "--code"];
    let code = relay.admin(&with_code).await.unwrap()["code"].clone();
    for (pin, expected) in [(&other, Some("relay_untrusted")), (&ca, None)] {
        let url = relay.url();
        let address = ["relay-address", "--url", &url, "--pin", pin];
        let built_in = relay.admin(&address).await.unwrap()["relay"].clone();
        let stranger = tempfile::tempdir().unwrap();
        let phone = Phone::start(stranger.path(), "赵二妹").await.unwrap();
        let redeem = json!({"relay": built_in, "code": code});
        match (phone.call("redeem", redeem).await, expected) {
            (Err(refused), Some(name)) => assert_eq!(refused.name(), name, "{refused}"),
            (Ok(found), None) => {
                let enrol = json!({"ticket": found["ticket"], "pin": PIN});
                phone.call("enrol", enrol).await.unwrap();
            }
            (outcome, _) => panic!("{outcome:?}"),
        }
    }

    // The certificate's year is long over: before the relay told the time, only who signed it counts.
    let ticket = ticket(&relay, &grid, Some(&ca)).await;
    let mut phone = Phone::start(&folder.path().join("phone"), "李大山")
        .await
        .unwrap();
    phone.enrol(&ticket).await.unwrap();
    // Since then the phone knows what year it is.
    let expired = phone.call("sync", json!({})).await.unwrap_err();
    assert_eq!(expired.name(), "relay_untrusted", "{expired}");
}
