//! Households as a table: one row a household, or one row a member with the household repeated. `ref` names a household
//! for ever, so that the same file may be imported again.

use std::collections::HashMap;

use xunge_records::model::id_number;

use super::table::{Column, Fault, Row, parse};

const COLUMNS: &[Column] = &[
    Column::required("ref", &["户编号", "户编码"]),
    Column::required("grid", &["网格编码", "所属网格"]),
    Column::required("door", &["门牌号"]),
    Column::required("head_name", &["户主姓名", "户主"]),
    Column::optional("address", &["地址", "详细地址"]),
    Column::optional("phone", &["联系电话", "户主电话"]),
    Column::optional("tier", &["户分类", "户类别"]),
    Column::optional("flags", &["户标识"]),
    Column::optional("interval_days", &["走访间隔天数"]),
    Column::optional("note", &["备注"]),
    Column::optional("person_ref", &["人员编号"]),
    Column::optional("person_name", &["姓名"]),
    Column::optional("person_sex", &["性别"]),
    Column::optional("person_relation", &["与户主关系"]),
    Column::optional("person_birth", &["出生日期"]),
    Column::optional("person_phone", &["手机号码"]),
    Column::optional("person_id_number", &["公民身份号码", "身份证号"]),
    Column::optional("person_registered_grid", &["户籍网格", "户籍网格编码"]),
];

/// A household with its members, checked, before it is a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HouseholdInput {
    /// Stable reference.
    pub reference: String,
    /// Code of the grid.
    pub grid: String,
    /// Door number.
    pub door: String,
    /// Name of the head.
    pub head: String,
    /// Address.
    pub address: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Code of `household_tier`.
    pub tier: Option<String>,
    /// Codes of `household_flag`.
    pub flags: Vec<String>,
    /// Days between two visits, if other than the tier's.
    pub interval_days: Option<u32>,
    /// Remark.
    pub note: Option<String>,
    /// Members, if the table names any.
    pub members: Vec<PersonInput>,
}

/// A member of a household.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonInput {
    /// Stable reference.
    pub reference: String,
    /// Name.
    pub name: String,
    /// Code of `sex`.
    pub sex: Option<String>,
    /// Code of `family_relation`.
    pub relation: Option<String>,
    /// ISO date.
    pub birth: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Full ID number: kept only as its blind index.
    pub id_number: Option<String>,
    /// Codes of `person_category` that a phone may hold.
    pub categories: Vec<String>,
    /// Code or scope of the grid where the person is registered, if the table says so.
    pub registered: Option<String>,
}

/// What the table is checked against.
pub trait Known {
    /// Whether there is a grid with this code or scope id.
    fn is_grid(&self, code: &str) -> bool;
    /// Whether `code` is in the code list `list`.
    fn is_code(&self, list: &str, code: &str) -> bool;
    /// The code that has this name in `list`, for people who write names.
    fn code_named(&self, list: &str, name: &str) -> Option<String>;
}

/// Reads the table.
pub fn read(bytes: &[u8], known: &dyn Known) -> Result<Vec<HouseholdInput>, Vec<Fault>> {
    let rows = parse(bytes, COLUMNS)?;
    let mut reading = Reading {
        known,
        faults: Vec::new(),
    };
    let mut households: Vec<HouseholdInput> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in &rows {
        let household = reading.household(row);
        let person = reading.person(row);
        let place = match places.get(&household.reference) {
            Some(place) => {
                reading.check_repeated(row, &households[*place], &household, person.is_some());
                *place
            }
            None => {
                places.insert(household.reference.clone(), households.len());
                households.push(household);
                households.len() - 1
            }
        };
        if let Some(mut person) = person {
            let household = &mut households[place];
            if person.reference.is_empty() {
                person.reference =
                    format!("{}-{}", household.reference, household.members.len() + 1);
            }
            if household
                .members
                .iter()
                .any(|p| p.reference == person.reference)
            {
                reading.fault(row, "person_ref", "stands twice in this household");
            }
            household.members.push(person);
        }
    }
    if reading.faults.is_empty() {
        Ok(households)
    } else {
        Err(reading.faults)
    }
}

struct Reading<'a> {
    known: &'a dyn Known,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn fault(&mut self, row: &Row, column: &str, problem: impl Into<String>) {
        self.faults.push(row.fault(column, problem));
    }

    fn household(&mut self, row: &Row) -> HouseholdInput {
        if !self.known.is_grid(row.text("grid")) {
            self.fault(
                row,
                "grid",
                format!("{} is no grid of the organisation", row.text("grid")),
            );
        }
        let interval_days = row
            .get("interval_days")
            .and_then(|text| match text.parse() {
                Ok(days @ 1..=3650) => Some(days),
                _ => {
                    self.fault(
                        row,
                        "interval_days",
                        format!("{text} is no number of days from 1 to 3650"),
                    );
                    None
                }
            });
        let flags = row
            .text("flags")
            .split([';', '\u{ff1b}', '\u{3001}', '|', ' '])
            .filter(|flag| !flag.is_empty())
            .filter_map(|flag| self.code(row, "flags", "household_flag", flag))
            .collect();
        HouseholdInput {
            reference: row.text("ref").into(),
            grid: row.text("grid").into(),
            door: row.text("door").into(),
            head: row.text("head_name").into(),
            address: row.get("address").map(str::to_owned),
            phone: row.get("phone").map(str::to_owned),
            tier: self.coded(row, "tier", "household_tier"),
            flags,
            interval_days,
            note: row.get("note").map(str::to_owned),
            members: Vec::new(),
        }
    }

    fn person(&mut self, row: &Row) -> Option<PersonInput> {
        let Some(name) = row.get("person_name") else {
            for column in COLUMNS.iter().filter(|c| c.name.starts_with("person_")) {
                if row.get(column.name).is_some() {
                    self.fault(
                        row,
                        "person_name",
                        "is empty, but the row has other data of a person",
                    );
                    break;
                }
            }
            return None;
        };
        let birth = row.get("person_birth").and_then(|text| {
            let date = date(text);
            if date.is_none() {
                self.fault(
                    row,
                    "person_birth",
                    format!("{text} is no date: write 1958-03-21"),
                );
            }
            date.map(|date| date.to_string())
        });
        let id_number = row.get("person_id_number").map(str::to_owned);
        if let Some(Err(error)) = id_number.as_deref().map(id_number::parse) {
            // The number itself stays out of messages and logs.
            self.fault(row, "person_id_number", error.to_string());
        }
        let registered = row.get("person_registered_grid").map(str::to_owned);
        if let Some(grid) = &registered
            && !self.known.is_grid(grid)
        {
            self.fault(
                row,
                "person_registered_grid",
                format!("{grid} is no grid of the organisation"),
            );
        }
        Some(PersonInput {
            reference: row.text("person_ref").into(),
            name: name.into(),
            sex: self.coded(row, "person_sex", "sex"),
            relation: self.coded(row, "person_relation", "family_relation"),
            birth,
            phone: row.get("person_phone").map(str::to_owned),
            id_number,
            categories: Vec::new(),
            registered,
        })
    }

    /// A cell that holds a code, or the name of one.
    fn coded(&mut self, row: &Row, column: &'static str, list: &str) -> Option<String> {
        let text = row.get(column)?;
        self.code(row, column, list, text)
    }

    fn code(&mut self, row: &Row, column: &str, list: &str, text: &str) -> Option<String> {
        if self.known.is_code(list, text) {
            return Some(text.into());
        }
        let code = self.known.code_named(list, text);
        if code.is_none() {
            self.fault(
                row,
                column,
                format!("{text} is not in the code list {list}"),
            );
        }
        code
    }

    /// Rows of one household must say the same about it, and each bring a member.
    fn check_repeated(
        &mut self,
        row: &Row,
        first: &HouseholdInput,
        again: &HouseholdInput,
        has_person: bool,
    ) {
        if !has_person {
            self.fault(
                row,
                "ref",
                format!("{} stands twice in this file", again.reference),
            );
        }
        let same = [
            ("grid", first.grid == again.grid),
            ("door", first.door == again.door),
            ("head_name", first.head == again.head),
        ];
        for (column, same) in same {
            if !same {
                self.fault(
                    row,
                    column,
                    format!("differs from an earlier row of {}", again.reference),
                );
            }
        }
    }
}

/// A date as people and office programs write it: `1958-03-21`, `1958/3/21`, `1958.3.21`, `19580321`.
fn date(text: &str) -> Option<jiff::civil::Date> {
    let digits = text.bytes().all(|b| b.is_ascii_digit()) && text.len() == 8;
    let parts: Vec<&str> = if digits {
        vec![&text[..4], &text[4..6], &text[6..]]
    } else {
        text.split(['-', '/', '.']).collect()
    };
    let [year, month, day] = parts[..] else {
        return None;
    };
    jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Lists;

    impl Known for Lists {
        fn is_grid(&self, code: &str) -> bool {
            code == "g1"
        }
        fn is_code(&self, list: &str, code: &str) -> bool {
            matches!(
                (list, code),
                ("household_tier", "A" | "B")
                    | ("sex", "1" | "2")
                    | ("household_flag", "01" | "HF20")
            )
        }
        fn code_named(&self, list: &str, name: &str) -> Option<String> {
            (list == "sex" && name == "女").then(|| "2".into())
        }
    }

    #[test]
    fn rows_with_one_ref_are_one_household_with_its_members() {
        let text = "ref,grid,door,head_name,tier,flags,person_name,person_sex,person_birth,person_id_number\n\
            h1,g1,1号,王二,A,01;HF20,王二,1,1950-01-01,99999919500101000X\n\
            h1,g1,1号,王二,A,,李四,女,1952/3/4,\n\
            h2,g1,2号,赵五,,,,,,\n";
        let households = read(text.as_bytes(), &Lists).unwrap();
        assert_eq!(households.len(), 2);
        assert_eq!(households[0].flags, ["01", "HF20"]);
        let members = &households[0].members;
        assert_eq!((members.len(), members[1].reference.as_str()), (2, "h1-2"));
        assert_eq!(members[1].sex.as_deref(), Some("2"));
        assert_eq!(members[1].birth.as_deref(), Some("1952-03-04"));
        assert!(households[1].members.is_empty());
    }

    #[test]
    fn every_bad_cell_is_named_and_an_id_number_is_never_repeated() {
        let text = "ref,grid,door,head_name,tier,interval_days,person_name,person_birth,person_id_number\n\
            h1,g9,1号,王二,A,30,,,\n\
            h2,g1,1号,王二,Q,0,王二,1950-13-01,999999195001010009\n\
            h1,g1,2号,王二,A,30,,,\n";
        let faults = read(text.as_bytes(), &Lists).unwrap_err();
        let places: Vec<_> = faults.iter().map(|f| (f.row, f.column.as_str())).collect();
        assert_eq!(
            places,
            [
                (2, "grid"),
                (3, "interval_days"),
                (3, "tier"),
                (3, "person_birth"),
                (3, "person_id_number"),
                (4, "ref"),
                (4, "grid"),
                (4, "door"),
            ]
        );
        assert!(faults.iter().all(|f| !f.problem.contains("999999195")));
    }
}
