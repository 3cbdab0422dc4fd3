//! One row a record, one column a field: which columns, in which order, under which names.

use std::collections::HashMap;

use serde_json::Value;
use xunge_records::Kind;
use xunge_records::model::field::{Field, FieldType};

const MAPPING: &str = include_str!("../../../fixtures/mappings/gbt31000.csv");

/// Columns that every kind has before its own fields, by member of the record.
const COMMON: [&str; 11] = [
    "id",
    "number",
    "grid",
    "grid_name",
    "scope",
    "state",
    "review",
    "owner",
    "deadline",
    "received_at",
    "form",
];
/// Members that hold a time in milliseconds.
const TIMES: [&str; 2] = ["deadline", "received_at"];

/// Header and cells, all as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<String>,
    /// One row a record.
    pub rows: Vec<Vec<String>>,
}

/// The table of `records` of one kind, as the API gives them; `places` gives a scope its code and name.
pub fn table(kind: Kind, records: &[Value], places: &HashMap<String, (String, String)>) -> Table {
    let mut paths = Vec::new();
    flatten(kind.fields(), "", &mut paths);
    let common = COMMON.iter().map(|path| column(kind, path));
    let own = paths.iter().map(|path| column(kind, path));
    let header = common
        .chain(own)
        .chain([column(kind, "conflicts")])
        .collect();
    let rows = records
        .iter()
        .map(|record| row(record, &paths, places))
        .collect();
    Table { header, rows }
}

fn row(
    record: &Value,
    paths: &[String],
    places: &HashMap<String, (String, String)>,
) -> Vec<String> {
    let scope = record["scope"].as_str().unwrap_or_default();
    let place = places.get(scope);
    let common = COMMON.iter().map(|member| match *member {
        "grid" => place.map(|(code, _)| code.clone()).unwrap_or_default(),
        "grid_name" => place.map(|(_, name)| name.clone()).unwrap_or_default(),
        time if TIMES.contains(&time) => moment(&record[time]),
        other => cell(&record[other]),
    });
    let own = paths.iter().map(|path| {
        let mut value = &record["fields"];
        for part in path.split('/') {
            value = &value[part];
        }
        cell(value)
    });
    let conflicts = record["conflicts"].as_object();
    let conflicts = conflicts.map(|paths| paths.keys().cloned().collect::<Vec<_>>().join(";"));
    common.chain(own).chain(conflicts).collect()
}

/// Paths of single cells; a group is flattened.
fn flatten(fields: &[Field], above: &str, paths: &mut Vec<String>) {
    for field in fields {
        let path = format!("{above}{}", field.name);
        match field.ty {
            FieldType::Group(inner) => flatten(inner, &format!("{path}/"), paths),
            _ => paths.push(path),
        }
    }
}

fn column(kind: Kind, path: &str) -> String {
    let mut lines = MAPPING.lines().skip(1).filter_map(|line| {
        let mut parts = line.splitn(3, ',');
        Some((parts.next()?, parts.next()?, parts.next()?))
    });
    lines
        .find(|(of, found, _)| *found == path && (*of == kind.name() || *of == "*"))
        .map_or_else(|| path.to_owned(), |(_, _, name)| name.to_owned())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "1" } else { "0" }.into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(";"),
        // A media file stands for itself by its hash.
        Value::Object(object) => object.get("hash").map(cell).unwrap_or_default(),
    }
}

/// A time in China, to the second.
fn moment(value: &Value) -> String {
    let at = value
        .as_i64()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or_else(String::new, |at| {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(8));
        at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_field_of_every_kind_has_a_name() {
        for kind in Kind::ALL {
            let mut paths = Vec::new();
            flatten(kind.fields(), "", &mut paths);
            for path in paths.iter().map(String::as_str).chain(COMMON) {
                assert_ne!(column(kind, path), path, "{kind} {path}");
            }
        }
    }

    #[test]
    fn a_dispute_is_one_row_with_its_groups_flattened() {
        let record = json!({
            "id": "01", "scope": "aa", "received_at": 1_795_462_481_928_i64,
            "fields": {"type": "02", "party_a": {"name": "王二"}, "photo": {"hash": "ff"}, "rights_told": true},
            "conflicts": {"place": []},
        });
        let places = HashMap::from([("aa".into(), ("999999".into(), "一网格".into()))]);
        let table = table(Kind::Dispute, &[record], &places);
        let get = |name: &str| {
            let at = table
                .header
                .iter()
                .position(|column| column == name)
                .unwrap();
            table.rows[0][at].as_str()
        };
        assert_eq!(get("网格编码"), "999999");
        assert_eq!(get("甲方姓名"), "王二");
        assert_eq!(get("照片"), "ff");
        assert_eq!(get("已告知权利义务"), "1");
        assert_eq!(get("接收时间"), "2026-11-24 03:34:41");
        assert_eq!(get("不一致字段"), "place");
        assert_eq!(table.rows[0].len(), table.header.len());
    }
}
