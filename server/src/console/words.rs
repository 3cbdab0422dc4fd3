//! Values in words: codes by their list, days and times in Shanghai, masked names. Knows no store.

use xunge_protocol::{Confidence, Timestamp};
use xunge_records::lists::{CodeLists, Locale, calendar};
use xunge_records::model::field::{Field, FieldType};
use xunge_records::{Kind, Value};

use super::locale::Lang;

/// Language, code lists and the moment at which a page is drawn.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// Language.
    pub lang: Lang,
    /// Code lists.
    pub lists: &'a CodeLists,
    /// Now.
    pub now: Timestamp,
}

const DAY_MS: i64 = 86_400_000;

impl Words<'_> {
    fn locale(&self) -> Locale {
        match self.lang {
            Lang::Zh => Locale::ZhCn,
            Lang::En => Locale::En,
        }
    }

    /// The text of a code; the code itself where the list does not have it.
    pub fn code(&self, list: &str, code: &str) -> String {
        self.lists
            .label(list, code, self.locale())
            .unwrap_or(code)
            .to_owned()
    }

    /// Codes of a list with their texts.
    pub fn codes(&self, list: &str) -> Vec<(String, String)> {
        let codes = self.lists.get(list).map(|l| l.codes()).unwrap_or_default();
        codes
            .iter()
            .map(|c| (c.code.clone(), c.label(self.locale()).to_owned()))
            .collect()
    }

    /// Name of a kind.
    pub fn kind(&self, kind: Kind) -> String {
        self.lang.text(&format!("kind.{}", kind.name()))
    }

    /// State of a record.
    pub fn state(&self, kind: Kind, code: &str) -> String {
        self.code(kind.state_list(), code)
    }

    /// A moment: today and yesterday by name, this year without the year.
    pub fn when(&self, at: Timestamp) -> String {
        let (day, today) = (calendar::date_of(at), calendar::date_of(self.now));
        let minutes = at.millis_since(calendar::start_of(day)) / 60_000;
        let time = format!("{:02}:{:02}", minutes / 60, minutes % 60);
        if day == today {
            self.lang.fill("time.today", &[("time", &time)])
        } else if today.yesterday().is_ok_and(|yesterday| day == yesterday) {
            self.lang.fill("time.yesterday", &[("time", &time)])
        } else {
            format!("{} {time}", self.short_day(day))
        }
    }

    /// A day: this year without the year.
    fn short_day(&self, day: jiff::civil::Date) -> String {
        if day.year() == calendar::date_of(self.now).year() {
            format!("{:02}-{:02}", day.month(), day.day())
        } else {
            day.to_string()
        }
    }

    /// The day of a moment.
    pub fn day_of(&self, at: Timestamp) -> String {
        self.short_day(calendar::date_of(at))
    }

    /// A day as it stands in a record.
    pub fn iso_day(&self, day: &str) -> String {
        day.parse()
            .map_or_else(|_| day.to_owned(), |d| self.short_day(d))
    }

    /// Whole days from `from` to `to`, by the calendar.
    pub fn days_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        let start = |at| calendar::start_of(calendar::date_of(at));
        start(to).millis_since(start(from)) / DAY_MS
    }

    /// How sure a time is.
    pub fn sure(&self, confidence: Confidence) -> String {
        match confidence {
            Confidence::Relay => self.lang.text("sure.relay"),
            Confidence::Derived => self.lang.text("sure.derived"),
            Confidence::Checked => self.lang.text("sure.checked"),
            Confidence::Unsure => self.lang.text("sure.unsure"),
        }
    }

    /// Label of a field, by its path: `party_a/name` is the label of the group and that of its field.
    pub fn label(&self, kind: Kind, path: &str) -> String {
        let label = |name: &str| self.lang.text(&format!("field.{}.{name}", kind.name()));
        match (path.split_once('/'), field(kind, path)) {
            (Some((group, name)), Some(found)) if found.name != group => {
                format!("{} · {}", label(group), label(name))
            }
            (Some((set, _)), _) => label(set),
            (None, _) => label(path),
        }
    }

    /// A field's value; ids of records are told by `name_of`.
    pub fn value(
        &self,
        kind: Kind,
        path: &str,
        value: &Value,
        name_of: &dyn Fn(&str) -> Option<String>,
    ) -> String {
        let plain = || match value {
            Value::Bool(true) => self.lang.text("value.yes"),
            Value::Bool(false) => self.lang.text("value.no"),
            Value::Int(n) => n.to_string(),
            Value::Float(n) => n.to_string(),
            Value::Text(text) => text.clone(),
        };
        match (field(kind, path).map(|f| f.ty), value) {
            (Some(FieldType::Code(list)), Value::Text(code)) => self.code(list, code),
            (Some(FieldType::Codes(list)), _) => {
                let member = path.rsplit('/').next().unwrap_or(path);
                self.code(list, member)
            }
            (Some(FieldType::Record(_)), Value::Text(id)) => {
                name_of(id).unwrap_or_else(|| id.clone())
            }
            (Some(FieldType::Records(_)), _) => {
                let member = path.rsplit('/').next().unwrap_or(path);
                name_of(member).unwrap_or_else(|| member.to_owned())
            }
            (Some(FieldType::Date), Value::Text(day)) => day.clone(),
            _ => plain(),
        }
    }
}

/// The field that a path belongs to: of a set, the set.
pub fn field(kind: Kind, path: &str) -> Option<&'static Field> {
    fn find(table: &'static [Field], path: &str) -> Option<&'static Field> {
        let (name, rest) = match path.split_once('/') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        let found = table.iter().find(|f| f.name == name)?;
        match (found.ty, rest) {
            (FieldType::Group(fields), Some(rest)) => find(fields, rest),
            _ => Some(found),
        }
    }
    find(kind.fields(), path)
}

/// Whether a field is masked until revealed. What was told and recorded is what the supervisor is asked to judge: it is
/// shown, and each opening of a recording stands in the audit log.
pub fn is_masked(kind: Kind, path: &str) -> bool {
    field(kind, path)
        .is_some_and(|f| f.personal && f.name != "narrative" && f.ty != FieldType::Media)
}

/// A masked name: its first character, enough to tell neighbours apart.
pub fn mask_name(name: &str) -> String {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) if chars.next().is_some() => format!("{first}**"),
        Some(_) => "**".into(),
        None => String::new(),
    }
}

/// A masked value: of a name the first character, of a number three and two digits, of all else nothing.
pub fn mask(kind: Kind, path: &str, text: &str) -> String {
    let name = field(kind, path).map_or("", |f| f.name);
    let digits = text.len() >= 7 && text.bytes().all(|b| b.is_ascii_digit());
    match name {
        "name" | "head_name" | "guardian" | "witness" => mask_name(text),
        "phone" if digits => format!("{}****{}", &text[..3], &text[text.len() - 2..]),
        _ => "****".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lang: Lang, found: impl FnOnce(Words<'_>) -> String) -> String {
        let lists = CodeLists::embedded().unwrap();
        found(Words {
            lang,
            lists: &lists,
            // 2026-11-23 16:30 in Shanghai.
            now: Timestamp(1_795_422_600_000),
        })
    }

    #[test]
    fn a_time_is_told_as_people_tell_it() {
        let hour = 3_600_000;
        let now = Timestamp(1_795_422_600_000);
        assert_eq!(check(Lang::Zh, |w| w.when(now)), "今天 16:30");
        let yesterday = now.plus_millis(-17 * hour);
        assert_eq!(check(Lang::Zh, |w| w.when(yesterday)), "昨天 23:30");
        let before = now.plus_millis(-49 * hour);
        assert_eq!(check(Lang::En, |w| w.when(before)), "11-21 15:30");
        let last_year = now.plus_millis(-365 * 24 * hour);
        assert_eq!(check(Lang::Zh, |w| w.when(last_year)), "2025-11-23 16:30");
    }

    #[test]
    fn names_and_numbers_are_masked_and_what_was_told_is_not() {
        assert_eq!(mask(Kind::Household, "head_name", "王桂兰"), "王**");
        assert_eq!(mask(Kind::Dispute, "party_a/name", "王桂兰"), "王**");
        assert_eq!(mask(Kind::Household, "phone", "13900001111"), "139****11");
        assert_eq!(mask(Kind::Household, "phone", "分机八号"), "****");
        assert_eq!(mask(Kind::Household, "address", "三组七号"), "****");
        assert!(is_masked(Kind::Dispute, "party_b/phone"));
        assert!(!is_masked(Kind::Dispute, "narrative"));
        assert!(!is_masked(Kind::Visit, "voice"));
        assert!(!is_masked(Kind::Visit, "met"));
    }

    #[test]
    fn every_field_of_every_kind_has_a_label() {
        fn walk(kind: Kind, fields: &[Field]) {
            for f in fields {
                let key = format!("field.{}.{}", kind.name(), f.name);
                assert!(Lang::Zh.find(&key).is_some(), "{key}");
                if let FieldType::Group(inner) = f.ty {
                    walk(kind, inner);
                }
            }
        }
        for kind in Kind::ALL {
            walk(kind, kind.fields());
        }
    }
}
