//! What is wrong is said in one line, with the exit code that says whose fault it is.

use crate::county::*;
use crate::s3;

#[test]
fn wrong_usage_is_one_line_and_exit_code_2() {
    for args in [
        &[][..],
        &["bogus"],
        &["admin", "key"],
        &["init", "--county", "12", "--name", "x"],
        &["admin", "enrol", "--grid", "1"],
        &[
            "export", "--data", "d", "--kind", "visit", "--format", "pdf",
        ],
    ] {
        one_line(&xunge(args), 2);
    }
}

#[test]
fn a_file_that_holds_no_certificate_is_named() {
    let county = County::new();
    let page = county.file("page.html", "<html></html>");
    for args in [
        &["serve", "--tls-cert", &page, "--tls-key", &page][..],
        &["serve", "--pin", &page],
        &[
            "admin", "enrol", "--grid", "1", "--worker", "x", "--pin", &page,
        ],
    ] {
        let said = county.fails(1, args);
        assert!(said.contains("page.html: holds no certificate"), "{said}");
    }
}

#[test]
fn a_bucket_that_is_not_there_or_not_for_us_is_named_before_anything_is_served() {
    let county = County::new();
    let folder = tempfile::tempdir().unwrap();
    let mut environment = s3::start(folder.path());
    for (place, secret) in [("s3://elsewhere", "secret"), ("s3://county", "guessed")] {
        environment.push(("AWS_SECRET_ACCESS_KEY".into(), secret.into()));
        let serve = ["serve", "--listen", "127.0.0.1:0", "--media", place];
        let line = one_line(&county.run_in(&environment, &serve), 1);
        assert!(line.contains(place) && !line.contains(secret), "{line}");
    }
}

#[test]
fn a_database_that_does_not_answer_is_named_without_its_password() {
    let county = County::new();
    let said = county.fails(
        1,
        &["serve", "--database", "postgres://u:secret@127.0.0.1:1/d"],
    );
    assert!(said.contains("127.0.0.1:1"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn what_is_no_record_cannot_be_erased_and_what_is_no_backup_cannot_be_restored() {
    let county = County::new();
    let said = county.fails(2, &["admin", "erase", "01", "--reason", "x"]);
    assert!(said.contains("01"), "{said}");
    let said = county.fails(1, &["restore", "--from", "/nowhere/at/all"]);
    assert!(said.contains("/nowhere/at/all"), "{said}");
}

#[test]
fn a_missing_folder_says_what_to_do() {
    let said = one_line(&xunge(&["serve", "--data", "/nowhere/at/all"]), 1);
    assert!(said.contains("xunge init"), "{said}");
}

#[test]
fn a_file_without_a_receipt_is_refused() {
    let county = County::new();
    for content in ["", "{}", "zz", "[1,2]", "00ff"] {
        let file = county.file("receipt", content);
        county.fails(1, &["receipt", "verify", &file]);
    }
}
