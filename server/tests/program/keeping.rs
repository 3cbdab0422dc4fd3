//! The audit log, backups and restores.

use std::path::Path;

use serde_json::Value;

use crate::county::*;

#[test]
fn the_audit_log_verifies_and_a_lost_end_shows() {
    let county = County::peopled();
    let before = county.json(&["audit", "verify"]);
    let head = before["head"].as_str().unwrap();
    county.json(&["admin", "user", "add", "--user", "zhang"]);
    let after = county.json(&["audit", "verify", "--contains", head]);
    assert_eq!(
        after["rows"].as_u64(),
        before["rows"].as_u64().map(|n| n + 1)
    );
    let other = "00".repeat(32);
    let said = county.fails(1, &["audit", "verify", "--contains", &other]);
    assert!(said.contains("cut off"), "{said}");
}

#[test]
fn a_backup_taken_while_serving_restores_elsewhere_in_a_new_epoch() {
    let county = County::peopled();
    std::fs::create_dir_all(county.path("data/media/ab")).unwrap();
    std::fs::write(county.path("data/media/ab/cd"), b"voice").unwrap();
    let file = county.path("backup.xunge");
    {
        let _serving = county.serve();
        let report = county.json(&["backup", "--to", &file]);
        assert_eq!(report["media"], 1);
        assert!(
            county
                .fails(1, &["backup", "--to", &file])
                .contains("exists")
        );
        assert!(
            county
                .fails(1, &["restore", "--from", &file])
                .contains("stop it first")
        );
    }
    let other = County {
        dir: tempfile::tempdir().unwrap(),
        admin: Value::Null,
    };
    let restored = other.json(&["restore", "--from", &file]);
    assert_eq!(restored["county"], "999999");
    assert_eq!(
        std::fs::read(other.path("data/media/ab/cd")).unwrap(),
        b"voice"
    );
    let list = |county: &County, name: &str| {
        let out = county.path(name);
        county.json(&[
            "export", "--kind", "person", "--format", "json", "--out", &out,
        ]);
        let json: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
        (
            json["records"].clone(),
            json["next"].as_str().unwrap().to_owned(),
        )
    };
    let (here, old) = list(&county, "a.json");
    let (there, new) = list(&other, "b.json");
    assert_eq!(here, there);
    assert_ne!(old, new);
    other.json(&["audit", "verify"]);
    // The relay writes on in the new epoch, under its new writer.
    other.json(&[
        "admin",
        "enrol",
        "--worker",
        "王小花",
        "--grid",
        "999999001001001",
    ]);
    let stale = [
        "export", "--kind", "visit", "--format", "json", "--since", &old,
    ];
    assert!(other.fails(1, &stale).contains("restore"));
}

#[test]
fn a_restore_keeps_what_it_replaces_and_refuses_what_is_no_backup() {
    let county = County::peopled();
    let file = county.path("backup.xunge");
    county.json(&["backup", "--to", &file]);
    let junk = county.file("junk", "not a backup at all");
    county.fails(1, &["restore", "--from", &junk]);
    county.fails(1, &["restore", "--from", "/nowhere"]);
    county.json(&["audit", "verify"]);
    county.json(&["restore", "--from", &file]);
    assert!(Path::new(&county.path("data/replaced-1/relay.db")).exists());
    county.json(&["audit", "verify"]);
}
