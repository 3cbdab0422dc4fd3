//! The binary `xunge` as a process: what it prints, how it ends, and that its commands work beside a running relay.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const ORG: &str = "code,name,level,parent\n\
    999999001,东镇,2,999999\n\
    999999001001,柳村,村,999999001\n\
    999999001001001,柳村一网格,grid,999999001001\n";
const HOUSEHOLDS: &str = "户编号,网格编码,门牌号,户主姓名,户分类,户标识,姓名,性别,出生日期,身份证号\n\
    h1,999999001001001,1号,王建国,A,01;HF20,王建国,男,1950-01-01,99999919500101000X\n\
    h1,999999001001001,1号,王建国,,,李秀英,女,1952/3/4,\n\
    h2,999999001001001,2号,赵桂兰,C,,,,,\n";

fn xunge(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xunge"))
        .args(args)
        .stdin(Stdio::null())
        .env_remove("XUNGE_DATA")
        .env_remove("XUNGE_DATABASE")
        .output()
        .unwrap()
}

/// A county in a temporary folder.
struct County {
    dir: TempDir,
    admin: Value,
}

impl County {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let args = [
            "init",
            "--county",
            "999999",
            "--name",
            "测试县",
            "--json",
            "--data",
        ];
        let output = xunge(&[&args[..], &[data.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{output:?}");
        let admin = serde_json::from_slice(&output.stdout).unwrap();
        Self { dir, admin }
    }

    /// A county with one grid and two households.
    fn peopled() -> Self {
        let county = Self::new();
        let org = county.file("org.csv", ORG);
        county.json(&["admin", "org", "import", &org]);
        let households = county.file("households.csv", HOUSEHOLDS);
        county.json(&["admin", "households", "import", &households]);
        county
    }

    fn data(&self) -> String {
        self.dir.path().join("data").to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, content: &str) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        xunge(&[args, &["--data", &self.data()]].concat())
    }

    /// The JSON of a command that succeeds.
    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json"]].concat());
        assert!(output.status.success(), "{args:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The one line of a command that fails with `code`.
    fn fails(&self, code: i32, args: &[&str]) -> String {
        one_line(&self.run(args), code)
    }

    fn serve(&self) -> Serving {
        let mut child = Command::new(env!("CARGO_BIN_EXE_xunge"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data", &self.data()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        let address = first
            .trim_end()
            .strip_prefix("listening http://")
            .unwrap_or_else(|| panic!("first line: {first:?}"))
            .to_owned();
        Serving { child, address }
    }
}

fn one_line(output: &Output, code: i32) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(output.stdout.is_empty());
    said
}

/// A relay that runs, until it is dropped.
struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    /// Status and body of a GET.
    fn get(&self, path: &str, token: Option<&str>) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let token = token.map_or_else(String::new, |t| format!("Authorization: Bearer {t}\r\n"));
        let host = &self.address;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{token}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let status = std::str::from_utf8(&answer[9..12])
            .unwrap()
            .parse()
            .unwrap();
        // A body in chunks is longer than these tests ask for.
        let body = serde_json::from_slice(&answer[end + 4..]).unwrap_or(Value::Null);
        (status, body)
    }

    fn stop(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
fn what_is_not_there_yet_says_so_politely() {
    let county = County::new();
    let said = county.fails(1, &["serve", "--media", "s3://bucket"]);
    assert!(said.contains("not there yet"), "{said}");
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
fn an_imported_organisation_and_its_households_come_again_without_doubling() {
    let county = County::peopled();
    let org = county.path("org.csv");
    let again = county.json(&["admin", "org", "import", &org]);
    assert_eq!(
        (again["added"].as_u64(), again["unchanged"].as_u64()),
        (Some(0), Some(3))
    );
    let changed = HOUSEHOLDS.replace("2号,赵桂兰", "2号,赵桂花");
    let file = county.file("changed.csv", &changed);
    let again = county.json(&["admin", "households", "import", &file]);
    assert_eq!(
        (again["added"].as_u64(), again["known"].as_u64()),
        (Some(0), Some(4))
    );
    let out = county.path("households.json");
    let args = [
        "export",
        "--kind",
        "household",
        "--format",
        "json",
        "--out",
        &out,
    ];
    assert_eq!(county.json(&args)["records"], 2);
    let exported: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    let heads: Vec<&str> = exported["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["fields"]["head_name"].as_str().unwrap())
        .collect();
    assert!(
        heads.contains(&"赵桂花") && heads.contains(&"王建国"),
        "{heads:?}"
    );
}

#[test]
fn a_bad_line_is_named_by_row_and_column_and_nothing_is_imported() {
    let county = County::peopled();
    let bad = HOUSEHOLDS
        .replace(",C,", ",Q,")
        .replace("h1,", "n1,")
        .replace("h2,", "n2,");
    let file = county.file("bad.csv", &bad);
    let said = county.fails(1, &["admin", "households", "import", &file]);
    assert!(said.contains("row 4, column tier"), "{said}");
    let out = county.path("households.json");
    let args = [
        "export",
        "--kind",
        "household",
        "--format",
        "json",
        "--out",
        &out,
    ];
    assert_eq!(county.json(&args)["records"], 2);
    let file = county.file("bad-org.csv", "code,name,level,parent\nx1,甲,9,999999\n");
    let said = county.fails(1, &["admin", "org", "import", &file]);
    assert!(said.contains("row 2, column level"), "{said}");
}

#[test]
fn no_id_number_is_kept_and_its_index_is() {
    let county = County::peopled();
    let out = county.path("persons.json");
    county.json(&[
        "export", "--kind", "person", "--format", "json", "--out", &out,
    ]);
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(!text.contains("99999919500101"), "{text}");
    assert!(text.contains("id_index"));
}

#[test]
fn an_export_as_csv_and_xlsx_has_the_names_of_the_standard() {
    let county = County::peopled();
    let csv = county.path("h.csv");
    county.json(&[
        "export",
        "--kind",
        "household",
        "--format",
        "csv",
        "--out",
        &csv,
    ]);
    let text = std::fs::read_to_string(&csv).unwrap();
    assert!(text.starts_with("\u{feff}记录编号,"), "{text}");
    assert_eq!(text.lines().count(), 3);
    let xlsx = county.path("h.xlsx");
    county.json(&[
        "export",
        "--kind",
        "household",
        "--format",
        "xlsx",
        "--out",
        &xlsx,
    ]);
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(Path::new(&xlsx)).unwrap();
    let sheet = calamine::Reader::worksheet_range(&mut book, "household").unwrap();
    assert_eq!(sheet.height(), 3);
    let header: Vec<String> = sheet
        .rows()
        .next()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(header.iter().any(|name| name == "户主姓名"), "{header:?}");
}

#[test]
fn the_relay_serves_while_commands_write_and_stops_when_told() {
    let county = County::peopled();
    let mut serving = county.serve();
    let token = county.json(&["admin", "token", "add", "--role", "export"]);
    let token = token["token"].as_str();
    assert_eq!(serving.get("/api/v1/records", None).0, 401);
    assert_eq!(serving.get("/api/v1/records", Some("wrong")).0, 401);
    let (status, page) = serving.get("/api/v1/records?kind=household&limit=1", token);
    assert_eq!(
        (status, page["records"].as_array().unwrap().len()),
        (200, 1)
    );
    let next = page["next"].as_str().unwrap();
    let (_, rest) = serving.get(
        &format!("/api/v1/records?kind=household&since={next}"),
        token,
    );
    assert_eq!(rest["records"].as_array().unwrap().len(), 1);
    assert_ne!(rest["records"][0]["id"], page["records"][0]["id"]);
    let end = rest["next"].as_str().unwrap().to_owned();
    let more = county.file(
        "more.csv",
        &HOUSEHOLDS.replace("h1,", "m1,").replace("h2,", "m2,"),
    );
    county.json(&["admin", "households", "import", &more]);
    let (_, new) = serving.get(
        &format!("/api/v1/records?kind=household&since={end}"),
        token,
    );
    assert_eq!(new["records"].as_array().unwrap().len(), 2);
    let said = county.fails(1, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(said.contains("stop it first"), "{said}");
    assert_eq!(serving.stop(), Some(0));
}

#[test]
fn a_bad_parameter_is_named_and_never_an_inner_error() {
    let county = County::peopled();
    let serving = county.serve();
    let token = county.json(&["admin", "token", "add", "--role", "export"]);
    let token = token["token"].as_str();
    for (query, parameter) in [
        ("kind=goat", "kind"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("since=yesterday", "since"),
        ("scope=zz", "scope"),
        ("colour=red", "colour"),
        ("kind=visit&kind=visit", "kind"),
    ] {
        let (status, problem) = serving.get(&format!("/api/v1/records?{query}"), token);
        assert_eq!(
            (status, problem["code"].as_str()),
            (400, Some("bad_parameter")),
            "{query}"
        );
        assert_eq!(problem["parameter"], parameter);
    }
    assert_eq!(serving.get("/api/v1/records/zz", token).0, 400);
    assert_eq!(
        serving
            .get(&format!("/api/v1/records/{}", "01".repeat(13)), token)
            .0,
        404
    );
    assert_eq!(serving.get("/api/v1/schemas/goat", token).0, 404);
    assert_eq!(
        serving.get("/api/v1/schemas/visit", token).1["title"],
        "visit"
    );
    assert_eq!(
        serving.get("/api/v1/since/1789", token).1["code"],
        "not_found"
    );
    assert_eq!(serving.get("/api/openapi.json", None).1["openapi"], "3.1.0");
    let (status, _) = serving.get("/api/v1/records?since=0000000000000000-1", token);
    assert_eq!(status, 410);
}

#[test]
fn a_media_token_does_not_read_records() {
    let county = County::new();
    let serving = county.serve();
    let token = county.json(&["admin", "token", "add", "--role", "media"]);
    assert_eq!(
        serving.get("/api/v1/records", token["token"].as_str()).0,
        401
    );
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

#[test]
fn a_file_without_a_receipt_is_refused() {
    let county = County::new();
    for content in ["", "{}", "zz", "[1,2]", "00ff"] {
        let file = county.file("receipt", content);
        county.fails(1, &["receipt", "verify", &file]);
    }
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
