//! Whether what a record says is what its kind's table asks for. Paths that no table names are no fault: a later version
//! may have written them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::Serialize;
use xunge_protocol::{RecordId, ScopeId};

use super::field::{Field, FieldType, MAX_TEXT_CHARS};
use super::kind::Kind;
use super::media::MediaRef;
use super::record::{FieldValue, Fields};
use super::value::Value;
use super::warning_text;
use crate::lists::CodeLists;

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// It must be there.
    Required,
    /// It is of another type.
    WrongType,
    /// The list has no such code.
    UnknownCode,
    /// Not a calendar date as `2026-11-23`.
    NotADate,
    /// Not the id of a record.
    NotARecord,
    /// Not the id of a scope.
    NotAScope,
    /// Not a media reference.
    NotMedia,
    /// Longer than [`MAX_TEXT_CHARS`].
    TooLong,
    /// The text of a warning holds a link or a telephone number.
    LinkOrPhone,
    /// It ends before it begins.
    BeforeBegin,
}

impl ProblemCode {
    /// Name in the API and key in resource files as `problem.NAME`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::WrongType => "wrong_type",
            Self::UnknownCode => "unknown_code",
            Self::NotADate => "not_a_date",
            Self::NotARecord => "not_a_record",
            Self::NotAScope => "not_a_scope",
            Self::NotMedia => "not_media",
            Self::TooLong => "too_long",
            Self::LinkOrPhone => "link_or_phone",
            Self::BeforeBegin => "before_begin",
        }
    }
}

/// One fault of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Path of the field.
    pub path: String,
    /// What is wrong.
    pub code: ProblemCode,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.code.name())
    }
}

/// All faults of a record's fields, in the order of the kind's table. Where people differ, each value is looked at.
pub fn validate(kind: Kind, fields: &Fields, lists: &CodeLists) -> Vec<Problem> {
    let mut check = Check {
        fields: &fields.0,
        lists,
        problems: Vec::new(),
    };
    check.table(kind.fields(), "");
    if kind == Kind::Warning {
        check.warning(fields);
    }
    check.problems
}

struct Check<'a> {
    fields: &'a BTreeMap<String, FieldValue>,
    lists: &'a CodeLists,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn report(&mut self, path: &str, code: ProblemCode) {
        self.problems.push(Problem {
            path: path.into(),
            code,
        });
    }

    fn table(&mut self, table: &[Field], prefix: &str) {
        for field in table {
            let path = format!("{prefix}{}", field.name);
            let below = format!("{path}/");
            let (there, misplaced) = match field.ty {
                FieldType::Group(inner) => {
                    self.table(inner, &below);
                    let there = self.below(&below).next().is_some();
                    (there, self.fields.contains_key(&path))
                }
                FieldType::Codes(_) | FieldType::Records(_) => {
                    let there = self.members(field, &below);
                    (there, self.fields.contains_key(&path))
                }
                // What stands below a value is of a later version.
                _ => (self.single(field, &path), false),
            };
            // A value in the place of members: whoever counts these would stumble over it.
            if misplaced {
                self.report(&path, ProblemCode::WrongType);
            }
            if field.required && !there {
                self.report(&path, ProblemCode::Required);
            }
        }
    }

    fn below<'b>(&'b self, prefix: &'b str) -> impl Iterator<Item = (&'b String, &'b FieldValue)> {
        let from = self.fields.range(prefix.to_owned()..);
        from.take_while(move |(path, _)| path.starts_with(prefix))
    }

    /// Checks a set; whether it has a member.
    fn members(&mut self, field: &Field, prefix: &str) -> bool {
        let mut there = false;
        let mut found = Vec::new();
        for (path, value) in self.below(prefix) {
            let member = Value::Text(path[prefix.len()..].to_owned());
            let problem = match value.value {
                Value::Bool(true) => self.fault(field.ty, &member),
                Value::Bool(false) => continue,
                _ => Some(ProblemCode::WrongType),
            };
            there = true;
            found.extend(problem.map(|code| (path.clone(), code)));
        }
        for (path, code) in found {
            self.report(&path, code);
        }
        there
    }

    /// Checks a field with one value; whether it is there.
    fn single(&mut self, field: &Field, path: &str) -> bool {
        let Some(here) = self.fields.get(path) else {
            return false;
        };
        let others = here.others.iter().map(|o| &o.value);
        let fault = std::iter::once(&here.value)
            .chain(others)
            .find_map(|value| self.fault(field.ty, value));
        if let Some(code) = fault {
            self.report(path, code);
        }
        here.value
            .as_text()
            .is_none_or(|text| !text.trim().is_empty())
    }

    fn fault(&self, ty: FieldType, value: &Value) -> Option<ProblemCode> {
        use ProblemCode::*;
        let text = value.as_text();
        let ok = |good: bool, code| (!good).then_some(code);
        match ty {
            FieldType::Integer => ok(matches!(value, Value::Int(_)), WrongType),
            FieldType::Number => ok(value.as_f64().is_some_and(f64::is_finite), WrongType),
            FieldType::Bool => ok(value.as_bool().is_some(), WrongType),
            FieldType::Group(_) => None,
            _ if text.is_none() => Some(WrongType),
            FieldType::Text => {
                let long = text.is_some_and(|t| t.chars().count() > MAX_TEXT_CHARS);
                ok(!long, TooLong)
            }
            FieldType::Date => ok(text.and_then(date).is_some(), NotADate),
            FieldType::Code(list) | FieldType::Codes(list) => ok(
                text.is_some_and(|c| self.lists.contains(list, c)),
                UnknownCode,
            ),
            FieldType::Record(_) | FieldType::Records(_) => {
                let id = text.and_then(|t| t.parse::<RecordId>().ok());
                ok(id.is_some_and(|id| id.is_known()), NotARecord)
            }
            FieldType::Scope => ok(
                text.is_some_and(|t| t.parse::<ScopeId>().is_ok()),
                NotAScope,
            ),
            FieldType::Media => ok(
                text.is_some_and(|t| t.parse::<MediaRef>().is_ok()),
                NotMedia,
            ),
        }
    }

    /// What a warning says goes to residents as it stands, so it must not be able to carry a fraud of its own.
    fn warning(&mut self, fields: &Fields) {
        for path in ["text", "advice"] {
            if fields
                .text(path)
                .is_some_and(warning_text::has_link_or_phone)
            {
                self.report(path, ProblemCode::LinkOrPhone);
            }
        }
        let day = |path| fields.text(path).and_then(date);
        if let (Some(issued), Some(expires)) = (day("issued_on"), day("expires_on"))
            && expires < issued
        {
            self.report("expires_on", ProblemCode::BeforeBegin);
        }
    }
}

/// A date in the one spelling that is allowed.
fn date(text: &str) -> Option<Date> {
    let date: Date = text.parse().ok()?;
    (date.to_string() == text).then_some(date)
}
