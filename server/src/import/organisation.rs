//! The organisation as a table: one row a node, named by its code, each below a parent that is known or in the table.

use std::collections::HashMap;

use super::table::{Column, Fault, Row, parse};

const COLUMNS: &[Column] = &[
    Column::required("code", &["编码", "代码", "网格编码"]),
    Column::required("name", &["名称", "网格名称"]),
    Column::required("level", &["级别", "层级"]),
    Column::optional("parent", &["上级编码", "上级"]),
    Column::optional("help_phone", &["求助电话", "联系电话"]),
];

/// Names that people write for the codes of `org_level`.
const LEVELS: &[(&str, &[&str])] = &[
    ("1", &["county", "县", "区", "县(区)"]),
    ("2", &["town", "镇", "乡", "街道", "镇(街道)"]),
    ("3", &["village", "村", "社区", "村(社区)"]),
    ("4", &["grid", "网格"]),
    ("5", &["micro_grid", "微网格"]),
];

/// A node as a person wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInput {
    /// Administrative code.
    pub code: String,
    /// Name to show.
    pub name: String,
    /// Code of `org_level`.
    pub level: String,
    /// Code of the node above; none for the county.
    pub parent: Option<String>,
    /// Whom a worker calls for help.
    pub help_phone: Option<String>,
}

/// Reads the table. `level_of` gives the level of nodes that exist already. Parents come before children in the result.
pub fn read(
    bytes: &[u8],
    level_of: impl Fn(&str) -> Option<String>,
) -> Result<Vec<NodeInput>, Vec<Fault>> {
    let rows = parse(bytes, COLUMNS)?;
    let mut faults = Vec::new();
    let mut nodes: Vec<(NodeInput, &Row)> = Vec::new();
    let mut levels: HashMap<String, String> = HashMap::new();
    for row in &rows {
        let level = LEVELS
            .iter()
            .find(|(code, names)| row.text("level") == *code || names.contains(&row.text("level")));
        let Some((level, _)) = level else {
            let problem = "is no level: use 1 county, 2 town, 3 village, 4 grid, 5 micro_grid";
            faults.push(row.fault("level", problem));
            continue;
        };
        let code = row.text("code").to_owned();
        if !code.bytes().all(|b| b.is_ascii_alphanumeric()) || code.len() > 32 {
            faults.push(row.fault(
                "code",
                "has other characters than letters and digits, or more than 32",
            ));
        }
        if levels.insert(code.clone(), (*level).into()).is_some() {
            faults.push(row.fault("code", "stands twice in this file"));
        }
        let node = NodeInput {
            code,
            name: row.text("name").into(),
            level: (*level).into(),
            parent: row.get("parent").map(str::to_owned),
            help_phone: row.get("help_phone").map(str::to_owned),
        };
        nodes.push((node, row));
    }
    for (node, row) in &nodes {
        faults.extend(wrong_parent(node, row, |code| {
            levels.get(code).cloned().or_else(|| level_of(code))
        }));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut nodes: Vec<NodeInput> = nodes.into_iter().map(|(node, _)| node).collect();
    nodes.sort_by(|a, b| (&a.level, &a.code).cmp(&(&b.level, &b.code)));
    Ok(nodes)
}

fn wrong_parent(
    node: &NodeInput,
    row: &Row,
    level_of: impl Fn(&str) -> Option<String>,
) -> Option<Fault> {
    let Some(parent) = &node.parent else {
        return (node.level != "1")
            .then(|| row.fault("parent", "is empty: only the county has no parent"));
    };
    let Some(above) = level_of(parent) else {
        return Some(row.fault(
            "parent",
            format!("{parent} is neither in this file nor in the organisation"),
        ));
    };
    (above >= node.level).then(|| {
        row.fault(
            "parent",
            format!(
                "{parent} is of level {above}, which is not above {}",
                node.level
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn county(code: &str) -> Option<String> {
        (code == "999999").then(|| "1".into())
    }

    #[test]
    fn nodes_come_parents_first_whatever_their_order_in_the_file() {
        let text = "编码,名称,级别,上级编码\n9999991,一村,村,99999\n99999,甲镇,town,999999\n99999101,一网格,网格,9999991\n";
        let nodes = read(text.as_bytes(), county).unwrap();
        let codes: Vec<_> = nodes
            .iter()
            .map(|n| (n.level.as_str(), n.code.as_str()))
            .collect();
        assert_eq!(codes, [("2", "99999"), ("3", "9999991"), ("4", "99999101")]);
    }

    #[test]
    fn a_bad_level_parent_or_code_is_named_with_its_row() {
        let text = "code,name,level,parent\na1,甲镇,2,999999\nb1,乙村,7,a1\nc1,丙格,4,zz\na1,丁镇,2,999999\nd1,戊镇,2,\ne1,己县,2,f1\nf1,庚格,4,a1\n";
        let faults = read(text.as_bytes(), county).unwrap_err();
        let places: Vec<_> = faults.iter().map(|f| (f.row, f.column.as_str())).collect();
        assert_eq!(
            places,
            [
                (3, "level"),
                (5, "code"),
                (4, "parent"),
                (6, "parent"),
                (7, "parent")
            ]
        );
    }
}
