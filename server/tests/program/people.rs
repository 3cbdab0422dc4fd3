//! The administrator, tickets, grants and users.

use serde_json::Value;

use crate::county::*;

#[test]
fn init_prints_the_administrator_once_and_refuses_a_second_time() {
    let county = County::new();
    assert_eq!(county.admin["user"], "admin");
    assert_eq!(county.admin["password"].as_str().unwrap().len(), 24);
    assert_eq!(county.admin["totp_secret"].as_str().unwrap().len(), 32);
    assert_eq!(county.admin["county"], "999999");
    let said = county.fails(1, &["init", "--county", "999999", "--name", "x"]);
    assert!(said.contains("already"), "{said}");
}

#[test]
fn enrol_makes_a_ticket_by_code_or_scope_and_says_where_there_is_no_such_grid() {
    let county = County::peopled();
    let args = [
        "admin",
        "enrol",
        "--worker",
        "王小花",
        "--url",
        "https://relay.example/",
    ];
    let first = county.json(&[&args[..], &["--grid", "999999001001001"]].concat());
    assert!(first["ticket"].as_str().unwrap().starts_with("XUNGE1:"));
    let scope = first["scope"].as_str().unwrap();
    let second = county.json(&[&args[..], &["--grid", scope]].concat());
    assert_eq!(first["worker"], second["worker"]);
    assert_ne!(first["ticket"], second["ticket"]);
    assert!(second.get("code").is_none());
    let third = county.json(&[&args[..], &["--grid", scope, "--code"]].concat());
    let code = third["code"].as_str().unwrap();
    assert!(code.len() == 10 && code.bytes().all(|b| b.is_ascii_digit()));
    assert!(third["code_expires_at"].is_i64());
    let said = county.fails(1, &[&args[..], &["--grid", "123"]].concat());
    assert!(said.contains("no place"), "{said}");
    let shown = county.run(&[&args[..], &["--grid", scope]].concat());
    assert!(String::from_utf8(shown.stdout).unwrap().contains('█'));
}

#[test]
fn a_grant_is_closed_once_and_given_again() {
    let county = County::peopled();
    county.json(&[
        "admin",
        "enrol",
        "--worker",
        "王小花",
        "--grid",
        "999999001001001",
    ]);
    let args = ["--worker", "王小花", "--grid", "999999001001001"];
    let close = [&["admin", "grant", "close", "--drain", "7"][..], &args].concat();
    let closed = county.json(&close);
    assert_eq!(closed["drain_days"], 7);
    assert!(closed["until"].is_number());
    county.fails(1, &close);
    let again = county.json(&[&["admin", "grant", "add"][..], &args].concat());
    assert!(again["until"].is_null());
    let nobody = [
        "admin",
        "grant",
        "add",
        "--worker",
        "无人",
        "--grid",
        "999999001001001",
    ];
    assert!(county.fails(1, &nobody).contains("no worker"));
}

#[test]
fn users_have_a_role_a_scope_and_a_name_of_their_own() {
    let county = County::peopled();
    let add = [
        "admin",
        "user",
        "add",
        "--user",
        "zhang",
        "--scope",
        "999999001",
    ];
    let user = county.json(&add);
    assert_eq!(user["user"], "zhang");
    assert!(county.fails(1, &add).contains("already"));
    county.fails(
        2,
        &["admin", "user", "add", "--user", "li", "--role", "king"],
    );
    county.fails(2, &["admin", "user", "add", "--user", "li li"]);
    county.fails(
        1,
        &["admin", "user", "add", "--user", "li", "--scope", "77"],
    );
}

#[test]
fn a_made_up_village_has_households_workers_work_and_a_supervisor() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let args = [
        "init",
        "--county",
        "999999",
        "--name",
        "云岭县",
        "--data",
        data,
        "--json",
    ];
    let output = xunge(&[&args[..], &["--synthetic", "village", "--seed", "7"]].concat());
    assert!(output.status.success(), "{output:?}");
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(made["scopes"], 13);
    assert_eq!(made["workers"], 10);
    assert!(made["households"].as_u64().unwrap() > 500);
    assert!(made["persons"].as_u64() > made["households"].as_u64());
    assert!(made["work"].as_u64().unwrap() > 50);
    assert_eq!(made["users"].as_array().unwrap().len(), 1);
    let real = [
        "init",
        "--county",
        "110101",
        "--name",
        "x",
        "--synthetic",
        "village",
        "--data",
        "d",
    ];
    one_line(&xunge(&real), 2);
}
