//! What the engineer does about phones with the binary `xunge`, on a store that phones have used.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::process::{Command, Output};

use common::*;
use serde_json::Value;
use xunge_protocol::wire;
use xunge_server::store::StoreError;

fn xunge(place: &Place, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xunge"))
        .args(args)
        .arg("--json")
        .arg("--data")
        .arg(place.dir.path())
        .output()
        .unwrap()
}

fn json(place: &Place, args: &[&str]) -> Value {
    let output = xunge(place, args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn fails(place: &Place, args: &[&str]) -> String {
    let output = xunge(place, args);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A relay, and a phone with one visit that it took and one that it did not.
fn visited() -> (Place, Phone) {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    phone.visit(GRID);
    phone.visit(GRID_BESIDE);
    phone.sync(&place);
    (place, phone)
}

#[test]
fn a_receipt_verifies_as_hex_and_as_the_phone_shows_it_and_a_changed_one_does_not() {
    let (place, phone) = visited();
    let receipts = place
        .relay
        .store
        .read::<_, StoreError>(|tx| tx.receipts_after(phone.writer, 0, 10))
        .unwrap();
    let receipt = receipts.iter().find(|r| r.receipt.scope == GRID).unwrap();
    let hex = hex::encode(wire::encode(receipt));
    let file = place.dir.path().join("receipt");
    let file = file.to_str().unwrap();
    std::fs::write(file, format!("{hex}\n")).unwrap();
    let report = json(&place, &["receipt", "verify", file]);
    let one = &report["receipts"][0];
    assert_eq!(
        (one["accepted"].as_u64(), one["held"].as_bool()),
        (Some(1), Some(true))
    );
    let key = hex::encode(phone.relay_key.0);
    let shown = serde_json::json!([{"record": "x", "receipt": hex, "relay_key": key}]);
    std::fs::write(file, shown.to_string()).unwrap();
    json(&place, &["receipt", "verify", file]);
    // Anyone who has the relay's key can check, without its folder.
    let stranger = Command::new(env!("CARGO_BIN_EXE_xunge"))
        .args(["receipt", "verify", file])
        .env_remove("XUNGE_DATA")
        .output()
        .unwrap();
    assert!(stranger.status.success(), "{stranger:?}");
    let mut changed = receipt.clone();
    changed.receipt.verdicts.clear();
    std::fs::write(file, hex::encode(wire::encode(&changed))).unwrap();
    assert!(fails(&place, &["receipt", "verify", file]).contains("not signed by this relay"));
}

#[test]
fn what_is_in_quarantine_is_listed_and_admitted_or_rejected_by_its_id() {
    let (place, mut phone) = visited();
    let listed = json(&place, &["admin", "quarantine", "list"]);
    let item = &listed["quarantine"][0];
    assert_eq!(
        (item["code"].as_str(), item["kind"].as_str()),
        (Some("outside_grid"), Some("visit"))
    );
    let id = item["id"].as_str().unwrap();
    let decided = json(
        &place,
        &[
            "admin",
            "quarantine",
            "reject",
            id,
            "--reason",
            "不在网格内",
        ],
    );
    assert_eq!(decided["state"], "rejected");
    assert!(fails(&place, &["admin", "quarantine", "admit", id]).contains("decided before"));
    let listed = json(&place, &["admin", "quarantine", "list"]);
    assert_eq!(listed["quarantine"], serde_json::json!([]));
    phone.sync(&place);
    let said = phone.verdicts[&(GRID_BESIDE, 0)].1.first().unwrap();
    assert!(format!("{said:?}").contains("不在网格内"));
    json(&place, &["audit", "verify"]);
}

#[test]
fn a_phone_is_listed_and_once_revoked_everything_from_it_goes_to_quarantine() {
    let (place, mut phone) = visited();
    let listed = json(&place, &["admin", "device", "list"]);
    let device = &listed["devices"][0];
    assert_eq!(device["name"], "王秀英");
    assert_eq!(device["grids"], serde_json::json!(["999999001001001"]));
    let id = device["id"].as_str().unwrap().to_owned();
    assert_eq!(id, phone.writer.to_string());
    let revoked = json(
        &place,
        &["admin", "device", "revoke", &id, "--reason", "丢失"],
    );
    assert!(revoked["revoked_at"].is_number());
    phone.visit(GRID);
    phone.sync(&place);
    let listed = json(&place, &["admin", "quarantine", "list"]);
    let codes: Vec<_> = listed["quarantine"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["code"].as_str())
        .collect();
    assert!(codes.contains(&Some("device_revoked")), "{codes:?}");
    fails(&place, &["admin", "device", "revoke", "0000000000000000"]);
}

#[test]
fn each_unlock_code_is_told_once_until_there_are_no_more() {
    let (place, _) = visited();
    let args = ["admin", "unlock-code", "--worker", "王秀英"];
    let mut told = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let code = json(&place, &args)["code"].as_str().unwrap().to_owned();
        assert_eq!(code.len(), 12);
        assert!(told.insert(code));
    }
    assert!(fails(&place, &args).contains("enrol the phone again"));
    assert!(fails(&place, &["admin", "unlock-code", "--worker", "无人"]).contains("no worker"));
}
