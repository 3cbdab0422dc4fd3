//! What HTTP and TLS add to the bodies of one exchange between the real programs that has nothing to say, on a connection of
//! its own.

use std::path::Path;
use std::sync::atomic::Ordering;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use xunge_tests::phone::Phone;
use xunge_tests::proxy::{Network, Proxy};
use xunge_tests::relay::Relay;
use xunge_tests::{Outcome, fail};

use crate::measure::Numbers;
use crate::place::Place;

/// Bytes up and down.
type Bytes = (f64, f64);

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let place = Place::synthetic("village").await?;
    let grid = place.grids[0].0.clone();
    let (data, folder) = (place.relay.data().to_path_buf(), place.folder);
    let http = beyond_bodies(&place.relay, &grid, &folder.path().join("http"), None).await?;
    numbers.set("http.up_bytes", http.0);
    numbers.set("http.down_bytes", http.1);
    place.relay.stop().await?;

    let [ca, chain, key] = certificates(folder.path())?;
    let args = ["--tls-cert", &chain, "--tls-key", &key];
    let relay = Relay::serve_with(&data, "127.0.0.1:0", &args).await?;
    let both = beyond_bodies(&relay, &grid, &folder.path().join("tls"), Some(&ca)).await?;
    numbers.set("tls.up_bytes", both.0 - http.0);
    numbers.set("tls.down_bytes", both.1 - http.1);
    Ok(())
}

/// What goes over the wire of a sync beyond its bodies; over TLS, if its authority is given.
async fn beyond_bodies(relay: &Relay, grid: &str, dir: &Path, ca: Option<&str>) -> Outcome<Bytes> {
    let proxy = Proxy::start(relay.address(), Network::GOOD, 5).await?;
    let mut url = proxy.url();
    if ca.is_some() {
        url = url.replace("http://", "https://");
    }
    let mut args = vec!["enrol", "--grid", grid, "--worker", "李大山", "--url", &url];
    args.extend(ca.into_iter().flat_map(|pin| ["--pin", pin]));
    let answer = relay.admin(&args).await?;
    let Some(ticket) = answer["ticket"].as_str() else {
        fail!("enrol printed no ticket: {answer}")
    };
    let mut phone = Phone::start(dir, "李大山").await?;
    phone.enrol(ticket).await?;
    phone.sync(5).await?;
    // A fresh process has no connection yet.
    phone.restart().await?;
    let wire = || {
        let counters = proxy.counters();
        let read = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed) as f64;
        (read(&counters.bytes_up), read(&counters.bytes_down))
    };
    let before = wire();
    let idle = phone.call("sync", json!({})).await?;
    phone.kill().await;
    let after = wire();
    let body = |name: &str| idle[name].as_f64().unwrap_or(f64::NAN);
    Ok((
        after.0 - before.0 - body("bytes_up"),
        after.1 - before.1 - body("bytes_down"),
    ))
}

/// Files of an authority, of a chain that it signed for this machine, and of its key.
fn certificates(folder: &Path) -> Outcome<[String; 3]> {
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate()?;
    let ca_cert = ca.self_signed(&ca_key)?;
    let issuer = Issuer::from_params(&ca, &ca_key);
    let leaf_key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec!["127.0.0.1".into()])?.signed_by(&leaf_key, &issuer)?;
    let files = [
        ("ca", ca_cert.pem()),
        ("chain", leaf.pem() + ca_cert.pem().as_str()),
        ("key", leaf_key.serialize_pem()),
    ];
    let mut paths = [const { String::new() }; 3];
    for (path, (name, pem)) in std::iter::zip(&mut paths, files) {
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, pem)?;
        *path = file.display().to_string();
    }
    Ok(paths)
}
