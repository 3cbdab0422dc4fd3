//! Tables that are imported and exported.

use std::path::Path;

use serde_json::Value;

use crate::county::*;

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
