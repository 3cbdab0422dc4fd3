//! Code lists as data: what comes with the program, what a county may send, and whom each row may reach.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use xunge_records::lists::Audience;
use xunge_records::model::field::{Field, FieldType};
use xunge_records::{CodeList, CodeLists, Kind, Locale};

fn lists() -> CodeLists {
    CodeLists::embedded().unwrap()
}

#[test]
fn every_code_has_a_text_in_both_languages() {
    for list in lists().iter() {
        assert!(!list.codes().is_empty(), "{}", list.name());
        for code in list.codes() {
            assert!(
                !code.zh.is_empty() && !code.en.is_empty(),
                "{} {}",
                list.name(),
                code.code
            );
        }
    }
}

#[test]
fn every_list_that_a_kind_refers_to_is_there() {
    fn names(fields: &[Field], out: &mut Vec<&'static str>) {
        for field in fields {
            match field.ty {
                FieldType::Code(list) | FieldType::Codes(list) => out.push(list),
                FieldType::Group(inner) => names(inner, out),
                _ => {}
            }
        }
    }
    let lists = lists();
    for kind in Kind::ALL {
        let mut wanted = vec![kind.state_list(), "org_level"];
        names(kind.fields(), &mut wanted);
        for name in wanted {
            assert!(lists.get(name).is_some(), "{kind}: {name}");
        }
    }
}

#[test]
fn every_state_that_the_fold_gives_is_in_its_list() {
    let lists = lists();
    for (list, codes) in [
        (
            "dispute_state",
            "S10 S20 S30 S31 S40 S50 S60 S61 S62 S63 S70 S80 S90",
        ),
        ("fraud_warning_state", "W10 W20 W30 W40 W41 W42 W50 W60"),
        ("record_state", "R10 R20 R30 R40 R50"),
    ] {
        for code in codes.split(' ') {
            assert!(lists.contains(list, code), "{list} {code}");
        }
    }
}

#[test]
fn a_phone_never_gets_a_sensitive_category() {
    let phone = lists().for_phone();
    assert!(lists().contains("person_category", "S1"));
    assert!(phone.contains("person_category", "L3"));
    for list in phone.iter() {
        assert!(list.codes().iter().all(|c| c.audience == Audience::Phone));
        let csv = String::from_utf8(list.to_csv()).unwrap();
        assert!(!csv.contains(",relay,"), "{}", list.name());
    }
    let categories = phone.get("person_category").unwrap();
    assert!(
        !String::from_utf8(categories.to_csv())
            .unwrap()
            .contains("S5")
    );
}

#[test]
fn a_list_written_as_csv_reads_back_the_same() {
    for list in lists().iter() {
        let again = CodeList::parse(list.name(), list.version(), &list.to_csv()).unwrap();
        assert_eq!(&again, list);
    }
}

#[test]
fn a_countys_newer_list_takes_the_place_of_an_older_one_only() {
    let mut lists = lists();
    let list = |version, zh: &str| {
        let csv = format!("code,zh,en,audience,source\nA,{zh},,phone,county\n");
        CodeList::parse("household_tier", version, csv.as_bytes()).unwrap()
    };
    assert!(lists.replace(list(3, "普通户")));
    assert!(!lists.replace(list(2, "旧名")));
    assert_eq!(
        lists.label("household_tier", "A", Locale::ZhCn),
        Some("普通户")
    );
    assert_eq!(
        lists.label("household_tier", "A", Locale::En),
        Some("普通户")
    );
    assert!(!lists.contains("household_tier", "B"));
    let need = lists
        .get("service_need")
        .unwrap()
        .get("SN11")
        .unwrap()
        .clone();
    assert_eq!(need.more["list"], "就业");
}

#[test]
fn a_bad_list_names_file_line_and_column() {
    const HEAD: &str = "code,zh,en,audience,source\n";
    for (csv, line, column) in [
        ("code,zh,en,source\n".to_owned(), 1, "audience"),
        (format!("{HEAD}A,甲,a,phone,x\nA,乙,b,phone,x\n"), 3, "code"),
        (format!("{HEAD}甲,甲,a,phone,x\n"), 2, "code"),
        (format!("{HEAD}A,,a,phone,x\n"), 2, "zh"),
        (format!("{HEAD}A,甲,a,everyone,x\n"), 2, "audience"),
        (format!("{HEAD}A,甲,a\n"), 2, "1"),
    ] {
        let e = CodeList::parse("visit_purpose", 1, csv.as_bytes()).unwrap_err();
        assert_eq!((e.line, e.column.as_str()), (line, column), "{e}");
        assert!(e.to_string().starts_with("visit_purpose.csv, line "));
    }
    let bytes = [HEAD.as_bytes(), b"A,\xff\xfe,a,phone,x\n"].concat();
    let e = CodeList::parse("visit_purpose", 1, &bytes).unwrap_err();
    assert!(e.to_string().contains("UTF-8"), "{e}");
}
